"""Logic variables: single assignment, aliases, unification, transactions."""

from __future__ import annotations

import math
import operator
import os
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Callable, Iterable, Iterator
from weakref import ref

from .. import _engine
from ..errors import FreeVariableError, PyPriorError


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Var) else x


def _unary(function: Callable[[Any], Any]) -> Callable[[Var], Any]:
    return lambda self: function(self.value)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Var, Any], Any]:
    return lambda self, other: function(self.value, _plain(other))


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Var, Any], Any]:
    return lambda self, other: function(_plain(other), self.value)


#: Whether a comparison of variables is under way in this thread.
_comparing = threading.local()


class Var:
    """A logic variable: free, or bound to a value for good. Made by ``newvar``.

    A bound one is used like its value: it compares, adds up, is called and iterated over as that. What needs the value of
    a free one raises FreeVariableError, since nobody else could bind it meanwhile; but two that are aliases are equal.

    ``value`` is what it is bound to. Parts of it that are free are variables. Tuples, lists and dicts are new ones at each
    reading: changing them changes nothing else. They are plain ones, also where a named tuple or an OrderedDict was given, and
    integers and texts are ``int`` and ``str``; of constants that are equal the first that its store met is read.

    It can be copied (``copy.copy``: the same variable), but not copied deeply or pickled.
    """

    __slots__ = ("__weakref__", "_number", "_store")

    def __init__(self, store: Store, number: int) -> None:
        self._store, self._number = store, number

    @property
    def value(self) -> Any:
        """What it is bound to. Raises FreeVariableError."""
        return self._store._read(self._number)

    @property
    def store(self) -> Store:
        """The store that it is of."""
        return self._store

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._store._name(self._number)

    def __repr__(self) -> str:
        return self._store._show(self)

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Var):
            if alias_of(self, other):
                return True
            other = other.value
        own = self.value
        if getattr(_comparing, "is_on", False):
            return own == other
        _comparing.is_on = True
        try:
            return own == other
        except RecursionError:
            # Python's way does not end for terms that contain themselves, and needs stack for deep ones.
            known = entailed(own, other)
            if known is None:
                raise
            return known
        finally:
            _comparing.is_on = False

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __contains__(self, item: object) -> bool:
        return item in self.value

    def __getitem__(self, key: Any) -> Any:
        return self.value[_plain(key)]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.value(*args, **kwargs)

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        return pow(self.value, _plain(other), _plain(modulus))

    def __rpow__(self, other: Any, modulus: Any = None) -> Any:
        return pow(_plain(other), self.value, _plain(modulus))

    def __round__(self, digits: Any = None) -> Any:
        return round(self.value) if digits is None else round(self.value, _plain(digits))

    __neg__ = _unary(operator.neg)
    __pos__ = _unary(operator.pos)
    __abs__ = _unary(operator.abs)
    __invert__ = _unary(operator.invert)
    __trunc__ = _unary(math.trunc)
    __floor__ = _unary(math.floor)
    __ceil__ = _unary(math.ceil)
    __lt__ = _binary(operator.lt)
    __le__ = _binary(operator.le)
    __gt__ = _binary(operator.gt)
    __ge__ = _binary(operator.ge)
    __add__, __radd__ = _binary(operator.add), _reflected(operator.add)
    __sub__, __rsub__ = _binary(operator.sub), _reflected(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul), _reflected(operator.mul)
    __truediv__, __rtruediv__ = _binary(operator.truediv), _reflected(operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv), _reflected(operator.floordiv)
    __mod__, __rmod__ = _binary(operator.mod), _reflected(operator.mod)
    __divmod__, __rdivmod__ = _binary(divmod), _reflected(divmod)
    __and__, __rand__ = _binary(operator.and_), _reflected(operator.and_)
    __or__, __ror__ = _binary(operator.or_), _reflected(operator.or_)
    __xor__, __rxor__ = _binary(operator.xor), _reflected(operator.xor)
    __lshift__, __rlshift__ = _binary(operator.lshift), _reflected(operator.lshift)
    __rshift__, __rrshift__ = _binary(operator.rshift), _reflected(operator.rshift)

    def __copy__(self) -> Var:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "a logic variable cannot be pickled or copied deeply: what it is bound to is in its store, which cannot; "
            "value(x) is that without variables"
        )


class Store(_engine.Store):
    """Variables, and all that is known of them. Variables of two stores have nothing to do with each other.

    ``newvar`` makes variables in the store of a ``with`` block around it::

        with Store():
            x = newvar()

    else in one that all others share. ``len`` is the number of variables that ``newvar`` made and no undo has taken back. A store takes 32 bytes a variable and gives them back when nobody has it or one of its
    variables any more, or by an undo.
    """

    def _variable(self, number: int) -> Var:
        return Var(self, number)

    def newvar(self, name: str | None = None, *, domain: Iterable[Any] | None = None) -> Var:
        """A free variable, which messages call by its name; with a domain, one that takes a value of it."""
        if domain is None:
            return Var(self, self._newvar(name))
        with self.transaction():
            number = self._newvar(name)
            self._constrain(number, domain)
        return Var(self, number)

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """All of a block or nothing of it: if it raises, everything in the store is as it was before. Transactions nest."""
        mark = self.mark()
        try:
            yield self
        except BaseException:
            self.undo_to(mark)
            raise
        self.commit(mark)

    def __enter__(self) -> Store:
        _stack.set((*_stack.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        # Blocks need not end in the order in which they began: those of generators.
        stack = _stack.get()
        for at in reversed(range(len(stack))):
            if stack[at] is self:
                _stack.set(stack[:at] + stack[at + 1 :])
                return


#: Stores of ``with`` blocks, the innermost last.
_stack: ContextVar[tuple[Store, ...]] = ContextVar("stores", default=())
#: The store of all others, as long as there is a variable of it.
_shared: Callable[[], Store | None] = lambda: None
# Reentrant: making a store may run finalizers, and these anything.
_lock = threading.RLock()


def _after_fork() -> None:
    # A thread that held the lock is not there to give it back.
    global _lock, _shared
    _lock = threading.RLock()
    store = _shared()
    if store is not None and not store._usable():
        _shared = lambda: None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _current() -> Store:
    global _shared
    stack = _stack.get()
    if stack:
        return stack[-1]
    with _lock:
        store = _shared()
        if store is None:
            store = Store()
            _shared = ref(store)
        return store


def _store_of(*terms: Any) -> Store:
    """The store of the first variable in terms; without one, any store does."""
    seen: set[int] = set()
    # Held, so that no address is used again.
    held: list[Any] = []
    left = list(reversed(terms))
    while left:
        term = left.pop()
        if isinstance(term, Var):
            return term._store
        if isinstance(term, (tuple, list, dict)):
            parts = [*term, *term.values()] if isinstance(term, dict) else list(term)
        elif isinstance(term, (type(None), bool, int, str, float)):
            continue
        else:
            found = _engine_structure(term)
            if found is None:
                continue
            parts = found[2]
        if id(term) not in seen:
            seen.add(id(term))
            held.append((term, parts))
            left.extend(reversed(parts))
    return _current()


def _engine_structure(term: Any) -> Any:
    from .._objects import structure

    return structure(term)


def newvar(name: str | None = None, *, domain: Iterable[Any] | None = None) -> Var:
    """A free variable, which messages call by its name; with a domain, one that takes a value of it.

    Domains of variables that are made one are intersected; one value left is a binding. Raises StoreError for a domain without
    values.
    """
    return _current().newvar(name, domain=domain)


def is_free(x: Any) -> bool:
    """Whether it is a variable without a value. Of a value: False."""
    return isinstance(x, Var) and x._store._is_free(x._number)


def is_bound(x: Any) -> bool:
    """Whether it is a value, or a variable with one."""
    return not is_free(x)


def alias_of(x: Any, y: Any) -> bool:
    """Whether both are variables that were made one, directly or not; a variable is an alias of itself. What was bound by then
    has a value and becomes none's alias."""
    if not (isinstance(x, Var) and isinstance(y, Var) and x._store is y._store):
        return False
    return x._store._alias_of(x._number, y._number)


def bind(x: Var, value: Any) -> None:
    """Binds a variable and nothing else; to an equal value again: nothing. To a variable it is ``unify``.

    Raises RebindingError if it has another value; UnificationError if the value is not in its domain, or both are bound
    variables that differ.
    """
    if not isinstance(x, Var):
        raise TypeError(f"a variable is bound, not {type(x).__name__}")
    x._store._bind(x._number, value)


def unify(left: Any, right: Any) -> None:
    """Makes two terms equal, binding and aliasing free variables as needed. Raises UnificationError, with both sides.

    Terms are None, truth values, integers, text, tuples, lists, dicts, dataclasses (all fields, also those with
    ``compare=False``), objects whose class does not define ``__eq__`` (they unify attribute by attribute), other objects that can
    be hashed (constants), and variables. They may contain themselves. Kinds do not mix: ``True`` is not 1, a list is no tuple.
    Dicts unify when they have the same keys. Objects that hold more than their fields or attributes, such as exceptions and
    files, are constants.
    """
    _store_of(left, right)._unify(left, right)


def entailed(left: Any, right: Any) -> bool | None:
    """Whether two terms are equal whatever their free variables become (True), differ whatever (False), or neither (None).
    Changes nothing."""
    return _store_of(left, right)._entailed(left, right)


def value(term: Any) -> Any:
    """The term with all of its variables replaced by what they are bound to. Raises FreeVariableError at the first that is
    free, StoreError if it contains itself."""
    return _store_of(term)._value(term)


def show(term: Any) -> str:
    """A term in short: free variables by their names, with their domains. A part that contains itself is named where it
    begins: ``r1=(0, r1)``."""
    return _store_of(term)._show(term)


def domain_of(x: Var) -> tuple[Any, ...] | None:
    """The values that a variable may have, in order; None if it was given no domain."""
    if not isinstance(x, Var):
        raise TypeError(f"a variable has a domain, not {type(x).__name__}")
    return x._store._domain(x._number)


@contextmanager
def transaction(store: Store | None = None) -> Iterator[Store]:
    """All of a block or nothing of it: if it raises, the store, that of ``newvar`` if none is given, is as it was before."""
    with (_current() if store is None else store).transaction() as same:
        yield same


__all__ = [
    "FreeVariableError",
    "PyPriorError",
    "Store",
    "Var",
    "alias_of",
    "bind",
    "domain_of",
    "entailed",
    "is_bound",
    "is_free",
    "newvar",
    "show",
    "transaction",
    "unify",
    "value",
]
