"""Logic variables and constraint problems.

Variables and unification, under the names of PyPy's logic object space::

    from pyprior_rs.logic import newvar, unify

    z, w = newvar(), newvar()
    unify({"a": 42, "b": z}, {"a": z, "b": w})
    assert z == w == 42

Problems over finite domains, under those of logilab-constraint and of PyPy's ``cslib``, whose programs run with only the import
changed::

    from pyprior_rs.logic import fd, Repository, Solver

    digits = fd.FiniteDomain(range(1, 10))
    pairs = Repository(("x", "y"), {"x": digits, "y": digits}, [fd.make_expression(("x", "y"), "x * y == 35")])
    assert Solver().solve(pairs) == [{"x": 5, "y": 7}, {"x": 7, "y": 5}]

What is refused raises an exception that is a ValueError (see ``pyprior_rs.errors``), and has then changed nothing.
"""

from . import fd
from ._solver import Best, Found, Repository, Solver, solve_problem
from ._variables import (
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
from .fd import AllDistinct, Constraint, FiniteDomain, linear, make_expression, table

__all__ = [
    "AllDistinct",
    "Best",
    "Constraint",
    "FiniteDomain",
    "Found",
    "Repository",
    "Solver",
    "Store",
    "Var",
    "alias_of",
    "bind",
    "domain_of",
    "entailed",
    "fd",
    "is_bound",
    "is_free",
    "linear",
    "make_expression",
    "newvar",
    "show",
    "solve_problem",
    "table",
    "transaction",
    "unify",
    "value",
]
