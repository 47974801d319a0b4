"""The engine in Rust. Its classes are used by way of the package's; what they do is said there."""

from os import PathLike
from typing import Any, Iterable, Sequence, TypeVar, final, overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self, disjoint_base

from .nodes import Func, Module

__all__ = [
    "Batch",
    "BatchError",
    "ConfigError",
    "DecodeError",
    "EncodeError",
    "ExportError",
    "Language",
    "NamesError",
    "PriorError",
    "Programs",
    "PyPriorError",
    "RollbackError",
    "Row",
    "Sampler",
    "Session",
    "SessionError",
    "ShapeError",
    "SymbolicPrior",
    "TokenError",
    "TooLongError",
    "TreeError",
    "__version__",
    "advance",
    "analyse",
    "analysis_002",
    "ast_to_tokens",
    "call_func",
    "decode",
    "done",
    "encode",
    "encode_many",
    "export",
    "frames",
    "partial",
    "play",
    "render",
    "run_many",
    "run_source",
    "run_tokens",
    "tokens_to_ast",
    "training_batch",
]
__version__: str

class PyPriorError(ValueError):
    value: Any

class ConfigError(PyPriorError):
    kind: str
    knob: str
    value: Any
    max: int | None
    low: int
    high: int
    count: int
    name: str
    suggestion: str | None
    reason: str
    max_len: int
    min_len: int

class TokenError(PyPriorError):
    kind: str
    token: int
    position: int | None
    name: str | None
    reason: str | None
    slot: int | None
    vocab: int

class BatchError(PyPriorError):
    kind: str
    slot: int
    slots: int
    what: str
    got: int
    expected: int

class RollbackError(PyPriorError):
    asked: int
    len: int
    slot: int | None

class ShapeError(PyPriorError):
    found: str
    expected: str | None

class PriorError(PyPriorError):
    field: str
    value: Any
    range: str

class DecodeError(PyPriorError):
    kind: str
    len: int
    token: int
    position: int
    hole: str
    func: int

class TreeError(PyPriorError):
    kind: str

class NamesError(PyPriorError):
    kind: str
    name: str | None

class EncodeError(PyPriorError):
    stage: str
    message: str
    line: int
    column: int
    hint: str | None
    node_type: None

class SessionError(PyPriorError):
    line: int | None
    column: int | None
    message: str
    hint: str | None

class TooLongError(PyPriorError):
    row: int
    limit: int

class ExportError(PyPriorError):
    path: str
    format: str | None
    reason: str

@final
class Language:
    def __new__(cls, **settings: Any) -> Self: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    @property
    def profile(self) -> str | None: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def min_len(self) -> int: ...
    @property
    def bitmask_words(self) -> int: ...
    def names(self) -> list[str]: ...
    def forms(self) -> list[str]: ...
    def nearest(self, name: str) -> str | None: ...
    def dump(self) -> str: ...
    def tokenizer_json(self) -> str: ...
    def value_encode(self, text: str | None) -> tuple[int, ...]: ...
    def value_decode(self, tokens: Any) -> str | None: ...

@disjoint_base
class Batch:
    def __new__(
        cls,
        language: Language,
        prefixes: Any = None,
        slots: int = 0,
        of: Batch | None = None,
        start: int = 0,
        length: int | None = None,
    ) -> Self: ...
    @property
    def _start(self) -> int: ...
    @property
    def _length(self) -> int | None: ...
    def _twin(self) -> Batch: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def rows(self) -> tuple[Row | None, ...]: ...
    @property
    def ids(self) -> list[tuple[int, ...]]: ...
    def __len__(self) -> int: ...
    def fill_slots(self, language: Language) -> None: ...
    def padded(self, pad: int) -> NDArray[np.int64]: ...
    def done(self, b: int | None = None) -> bool: ...
    def terminated(self) -> list[int]: ...
    def advance(self, toks: Any, *, active: Any = None, b: int | None = None) -> Self: ...
    def free_row(self, i: int) -> None: ...
    def grow_to(self, capacity: int) -> None: ...
    def move_row(self, src: int, dst: int, *, swap: bool = False) -> None: ...
    def fork(self, src: int, dst: int) -> None: ...
    def rollback(self, i: int, n: int = 1) -> None: ...
    def reset(self, i: int) -> None: ...
    def put(self, i: int, source: Batch) -> None: ...
    def frontiers(self) -> list[tuple[int, int]]: ...
    def bitmask(self) -> NDArray[np.uint32]: ...
    def fill_bitmask(self, out: Any) -> None: ...
    def mask(self) -> NDArray[np.float32]: ...
    def choose_uniform(self, seed: int, first: int = 0) -> list[int]: ...

@final
class Row:
    @property
    def tokens(self) -> tuple[int, ...]: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def max_len(self) -> int | None: ...
    @property
    def remaining(self) -> int | None: ...
    @property
    def min_tokens_to_finish(self) -> int: ...
    def legal(self) -> frozenset[int]: ...
    def done(self) -> bool: ...
    def advance(self, tok: int) -> None: ...
    def rollback(self, n: int = 1) -> None: ...
    def legal_count(self) -> int: ...
    def frontier(self) -> tuple[int, int]: ...
    def why_not(self, tok: int) -> str | None: ...

@final
class SymbolicPrior:
    def __new__(cls, language: Language, **settings: Any) -> Self: ...
    @property
    def mode(self) -> str: ...
    def base_logits(self) -> NDArray[np.float64]: ...
    def groups(self) -> NDArray[np.int64]: ...
    def shifts(self, states: Batch) -> NDArray[np.float32]: ...
    def parts(self, states: Batch) -> tuple[NDArray[np.uint32], NDArray[np.float32]]: ...
    def logits(self, states: Batch) -> NDArray[np.float32]: ...
    def apply(self, states: Batch, logits: Any, mask: NDArray[np.float32] | None = None) -> Any: ...

@final
class Sampler:
    def __new__(
        cls,
        language: Language,
        seed: int = 0,
        prior: dict[str, Any] | None = None,
        prefix: Any = None,
        token_limit: int | None = None,
    ) -> Self: ...
    def sample(self, n: int, start: int = 0) -> Programs: ...

@final
class Programs:
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> tuple[int, ...]: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[tuple[int, ...]]: ...
    def tokens(self) -> NDArray[np.uint32]: ...
    def lengths(self) -> NDArray[np.int64]: ...
    def padded(self) -> NDArray[np.int64]: ...
    def sources(self) -> list[str]: ...

_Ended = tuple[Any, str, int, str | None]

@final
class Session:
    def __new__(cls, profile: str, fuel: int) -> Self: ...
    def exec(self, source: str) -> _Ended: ...
    def call(self, name: str, inputs: Iterable[Any]) -> _Ended: ...
    def variables(self) -> list[tuple[str, Any]]: ...
    def functions(self) -> list[tuple[str, tuple[str, ...]]]: ...

_B = TypeVar("_B", bound=Batch)

def advance(states: _B, toks: Any, *, active: Any = None) -> _B: ...
def done(states: Batch) -> bool: ...
def encode(
    language: Language, source: str | bytes, normalise: bool = False
) -> tuple[tuple[int, ...], list[str], list[list[str]], list[tuple[str, str]]]: ...
def encode_many(
    language: Language, sources: list[str | bytes], normalise: bool = False
) -> list[tuple[int, ...]]: ...
def decode(language: Language, tokens: Any, names: Any = None) -> str: ...
def partial(language: Language, tokens: Any, names: Any = None) -> str: ...
def tokens_to_ast(language: Language, tokens: Any) -> Module: ...
def ast_to_tokens(language: Language, node: Func | Module) -> tuple[int, ...]: ...
def training_batch(
    sampler: Sampler, rows: int, start: int, width: int, eos: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]: ...
def run_source(program: str | Func | Module, inputs: Iterable[Any] | None, fuel: int) -> _Ended: ...
def run_many(
    programs: Sequence[str | Func | Module], inputs: Sequence[Iterable[Any]] | None, fuel: int, workers: int
) -> list[_Ended]: ...
def run_tokens(language: Language, tokens: Any, fuel: int) -> _Ended: ...
def call_func(language: Language, tokens: Any, func: int, inputs: Iterable[Any], fuel: int) -> _Ended: ...
def analysis_002(node: Func | Module) -> tuple[list[str], list[str], list[str], bool, list[str]]: ...
def analyse(node: Func | Module) -> str: ...
def render(node: Func | Module, comparisons: str) -> str: ...
def frames(
    language: Language, tokens: Any, names: Any = None
) -> list[tuple[str, str | None, list[str], str | None]]: ...
def export(
    language: Language,
    tokens: Any,
    path: str | PathLike[str],
    names: Any = None,
    run: bool = True,
    interval: float = 0.7,
    font_size: int = 20,
) -> None: ...
def play(language: Language, tokens: Any, names: Any = None, run: bool = True, interval: float = 0.7) -> None: ...
