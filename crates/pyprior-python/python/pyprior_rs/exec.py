"""Running programs within exact limits. Every way to end is data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Sequence

from . import _engine
from .errors import SessionError, TreeError
from .nodes import Func, Module

#: Steps that stand for a second of ``timeout``, which 0.0.2 measured by the clock. By steps a run ends the same way
#: everywhere.
FUEL_PER_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended: ``ok``, the ``value`` of a call, what was printed, and the ``error`` that ended it early.

    ``steps`` is how much of the fuel it took; two that differ in nothing else are equal.
    """

    ok: bool
    value: Any = None
    stdout: str = ""
    error: str | None = None
    steps: int = field(default=0, compare=False)


def result(value: Any, stdout: str, steps: int, error: str | None) -> Result:
    """A Result of what the engine gives."""
    return Result(error is None, value, stdout, error, steps)


def _fuel(timeout: float | None, fuel: int | None) -> tuple[int, bool]:
    """Steps, and whether they stand for time."""
    if fuel is not None:
        return fuel, False
    if timeout is None or timeout == 0:
        return 2**63, True
    if not timeout > 0:
        raise ValueError(f"timeout is {timeout}; it must be above 0, or 0 or None for no limit")
    return int(min(timeout * FUEL_PER_SECOND, 2.0**63)), True


def run(
    program: str | Func | Module, inputs: Sequence[int] = (), *, timeout: float | None = 1.0, fuel: int | None = None
) -> Result:
    """Runs a program: source, a ``Module``, or a ``Func``, which is called with ``inputs`` and whose value is the result's.

    Source may write comparisons as values either way, ``int(a < b)`` or ``(a < b)``; it runs as under CPython. In nodes they
    are integers, and names may be any. Constants are of up to 64 bits. What is no program of the language, and everything else that
    goes wrong in a run, is in ``Result.error``; TypeError is raised for what is neither source nor nodes. Ctrl-C ends a long run.

    ``fuel`` bounds the steps: one for each statement, iteration and call. Without it, ``timeout`` is taken as
    ``FUEL_PER_SECOND`` steps a second, 0 and None as no limit, and the error of a run that comes to it is ``"timeout"``.
    """
    steps, timed = _fuel(timeout, fuel)
    return result(*_engine.run_source(program, inputs, steps, timed))


def run_batch(
    programs: Iterable[str | Func | Module],
    inputs: Iterable[Sequence[int]] | None = None,
    *,
    timeout: float | None = 1.0,
    workers: int = 1,
    fuel: int | None = None,
) -> list[Result]:
    """Runs each program as ``run`` does, without the interpreter; ``inputs[i]`` is for program i, if that is a ``Func``.

    ``workers`` is a number of threads, 0 for one a core. Raises BatchError unless there are as many inputs as programs.
    """
    if isinstance(programs, (str, bytes)):
        raise TypeError("programs are several: a list of sources, not one")
    each = None if inputs is None else list(inputs)
    steps, timed = _fuel(timeout, fuel)
    return [result(*end) for end in _engine.run_many(list(programs), each, steps, workers, timed)]


class Session:
    """A namespace that inputs fill one after the other, as at Python's prompt.

    ``profile`` says how comparisons as values are written and what they are, see ``Tokenizer``. Every input has the limits
    for itself.
    """

    def __init__(
        self,
        *,
        timeout: float | None = 1.0,
        builtins: None = None,
        profile: str = "sound",
        fuel: int | None = None,
    ) -> None:
        if builtins is not None:
            raise TypeError("programs have print, range and int, and nothing else")
        #: Limits of each input, as ``run`` has them; what they are set to holds from the next input on.
        self.timeout, self.fuel = timeout, fuel
        _fuel(timeout, fuel)
        self._comparison_values = "int" if profile == "sound" else "bool"
        self._session = _engine.Session(profile)

    def exec(self, program: str | Func | Module, *, call: str | None = None, inputs: Sequence[int] = ()) -> Result:
        """Runs an input: source, an expression, or nodes, under their own names. With ``call``, calls that function behind it.

        Nothing at all, ``""``, is an input too. What the language does not have is in ``Result.error``; then the session is what it was.
        """
        from .nodes import render

        try:
            source = program if isinstance(program, str) else render(program, comparison_values=self._comparison_values)
        except TreeError as error:
            if not isinstance(program, Module) or program.body:
                return Result(False, error=f"TreeError: {error}")
            source = ""
        try:
            return result(*self._session.exec(source, call, inputs, *_fuel(self.timeout, self.fuel)))
        except SessionError as error:
            return Result(False, error=f"SessionError: {error}")
        except UnicodeEncodeError as error:
            what = "source" if error.object == source else "name of what is called"
            return Result(False, error=f"SessionError: the {what} holds a lone surrogate")

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the namespace and their values."""
        return dict(self._session.variables())

    @property
    def functions(self) -> dict[str, tuple[str, ...]]:
        """The functions and the names of their parameters."""
        return dict(self._session.functions())
