"""Runs programs, one JSON string a line on standard input, each in a process of its own.

Prints how many finished, failed with an exception, and ran out of time or memory (which the language allows:
its programs are total, not quick). Usage: run_programs.py SECONDS
"""

import ast
import json
import os
import resource
import signal
import sys
import traceback

FINISHED, FAILED, OUT_OF_MEMORY = 0, 1, 2


def run(source, seconds):
    """Runs a program in this process, which is a child made for it."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    sys.set_int_max_str_digits(0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        exec(compile(source, "<program>", "exec"), {})
        sys.stdout.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    except BaseException:
        sys.stderr.write(f"--- failed:\n{source}\n{traceback.format_exc()}")
        return FAILED
    return FINISHED


def calls_a_def(source):
    nodes = list(ast.walk(ast.parse(source)))
    defs = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    called = {node.func.id for node in nodes if isinstance(node, ast.Call)}
    return bool(defs & called)


def main():
    seconds = float(sys.argv[1])
    sources = [json.loads(line) for line in sys.stdin]
    counts = {"finished": 0, "failed": 0, "out of time or memory": 0}
    running = 0

    def wait():
        _, status = os.wait()
        if os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == OUT_OF_MEMORY:
            counts["out of time or memory"] += 1
        else:
            counts["finished" if os.WEXITSTATUS(status) == FINISHED else "failed"] += 1

    for source in sources:
        if running == (os.cpu_count() or 1):
            wait()
            running -= 1
        if os.fork() == 0:
            os._exit(run(source, seconds))
        running += 1
    for _ in range(running):
        wait()
    calling = sum(map(calls_a_def, sources))
    outcome = ", ".join(f"{count} {what}" for what, count in counts.items())
    print(f"{len(sources)} programs: {outcome}, {calling} calling a def")


if __name__ == "__main__":
    main()
