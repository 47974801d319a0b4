"""Logic variables: the cases of PyPy's page and of Oz, and a naive model of unification."""

import copy
import enum
import gc
import importlib
import io
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

import pytest
from pyprior_rs import errors
from pyprior_rs.logic import (
    FiniteDomain,
    Store,
    Var,
    alias_of,
    bind,
    domain_of,
    entailed,
    is_bound,
    is_free,
    newvar,
    show,
    transaction,
    unify,
    value,
)


class Foo(object):
    def __init__(self, a):
        self.a = a
        self.b = newvar()


def test_the_page():
    X = newvar()
    assert is_free(X)
    assert not is_bound(X)
    bind(X, 42)
    assert X / 2 == 21
    with pytest.raises(errors.RebindingError) as caught:
        bind(X, "hello")
    assert (caught.value.held, caught.value.offered) == ("42", "'hello'")
    bind(X, 42)
    unify([1, 2], [1, 2])
    with pytest.raises(errors.UnificationError) as caught:
        unify(42, 43)
    assert (caught.value.left, caught.value.right, caught.value.clash) == ("42", "43", None)

    Z, W = newvar(), newvar()
    unify({"a": 42, "b": Z}, {"a": Z, "b": W})
    assert Z == W == 42

    f1 = Foo(newvar())
    f2 = Foo(42)
    unify(f1, f2)
    assert f1.a == f2.a == 42
    assert alias_of(f1.b, f2.b)
    unify(f2.b, "foo")
    assert f1.b == f2.b == "foo"


def test_the_cases_of_oz():
    assert is_bound(1) and not is_free(1) and not alias_of(1, 1)
    x, y = newvar("X"), newvar("Y")
    bind(x, x)
    unify(x, x)
    assert is_free(x) and alias_of(x, x) and x == x
    bind(x, 1), bind(y, 2)
    with pytest.raises(errors.UnificationError):
        bind(x, y)
    x, y, z, w = (newvar() for _ in range(4))
    unify(x, y), unify(z, w), unify(x, w)
    assert all(alias_of(a, b) for a in (x, y, z, w) for b in (x, y, z, w))
    unify(y, 42)
    assert [x, y, z, w] == [42] * 4
    chain = [newvar() for _ in range(20)]
    for a, b in zip(chain, chain[1:]):
        unify(a, b)
    bind(chain[9], 7)
    assert all(v == 7 for v in chain)
    x = newvar()
    for _ in range(2):
        unify(x, (1, (2, None)))
    for other in ((1, 2), (1, (2, None), 3), [1, (2, None)]):
        with pytest.raises(errors.UnificationError):
            unify(x, other)
    for a, b in (({"a": 1}, {"a": 1, "b": 2}), ({"a": 1, "b": 2}, {"a": 1}), (True, 1), ((1,), [1]), ("1", 1)):
        with pytest.raises(errors.UnificationError):
            unify(a, b)


def test_rational_trees():
    x, y = newvar(), newvar()
    unify(x, [y]), unify(y, [x])
    assert show(x) == "r1=[[r1]]" or "r1" in show(x)
    f = lambda t: {"f": t}
    g = lambda t: {"g": t}
    x, y = newvar(), newvar()
    unify(x, f(x)), unify(y, f(f(y))), unify(x, y)
    x, y = newvar(), newvar()
    unify(x, f(x)), unify(y, f(g(y)))
    with pytest.raises(errors.UnificationError):
        unify(x, y)
    with pytest.raises(errors.StoreError) as caught:
        value(x)
    assert caught.value.kind == "infinite"
    inner = x.value["f"]
    assert isinstance(inner, Var) and inner.value.keys() == {"f"}
    # Lists of Python that contain themselves.
    a, b = [1], [1]
    a.append(a), b.append([1, b])
    unify(a, b)
    b[1][0] = 2
    with pytest.raises(errors.UnificationError):
        unify(a, b)


def test_what_fails_has_changed_nothing():
    x, y = newvar(), newvar()
    with pytest.raises(errors.UnificationError) as caught:
        unify((x, y, 1), (5, 6, 2))
    assert is_free(x) and is_free(y) and caught.value.clash == ("1", "2")
    with pytest.raises(KeyError):
        with transaction():
            unify(x, y)
            bind(x, 3)
            with transaction():
                made = newvar()
            raise KeyError
    assert is_free(x) and not alias_of(x, y)
    with pytest.raises(errors.StoreError):
        is_free(made)
    with transaction():
        with pytest.raises(errors.UnificationError):
            with transaction():
                bind(x, 1)
                unify(x, 2)
        bind(y, 2)
    assert is_free(x) and y == 2
    store = x.store
    mark = store.mark()
    bind(x, 9)
    later = store.mark()
    assert store.undo_to(mark) and is_free(x)
    assert not store.undo_to(mark) and not store.commit(later)
    assert not Store().undo_to(store.mark())


def test_values_of_many_kinds():
    class Colour(enum.Enum):
        RED = 1
        BLUE = 2

    class Level(enum.IntEnum):
        LOW = 1

    @dataclass
    class Point:
        x: object
        y: object = 0

    Pair = namedtuple("Pair", "left right")
    big = 10**30
    for each in (None, True, 0, -(2**63), big, 1.5, "é\0", b"x", Colour.RED, Level.LOW, frozenset({1}), int, len, (), [], {}):
        x = newvar()
        unify(x, each)
        assert x.value == each and type(x.value) is type(each)
        unify(x, each)
        with pytest.raises(errors.UnificationError):
            unify(x, "another")
    for a, b in ((1, 1.0), (Colour.RED, Colour.BLUE), (Level.LOW, 1), (big, big + 1), (object(), object()), (int, str)):
        assert entailed(a, a) and entailed(a, b) is False
    x, y = newvar(), newvar()
    unify(Point(x, [y]), Point(1, [Colour.BLUE]))
    assert (x, y) == (1, Colour.BLUE)
    p = newvar("p")
    bind(p, Point(newvar("a"), {"k": (y,)}))
    assert is_free(p.value.x) and p.value.y == {"k": (Colour.BLUE,)} and show(p).startswith("Point(x=a, y={'k': (")
    unify(p.value.x, 4)
    assert value(p) == Point(4, {"k": (Colour.BLUE,)})
    with pytest.raises(errors.UnificationError):
        unify(p, Foo(1))
    unify(Pair(x, 2), (1, 2))
    # Two classes of one name are two classes.
    def local(a):
        class Same:
            def __init__(self):
                self.a = a
        return Same()
    one, two = local(1), local(1)
    assert entailed(one, two) is False and entailed(one, one)
    with pytest.raises(TypeError):
        unify(x, {1, 2})
    unify({x: 1}, {1: 1})
    with pytest.raises(TypeError):
        bind(3, 3)


def test_variables_are_used_like_their_values():
    x, y = newvar("x"), newvar("y")
    for use in (bool, str, int, len, iter, hash, lambda v: v + 1, lambda v: v == 1, lambda v: v < 2, lambda v: v[0], lambda v: -v):
        with pytest.raises(errors.FreeVariableError) as caught:
            use(x)
        assert caught.value.variable == "x"
    with pytest.raises(errors.FreeVariableError):
        x == y  # nobody can say
    unify(x, y)
    assert x == y and not x != y
    assert repr(x) == "x"
    bind(x, 6)
    assert (y + 1, 1 + y, y - x, 2 * y, y // 4, 13 % y, -y, y**2, y < 7, 7 > y, [0] * 2 + [y]) == (
        7, 7, 0, 12, 1, 1, -6, 36, True, True, [0, 0, 6]
    )
    assert f"{x:>3}" == "  6" and str(x) == "6" and int(x) == 6 and "abcdefgh"[x] == "g" and {x: 1}[6] == 1
    items = newvar()
    bind(items, ["a", x, "c"])
    assert len(items) == 3 and list(items) == ["a", 6, "c"] and "c" in items and items[1] == 6
    items.value.append("d")
    assert len(items) == 3


def test_domains():
    x, y = newvar(domain=[1, 2, 3]), newvar(domain=range(2, 5))
    unify(x, y)
    assert domain_of(x) == domain_of(y) == (2, 3)
    unify(x, newvar(domain=[3, 4]))
    assert x == y == 3
    x, y = newvar("x", domain=[1, 2, 3]), newvar(domain=[5, 6])
    assert show(x) == "x{1, 2, 3}" and domain_of(newvar()) is None
    for other in (y, 42, "1", True):
        with pytest.raises(errors.UnificationError):
            unify(x, other)
    with pytest.raises(errors.UnificationError):
        bind(newvar(domain=[1, 2, 4]), 42)
    with pytest.raises(errors.StoreError) as caught:
        newvar(domain=[])
    assert caught.value.kind == "empty_domain"
    pair = newvar(domain=[("a", 1), ("b", 2), ("b", 3)])
    left, right = newvar(), newvar()
    unify(pair, (left, right))
    bind(left, "b")
    assert is_free(right) and domain_of(pair) == (("b", 2), ("b", 3))
    assert entailed(right, 5) in (False, None)
    floats = newvar(domain=FiniteDomain([0.5, 1.5]))
    bind(floats, 1.5)
    assert floats.value == 1.5


def test_stores_are_apart():
    x = newvar()
    with Store() as store:
        y = newvar()
        assert y.store is store and x.store is not store
        with Store():
            assert newvar().store is not store
        assert newvar().store is store
    assert newvar().store is x.store
    for call in (lambda: unify(x, y), lambda: unify([x], (y,)), lambda: bind(x, [y]), lambda: entailed(x, y)):
        with pytest.raises(errors.StoreError) as caught:
            call()
        assert caught.value.kind == "unknown"
    assert not alias_of(x, y) and is_free(x) and is_free(y)


def test_large_terms_need_no_stack():
    deep, other, end = None, None, newvar()
    for _ in range(100_000):
        deep, other = (1, deep), (1, other)
    x = newvar()
    unify(x, deep)
    unify(x, other)
    shared = end
    for _ in range(200):
        shared = [shared, shared]
    y = newvar()
    unify(y, shared)
    bind(end, 1)
    assert show(y)
    z = newvar(domain=[deep, other, 3])
    assert len(domain_of(z)) == 2 and domain_of(z)[1] == 3
    bind(z, deep)
    assert value(z)[0] == 1


def test_against_a_naive_model():
    """Triangular substitutions with an occurs check; terms that would be infinite are left out."""

    class Infinite(Exception):
        pass

    def walk(term, known):
        while isinstance(term, str) and term in known:
            term = known[term]
        return term

    def occurs(name, term, known):
        term = walk(term, known)
        return term == name or (isinstance(term, tuple) and any(occurs(name, part, known) for part in term))

    def solve(a, b, known):
        a, b = walk(a, known), walk(b, known)
        if a == b and type(a) is type(b):
            return True
        if not isinstance(a, str):
            a, b = b, a
        if isinstance(a, str):
            if occurs(a, b, known):
                raise Infinite
            known[a] = b
            return True
        if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            return all(solve(x, y, known) for x, y in zip(a, b))
        return False

    def resolve(term, known):
        term = walk(term, known)
        return tuple(resolve(part, known) for part in term) if isinstance(term, tuple) else term

    rng = random.Random(5)

    def draw(depth):
        kind = rng.random()
        if depth and kind < 0.4:
            return tuple(draw(depth - 1) for _ in range(rng.choice((1, 2, 2, 3))))
        return rng.choice("ABCDE") if kind < 0.8 else rng.randrange(3)

    def build(term, variables):
        if isinstance(term, tuple):
            return tuple(build(part, variables) for part in term)
        return variables[term] if isinstance(term, str) else term

    outcomes = {True: 0, False: 0}
    for _ in range(2000):
        variables = {name: newvar(name) for name in "ABCDE"}
        known = {}
        for _ in range(rng.randrange(1, 5)):
            left, right = draw(3), draw(3)
            trial = dict(known)
            try:
                expected = solve(left, right, trial)
            except Infinite:
                break
            try:
                unify(build(left, variables), build(right, variables))
                found = True
            except errors.UnificationError:
                found = False
            assert found == expected, (left, right, known)
            outcomes[found] += 1
            known = trial if expected else known
            for a in "ABCDE":
                end = resolve(a, known)
                assert is_free(variables[a]) == isinstance(end, str)
                if isinstance(end, str):
                    assert all(alias_of(variables[a], variables[b]) == (walk(b, known) == end) for b in "ABCDE")
                else:
                    assert entailed(variables[a], build(end, variables)) is True
    assert min(outcomes.values()) > 300, outcomes


def test_threads_share_a_store():
    variables = [newvar() for _ in range(200)]
    bound, refused = [], []

    def work(number):
        for variable in variables:
            try:
                bind(variable, number)
                bound.append(number)
            except errors.RebindingError:
                refused.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bound) == 200 and len(refused) == 600


def test_nothing_stays_behind():
    class Thing:
        def __eq__(self, other):
            return self is other

        __hash__ = object.__hash__

    thing = Thing()
    gone = weakref.ref(thing)
    with Store() as store:
        x = newvar()
        bind(x, [thing])
        thing.store = store  # a circle
        assert x[0] is thing
    store_gone = weakref.ref(store)
    del store, x, thing
    gc.collect()
    assert gone() is None and store_gone() is None
    from pyprior_rs import _objects

    before = len(_objects._by_name), len(_objects._by_hash)
    for number in range(1000):
        with Store():
            bind(newvar(), (number + 0.5, object()))
    gc.collect()
    assert (len(_objects._by_name), len(_objects._by_hash)) == before


Item = TypeVar("Item")


class Apart(Exception):
    pass


class Slotted:
    __slots__ = ("a",)


class Both(Slotted):
    def __init__(self, a):
        self.a = a


class File(io.StringIO):
    pass


@dataclass(frozen=True)
class Plain:
    a: object


class More(Plain):
    def __init__(self, a, b):
        super().__init__(a)
        object.__setattr__(self, "b", b)


@dataclass(frozen=True)
class Unset:
    a: int = field(init=False)


@dataclass(frozen=True, eq=False)
class UnsetAndAlone:
    a: int = field(init=False)


@pytest.mark.parametrize(
    "one, other",
    [
        (Apart("a"), Apart("b")),
        (Both(1), Both(2)),
        (File("a"), File("b")),
        (UnsetAndAlone(), UnsetAndAlone()),
    ],
)
def test_what_is_more_than_its_parts_is_a_constant(one, other):
    assert entailed(one, one) is True and entailed(one, other) is False
    with pytest.raises(errors.UnificationError):
        unify(one, other)
    x = newvar()
    bind(x, [one])
    assert x.value[0] is one and value([one])[0] is one


def test_dataclasses_with_more_or_less_than_their_fields():
    # Its ``==`` looks at the field alone.
    x = newvar()
    bind(x, More(1, 2))
    assert x.value.b == 2
    with pytest.raises(TypeError, match="unhashable"):
        unify(Unset(), Unset())

    @dataclass(frozen=True)
    class InSlots:
        __slots__ = ("a",)
        a: object

    y = newvar()
    unify(InSlots(y), InSlots(3))
    assert y == 3 and value(InSlots(y)) == InSlots(3)

    @dataclass
    class Typed(Generic[Item]):
        a: object

    z = newvar()
    unify(Typed[int](z), Typed[int](4))
    assert z == 4
    # All fields count.
    class_ = dataclass(type("Quiet", (), {"__annotations__": {"a": int, "b": int}, "b": field(compare=False, default=0)}))
    assert class_(1, 2) == class_(1, 3) and entailed(class_(1, 2), class_(1, 3)) is False


def test_attributes_of_odd_names():
    class Bag:
        shown = property(lambda self: "shown")

    for name in (1, "\ud800"):
        one, other = Bag(), Bag()
        one.__dict__[name] = other.__dict__[name] = 2
        one.__dict__["a"] = 3
        assert entailed(one, one) is True and entailed(one, other) is False
        assert value([one])[0] is one
    one = Bag()
    one.__dict__["shown"] = "held"
    assert vars(value([one])[0]) == {"shown": "held"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("module", ["pyprior_rs._objects", "pyprior_rs.logic._variables"])
def test_a_fork_while_another_thread_holds_a_lock(module):
    lock = importlib.import_module(module)._lock
    held, done = threading.Event(), threading.Event()

    def hold():
        with lock:
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    child = os.fork()
    if child == 0:
        # Ends it if it waits for what nobody gives.
        signal.alarm(10)
        try:
            bind(newvar(), 1.5)
            os._exit(0)
        finally:
            os._exit(1)
    done.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


def test_names_of_constants_that_look_the_same(monkeypatch):
    from pyprior_rs import _objects

    looked = []

    class Counting(weakref.WeakValueDictionary):
        def __contains__(self, name):
            looked.append(name)
            return super().__contains__(name)

    class Alike:
        def __hash__(self):
            return id(self)

        def __eq__(self, other):
            return self is other

        def __repr__(self):
            return "alike"

    monkeypatch.setattr(_objects, "_by_name", Counting(_objects._by_name))
    kept = [_objects.named(Alike()) for _ in range(500)]
    assert [one.name for one in kept] == ["alike", *(f"alike#{number}" for number in range(2, 501))]
    assert len(looked) < 1100
    assert all(_objects.again(one.name, {}) is one.value for one in kept)
    # Where one is the text of another.
    monkeypatch.setattr(Alike, "__repr__", lambda self: "alike#501")
    kept.append(_objects.named(Alike()))
    monkeypatch.undo()


def test_threads_make_one_shared_store(monkeypatch):
    from pyprior_rs.logic import _variables

    def slow():
        time.sleep(0.05)
        return Store()

    monkeypatch.setattr(_variables, "_shared", lambda: None)
    monkeypatch.setattr(_variables, "Store", slow)
    made, start = [], threading.Barrier(4)

    def work():
        start.wait()
        made.append(newvar())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4 and len({id(variable.store) for variable in made}) == 1


def test_a_store_is_found_by_the_keys_of_a_dict():
    with Store():
        x = newvar()
        bind(x, 5)
    with Store():
        unify({x: 1}, {5: 1})
        assert entailed({5: [1]}, {x: [1]}) is True


def test_blocks_of_stores_end_in_any_order():
    one, two = Store(), Store()
    before = newvar()
    one.__enter__(), two.__enter__(), one.__enter__()
    one.__exit__()
    assert newvar().store is two
    one.__exit__()
    assert newvar().store is two
    one.__exit__()
    assert newvar().store is two
    two.__exit__()
    assert newvar().store is before.store


def bound(value):
    x = newvar()
    bind(x, value)
    return x


def test_constants_come_out_as_they_went_in():
    # Whatever equal constants there are in other stores, and in domains of problems.
    one, other = Decimal("1.00"), Decimal("1.0")
    kept = []
    for constants in ((one, other), (0.0, -0.0)):
        for constant in constants:
            with Store() as store:
                kept.append((store, bound(constant), constant, FiniteDomain([other, 0.0])))
                kept.append((store, newvar(domain=[constant, 7]), constant, None))
    for store, x, constant, _ in kept:
        if is_free(x):
            assert repr(domain_of(x)[0]) == repr(constant)
        else:
            assert repr(x.value) == repr(constant) and repr(value([x])) == repr([constant])
        unify(x, constant)
        assert x.value is constant
    # Of one store the first comes out.
    with Store():
        x, y = bound(one), bound({other: other})
        unify(x, y[other])
        assert x.value is one and y[other] is one and next(iter(y.value)) is one
        assert value([other]) == [one] and value([Decimal("3.0")])[0].as_tuple().exponent == -1
    # Undone, it is not there any more.
    with Store():
        with pytest.raises(KeyError), transaction():
            bound(one)
            raise KeyError
        assert bound(other).value is other


def test_marks_that_are_closed_undo_no_names():
    with Store() as store:
        outer = store.mark()
        inner = store.mark()
        assert store.undo_to(outer)
        x = bound(Decimal("31.50"))
        assert not store.undo_to(inner)
        assert len(store) == 1 and str(x.value) == "31.50"
        bind(newvar(), Decimal("31.5"))
        assert str(x.value) == "31.50"


def test_what_becomes_plain():
    class Word(str):
        pass

    class Number(int):
        pass

    Pair = namedtuple("Pair", "a b")
    given = [Word("a"), Number(3), Pair(1, 2), OrderedDict(a=1), defaultdict(int, a=1), True]
    assert [type(bound(each).value) for each in given] == [str, int, tuple, dict, dict, bool]
    np = pytest.importorskip("numpy")
    truths = [bound(np.bool_(truth)) for truth in (True, False)]
    assert [x.value for x in truths] == [True, False] and type(truths[0].value) is bool
    unify(np.bool_(True), True)
    with pytest.raises(errors.UnificationError):
        unify(np.bool_(True), 1)


def test_stores_count_variables_that_were_made():
    with Store() as store:
        x, y = newvar(), newvar("Y", domain=[1, 2])
        unify([x, 7], [[1, 2, y], 7])
        assert len(store) == 2
        with pytest.raises(KeyError), transaction():
            newvar(domain=[3])
            assert len(store) == 3
            raise KeyError
        assert len(store) == 2
        with pytest.raises(errors.StoreError):
            newvar(domain=[])
        assert len(store) == 2


def test_variables_of_two_stores_are_named():
    with Store():
        x = newvar()
    with Store():
        y = newvar()
    for call in (lambda: unify(x, y), lambda: unify([x], [y]), lambda: bind(y, [x])):
        with pytest.raises(errors.StoreError, match="of another store") as caught:
            call()
        assert caught.value.kind == "unknown"


def test_all_that_numbers_can_do():
    x, y, f = bound(17), bound(5), bound(2.7)
    assert divmod(x, 5) == divmod(x, y) == divmod(17, y) == (3, 2)
    assert (round(f), round(f, 1), round(f, bound(0)), math.trunc(f), math.floor(f), math.ceil(f)) == (3, 2.7, 3.0, 2, 2, 3)
    assert type(round(f)) is int and type(round(f, bound(0))) is float
    assert pow(x, 2, 10) == pow(x, bound(2), bound(10)) == 9 and x**2 == 289 and 2**y == 32
    assert (-x, +x, abs(-x), ~x, x & 1, x | 2, x ^ 1, x << 1, x >> 1) == (-17, 17, 17, -18, 1, 19, 16, 34, 8)
    assert (x / 2, x // y, x % y, 40 / y, 42 // y, 42 % y, 1 << y, 100 >> y, 6 & y, 2 | y, 1 ^ y) == (
        8.5, 3, 2, 8.0, 8, 2, 32, 3, 4, 7, 4)
    with pytest.raises(errors.FreeVariableError):
        divmod(newvar(), 2)


def test_variables_are_not_copied():
    x = bound([1])
    assert copy.copy(x) is x
    for call in (copy.deepcopy, pickle.dumps, lambda x: copy.deepcopy([x])):
        with pytest.raises(TypeError, match="logic variable"):
            call(x)


def test_terms_that_contain_themselves_compare():
    def cyclic(*items):
        x = newvar()
        bind(x, [x, *items, x])
        return x

    x, y, z, free = cyclic(1), cyclic(1), cyclic(2), cyclic(newvar())
    assert x == y and not x != y and x == y.value
    assert x != z and not x == z
    with pytest.raises((RecursionError, errors.FreeVariableError)):
        x == free
    deep, other = [], []
    for _ in range(100_000):
        deep, other = [deep], [other]
    assert bound(deep) == bound(other)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_while_another_thread_unifies():
    large, over = list(range(100_000)), False
    x = newvar()
    bind(x, large)

    def work():
        while not over:
            unify(x, large)

    thread = threading.Thread(target=work)
    thread.start()
    ends = []
    try:
        for _ in range(20):
            time.sleep(0.003)
            child = os.fork()
            if child == 0:
                signal.alarm(30)
                code = 1
                try:
                    try:
                        assert not is_free(x)
                    except errors.StoreError as error:
                        assert error.kind == "forked"
                    y = newvar()
                    bind(y, 3)
                    code = 0 if y == 3 else 2
                finally:
                    os._exit(code)
            ends.append(os.waitpid(child, 0)[1])
    finally:
        over = True
        thread.join()
    assert ends == [0] * 20


TYPED = """
from pyprior_rs.logic import Var, newvar
from pyprior_rs import _engine

def use(x: Var, rows: _engine.Rows) -> None:
    print(x / 2, x // 2, x % 2, x ** 2, x & 1, x | 1, x ^ 1, x << 1, x >> 1, ~x, -x, +x, abs(x), round(x), x < 2, divmod(x, 2))
    print(2 / x, 2 // x, 2 % x, 2 ** x, 2 & x, 2 - x, 2 + x, 2 * x, x + 2, x - 2, x * x, pow(x, 2, 3), x[0], x(1), len(x))
    for row in rows:
        print(row["source"])

use(newvar(), None)
"""


def test_types_of_programs_that_use_variables(tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=600)
    told = found.stdout.strip().splitlines()
    # The one error that it is to have: so types are looked at.
    assert len(told) == 2 and "program.py:11" in told[0] and "Argument 2" in told[0], found.stdout + found.stderr
