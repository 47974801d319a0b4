"""The vocabulary of a language, and its settings."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Iterable

from . import _engine
from .encode import EncodeResult, encode
from .errors import ConfigError, UnknownIdError, UnknownNameError
from .prior_config import PriorConfig, prior_settings

if TYPE_CHECKING:
    from .exec import Result


def integer_text(x: int) -> str:
    """Decimal digits, of integers that ``str`` refuses too."""
    if -(10**4000) < x < 10**4000:
        return str(int(x))
    sign, x, parts = ("-" if x < 0 else ""), abs(int(x)), []
    while x:
        x, part = divmod(x, 10**4000)
        parts.append(f"{part:04000d}")
    return sign + "".join(reversed(parts)).lstrip("0")


def text_integer(text: str) -> int:
    """The reverse."""
    sign, digits, value = (-1 if text.startswith("-") else 1), text.lstrip("-"), 0
    for at in range(0, len(digits), 4000):
        part = digits[at : at + 4000]
        value = value * 10 ** len(part) + int(part)
    return sign * value


class Tokenizer:
    """The tokens of a language: names, forms, ids; source to tokens and back.

    All arguments are keywords, those of 0.0.2 and their defaults first:

    ``max_funcs`` (0 to 255), ``max_vars`` (0 to 255, in one scope), ``max_arity`` (of parameters; ``max_vars`` if None),
    ``value_range`` (smallest and largest integer, at most 65,536 values), ``max_block_stmts`` (0 to 255),
    ``max_expr_depth`` (0 to 60), ``max_control_depth`` (0 to 20), ``no_dead_code``;
    ``base``: tokens before the language's own, whose ids are all shifted: a number, the name of a tokenizer of
    ``transformers``, or a tokenizer with ``len()``; ``pad_text``: kept as it is given.

    New are ``profile``, ``"sound"`` (the default) or ``"pyprior-0.0.2"``, and its switches, each settable alone:
    ``calls`` (``"returning"``, ``"any"``), ``dead_code`` (``"after-returning"``, ``"after-return"``) and
    ``comparison_values`` (``"int"``, ``"bool"``). ``allow_empty_value_range`` takes an upside-down ``value_range`` for "no
    constants", as 0.0.2 does, instead of refusing it.

    Raises ConfigError if a knob is out of range, or no program can be completed.
    """

    def __init__(
        self,
        *,
        max_funcs: int = 5,
        max_vars: int = 15,
        max_arity: int | None = None,
        value_range: tuple[int, int] = (-99, 99),
        max_block_stmts: int = 2,
        max_expr_depth: int = 3,
        max_control_depth: int = 2,
        no_dead_code: bool = True,
        base: Any = None,
        pad_text: str = "\n",
        arities: None = None,
        profile: str = "sound",
        calls: str | None = None,
        dead_code: str | None = None,
        comparison_values: str | None = None,
        allow_empty_value_range: bool = False,
    ) -> None:
        if arities is not None:
            raise TypeError("arities is not supported; max_arity bounds the number of parameters")
        more = set(self.__dict__)
        self._base = _load_base(base)
        switches = {"calls": calls, "dead_code": dead_code, "comparison_values": comparison_values}
        self._settings: dict[str, Any] = {
            "profile": profile,
            "max_funcs": max_funcs,
            "max_vars": max_vars,
            "max_arity": max_arity,
            "value_range": tuple(value_range),
            "max_block_stmts": max_block_stmts,
            "max_expr_depth": max_expr_depth,
            "max_control_depth": max_control_depth,
            "no_dead_code": _flag("no_dead_code", no_dead_code),
            "allow_empty_value_range": _flag("allow_empty_value_range", allow_empty_value_range),
            "base_vocab": self._base if isinstance(self._base, int) else len(self._base),
            **{name: value for name, value in switches.items() if value is not None},
        }
        #: The language without ``max_len`` and ``exclude``.
        self.language = _engine.Language(**self._settings)
        self._languages: dict[tuple[int | None, tuple[str, ...]], _engine.Language] = {}
        #: Those without exclusions by their bound.
        self._bounded: dict[int, _engine.Language] = {}
        settings = self.language.settings
        self.max_funcs: int = settings["max_funcs"]
        self.max_vars: int = settings["max_vars"]
        #: The effective one: at most ``max_vars``.
        self.max_arity: int = settings["max_arity"]
        self.value_range: tuple[int, int] = settings["value_range"]
        self.max_block_stmts: int = settings["max_block_stmts"]
        self.max_expr_depth: int = settings["max_expr_depth"]
        self.max_control_depth: int = settings["max_control_depth"]
        self.no_dead_code: bool = settings["no_dead_code"]
        self.calls: str = settings["calls"]
        self.dead_code: str = settings["dead_code"]
        self.comparison_values: str = settings["comparison_values"]
        #: ``"sound"``, ``"pyprior-0.0.2"``, or None where the switches are those of neither.
        self.profile: str | None = self.language.profile
        self.pad_text = pad_text
        self._names: list[str] = self.language.names()
        self._forms: list[str] = self.language.forms()
        #: First id of the language's own tokens: the number of tokens of the base.
        self.offset: int = settings["base_vocab"]
        self._ids = {name: id for id, name in enumerate(self._names, self.offset)}
        #: Number of token ids, those of the base included.
        self.vocab_size: int = self.language.vocab_size
        #: Number of the language's own tokens.
        self.action_vocab_size: int = len(self._names)
        self.bos_token_id: int = self._ids["BOS"]
        self.eos_token_id: int = self._ids["EOS"]
        self.pad_token_id: int = self._ids["PAD"]
        #: What there is besides attributes of a class that is made of this one, and of its users.
        self._own: frozenset[str] = frozenset({*self.__dict__, "_own"} - more)

    # ---------------------------------------------------------------- languages

    def with_limits(self, max_len: int | None = None, exclude: Iterable[str] | None = None) -> _engine.Language:
        """The language with a bound on the tokens of a program, and without some tokens; compiled once (0.3 ms) for each.

        ``exclude`` has names of tokens (``"VAR_1"``) and of forms (``"for"``, the whole family). Raises ConfigError if no
        program is left, or none as short.
        """
        # Every decode comes by here.
        if exclude is None and type(max_len) is int and (known := self._bounded.get(max_len)) is not None:
            return known
        if isinstance(exclude, str):
            raise TypeError("exclude is a set of names, not one name")
        names = tuple(sorted({str(name) for name in exclude} if exclude is not None else ()))
        max_len = None if max_len is None else operator.index(max_len)
        if max_len is not None and max_len < 0:
            raise _out_of_range("max_len", max_len)
        found = self._languages.get((max_len, names))
        if found is None:
            if len(self._languages) >= 256:
                self._languages.clear()
                self._bounded.clear()
            found = _engine.Language(**self._settings, max_len=max_len, exclude=list(names))
            self._languages[max_len, names] = found
            if max_len is not None and not names:
                self._bounded[max_len] = found
        return found

    # --------------------------------------------------------------- vocabulary

    def id_of(self, name: str) -> int:
        """Id of the token of this name. Raises UnknownNameError, which is a KeyError too."""
        try:
            return self._ids[name]
        except KeyError:
            is_text = isinstance(name, str) and name.isascii()
            raise UnknownNameError(name, self.language.nearest(name) if is_text else None) from None

    def _local(self, token_id: int) -> int:
        if not 0 <= token_id < self.vocab_size:
            raise UnknownIdError(token_id, self.vocab_size)
        return token_id - self.offset

    def name(self, token_id: int) -> str:
        """Name of a token; those of the base by the base's ``convert_ids_to_tokens``, or ``<text_0>`` where it is a number.
        Raises UnknownIdError, which is an IndexError too."""
        local = self._local(token_id)
        if local >= 0:
            return self._names[local]
        if isinstance(self._base, int):
            return f"<text_{token_id}>"
        return self._base.convert_ids_to_tokens(token_id)

    def form_id(self, token_id: int) -> str:
        """Form of a token: ``func var binop compare const arity block return if assign for call print value mode special``,
        and ``text`` for those of the base. Raises UnknownIdError."""
        local = self._local(token_id)
        return self._forms[local] if local >= 0 else "text"

    def names(self) -> list[str]:
        """Names of the language's own tokens in the order of their ids, the first of which is ``offset``."""
        return list(self._names)

    def dump(self) -> str:
        """The vocabulary by forms, for people."""
        return self.language.dump()

    def tokenizer_json(self) -> str:
        """The vocabulary as a ``tokenizer.json`` of Hugging Face: word level, names separated by white space."""
        return self.language.tokenizer_json()

    # ------------------------------------------------------------------- values

    def value_encode(self, x: int | None) -> tuple[int, ...]:
        """Tokens of an input or output: ``VAL_NONE``, or ``VAL_NEG`` if it is negative, digits, ``VAL_END``. Any size; TypeError
        for what is no integer."""
        return self.language.value_encode(None if x is None else integer_text(operator.index(x)))

    def value_decode(self, ids: Any) -> int | None:
        """The value that such tokens spell. Lenient: what is no token of a value is passed over."""
        text = self.language.value_decode(ids)
        return None if text is None else text_integer(text)

    # ------------------------------------------------------------------- source

    def encode(self, src: str | bytes | list[str], *, normalise: bool = False) -> Any:
        """Reads Python source: an EncodeResult, which says ``ok`` or has the ``error``; text never raises.

        Any names, comments, blank lines, redundant parentheses and ``elif`` are read. ``normalise`` takes a bare comparison
        as a value for ``int( )`` of it, which changes what is printed.

        Of a list of sources, the list of their tokens; raises EncodeError at the first that is refused.
        """
        if isinstance(src, (str, bytes)):
            return encode(self, src, normalise=normalise)
        if not isinstance(src, (list, tuple)):
            raise TypeError(f"source is text, bytes, or a list of them, not {type(src).__name__}")
        try:
            return _engine.encode_many(self.language, list(src), normalise)
        except UnicodeEncodeError:
            # Of text that is no text; the first that is refused may be another.
            for each in src:
                found: EncodeResult = encode(self, each, normalise=normalise)
                if found.error is not None:
                    raise found.error from None
            raise

    def decode(self, tokens: Any, names: dict | None = None) -> str:
        """The source of a complete program; ``EOS`` and ``PAD`` may follow it.

        ``names`` are those of ``encode``, or a dict such as ``{"VAR_1": "x"}``; without, they are taken from a pool.
        Raises DecodeError, NamesError.
        """
        return _engine.decode(self.language, tokens, names)

    def partial_source(self, tokens: Any, names: dict | None = None) -> str:
        """The source of the start of a program, with its holes: ``<block> <stmt> <expr> <cond> <var> <params> <call>``."""
        return _engine.partial(self.language, tokens, names)

    def run(
        self, tokens: Any, *, call: int | None = None, inputs: Iterable[int] = (), fuel: int = 1_000_000
    ) -> Result:
        """Runs a complete program of this vocabulary, and calls its function ``FUNC_call`` with ``inputs`` if a number is
        given. Raises DecodeError if the tokens are no complete program, TreeError if they are one that cannot run: with a
        ``return`` outside of functions, or variables that nothing has written."""
        from .exec import result

        if call is None:
            return result(*_engine.run_tokens(self.language, tokens, fuel))
        return result(*_engine.call_func(self.language, tokens, call, inputs, fuel))

    # ----------------------------------------------------------------- sampling

    def sampler(
        self,
        *,
        seed: int = 0,
        prior: PriorConfig | None = None,
        max_len: int | None = None,
        exclude: Iterable[str] | None = None,
        prefix: Any = None,
    ) -> _engine.Sampler:
        """Draws programs, uniformly among the legal tokens at each step or by the weights of a prior; ``prefix`` is what
        each starts with. Raises ConfigError, PriorError, TokenError."""
        return _engine.Sampler(self.with_limits(max_len, exclude), seed, prior_settings(prior), prefix)

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        start: int = 0,
        prior: PriorConfig | None = None,
        max_len: int | None = None,
        exclude: Iterable[str] | None = None,
        prefix: Any = None,
    ) -> _engine.Programs:
        """``n`` whole programs in one call, on all cores: those with the numbers ``start`` to ``start + n`` of a seed.

        Number i of a seed is the same program whatever else is asked for. The result has ``len()``, item i is a tuple of
        token ids; ``tokens()`` (uint32, all of them), ``lengths()``, ``padded()`` (int64 ``[n, longest]``) and
        ``sources()``. Without ``max_len`` a program may grow long: TooLongError beyond 2**20 tokens.
        """
        sampler = self.sampler(seed=seed, prior=prior, max_len=max_len, exclude=exclude, prefix=prefix)
        return sampler.sample(n, start)

    def __len__(self) -> int:
        return self.vocab_size

    def __repr__(self) -> str:
        settings = {name: value for name, value in self._settings.items() if name != "base_vocab"}
        settings |= {"base": self._base or None, "pad_text": self.pad_text}
        return f"Tokenizer({', '.join(f'{name}={value!r}' for name, value in settings.items())})"

    def __reduce__(self) -> Any:
        settings = dict(self._settings)
        settings.pop("base_vocab")
        more = {name: value for name, value in self.__dict__.items() if name not in self._own}
        return _rebuild, (type(self), settings, self._base or None, self.pad_text), more

    def __deepcopy__(self, memo: dict[int, Any]) -> Tokenizer:
        # Nothing of it changes, and its languages are compiled.
        return self


def _rebuild(cls: type[Tokenizer], settings: dict[str, Any], base: Any, pad_text: str) -> Tokenizer:
    made = cls.__new__(cls)
    Tokenizer.__init__(made, **settings, base=base, pad_text=pad_text)
    return made


def _flag(knob: str, given: Any) -> bool:
    if isinstance(given, str) or given not in (True, False):
        raise TypeError(f"{knob} is True or False, not {given!r}")
    return bool(given)


def _out_of_range(knob: str, value: Any) -> ConfigError:
    error = ConfigError(f"{knob} is {value}; it must be a number, 0 or more")
    error.kind, error.knob, error.value, error.max = "out_of_range", knob, value, None
    return error


def _load_base(base: Any) -> Any:
    """A number of tokens, or what has ``len()``; a name is looked up with transformers."""
    if base is None:
        return 0
    if isinstance(base, bool) or (isinstance(base, int) and base < 0):
        raise _out_of_range("base", base)
    if isinstance(base, str):
        from transformers import AutoTokenizer  # type: ignore[import-not-found]

        return AutoTokenizer.from_pretrained(base)
    if not hasattr(base, "__len__"):
        return operator.index(base)
    len(base)
    return base
