#!/usr/bin/env python3
"""Record gradients of `transformers`' LlamaForCausalLM, and steps of torch's AdamW.

Weights come from the formula of `record_llama.py`, programs from one that the
test has too. Of each gradient the file has the length, the first numbers, and
the product with a vector by formula, in which every number has a part.

Needs torch, transformers and numpy.
"""

import json
import sys

import numpy as np
import torch
import transformers
from record_llama import DEFAULTS, numbers, weight
from transformers import LlamaConfig, LlamaForCausalLM

# name, what differs from DEFAULTS, lengths of programs
CASES = (
    ("multi-head", {}, (5, 1, 17, 33)),
    ("grouped, tied", {"num_key_value_heads": 2, "tie_word_embeddings": True}, (16, 40, 2)),
    ("multi-query", {"num_key_value_heads": 1, "num_hidden_layers": 1}, (64, 63)),
    ("head of 10", {"head_dim": 10, "num_attention_heads": 6, "num_key_value_heads": 3}, (20, 9)),
    ("odd widths", {"hidden_size": 19, "intermediate_size": 33, "rms_norm_eps": 1e-2}, (31, 32)),
)
RATES = (1e-3, 4e-3, 1e-2, 3e-3, 0.0, 5e-4)
CLIP = 0.5


def model_of(changes: dict, dtype: torch.dtype) -> LlamaForCausalLM:
    model = LlamaForCausalLM(LlamaConfig(**DEFAULTS | changes, attn_implementation="eager")).eval()
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            tensor.copy_(weight(key, tuple(tensor.shape)))
    return model.to(dtype)


def programs(vocab: int, lengths: tuple[int, ...]) -> list[list[int]]:
    return [[(7 * i * i + 3 * i + 1 + 5 * nth) % vocab for i in range(n)] for nth, n in enumerate(lengths)]


def loss_of(model: LlamaForCausalLM, lengths: tuple[int, ...]) -> torch.Tensor:
    """The sum over all tokens, each program by itself behind token 0."""
    loss = 0.0
    for program in programs(model.config.vocab_size, lengths):
        logits = model(torch.tensor([[0, *program[:-1]]])).logits[0]
        loss = loss + torch.nn.functional.cross_entropy(logits, torch.tensor(program), reduction="sum")
    return loss


def digest(name: str, tensor: torch.Tensor) -> dict:
    flat = tensor.detach().double().flatten().numpy()
    probe = numbers("probe." + name, flat.size)
    return {"name": name, "length": float(np.linalg.norm(flat)), "probe": float(flat @ probe), "first": flat[:4].tolist()}


def gradients(name: str, changes: dict, lengths: tuple[int, ...]) -> dict:
    model = model_of(changes, torch.float64)
    loss = loss_of(model, lengths)
    loss.backward()
    found = [digest(key, tensor.grad) for key, tensor in model.named_parameters()]
    return {"name": name, "config": DEFAULTS | changes, "lengths": lengths, "loss": loss.item(), "gradients": found}


def trajectory(changes: dict, lengths: tuple[int, ...]) -> dict:
    model = model_of(changes, torch.float64)
    plain = [tensor for tensor in model.parameters() if tensor.dim() == 1]
    decays = [tensor for tensor in model.parameters() if tensor.dim() > 1]
    groups = [{"params": decays, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-8)
    losses, norms = [], []
    for rate in RATES:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = loss_of(model, lengths) / sum(lengths)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP).item())
        losses.append(loss.item())
        optimizer.step()
    found = [digest(key, tensor) for key, tensor in model.named_parameters()]
    about = {"config": DEFAULTS | changes, "lengths": lengths, "rates": RATES, "clip": CLIP}
    return about | {"losses": losses, "norms": norms, "weights": found}


def main() -> None:
    lines = [{"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}]
    lines += [gradients(*case) for case in CASES]
    lines.append(trajectory({"num_key_value_heads": 2}, (12, 30, 7)))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
