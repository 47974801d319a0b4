"""CPython's compile + exec beside this engine's compile + run, on the same programs of 30 tokens: ci/exec_ratio.py

Prints both rates, each the best of several rounds on one thread, and their ratio. Needs cargo.
"""

import json
import re
import subprocess
import sys
import time

EXAMPLE = ["cargo", "run", "--release", "--quiet", "-p", "pyprior-core", "--example", "exec", "--"]


class Nothing:
    """Where the programs print to."""

    def write(self, text):
        pass


def rate(sources):
    start = time.perf_counter()
    for source in sources:
        exec(compile(source, "<program>", "exec"), {})
    return len(sources) / (time.perf_counter() - start)


def main():
    run = lambda *args: subprocess.run(EXAMPLE + list(args), check=True, capture_output=True, text=True).stdout
    sources = [json.loads(line) for line in run("--programs", "1500").splitlines()]
    sys.set_int_max_str_digits(0)
    stdout, sys.stdout = sys.stdout, Nothing()
    python = max(rate(sources) for _ in range(9))
    sys.stdout = stdout
    report = run()
    ours = float(re.search(r"compile and run: (\d+)", report)[1])
    print(report, end="")
    print(f"CPython {sys.version.split()[0]}: {python:.0f} programs/s; ratio {ours / python:.1f}")
    return 0 if ours > 20 * python else 1


if __name__ == "__main__":
    sys.exit(main())
