"""Datasets: the bytes of the command line, shards in any order, what goes wrong, Ctrl-C."""

import fcntl
import hashlib
import os
import pickle
import signal
import threading

import pytest
from pyprior_rs import datasets, errors
from shards import files, run, same

SMALL = {"rows": 2500, "shard_rows": 1000, "keep": ["prints"], "splits": [{"name": "test", "share": 0.1}]}
PLAIN = {**SMALL, "write": {"formats": ["jsonl", "npy"]}}
# Seconds of work for a thread.
LONG = {"rows": 300_000, "shard_rows": 10_000, "duplicates": "behaviour"}


def digest(folder):
    """Of the names and bytes of files that no compressor has a say in, and no version of this program."""
    hash = hashlib.sha256()
    for name, data in sorted(files(folder).items()):
        if name.startswith(("jsonl/", "tokens/")):
            hash.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
    return hash.hexdigest()


def test_the_bytes_are_those_that_the_command_line_was_recorded_with(tmp_path):
    dataset = datasets.Dataset(PLAIN)
    summary = dataset.make(tmp_path)
    assert (summary.found, summary.made, summary.complete) == (0, 3, True)
    # pyprior dataset DIR --rows 2500 --shard-rows 1000 --keep prints --split test=0.1 --format jsonl npy
    # cd DIR; LC_ALL=C; sha256sum jsonl/* tokens/* | sha256sum
    assert digest(tmp_path) == "d2a0a0458776b3523e5b8a4bbbc54fbef82d1696d7ab743fe82a9819717d3794"
    assert dataset.fingerprint == "3abca3b6ac66159d6b56ae039a7c538e4bce0f3553bfb9a423071b375f061b0d"


@pytest.mark.parametrize("threads", [1, 2])
def test_the_command_line_makes_the_same(tmp_path, threads):
    flags = ["--rows", 2500, "--shard-rows", 1000, "--keep", "prints", "--split", "test=0.1"]
    run("dataset", tmp_path / "cli", *flags)
    datasets.Dataset(SMALL).make(tmp_path / "here", threads=threads)
    assert same(tmp_path / "cli", tmp_path / "here") == 13


def test_a_file_with_tasks_targets_and_a_level_means_the_same(tmp_path):
    (tmp_path / "a.toml").write_text(
        'level = "medium"\nrows = 900\nshard_rows = 400\n[control]\ntargets = [{ of = "length", range = [12, 27], bins = 4 }]\nhold = []\n'
        'pilot = 20000\n[tasks]\nkinds = ["deduction", "trace"]\nlayout = "packed"\n'
    )
    run("dataset", tmp_path / "cli", "--config", tmp_path / "a.toml", "--seed", 5, "--max-len", 28)
    datasets.Dataset(datasets.describe(tmp_path / "a.toml", seed=5, language={"max_len": 28})).make(tmp_path / "here")
    same(tmp_path / "cli", tmp_path / "here")


def test_shards_one_by_one_in_any_order(tmp_path):
    dataset = datasets.Dataset(PLAIN)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert dataset.make(whole).counts["rows"] == 2500
    assert dataset.inventory(parts).missing == [0, 1, 2]
    for made, shard in enumerate([2, 0, 1]):
        assert not dataset.complete(parts)
        summary = datasets.Dataset(PLAIN).make(parts, [shard, shard])
        assert (summary.found, summary.made, summary.complete, summary.counts["rows"]) == (0, 1, False, dataset.rows_of(shard))
        assert dataset.inventory(parts).found == made + 1
    assert not (parts / "README.md").exists() and dataset.complete(parts)
    same(whole, parts)
    (parts / "README.md").write_text("mine")
    assert dataset.complete(parts) and (parts / "README.md").read_text() == "mine"
    assert datasets.finish(parts) == dataset.inventory(whole).counts
    same(whole, parts)
    os.remove(parts / "manifest/shard-00001.json")
    assert dataset.inventory(parts, [1, 2]).missing == [1] and dataset.inventory(parts, [0]).found == 1
    with pytest.raises(errors.DatasetError) as caught:
        datasets.finish(parts)
    assert (caught.value.kind, caught.value.shard) == ("missing", 1)
    assert dataset.make(parts).found == 2
    same(whole, parts)


def test_what_a_description_is(tmp_path):
    assert datasets.describe() == datasets.Description() == datasets.describe({})
    path = tmp_path / "a.toml"
    path.write_text(datasets.Description.INIT)
    assert datasets.describe(path) == datasets.describe(str(path)) == datasets.Description()
    one = datasets.describe(path, rows=7, seed=3, source={"kind": "uniform"}, language={"max_len": 9}, license=None)
    assert one == datasets.Description(rows=7, seed=3, source={"kind": "uniform"}, language={"max_len": 9})
    assert one == pickle.loads(pickle.dumps(one)) == datasets.Description.from_json(one.json())
    assert one != datasets.Description() and len({one, pickle.loads(pickle.dumps(one)), datasets.Description()}) == 2
    said = one.to_dict()
    assert (said["rows"], said["source"], said["language"]["max_len"], said["language"]["max_vars"]) == (7, {"kind": "uniform"}, 9, 15)
    assert one.replace(rows=100_001).shards == 2 and one.replace(rows=100_001).rows_of(1) == 1
    # A level gives defaults, whoever asks for it.
    easy = datasets.describe(level="easy", rows=9)
    assert easy == datasets.describe(level=2, rows=9) == datasets.describe({"level": "easy", "rows": 9})
    assert easy.to_dict()["language"]["max_len"] == 20
    path.write_text('rows = 9\nseed = 4\n[[stages]]\nname = "a"\n[[stages]]\nname = "b"\nlevel = 2\nrows = 8\n')
    stages = datasets.stages(path, keep=["prints"])
    assert [(name, one.rows, one.to_dict()["seed"]) for name, one in stages] == [("a", 9, 4), ("b", 8, 5)]
    assert all(one.to_dict()["keep"] == ["prints"] for _, one in stages)
    assert [one.to_dict()["seed"] for _, one in datasets.stages(path, seed=1)] == [1, 2]
    with pytest.raises(errors.DatasetError, match="several"):
        datasets.describe(path)


@pytest.mark.parametrize(
    "fields, kind, more",
    [
        ({"rows": 0}, "range", {"field": "rows", "value": "0"}),
        ({"colour": 3}, "toml", {}),
        ({"rows": "many"}, "toml", {}),
        ({"keep": ["steps >"]}, "expression", {"field": "keep", "text": "steps >"}),
        ({"write": {"columns": ["sauce"]}}, "unknown_column", {"name": "sauce"}),
        ({"write": {"columns": ["row", "row"]}}, "twice", {"name": "row"}),
        ({"splits": [{"name": "a", "where": "seed == 1"}]}, "not_of_program", {"column": "seed"}),
        ({"rows": 10_000_000, "shard_rows": 1}, "shards", {"shards": 10_000_000}),
        ({"source": {"kind": "model"}}, "model", {}),
        ({"control": {"targets": [{"of": "length", "range": [9, 2]}]}}, "control", {}),
        ({"language": {"max_vars": 900}}, "knob_too_large", {"knob": "max_vars"}),
    ],
)
def test_what_is_refused(fields, kind, more):
    with pytest.raises(errors.PyPriorError) as caught:
        datasets.Dataset(fields)
    assert caught.value.kind == kind and isinstance(caught.value, ValueError)
    assert {name: getattr(caught.value, name) for name in more} == more


def test_what_else_is_refused(tmp_path):
    with pytest.raises(errors.PriorError):
        datasets.Dataset({"source": {"kind": "prior", "prior": {"w_var": -1.0}}})
    with pytest.raises(errors.DatasetError) as caught:
        datasets.describe(level="obscure")
    assert (caught.value.kind, caught.value.text) == ("level", "obscure")
    for wrong in (3, [1], object()):
        with pytest.raises(TypeError):
            datasets.describe(wrong)
    with pytest.raises(TypeError):
        datasets.describe(keep={1, 2})
    with pytest.raises(TypeError):
        datasets.describe(datasets.Description(), level=2)
    with pytest.raises(FileNotFoundError):
        datasets.describe(tmp_path / "none.toml")
    dataset = datasets.Dataset(SMALL)
    with pytest.raises(TypeError, match="numbers of shards"):
        dataset.make(tmp_path, 3)
    with pytest.raises(errors.DatasetError) as caught:
        dataset.make(tmp_path, threads=1025)
    assert caught.value.field == "threads"
    with pytest.raises(errors.DatasetError) as caught:
        dataset.make(tmp_path, [1, 3])
    assert (caught.value.kind, caught.value.shard, caught.value.shards) == ("no_shard", 3, 3)
    with pytest.raises(errors.PyPriorError):
        dataset.make(tmp_path, [-1])
    assert files(tmp_path) == {}


def test_numbers_beyond_what_toml_has(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("rows = 9\n")
    whole = datasets.Description()
    for seed in (2**63, 2**64, 2**70, -(2**70)):
        said = set()
        for work in (
            lambda: datasets.describe(seed=seed),
            lambda: datasets.describe({"seed": seed}),
            lambda: datasets.describe(path, seed=seed),
            lambda: datasets.stages(str(path), seed=seed),
            lambda: datasets.describe(whole, seed=seed),
            lambda: whole.replace(seed=seed),
        ):
            with pytest.raises(errors.DatasetError) as caught:
                work()
            assert (caught.value.kind, caught.value.field, caught.value.value) == ("range", "seed", str(seed))
            said.add(str(caught.value))
        assert said == {f"seed is {seed}; it must be {'below 2^63' if seed > 0 else '-2^63 or more'}"}
    for seed, error in ((-1, errors.DatasetError), ("1", errors.DatasetError), (1.5, errors.DatasetError), ([object()], TypeError)):
        messages = set()
        for given in (None, path):
            with pytest.raises(error) as caught:
                datasets.describe(given, seed=seed)
            messages.add(str(caught.value))
        (message,) = messages
        assert "seed" in message and message == message.strip()
    assert datasets.describe(path, seed=2**63 - 1) == datasets.describe(seed=2**63 - 1, rows=9)
    text = whole.json().replace('"seed":0', f'"seed":{2**63}')
    with pytest.raises(errors.DatasetError) as caught:
        datasets.Description.from_json(text)
    assert (caught.value.field, caught.value.value) == ("seed", str(2**63))
    with pytest.raises(errors.DatasetError) as caught:
        datasets.describe(limits={"fuel": 2**70})
    assert caught.value.field == "limits.fuel"
    with pytest.raises(errors.DatasetError, match="share is inf; it must be finite"):
        datasets.describe(splits=[{"name": "a", "share": float("inf")}])
    for shard in (-1, 2**70):
        for rows_of in (whole.rows_of, datasets.Dataset(SMALL).rows_of):
            with pytest.raises(errors.PyPriorError, match=f"shard is {shard}; it must be from 0 on"):
                rows_of(shard)


def test_fields_of_numpy_and_what_toml_lacks(tmp_path):
    np = pytest.importorskip("numpy")
    assert datasets.describe(rows=np.int64(5), seed=np.uint32(3)) == datasets.describe(rows=5, seed=3)
    splits = [{"name": "a", "share": 0.25}]
    assert datasets.describe(splits=({"name": "a", "share": np.float32(0.25)},)) == datasets.describe(splits=splits)
    assert datasets.Dataset(SMALL, threads=np.int64(1)).rows_of(np.int64(0)) == 1000
    endless = []
    endless.append(endless)
    with pytest.raises(errors.DatasetError, match="in one another"):
        datasets.describe(keep=endless)

    class Sly:
        def __init__(self, fields):
            self.fields = fields

        def __index__(self):
            self.fields.clear()
            return 7

    assert datasets.describe(language={"max_len": 12, "value_range": (0, 9)}).to_dict()["language"]["value_range"] == [0, 9]
    inner = {}
    inner.update(max_len=Sly(inner), max_vars=3)
    assert datasets.describe(language=inner).to_dict()["language"]["max_len"] == 7
    for wrong, place in (({"rows": 1j}, "rows"), ({"language": {1: 2}}, "language"), ({"keep": [b"prints"]}, r"keep\[0\]")):
        with pytest.raises(TypeError, match=place):
            datasets.describe().replace(**wrong)
    (tmp_path / "a.toml").write_bytes(b"rows = 9 # \xff")
    with pytest.raises(errors.DatasetError) as caught:
        datasets.describe(tmp_path / "a.toml")
    assert caught.value.kind == "toml"
    with pytest.raises(TypeError, match="numbers of shards"):
        datasets.Dataset(SMALL).stream(np.int64(2))


def test_places_that_are_refused(tmp_path):
    dataset = datasets.Dataset(SMALL)
    with pytest.raises(errors.DatasetError) as caught:
        dataset.make("s3://bucket/programs")
    assert (caught.value.kind, caught.value.url) == ("url", "s3")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError) as caught:
        dataset.make(tmp_path / "file")
    assert caught.value.filename == str(tmp_path / "file")
    with pytest.raises(errors.DatasetError) as caught:
        dataset.make(tmp_path)
    assert (caught.value.kind, caught.value.found) == ("not_a_dataset", "file")
    dataset.inventory(tmp_path / "a")
    with pytest.raises(errors.DatasetError) as caught:
        datasets.Dataset({**SMALL, "rows": 9}).make(tmp_path / "a")
    assert caught.value.kind == "foreign" and caught.value.difference == "rows is 2500 there, 9 here"
    (tmp_path / "a/data").mkdir()
    with open(tmp_path / "a/data/.train-00001-of-00003.parquet.part", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(errors.ShardBusyError) as caught:
            dataset.make(tmp_path / "a", [1])
        assert (caught.value.kind, caught.value.shard) == ("busy", 1) and isinstance(caught.value, errors.DatasetError)
    assert dataset.make(tmp_path / "a").made == 3
    with pytest.raises(errors.DatasetError) as caught:
        datasets.Dataset({"rows": 20_000, "keep": ["length == 2"], "patience": 3}).make(tmp_path / "b")
    assert (caught.value.kind, caught.value.shard, caught.value.rows) == ("patience", 0, 20_000)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.shard) == (errors.DatasetError, str(caught.value), 0)


def test_ctrl_c_and_what_progress_raises_end_it_and_the_same_call_goes_on(tmp_path):
    dataset = datasets.Dataset(LONG)
    calls = []

    def impatient(progress):
        calls.append(progress)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        dataset.make(tmp_path, threads=1, progress=impatient)
    # The work has come to its end, and nobody was asked again.
    assert len(calls) == 1 and calls[0].rows == 300_000 and calls[0].done < 200_000

    def alarm(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, alarm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            dataset.make(tmp_path, threads=1)
    finally:
        signal.signal(signal.SIGALRM, before)
    found = dataset.inventory(tmp_path)
    assert found.missing and not [name for name in files(tmp_path) if name.endswith(".part")]
    # A little of it, for time.
    shard = found.missing[0]
    dataset.make(tmp_path, [shard])
    datasets.Dataset(LONG).make(tmp_path / "b", [shard])
    name = f"data/train-{shard:05}-of-00030.parquet"
    assert (tmp_path / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_others_run_meanwhile(tmp_path):
    ticks, done = [0], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    told = []
    datasets.Dataset(LONG).make(tmp_path, range(3), threads=1, progress=told.append)
    done.set()
    thread.join()
    assert ticks[0] > 20
    assert told[-1].done == told[-1].rows == 30_000 and [one.done for one in told] == sorted(one.done for one in told)


def test_tables_splits_and_a_tokenizer():
    dataset = datasets.Dataset({**SMALL, "tasks": {"kinds": ["deduction"], "tokens": False}, "language": {"base_vocab": 100}})
    assert dataset.splits == ["train", "test"] and (dataset.rows, dataset.shards, dataset.rows_of(2)) == (2500, 3, 500)
    assert sorted(dataset.tables) == ["deduction", "programs"]
    types = {column.name: column.type for column in dataset.tables["programs"]}
    assert (types["tokens"], types["log_prior"]) == ("list of uint16", "float64 or null")
    row = next(dataset.stream())[0]
    assert min(row["tokens"]) >= 100 and dataset.tokenizer.decode(row["tokens"]) == row["source"]


def test_a_description_as_a_dict_can_be_read_back():
    """None in it is what is not said."""
    found = datasets.describe(rows=77, language={"max_len": 12, "max_arity": None})
    for again in (datasets.describe(found.to_dict()), datasets.describe(**found.to_dict()), datasets.Description(**found.to_dict())):
        assert again == found and again.rows == 77
    assert datasets.describe(language={"max_len": None}) == datasets.describe()
