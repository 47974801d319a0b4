#!/usr/bin/env python3.11
"""Time a dataset: PyPI's pyprior 0.0.2, CPython and pyarrow against `pyprior dataset`.

Both sides make programs of at most 30 tokens, uniformly drawn under the package's
rules; render, run and analyse them; drop what is there already in the same shard; and
write Parquet with zstd at level 1. Both have two cores: the package as two processes,
one shard each, ours as one process with two threads.

  theirs   64 programs in lockstep (the package's fastest loop: next_legal_tokens, a
           vectorised choice, advance), Tokenizer.decode, CPython's compile and exec
           with a timer of 0.05 s, the package's own analysis, pyarrow
  ours     pyprior dataset with all columns that it writes by default

Theirs writes fewer columns, which is to its advantage: tokens, length, source, stdout,
status, counts of forms, dead stores, dead code, whether a call's value is used.

That both do the same is checked on the files, for shards of the same size: mean length,
share of programs that print, calls and variables, within what such samples may differ by.
"""

import argparse
import builtins
import contextlib
import io
import json
import math
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ci"))
import pypi_venv  # noqa: E402

MAX_LEN = 30
LOCKSTEP = 64
TIMEOUT = 0.05
# Standard errors that two samples may lie apart.
ERRORS_APART = 5.0
CHECKED_SHARDS = 20
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}

DESCRIPTION = f"""
rows = %d
shard_rows = %d
seed = %d
duplicates = "tokens"
[source]
kind = "uniform"
[language]
calls = "any"
dead_code = "after-return"
comparison_values = "bool"
max_len = {MAX_LEN}
"""


class CannotMeasure(Exception):
    """What stands in the way."""


class TimedOut(Exception):
    """A program took too long."""


def interrupt(*_):
    raise TimedOut


# -------------------------------------------------------------------- theirs


def programs(pp, tok, generator):
    """Programs without end, as lists of token ids."""
    while True:
        states = pp.init(vocab=tok, n=LOCKSTEP, max_len=MAX_LEN)
        while not pp.done(states):
            mask = pp.next_legal_tokens(states)
            tokens = (generator.random(mask.shape, dtype=mask.dtype) + mask).argmax(axis=1)
            unfinished = [not row.done() for row in states.rows]
            pp.advance(states, tokens.tolist(), active=unfinished)
        yield from (list(ids) for ids in states.ids)


def execute(source):
    """What a program prints, and how it ended."""
    out = io.StringIO()
    status = "finished"
    signal.setitimer(signal.ITIMER_REAL, TIMEOUT)
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(source, "<program>", "exec"), {"__builtins__": builtins})
    except TimedOut:
        status = "out_of_time"
    except Exception as error:
        status = type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return out.getvalue(), status


def make_shard(rows, seed, path):
    import numpy
    import pyarrow
    import pyarrow.parquet
    import pyprior as pp

    signal.signal(signal.SIGALRM, interrupt)
    random.seed(seed)
    tok = pp.Tokenizer()
    forms = ("func", "var", "binop", "compare", "const", "arity", "block", "return", "if", "assign")
    forms += ("for", "call", "print")
    starts = {
        "FUNC": "func", "VAR": "var", "ADD": "binop", "SUB": "binop", "MUL": "binop", "LT": "compare",
        "EQ": "compare", "INT": "const", "ARITY": "arity", "BLK": "block", "RETURN": "return",
        "IF": "if", "ASSIGN": "assign", "FOR": "for", "FOR2": "for", "CALL": "call", "PRINT": "print",
    }  # fmt: skip
    names = {tok.id_of(name): name for name in vocabulary(tok)}
    form_of = {token: starts[name.split("_")[0]] for token, name in names.items()}
    columns = {name: [] for name in ("tokens", "length", "source", "stdout", "status")}
    columns |= {f"count_{form}": [] for form in forms}
    columns |= {name: [] for name in ("dead_stores", "dead_code", "value_used")}
    seen = set()
    for tokens in programs(pp, tok, numpy.random.default_rng(seed)):
        key = tuple(tokens)
        if key in seen:
            continue
        seen.add(key)
        source = tok.decode(tokens)
        stdout, status = execute(source)
        module = pp.tokens_to_ast(tokens, tok)
        counts = dict.fromkeys(forms, 0)
        for token in tokens:
            counts[form_of[token]] += 1
        values = [tokens, len(tokens), source, stdout, status, *counts.values()]
        values += [len(pp.analysis.dead_stores(module)), len(pp.analysis.dead_code(module))]
        values += [bool(pp.analysis.value_used(module))]
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
        if len(columns["tokens"]) == rows:
            break
    table = pyarrow.table(columns | {"tokens": pyarrow.array(columns["tokens"], pyarrow.list_(pyarrow.uint16()))})
    pyarrow.parquet.write_table(table, path, compression="zstd", compression_level=1)


def vocabulary(tok):
    """Names of the tokens that a program is made of."""
    yield from (f"FUNC_{n}" for n in range(1, 6))
    yield from (f"VAR_{n}" for n in range(1, 16))
    yield from ("ADD", "SUB", "MUL", "LT", "EQ", "RETURN", "IF", "ASSIGN", "FOR", "FOR2", "CALL", "PRINT")
    yield from (f"INT_{n}" for n in range(-99, 100))
    yield from (f"ARITY_{n}" for n in range(16))
    yield from (f"BLK_{n}" for n in range(1, 3))


def measure_theirs(rows, seed, folder):
    """Programs a second; two processes, a shard each."""
    context = multiprocessing.get_context("fork")
    paths = [str(folder / f"theirs-{nth}.parquet") for nth in range(2)]
    jobs = [(rows // 2, seed * 2 + nth, path) for nth, path in enumerate(paths)]
    start = time.perf_counter()
    processes = [context.Process(target=make_shard, args=job) for job in jobs]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise CannotMeasure("a process of theirs failed")
    return rows // 2 * 2 / (time.perf_counter() - start), paths


# ---------------------------------------------------------------------- ours


def measure_ours(binary, rows, shard_rows, seed, folder):
    description = folder / f"ours-{shard_rows}-{seed}.toml"
    description.write_text(DESCRIPTION % (rows, shard_rows, seed))
    out = folder / f"ours-{shard_rows}-{seed}"
    command = [binary, "dataset", str(out), "--config", str(description), "--threads", "2"]
    start = time.perf_counter()
    answer = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    if answer.returncode != 0:
        raise CannotMeasure(f"pyprior dataset: {answer.stderr.strip()}")
    return rows / seconds, [str(path) for path in sorted((out / "data").iterdir())]


# -------------------------------------------------------------------- report


def facts(paths):
    """Numbers of which both sides must have about the same: mean and standard error."""
    import numpy
    import pyarrow.parquet

    columns = ["length", "stdout", "count_call", "count_var"]
    table = pyarrow.concat_tables([pyarrow.parquet.read_table(path, columns=columns) for path in paths])
    values = {
        "length": table["length"].to_numpy().astype(float),
        "prints": numpy.array([bool(text) for text in table["stdout"].to_pylist()], dtype=float),
        "calls": table["count_call"].to_numpy().astype(float),
        "variables": table["count_var"].to_numpy().astype(float),
    }
    return {name: (v.mean(), v.std() / math.sqrt(len(v))) for name, v in values.items()}


def check_same(theirs, ours):
    for name, (mean, error) in theirs.items():
        other, other_error = ours[name]
        apart = abs(mean - other) / math.hypot(error, other_error)
        print(f"  {name}: theirs {mean:.4f}, ours {other:.4f}, {apart:.1f} standard errors apart")
        if apart > ERRORS_APART:
            raise CannotMeasure(f"{name} differs: not the same programs")


def run(arguments):
    import pyarrow

    binary = arguments.binary
    if binary is None:
        build = ["cargo", "build", "--release", "--quiet"]
        if subprocess.run(build, cwd=pypi_venv.REPO_ROOT).returncode != 0:
            raise CannotMeasure("the release binary does not build")
        target = Path(os.environ.get("CARGO_TARGET_DIR", pypi_venv.REPO_ROOT / "target"))
        binary = str(target / "release" / "pyprior")
    print(f"pyprior {pypi_venv.PYPRIOR_VERSION}, Python {sys.version.split()[0]}, pyarrow {pyarrow.__version__}")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for turn in range(arguments.turns):
            theirs, their_files = measure_theirs(arguments.rows, turn, folder)
            ours, _ = measure_ours(binary, arguments.our_rows, arguments.our_rows // 4, turn, folder)
            ratios.append(ours / theirs)
            print(f"theirs {theirs:.0f} rows/s, ours {ours:.0f} rows/s, ratio {ratios[-1]:.0f}", flush=True)
            if turn == 0:
                # Short programs repeat: what is left of them depends on the size of the shard.
                shard = arguments.rows // 2
                _, our_files = measure_ours(binary, shard * CHECKED_SHARDS, shard, turn, folder)
                check_same(facts(their_files), facts(our_files))
    ratios.sort()
    median = ratios[len(ratios) // 2]
    print(json.dumps({"ratio": round(median, 1), "of": [round(ratio, 1) for ratio in ratios]}))
    return 0 if median >= arguments.at_least else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000, help="rows of theirs a turn (default 4000)")
    parser.add_argument("--our-rows", type=int, default=1_000_000, help="rows of ours a turn (default 1000000)")
    parser.add_argument("--turns", type=int, default=3, help="turns, each with both sides (default 3)")
    parser.add_argument("--at-least", type=float, default=100.0, help="exit with 1 below this ratio (default 100)")
    parser.add_argument("--binary", help="pyprior to measure (default: built here)")
    arguments = parser.parse_args()
    pypi_venv.reenter(env=ONE_THREAD)
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--only-binary", ":all:", "pyarrow"], check=True)
    try:
        return run(arguments)
    except CannotMeasure as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
