#!/usr/bin/env python3
"""Record the logits of `transformers`' LlamaForCausalLM over several shapes.

The weights are not recorded: they come from a formula (`numbers` below) that the
test has too, of their names and places alone, so that only configurations,
tokens and logits are in the file. Everything is computed in float32; where the
case has a dtype, the weights are rounded to it first.

`--load DIR` turns the script round: it loads a directory that the project wrote
with AutoModelForCausalLM and AutoTokenizer, and prints the logits of the tokens
on standard input (one line, numbers) as JSON.

Needs torch, transformers and numpy.
"""

import argparse
import json
import sys

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

DEFAULTS = {
    "vocab_size": 83, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 8, "max_position_embeddings": 64,
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": False,
}  # fmt: skip

# name, what differs from DEFAULTS, dtype of the weights, number of tokens
CASES = (
    ("multi-head", {}, "float32", 10),
    ("grouped", {"num_key_value_heads": 2}, "float32", 10),
    ("multi-query, tied", {"num_key_value_heads": 1, "tie_word_embeddings": True}, "float32", 10),
    # Neither a power of two nor hidden_size / heads.
    ("head of 10", {"head_dim": 10, "num_attention_heads": 6, "num_key_value_heads": 3}, "float32", 10),
    ("head of 2", {"head_dim": 2, "num_attention_heads": 3, "num_key_value_heads": 3}, "float32", 10),
    ("head of 34", {"head_dim": 34, "num_attention_heads": 2, "num_key_value_heads": 1}, "float32", 10),
    ("theta 500000, eps 1e-2", {"rope_theta": 500000.0, "rms_norm_eps": 1e-2}, "float32", 10),
    ("theta 100, long", {"rope_theta": 100.0, "num_hidden_layers": 1, "hidden_size": 24}, "float32", 40),
    ("one layer, odd widths", {"num_hidden_layers": 1, "hidden_size": 19, "intermediate_size": 33}, "float32", 10),
    ("bfloat16", {"num_key_value_heads": 2}, "bfloat16", 10),
    ("float16, tied", {"tie_word_embeddings": True}, "float16", 10),
)


def numbers(name: str, count: int) -> np.ndarray:
    """Numbers in [-1, 1): SplitMix64 of the tensor's name (FNV-1a) and the place in it."""
    digest = 0xCBF29CE484222325
    for byte in name.encode():
        digest = (digest ^ byte) * 0x100000001B3 & (1 << 64) - 1
    with np.errstate(over="ignore"):
        z = np.uint64(digest) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Norms lie between 0.5 and 1.5; the columns of a matrix have about unit length."""
    plain = numbers(name, int(np.prod(shape)))
    values = 1.0 + 0.5 * plain if len(shape) == 1 else plain * (2.0 / np.sqrt(np.float64(shape[1])))
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def record(name: str, changes: dict, dtype: str, length: int) -> dict:
    config = DEFAULTS | changes
    model = LlamaForCausalLM(LlamaConfig(**config, attn_implementation="eager")).eval()
    rounded = getattr(torch, dtype)
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            tensor.copy_(weight(key, tuple(tensor.shape)).to(rounded).float())
        tokens = [(7 * i * i + 3 * i + 1) % config["vocab_size"] for i in range(length)]
        logits = model(torch.tensor([tokens])).logits[0]
    rows = [[round(x, 6) for x in row] for row in logits.tolist()]
    return {"name": name, "config": config, "dtype": dtype, "tokens": tokens, "logits": rows}


def load(directory: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(directory).float().eval()
    tokenizer = AutoTokenizer.from_pretrained(directory)
    tokens = [int(word) for word in sys.stdin.readline().split()]
    assert tokenizer(tokenizer.decode(tokens), add_special_tokens=False)["input_ids"] == tokens
    with torch.no_grad():
        print(json.dumps(model(torch.tensor([tokens])).logits[0].tolist()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="where to write the recording")
    parser.add_argument("--load", metavar="DIR", help="print the logits of a directory instead")
    args = parser.parse_args()
    if args.load:
        return load(args.load)
    if not args.file:
        parser.error("say where to write, or what to load")
    about = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
    with open(args.file, "w", encoding="utf-8") as out:
        for line in (about, *(record(*case) for case in CASES)):
            out.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
