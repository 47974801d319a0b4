#!/usr/bin/env python3
"""What each kernel must move and moves, and how long that takes at a GPU's bandwidth: the table of docs/cuda.md.

A row's legal tokens are one in 40, evenly spread, or all. `must` counts every byte that the result depends on once, `moves` whole
sectors of 32 bytes, in which memory is read and written. Caches between passes are taken to hold a row's bitmask.
"""

SECTOR = 32
BANDWIDTHS = {"H100": 3.35e12, "H200": 4.8e12}


def words(vocab):
    return 4 * -(-vocab // 32)


def mask(vocab, size, rarity):
    """Writes what is not legal; reads groups of 16 bytes that hold both."""
    legal = -(-vocab // rarity)
    must = words(vocab) + (vocab - legal) * size
    moves = words(vocab) + (0 if rarity == 1 else vocab * size + legal * SECTOR)
    return must, moves


def draw(vocab, size, rarity):
    """Reads what is legal; row number, step; writes 16 bytes."""
    legal = -(-vocab // rarity)
    sectors = min(legal, -(-vocab * size // SECTOR))
    return words(vocab) + legal * size + 28, words(vocab) + sectors * SECTOR + 28


def line(_, size, width):
    """One position's keys or values of a layer, read and written, and where they go."""
    return 2 * width * size + 4, 2 * width * size + 4


def time(nbytes, bandwidth):
    microseconds = 1e6 * nbytes / bandwidth
    return f"{microseconds:.3g}" if microseconds < 100 else f"{microseconds:.0f}"


def main():
    print("| kernel, `f32` | V | bytes a row, must | moves | " + " | ".join(
        f"B={rows}, {name}, µs" for rows in (64, 4096) for name in BANDWIDTHS) + " |")
    print("| --- " * 8 + "|")
    kernels = [("mask, 1 in 40 legal", mask, 40), ("draw, 1 in 40 legal", draw, 40), ("draw, all legal", draw, 1)]
    cases = [(name, kernel, vocab, rarity) for name, kernel, rarity in kernels for vocab in (128, 50_257, 128_256)]
    cases += [(f"cache write, {width} wide", line, None, width) for width in (128, 1024)]
    for name, kernel, vocab, parameter in cases:
        must, moves = kernel(vocab, 4, parameter)
        times = [time(rows * moves, bandwidth) for rows in (64, 4096) for bandwidth in BANDWIDTHS.values()]
        print(f"| {name} | {f'{vocab:,}' if vocab else '-'} | {must:,} | {moves:,} | {' | '.join(times)} |")


if __name__ == "__main__":
    main()
