#!/usr/bin/env python3
"""How fast the readme's loop can be at all in this Python: beside the package pyprior 0.0.2 and pyprior_rs, in one run, a
package in C that does nothing (floor.c), and the parts of the loop that no package has a hand in.

Both must be installed for the Python that runs this. Without a C compiler and Python's headers it says so, and does nothing.
"""

import argparse
import importlib.util
import pathlib
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile

import pyprior as theirs
import pyprior_rs as ours

from speed import LOOP, LOOPS, MAX_LEN, least, loop


def compiled(folder):
    """The package that does nothing."""
    source, library = pathlib.Path(__file__).with_suffix(".c"), pathlib.Path(folder) / "floor.so"
    include = pathlib.Path(sysconfig.get_paths()["include"])
    if not shutil.which("cc") or not (include / "Python.h").exists():
        print(f"floor.py: not run, cc or {include / 'Python.h'} is missing")
        sys.exit(0)
    subprocess.run(["cc", "-O3", "-shared", "-fPIC", f"-I{include}", source, "-o", library], check=True)
    spec = importlib.util.spec_from_file_location("floor", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def legal_sets(tok):
    """Those that the loop is given, a tuple a program: the very objects."""
    programs = []
    random.seed(1)
    for _ in range(LOOPS):
        s, sets = ours.init(vocab=tok, max_len=MAX_LEN), []
        while not ours.done(s):
            sets.append(s.rows[0].legal())
            ours.advance(s, [random.choice(sorted(sets[-1]))])
        programs.append(tuple(sets))
    return tuple(programs)


def choices(programs):
    """What the loop does besides the package."""
    random.seed(1)
    for sets in programs:
        for legal in sets:
            [random.choice(sorted(legal))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        nothing = compiled(folder)
        for value_range in ((0, 9), (-99, 99)):
            a, b = theirs.Tokenizer(value_range=value_range), ours.Tokenizer(value_range=value_range, profile="pyprior-0.0.2")
            programs = legal_sets(b)
            nothing.prepare(programs)
            sides = {
                "pyprior": (lambda: loop(theirs, a, LOOPS), 1),
                "pyprior_rs": (lambda: loop(ours, b, LOOPS), 5),
                "a package that does nothing": (lambda: loop(nothing, b, LOOPS), 5),
                "random.choice(sorted(legal)) alone": (lambda: choices(programs), 5),
            }
            times = dict(zip(sides, (seconds / LOOPS * 1e6 for seconds in least(sides.values(), rounds))))
            steps = sum(map(len, programs)) / LOOPS
            print(f"V={b.vocab_size}, {steps:.1f} steps a program; a {LOOP}th is {times['pyprior'] / LOOP:.2f} µs")
            for side, time in times.items():
                print(f"  {side:<36} {time:>8.2f} µs a program, ratio {times['pyprior'] / time:>5.1f}")


if __name__ == "__main__":
    main()
