"""Finite domains and the relations between variables: what problems are made of."""

from .._engine import AllDistinct, Constraint, FiniteDomain, linear, make_expression, table

__all__ = ["AllDistinct", "Constraint", "FiniteDomain", "linear", "make_expression", "table"]
