#!/usr/bin/env python3
"""How long calls on many rows, and on terms of many parts, keep the interpreter from other threads: milliseconds, the longest
time of each call.

    chrt -f 10 python scripts/held.py [--rows N] [--most MS]

A second thread looks at how much CPU the first has used, again and again; between two looks the first had the interpreter.
Other processes lengthen that where they take a core from the second thread, so the least of several runs is told, and
real-time priority (chrt, as root) makes it exact. With --most, exit status 1 if a call takes longer.
"""

from __future__ import annotations

import argparse
import gc
import sys
import threading
import time
from typing import Any, Callable

import numpy as np
import pyprior_rs as pp
from pyprior_rs import datasets
from pyprior_rs.logic import FiniteDomain, Repository, bind, domain_of, entailed, newvar, show, table, unify
from pyprior_rs.sketch import Sketch


def held(work: Callable[[], Any], tries: int = 10, enough: float = 0.0) -> tuple[float, float]:
    """The longest that a call keeps the interpreter, and what it takes, in seconds of CPU: of the try with the least. A share of
    what it takes may be ``enough`` to end the tries."""
    clock = time.pthread_getcpuclockid(threading.get_ident())
    best = (float("inf"), 0.0)
    for _ in range(tries):
        longest, over, began = 0.0, False, threading.Event()

        def watch() -> None:
            nonlocal longest
            last = time.clock_gettime(clock)
            began.set()
            while True:
                last_look = over
                now = time.clock_gettime(clock)
                longest, last = max(longest, now - last), now
                if last_look:
                    return

        thread = threading.Thread(target=watch)
        thread.start()
        began.wait()
        before = time.clock_gettime(clock)
        result = work()
        taken = time.clock_gettime(clock) - before
        over = True
        thread.join()
        # Freeing many objects is Python's own, and not of the call.
        del result
        best = min(best, (longest, taken))
        if longest < enough * taken:
            break
    return best


def calls(rows: int) -> dict[str, Callable[[], Any]]:
    """What works on many rows, by name."""
    tok = pp.Tokenizer(value_range=(-99, 99))
    s = pp.init(vocab=tok, n=rows, max_len=40)
    for _ in range(6):
        s.advance(s.choose_uniform(seed=1))
    prefixes, active = s.ids, np.ones(rows, bool)
    start = pp.init(vocab=tok, n=rows, max_len=40).choose_uniform(seed=1)
    array = np.array(start)
    prior = pp.Prior(tok, max_len=40)
    logits, mask = np.zeros((rows, tok.vocab_size), np.float32), s.mask()
    out = np.zeros((rows, -(-tok.vocab_size // 32)), np.uint32)
    programs = tok.sample(rows, max_len=20)
    sources = programs.sources()
    some = sources[: rows // 16]

    def first(tokens: Any, active: Any = None) -> Any:
        return pp.init(vocab=tok, n=rows, max_len=40).advance(tokens, active=active)

    return {
        "init": lambda: pp.init(vocab=tok, n=rows, max_len=40),
        "init of prefixes": lambda: pp.init(vocab=tok, ids=prefixes, max_len=40),
        "ids": lambda: s.ids,
        "padded": lambda: s.padded(0),
        "done": s.done,
        "terminated": s.terminated,
        "frontiers": s.frontiers,
        "rows": lambda: s.slice(rows - 1).rows,
        "bitmask": s.bitmask,
        "fill_bitmask": lambda: s.fill_bitmask(out),
        "next_legal_tokens": lambda: pp.next_legal_tokens(s),
        "choose_uniform": lambda: s.choose_uniform(seed=1),
        "Prior.logits": lambda: prior.logits(s),
        "Prior.apply": lambda: prior.apply(logits, s),
        "Prior.apply with a mask": lambda: prior.apply(logits, s, mask),
        "sample": lambda: tok.sample(rows, max_len=20),
        "sources": programs.sources,
        "tokens": programs.tokens,
        "lengths": programs.lengths,
        "encode": lambda: tok.encode(some),
        "run_batch": lambda: pp.run_batch(some),
        "training_batches": lambda: next(pp.training_batches(tok, batch_size=rows, seq_len=24)),
        "advance, a list": lambda: first(start),
        "advance, an array": lambda: first(array, active),
        **dataset_calls(2 * rows),
        **sketch_calls(rows // 8),
    }


def dataset_calls(rows: int) -> dict[str, Callable[[], Any]]:
    made = datasets.Dataset(datasets.describe(rows=rows, shard_rows=rows))
    some = next(made.stream(batch_rows=min(rows, 1 << 20)))
    return {
        "dataset, source": lambda: some["source"],
        "dataset, stdout": lambda: some["stdout"],
        "dataset, steps": lambda: some["steps"],
        "dataset, log_prior": lambda: some["log_prior"],
        "dataset, tokens": lambda: some["tokens"],
        "dataset, padded": lambda: some.padded("tokens"),
        "dataset, a slice": lambda: some[::-4],
        "dataset, to_pylist": some.to_pylist,
        "dataset, Arrow": some.__arrow_c_array__,
        "dataset, freed": lambda: len(next(made.stream(batch_rows=min(rows, 1 << 20)))),
    }


def sketch_calls(rows: int) -> dict[str, Callable[[], Any]]:
    made = Sketch("def f(a):\n    return E\nprint(f(3))\n---\nE in expr(depth <= 1)\nuses(a)\nf(3) == 6\n")
    states = made.start(rows)
    for _ in range(8):
        states.advance([min(legal) for legal in states.legal()])
    return {
        "sketch, start": lambda: made.start(rows),
        "sketch, freed": lambda: len(made.start(rows)),
        "sketch, ids": lambda: states.ids,
        "sketch, padded": lambda: states.padded(0),
        "sketch, legal": states.legal,
        "sketch, bitmask": states.bitmask,
        "sketch, mask": states.mask,
        "sketch, terminated": states.terminated,
        "sketch, violated": states.violated,
        "sketch, sampled": lambda: made._sampler(1, None, False, 10**6, 10**9).sample(rows // 64),
    }


def terms(parts: int) -> dict[str, Callable[[], Any]]:
    """What works on terms and domains of many parts, by name."""
    numbers, lists, pairs = list(range(parts)), [[i] for i in range(parts)], [(i,) for i in range(parts)]
    x, y = newvar(), newvar()
    bind(x, numbers)
    bind(y, lists)
    wide, listed = newvar(domain=numbers), FiniteDomain(pairs)

    def bound(value: Any) -> Any:
        z = newvar()
        bind(z, value)
        return z

    return {
        "bind": lambda: bound(numbers),
        "bind, lists": lambda: bound(lists),
        "unify": lambda: unify(x, numbers),
        "unify, lists": lambda: unify(y, lists),
        "entailed": lambda: entailed(y, lists),
        "value": lambda: x.value,
        "show": lambda: show(lists),
        "newvar of a domain": lambda: newvar(domain=numbers),
        "domain_of": lambda: domain_of(wide),
        "FiniteDomain": lambda: FiniteDomain(pairs),
        "FiniteDomain of a list": lambda: FiniteDomain([numbers]),
        "Repository": lambda: Repository(("x", "y"), {"x": listed, "y": pairs}),
        "table": lambda: table(("a",), pairs),
        "table of wide rows": lambda: table([str(i) for i in range(8)], [numbers[:8]] * (parts // 8)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--most", type=float, default=float("inf"), help="milliseconds")
    arguments = parser.parse_args()
    sys.setswitchinterval(1e-4)
    gc.disable()
    failed = False
    for name, work in {**calls(arguments.rows), **terms(arguments.rows)}.items():
        longest, taken = (seconds * 1e3 for seconds in held(work))
        failed |= longest > arguments.most
        print(f"{name:<26} {longest:>8.3f} of {taken:>9.2f} ms", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
