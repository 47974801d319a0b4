"""What is done with tensors where they are: pure operations of torch, on the device of the logits.

Every tensor that is made here names its device: ``torch.set_default_device`` is for the caller's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from .errors import NO_TOKEN, PyPriorError, shape_error

if TYPE_CHECKING:
    import numpy as np

    from ._engine import Batch, SymbolicPrior
    from .prior_config import PriorConfig


def dtype_of(dtype: Any) -> torch.dtype:
    """A type of torch, by its name too."""
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point or found.itemsize < 2:
        raise TypeError(f"{dtype!r} is no floating type of torch of 16 bits or more")
    return found


def additive_mask(states: Batch, device: Any, dtype: Any) -> torch.Tensor:
    """0 where a token is legal, -inf elsewhere, ``[B, V]``."""
    return torch.from_numpy(states.mask()).to(device=device, dtype=dtype_of(dtype))


def fill_bitmask(states: Batch, out: torch.Tensor) -> None:
    """Writes bits to an int32 tensor: in place on the CPU, by a copy to other devices."""
    if out.dtype not in (torch.int32, getattr(torch, "uint32", torch.int32)):
        raise shape_error("the bitmask", f"of {out.dtype}", "torch.int32")
    if out.device.type == "cpu":
        # The same memory, as numpy has it.
        states.fill_bitmask(out.detach().numpy())
        return
    # Of its own memory: the copy may still be under way when the engine writes the next one.
    bits = torch.empty(len(states), -(-states.tok.vocab_size // 32), dtype=torch.int32, device="cpu")
    if out.shape != bits.shape:
        raise shape_error("the bitmask", f"of shape {tuple(out.shape)}", tuple(bits.shape))
    states.fill_bitmask(bits.numpy())
    out.copy_(bits.to(out.dtype), non_blocking=True)


def legal_of(bits: np.ndarray, vocab: int, device: torch.device) -> torch.Tensor:
    """Which tokens are legal, bool ``[B, V]``, by their bits; only these go to the device."""
    words = torch.from_numpy(bits.view("int32")).to(device, non_blocking=True)
    places = torch.arange(32, device=device, dtype=torch.int32)
    return ((words.unsqueeze(-1) >> places) & 1).bool().flatten(1)[:, :vocab]


class PriorTensors:
    """A prior's arrays on the devices that ask for them, and its modes."""

    def __init__(self, engine: SymbolicPrior, config: PriorConfig) -> None:
        self.engine = engine
        self.config = config
        self.vocab = len(engine.groups())
        self._of_device: dict[tuple[torch.device, torch.dtype], tuple[torch.Tensor, torch.Tensor]] = {}

    def _arrays(self, device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        found = self._of_device.get((device, dtype))
        if found is None:
            base = torch.from_numpy(self.engine.base_logits()).to(device=device, dtype=dtype)
            groups = torch.from_numpy(self.engine.groups()).to(device)
            found = self._of_device[device, dtype] = (base, groups)
        return found

    def apply(self, logits: torch.Tensor, states: Batch, mask: Any = None) -> torch.Tensor:
        """See ``Prior.apply``. Numbers are float64 where the logits are, else float32."""
        dtype_of(logits.dtype)
        device, vocab = logits.device, self.vocab
        if tuple(logits.shape) != (len(states), vocab):
            raise shape_error("what is given", f"of shape {tuple(logits.shape)}", (len(states), vocab))
        # Both as of one moment, in memory of their own: other threads may go on with the rows.
        bits, holes = self.engine.parts(states)
        if mask is None:
            legal = legal_of(bits, vocab, device)
        else:
            mask = torch.as_tensor(mask, device=device)
            if mask.dtype == torch.bool:
                raise TypeError("a mask is 0 where a token is legal and -inf elsewhere, not true or false")
            if mask.shape != logits.shape:
                raise shape_error("the mask", f"of shape {tuple(mask.shape)}", tuple(logits.shape))
            legal = mask == 0
            if not legal.any(-1).all():
                raise PyPriorError(NO_TOKEN)
        shifts = None if self.engine.mode == "off" else torch.from_numpy(holes).to(device)
        return self.mix(logits, legal, shifts)

    def mix(self, logits: torch.Tensor, legal: torch.Tensor, shifts: torch.Tensor | None) -> torch.Tensor:
        """``apply``, of rows whose legal sets (bool ``[B, V]``) and shifts (``[B, groups]``; None where the prior has no
        say) are on the logits' device."""
        device, kept = logits.device, logits.dtype
        work = torch.float64 if kept == torch.float64 else torch.float32
        base, groups = self._arrays(device, work)
        given, alpha, apply = logits.to(work), float(self.config.alpha), self.config.apply
        silent = torch.full((), -math.inf, device=device, dtype=work)
        prior, shifted, weighed = base, base, legal
        if shifts is not None:
            prior = shifted = base + shifts.to(work)[:, groups]
            # Weight 0 rules a token out where another one has weight.
            weighed = legal & (prior > -math.inf)
            without = ~weighed.any(-1, keepdim=True)
            weighed = torch.where(without, legal, weighed)
            prior = torch.where(without, torch.zeros_like(prior), prior)
        heard = weighed & ~torch.isnan(given) & (given > -math.inf)
        says = heard.any(-1, keepdim=True)
        limits = torch.finfo(work if kept == work else kept)
        # What is not finite counts as the largest or least number; where the model says nothing, as 0.
        model = torch.nan_to_num(given, nan=limits.min, posinf=limits.max, neginf=limits.min)
        model = torch.where(says, model, torch.zeros_like(model))
        if apply == "off" or (apply == "additive" and alpha == 0):
            mixed = model
        elif apply == "additive":
            mixed = model + alpha * torch.where(weighed, prior, torch.zeros_like(prior))
        else:
            # Finite: what is beyond all numbers would be NaN where its share is 0.
            ours = self._log_softmax(model, given, weighed, says).clamp(min=torch.finfo(work).min)
            if apply == "fixed" and alpha == 0:
                mixed = ours
            else:
                total = self._prior_total(prior, shifted, weighed)
                # Elsewhere it may be infinite, and a gradient through it NaN.
                theirs = torch.where(weighed, prior, torch.zeros_like(prior)) - total
                share: Any = alpha
                if apply == "entropy":
                    share = self._entropy_share(torch.where(weighed, model, silent), weighed)
                mixed = (1 - share) * ours + share * theirs
        mixed = torch.where(weighed, mixed, torch.zeros_like(mixed))
        return torch.where(weighed, mixed.clamp(limits.min, limits.max), silent).to(kept)

    @staticmethod
    def _log_softmax(
        model: torch.Tensor, given: torch.Tensor, weighed: torch.Tensor, says: torch.Tensor
    ) -> torch.Tensor:
        """The model's log_softmax: over the vocabulary, without other tokens that are not finite."""
        counts = weighed | torch.isfinite(given) | ~says
        counted = model.masked_fill(~counts, -math.inf)
        # What is common to all goes first: with it, sums would be as coarse as that is large. The least number stays one.
        peak = counted.detach().amax(-1, keepdim=True).clamp(min=torch.finfo(model.dtype).min)
        return (model - peak) - torch.logsumexp(counted - peak, -1, keepdim=True)

    def _prior_total(self, prior: torch.Tensor, shifted: torch.Tensor, weighed: torch.Tensor) -> torch.Tensor:
        """What the prior's log_softmax subtracts: over the vocabulary, or over the legal tokens."""
        if self.config.normalisation == "legal":
            return torch.logsumexp(prior.masked_fill(~weighed, -math.inf), -1, keepdim=True)
        return torch.logsumexp(shifted, -1, keepdim=True)

    @staticmethod
    def _entropy_share(model: torch.Tensor, weighed: torch.Tensor) -> torch.Tensor:
        """Entropy over the tokens in question as a share of the largest possible, 0 to 1."""
        logs = torch.log_softmax(model, -1).clamp(min=torch.finfo(model.dtype).min)
        terms = torch.where(weighed, logs.exp() * torch.where(weighed, logs, torch.zeros_like(logs)), 0.0)
        most = weighed.sum(-1, keepdim=True).clamp(min=2).to(model.dtype).log()
        return (-terms.sum(-1, keepdim=True) / most).clamp(0, 1)
