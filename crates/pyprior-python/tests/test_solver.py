"""Constraint problems: the page's example, known answers, brute force, functions of Python, limits, threads, signals."""

import gc
import itertools
import os
import random
import subprocess
import sys
import threading
import time
import weakref
from collections import namedtuple
from enum import Enum
from pathlib import Path

import pytest
from pyprior_rs import errors
from pyprior_rs.logic import Found, Repository, Solver, fd, newvar, solve_problem, unify

PROBLEMS = Path(__file__).parents[3] / "examples" / "logic"


def test_the_page():
    variables = ('c01','c02','c03','c04','c05',
                 'c06','c07','c08','c09','c10')
    values = [(room,slot)
              for room in ('room A','room B','room C')
              for slot in ('day 1 AM','day 1 PM',
                           'day 2 AM','day 2 PM')]
    domains = {}
    for v in variables:
        domains[v]=fd.FiniteDomain(values)
    constraints = []
    for conf in ('c03','c04','c05','c06'):
        constraints.append(fd.make_expression((conf,),
                                              "%s[0] == 'room C'"%conf))
    for conf in ('c01','c05','c10'):
        constraints.append(fd.make_expression((conf,),
                                              "%s[1].startswith('day 1')"%conf))
    for conf in ('c02','c03','c04','c09'):
        constraints.append(fd.make_expression((conf,),
                                              "%s[1].startswith('day 2')"%conf))
    groups = (('c01','c02','c03','c10'),
              ('c02','c06','c08','c09'),
              ('c03','c05','c06','c07'),
              ('c01','c03','c07','c08'))
    for g in groups:
        for conf1 in g:
            for conf2 in g:
                if conf2 > conf1:
                    constraints.append(fd.make_expression((conf1,conf2),
                                                          '%s[1] != %s[1]'%\
                                                          (conf1,conf2)))
    constraints.append(fd.AllDistinct(variables))
    r = Repository(variables,domains,constraints)
    solutions = Solver().solve(r, 0)
    assert len(solutions) == 64
    for solution in solutions:
        assert list(solution) == list(variables) and len(set(solution.values())) == 10
        assert all(solution[conf][0] == "room C" for conf in ("c03", "c04", "c05", "c06"))
        # The very values that were given.
        assert all(any(value is given for given in values) for value in solution.values())
    assert len(solve_problem((PROBLEMS / "conference.problem").read_text())) == 64


def queens(n):
    names = [f"q{i}" for i in range(n)]
    constraints = [fd.AllDistinct(names)]
    for (i, a), (j, b) in itertools.combinations(enumerate(names), 2):
        constraints.append(fd.make_expression((a, b), f"abs({a} - {b}) != {j - i}"))
    return Repository(names, dict.fromkeys(names, fd.FiniteDomain(range(n))), constraints)


def test_known_answers():
    assert Solver().count(queens(8)) == 92 and len(Solver(parallel=True).solve(queens(8))) == 92
    for name, count in (("send_more", 1), ("colouring", 18), ("queens", 92), ("sudoku", 1)):
        assert len(solve_problem((PROBLEMS / f"{name}.problem").read_text())) == count, name
    up = dict.fromkeys("abc", range(32))
    for names, formula, count in ((["a", "b"], "a < b", 496), (["a", "b", "c"], "a == b + c", 528)):
        problem = Repository(names, {name: up[name] for name in names}, [fd.make_expression(names, formula)])
        assert Solver().count(problem) == count
    distinct = Repository(["a", "b"], {"a": up["a"], "b": up["b"]}, [fd.AllDistinct(["a", "b"])])
    assert Solver().count(distinct) == 992
    single = Repository(["v"], {"v": [1, 2]}, [fd.make_expression(["v"], "2*v==2")])
    assert Solver().solve(single) == [{"v": 1}]
    bits = dict.fromkeys("abc", [0, 1])
    exact = Repository(list("abc"), bits, [fd.make_expression(list("abc"), "not(a==1 and b==1 and c==1)")])
    assert Solver().count(exact) == 7


def test_all_distinct():
    def solve(*domains):
        names = [f"v{i}" for i in range(len(domains))]
        return Solver().solve(Repository(names, dict(zip(names, domains)), [fd.AllDistinct(names)]))

    assert [s["v1"] for s in solve([1], [1, 2])] == [2]
    assert len(solve([1, 2], [1, 2])) == 2 and len(solve([1], [2])) == 1
    assert solve([1], [1]) == [] and solve([1, 2], [1, 2], [1, 2]) == []
    # One object for two variables is two domains.
    one = fd.FiniteDomain([1, 2])
    problem = Repository(["a", "b"], {"a": one, "b": one}, [fd.AllDistinct(["a", "b"]), fd.make_expression(["a"], "a == 1")])
    assert Solver().solve(problem) == [{"a": 1, "b": 2}] and len(one) == 2


def brute(names, domains, tests):
    out = []
    for values in itertools.product(*(domains[name] for name in names)):
        at = dict(zip(names, values))
        if all(test(*(at[name] for name in scope)) for scope, test in tests):
            out.append(at)
    return out


def key(solution):
    return tuple((name, type(value).__name__, value) for name, value in sorted(solution.items()))


def test_against_brute_force():
    rng = random.Random(11)
    counts = []
    for number in range(600):
        names = [f"x{i}" for i in range(rng.randrange(1, 5))]
        domains = {}
        for name in names:
            low = rng.randrange(-4, 4)
            pool = list(range(low, low + rng.randrange(1, 6)))
            rng.shuffle(pool)
            domains[name] = pool if rng.random() < 0.7 else range(low, low + len(pool))
        text, calls, tests = [], [], []
        for _ in range(rng.randrange(0, 4)):
            scope = [rng.choice(names) for _ in range(rng.choice((1, 2, 2, 3)))]
            spell = [rng.choice(("{0}", "{0} + {1}", "{0} * {1}", "{0} - 2 * {1}", "abs({0} - {1})", "max({0}, {1})", "{0} % 3"))
                     for _ in range(2)]
            arguments = [chr(97 + i) for i in range(len(scope))]
            sides = [s.format(rng.choice(arguments), rng.choice(arguments)) for s in spell]
            formula = f"{sides[0]} {rng.choice(('==', '!=', '<', '<=', '>', '>='))} {sides[1]}"
            if rng.random() < 0.3:
                formula = f"not ({formula}) or {arguments[0]} > 1"
            function = eval(f"lambda {', '.join(arguments)}: {formula}")
            kind = rng.random()
            if kind < 0.1:
                different = sorted(set(scope))
                text.append(fd.AllDistinct(different, matching=rng.random() < 0.5))
                calls.append(fd.make_expression(different, lambda *v: len(set(v)) == len(v)))
                tests.append((different, lambda *v: len(set(v)) == len(v)))
                continue
            if kind < 0.2:
                factors, sign, bound = [rng.randrange(-3, 4) for _ in scope], rng.choice(("==", "!=", "<", "<=", ">", ">=")), rng.randrange(-5, 6)
                function = eval(f"lambda *v: sum(f * x for f, x in zip({factors}, v)) {sign} {bound}")
                text.append(fd.linear(scope, factors, sign, bound))
            elif kind < 0.3:
                rows = [[rng.randrange(-4, 6) for _ in scope] for _ in range(rng.randrange(0, 30))]
                function = lambda *v, rows=rows: list(v) in rows
                text.append(fd.table(scope, rows))
            else:
                # Names of variables in place of the parameters, where no variable comes twice.
                text.append(fd.make_expression(names, formula.translate({ord(a): s for a, s in zip(arguments, scope)}))
                            if "max" not in formula and "abs" not in formula and "not" not in formula and "or" not in formula
                            else fd.make_expression(scope, function))
            calls.append(fd.make_expression(scope, function))
            tests.append((scope, function))
        expected = sorted(map(key, brute(names, domains, tests)))
        counts.append(len(expected))
        options = dict(
            variables=rng.choice(("input", "smallest_domain", "weighted_degree")),
            values=rng.choice(("least", "greatest", "median")),
            distribution=rng.choice(("enumerating", "dichotomic")),
        )
        for constraints in (text, calls):
            problem = Repository(names, domains, constraints)
            found = Solver(**options).solve(problem)
            assert sorted(map(key, found)) == expected and found.stopped is None, number
        assert sorted(map(key, Solver(**options).solve_all(problem))) == expected
        assert Solver(**options).count(problem) == len(expected)
        first = Solver(**options).solve_one(problem)
        assert (first is None) == (not expected) and (first is None or key(first) in expected)
        if number % 20 == 0:
            assert sorted(map(key, Solver(parallel=True).solve(problem))) == expected
        objective = f"{names[0]} * 2 - {names[-1]}"
        least = Solver().minimise(problem, objective)
        most = Solver().maximise(problem, objective)
        values = [eval(objective, {}, solution) for solution in brute(names, domains, tests)]
        assert (least and least.value, most and most.value) == ((min(values), max(values)) if values else (None, None))
    assert sum(count > 0 for count in counts) > 200 and sum(count == 0 for count in counts) > 30


def test_functions_are_relations_too():
    class Colour(Enum):
        RED = 1
        BLUE = 2

    Talk = namedtuple("Talk", "room slot")
    talks = [Talk(room, slot) for room in "AB" for slot in (1, 2.5)]
    seen = []

    def apart(a, b):
        seen.append((a, b))
        assert isinstance(a, Talk) and isinstance(b, Talk)
        return a.slot != b.slot

    names = ["x", "y", "z"]
    problem = Repository(
        names, dict.fromkeys(names, talks),
        [fd.make_expression(pair, apart) for pair in itertools.combinations(names, 2)],
    )
    assert Solver().solve(problem) == []
    # One function over the same domains is asked once for all that it is posted on.
    assert len(seen) <= 2 * len(talks) ** 2
    two = Repository(["x", "y"], dict.fromkeys("xy", talks), [fd.make_expression(["x", "y"], apart)])
    assert len(Solver().solve(two)) == 8
    # Text sees tuples, and compares what it knows nothing of.
    text = Repository(["x", "y"], dict.fromkeys("xy", talks), [fd.make_expression(["x", "y"], "x[1] != y[1]")])
    assert sorted(map(str, Solver().solve(text))) == sorted(map(str, Solver().solve(two)))
    colours = Repository(["a", "b"], dict.fromkeys("ab", Colour), [fd.make_expression(["a", "b"], "a != b")])
    assert sorted(s["a"].name for s in Solver().solve(colours)) == ["BLUE", "RED"]
    given = Repository(["a", "b"], dict.fromkeys("ab", Colour), [fd.table(["a", "b"], [(Colour.RED, Colour.BLUE)])])
    assert Solver().solve(given) == [{"a": Colour.RED, "b": Colour.BLUE}]
    # Kinds do not mix: these are three values.
    mixed = Repository(["m"], {"m": [1, True, 1.0, 1]})
    assert [type(s["m"]) for s in Solver().solve(mixed)] == [int, bool, float]
    wide = {f"v{i}": range(20) for i in range(4)}
    many = Repository(list(wide), wide, [
        fd.make_expression(list(wide), lambda *v: sum(v) == 70), fd.make_expression(["v0", "v1"], "v0 < v1"),
    ])
    assert Solver().count(many) == sum(
        1 for v in itertools.product(range(20), repeat=3) if 70 - sum(v) in range(20) and v[0] < v[1]
    )
    assert Solver(parallel=True).count(many) == Solver().count(many)


class Wrong(Exception):
    pass


def test_what_a_function_raises_comes_out():
    def refuse(a, b):
        if (a, b) == (3, 4):
            raise Wrong(a, b)
        return a < b

    domains = dict.fromkeys("abc", range(10))
    for parallel in (False, True):
        problem = Repository(list("abc"), domains, [fd.make_expression(["a", "b"], refuse)])
        for call in (Solver(parallel=parallel).solve, Solver(parallel=parallel).solve_one, Solver(parallel=parallel).count,
                     lambda p: list(Solver().solve_all(p)), lambda p: Solver(parallel=parallel).minimise(p, "a"),
                     Repository.contradiction):
            with pytest.raises(Wrong) as caught:
                call(problem)
            assert caught.value.args == (3, 4)
            assert caught.traceback[-1].name == "refuse"
    # Not where relations over one variable rule it out, as with text.
    guarded = Repository(list("ab"), dict.fromkeys("ab", range(10)), [
        fd.make_expression(["a", "b"], refuse), fd.make_expression(["a"], "a != 3"),
    ])
    assert Solver().count(guarded) == 45 - 6
    wide = Repository(list("abcde"), dict.fromkeys("abcde", range(10)), [fd.make_expression(list("abcde"), lambda *v: 1 // 0)])
    for solver in (Solver(), Solver(parallel=True)):
        with pytest.raises(ZeroDivisionError):
            solver.solve(wide)
        with pytest.raises(SystemExit):
            solver.solve(Repository(["a"], {"a": [1]}, [fd.make_expression(["a"], lambda a: sys.exit(3))]))
    iterator = Solver().solve_all(wide)
    with pytest.raises(ZeroDivisionError):
        next(iterator)
    assert list(iterator) == []
    with pytest.raises(TypeError):
        Solver().solve(Repository(["a"], {"a": [1]}, [fd.make_expression(["a"], lambda: True)]))
    # Who wants to end once does not end what comes later, though an iterator of the same problem is open.
    leave = False
    check = lambda a: a != 1 or (sys.exit(3) if leave else False)
    leaving = Repository(["a"], {"a": range(3)}, [fd.make_expression(["a"], check)])
    iterator = Solver().solve_all(leaving)
    assert next(iterator) == {"a": 0}
    leave = True
    with pytest.raises(SystemExit):
        Solver().solve(leaving)
    leave = False
    assert Solver().count(leaving) == 2
    assert list(iterator) == [{"a": 2}]
    # A function may solve problems of its own.
    inner = lambda a: Solver().count(queens(4)) == a
    assert Solver().solve(Repository(["a"], {"a": range(5)}, [fd.make_expression(["a"], inner)])) == [{"a": 2}]


def test_stop_iteration_is_no_end():
    # As in a generator: PEP 479.
    def ends(x, y, z):
        if x == 2:
            next(iter(()))
        return x < y < z

    problem = Repository(list("xyz"), dict.fromkeys("xyz", range(20)), [fd.make_expression(list("xyz"), ends)])
    solutions = Solver().solve_all(problem)
    with pytest.raises(RuntimeError) as caught:
        list(solutions)
    assert type(caught.value.__cause__) is StopIteration and caught.value.__cause__.__traceback__ is not None
    assert list(solutions) == []
    with pytest.raises(StopIteration):
        Solver().solve(problem)


def test_what_goes_on_for_ever_is_refused():
    class Long:
        def __len__(self):
            return 2**40

        def __iter__(self):
            raise AssertionError("asked although the length is known")

    calls = [
        *(lambda values=values: fd.FiniteDomain(values) for values in (range(2**30), range(0, 2**40, 2), range(2**70), Long(), itertools.repeat(1))),
        lambda: Repository(["x"], {"x": range(2**24 + 1)}),
        lambda: fd.table(["x"], Long()),
        lambda: fd.table(["x"], [range(2**30)]),
        # All rows together.
        lambda: fd.table(["x"], iter([range(5), range(2**24 - 4)])),
        lambda: fd.AllDistinct(itertools.repeat("x")),
    ]
    for call in calls:
        with pytest.raises(errors.ProblemError) as caught:
            call()
        assert caught.value.kind == "too_large"
    for values in (range(2**24 + 1), range(0, 2**40, 2), Long()):
        began = time.monotonic()
        with pytest.raises(errors.StoreError) as caught:
            newvar(domain=values)
        assert caught.value.kind == "too_large" and time.monotonic() - began < 1
    assert len(fd.FiniteDomain(range(2**70, 2**70 + 6, 2))) == 3 and len(fd.FiniteDomain(range(2**24))) == 2**24

    class Odd:
        def __len__(self):
            raise KeyError("len")

        def __iter__(self):
            return iter([1])

    with pytest.raises(KeyError):
        fd.FiniteDomain(Odd())


def test_errors_say_what_and_where():
    ab = dict.fromkeys("ab", [1, 2])
    for make, kind, fields in (
        (lambda: Repository(["a", "b"], {"a": [1]}), "no_domain", {"name": "b"}),
        (lambda: Repository(["a"], {"a": [1], "z": [1]}), "unknown_domain", {"name": "z"}),
        (lambda: Repository(["a", "a"], {"a": [1]}), "duplicate_variable", {"name": "a"}),
        (lambda: Repository(["a"], {"a": []}), "empty_domain", {"name": "a"}),
        (lambda: Repository(["a"], {"a": range(0)}), "empty_domain", {"name": "a"}),
        (lambda: Repository(["a"], {"a": range(1 << 25)}), "too_large", {}),
        (lambda: Repository(["a"], {"a": [1]}, [fd.make_expression(["z"], "z > 1")]), "unknown_variable", {"name": "z"}),
        (lambda: Repository(["a"], {"a": [1]}, [fd.make_expression(["z"], len)]), "unknown_variable", {"name": "z"}),
        (lambda: fd.table(["a", "b"], [(1, 2, 3)]), "arity", {"wanted": 3, "found": 2}),
        (lambda: fd.table(["a"], [(1,), (2, 3)]), "arity", {}),
        (lambda: fd.linear(["a", "b"], [1], "<", 3), "arity", {"wanted": 1, "found": 2}),
        (lambda: Solver().solve(Repository(["a"], {"a": ["x"]}, [fd.linear(["a"], [1], "<", 3)])), "not_a_number", {"name": "a"}),
        (lambda: Solver().solve(Repository(["a"], {"a": [0]}, [fd.make_expression(["a"], "1 // a == 1")])), "evaluation",
         {"assignment": "a = 0", "reason": "division by zero", "number": 0, "line": None}),
        (lambda: Solver().minimise(Repository(["a"], {"a": ["x"]}), "a"), "objective", {"value": "'x'"}),
        (lambda: solve_problem("var a in 1..3\na + < 2\n"), "expression", {"line": 2, "column": 5}),
        (lambda: solve_problem("var a in 3..1\n"), "range", {"line": 1, "column": 10}),
        (lambda: solve_problem("var a in 0..3\na < 9\n7 // a > 1\n"), "evaluation", {"line": 3, "column": 1}),
    ):
        with pytest.raises(errors.ProblemError) as caught:
            make()
        found = {name: getattr(caught.value, name) for name in fields}
        assert (caught.value.kind, found) == (kind, fields) and isinstance(caught.value, ValueError)
    with pytest.raises(errors.ExpressionError) as caught:
        fd.make_expression(["a"], "a +* 2")
    assert (caught.value.column, caught.value.expression) == (4, "a +* 2") and "missing" in caught.value.problem
    for text in ("b > 1", "a / 2 == 1", "__import__('os')", "a.b", "lambda: 1", "a = 1"):
        with pytest.raises(errors.ExpressionError):
            fd.make_expression(["a"], text)
    with pytest.raises(errors.ExpressionError):
        Solver().maximise(Repository(["a"], {"a": [1]}), "b")
    for wrong in (
        lambda: fd.make_expression("ab", "a < b"), lambda: fd.make_expression(["a", 1], "a < 1"), lambda: fd.make_expression(["a"], 3),
        lambda: fd.FiniteDomain(3), lambda: fd.FiniteDomain([{1}]), lambda: Repository(["a"], {"a": [1]}, [3]),
        lambda: Repository(["a"], {"a": 7}), lambda: Repository(["a"], {1: [1]}), lambda: Solver().solve([]), lambda: Solver(speed=1),
        lambda: fd.table(["a"], [1]), lambda: Solver(nodes="x"),
    ):
        with pytest.raises(TypeError):
            wrong()
    for wrong in (lambda: Solver(values="best"), lambda: Solver(time=-1.0), lambda: fd.linear(["a"], [1], "=", 1)):
        with pytest.raises(errors.PyPriorError):
            wrong()
    endless = []
    endless.append(endless)
    with pytest.raises(errors.PyPriorError):
        fd.FiniteDomain([endless])
    problem = Repository(["a", "b"], ab, [fd.make_expression(["a"], "a > 0"), fd.make_expression(["b"], "b > 5")])
    assert problem.contradiction() == 1 and Repository(["a"], {"a": [1]}).contradiction() is None
    text = Repository.parse("var x in 1..2\nx > 0\nx > 2\n")
    assert text.place(text.contradiction()) == (3, 1)


def slow(functions="none"):
    """A search without end: by text alone, with a function that is asked beforehand, with one that is asked all the time."""
    names = [f"v{i}" for i in range(12)]
    squares = fd.make_expression(names, " + ".join(f"{n} * {n}" for n in names) + " == 1000003")
    more = {
        "none": [squares],
        "beforehand": [squares, fd.make_expression(names[:2], lambda a, b: a != 11 - b)],
        "always": [fd.make_expression(names, lambda *v: sum(v) == 200)],
    }
    return Repository(names, dict.fromkeys(names, range(12)), [*more[functions], fd.AllDistinct(names[:6])])


def test_limits():
    problem = queens(8)
    found = Solver(solutions=5).solve(problem)
    assert isinstance(found, Found) and (len(found), found.stopped) == (5, "solutions")
    assert Solver(nodes=3).solve(problem).stopped == "nodes" and Solver(solutions=7).count(problem) == 7
    assert len(list(Solver(solutions=4).solve_all(problem))) == 4
    hard = slow()
    before = time.monotonic()
    assert Solver(time=0.05).solve(hard).stopped == "time"
    for call in (Solver(time=0.05).solve_one, Solver(time=0.05).count, lambda p: next(Solver(time=0.05).solve_all(p)),
                 lambda p: Solver(time=0.05).minimise(p, "v0"), lambda p: Solver(time=0.05, parallel=True).solve_one(p)):
        with pytest.raises(errors.LimitError) as caught:
            call(hard)
        assert (caught.value.limit, caught.value.value) == ("time", 0.05)
    assert time.monotonic() - before < 5
    with pytest.raises(errors.LimitError) as caught:
        Solver(nodes=10).solve_one(hard)
    assert (caught.value.limit, caught.value.value) == ("nodes", 10)
    best = Solver(nodes=40).maximise(queens(8), "q0 + q1")
    assert best is not None and best.stopped in (None, "nodes")
    found = solve_problem("var a, b in 1..9\na + b == 10\nmaximise a * b\n")
    assert (found.best, found) == (25, [{"a": 5, "b": 5}])
    assert solve_problem("var a in 1..9\na > 9\nminimise a\n") == []


@pytest.mark.parametrize("functions", ["none", "beforehand", "always"])
@pytest.mark.parametrize("parallel", [False, True])
def test_other_threads_go_on(functions, parallel):
    problem = slow(functions)
    ticks, end = [], threading.Event()

    def tick():
        while not end.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        started = time.monotonic()
        assert Solver(time=0.5, parallel=parallel).solve(problem).stopped == "time"
        finished = time.monotonic()
    finally:
        end.set()
        thread.join()
    inside = [t for t in ticks if started < t < finished]
    assert len(inside) > 15, len(inside)


INTERRUPTED = """
import os, signal, sys, threading, time
sys.path.insert(0, {tests!r})
from test_solver import Repository, Solver, fd, slow
problem = slow({functions!r})
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
started = time.monotonic()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - started < 5)
print(Solver().count(Repository(["a"], {{"a": [1, 2]}})))
"""


@pytest.mark.parametrize("functions", ["none", "beforehand", "always"])
@pytest.mark.parametrize("call", [
    "Solver().solve(problem)", "next(Solver().solve_all(problem))", "Solver(parallel=True).count(problem)",
    "Solver().minimise(problem, 'v0')",
])
def test_an_interrupt_ends_a_search(call, functions):
    script = INTERRUPTED.format(tests=str(Path(__file__).parent), call=call, functions=functions)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["interrupted", "True", "2"], ended.stderr


@pytest.mark.parametrize("names", ["x", "xy", "xyz", "uvwxyz"])
@pytest.mark.parametrize("parallel", [False, True])
def test_a_limit_on_time_holds_with_slow_functions(names, parallel):
    calls = []

    def slow(*values):
        calls.append(values)
        time.sleep(0.01)
        return values[0] != 0

    size = {1: 1000, 2: 40, 3: 15, 6: 6}[len(names)]
    problem = Repository(list(names), dict.fromkeys(names, range(size)), [fd.make_expression(list(names), slow)])
    found = Solver(time=0.2, parallel=parallel).solve(problem)
    assert found.stopped == "time" and len(calls) <= 21 * (os.cpu_count() if parallel else 1)


def test_abandoned_iterators_go():
    class Held:
        pass

    everywhere = Repository(["x", "y"], dict.fromkeys("xy", range(3)), [
        fd.make_expression(["x"], "x != 0"), fd.make_expression(["x", "y"], lambda x, y: 6 // x > y),
    ])

    def once(problem=None):
        held = Held()

        def relation(x, y):
            # Raises at a value that is ruled out.
            return 6 // x > y

        problem = problem or Repository(["x", "y"], dict.fromkeys("xy", range(3)), [
            fd.make_expression(["x"], "x != 0"), fd.make_expression(["x", "y"], relation),
        ])
        solutions = Solver().solve_all(problem)
        next(solutions)
        return weakref.ref(held)

    gone = [once() for _ in range(10)] + [once(everywhere) for _ in range(10)]
    gc.collect()
    assert [each() for each in gone] == [None] * 20


def test_iterators_are_of_one_thread_at_a_time():
    iterator = Solver(time=0.3).solve_all(slow())
    failed = []

    def look():
        try:
            next(iterator)
        except (errors.PyPriorError, StopIteration) as error:
            failed.append(type(error))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 4 and errors.PyPriorError in failed
    assert list(iterator) == []


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_nothing_stays_behind():
    class Thing:
        pass

    def once():
        thing, problems = Thing(), []
        relation = lambda a, b: problems is not None and a != b
        problems.append(Repository(["a", "b"], dict.fromkeys("ab", [thing, 1.5, (1, "x")]), [fd.make_expression(["a", "b"], relation)]))
        thing.problem = problems[0]
        assert len(Solver().solve(problems[0])) == 6
        iterator = Solver().solve_all(problems[0])
        next(iterator)
        thing.iterator = iterator
        return weakref.ref(thing)

    gone = [once() for _ in range(20)]
    gc.collect()
    assert all(each() is None for each in gone)
    problem = queens(6)
    for rounds in (300, 3000):
        for _ in range(rounds):
            once()
            Solver().solve(problem)
            with pytest.raises(ZeroDivisionError):
                Solver().solve(Repository(["a"], {"a": [1]}, [fd.make_expression(["a"], lambda a: 1 // 0)]))
        gc.collect()
        if rounds == 300 and os.path.exists("/proc/self/statm"):
            before = resident()
    if os.path.exists("/proc/self/statm"):
        assert resident() - before < 2 << 20


def test_domains_are_like_collections():
    domain = fd.FiniteDomain([3, 1, 3, "a"])
    assert (len(domain), list(domain), domain.size(), domain.getValues()) == (3, [3, 1, "a"], 3, [3, 1, "a"])
    assert 3 in domain and "a" in domain and True not in domain and repr(domain) == "FiniteDomain((3, 1, 'a'))"
    assert list(fd.FiniteDomain(domain)) == list(domain) and repr(fd.FiniteDomain(range(9999))) == "FiniteDomain(range(0, 9999))"
    assert list(fd.FiniteDomain(range(9, 0, -4))) == [9, 5, 1]
    assert "10 values" in repr(fd.FiniteDomain("abcdefghij"))
    np = pytest.importorskip("numpy")
    numbers = Repository(["n"], {"n": np.arange(4)}, [fd.make_expression(["n"], "n > 1")])
    assert [int(s["n"]) for s in Solver().solve(numbers)] == [2, 3]


def test_bound_variables_are_their_values():
    x, y, pair, free = newvar(), newvar(), newvar(), newvar()
    unify(x, "a")
    unify(y, 7)
    unify(pair, (x, y))
    domain = fd.FiniteDomain([x, "b", "a", y, pair])
    assert domain.getValues() == ["a", "b", 7, ("a", 7)] and not isinstance(domain.getValues()[0], type(x))
    assert x in domain and pair in domain and "c" not in domain
    problem = Repository(["m", "n"], {"m": domain, "n": ["a", "b", (x, y)]}, [fd.make_expression(["m", "n"], "m == n")])
    assert sorted(map(str, Solver().solve(problem))) == sorted(
        str({"m": value, "n": value}) for value in ("a", "b", ("a", 7))
    )
    rows = Repository(["m"], {"m": ["a", "b", "c"]}, [fd.table(["m"], [[x], ["c"]])])
    assert [found["m"] for found in Solver().solve(rows)] == ["a", "c"]
    for refused in (lambda: fd.FiniteDomain([free]), lambda: fd.table(["m"], [[(1, free)]]), lambda: free in domain):
        with pytest.raises(errors.FreeVariableError):
            refused()


def test_what_was_searched_is_counted():
    found = solve_problem("var a, b in 1..9\na + b == 10\nmaximise a * b\n")
    best = Solver().maximise(Repository.parse("var a, b in 1..9\na + b == 10"), "a * b")
    assert (found.nodes, found.failures) == (best.nodes, best.failures) and found.nodes > 0


@pytest.mark.parametrize("of", [list, iter, "numpy", "torch"])
def test_coefficients_are_any_integers(of):
    coefficients = [2, -3]
    if isinstance(of, str):
        module = pytest.importorskip(of)
        coefficients = module.tensor(coefficients) if of == "torch" else module.array(coefficients)
    else:
        coefficients = of(coefficients)
    problem = Repository(["x", "y"], dict.fromkeys("xy", range(9)), [fd.linear(["x", "y"], coefficients, "==", 1)])
    assert Solver().solve(problem) == [{"x": 2, "y": 1}, {"x": 5, "y": 3}, {"x": 8, "y": 5}]
    for wrong in ([1.5, 2], ["a", 1], 7):
        with pytest.raises(TypeError):
            fd.linear(["x", "y"], wrong, "==", 1)
    for beyond, bound in ([2**63, 1], 1), ([1, 1], -(2**63) - 1):
        with pytest.raises(errors.PyPriorError, match=r"is out of range: it must be from -2\^63 on, and below 2\^63"):
            fd.linear(["x", "y"], beyond, "==", bound)


def test_wide_domains_are_listed_in_linear_time():
    # 160,000 values, value by value through all words of the domain, took 2.6 s.
    wide = Repository(["x", "y"], {"x": range(100_000), "y": [1, 2]}, [])
    began = time.process_time()
    assert Solver().count(wide) == 200_000
    assert [s["x"] for s in itertools.islice(Solver(values="greatest").solve_all(wide), 4)] == [99_999, 99_998, 99_997, 99_996]
    assert time.process_time() - began < 1


def test_halves_of_characters_are_told_of_as_they_are():
    for work in (
        lambda: fd.make_expression(("x",), "x == '\ud800'"),
        lambda: fd.make_expression(("\ud800",), "1 == 1"),
        lambda: Repository(("\ud800",), {"\ud800": [1]}),
    ):
        with pytest.raises(UnicodeEncodeError, match="surrogates"):
            work()


def test_the_least_number_of_64_bits():
    least = -(2**63)
    assert solve_problem(f"var a in {least}..{least + 2}\na < {least} + 1") == [{"a": least}]
    problem = Repository(("a",), {"a": [least, 0]}, [fd.make_expression(("a",), f"a == {least}")])
    assert Solver().solve(problem) == [{"a": least}]
