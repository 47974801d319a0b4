"""Batches to train a model on."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple

import numpy as np

from . import _engine
from .errors import BatchError
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from .prior_config import PriorConfig


class TrainingBatch(NamedTuple):
    """Arrays ``[batch_size, seq_len]``. Behind ``input_ids[i, :t + 1]`` a model is to foretell ``targets[i, t]``, where
    ``loss_mask[i, t]`` is true. A program of n tokens takes the first n columns of its row, n + 1 with ``eos``, in all three."""

    #: int64: the targets one place to the right, ``BOS`` first; then ``PAD``. The program's last token is not among them unless
    #: ``eos`` is asked for: nothing is to be foretold behind it.
    input_ids: np.ndarray
    #: int64: the tokens of the program, ``EOS`` if asked for; then ``PAD``.
    targets: np.ndarray
    #: bool: false at padding and where the prefix gives the target.
    loss_mask: np.ndarray


def training_batches(
    tok: Tokenizer,
    *,
    batch_size: int,
    seq_len: int,
    seed: int = 0,
    start: int = 0,
    batches: int | None = None,
    prior: PriorConfig | None = None,
    exclude: Iterable[str] | None = None,
    prefix: Any = None,
    eos: bool = False,
) -> Iterator[TrainingBatch]:
    """Sampled programs, one a row: an endless iterator, or of so many ``batches``.

    Batch b has the programs with the numbers ``start + b * batch_size`` on, so that a run goes on from where it was by
    ``start``. Programs have at most ``seq_len`` tokens, one less with ``eos``. They end by themselves, so that there is
    nothing to foretell behind them unless ``eos`` is asked for.

    ``batch_size`` and ``seq_len`` are 1 to 2**24; ``start``, and the numbers of all programs, 0 to 2**64 - 1. Raises at once, not
    when it is iterated over: BatchError for numbers out of range, TypeError, ConfigError, PriorError, TokenError.
    """
    if not isinstance(tok, Tokenizer):
        raise TypeError(f"tok is a Tokenizer, not {type(tok).__name__}")
    if not isinstance(eos, (bool, np.bool_)):
        raise TypeError(f"eos is True or False, not {eos!r}")
    eos = bool(eos)
    batch_size, seq_len = _number("batch_size", batch_size, 1, _MOST), _number("seq_len", seq_len, 1, _MOST)
    if batches is not None:
        batches = _number("batches", batches, 0, _LAST // batch_size)
    # Those of all batches, or of the first.
    start = _number("start", start, 0, _LAST - batch_size * (1 if batches is None else batches))
    sampler = tok.sampler(seed=seed, prior=prior, max_len=seq_len - eos, exclude=exclude, prefix=prefix)

    def draw() -> Iterator[TrainingBatch]:
        at, left = start, batches
        while left is None or left > 0:
            yield TrainingBatch(*_engine.training_batch(sampler, batch_size, at, seq_len, eos))
            at += batch_size
            left = None if left is None else left - 1

    return draw()


#: Rows of a batch, and tokens of a row, at most.
_MOST = 1 << 24
#: What numbers of programs are below.
_LAST = (1 << 64) - 1


def _number(what: str, given: Any, least: int, most: int) -> int:
    """An integer in a range, of numpy too."""
    try:
        number = operator.index(given)
    except TypeError:
        raise TypeError(f"{what} is an integer, not {type(given).__name__}") from None
    if not least <= number <= most:
        error = BatchError(f"{what} is {number}; it must be {least} to {most}")
        error.kind, error.what, error.got, error.expected = "out_of_range", what, number, most
        raise error
    return number
