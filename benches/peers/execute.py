#!/usr/bin/env python3
"""What becomes of programs under CPython: each runs in a process of its own, with limits.

As a script: JSON strings, one a line, on standard input; one outcome a line out. The
programs see `print`, `range` and `int` and nothing else, cannot write a file, and have a
time and a memory limit.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile

OUTCOMES = (
    "runs",
    "does not finish",
    "does not compile",
    "undefined name",
    "undefined function",
    "None as a number",
    "wrong argument count",
    "recursion",
    "other error",
    "cut at the cap",
)

CODES = {name: code for code, name in enumerate(OUTCOMES)}


def outcome(source):
    """Runs a program in this process, which is a child made for it."""
    try:
        code = compile(source, "<program>", "exec")
    except (SyntaxError, ValueError):
        return "does not compile"
    try:
        exec(code, {"__builtins__": {"print": print, "range": range, "int": int}})
        sys.stdout.flush()
    except MemoryError:
        return "does not finish"
    except NameError as error:
        return "undefined function" if error.name == "func" else "undefined name"
    except RecursionError:
        return "recursion"
    except TypeError as error:
        if "positional argument" in str(error):
            return "wrong argument count"
        return "None as a number" if "NoneType" in str(error) else "other error"
    except Exception:
        return "other error"
    return "runs"


def child(source, seconds):
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.set_int_max_str_digits(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os._exit(CODES[outcome(source)])


def main():
    seconds = float(sys.argv[1])
    for line in sys.stdin:
        source = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(source, seconds)
        _, status = os.waitpid(pid, 0)
        # A signal: the alarm, or the memory limit struck where nothing could be raised.
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else CODES["does not finish"]
        print(OUTCOMES[code], flush=True)


def outcomes(texts, seconds=1.0):
    """How many of the texts come to what; None stands for a text cut at the cap."""
    whole = [text for text in texts if text is not None]
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            [sys.executable, "-I", "-B", os.path.abspath(__file__), str(seconds)],
            input="".join(json.dumps(text) + "\n" for text in whole),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    found = answer.stdout.split("\n")[:-1]
    assert len(found) == len(whole), answer.stderr
    found += ["cut at the cap"] * (len(texts) - len(whole))
    return {name: found.count(name) for name in OUTCOMES}


if __name__ == "__main__":
    main()
