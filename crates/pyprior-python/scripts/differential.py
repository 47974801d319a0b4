#!/usr/bin/env python3
"""Random decodes of PyPI's pyprior 0.0.2 and of pyprior_rs beside each other, step by step.

Both must be installed for the Python that runs this: pip install pyprior==0.0.2 ./crates/pyprior-python

Languages, bounds, excludes and prefixes are drawn at random; tokens too, among those that are legal here. Compared at
every step: legal sets, masks, kind and depths of the hole, the source with its holes, the prior's logits, and with torch
all modes of `apply`. Compared of whole programs: source, source by names of tokens, trees, tokens of trees, analysis,
values, what is printed, and what source is read as.

Documented differences, counted by name; anything else is an error and ends with status 1:

  exact      a token that is legal there and not here, because nothing within max_len completes the program. Where a
             search in the package itself ends in time, it must not find a completion either (`searched`)
  refused    a language or prefix without programs, refused here; no decode of the package may complete in it
  encode     source that the package does not read back as it wrote it, and ours does
  names      names that the package's table gives to other variables, so that its source is another one
  clock      a program that takes the package longer than its timeout, or here more than the limits of a run
"""

import argparse
import contextlib
import io
import random
import sys
from collections import Counter

import numpy as np
import pyprior as theirs
import pyprior_rs as ours
from pyprior.nodes import render as their_render
from pyprior.states import frontier_kind as their_kind
from pyprior_rs.nodes import render as our_render
from pyprior_rs.states import frontier_kind as our_kind

try:
    import torch
except ImportError:
    torch = None

FORMS = ("func", "var", "binop", "compare", "const", "return", "if", "assign", "for", "CALL", "PRINT", "VAR_1", "INT_1")
MODES = ("off", "additive", "fixed", "entropy")
#: Steps of a search for a completion, and tokens that are searched for a trace.
NODES = 1000
SEARCHES = 2


#: How ours ends a run early that the package lets go on, or has timed out.
LIMITS = ("out of fuel", "longer than", "more than")


class Difference(Exception):
    """The two do not agree, and nothing documented says why."""


def same(what, a, b):
    if a != b:
        raise Difference(f"{what}:\n  theirs {a!r}\n  ours   {b!r}")


def language(rng):
    low = rng.choice((0, 0, -3, -99))
    knobs = {
        "max_funcs": rng.randint(0, 4),
        "max_vars": rng.randint(0, 6),
        "value_range": (low, low + rng.choice((1, 5, 9, 40))),
        "max_block_stmts": rng.randint(1, 4),
        "max_expr_depth": rng.randint(0, 3),
        "max_control_depth": rng.randint(0, 2),
        "no_dead_code": rng.random() < 0.7,
    }
    if rng.random() < 0.3:
        knobs["max_arity"] = rng.randint(0, 4)
    exclude = set(rng.sample(FORMS, rng.choice((0, 0, 0, 1, 2))))
    return knobs, rng.choice((8, 12, 20, 30, 45, 60)), exclude


def completes(begin, ids, budget):
    """Whether the package can go on from these tokens to a whole program, by depth first search; None where the budget does
    not tell."""
    stack, nodes = [list(ids)], 0
    while stack:
        ids = stack.pop()
        state = begin(ids)
        if theirs.done(state):
            return True
        for token in sorted(state.rows[0].legal()):
            nodes += 1
            if nodes > budget:
                return None
            stack.append([*ids, token])
    return False


def compare_step(rng, tok, s, t, begin, count):
    row_s, row_t = s.rows[0], t.rows[0]
    there, here = set(row_s.legal()), set(row_t.legal())
    if here - there:
        raise Difference(f"legal here and not there: {sorted(here - there)} behind {t.ids[0]}")
    for token in sorted(there - here):
        count["exact: tokens that nothing completes"] += 1
        if count["exact: searched in this trace"] < SEARCHES:
            count["exact: searched in this trace"] += 1
            found = completes(begin, [*t.ids[0], token], NODES)
            if found:
                raise Difference(f"token {token} behind {t.ids[0]} can be completed")
            count["exact: searched, nothing found" if found is False else "exact: search not ended"] += 1
    same("frontier", tuple(row_s.frontier()), row_t.frontier())
    same("kind", their_kind(s), our_kind(t))
    mask = ours.next_legal_tokens(t)
    same("mask", (mask.dtype, mask.shape), (np.float32, (1, tok[1].vocab_size)))
    same("mask as set", sorted(here), np.flatnonzero(mask[0] == 0).tolist())
    if not there - here:
        same("mask, all of it", theirs.next_legal_tokens(s).tolist(), mask.tolist())
    if rng.random() < 0.3:
        ids = t.ids[0]
        same("partial source", tok[0].partial_source(ids), tok[1].partial_source(ids))
    return here == there


def compare_prior(rng, priors, s, t, equal):
    a, b = priors[0].logits(s), priors[1].logits(t)
    if not np.allclose(a, b, atol=1e-4):
        raise Difference(f"prior logits differ by {np.abs(a - b).max()}")
    # Modes weigh by what is legal, so there is something to compare where that is the same.
    if torch is None or not equal:
        return
    model = torch.from_numpy(np.random.default_rng(rng.getrandbits(32)).normal(size=a.shape).astype(np.float32))
    x, y = priors[0].apply(model, states=s).numpy(), priors[1].apply(model, states=t).numpy()
    finite = np.isfinite(x)
    same("where apply is finite", finite.tolist(), np.isfinite(y).tolist())
    if not np.allclose(x[finite], y[finite], atol=1e-4):
        raise Difference(f"apply {priors[1].cfg.apply} differs by {np.abs(x[finite] - y[finite]).max()}")


def compare_program(rng, tok, ids, count):
    a, b = tok
    source = a.decode(ids)
    same("source", source, b.decode(ids))
    tree_a, tree_b = theirs.tokens_to_ast(ids, a), ours.tokens_to_ast(ids, b)
    same("tree", repr(tree_a), repr(tree_b))
    same("source by tokens", their_render(tree_a), our_render(tree_b, comparison_values="bool"))
    same("tokens of the tree", theirs.ast_to_tokens(tree_a, a), ours.ast_to_tokens(tree_b, b))
    for fact in ("unused_funcs", "dead_stores", "returning_funcs", "value_used", "dead_code"):
        same(fact, getattr(theirs.analysis, fact)(tree_a), getattr(ours.analysis, fact)(tree_b))
    x, y = a.encode(source), b.encode(source)
    if not y.ok or y.tokens != tuple(ids):
        raise Difference(f"not read back here: {source!r}: {y}")
    same("written again", source, b.decode(y.tokens, y.names))
    if not x.ok or tuple(x.tokens) != tuple(ids):
        count["encode: not read back by the package"] += 1
    else:
        # Ours has been found to be the source; the package has one name for a variable in all scopes.
        count["names: other ones come back from the package"] += a.decode(ids, x.names) != source
    with contextlib.redirect_stdout(io.StringIO()):
        ran = theirs.run(their_render(tree_a), timeout=1.0)
    run = b.run(ids)
    if "imeout" in (ran.error or "") or any(limit in (run.error or "") for limit in LIMITS):
        count["clock: too long for one of the two"] += 1
    else:
        same("run: ok", ran.ok, run.ok)
        same("run: output", ran.stdout, run.stdout)
        if not ran.ok:
            same("run: kind of error", ran.error.split(":")[0], run.error.split(":")[0])


def trace(seed, count):
    rng = random.Random(seed)
    knobs, max_len, exclude = language(rng)
    a = theirs.Tokenizer(**knobs)
    # A family without tokens is unknown to the package, and empty here.
    exclude &= {word for id in range(a.vocab_size) for word in (a.name(id), a.form_id(id))}
    try:
        b = ours.Tokenizer(**knobs, profile="pyprior-0.0.2")
        t = ours.init(vocab=b, max_len=max_len, exclude=exclude)
    except ours.errors.ConfigError:
        count["refused: languages without programs"] += 1
        none_completes(rng, a, None, max_len, exclude)
        return
    s = theirs.init(vocab=a, max_len=max_len, exclude=exclude)
    same("vocabulary", a._names if hasattr(a, "_names") else a.dump(), b.names())
    same("dump", a.dump(), b.dump())
    config = {"apply": rng.choice(MODES), "alpha": rng.choice((0.3, 1.0)), "w_call": rng.choice((1.0, 6.0))}
    priors = (
        theirs.Prior(a, theirs.PriorConfig(**config), max_len=max_len),
        ours.Prior(b, ours.PriorConfig(**config), max_len=max_len),
    )
    count["exact: searched in this trace"] = 0
    tok = (a, b)

    def begin(ids):
        return theirs.init(vocab=a, ids=[ids], max_len=max_len, exclude=exclude)

    while not ours.done(t):
        equal = compare_step(rng, tok, s, t, begin, count)
        if rng.random() < 0.25:
            compare_prior(rng, priors, s, t, equal)
        token = rng.choice(sorted(t.rows[0].legal()))
        theirs.advance(s, [token])
        ours.advance(t, [token])
        same("ids", s.ids, t.ids)
        count["steps"] += 1
    same("done", theirs.done(s), ours.done(t))
    same("legal behind the end", set(s.rows[0].legal()), set(t.rows[0].legal()))
    ids = t.ids[0]
    compare_program(rng, tok, ids, count)
    prefix = list(ids[: rng.randrange(len(ids))])
    again = begin(prefix), ours.init(vocab=b, ids=[prefix], max_len=max_len, exclude=exclude)
    compare_step(rng, tok, *again, begin, count)
    value = rng.choice((None, 0, rng.randint(-(10**30), 10**30)))
    same("value", a.value_encode(value), b.value_encode(value))
    same("value again", value, b.value_decode(b.value_encode(value)))
    count["traces compared to the end"] += 1


def none_completes(rng, tok, ids, max_len, exclude):
    for _ in range(5):
        try:
            s = theirs.init(vocab=tok, ids=ids, max_len=max_len, exclude=exclude)
        except (ValueError, KeyError):
            return
        while not theirs.done(s):
            legal = sorted(s.rows[0].legal())
            if not legal:
                break
            theirs.advance(s, [rng.choice(legal)])
        if theirs.done(s):
            raise Difference(f"refused here, and {s.ids[0]} is a program there")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first (default 0)")
    arguments = parser.parse_args()
    if torch is not None:
        torch.set_num_threads(1)
    count, failed = Counter(), 0
    for seed in range(arguments.seed, arguments.seed + arguments.traces):
        try:
            trace(seed, count)
        except Difference as difference:
            failed += 1
            print(f"trace {seed}: {difference}", file=sys.stderr)
    del count["exact: searched in this trace"]
    for what, number in sorted(count.items()):
        print(f"{number:>8}  {what}")
    print(f"{failed:>8}  differences that nothing documented explains, of {arguments.traces} traces")
    print("torch:", "compared" if torch is not None else "not installed, so apply was not compared")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
