"""Sketches: programs with holes, and what must hold of them.

::

    from pyprior_rs.sketch import Sketch

    sketch = Sketch('''
    print(X + Y)
    ---
    X, Y in 1..9
    X + Y == 17
    ''')
    assert [filling.source for filling in sketch] == ["print(8 + 9)", "print(9 + 8)"]

The form is that of ``pyprior sketch``. What is refused raises SketchError, with ``line`` and ``column``.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple, cast

from . import _engine
from .prior_config import PriorConfig, prior_settings
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Work that one question about a sketch may take: some seconds.
WORK = _engine.DEFAULT_WORK
#: Bytes of answers about a sketch that are kept.
MEMORY = _engine.DEFAULT_MEMORY
#: Tries for one filling.
TRIES = _engine.DEFAULT_TRIES
#: Steps of running candidates, for one filling or from one to the next.
STEPS = _engine.DEFAULT_STEPS


class Hole(NamedTuple):
    """What a hole was filled with."""

    #: Its name, ``_`` if it has none.
    name: str
    #: What it stands for: ``const var op expr cond stmt block``.
    kind: str
    #: Its tokens; of a hole that occurs several times, those of its first place.
    ids: tuple[int, ...]
    #: Number of the first of them among the program's.
    start: int
    #: An integer if it is a constant, text if it is an operator (``"+"``), None for what is more than one token, and variables.
    value: int | str | None


class _Kept(NamedTuple):
    """What a filling is without the engine: in another process, say."""

    source: str
    ids: tuple[int, ...]
    holes: list[tuple[str, str, int, int]]

    def _holes(self) -> list[tuple[str, str, int, int]]:
        return self.holes


class Filling:
    """A program that fills a sketch: equal to another if the tokens are."""

    __slots__ = ("_filling", "ids", "tok")

    #: The tokens.
    ids: tuple[int, ...]
    #: What they are tokens of.
    tok: Tokenizer

    def __init__(self, filling: _engine.Filling | _Kept, tok: Tokenizer) -> None:
        self._filling, self.ids, self.tok = filling, filling.ids, tok

    def __reduce__(self) -> Any:
        return type(self), (_Kept(self.source, self.ids, self._filling._holes()), self.tok)

    @property
    def source(self) -> str:
        """Its source, under the names of the sketch; what holes bind gets names of the default pool."""
        return self._filling.source

    @property
    def holes(self) -> tuple[Hole, ...]:
        """What the holes were filled with, in the order of their first places."""
        return tuple(
            Hole(name, kind, self.ids[start:end], start, self._value(self.ids[start:end]))
            for name, kind, start, end in self._filling._holes()
        )

    def _value(self, ids: tuple[int, ...]) -> int | str | None:
        if len(ids) != 1:
            return None
        name = self.tok.name(ids[0])
        if self.tok.form_id(ids[0]) == "const":
            return int(name.removeprefix("INT_"))
        return _OPERATORS.get(name)

    def __getitem__(self, name: str) -> Hole:
        """What the hole of a name was filled with. Raises KeyError."""
        for hole in self.holes:
            if hole.name == name:
                return hole
        raise KeyError(name)

    def __eq__(self, other: object) -> bool:
        return self.ids == other.ids if isinstance(other, Filling) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.ids)

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f"<Filling {self.source!r}>"


class Fillings(Iterator[Filling]):
    """All fillings of a sketch, one after the other, see ``Sketch.fillings``. Behind an exception it ends, whatever there is."""

    __slots__ = ("_found", "_tok")

    def __init__(self, found: _engine.Fillings, tok: Tokenizer) -> None:
        self._found, self._tok = found, tok

    def __next__(self) -> Filling:
        return Filling(next(self._found), self._tok)

    @property
    def nodes(self) -> int:
        """Tokens that have been taken so far, those that led nowhere included."""
        return self._found.nodes


class Draws(Iterator[Filling]):
    """Fillings by chance without end, see ``Sketch.sampler``. Behind a FillError it goes on with other tries."""

    __slots__ = ("_sampler", "_tok")

    def __init__(self, sampler: _engine.SketchSampler, tok: Tokenizer) -> None:
        self._sampler, self._tok = sampler, tok

    def __next__(self) -> Filling:
        return Filling(next(self._sampler), self._tok)

    @property
    def tries(self) -> int:
        """Tries so far, those that failed included."""
        return self._sampler.tries


_OPERATORS = {"ADD": "+", "SUB": "-", "MUL": "*", "LT": "<", "EQ": "=="}


class Sketch(_engine.Sketch):
    """A program with holes, then a line ``---`` or ``where``, then what must hold, a constraint a line.

    Without ``vocab`` the language is as wide as what is written, as on the command line; ``tok`` is its tokenizer. With one, the
    tokens are those of that tokenizer, and options that would make others are refused. Programs have at most ``max_len`` tokens:
    if None, what the sketch's option says, else 60. ``work`` bounds what one question about the sketch may take, ``memory`` the
    bytes of answers that are kept.

    Iterating over a sketch gives all of its fillings, see ``fillings``. Raises SketchError with ``line`` and ``column`` where the
    text is not of the form, the language has no place for something, or what is asked for contradicts itself.
    """

    #: The text.
    text: str

    def __new__(
        cls,
        text: str,
        *,
        vocab: Tokenizer | None = None,
        max_len: int | None = None,
        work: int = WORK,
        memory: int = MEMORY,
    ) -> Sketch:
        if vocab is not None and not isinstance(vocab, Tokenizer):
            raise TypeError(f"vocab is a Tokenizer or None, not {type(vocab).__name__}")
        language = None if vocab is None else vocab.language
        self = super().__new__(cls, text, language, max_len, work, memory)
        self.text = text
        if vocab is not None:
            self.__dict__["tok"] = vocab
        return self

    @cached_property
    def tok(self) -> Tokenizer:
        """The tokenizer of its language."""
        settings = dict(self.language.settings)
        for limit in ("max_len", "exclude"):
            settings.pop(limit)
        return Tokenizer(base=settings.pop("base_vocab"), **settings)

    @property
    def max_len(self) -> int | None:
        """Most tokens of a program."""
        return self.language.settings["max_len"]

    def __iter__(self) -> Fillings:
        return self.fillings()

    def fillings(self, *, nodes: int | None = None, steps: int = STEPS) -> Fillings:
        """All fillings: shorter programs before longer ones, those of one length by their tokens, each once. When it ends without
        an exception, there is no other.

        It raises FillError after ``nodes`` tokens, those that lead nowhere included, and where programs that do not behave as
        asked took so many ``steps`` since the last filling. Ctrl-C ends it between two tokens. Behind an exception there is no
        next one. Its ``nodes`` are the tokens so far.
        """
        return Fillings(self._fillings(nodes, steps), self.tok)

    def sampler(
        self,
        *,
        seed: int = 0,
        prior: PriorConfig | None = PriorConfig(),
        distinct: bool = False,
        tries: int = TRIES,
        steps: int = STEPS,
    ) -> Draws:
        """An endless stream of fillings by chance, see ``sample``. It raises FillError where that does, and may be asked again then:
        with ``distinct`` each time, once all fillings have been drawn. Its ``tries`` are those so far."""
        return Draws(self._sampler(seed, prior_settings(prior), distinct, tries, steps), self.tok)

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        prior: PriorConfig | None = PriorConfig(),
        distinct: bool = False,
        tries: int = TRIES,
        steps: int = STEPS,
    ) -> list[Filling]:
        """``n`` fillings by chance: token by token among the legal ones, by a prior, or uniformly if that is None. They hang on the
        seed alone, and are those of ``pyprior sketch --seed``.

        What does not behave as asked is given up, and another is tried. With ``distinct`` no program comes twice; one that was
        there counts as a try that fails. Raises FillError if so many ``tries`` fail, or take so many ``steps``, for one
        filling; those before it are in its ``fillings``. Other threads of Python run meanwhile; Ctrl-C ends it between two tokens.
        """
        try:
            found = self._sampler(seed, prior_settings(prior), distinct, tries, steps).sample(n)
        except _engine.FillError as error:
            # None where it is known at once that there are none.
            error.fillings = [Filling(each, self.tok) for each in getattr(error, "fillings", ())]
            raise
        return [Filling(each, self.tok) for each in found]

    def start(self, n: int = 1, *, device: Any = None, dtype: Any = "float32") -> SketchStates:
        """``n`` rows before their first tokens, for loops of one's own: a model that fills the sketch. Raises FillError if there is
        no filling."""
        return SketchStates(self._rows(n), self.tok, device, dtype)

    def __repr__(self) -> str:
        return f"<Sketch {self.text.strip().splitlines()[0]!r} ...>" if self.text.strip() else "<Sketch>"


class SketchStates:
    """Rows of a sketch, with the legal sets and steps of ``States``: a token is legal if and only if some filling goes on with
    it. Made by ``Sketch.start``.

    What programs do is not in the legal sets: ``violated()`` has the rows of which it is known that they do not behave as the
    sketch asks for, as soon as that is known. ``reset`` such a row, and try again.
    """

    tok: Tokenizer

    def __init__(self, rows: _engine.SketchRows, tok: Tokenizer, device: Any = None, dtype: Any = "float32") -> None:
        self._rows, self.tok, self.device, self.dtype = rows, tok, device, dtype

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def ids(self) -> list[tuple[int, ...]]:
        """The tokens of each row so far."""
        return self._rows.ids

    def padded(self, pad: int) -> np.ndarray:
        """The tokens so far as int64 ``[rows, longest]``, filled up with ``pad``."""
        return self._rows.padded(pad)

    @property
    def input_ids(self) -> torch.Tensor:
        """What a model is to see: ``BOS`` and the tokens so far, int64 ``[B, 1 + longest]``, filled up with ``PAD``; on the CPU,
        whatever torch's default device is."""
        import torch

        tokens = torch.from_numpy(self.padded(self.tok.pad_token_id))
        bos = tokens.new_full((tokens.shape[0], 1), self.tok.bos_token_id)
        return torch.cat([bos, tokens], dim=1)

    def legal(self) -> list[frozenset[int]]:
        """The legal set of each row; ``PAD`` alone once it is complete. Raises FillError at the limit of work."""
        return self._rows.legal()

    def bitmask(self) -> np.ndarray:
        """Legal sets as bits, uint32 ``[rows, ceil(V / 32)]``, in the layout of ``States.bitmask``. A new array."""
        return self._rows.bitmask()

    def fill_bitmask(self, out: Any) -> None:
        """Writes legal sets as bits to memory of the caller, see ``States.fill_bitmask``. Raises ShapeError, FillError; then ``out``
        is as it was."""
        if hasattr(out, "data_ptr"):
            from ._torch import fill_bitmask

            fill_bitmask(cast(Any, self), out)
        else:
            self._rows._fill_bitmask(out)

    def mask(self) -> np.ndarray:
        """Legal sets as float32 ``[rows, V]`` to be added to logits: 0 where legal, -inf elsewhere. A new array."""
        return self._rows.mask()

    def legal_mask(self) -> torch.Tensor:
        """``mask`` as a tensor of ``device`` and ``dtype``."""
        from ._torch import additive_mask

        return additive_mask(cast(Any, self), self.device, self.dtype)

    def advance(self, toks: Any, *, active: Iterable[bool] | None = None) -> SketchStates:
        """Takes one token a row; those that are not ``active`` stay, complete ones take ``PAD``. All rows or, where a token is not
        legal (TokenError), none."""
        self._rows.advance(toks, active=active)
        return self

    def done(self) -> bool:
        """Whether all rows are complete."""
        return self._rows.done()

    def terminated(self) -> list[int]:
        """The rows that are complete, ascending."""
        return self._rows.terminated()

    def violated(self) -> list[int]:
        """The rows of which it is known that they do not behave as the sketch asks for, ascending."""
        return self._rows.violated()

    def rollback(self, i: int, n: int = 1) -> None:
        """Undoes the last ``n`` tokens of a row."""
        self._rows.rollback(i, n)

    def reset(self, i: int) -> None:
        """Puts a row back to before its first token."""
        self._rows.reset(i)

    def fork(self, src: int, dst: int) -> None:
        """Copies a row to another slot, in place of what is there."""
        self._rows.fork(src, dst)


__all__ = ["Draws", "Filling", "Fillings", "Hole", "Sketch", "SketchStates"]
