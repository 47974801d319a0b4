#!/usr/bin/env python3
"""Constraint solvers of PyPI beside ours, on the same problems, building them included, in one run.

    python3 benches/logic_peers.py [--python PYTHON] [--rounds N]

Makes a virtual environment with logilab-constraint, python-constraint2 and OR-tools, builds the example `solver_times` in
release mode, and takes the least of several runs of each, alternating. Prints microseconds and how many times longer the
peers take. Needs network for PyPI.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ["logilab-constraint==1.0", "python-constraint2==2.9.0", "ortools==9.15.6755"]

TALKS = [f"c{n:02}" for n in range(1, 11)]
PLACES = [
    (room, slot)
    for room in ("room A", "room B", "room C")
    for slot in ("day 1 AM", "day 1 PM", "day 2 AM", "day 2 PM")
]
INTERNET = ("c03", "c04", "c05", "c06")
FIRST_DAY = ("c01", "c05", "c10")
SECOND_DAY = ("c02", "c03", "c04", "c09")
GROUPS = (
    ("c01", "c02", "c03", "c10"),
    ("c02", "c06", "c08", "c09"),
    ("c03", "c05", "c06", "c07"),
    ("c01", "c03", "c07", "c08"),
)
APART = [(a, b) for group in GROUPS for a in group for b in group if b > a]
LETTERS = "sendmory"
CARRIES = ("c1", "c2", "c3")
COLUMNS = (
    (("d", "e", "y", "c1"), "d + e == y + 10*c1"),
    (("n", "r", "e", "c1", "c2"), "n + r + c1 == e + 10*c2"),
    (("e", "o", "n", "c2", "c3"), "e + o + c2 == n + 10*c3"),
    (("s", "m", "o", "c3"), "s + m + c3 == o + 10*m"),
)
CLUES = "53..7.... 6..195... .98....6. 8...6...3 4..8.3..1 7...2...6 .6....28. ...419..5 ....8..79".split()
CELLS = [f"x{row}{column}" for row in range(9) for column in range(9)]
UNITS = (
    [[f"x{unit}{n}" for n in range(9)] for unit in range(9)]
    + [[f"x{n}{unit}" for n in range(9)] for unit in range(9)]
    + [[f"x{unit // 3 * 3 + n // 3}{unit % 3 * 3 + n % 3}" for n in range(9)] for unit in range(9)]
)
STATES = ("WA", "NT", "SA", "Q", "NSW", "V", "T")
COLOURS = ("red", "green", "blue")
BORDERS = [("WA", "NT"), ("WA", "SA"), ("NT", "SA"), ("NT", "Q"), ("SA", "Q"), ("SA", "NSW"), ("Q", "NSW"), ("SA", "V"), ("NSW", "V")]
EXPECTED = {"conference": 64, "queens 8": 92, "queens 10": 724, "send+more": 1, "sudoku": 1, "colouring": 18}


def clue(row, column):
    """Values of a cell."""
    known = CLUES[row][column]
    return [int(known)] if known != "." else list(range(1, 10))


class Logilab:
    """logilab-constraint, written as its own examples are."""

    name = "logilab-constraint"

    def __init__(self):
        from logilab.constraint import Repository, Solver, fd

        self.fd, self.make, self.solver = fd, Repository, Solver

    def problem(self, name):
        fd = self.fd
        if name == "conference":
            domains = {talk: fd.FiniteDomain(PLACES) for talk in TALKS}
            constraints = [fd.make_expression((t,), f"{t}[0] == 'room C'") for t in INTERNET]
            constraints += [fd.make_expression((t,), f"{t}[1].startswith('day 1')") for t in FIRST_DAY]
            constraints += [fd.make_expression((t,), f"{t}[1].startswith('day 2')") for t in SECOND_DAY]
            constraints += [fd.make_expression((a, b), f"{a}[1] != {b}[1]") for a, b in APART]
            constraints.append(fd.AllDistinct(TALKS))
            return self.make(TALKS, domains, constraints)
        if name.startswith("queens"):
            size = int(name.split()[1])
            queens = [f"q{row}" for row in range(size)]
            domains = {queen: fd.FiniteDomain(range(size)) for queen in queens}
            constraints = [
                fd.make_expression((queens[a], queens[b]), f"{queens[a]} != {queens[b]} and abs({queens[a]} - {queens[b]}) != {b - a}")
                for a in range(size)
                for b in range(a + 1, size)
            ]
            return self.make(queens, domains, constraints)
        if name == "send+more":
            # By columns, with carries: it goes through all combinations of one sum of eight letters, which takes hours.
            variables = [*LETTERS, *CARRIES]
            domains = {letter: fd.FiniteDomain(range(1 if letter in "sm" else 0, 10)) for letter in LETTERS}
            domains |= {carry: fd.FiniteDomain(range(2)) for carry in CARRIES}
            constraints = [fd.AllDistinct(list(LETTERS))]
            constraints += [fd.make_expression(scope, text) for scope, text in COLUMNS]
            return self.make(variables, domains, constraints)
        if name == "sudoku":
            domains = {cell: fd.FiniteDomain(clue(int(cell[1]), int(cell[2]))) for cell in CELLS}
            return self.make(CELLS, domains, [fd.AllDistinct(unit) for unit in UNITS])
        domains = {state: fd.FiniteDomain(COLOURS) for state in STATES}
        constraints = [fd.make_expression((a, b), f"{a} != {b}") for a, b in BORDERS]
        return self.make(STATES, domains, constraints)

    def first(self, name):
        return 1 if self.solver().solve_one(self.problem(name), 0) else 0

    def all(self, name):
        return len(self.solver().solve(self.problem(name), 0))


class PythonConstraint:
    """python-constraint2 with its default solver."""

    name = "python-constraint2"

    def __init__(self):
        import constraint

        self.module = constraint

    def problem(self, name):
        problem, distinct = self.module.Problem(), self.module.AllDifferentConstraint
        add = problem.addConstraint
        if name == "conference":
            problem.addVariables(TALKS, PLACES)
            for t in INTERNET:
                add(lambda x: x[0] == "room C", (t,))
            for t in FIRST_DAY:
                add(lambda x: x[1].startswith("day 1"), (t,))
            for t in SECOND_DAY:
                add(lambda x: x[1].startswith("day 2"), (t,))
            for pair in APART:
                add(lambda a, b: a[1] != b[1], pair)
            add(distinct())
        elif name.startswith("queens"):
            size = int(name.split()[1])
            problem.addVariables(range(size), range(size))
            for a in range(size):
                for b in range(a + 1, size):
                    add(lambda x, y, d=b - a: x != y and abs(x - y) != d, (a, b))
        elif name == "send+more":
            for letter in LETTERS:
                problem.addVariable(letter, range(1 if letter in "sm" else 0, 10))
            add(distinct())
            add(
                lambda s, e, n, d, m, o, r, y: 1000 * s + 100 * e + 10 * n + d + 1000 * m + 100 * o + 10 * r + e
                == 10000 * m + 1000 * o + 100 * n + 10 * e + y,
                LETTERS,
            )
        elif name == "sudoku":
            for cell in CELLS:
                problem.addVariable(cell, clue(int(cell[1]), int(cell[2])))
            for unit in UNITS:
                add(distinct(), unit)
        else:
            problem.addVariables(STATES, COLOURS)
            for pair in BORDERS:
                add(lambda a, b: a != b, pair)
        return problem

    def first(self, name):
        return 1 if self.problem(name).getSolution() else 0

    def all(self, name):
        return len(self.problem(name).getSolutions())


class OrTools:
    """CP-SAT of OR-tools, one worker, as is usual for problems of this size."""

    name = "OR-tools CP-SAT"

    def __init__(self):
        from ortools.sat.python import cp_model

        self.cp = cp_model

        class Count(cp_model.CpSolverSolutionCallback):
            def __init__(self):
                super().__init__()
                self.count = 0

            def on_solution_callback(self):
                self.count += 1

        self.counter = Count

    def problem(self, name):
        model = self.cp.CpModel()
        if name == "conference":
            # A talk is 4 * room + slot.
            talks = {talk: model.new_int_var(0, 11, talk) for talk in TALKS}
            slots = {talk: model.new_int_var(0, 3, "") for talk in TALKS}
            rooms = {talk: model.new_int_var(0, 2, "") for talk in TALKS}
            for talk in TALKS:
                model.add(talks[talk] == 4 * rooms[talk] + slots[talk])
            for t in INTERNET:
                model.add(rooms[t] == 2)
            for t in FIRST_DAY:
                model.add(slots[t] <= 1)
            for t in SECOND_DAY:
                model.add(slots[t] >= 2)
            for a, b in APART:
                model.add(slots[a] != slots[b])
            model.add_all_different(talks.values())
        elif name.startswith("queens"):
            size = int(name.split()[1])
            queens = [model.new_int_var(0, size - 1, "") for _ in range(size)]
            model.add_all_different(queens)
            model.add_all_different(queen + row for row, queen in enumerate(queens))
            model.add_all_different(queen - row for row, queen in enumerate(queens))
        elif name == "send+more":
            variables = {letter: model.new_int_var(1 if letter in "sm" else 0, 9, letter) for letter in LETTERS}
            s, e, n, d, m, o, r, y = variables.values()
            model.add_all_different(variables.values())
            left = 1000 * s + 100 * e + 10 * n + d + 1000 * m + 100 * o + 10 * r + e
            model.add(left == 10000 * m + 1000 * o + 100 * n + 10 * e + y)
        elif name == "sudoku":
            domain = lambda cell: clue(int(cell[1]), int(cell[2]))
            cells = {cell: model.new_int_var(domain(cell)[0], domain(cell)[-1], cell) for cell in CELLS}
            for unit in UNITS:
                model.add_all_different(cells[cell] for cell in unit)
        else:
            states = {state: model.new_int_var(0, 2, state) for state in STATES}
            for a, b in BORDERS:
                model.add(states[a] != states[b])
        return model

    def run(self, name, every):
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.enumerate_all_solutions = every
        count = self.counter()
        solver.solve(self.problem(name), count)
        return count.count

    def first(self, name):
        return min(self.run(name, False), 1)

    def all(self, name):
        return self.run(name, True)


def least(run, expected, spent):
    """Microseconds of the fastest run; two runs at least."""
    best, begun, runs = float("inf"), time.perf_counter(), 0
    while runs < 2 or time.perf_counter() - begun < spent:
        start = time.perf_counter()
        count = run()
        best = min(best, time.perf_counter() - start)
        runs += 1
        if count != expected:
            sys.exit(f"{count} solutions instead of {expected}")
    return best * 1e6


def peers(name):
    """One problem with all peers: a line each, in a process of its own."""
    for peer in (Logilab(), PythonConstraint(), OrTools()):
        # Seconds a run: what is slow once is not run often.
        first = least(lambda: peer.first(name), 1, 0.5)
        every = least(lambda: peer.all(name), EXPECTED[name], 0.5)
        print(peer.name, first, every, sep="\t")


def ours(binary, name):
    line = subprocess.run([binary, name], check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    _, build, first, every = line.split("\t")
    return float(build), float(first), float(every)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="interpreter that has the packages [default: a virtual environment is made]")
    parser.add_argument("--binary", help="the example solver_times [default: it is built]")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each problem")
    parser.add_argument("--peers", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peers:
        return peers(arguments.peers)
    with tempfile.TemporaryDirectory() as folder:
        python = arguments.python
        if not python:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            python = os.path.join(folder, "bin", "python")
            subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        binary = arguments.binary
        if not binary:
            subprocess.run(["cargo", "build", "--release", "-p", "pyprior-logic", "--example", "solver_times"], check=True, cwd=ROOT)
            target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
            binary = target / "release" / "examples" / "solver_times"
        times = {}
        for _ in range(arguments.rounds):
            for name in EXPECTED:
                build, first, every = ours(binary, name)
                output = subprocess.run(
                    [python, __file__, "--peers", name], check=True, capture_output=True, text=True
                ).stdout
                rows = [("ours", first, every), ("ours, building", build, build)]
                rows += [(peer, float(a), float(b)) for peer, a, b in (line.split("\t") for line in output.splitlines())]
                for peer, a, b in rows:
                    before = times.get((name, peer), (float("inf"), float("inf")))
                    times[name, peer] = (min(a, before[0]), min(b, before[1]))
    print("| problem | solver | first, µs | all, µs | first, × ours | all, × ours |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (name, peer), (first, every) in times.items():
        mine = times[name, "ours"]
        ratio = "| |" if peer.startswith("ours") else f"| {first / mine[0]:,.0f} | {every / mine[1]:,.0f} |"
        print(f"| {name} | {peer} | {first:,.1f} | {every:,.1f} {ratio}")


if __name__ == "__main__":
    main()
