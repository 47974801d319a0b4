"""What a server offers and what a request asks for: read and checked once, before anything is generated."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Mapping

from .. import _engine
from ..errors import PyPriorError, SettingError
from ..prior_config import PriorConfig
from ..tokenizer import Tokenizer

#: Legal sets alone, whatever the model's logits are.
NO_PRIOR = PriorConfig(apply="off")

#: What ``max_len`` may be at most.
LONGEST = 2**28

_LANGUAGE_KEYS = ("tokenizer", "vocab_offset", "stop_token_id", "max_len", "exclude", "prior")
_REQUEST_KEYS = ("language", "max_len", "exclude", "prior", "prefix_len")


class ModelLanguage:
    """A language as a model has it: token i of the language is token ``offset + i`` of the model.

    The engine's rows are of the language alone, so that their bits are as few with a vocabulary of 128,000 tokens before it.
    Raises SettingError for numbers below 0, and for a stop token that programs are written with.
    """

    def __init__(
        self,
        tok: Tokenizer,
        *,
        vocab_offset: int | None = None,
        stop_token_id: int | None = None,
        max_len: int | None = None,
        exclude: tuple[str, ...] = (),
        prior: PriorConfig = NO_PRIOR,
    ) -> None:
        settings = {name: value for name, value in tok._settings.items() if name != "base_vocab"}
        self.tok = Tokenizer(**settings)
        self.offset = tok.offset if vocab_offset is None else vocab_offset
        #: What follows a program's last token, as a token of the model.
        self.stop_token = self.offset + self.tok.eos_token_id if stop_token_id is None else stop_token_id
        self.max_len, self.exclude, self.prior = max_len, exclude, prior
        _natural(self.offset, "vocab_offset")
        own = _natural(self.stop_token, "stop_token_id") - self.offset
        if 0 <= own < self.tok.vocab_size and own not in (self.tok.bos_token_id, self.tok.eos_token_id, self.tok.pad_token_id):
            raise SettingError("stop_token_id", f"token {self.stop_token} is {self.tok.name(own)}, which programs may have")
        #: Tokens that a model must have.
        self.vocab_needed = max(self.offset + self.tok.vocab_size, self.stop_token + 1)


@dataclass(frozen=True)
class ProgramSettings:
    """What one row is to generate."""

    language: ModelLanguage
    #: With this row's ``max_len`` and ``exclude``.
    compiled: _engine.Language
    prior: PriorConfig = NO_PRIOR
    #: Tokens at the end of the prompt that are the program's first.
    prefix_len: int = 0
    #: Why there is no such program, if so: where limits are known only when the row is added.
    no_program: str | None = None


# ------------------------------------------------------------------------------------------------------------- reading


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # Brackets by the thousand are no reason to answer that the server is at fault.
        raise SettingError(place, f"no JSON: {error}") from None


def _natural(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SettingError(place, f"a number of 0 or more is needed, not {value!r}")
    return value


def _object(value: Any, place: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingError(place, f"an object is needed, not {type(value).__name__}")
    for key in value:
        if key not in keys:
            raise SettingError(place, f"unknown key {key!r}; there are {', '.join(keys)}")
    return value


def _prior(value: Any, place: str, tok: Tokenizer) -> PriorConfig:
    """A prior by its fields, the mode first of all: ``{"apply": "additive", "alpha": 0.5}``."""
    given = _object(value, place, tuple(field.name for field in fields(PriorConfig)))
    config = PriorConfig(**given)
    try:
        _engine.SymbolicPrior(tok.language, **config.settings())
    except (PyPriorError, TypeError, OverflowError) as error:
        raise SettingError(place, str(error)) from None
    return config


def _exclude(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise SettingError(place, f"a list of names is needed, not {value!r}")
    return tuple(value)


def _compile(tok: Tokenizer, max_len: int | None, exclude: tuple[str, ...], place: str) -> _engine.Language:
    try:
        return tok.with_limits(max_len, exclude)
    except (PyPriorError, TypeError) as error:
        raise SettingError(place, str(error)) from None


def read_languages(text: str, place: str) -> dict[str, ModelLanguage]:
    """The languages of a server, by name, from JSON: ``{"languages": {NAME: {"tokenizer": {...}, "vocab_offset": ...}}}``.

    Raises SettingError, which says where.
    """
    given = _json(text, place)
    named = _object(given, place, ("languages",)).get("languages")
    if not isinstance(named, Mapping) or not named:
        raise SettingError(f"{place}.languages", "an object with a language or more is needed")
    return {name: _language(settings, f"{place}.languages[{name!r}]") for name, settings in named.items()}


def _language(given: Any, place: str) -> ModelLanguage:
    given = _object(given, place, _LANGUAGE_KEYS)
    knobs = {} if given.get("tokenizer") is None else given["tokenizer"]
    if not isinstance(knobs, Mapping) or "base" in knobs:
        raise SettingError(f"{place}.tokenizer", "an object with the arguments of Tokenizer is needed, without base")
    try:
        tok = Tokenizer(**knobs)
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingError(f"{place}.tokenizer", str(error)) from None
    max_len: int | None = None
    exclude: tuple[str, ...] = ()
    prior, stop, offset = NO_PRIOR, None, 0
    if given.get("max_len") is not None:
        max_len = _natural(given["max_len"], f"{place}.max_len")
    if given.get("exclude") is not None:
        exclude = _exclude(given["exclude"], f"{place}.exclude")
    if given.get("prior") is not None:
        prior = _prior(given["prior"], f"{place}.prior", tok)
    if given.get("stop_token_id") is not None:
        stop = _natural(given["stop_token_id"], f"{place}.stop_token_id")
    if given.get("vocab_offset") is not None:
        offset = _natural(given["vocab_offset"], f"{place}.vocab_offset")
    _compile(tok, max_len, exclude, place)
    try:
        return ModelLanguage(
            tok, vocab_offset=offset, stop_token_id=stop, max_len=max_len, exclude=exclude, prior=prior
        )
    except SettingError as error:
        raise SettingError(f"{place}.{error.place}", error.reason) from None


def read_request(
    given: Any,
    languages: Mapping[str, ModelLanguage],
    place: str,
    max_tokens: int | None,
    lenient: bool = False,
) -> ProgramSettings:
    """What a request asks for: an object, or its JSON as text, with ``language``, ``max_len``, ``exclude``, ``prior``
    and ``prefix_len``; a language's own settings stand where the request has none.

    A program is complete within ``max_tokens``, those of its prefix apart: the smaller of the two limits holds. Raises
    SettingError, which says where; where ``lenient``, settings without a program say so in ``no_program`` instead.
    """
    if isinstance(given, str):
        given = _json(given, place)
    given = _object(given, place, _REQUEST_KEYS)
    name = given.get("language")
    if name is None:
        name = "default" if "default" in languages or len(languages) != 1 else next(iter(languages))
    language = languages.get(name) if isinstance(name, str) else None
    if language is None:
        offered = ", ".join(repr(name) for name in languages)
        raise SettingError(f'{place}["language"]', f"there is no language {name!r}; this server has {offered}")
    prefix_len = 0 if given.get("prefix_len") is None else _natural(given["prefix_len"], f'{place}["prefix_len"]')
    max_len, exclude, prior = language.max_len, language.exclude, language.prior
    if given.get("max_len") is not None:
        max_len = _natural(given["max_len"], f'{place}["max_len"]')
        _compile(language.tok, max_len, (), f'{place}["max_len"]')
    if given.get("exclude") is not None:
        exclude = _exclude(given["exclude"], f'{place}["exclude"]')
        _compile(language.tok, None, exclude, f'{place}["exclude"]')
    if given.get("prior") is not None:
        prior = _prior(given["prior"], f'{place}["prior"]', language.tok)
    try:
        _compile(language.tok, max_len, exclude, place)
        if max_tokens is not None:
            # A prefix beyond all prompts is told of where the prompt is.
            room = min(max_tokens + prefix_len, LONGEST)
            max_len = room if max_len is None else min(max_len, room)
        compiled = _compile(language.tok, max_len, exclude, f"{place} with max_tokens={max_tokens}")
    except SettingError as error:
        if not lenient:
            raise
        return ProgramSettings(language, language.tok.language, prior, prefix_len, no_program=str(error))
    return ProgramSettings(language, compiled, prior, prefix_len)
