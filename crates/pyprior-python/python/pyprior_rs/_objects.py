"""Names for objects that the solver and the store of logic variables know nothing of.

They take such an object for a constant, equal to what is of its type and ``==``. It goes by a name, as long as somebody
holds what ``named`` gave; a name that is free again may come to stand for another object.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from types import MemberDescriptorType
from typing import Any, Sequence
from weakref import WeakValueDictionary, ref

#: Longer texts are cut.
_TEXT = 60
#: Bit of ``type.__flags__``: made by a class statement.
_HEAP_TYPE = 1 << 9


class _Text:
    """What names begin with, and the last number behind it: lives as long as one of these names."""

    __slots__ = ("__weakref__", "last")

    def __init__(self) -> None:
        self.last = 1


class Named:
    """An object, or a type whose objects have parts, and its name."""

    __slots__ = ("__weakref__", "_text", "is_type", "name", "value")

    def __init__(self, value: Any, name: str, is_type: bool, text: _Text) -> None:
        self.value, self.name, self.is_type, self._text = value, name, is_type, text


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
_texts: WeakValueDictionary[str, _Text] = WeakValueDictionary()


def _after_fork() -> None:
    # A thread that held the lock is not there to give it back.
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _forget(reference: ref[Named]) -> None:
    assert isinstance(reference, _Reference)
    with _lock:
        left = tuple(other for other in _by_hash.get(reference.key, ()) if other is not reference)
        if left:
            _by_hash[reference.key] = left
        else:
            _by_hash.pop(reference.key, None)


def _known(value: Any, is_type: bool) -> Named:
    try:
        key = (is_type, id(type(value)), hash(value))
    except AttributeError as error:
        # A frozen dataclass without one of its fields.
        raise TypeError(f"unhashable: {error}") from error
    with _lock:
        for reference in _by_hash.get(key, ()):
            found = reference()
            if found is not None and (found.value is value or found.value == value):
                return found
        made = Named(value, *_free_name(value, is_type))
        reference = _Reference(made, _forget)
        reference.key = key
        _by_hash[key] = (*_by_hash.get(key, ()), reference)
        _by_name[made.name] = made
        return made


def _free_name(value: Any, is_type: bool) -> tuple[str, bool, _Text]:
    if is_type:
        text = value.__qualname__.rpartition(".<locals>.")[2]
    else:
        try:
            text = repr(value)
        except Exception:
            text = f"<{type(value).__name__}>"
    text = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    known = _texts.get(text)
    if known is None:
        known = _texts[text] = _Text()
    name = text
    # Seldom more than once: only where this is a text of its own.
    while name in _by_name:
        known.last += 1
        name = f"{text}#{known.last}"
    return name, is_type, known


def named(value: Any) -> Named:
    """The name of an object. Raises TypeError if it cannot be hashed."""
    return _known(value, False)


def _slots(cls: type) -> set[str]:
    """The attributes that objects of a class hold outside of their ``__dict__``."""
    slotted = [vars(base) for base in cls.__mro__ if "__slots__" in vars(base)]
    # By what came of ``__slots__``: it may be an iterator, and has names as they are written.
    return {name for base in slotted for name, at in base.items() if isinstance(at, MemberDescriptorType)}


def structure(value: Any) -> tuple[Named, list[str], list[Any]] | None:
    """The type of an object, and names and values of its parts: those of a dataclass are its fields, also those that it does not
    compare; those of an object whose class does not say what is equal are its attributes.

    None for anything else, and for what holds more than its parts show, or could not be made anew from them.
    """
    cls = type(value)
    # What has a ``__new__`` of its own may hold anything: exceptions, files.
    if cls.__new__ is not object.__new__:
        return None
    has_attributes, slots = hasattr(value, "__dict__"), _slots(cls)
    attributes = dict(vars(value)) if has_attributes else {}
    if dataclasses.is_dataclass(cls):
        names = [field.name for field in dataclasses.fields(cls)]
        # Of a generic one, typing's note of what it is of, which no comparison looks at, is no part.
        held = attributes.keys() - {"__orig_class__"} | slots
        if not held <= set(names) or not (has_attributes or set(names) <= slots):
            return None
        # A default may stand in the class alone.
        parts = [getattr(value, name, dataclasses.MISSING) for name in names]
        if any(part is dataclasses.MISSING for part in parts):
            return None
    elif cls.__eq__ is object.__eq__ and cls.__flags__ & _HEAP_TYPE and has_attributes and not slots:
        if not all(isinstance(name, str) for name in attributes):
            return None
        names = sorted(attributes)
        parts = [attributes[name] for name in names]
    else:
        return None
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        # The engine's names are UTF-8.
        return None
    return _known(cls, True), names, parts


def again(name: str, parts: dict[str, Any]) -> Any:
    """The object of a name: itself; or a new one of a type, with these parts, made without its ``__init__``."""
    found = _by_name[name]
    if not found.is_type:
        return found.value
    made, slots = object.__new__(found.value), _slots(found.value)
    for part, value in parts.items():
        if part in slots:
            object.__setattr__(made, part, value)
        else:
            # Past properties of the same name.
            vars(made)[part] = value
    return made


__all__: Sequence[str] = ["Named", "again", "named", "structure"]
