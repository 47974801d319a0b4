"""Rows that follow what somebody else's loop generates: histories come in, legal sets go out."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple, Sequence

import numpy as np

from .. import _engine
from ..errors import TokenError
from ..prior_config import PriorConfig
from ..states import States, init
from ._settings import ModelLanguage, ProgramSettings


class ProgramRow:
    """A program that is being written, and the tokens that the loop has shown of it so far.

    A program is over once it is complete; or once a token came that is not legal, put there by something that overrules the
    legal sets: then nothing makes a program of it. Either way the stop token alone may follow.
    """

    __slots__ = ("settings", "pool", "slot", "_row", "_seen", "_accepted", "_illegal", "_given_up", "_said")

    def __init__(self, settings: ProgramSettings, pool: RowPool, slot: int, row: _engine.Row) -> None:
        self.settings, self.pool, self.slot, self._row = settings, pool, slot, row
        #: Tokens of the model, from the program's first on; the engine has the first ``_accepted`` of them.
        self._seen: list[int] = []
        self._accepted = 0
        #: Why the token after those is none of a program, if so.
        self._illegal: str | None = None
        self._given_up = settings.no_program
        self._said: str | None = None

    def follow(self, history: list[int]) -> None:
        """Brings the row to ``history``, all tokens from the program's first on: what both begin with stays, the rest of
        what was there is rolled back, and the rest of what is new is taken. A step costs one token."""
        known = len(self._seen)
        if history[:known] != self._seen:
            pairs = zip(self._seen, history)
            self.rewind(next((at for at, (old, new) in enumerate(pairs) if old != new), min(known, len(history))))
        self.extend(history[len(self._seen) :])

    def has_shown(self, history: list[int]) -> bool:
        """Whether what was seen begins with these."""
        return len(history) <= len(self._seen) and self._seen[: len(history)] == history

    def extend(self, tokens: Iterable[int]) -> None:
        """Takes what comes after what was seen."""
        for token in tokens:
            if self.refused is None and not self._row.done():
                own = token - self.settings.language.offset
                if own < 0:
                    self._illegal = f"token {token} at position {len(self._seen)} is before the language's own"
                else:
                    try:
                        self._row.advance(own)
                        self._accepted += 1
                    except TokenError as error:
                        self._illegal = f"token {token} of the model: {error}"
            self._seen.append(token)

    def rewind(self, length: int) -> None:
        """Forgets what was seen after the first ``length`` tokens."""
        if length < self._accepted:
            self._row.rollback(self._accepted - length)
            self._accepted = length
        if length <= self._accepted:
            self._illegal = None
        del self._seen[length:]

    def give_up(self, reason: str) -> None:
        """Lets nothing but the stop token follow, whatever comes."""
        self._given_up = reason

    @property
    def refused(self) -> str | None:
        """Why no program comes of the row, if so."""
        return self._given_up or self._illegal

    def complaint(self) -> str | None:
        """``refused``, once for each reason."""
        if self.refused == self._said:
            return None
        self._said = self.refused
        return self._said

    @property
    def length(self) -> int:
        """Tokens seen."""
        return len(self._seen)

    @property
    def complete(self) -> bool:
        """Whether the program is complete."""
        return self.refused is None and self._row.done()

    @property
    def program(self) -> tuple[int, ...]:
        """The program's tokens so far, those of the language itself: token 0 is its first."""
        return self._row.tokens

    def drop(self) -> None:
        """Gives the slot back. The row is not to be used any more."""
        self.pool.drop(self)


class Ask(NamedTuple):
    """A row of logits, whose program it is of, and tokens that are only proposed behind those of its history."""

    at: int
    row: ProgramRow
    draft: Sequence[int] = ()


class RowPool:
    """Rows of one language under one prior, in slots that come and go."""

    def __init__(self, language: ModelLanguage, prior: PriorConfig) -> None:
        self.language, self.config = language, prior
        self.engine = _engine.SymbolicPrior(language.tok.language, **prior.settings())
        self._states = States.empty(0, tok=language.tok)
        self._free: list[int] = []
        self._words = language.tok.language.bitmask_words
        self._groups = 0 if self.engine.mode == "off" else self.engine.shifts(self._states).shape[1]

    def __len__(self) -> int:
        """Rows that live."""
        return len(self._states) - len(self._free)

    def add(self, settings: ProgramSettings) -> ProgramRow:
        """A fresh row."""
        if not self._free:
            before = len(self._states)
            self._states.grow_to(max(8, 2 * before))
            self._free = list(range(len(self._states) - 1, before - 1, -1))
        slot = self._free.pop()
        self._states.set_row(slot, _fresh(settings))
        row = self._states.rows[slot]
        assert row is not None
        return ProgramRow(settings, self, slot, row)

    def drop(self, row: ProgramRow) -> None:
        self._states.free_row(row.slot)
        self._free.append(row.slot)

    # ----------------------------------------------------------------------------------------------- what a device gets

    @property
    def width(self) -> int:
        """Numbers a row that ``fill`` writes: which row of the logits, the only token that may follow or -1, the legal set
        as bits, what the prior's logits are shifted by (as the bits of float32)."""
        return 2 + self._words + self._groups

    def split(self, packed: Any) -> tuple[Any, Any, Any, Any]:
        """The four parts of what ``fill`` wrote, an array or a tensor."""
        bits = 2 + self._words
        return packed[:, 0], packed[:, 1], packed[:, 2:bits], packed[:, bits:]

    def fill(self, asked: Sequence[Ask], out: np.ndarray) -> None:
        """Writes a row of ``out`` (int32 ``[len(asked), width]``) for each that is asked for."""
        at, only, bits, shifts = self.split(out)
        slots = [ask.row.slot for ask in asked]
        at[:] = [ask.at for ask in asked]
        bits[:] = self._states.bitmask().view(np.int32)[slots]
        if self._groups:
            shifts[:] = self.engine.shifts(self._states).view(np.int32)[slots]
        complete = set(self._states.terminated())
        for nth, ask in enumerate(asked):
            over = ask.row.refused is not None or ask.row.slot in complete
            if ask.draft and not over:
                over = self._fill_draft(ask, bits[nth], shifts[nth])
            only[nth] = self.language.stop_token if over else -1
        bits[only >= 0] = 0

    def _fill_draft(self, ask: Ask, bits: np.ndarray, shifts: np.ndarray) -> bool:
        """Writes what may follow the draft, which is taken back; says whether the program is over by then. Behind a token
        that is not legal nothing counts, since that token is not accepted: what is legal before it stands there."""
        row, slot = ask.row._row, self._states[ask.row.slot]
        taken = 0
        try:
            for token in ask.draft:
                if row.done():
                    break
                row.advance(token - self.language.offset)
                taken += 1
        except TokenError:
            pass
        try:
            bits[:] = slot.bitmask().view(np.int32)[0]
            if self._groups:
                shifts[:] = self.engine.shifts(slot).view(np.int32)[0]
            return row.done()
        finally:
            row.rollback(taken)


def _fresh(settings: ProgramSettings) -> States:
    """One row of the compiled language."""
    return States(settings.language.tok, settings.compiled, rows=1)


class Rows:
    """All rows of a model, whatever their languages and priors."""

    def __init__(self) -> None:
        self._pools: dict[tuple[int, PriorConfig], RowPool] = {}

    def add(self, settings: ProgramSettings) -> ProgramRow:
        """A fresh row; pools that are empty by now go."""
        key = (id(settings.language), settings.prior)
        pool = self._pools.get(key)
        if pool is None:
            self._pools = {key: pool for key, pool in self._pools.items() if len(pool)}
            pool = self._pools[key] = RowPool(settings.language, settings.prior)
        return pool.add(settings)

    @staticmethod
    def by_pool(asked: Iterable[Ask]) -> dict[RowPool, list[Ask]]:
        """What is asked for, pool by pool."""
        found: dict[RowPool, list[Ask]] = {}
        for ask in asked:
            found.setdefault(ask.row.pool, []).append(ask)
        return found
