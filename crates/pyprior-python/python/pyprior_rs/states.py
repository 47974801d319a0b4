"""Rows that are decoded: which tokens are legal next, and what happens when they are taken."""

from __future__ import annotations

import operator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Iterable

from . import _engine
from ._engine import advance, done
from .errors import PyPriorError
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    import numpy as np
    import torch


class States(_engine.Batch):
    """Rows in slots that come and go. Made by ``init``, or empty by ``States.empty``.

    An empty slot has no row: it is None in ``rows``, its legal set is every token, tokens given for it do not count.
    Views (``s[i]``, ``s[i:j]``, ``s.slice(b)``) and ``rows`` show the slots as they are, not as they were. Slots are numbered
    from 0, in a view by the view; numbers below 0 count from the end.

    Copies and what comes back from pickle are rows of their own, those of views too, which behave as these do.

    What a step writes follows from the rows alone: any arrangement of slots and any number of threads gives what single
    rows give. Steps over many rows run on all cores and let other threads of Python run.
    """

    #: Of the tensors that ``legal_mask`` makes.
    device: Any = None
    dtype: Any = "float32"

    @classmethod
    def empty(cls, capacity: int, *, tok: Tokenizer, device: Any = None, dtype: Any = "float32") -> States:
        """``capacity`` empty slots, whose masks will be of this device and type."""
        states = cls(tok, tok.language, slots=capacity)
        states.device, states.dtype = device, dtype
        return states

    def _part(self, of: _engine.Batch, start: int, length: int | None) -> States:
        part = States(self.tok, self.language, of=of, start=start, length=length)
        part.device, part.dtype = self.device, self.dtype
        return part

    def slice(self, b: int) -> States:
        """The first ``b`` slots, 0 to all, as a view. Raises IndexError if there are not as many."""
        if not 0 <= b <= len(self):
            raise IndexError(f"there are {len(self)} slots, not {b}")
        return self._part(self, self._start, b)

    def __getitem__(self, i: int | slice) -> States:
        """A view of slot ``i``, or of the slots from ``i`` to ``j``, one after the other. Raises IndexError if there is no
        slot ``i``, PyPriorError for steps other than 1."""
        size = len(self)
        if isinstance(i, slice):
            start, stop, step = i.indices(size) if i.step != 0 else (0, 0, 0)
            if step != 1:
                raise PyPriorError(f"a view has slots that follow one another: their step is 1, not {i.step!r}")
            return self._part(self, self._start + start, max(0, stop - start))
        i = operator.index(i)
        nth = i + size if i < 0 else i
        if not 0 <= nth < size:
            raise IndexError(f"slot {i} is beyond the {size} slots")
        return self._part(self, self._start + nth, 1)

    def set_row(self, i: int, source: States) -> None:
        """Puts a copy of the first row of ``source`` into slot ``i``, in place of what is there: its tokens, language and
        ``max_len``. Where the first slot of ``source`` is empty, slot ``i`` becomes so.

        ``i`` is 0 to slots - 1, or counts from the end if below 0. Raises BatchError if there is no such slot, ``source`` has
        none, or its vocabulary is of another size.
        """
        self.put(i, source)

    def copy(self) -> States:
        """These rows again, on their own: what happens to one does not happen to the other."""
        cls = type(self)
        twin = cls.__new__(cls, self.tok, self.language, of=self._twin(), start=self._start, length=self._length)
        twin.__dict__.update(self.__dict__)
        return twin

    def __copy__(self) -> States:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> States:
        twin = memo[id(self)] = self.copy()
        twin.__dict__.update(deepcopy(self.__dict__, memo))
        return twin

    def __reduce__(self) -> Any:
        return _unpacked, (type(self), self.tok, *_engine.pack(self)), self.__dict__

    def legal_mask(self, b: int | None = None) -> torch.Tensor:
        """Legal sets of the first ``b`` slots (all if None) as a tensor ``[b, V]`` to be added to logits, 0 where legal and
        -inf elsewhere, of ``device`` (the CPU if None) and ``dtype``. A new tensor."""
        from ._torch import additive_mask

        return additive_mask(self if b is None else self.slice(b), self.device, self.dtype)

    def fill_bitmask(self, out: Any) -> None:
        """Writes legal sets as bits to memory of the caller: ``[rows, ceil(V / 32)]``, 32 tokens a word, bit i % 32 of
        word i // 32 for token i. This is the layout of XGrammar, llguidance and vLLM.

        ``out`` is an array of numpy (uint32 or int32, contiguous, writable) or an int32 tensor. Arrays and tensors of the
        CPU, pinned ones too, are written to where they lie; to other devices the bits are copied. Raises ShapeError.
        """
        if hasattr(out, "data_ptr"):
            from ._torch import fill_bitmask

            fill_bitmask(self, out)
        else:
            super().fill_bitmask(out)

    def legal(self) -> list[frozenset[int]]:
        """The legal set of each row that lives."""
        return [row.legal() for row in self.rows if row is not None]


def _unpacked(cls: type[States], tok: Tokenizer, languages: list[_engine.Language], *rows: Any) -> States:
    return cls.__new__(cls, tok, languages[0], of=_engine.unpack(tok, languages, *rows))


def init(
    *,
    vocab: Tokenizer,
    ids: Any = None,
    n: int = 1,
    max_len: int | None = None,
    exclude: Iterable[str] | None = None,
) -> States:
    """Begins ``n`` decodes, or one for each prefix of ``ids`` (a list of lists of token ids).

    ``max_len`` bounds the tokens of a program, those of a prefix included; ``exclude`` names tokens (``"VAR_1"``) and forms
    (``"for"``) that are not to be generated. Raises ConfigError if no program is left, TokenError at the first token of a
    prefix that is not legal.
    """
    try:
        language = vocab.with_limits(max_len, exclude)
    except AttributeError:
        if isinstance(vocab, Tokenizer):
            raise
        raise TypeError(f"vocab is a Tokenizer, not {type(vocab).__name__}") from None
    return States(vocab, language, ids, n)


def next_legal_tokens(states: States, *, like: Any = None) -> np.ndarray | torch.Tensor:
    """Legal sets ``[B, V]`` to be added to logits: 0 where legal, -inf elsewhere. A new float32 array of numpy, or a tensor
    of the device and type of ``like`` if that is one."""
    if like is not None and hasattr(like, "data_ptr"):
        from ._torch import additive_mask

        return additive_mask(states, like.device, like.dtype)
    return states.mask()


def frontier_kind(states: States) -> str | None:
    """Kind of the hole that is next in the first row: ``block stmt expr cond arity var callee``; None once it is complete."""
    row = states.rows[0]
    return None if row is None else row.kind


__all__ = ["States", "advance", "done", "frontier_kind", "init", "next_legal_tokens"]
