"""Rows without files: those of the files, as objects, as arrays of numpy, as Arrow's arrays."""

import gc
import json
import os
import pathlib
import signal
import time

import numpy as np
import pytest
from pyprior_rs import datasets, errors

DESCRIPTION = {
    "rows": 2500,
    "shard_rows": 1000,
    # Some with examples, some without.
    "keep": ["count_func > 0"],
    "splits": [{"name": "test", "share": 0.1}],
    "tasks": {"kinds": ["deduction"], "text": False, "layout": "packed", "length": 64},
    "write": {
        "formats": ["jsonl"],
        "columns": [
            "id", "tokens", "source", "log_prior", "log_model", "largest_constant", "steps", "call_value_used", "examples",
            "inputs", "function", "step_bound", "stopped_at",
        ],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def dataset():
    return datasets.Dataset(DESCRIPTION)


@pytest.fixture(scope="module")
def folder(dataset, tmp_path_factory):
    """Files of the same, which other code has written."""
    folder = tmp_path_factory.mktemp("rows")
    dataset.make(folder)
    return folder


def written(folder, table, split, shard):
    lines = (folder / table / f"{split}-{shard:05}-of-00003.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("batch_rows", [1, 7, 333, 1 << 20])
@pytest.mark.parametrize("split", ["train", "test"])
def test_rows_are_those_of_the_files(dataset, folder, split, batch_rows):
    shards = [2, 0] if batch_rows > 1 else [2]
    rows, seen = [], []
    for some in dataset.stream(shards, split=split, batch_rows=batch_rows, threads=2):
        assert 1 <= len(some) <= batch_rows and len(some.to_pylist()) == len(some)
        rows += some.to_pylist()
        seen += [some.shard] * len(some)
    expected = [(shard, row) for shard in shards for row in written(folder, "jsonl", split, shard)]
    assert list(zip(seen, rows)) == expected


def test_a_shard_may_come_again_and_the_first_split_is_the_default(dataset, folder):
    twice = [row["id"] for rows in dataset.stream([1, 1], batch_rows=100) for row in rows.to_pylist()]
    assert twice == 2 * [row["id"] for row in written(folder, "jsonl", "train", 1)]
    assert sum(map(len, dataset.stream())) == sum(len(written(folder, "jsonl", "train", shard)) for shard in range(3))
    assert list(dataset.stream([])) == []


def test_columns_are_arrays(dataset, folder):
    rows = next(dataset.stream([0], batch_rows=1 << 20))
    expected = written(folder, "jsonl", "train", 0)
    assert rows.columns == DESCRIPTION["write"]["columns"] == list(rows[0])
    assert rows[-1] == expected[-1] and rows[len(rows) - 1] == expected[-1]
    kinds = {"id": np.uint64, "steps": np.uint64, "call_value_used": np.bool_, "examples": np.uint32}
    for name, kind in kinds.items():
        assert rows[name].dtype == kind and rows[name].tolist() == [row[name] for row in expected]
    missing = {"largest_constant": np.uint64, "log_prior": np.float64, "log_model": np.float64, "stopped_at": np.uint32}
    for name, kind in missing.items():
        assert isinstance(rows[name], np.ma.MaskedArray) and rows[name].dtype == kind
        assert rows[name].tolist() == [row[name] for row in expected]
    for name in ("source", "inputs", "function"):
        assert rows[name] == [row[name] for row in expected]
    values, offsets = rows["tokens"]
    assert (values.dtype, offsets.dtype, len(offsets)) == (np.uint32, np.int64, len(rows) + 1)
    assert [part.tolist() for part in np.split(values, offsets[1:-1])] == [row["tokens"] for row in expected]
    wide = rows.padded("tokens", 40, -100)
    assert (wide.dtype, wide.shape) == (np.int64, (len(rows), 40))
    assert wide.tolist() == [row["tokens"] + [-100] * (40 - len(row["tokens"])) for row in expected]
    assert rows.padded("tokens").shape == (len(rows), max(len(row["tokens"]) for row in expected))


def test_tables_of_tasks(dataset, folder):
    rows = next(dataset.stream([0], table="deduction_packed", split="test"))
    assert rows.to_pylist() == written(folder, "deduction_packed", "test", 0)[: len(rows)]
    assert all(rows.padded(name).shape == (len(rows), 64) for name, kind in rows_of_lists(dataset))


def rows_of_lists(dataset):
    columns = dataset.tables["deduction_packed"]
    return [(column.name, column.type) for column in columns if column.type.endswith("of length 64")]


def test_what_is_refused(dataset):
    with pytest.raises(errors.DatasetError) as caught:
        dataset.stream(table="abduction")
    assert (caught.value.kind, caught.value.name) == ("no_table", "abduction")
    with pytest.raises(errors.DatasetError) as caught:
        dataset.stream(split="dev")
    assert (caught.value.kind, caught.value.name) == ("no_split", "dev")
    with pytest.raises(errors.DatasetError) as caught:
        dataset.stream([0, 3])
    assert caught.value.kind == "no_shard"
    for rows in (0, 1 << 21):
        with pytest.raises(errors.BatchError):
            dataset.stream(batch_rows=rows)
    with pytest.raises(TypeError):
        dataset.stream(2)
    rows = next(dataset.stream())
    for wrong, error in [(len(rows), IndexError), (-len(rows) - 1, IndexError), ("sauce", KeyError), (1.5, TypeError)]:
        with pytest.raises(error):
            rows[wrong]
    with pytest.raises(errors.ShapeError):
        rows.padded("source")
    with pytest.raises(errors.BatchError):
        rows.padded("tokens", 3)
    with pytest.raises(KeyError):
        rows.padded("sauce")


def test_rows_by_number_and_slice(dataset):
    rows = next(dataset.stream(batch_rows=100))
    every = rows.to_pylist()
    for places in (slice(2, 9, 3), slice(None, None, -1), slice(-3, None), slice(5, 5), slice(None, None, 2**62), slice(-(2**70), 2**70)):
        assert rows[places] == every[places]
    assert rows[np.int64(3)] == rows[-97] == every[3] and list(rows) == every
    for beyond in (2**70, -(2**70), 100, -101):
        with pytest.raises(IndexError, match="there are 100 rows"):
            rows[beyond]
    for wrong in (1.5, None, b"source", ("source",), slice("a", "b")):
        with pytest.raises(TypeError, match="number of a row, a slice, or the name of a column"):
            rows[wrong]
    with pytest.raises(KeyError):
        rows["\ud800"]


def test_refusals_name_what_was_given(dataset):
    rows = next(dataset.stream(batch_rows=100))
    longest = max(len(row["tokens"]) for row in rows.to_pylist())
    for work, said, what, got in (
        (lambda: dataset.stream(batch_rows=0), "batch_rows is 0; it must be 1 to 1048576", "batch_rows", 0),
        (lambda: dataset.stream(batch_rows=1 << 21), "batch_rows is 2097152; it must be 1 to 1048576", "batch_rows", 1 << 21),
        (lambda: rows.padded("tokens", 2), f"width is 2, but the longest list has {longest} numbers", "width", 2),
    ):
        with pytest.raises(errors.BatchError) as caught:
            work()
        assert (str(caught.value), caught.value.what, caught.value.got) == (said, what, got)
    for name, work in {
        "batch_rows": lambda: dataset.stream(batch_rows=-1),
        "threads": lambda: dataset.stream(threads=2**40),
        "shards": lambda: dataset.stream([-1]),
        "shard": lambda: dataset.rows_of(-1),
        "width": lambda: rows.padded("tokens", -1),
        "pad": lambda: rows.padded("tokens", pad=2**63),
    }.items():
        with pytest.raises(errors.PyPriorError, match=f"^{name} is -?[0-9]+; it must be from "):
            work()
    for name, work in {
        "batch_rows": lambda: dataset.stream(batch_rows=1.5),
        "shards": lambda: dataset.stream(["a"]),
        "shard": lambda: dataset.rows_of("a"),
        "width": lambda: rows.padded("tokens", "a"),
    }.items():
        with pytest.raises(TypeError, match=f"{name}: an integer is needed, not"):
            work()


def test_an_error_comes_behind_the_rows_and_then_the_end():
    dataset = datasets.Dataset({"rows": 5000, "keep": ["length == 3"], "patience": 50})
    stream, rows = dataset.stream(batch_rows=100), 0
    with pytest.raises(errors.DatasetError) as caught:
        for some in stream:
            rows += len(some)
    assert caught.value.kind == "patience" and caught.value.kept >= rows > 0
    assert list(stream) == []


def test_threads_end_with_the_iterator(dataset):
    def threads():
        return len(os.listdir("/proc/self/task"))

    if not pathlib.Path("/proc/self/task").is_dir():
        pytest.skip("no /proc")
    before = threads()
    streams = [dataset.stream(batch_rows=1, threads=2) for _ in range(5)]
    for stream in streams:
        next(stream)
    # A maker and two threads each.
    assert threads() >= before + 5
    del stream, streams
    gc.collect()
    end = time.monotonic() + 20
    while threads() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threads() <= before


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_begins_its_own(dataset):
    rows = dataset.stream([0], batch_rows=10)
    first = next(rows).to_pylist()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        status = 1
        try:
            with pytest.raises(RuntimeError, match="another process"):
                next(rows)
            with pytest.raises(RuntimeError, match="another process"):
                rows.__arrow_c_stream__()
            status = 0 if next(dataset.stream([0], batch_rows=10)).to_pylist() == first else 2
            del rows
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(next(rows)) == 10


@pytest.mark.pyarrow
def test_arrow(dataset, tmp_path):
    import pyarrow
    import pyarrow.parquet

    dataset = datasets.Dataset({**DESCRIPTION, "write": {**DESCRIPTION["write"], "formats": ["parquet"]}})
    dataset.make(tmp_path)
    for table, folder in [("programs", "data"), ("deduction_packed", "deduction_packed")]:
        for split in ("train", "test"):
            paths = [tmp_path / folder / f"{split}-{shard:05}-of-00003.parquet" for shard in range(3)]
            files = pyarrow.concat_tables([pyarrow.parquet.read_table(path) for path in paths])
            stream = dataset.stream(table=table, split=split, batch_rows=100)
            reader = pyarrow.RecordBatchReader.from_stream(stream)
            assert reader.schema.equals(files.schema)
            assert reader.read_all().combine_chunks().equals(files.combine_chunks())
            with pytest.raises(RuntimeError, match="handed over"):
                pyarrow.RecordBatchReader.from_stream(stream)
            assert list(stream) == []
            rows = next(dataset.stream(table=table, split=split, batch_rows=100))
            batch = pyarrow.record_batch(rows)
            del rows
            gc.collect()
            assert pyarrow.Table.from_batches([batch]).equals(files.slice(0, len(batch)).combine_chunks())


@pytest.mark.pyarrow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_what_arrow_has_is_refused_in_a_fork(dataset):
    import pyarrow

    reader = pyarrow.RecordBatchReader.from_stream(dataset.stream(batch_rows=10))
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        status = 1
        try:
            with pytest.raises(pyarrow.ArrowException, match="another process"):
                reader.read_next_batch()
            del reader
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert reader.read_next_batch().num_rows == 10


@pytest.mark.pyarrow
def test_an_error_in_arrows_words():
    import pyarrow

    dataset = datasets.Dataset({"rows": 5000, "keep": ["length == 3"], "patience": 50})
    with pytest.raises(pyarrow.ArrowException, match="shard 0: "):
        pyarrow.RecordBatchReader.from_stream(dataset.stream()).read_all()
