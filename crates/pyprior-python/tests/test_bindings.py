"""What the bindings of the solver and of sketches refuse, and what they leave behind."""

import gc
import sys

import pytest
from pyprior_rs import errors, logic
from pyprior_rs.logic import Repository, Solver, Store, entailed, fd, newvar, unify
from pyprior_rs.sketch import Sketch


class Key:
    """Changes the dict that it is a key of whenever it is looked at."""

    def __init__(self, of):
        self.of = of

    def __repr__(self):
        self.of[len(self.of) + 100.5] = 1
        return "a key"


def test_a_dict_that_changes_while_it_is_read():
    changing = {}
    changing[Key(changing)] = 1
    changing[5] = 2
    x = newvar()
    logic.bind(x, changing)
    assert 5 in x.value
    changing = {}
    changing[Key(changing)] = 1
    changing[5] = 2
    assert len(fd.FiniteDomain([changing])) == 1


def blocks():
    gc.collect()
    return sys.getallocatedblocks()


def test_what_is_only_asked_leaves_nothing():
    store = Store()
    with store:
        x, y = newvar(), newvar()
        logic.bind(y, 1)

        def ask(times, at):
            for nth in range(times):
                value = at + nth + 0.5
                entailed([x], [value])
                logic.show([x, value])
                for refused in (lambda: unify([y, value], [2, value]), lambda: logic.bind(y, value)):
                    with pytest.raises(ValueError):
                        refused()
                with pytest.raises(ZeroDivisionError), logic.transaction():
                    logic.bind(newvar(), value)
                    1 / 0

        ask(100, 0)
        before = blocks()
        ask(1000, 1000)
        # Of 6,000 that were asked for.
        assert blocks() - before < 1000


def test_a_mark_of_another_store_stays_open():
    a, b = Store(), Store()
    with a:
        x = newvar()
    mark = a.mark()
    logic.bind(x, 1)
    assert not b.undo_to(mark) and not b.commit(mark)
    assert a.undo_to(mark) and logic.is_free(x)
    assert not a.undo_to(mark)


def test_numbers_out_of_range_are_value_errors():
    sketch = Sketch("print(X)\n---\nX in 1..3\n")
    rows = sketch.start(2)
    for call in (
        lambda: Solver(nodes=-1),
        lambda: Solver(solutions=2**64),
        lambda: Solver(time=-1.0),
        lambda: fd.linear(("x",), (2**63,), "<=", 1),
        lambda: fd.linear(("x",), (1,), "<=", 2**63),
        lambda: Sketch("print(1)", work=-1),
        lambda: list(sketch.fillings(nodes=-1)),
        lambda: sketch.sample(-1),
        lambda: sketch.sample(1, seed=2**64),
        lambda: sketch.start(-1),
        lambda: sketch.start(10**9),
        lambda: rows.rollback(0, -1),
        lambda: rows.reset(-1),
        lambda: rows.padded(2**63),
        lambda: fd.FiniteDomain(range(-(2**63), 2**63 - 1)),
    ):
        with pytest.raises(errors.PyPriorError):
            call()


def test_a_value_that_shares_its_parts_may_be_too_large():
    value = 1
    for _ in range(60):
        value = [value, value]
    with pytest.raises(errors.PyPriorError):
        fd.FiniteDomain([value])


def test_many_variables_take_no_square_of_time():
    names = [f"x{i}" for i in range(30_000)]
    problem = Repository(names, dict.fromkeys(names, fd.FiniteDomain([1])))
    assert len(problem) == 30_000
