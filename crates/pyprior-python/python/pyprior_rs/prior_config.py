"""Weights, decays and mode of the symbolic prior."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PriorConfig:
    """Weights, decays and mode of the prior.

    Weights are finite and 0 or more: what the tokens of a form share. ``binop_depth_decay`` and ``if_depth_decay`` (above 0,
    at most 1) multiply those of operators and of ``if`` and ``for`` once a level; ``BLK_n`` weighs ``length_decay`` to the
    power n. ``apply``: ``"off"`` m, ``"additive"`` m + a p, ``"fixed"`` (1 - a) ls(m) + a ls(p), ``"entropy"`` (1 - l) ls(m) +
    l ls(p), with m the model's logits, p the prior's, a = ``alpha`` (0 to 1000), ls log_softmax over the vocabulary, and l the
    entropy of the model over the legal tokens as a share of the largest possible. ``normalisation``: among which tokens a
    form's weight is divided, all of the ``"vocabulary"`` (as in 0.0.2) or the ``"legal"`` ones.

    Ranges are checked where a ``Prior`` is made, which raises PriorError.
    """

    w_var: float = 2.0
    w_const: float = 1.0
    w_binop: float = 1.5
    w_compare: float = 0.5
    w_call: float = 1.0
    w_print: float = 1.0
    w_assign: float = 2.0
    w_if: float = 1.0
    w_return: float = 3.0
    binop_depth_decay: float = 0.5
    if_depth_decay: float = 0.5
    length_decay: float = 0.6
    apply: str = "entropy"
    alpha: float = 1.0
    normalisation: str = "vocabulary"

    def settings(self) -> dict[str, Any]:
        """The fields as a dict."""
        return asdict(self)


def check_prior(prior: Any) -> None:
    """Raises TypeError for what is neither a prior's configuration nor None."""
    if prior is not None and not isinstance(prior, PriorConfig):
        raise TypeError(f"a prior is a PriorConfig, or None, not {type(prior).__name__}; PriorConfig(**fields) makes one")


def prior_settings(prior: PriorConfig | None) -> dict[str, Any] | None:
    """The fields of a prior, if there is one."""
    check_prior(prior)
    return None if prior is None else prior.settings()
