#!/usr/bin/env python3
"""The same training step here and in torch: alternating runs, tokens a second of each, their ratio.

64 programs of 64 tokens, 0.83 million parameters, forward, backward, clipping and AdamW. Torch trains
`transformers`' LlamaForCausalLM of the same shape, with its fused attention. Needs torch and transformers.
"""

import argparse
import os
import re
import statistics
import subprocess
import time

ROWS, LENGTH, STEPS = 64, 64, 12


def ours(threads: int) -> float:
    args = ["target/release/examples/train_speed", str(ROWS), str(LENGTH), str(STEPS)]
    env = os.environ | {"RAYON_NUM_THREADS": str(threads)}
    out = subprocess.run(args, env=env, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"(\d+) tokens/s", out)[1])


class Torch:
    def __init__(self, threads: int) -> None:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.set_num_threads(threads)
        config = LlamaConfig(
            vocab_size=268, hidden_size=128, intermediate_size=344, num_hidden_layers=4, num_attention_heads=4,
            max_position_embeddings=LENGTH, tie_word_embeddings=True, attn_implementation="sdpa", use_cache=False,
        )  # fmt: skip
        self.torch, self.model = torch, LlamaForCausalLM(config).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
        self.tokens = torch.arange(ROWS * (LENGTH + 1)).reshape(ROWS, LENGTH + 1) * 7 % 268

    def step(self) -> None:
        logits = self.model(self.tokens[:, :-1]).logits
        loss = self.torch.nn.functional.cross_entropy(logits.flatten(0, 1), self.tokens[:, 1:].flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def speed(self) -> float:
        times = []
        for _ in range(STEPS):
            start = time.perf_counter()
            self.step()
            times.append(time.perf_counter() - start)
        return ROWS * LENGTH / statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-p", "pyprior-candle", "--example", "train_speed"], check=True)
    peer = Torch(args.threads)
    peer.step()
    pairs = [(ours(args.threads), peer.speed()) for _ in range(args.runs)]
    for mine, theirs in pairs:
        print(f"here {mine:8.0f}   torch {theirs:8.0f}   {mine / theirs:.2f} times")
    mine, theirs = (statistics.median(column) for column in zip(*pairs))
    print(f"median: here {mine:.0f}, torch {theirs:.0f} tokens/s, {mine / theirs:.2f} times ({args.threads} threads)")


if __name__ == "__main__":
    main()
