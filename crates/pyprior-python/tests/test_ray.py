"""Datasets on a Ray cluster of two workers on this machine; some of them are killed."""

import os
import pathlib
import signal
import time

import numpy as np
import pytest
from pyprior_rs import datasets, errors
from shards import files, run, same

pytestmark = pytest.mark.ray
# Half a second a shard and worker.
DESCRIPTION = {
    "rows": 150_000,
    "shard_rows": 20_000,
    "duplicates": "behaviour",
    "splits": [{"name": "test", "share": 0.1}],
    "write": {"formats": ["parquet", "npy"], "columns": ["id", "tokens", "source", "stdout", "steps"]},
}
FLAGS = [
    "--rows", 150_000, "--shard-rows", 20_000, "--duplicates", "behaviour", "--split", "test=0.1", "--format", "parquet", "npy",
    "--columns", "id", "tokens", "source", "stdout", "steps",
]  # fmt: skip


@pytest.fixture(scope="module")
def generate():
    os.environ["RAY_AUTH_MODE"] = "disabled"
    import ray

    # The tests' folder is none of the workers'.
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    import pyprior_rs.ray

    yield pyprior_rs.ray.generate
    ray.shutdown()


def making():
    """Processes below this one that make a shard right now, as Ray has them name themselves."""
    parents, titled = {}, []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if (process / "cmdline").read_bytes().startswith(b"ray::pyprior shard"):
                titled.append(int(process.name))
        except OSError:
            continue

    def is_ours(pid):
        while pid in parents and pid != os.getpid():
            pid = parents[pid]
        return pid == os.getpid()

    return [pid for pid in titled if is_ours(pid)]


def killed():
    """Kills a worker that makes a shard."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for pid in making():
            os.kill(pid, signal.SIGKILL)
            return pid
        time.sleep(0.01)
    raise AssertionError("no worker makes a shard")


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    datasets.Dataset(DESCRIPTION).make(folder)
    return folder


def test_a_worker_is_killed_in_mid_run_and_the_dataset_is_the_same(generate, expected, tmp_path):
    victims, told = [], []

    def progress(now):
        told.append(now)
        if len(told) in (1, 4):
            victims.append(killed())

    summary = generate(DESCRIPTION, tmp_path, progress=progress)
    assert len(set(victims)) == 2
    assert (summary.found, summary.made, summary.complete) == (0, 8, True)
    assert len(told) == 8 and told[-1].done == told[-1].rows == summary.counts["rows"] == 150_000
    assert told[-1].candidates == summary.counts["candidates"]
    assert same(expected, tmp_path) == 8 * 7 + 4


def test_the_command_line_makes_the_same(generate, tmp_path):
    run("dataset", tmp_path / "cli", *FLAGS)
    generate(DESCRIPTION, tmp_path / "ray", num_cpus=np.int64(2))
    same(tmp_path / "cli", tmp_path / "ray")


def test_parts_and_going_on(generate, expected, tmp_path):
    summary = generate(DESCRIPTION, tmp_path, shards=[1, 3])
    assert (summary.made, summary.complete, summary.counts["rows"]) == (2, False, 40_000)
    (tmp_path / "manifest/shard-00001.json").unlink()
    summary = generate(DESCRIPTION, tmp_path)
    assert (summary.found, summary.made, summary.complete) == (1, 7, True)
    same(expected, tmp_path)
    assert generate(DESCRIPTION, tmp_path).made == 0


def test_a_shard_that_is_not_made_has_its_number(generate, tmp_path):
    with pytest.raises(errors.ShardError, match="shard 0: .* candidates stay") as caught:
        generate({"rows": 20_000, "keep": ["length == 2"], "patience": 3}, tmp_path / "a")
    assert (caught.value.shard, caught.value.kind) == (0, "failed") and isinstance(caught.value, errors.DatasetError)
    cause = caught.value.__cause__
    assert isinstance(cause, errors.DatasetError) and (cause.kind, cause.rows) == ("patience", 20_000)
    # Before a task is started.
    with pytest.raises(errors.DatasetError) as caught:
        generate({"rows": 0}, tmp_path / "b")
    assert caught.value.kind == "range" and not (tmp_path / "b").exists()
    (tmp_path / "c").mkdir()
    (tmp_path / "c/thesis.txt").touch()
    with pytest.raises(errors.DatasetError, match="thesis.txt"):
        generate(DESCRIPTION, tmp_path / "c")
    for wrong in (0, True, 1.5, 1025):
        with pytest.raises(ValueError, match="num_cpus"):
            generate(DESCRIPTION, tmp_path / "d", num_cpus=wrong)


def test_a_shard_is_lost_with_its_worker_if_it_is_not_tried_again(generate, tmp_path):
    kills = []
    with pytest.raises(errors.ShardError) as caught:
        # Other shards may be done before the first loss is told: then more workers are killed.
        generate(DESCRIPTION, tmp_path, max_retries=0, progress=lambda _: kills.append(killed()))
    assert caught.value.kind == "lost" and 0 <= caught.value.shard < 8
    # What was asked to stop has left nothing half-written, but what those that were killed had: six files each.
    assert len([name for name in files(tmp_path) if name.endswith(".part")]) in range(0, 6 * len(kills) + 1, 6)
    assert not making()


def test_what_progress_raises_ends_it(generate, tmp_path):
    def enough(_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        generate(DESCRIPTION, tmp_path, progress=enough)
    assert not making() and not [name for name in files(tmp_path) if name.endswith(".part")]


def test_stages(generate, tmp_path, monkeypatch):
    path = tmp_path / "a.toml"
    path.write_text('rows = 300\nshard_rows = 200\n[[stages]]\nname = "easy"\nlevel = 2\n[[stages]]\nname = "rest"\nseed = 9\n')
    monkeypatch.chdir(tmp_path)
    summaries = generate(path, "out", keep=["prints"])
    assert {name: one.made for name, one in summaries.items()} == {"easy": 2, "rest": 2}
    for name, description in datasets.stages(path, keep=["prints"]):
        datasets.Dataset(description).make(tmp_path / "here" / name)
    same(tmp_path / "here", tmp_path / "out")
    # An iterator is gone through once: it says for all stages what to make.
    summaries = generate(path, "some", keep=["prints"], shards=iter([1]))
    assert {name: one.made for name, one in summaries.items()} == {"easy": 1, "rest": 1}
    with pytest.raises(TypeError, match="numbers of shards"):
        generate(path, "none", shards=1)
    with pytest.raises(errors.DatasetError) as caught:
        generate(path, "out/easy")
    assert caught.value.kind == "occupied"
