"""The syntax tree: values only. Variables and functions go by the names of their tokens, ``VAR_1`` and ``FUNC_1``.

What takes a tree raises TreeError where its nodes are no program, where it is more than 200 levels deep or has more than 2**20
nodes (one that stands in several places counts in each), and TypeError for what is none of these classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from . import _engine


@dataclass(frozen=True, slots=True)
class Var:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class IntLit:
    """An integer."""

    value: int


@dataclass(frozen=True, slots=True)
class BinOp:
    """An arithmetic operation; ``op`` is ``+``, ``-`` or ``*``."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison; ``op`` is ``<`` or ``==``."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function that is defined before."""

    func: str
    args: tuple[Expr, ...]


Expr = Union[Var, IntLit, BinOp, Compare, Call]


@dataclass(frozen=True, slots=True)
class Assign:
    """``name = value``"""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Print:
    """``print(value)``"""

    value: Expr


@dataclass(frozen=True, slots=True)
class Return:
    """``return value``"""

    value: Expr


@dataclass(frozen=True, slots=True)
class If:
    """``if test: body`` ``else: orelse``"""

    test: Compare
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True)
class For:
    """``for var in range(count): body``, or ``range(start, count)``"""

    var: str
    count: Expr
    body: Block
    start: Expr | None = None


@dataclass(frozen=True, slots=True)
class Func:
    """``def name(params): body``"""

    params: tuple[str, ...]
    body: Block
    name: str = "func"


Stmt = Union[Assign, Print, Return, If, For, Func]
Block = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A program."""

    body: Block


def render(node: Func | Module, *, comparison_values: str = "int") -> str:
    """Source of a module or function under its own names, those of functions in lower case, an empty line between a module's
    statements.

    ``comparison_values`` says how a comparison as a value is written: ``"int"``, ``int(a < b)``, or ``"bool"``,
    ``(a < b)`` as in 0.0.2. Constants may be any of 64 bits. Raises TreeError, also for names that Python would not take, TypeError for what is no node, and ConfigError
    for other ``comparison_values``.
    """
    return _engine.render(node, comparison_values)
