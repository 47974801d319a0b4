"""Problems and their solutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

from .. import _engine
from .._engine import Repository
from ..errors import ProblemError

#: Names of variables and their values.
Solution = dict[str, Any]


class Found(list[Solution]):
    """The solutions that a search found: a list of dicts, in the order in which they were found."""

    #: The limit that ended the search before it was through: ``"nodes"``, ``"time"``, ``"solutions"``. None: these are all.
    stopped: str | None = None
    #: Choices that the search made, and times that it had to go back.
    nodes: int = 0
    failures: int = 0
    #: What a problem's ``minimise`` or ``maximise`` is at the one solution; None without.
    best: int | None = None


@dataclass(frozen=True)
class Best:
    """A solution, the objective's value there, and the limit that came before it was proved that none is better, or None.

    ``nodes`` and ``failures``: choices that the search made, and times that it had to go back.
    """

    solution: Solution
    value: int
    stopped: str | None = None
    nodes: int = 0
    failures: int = 0


class Solver(_engine.Solver):
    """Looks for solutions, depth first; complete, and free of duplicates, with every strategy.

    ``variables``: which is decided next, ``"weighted_degree"`` (dom/wdeg), ``"smallest_domain"``, ``"input"`` (the first).
    ``values``: which is tried first, in the order of the domain, ``"least"``, ``"greatest"``, ``"median"``.
    ``distribution``: ``"enumerating"`` (one value, then the others), ``"dichotomic"`` (halves: first the one that has the value
    which ``values`` names; the median is the last of the lower half, so that ``"median"`` goes in the order of ``"least"``).

    Limits are on choices (``nodes``), seconds (``time``), ``solutions``; there are none by default, and a search may take for
    ever. ``parallel`` searches on all cores: the same solutions, which may come in another order. Functions are called on those
    threads then, where variables of the caller's context (``contextvars``, such as decimal's) have their defaults.

    Other threads of Python run while it searches, and signals are looked at: Ctrl-C ends it by KeyboardInterrupt. Where functions
    of Python take part, it gives other threads their turn every 0.4 ms. What a function raises ends the search, and comes
    to the caller as it is, unless relations over one variable rule out the values that it was called with.

    ``verbose`` is taken, as by logilab-constraint, and does nothing.
    """

    def solve(self, repository: Repository, verbose: int = 0) -> Found:
        """All solutions, or those up to a limit: ``stopped`` says which. Raises ProblemError."""
        solutions, stopped, nodes, failures = self._solve(repository)
        found = Found(solutions)
        found.stopped, found.nodes, found.failures = stopped, nodes, failures
        return found

    def solve_one(self, repository: Repository, verbose: int = 0) -> Solution | None:
        """The first solution; None if it is certain that there is none. Raises LimitError if a limit came before that."""
        return self._first(repository)

    def solve_all(self, repository: Repository, verbose: int = 0) -> Iterator[Solution]:
        """The solutions one after another, each looked for when it is asked for, on one thread. Raises ProblemError at once where
        that shows before the search; a limit on choices or time ends it by LimitError, one on solutions just ends it. Where a
        function raises StopIteration that is RuntimeError, as in generators."""
        return self._iter(repository)

    def count(self, repository: Repository) -> int:
        """Number of solutions, up to a limit on solutions. Raises LimitError at one on choices or time."""
        return self._count(repository)

    def minimise(self, repository: Repository, objective: str) -> Best | None:
        """A solution at which an expression over names of variables is least; None if there is no solution.

        Raises LimitError if a limit came before any solution; after one, ``stopped`` says so. Raises ExpressionError,
        ProblemError.
        """
        return self._best(repository, objective, False)

    def maximise(self, repository: Repository, objective: str) -> Best | None:
        """As ``minimise``, but greatest."""
        return self._best(repository, objective, True)

    def _best(self, repository: Repository, objective: str, maximise: bool) -> Best | None:
        best = self._optimise(repository, objective, maximise)
        return None if best is None else Best(*best)


def solve_problem(text: str, solver: Solver | None = None) -> Found:
    """The solutions of a problem in the text form of ``pyprior solve``; of one with ``minimise`` or ``maximise`` its best, and
    ``best`` is the objective there. Raises ProblemError with ``line`` and ``column``, LimitError.
    """
    problem, solver = Repository.parse(text), solver or Solver()
    goal, objective = problem._goal
    if objective is None:
        return solver.solve(problem)
    best = solver._best(problem, objective, goal == "maximise")
    found = Found() if best is None else Found([best.solution])
    if best is not None:
        found.best, found.stopped, found.nodes, found.failures = best.value, best.stopped, best.nodes, best.failures
    return found


__all__ = ["Best", "Found", "ProblemError", "Repository", "Solution", "Solver", "solve_problem"]
