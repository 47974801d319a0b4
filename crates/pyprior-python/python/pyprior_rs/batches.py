"""Batches to train a model on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple

from . import _engine
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    import numpy as np

    from .prior import PriorConfig


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
    nothing to foretell behind them unless ``eos`` is asked for. Raises ConfigError, PriorError, TokenError at once.
    """
    if batch_size < 1 or seq_len < 1:
        raise ValueError("batch_size and seq_len are 1 or more")
    sampler = tok.sampler(seed=seed, prior=prior, max_len=seq_len - int(eos), exclude=exclude, prefix=prefix)

    def draw() -> Iterator[TrainingBatch]:
        at, left = start, batches
        while left is None or left > 0:
            yield TrainingBatch(*_engine.training_batch(sampler, batch_size, at, seq_len, eos))
            at += batch_size
            left = None if left is None else left - 1

    return draw()
