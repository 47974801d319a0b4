"""Logits of a model, restricted row by row to what programs may go on with."""

from __future__ import annotations

import math
from typing import Iterable

import numpy as np
import torch

from .._torch import PriorTensors, dtype_of
from ..errors import ShapeError, shape_error
from ._rows import Ask, RowPool, Rows


class Upload:
    """Memory of the host, pinned where the device is a GPU of CUDA, that is written to and sent in one copy."""

    def __init__(self, width: int, device: torch.device) -> None:
        self._width, self._device = width, device
        self._host = torch.empty(0, width, dtype=torch.int32, device="cpu")
        self._sent: torch.cuda.Event | None = None

    def array(self, rows: int) -> np.ndarray:
        """int32 ``[rows, width]`` to write to; waits for a copy that still reads it."""
        if self._sent is not None:
            self._sent.synchronize()
        if rows > self._host.shape[0]:
            self._host = torch.empty(
                max(rows, 2 * self._host.shape[0]),
                self._width,
                dtype=torch.int32,
                device="cpu",
                pin_memory=self._device.type == "cuda",
            )
        return self._host[:rows].numpy()

    def send(self, rows: int) -> torch.Tensor:
        """The same on the device: a copy that the device makes in its own time."""
        if self._device.type == "cpu":
            return self._host[:rows]
        if self._device.type != "cuda":
            # Where no event says that the copy is done, it is waited for.
            return self._host[:rows].to(self._device)
        there = self._host[:rows].to(self._device, non_blocking=True)
        self._sent = torch.cuda.Event()
        self._sent.record(torch.cuda.current_stream(self._device))
        return there


class Restriction:
    """Restricts logits on one device. Legal sets and shifts are the engine's, written on the host and sent in one copy a
    pool; the rest are operations of torch on the device."""

    def __init__(self, device: torch.device) -> None:
        self.device = torch.device(device)
        self._of_pool: dict[RowPool, tuple[Upload, PriorTensors]] = {}
        self._places = torch.arange(32, device=self.device, dtype=torch.int32)

    def apply(self, logits: torch.Tensor, asked: Iterable[Ask]) -> None:
        """Writes to the rows of ``logits`` (``[rows, vocabulary of the model]``) that are asked for, and to no other.

        There, tokens that are not legal become -inf and legal ones finite, mixed with the prior; where a program is over,
        the stop token becomes 0 and all else -inf. Raises ShapeError if there are too few rows or tokens, TypeError for numbers that
        are not floating.
        """
        if logits.dim() != 2:
            raise shape_error("what is given", f"of shape {tuple(logits.shape)}", "[rows, vocabulary of the model]")
        dtype_of(logits.dtype)
        pools = Rows.by_pool(asked)
        rows = 1 + max((ask.at for asks in pools.values() for ask in asks), default=-1)
        if rows > logits.shape[0]:
            raise shape_error("what is given", f"of {logits.shape[0]} rows", f"{rows} rows or more")
        for pool in pools:
            if logits.shape[1] < pool.language.vocab_needed:
                raise ShapeError(
                    f"the model has {logits.shape[1]} tokens; a language at vocab_offset {pool.language.offset} "
                    f"needs {pool.language.vocab_needed}"
                )
        if not self._of_pool.keys() <= pools.keys():
            self._of_pool = {pool: kept for pool, kept in self._of_pool.items() if pool in pools or len(pool)}
        for pool, of_pool in pools.items():
            self._apply(logits, pool, of_pool)

    def _apply(self, logits: torch.Tensor, pool: RowPool, asked: list[Ask]) -> None:
        if pool not in self._of_pool:
            self._of_pool[pool] = Upload(pool.width, self.device), PriorTensors(pool.engine, pool.config)
        upload, prior = self._of_pool[pool]
        pool.fill(asked, upload.array(len(asked)))
        at, only, bits, shifts = pool.split(upload.send(len(asked)))
        at, only = at.long(), only.long()
        vocab, first = pool.language.tok.vocab_size, pool.language.offset
        legal = ((bits.unsqueeze(-1) >> self._places) & 1).bool().flatten(1)[:, :vocab]
        program = logits[:, first : first + vocab]
        mixed = prior.mix(program[at], legal, shifts.view(torch.float32) if shifts.shape[1] else None)
        logits.index_fill_(0, at, -math.inf)
        program.index_copy_(0, at, mixed)
        # One token a row, and no branch on the device: where a program is not over, a token is given what it has.
        over = only >= 0
        column = only.clamp(min=0)
        logits[at, column] = torch.where(over, 0.0, logits[at, column])
