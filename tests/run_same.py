"""Checks that sources mean the same: on each line of standard input a JSON list of a source, the same program written
under the source's names, and written under other names.

The first two must have one syntax tree, and all three must print the same and end alike, each in a process of its own
with a time limit. Usage: run_same.py SECONDS
"""

import ast
import io
import json
import os
import resource
import signal
import sys

SAME, DIFFERENT, NO_RESULT = 0, 1, 2
OUTPUT_LIMIT = 1 << 20


class TooMuch(BaseException):
    """The limit of the output, or of the time, is reached."""


class Output(io.StringIO):
    def write(self, text):
        if self.tell() > OUTPUT_LIMIT:
            raise TooMuch
        return super().write(text)


def out_of_time(*_):
    raise TooMuch


def outcome(source):
    """What a program prints, and the exception that it ends with, if any."""
    sys.stdout = Output()
    ended = None
    try:
        exec(compile(source, "<program>", "exec"), {})
    except (TooMuch, MemoryError):
        raise
    except Exception as error:
        ended = f"{type(error).__name__}: {error}"
    return sys.stdout.getvalue(), ended


def compare(sources, seconds):
    signal.signal(signal.SIGALRM, out_of_time)
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    sys.set_int_max_str_digits(0)
    if ast.dump(ast.parse(sources[0])) != ast.dump(ast.parse(sources[1])):
        return DIFFERENT
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        outcomes = [outcome(source) for source in sources]
    except (TooMuch, MemoryError, OverflowError):
        return NO_RESULT
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return SAME if outcomes.count(outcomes[0]) == len(outcomes) else DIFFERENT


def main():
    seconds = float(sys.argv[1])
    counts = {SAME: 0, DIFFERENT: 0, NO_RESULT: 0}
    running = {}

    def wait():
        pid, status = os.wait()
        sources = running.pop(pid)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else NO_RESULT
        counts[code if code in counts else DIFFERENT] += 1
        if code == DIFFERENT:
            sys.stderr.write("--- not the same:\n" + "\n---\n".join(map(bytes.decode, sources)) + "\n")

    for line in sys.stdin:
        # As bytes, which may start with a byte order mark.
        sources = [source.encode() for source in json.loads(line)]
        if len(running) == (os.cpu_count() or 1):
            wait()
        pid = os.fork()
        if pid == 0:
            os._exit(compare(sources, seconds))
        running[pid] = sources
    while running:
        wait()
    print(f"{counts[SAME]} same, {counts[DIFFERENT]} different, {counts[NO_RESULT]} without a result")


if __name__ == "__main__":
    main()
