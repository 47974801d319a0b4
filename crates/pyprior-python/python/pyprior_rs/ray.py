"""Datasets on a Ray cluster: one task a shard. ``pip install ray``; the workers need this package too::

    import pyprior_rs.ray

    pyprior_rs.ray.generate("dataset.toml", "/shared/programs", num_cpus=4)

The files are those of ``pyprior dataset`` with the same description, to the byte.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from numbers import Integral
from typing import Any, Callable, Generator, Mapping, Sequence

from . import _engine
from .datasets import Dataset, Description, Progress, Shards, Source, Summary, shard_numbers, stages
from .errors import ShardBusyError, ShardError

#: Threads of a task, at most.
_MOST_THREADS = 1024
#: Tasks that are handed to Ray at a time, at most.
IN_FLIGHT = 1024
#: Seconds before a shard is tried again that another process is making, and for tasks that are cancelled to end.
BUSY_PAUSE, CANCEL_PAUSE = 1.0, 30.0


def generate(
    description: Source,
    /,
    out: str | os.PathLike[str],
    *,
    shards: Shards = None,
    num_cpus: int = 1,
    max_retries: int = 3,
    progress: Callable[[Progress], object] | None = None,
    options: Mapping[str, Any] | None = None,
    level: str | int | None = None,
    seed: int | None = None,
    **fields: Any,
) -> Summary | dict[str, Summary]:
    """Makes what ``pyprior dataset OUT --config DESCRIPTION`` makes, on the cluster that Ray is, or will be, connected to.

    ``description``, ``level``, ``seed`` and ``fields`` are those of ``datasets.stages``. ``out`` is a folder that this process and
    all workers have under the same absolute path, or a URL where the package was built with object stores. Shards that are
    done are not made again, so that the same call goes on; ``shards`` are those to make, all if None.

    A task makes one shard, by ``num_cpus`` threads, 1 to 1024. It is tried again, ``max_retries`` times, if its worker or node
    dies, the system refuses a file, or another process is making the shard. ``options`` go to ``ray.remote``: resources,
    ``runtime_env`` ... In the end this process looks whether the shards are there, and writes README.md and the report if all
    are. ``progress`` is called in this process for each shard that is done.

    Gives what there is in the end; of a description with stages, of each by name. Raises what ``datasets.Dataset`` does before
    a task is started; ShardError, with the shard's number, if a shard is not made: then the other tasks are cancelled.
    """
    if isinstance(num_cpus, bool) or not isinstance(num_cpus, Integral) or not 1 <= num_cpus <= _MOST_THREADS:
        raise ValueError(f"num_cpus is {num_cpus!r}; it must be a whole number of threads, 1 to {_MOST_THREADS}")
    # Of numpy, say: Ray takes Python's own.
    num_cpus = int(num_cpus)
    # Each stage goes through them; a number alone is refused below.
    if shards is not None and not isinstance(shards, Integral):
        shards = list(shards)
    read = stages(description, level=level, seed=seed, **fields)
    places = _engine.dataset_places(os.fspath(out), [stage.name for stage in read])
    # All of them are checked before one is made.
    datasets = [Dataset(stage.description) for stage in read]
    wanted = [shard_numbers(shards, dataset.description) for dataset in datasets]
    task = _task(num_cpus, max_retries, options or {})
    made: dict[str, Summary] = {}
    for stage, dataset, place, numbers in zip(read, datasets, places, wanted):
        summary = _generate(task, dataset, stage.description, place, numbers, progress)
        if stage.name is None:
            return summary
        made[stage.name] = summary
    return made


def _generate(
    task: Callable[[Description, str, int], Any],
    dataset: Dataset,
    description: Description,
    place: str,
    numbers: Sequence[int],
    progress: Callable[[Progress], object] | None,
) -> Summary:
    start = dataset.inventory(place, numbers)
    before = start.counts["rows"]
    rows, done, candidates = before + sum(map(dataset.rows_of, start.missing)), before, 0
    # Closed whatever happens: what is left is cancelled.
    with contextlib.closing(_each_done(task, description, place, start.missing)) as each:
        for shard, looked_at in each:
            done, candidates = done + dataset.rows_of(shard), candidates + looked_at
            if progress is not None:
                progress(Progress(rows, done, before, candidates))
    end = dataset.inventory(place, numbers)
    if end.missing:
        why = f"its task is done, and it is not at {place}: do all workers have that place?"
        raise ShardError(end.missing[0], "missing", why)
    return Summary(start.found, len(start.missing), end.counts, dataset.complete(place))


def _each_done(
    task: Callable[[Description, str, int], Any], description: Description, place: str, shards: list[int]
) -> Generator[tuple[int, int], None, None]:
    """Shards with the candidates looked at, as they are done."""
    import ray

    left = iter(shards)
    running: dict[Any, int] = {}
    try:
        while True:
            while len(running) < IN_FLIGHT and (shard := next(left, None)) is not None:
                running[task(description, place, shard)] = shard
            if not running:
                return
            (done,), _ = ray.wait(list(running), num_returns=1)
            shard = running.pop(done)
            try:
                candidates = ray.get(done)
            except ray.exceptions.RayTaskError as error:
                # It may say so itself.
                raise ShardError(shard, "failed", str(error.cause).removeprefix(f"shard {shard}: ")) from error.cause
            except ray.exceptions.RayError as error:
                raise ShardError(shard, "lost", str(error)) from error
            yield shard, candidates
    finally:
        # Whatever ends it: Ctrl-C, a failure, what progress raises. A task that runs gives up its shard.
        for reference in running:
            ray.cancel(reference)
        if running:
            ray.wait(list(running), num_returns=len(running), timeout=CANCEL_PAUSE)


def _task(num_cpus: int, max_retries: int, options: Mapping[str, Any]) -> Callable[[Description, str, int], Any]:
    """What hands a shard to Ray."""
    import ray

    settings = {
        "num_cpus": num_cpus,
        "max_retries": max_retries,
        "retry_exceptions": [OSError, ShardBusyError],
        "name": "pyprior shard",
        **options,
    }
    remote = ray.remote(**settings)(_make_shard)
    return lambda description, place, shard: remote.remote(description, place, shard, num_cpus)


@functools.lru_cache(maxsize=2)
def _dataset(description: Description) -> Dataset:
    """Checked and compiled once in a worker, which Ray has make one shard after the other."""
    return Dataset(description, threads=1)


def _make_shard(description: Description, place: str, shard: int, threads: int) -> int:
    """The task. Gives the candidates looked at."""
    try:
        return _dataset(description).make(place, [shard], threads=threads).counts["candidates"]
    except ShardBusyError:
        # Ray tries again at once.
        time.sleep(BUSY_PAUSE)
        raise


__all__ = ["generate"]
