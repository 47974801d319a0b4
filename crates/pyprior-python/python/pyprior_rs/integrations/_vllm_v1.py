"""Rows of vLLM's V1 model runner: batch indices that are emptied, filled and moved, and lists of output tokens that grow."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Sequence

import torch

from ..errors import SettingError
from ._logits import Restriction
from ._rows import Ask, ProgramRow, Rows
from ._settings import ProgramSettings

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate

log = logging.getLogger(__name__)

#: vLLM's stand-in for a token that is sampled, but not known to the host yet.
UNKNOWN = -1


def _swaps(direction: Any) -> bool:
    """Whether a move goes both ways: by the name of vLLM's direction, or a name alone, so that its enum is not needed."""
    name = str(getattr(direction, "name", direction)).upper()
    if name not in ("SWAP", "UNIDIRECTIONAL"):
        raise SettingError("moved", f"a direction is SWAP or UNIDIRECTIONAL, not {direction!r}")
    return name == "SWAP"


class _Request(NamedTuple):
    row: ProgramRow
    #: The program's first tokens, which the prompt ends with.
    prefix: list[int]
    #: vLLM's own list: it grows, and may be cut, without a word.
    output: list[int]

    def history(self) -> list[int]:
        known = len(self.output)
        while known and self.output[known - 1] == UNKNOWN:
            known -= 1
        return self.prefix + self.output[:known]


class V1Rows:
    """Which batch index is whose program."""

    def __init__(self, device: torch.device, settings_of: Callable[[SamplingParams], ProgramSettings | None]) -> None:
        self._settings_of = settings_of
        self._rows = Rows()
        self._restriction = Restriction(device)
        self._requests: dict[int, _Request] = {}

    def update_state(self, update: BatchUpdate | None) -> None:
        """Removes, adds, moves, in this order. A request that comes back after preemption is added with all of its output."""
        if update is None:
            return
        # Read first: what raises has changed nothing.
        added = [(index, self._settings_of(params), prompt, output) for index, params, prompt, output in update.added]
        moves = [(source, target, _swaps(direction)) for source, target, direction in update.moved]
        for index in update.removed:
            self._put(index, None)
        for index, settings, prompt, output in added:
            self._put(index, None if settings is None else self._request(settings, prompt, output))
        for source, target, both in moves:
            moved, replaced = self._requests.pop(source, None), self._requests.pop(target, None)
            if both:
                self._put(source, replaced)
            elif replaced is not None:
                replaced.row.drop()
            self._put(target, moved)

    def _put(self, index: int, request: _Request | None) -> None:
        before = self._requests.pop(index, None)
        if before is not None:
            before.row.drop()
        if request is not None:
            self._requests[index] = request

    def _request(self, settings: ProgramSettings, prompt: Sequence[int] | None, output: list[int]) -> _Request:
        row, prompt, prefix_len = self._rows.add(settings), [] if prompt is None else prompt, settings.prefix_len
        if prefix_len > len(prompt):
            row.give_up(f"the prompt has {len(prompt)} tokens, and its last {prefix_len} are to be a program's first")
            prefix_len = 0
        return _Request(row, list(prompt[len(prompt) - prefix_len :]), output)

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Brings each row to its request's output, and restricts its logits, in place."""
        if self._requests:
            for index, request in self._requests.items():
                request.row.follow(request.history())
                if complaint := request.row.complaint():
                    log.warning("no program comes of the request in row %d; it is stopped. %s", index, complaint)
            self._restriction.apply(logits, [Ask(at, request.row) for at, request in self._requests.items()])
        return logits
