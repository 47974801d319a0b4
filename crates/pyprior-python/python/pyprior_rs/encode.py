"""Source, trees and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable

from . import _engine
from .errors import EncodeError
from .nodes import Func, Module, render

if TYPE_CHECKING:
    from .tokenizer import Tokenizer


class Names(dict):
    """The names of a source: a dict from token names to the first name of each, as 0.0.2 has it.

    ``funcs`` has the names of the functions, ``scopes`` for the module and then each function the name of every binding,
    in the order of the source. With these a program is written again so that it runs as the source does. Once the dict is
    written to, it is what counts, the same name in every scope.
    """

    def __init__(
        self, by_token: Iterable[tuple[str, str]] = (), funcs: Iterable[str] = (), scopes: Iterable[Iterable[str]] = ()
    ) -> None:
        super().__init__(by_token)
        self.funcs = list(funcs)
        self.scopes = [list(scope) for scope in scopes]
        self._read = tuple(self.items())

    @property
    def edited(self) -> bool:
        """Whether the dict is another than was read."""
        return tuple(self.items()) != self._read

    def copy(self) -> Names:
        """The same again."""
        found = Names(self.items(), self.funcs, self.scopes)
        found._read = self._read
        return found


@dataclass(frozen=True, slots=True)
class EncodeResult:
    """A source that was read, ``ok``, ``tokens`` and ``names``; or refused, ``error``: an EncodeError with ``stage``,
    ``message``, ``line``, ``column``, ``hint``."""

    ok: bool
    tokens: tuple[int, ...] | None = None
    names: Names | None = None
    error: EncodeError | None = None


def encode(tok: Tokenizer, src: str | bytes, *, normalise: bool = False) -> EncodeResult:
    """Reads a program. Never raises, whatever the text or the bytes; TypeError if it is neither."""
    try:
        tokens, funcs, scopes, by_token = _engine.encode(tok.language, src, normalise)
    except EncodeError as error:
        return EncodeResult(False, error=error)
    except UnicodeEncodeError as problem:
        before = src[: problem.start] if isinstance(src, str) else ""
        return EncodeResult(False, error=_surrogate(before.count("\n") + 1, len(before) - before.rfind("\n")))
    return EncodeResult(True, tokens, Names(by_token, funcs, scopes))


def _surrogate(line: int, column: int) -> EncodeError:
    """Text that is no text: half of a character, which the engine cannot even be shown."""
    message = "the source holds a lone surrogate"
    error = EncodeError(f"{line}:{column}: {message}")
    error.stage, error.message, error.line, error.column = "source", message, line, column
    error.hint, error.node_type = None, None
    return error


def decode(tok: Tokenizer, tokens: Any, names: dict | None = None) -> str:
    """``Tokenizer.decode``"""
    return tok.decode(tokens, names)


def partial_source(tokens: Any, tok: Tokenizer, names: dict | None = None) -> str:
    """``Tokenizer.partial_source``"""
    return tok.partial_source(tokens, names)


def tokens_to_ast(tokens: Any, tok: Tokenizer) -> Module:
    """The tree of a complete program. ``EOS`` and ``PAD`` may follow its end. Raises DecodeError."""
    return _engine.tokens_to_ast(tok.language, tokens)


def ast_to_tokens(node: Func | Module, tok: Tokenizer) -> tuple[int, ...]:
    """The tokens of a tree; a ``Func`` is taken as a module of one statement. Functions are numbered as they are defined:
    the first is ``FUNC_1``. Raises TreeError."""
    return _engine.ast_to_tokens(tok.language, node)


def ast_to_source(fn: Func | Module, *, comparison_values: str = "int") -> str:
    """``nodes.render``: with ``comparison_values="bool"``, as 0.0.2 writes comparisons, and tokenizers of its profile read them."""
    return render(fn, comparison_values=comparison_values)
