"""What can be told of a program without running it.

``analyse`` is exact where the five others, which are those of 0.0.2 by its rules, are not: they know no order of statements.
Names are those of tokens.
"""

from __future__ import annotations

import json
from typing import Any

from . import _engine
from .nodes import Module


def analyse(mod: Module) -> dict[str, Any]:
    """Everything that the engine can tell: ``findings`` with their places and kinds, ``functions``, ``steps`` (a bound on
    those of a run, or None), numbers of tokens by form, depths. Raises TreeError."""
    return json.loads(_engine.analyse(mod))


def unused_funcs(mod: Module) -> list[str]:
    """Functions that no call names, wherever it stands."""
    return _engine.analysis_002(mod)[0]


def dead_stores(mod: Module) -> list[str]:
    """Targets, loop variables and parameters that their scope nowhere reads: scope after scope."""
    return _engine.analysis_002(mod)[1]


def returning_funcs(mod: Module) -> set[str]:
    """Functions that hold a ``return``."""
    return set(_engine.analysis_002(mod)[2])


def value_used(mod: Module) -> bool:
    """Whether the value of a call of such a function may reach a print, a return, a test, a loop count or an argument."""
    return _engine.analysis_002(mod)[3]


def dead_code(mod: Module) -> list[str]:
    """A line for each unused function, then one for each dead store."""
    return _engine.analysis_002(mod)[4]
