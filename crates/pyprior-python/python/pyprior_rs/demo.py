"""Models without training, to try the loop with. Needs torch."""

from __future__ import annotations

import torch
from torch import nn

from .errors import ShapeError

class RandomDecoder(nn.Module):
    """Flat logits: every token is as likely as another, so that the prior alone decides."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.vocab_size = vocab_size

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, T, V]`` of zeros for ids ``[B, T]``."""
        return torch.zeros((*ids.shape, self.vocab_size), device=ids.device)


class TinyDecoder(nn.Module):
    """A small causal transformer with random weights, for rows of up to ``max_len`` ids."""

    def __init__(
        self, vocab_size: int, d_model: int = 64, n_head: int = 2, n_layer: int = 2, max_len: int = 512
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(max_len, d_model)
        # Without dropout: the same ids have the same logits, in training mode too.
        layer = nn.TransformerEncoderLayer(d_model, n_head, 4 * d_model, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, n_layer, enable_nested_tensor=False)
        self.head = nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits ``[B, T, V]`` for ids ``[B, T]``. Raises ShapeError for more than ``max_len`` of them: on a GPU a place that is
        not there would end the process's use of it."""
        length, most = ids.shape[1], self.places.num_embeddings
        if length > most:
            raise ShapeError(f"rows have {length} ids; the model was made for max_len={most}")
        seen = torch.triu(torch.ones(length, length, dtype=torch.bool, device=ids.device), diagonal=1)
        hidden = self.tokens(ids) + self.places(torch.arange(length, device=ids.device))
        return self.head(self.layers(hidden, mask=seen))
