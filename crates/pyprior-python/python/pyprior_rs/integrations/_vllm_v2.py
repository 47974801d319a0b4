"""Rows of vLLM's V2 model runner: request slots that are filled anew, and histories that lie on the device."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Iterator, NamedTuple

import torch

from ._logits import Restriction, Upload
from ._rows import Ask, ProgramRow, Rows
from ._settings import ProgramSettings

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcRequestState

log = logging.getLogger(__name__)

#: Tokens of a history that are fetched ahead of a step. One comes a step, and some more with speculative decoding; where
#: there are more still, the rest is read at once.
WINDOW = 8


class _Request(NamedTuple):
    row: ProgramRow
    #: Where the program begins in the request's history.
    start: int

    @property
    def known(self) -> int:
        """Tokens of the history that the row has seen, or that come before the program."""
        return self.start + self.row.length


class V2Rows:
    """Which request slot is whose program.

    The host learns of tokens by a copy that is asked for before a forward pass is launched and looked at when its logits
    are to be restricted: it waits for the sampling of the step before, not for the pass.
    """

    def __init__(
        self, req_states: LogitsProcRequestState, settings_of: Callable[[SamplingParams], ProgramSettings | None]
    ) -> None:
        self._states, self._settings_of = req_states, settings_of
        self._device = torch.device(req_states.device)
        self._rows = Rows()
        self._restriction = Restriction(self._device)
        self._requests: dict[int, _Request] = {}
        self._wanted = Upload(2, self._device)
        self._window = torch.arange(WINDOW, device=self._device)
        #: Of each slot that was asked for: its place in what is fetched, and the first token's in the history.
        self._places: dict[int, tuple[int, int]] = {}
        self._fetched = torch.empty(0, 1 + WINDOW, dtype=torch.int32, device="cpu")
        self._ready: torch.cuda.Event | None = None

    def add_request(self, req_idx: int, params: SamplingParams) -> bool:
        """A slot is filled, after preemption with all output so far; what was there is gone."""
        # Read first: what raises has changed nothing.
        settings = self._settings_of(params)
        before = self._requests.pop(req_idx, None)
        if before is not None:
            before.row.drop()
        self._places.pop(req_idx, None)
        if settings is None:
            return False
        row, prompt_len, prefix_len = self._rows.add(settings), int(self._states.prompt_len.np[req_idx]), settings.prefix_len
        if prefix_len > prompt_len:
            row.give_up(f"the prompt has {prompt_len} tokens, and its last {prefix_len} are to be a program's first")
            prefix_len = 0
        self._requests[req_idx] = _Request(row, prompt_len - prefix_len)
        return True

    # ---------------------------------------------------------------------------------------------------------- histories

    def apply_staged_writes(self) -> None:
        """Asks for what the histories have that is not known yet."""
        count = len(self._requests)
        if not count:
            return
        wanted = self._wanted.array(count)
        self._places.clear()
        for nth, (slot, request) in enumerate(self._requests.items()):
            wanted[nth] = slot, request.known
            self._places[slot] = nth, request.known
        slots, known = self._wanted.send(count).long().unbind(1)
        histories = self._states.all_token_ids.gpu
        columns = (known.unsqueeze(1) + self._window).clamp(max=histories.shape[1] - 1)
        found = torch.cat([self._states.total_len.gpu[slots].unsqueeze(1), histories[slots.unsqueeze(1), columns]], dim=1)
        if self._device.type != "cuda":
            self._fetched = found.cpu()
            return
        if self._fetched.shape[0] < count:
            self._fetched = torch.empty(2 * count, 1 + WINDOW, dtype=torch.int32, device="cpu", pin_memory=True)
        self._fetched[:count].copy_(found, non_blocking=True)
        self._ready = torch.cuda.Event()
        self._ready.record(torch.cuda.current_stream(self._device))

    def _catch_up(self, slot: int, request: _Request) -> None:
        """Shows a row what its request's history has by now."""
        histories = self._states.all_token_ids.gpu
        place = self._places.get(slot)
        if place is None:
            # Asked for by nobody: the row is of this step, and the step was not announced.
            total, tokens, first = int(self._states.total_len.gpu[slot]), [], 0
        else:
            total, *tokens = self._fetched[place[0]].tolist()
            first = place[1]
        if total < request.known:
            request.row.rewind(max(0, total - request.start))
        known = request.known
        if first <= known and total <= first + len(tokens):
            request.row.extend(tokens[known - first : total - first])
        else:
            request.row.extend(histories[slot, known:total].tolist())

    # ------------------------------------------------------------------------------------------------------------- logits

    def apply(self, logits: torch.Tensor, ctx: LogitsContext) -> torch.Tensor:
        """Restricts the rows of ``logits`` whose requests are programs, in place."""
        ours = [(slot, self._requests[slot]) for slot in ctx.idx_mapping_np.tolist() if slot in self._requests]
        if not ours:
            return logits
        if self._ready is not None:
            self._ready.synchronize()
        for slot, request in ours:
            self._catch_up(slot, request)
            if complaint := request.row.complaint():
                log.warning("no program comes of the request in slot %d; it is stopped. %s", slot, complaint)
        self._restriction.apply(logits, list(self._asked(logits.shape[0], ctx)))
        return logits

    def _asked(self, rows: int, ctx: LogitsContext) -> Iterator[Ask]:
        if rows == len(ctx.idx_mapping_np):
            # One row a request: what the host has says which.
            for at, slot in enumerate(ctx.idx_mapping_np.tolist()):
                if slot in self._requests:
                    yield Ask(at, self._requests[slot].row)
            return
        # Speculative decoding: a row for each proposed token too, which lie on the device alone. This waits for the pass.
        layout = [ctx.expanded_idx_mapping, ctx.expanded_local_pos, ctx.input_ids]
        draft: list[int] = []
        for at, (slot, offset, token) in enumerate(torch.stack([part[:rows].long() for part in layout], 1).tolist()):
            draft = [*draft[: offset - 1], token] if offset else []
            if slot in self._requests:
                yield Ask(at, self._requests[slot].row, draft)
