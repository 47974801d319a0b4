"""Names for objects that the solver and the store of logic variables know nothing of.

They take such an object for a constant, equal to what is of its type and ``==``. It goes by a name, as long as somebody
holds what ``named`` gave; a name that is free again may come to stand for another object.
"""

from __future__ import annotations

import dataclasses
import threading
from enum import Enum
from typing import Any, Sequence
from weakref import WeakValueDictionary, ref

#: Longer texts are cut.
_TEXT = 60
#: Bit of ``type.__flags__``: made by a class statement.
_HEAP_TYPE = 1 << 9


class Named:
    """An object, or a type whose objects have parts, and its name."""

    __slots__ = ("__weakref__", "is_type", "name", "value")

    def __init__(self, value: Any, name: str, is_type: bool) -> None:
        self.value, self.name, self.is_type = value, name, is_type


class _Reference(ref[Named]):
    """A weak reference that knows where it is listed."""

    __slots__ = ("key",)
    key: tuple[bool, int, int]


# Comparing objects runs their code, which may come back here.
_lock = threading.RLock()
# By whether it is a type, address of its type, hash: nothing here holds an object, which may hold its name by a circle. The type
# lives, and so has its address, as long as the name does.
_by_hash: dict[tuple[bool, int, int], tuple[_Reference, ...]] = {}
_by_name: WeakValueDictionary[str, Named] = WeakValueDictionary()


def _forget(reference: ref[Named]) -> None:
    assert isinstance(reference, _Reference)
    with _lock:
        left = tuple(other for other in _by_hash.get(reference.key, ()) if other is not reference)
        if left:
            _by_hash[reference.key] = left
        else:
            _by_hash.pop(reference.key, None)


def _known(value: Any, is_type: bool) -> Named:
    key = (is_type, id(type(value)), hash(value))
    with _lock:
        for reference in _by_hash.get(key, ()):
            found = reference()
            if found is not None and (found.value is value or found.value == value):
                return found
        made = Named(value, _free_name(value, is_type), is_type)
        reference = _Reference(made, _forget)
        reference.key = key
        _by_hash[key] = (*_by_hash.get(key, ()), reference)
        _by_name[made.name] = made
        return made


def _free_name(value: Any, is_type: bool) -> str:
    if is_type:
        text = value.__qualname__.rpartition(".<locals>.")[2]
    else:
        try:
            text = repr(value)
        except Exception:
            text = f"<{type(value).__name__}>"
    text = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    name, number = text, 2
    while name in _by_name:
        name, number = f"{text}#{number}", number + 1
    return name


def named(value: Any) -> Named:
    """The name of an object. Raises TypeError if it cannot be hashed."""
    return _known(value, False)


def structure(value: Any) -> tuple[Named, list[str], list[Any]] | None:
    """The type of an object, and names and values of its parts: those of a dataclass are its fields, those of an object whose
    class does not say what is equal are its attributes. None for anything else."""
    cls = type(value)
    if isinstance(value, (type, Enum)):
        return None
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    elif cls.__eq__ is object.__eq__ and cls.__flags__ & _HEAP_TYPE and hasattr(value, "__dict__"):
        names = sorted(vars(value))
    else:
        return None
    return _known(cls, True), names, [getattr(value, name) for name in names]


def again(name: str, parts: dict[str, Any]) -> Any:
    """The object of a name: itself; or a new one of a type, with these parts, made without its ``__init__``."""
    found = _by_name[name]
    if not found.is_type:
        return found.value
    made = object.__new__(found.value)
    for part, value in parts.items():
        object.__setattr__(made, part, value)
    return made


__all__: Sequence[str] = ["Named", "again", "named", "structure"]
