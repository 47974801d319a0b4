"""What the engine refuses. All are ``PyPriorError``, which is a ValueError; attributes are the fields of the engine's errors.

``ConfigError``     a language without programs, a knob out of range: ``kind``, ``knob value max``, ``reason`` ...
``TokenError``      a token that is not legal: ``kind token position name reason slot``
``BatchError``      no such slot, an empty one, a wrong number of things: ``kind``, ``slot slots``, ``what got expected``
``RollbackError``   ``asked len``
``ShapeError``      an array of another shape or type: ``found expected``
``PriorError``      ``field value range``
``DecodeError``     tokens that are no program: ``kind``, ``token position hole``
``TreeError``       nodes that are no program: ``kind``
``NamesError``      names that do not fit: ``kind name``
``EncodeError``     source that is no program: ``stage message line column hint``
``SessionError``    an input that a session refuses: ``line column message hint``
``TooLongError``    ``row limit``
``ExportError``     an animation that cannot be written: ``path format reason``; what was there is still there
``SettingError``    a setting of a server or of a request (``integrations``), or of an animation (``viz``): ``place reason``
``DatasetError``    a dataset that is refused or not made: ``kind``, and by it ``shard``, ``field value range`` ...
``ShardBusyError``  a DatasetError: another process is making the shard: ``shard record``
``ShardError``      a DatasetError: a shard that a worker elsewhere has not made: ``shard kind``

Of ``pyprior_rs.logic``: ``RebindingError`` (``variable held offered``), ``UnificationError`` (``left right clash``),
``FreeVariableError`` (``variable``), ``StoreError`` (``kind``), ``ExpressionError`` (``expression column problem``), ``ProblemError``
(``kind line column``), ``LimitError`` (``limit value``). Of ``pyprior_rs.sketch``: ``SketchError`` (``kind line column message``),
``FillError`` (``kind limit``).

All can be pickled and copied, fields included, and so come back from other processes.
"""

from typing import Any

from ._engine import (
    BatchError,
    ConfigError,
    DatasetError,
    DecodeError,
    EncodeError,
    ExportError,
    ExpressionError,
    FillError,
    FreeVariableError,
    LimitError,
    NamesError,
    PriorError,
    ProblemError,
    PyPriorError,
    RebindingError,
    RollbackError,
    SessionError,
    ShapeError,
    ShardBusyError,
    SketchError,
    StoreError,
    TokenError,
    TooLongError,
    TreeError,
    UnificationError,
)


def _same(self: EncodeError, other: object) -> bool:
    # So that results of what is refused in the same way are equal, as in 0.0.2.
    if not isinstance(other, EncodeError):
        return NotImplemented
    return self.args == other.args and self.__dict__ == other.__dict__


EncodeError.__eq__ = _same  # type: ignore[method-assign, assignment]
EncodeError.__hash__ = lambda self: hash(self.args)  # type: ignore[method-assign]


class UnknownNameError(PyPriorError, KeyError):
    """No token has this name: ``name``, and ``suggestion`` if one is near. Also a KeyError, as in 0.0.2."""

    def __init__(self, name: str, suggestion: "str | None") -> None:
        hint = f"; did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"no token is called {name!r}{hint}")
        self.name = name
        self.suggestion = suggestion

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> Any:
        # An exception is made again from ``args``, which are the message, unless it says otherwise.
        return type(self), (self.name, self.suggestion), self.__dict__


class UnknownIdError(PyPriorError, IndexError):
    """No token has this id: ``token``, and ``vocab``, the number of tokens. Also an IndexError, as in 0.0.2."""

    def __init__(self, token: int, vocab: int) -> None:
        super().__init__(f"token {token} is out of range: the vocabulary has {vocab} tokens")
        self.token = token
        self.vocab = vocab

    def __reduce__(self) -> Any:
        return type(self), (self.token, self.vocab), self.__dict__


#: Of a mask that a caller made.
NO_TOKEN = "the mask has a row without a legal token: it is 0 where a token is legal and -inf elsewhere"


def shape_error(what: str, found: Any, expected: Any) -> ShapeError:
    """As the engine raises it."""
    error = ShapeError(f"{what} is {found}; {expected} is needed")
    error.found, error.expected = str(found), str(expected)
    return error


class SettingError(PyPriorError):
    """A setting that an integration or an animation refuses: ``place``, such as ``extra_args["pyprior"]["max_len"]`` or
    ``interval``, and ``reason``."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason

    def __reduce__(self) -> Any:
        return type(self), (self.place, self.reason), self.__dict__


class ShardError(DatasetError):
    """A shard that a worker elsewhere has not made: ``shard``; ``kind``: ``failed`` (the cause is what the worker raised),
    ``lost`` (with its worker, more often than it is tried again), ``missing`` (made, and not there)."""

    def __init__(self, shard: int, kind: str, why: str) -> None:
        super().__init__(f"shard {shard}: {why}")
        self.shard = shard
        self.kind = kind
        self._why = why

    def __reduce__(self) -> Any:
        return type(self), (self.shard, self.kind, self._why), self.__dict__


__all__ = [
    "BatchError",
    "ConfigError",
    "DatasetError",
    "DecodeError",
    "EncodeError",
    "ExportError",
    "ExpressionError",
    "FillError",
    "FreeVariableError",
    "LimitError",
    "NamesError",
    "PriorError",
    "ProblemError",
    "PyPriorError",
    "RebindingError",
    "RollbackError",
    "SessionError",
    "SettingError",
    "ShapeError",
    "ShardBusyError",
    "ShardError",
    "SketchError",
    "StoreError",
    "TokenError",
    "TooLongError",
    "TreeError",
    "UnificationError",
    "UnknownIdError",
    "UnknownNameError",
]
