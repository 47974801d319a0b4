"""Datasets of programs: those of ``pyprior dataset``, to the byte, and their rows without files::

    from pyprior_rs import datasets

    dataset = datasets.Dataset(datasets.describe("dataset.toml", rows=1_000_000))
    dataset.make("programs")                            # as `pyprior dataset programs --config dataset.toml --rows 1000000`
    for rows in dataset.stream(batch_rows=4096):        # the same rows, as they are made
        rows["tokens"], rows["stdout"], rows[0]

What is in a dataset, its folder and its columns are those of the command line. Programs of a model (``kind = "model"``) are
made there alone: this package has no models.

What is refused raises DatasetError, ConfigError or PriorError, which are ValueErrors; what the system refuses, OSError.
Shards that are done stay done.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence, Union

from . import _engine
from ._engine import Description, Rows, RowStream
from .errors import DatasetError
from .tokenizer import Tokenizer

#: A file in TOML, as ``pyprior dataset --config`` takes it; fields by name; a description; None for the defaults.
Source = Union["str | os.PathLike[str]", Mapping[str, Any], Description, None]
#: Shards by number, from 0; None for all.
Shards = Union[Iterable[int], None]


class Stage(NamedTuple):
    """A dataset of a description with stages, or the one that there is."""

    #: Its folder below that of all; None for the one.
    name: str | None
    description: Description


class Progress(NamedTuple):
    """How far the work is."""

    #: Rows that there are to be, those of shards included that were done before.
    rows: int
    #: Rows that there are.
    done: int
    #: Rows that were there at the start.
    before: int
    #: Programs looked at since.
    candidates: int


@dataclass(frozen=True)
class Summary:
    """What there is in the end."""

    #: Shards that were done before, and that were made.
    found: int
    made: int
    #: What became of the candidates of all of them, as in the record of a shard: ``candidates``, ``rejected``, ``rows`` ...
    counts: dict[str, Any]
    #: Whether README.md and the report are there, and so all shards.
    complete: bool


class Inventory(NamedTuple):
    """What there is of some shards."""

    #: How many are done.
    found: int
    #: The others, ascending.
    missing: list[int]
    #: What became of the candidates of those that are done.
    counts: dict[str, Any]


class Column(NamedTuple):
    """A column of a table."""

    name: str
    #: In words: ``uint32 or null``, ``list of uint16`` ...
    type: str
    about: str


def stages(
    description: Source = None, /, *, level: str | int | None = None, seed: int | None = None, **fields: Any
) -> list[Stage]:
    """The datasets that are described: one, unless the file has stages.

    ``level`` and ``seed`` are those of the command line; ``fields`` have the last word in every stage, as its flags have:
    fields of a description, tables as dicts (``language={"max_len": 20}`` changes that alone), lists as a whole. What is None
    is left as it is. Raises DatasetError; OSError if the file cannot be read.
    """
    fields = {name: value for name, value in fields.items() if value is not None}
    if isinstance(description, Description):
        if level is not None:
            raise TypeError("level gives defaults, and a Description leaves nothing to them: describe(level=...) makes one")
        read = [Stage(None, description)]
    elif description is None or isinstance(description, Mapping):
        said = dict(description or {})
        own_level = said.pop("level", None)
        (start,) = _stages_of("", own_level if level is None else level, None)
        read = [Stage(None, start.description.replace(**said))]
    elif isinstance(description, (str, os.PathLike)):
        # Of several, the nth has the seed plus n.
        try:
            text = Path(description).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise _refused("toml", f"{os.fspath(description)}: TOML is text in UTF-8: {error}") from None
        read, seed = _stages_of(text, level, seed), None
    else:
        raise TypeError(f"a description is a file, fields by name or a Description, not {type(description).__name__}")
    if seed is not None:
        fields["seed"] = seed
    return [Stage(name, one.replace(**fields)) for name, one in read]


def _stages_of(text: str, level: str | int | None, seed: int | None) -> list[Stage]:
    return [Stage(*stage) for stage in _engine.dataset_stages(text, None if level is None else str(level), seed)]


def describe(
    description: Source = None, /, *, level: str | int | None = None, seed: int | None = None, **fields: Any
) -> Description:
    """The dataset that is described, as ``stages`` reads it. Raises DatasetError if they are several."""
    read = stages(description, level=level, seed=seed, **fields)
    if read[0].name is not None:
        raise _refused("stages", "stages are several datasets, and one is wanted here: stages() lists them")
    return read[0].description


def _refused(kind: str, message: str) -> DatasetError:
    error = DatasetError(message)
    error.kind = kind
    return error


def shard_numbers(shards: Shards, description: Description) -> Sequence[int]:
    """Those that are meant."""
    if isinstance(shards, Integral):
        raise TypeError("shards are numbers of shards, such as range(4); how many there are, rows and shard_rows say")
    return range(description.shards) if shards is None else list(shards)


class Dataset:
    """A description, checked and compiled: what every shard is made from. Immutable; threads may share it.

    If targets of ``[control]`` are to be reached by acceptance, ``threads`` (0 for all) look at a pilot. Raises DatasetError,
    ConfigError, PriorError.
    """

    def __init__(self, description: Source = None, *, threads: int = 0) -> None:
        self._job = _engine.Job(describe(description), threads)
        #: What it is of; a range that is reached by steering stands in the language here.
        self.description: Description = self._job.description
        #: SHA-256 of the description's JSON.
        self.fingerprint: str = self._job.fingerprint
        #: Rows of all shards.
        self.rows: int = self.description.rows
        #: Number of shards, from 0 on.
        self.shards: int = self.description.shards
        #: The first has what no other takes.
        self.splits: list[str] = self._job.splits

    @property
    def tables(self) -> dict[str, list[Column]]:
        """The columns of each table that is written: ``programs``, and those of tasks."""
        return {name: [Column(*column) for column in columns] for name, columns in self._job.tables().items()}

    @property
    def tokenizer(self) -> Tokenizer:
        """A tokenizer with the vocabulary of the rows."""
        language = self.description.to_dict()["language"]
        base = language.pop("base_vocab", 0)
        settings = {name: value for name, value in language.items() if name not in ("exclude", "max_len")}
        return Tokenizer(**settings, base=base or None)

    def rows_of(self, shard: int) -> int:
        """Rows of a shard; 0 beyond the last."""
        return self.description.rows_of(shard)

    def make(
        self,
        out: str | os.PathLike[str],
        shards: Shards = None,
        *,
        threads: int = 0,
        progress: Callable[[Progress], object] | None = None,
    ) -> Summary:
        """Makes the shards that are not done yet, in a folder that is new, empty or this dataset's.

        Without ``shards`` all of them, README.md and the report, as ``pyprior dataset``. With ``shards`` these alone, which
        leaves the rest to ``complete``; ``range(3, dataset.shards, 16)`` are those of ``--shard 3/16``. ``threads``: 0 for
        all, at most 1024. The interpreter is let go of; ``progress`` is called on this thread, at most 20 times a second.

        Ctrl-C, or what ``progress`` raises, ends the work: shards that are done stay, and the same call goes on. Raises
        DatasetError (ShardBusyError if another process makes a shard), OSError.
        """
        only = None if shards is None else shard_numbers(shards, self.description)
        told = None if progress is None else lambda *numbers: progress(Progress(*numbers))
        found, made, counts, complete = self._job.make(os.fspath(out), only, threads, told)
        return Summary(found, made, json.loads(counts), complete)

    def inventory(self, out: str | os.PathLike[str], shards: Shards = None) -> Inventory:
        """Which of these shards, all if None, are done. Begins the folder if it is new or empty. Raises as ``make``."""
        found, missing, counts = self._job.inventory(os.fspath(out), shard_numbers(shards, self.description))
        return Inventory(found, missing, json.loads(counts))

    def complete(self, out: str | os.PathLike[str]) -> bool:
        """Writes what is missing of README.md and the report if all shards are done, and says whether they are. Raises as
        ``make``."""
        return self._job.complete(os.fspath(out))

    def stream(
        self,
        shards: Shards = None,
        *,
        table: str = "programs",
        split: str | None = None,
        batch_rows: int = 8192,
        threads: int = 0,
    ) -> RowStream:
        """Rows as they are made, without files: those of the files of ``table`` and ``split`` (the first if None), in their
        order, shard after shard; in the order of ``shards``, in which a shard may come again.

        An iterator over ``Rows``, ``batch_rows`` (1 to 1,048,576) or fewer: a shard's last ones, or large ones. Two are made
        ahead, by threads of its own, which end when nobody has the iterator any more. It is also a stream of Arrow's:
        ``pyarrow.RecordBatchReader.from_stream(...)``.

        Of ``rows``: ``rows["steps"]`` is a column: an array; a masked one where values may be missing; for lists of numbers
        ``(values, offsets)``, list i being ``values[offsets[i]:offsets[i + 1]]``; for texts a list. ``rows[i]`` is a row as a
        dict, ``rows[i:j]`` a list of them. ``rows.padded("tokens", width, pad)`` is int64 ``[rows, width]``. ``pyarrow.record_batch(rows)`` is Arrow's.

        Raises DatasetError, here or where a shard comes to an end too early; BatchError for ``batch_rows`` out of range.
        """
        return self._job.stream(shard_numbers(shards, self.description), table, split, batch_rows, threads)

    def __repr__(self) -> str:
        return f"Dataset({self.rows} rows in {self.shards} shards, {self.fingerprint[:12]})"


def finish(out: str | os.PathLike[str]) -> dict[str, Any]:
    """Writes README.md and the report anew, from the manifest alone, as ``pyprior dataset finish``: where machines with folders
    of their own have made shards that were brought together. Gives the counts. Raises DatasetError (``missing``), OSError."""
    return json.loads(_engine.dataset_finish(os.fspath(out)))


__all__ = [
    "Column",
    "Dataset",
    "Description",
    "Inventory",
    "Progress",
    "RowStream",
    "Rows",
    "Stage",
    "Summary",
    "describe",
    "finish",
    "stages",
]
