"""Ctrl-C while the engine works: a process each, which is sent the signal as a terminal sends it."""

import subprocess
import sys
import textwrap

import pytest

ENDLESS = "for i in range(1000000000):\n    for j in range(1000000000):\n        a = j"

WORK = {
    "run": "pp.run(ENDLESS, timeout=None)",
    "run of nodes": "pp.run(pp.tokens_to_ast(LONG, tok), fuel=2**62)",
    "run_batch": "pp.run_batch([ENDLESS] * 3, timeout=0)",
    "run_batch on threads": "pp.run_batch([ENDLESS] * 3, timeout=None, workers=2)",
    "many runs": "pp.run_batch([SHORT] * 5000, timeout=20)",
    "tokens": "tok.run(LONG, fuel=2**64 - 1)",
    "a session": "session.exec(ENDLESS)",
    "sample": "tok.sample(20_000_000, max_len=60)",
}


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_ends_it(work):
    source = f"""
        import os, signal, threading, time
        import pyprior_rs as pp

        ENDLESS = {ENDLESS!r}
        SHORT = "for i in range(5000000):\\n    a = i"
        tok = pp.Tokenizer(value_range=(0, 99))
        LONG = [tok.id_of(name) for name in (
            "BLK_1 FOR VAR_1 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 "
            "FOR VAR_2 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 ASSIGN VAR_3 VAR_2"
        ).split()]
        session = pp.Session(timeout=None)
        session.exec("a = 7")
        begun = time.monotonic()
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            {WORK[work]}
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - begun)
        assert session.exec("print(a < 8)", call=None).ok is False and session.variables["a"] >= 0
        print(pp.run("print(1 + 2)").stdout)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True, timeout=100
    )
    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.split("\n")[:2]
    # Generous, for busy machines; none of these would end within minutes by itself.
    assert first.startswith("interrupted") and float(first.split()[1]) < 20 and second == "3"


def test_a_long_run_ends_as_it_would():
    """Looks at signals change nothing about what a run does, or where its fuel ends it."""
    import pyprior_rs as pp

    source = "a = 0\nfor i in range(12000000):\n    a = i\nprint(a)"
    assert pp.run(source, timeout=None) == pp.run(source, fuel=2**63) == pp.Result(True, None, "11999999\n")
    assert pp.run(source, timeout=None).steps == 24_000_003
    for fuel in (2**24 - 1, 2**24, 2**24 + 1, 20_000_001):
        ended = pp.run(source, fuel=fuel)
        assert (ended.ok, ended.stdout, ended.steps, ended.error) == (False, "", fuel, f"out of fuel after {fuel} steps")
    session = pp.Session(fuel=2**63)
    assert session.exec(source).stdout == "11999999\n" and session.variables["a"] == 11_999_999


@pytest.mark.pyarrow
def test_ctrl_c_ends_arrows_reader():
    source = """
        import os, signal, threading
        import pyarrow as pa
        from pyprior_rs import datasets

        # Three tokens make few programs: the rest is looked for and not found.
        found = datasets.Dataset(datasets.describe(rows=10**6, patience=10**9, language={"max_len": 3}))
        threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            pa.RecordBatchReader.from_stream(found.stream()).read_all()
        except (KeyboardInterrupt, pa.ArrowException, OSError) as error:
            print("ended", type(error).__name__, "KeyboardInterrupt" in repr(error))
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True, timeout=100
    )
    assert ended.returncode == 0 and ended.stdout.startswith("ended") and ended.stdout.endswith("True\n"), ended
