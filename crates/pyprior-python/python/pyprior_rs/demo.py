"""Models without training, to try the loop with. Needs torch."""

from __future__ import annotations

import torch
from torch import nn


class RandomDecoder(nn.Module):
    """Flat logits: every token is as likely as another, so that the prior alone decides."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.vocab_size = vocab_size

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, T, V]`` of zeros for ids ``[B, T]``."""
        return torch.zeros((*ids.shape, self.vocab_size), device=ids.device)


class TinyDecoder(nn.Module):
    """A small causal transformer with random weights."""

    def __init__(
        self, vocab_size: int, d_model: int = 64, n_head: int = 2, n_layer: int = 2, max_len: int = 512
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(max_len, d_model)
        layer = nn.TransformerEncoderLayer(d_model, n_head, 4 * d_model, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, n_layer, enable_nested_tensor=False)
        self.head = nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, T, V]`` for ids ``[B, T]``."""
        length = ids.shape[1]
        seen = torch.triu(torch.ones(length, length, dtype=torch.bool, device=ids.device), diagonal=1)
        hidden = self.tokens(ids) + self.places(torch.arange(length, device=ids.device))
        return self.head(self.layers(hidden, mask=seen))
