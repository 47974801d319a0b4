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
``ExportError``     an animation that cannot be written

Of ``pyprior_rs.logic``: ``RebindingError`` (``variable held offered``), ``UnificationError`` (``left right clash``),
``FreeVariableError`` (``variable``), ``StoreError`` (``kind``), ``ExpressionError`` (``expression column problem``), ``ProblemError``
(``kind line column``), ``LimitError`` (``limit value``). Of ``pyprior_rs.sketch``: ``SketchError`` (``kind line column message``),
``FillError`` (``kind limit``).
"""

from ._engine import (
    BatchError,
    ConfigError,
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
    SketchError,
    StoreError,
    TokenError,
    TooLongError,
    TreeError,
    UnificationError,
)


class UnknownNameError(PyPriorError, KeyError):
    """No token has this name: ``name``, and ``suggestion`` if one is near. Also a KeyError, as in 0.0.2."""

    def __init__(self, name: str, suggestion: "str | None") -> None:
        hint = f"; did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"no token is called {name!r}{hint}")
        self.name = name
        self.suggestion = suggestion

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownIdError(PyPriorError, IndexError):
    """No token has this id: ``token``, and ``vocab``, the number of tokens. Also an IndexError, as in 0.0.2."""

    def __init__(self, token: int, vocab: int) -> None:
        super().__init__(f"token {token} is out of range: the vocabulary has {vocab} tokens")
        self.token = token
        self.vocab = vocab


__all__ = [
    "BatchError",
    "ConfigError",
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
    "ShapeError",
    "SketchError",
    "StoreError",
    "TokenError",
    "TooLongError",
    "TreeError",
    "UnificationError",
    "UnknownIdError",
    "UnknownNameError",
]
