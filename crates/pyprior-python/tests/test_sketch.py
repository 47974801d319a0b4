"""Sketches: known answers, brute force, what the command line prints, limits, models, errors."""

import itertools
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import pyprior_rs as pp
from pyprior_rs import errors
from pyprior_rs.sketch import Filling, Sketch

ROOT = Path(__file__).parents[3]
SKETCHES = ROOT / "examples" / "sketches"


def sketch(name):
    return Sketch((SKETCHES / f"{name}.sketch").read_text())


def printed(source):
    return pp.run(source).stdout


def test_ten_sketches_have_the_answers_that_are_known():
    assert [f.source for f in sketch("sum")] == [f"print({x} + {10 - x})" for x in range(1, 5)]
    squares = {f.ids for f in sketch("magic")}
    magic = [p for p in itertools.permutations(range(1, 10))
             if all(sum(p[i] for i in line) == 15 for line in (
                 (0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)))]
    assert len(squares) == len(magic) == 8
    found = [tuple(f[name].value for name in "ABCDEFGHI") for f in sketch("magic")]
    assert sorted(found) == sorted(magic)

    def price(n, many, each, off):
        return n * each if n < many else n * each - off

    worksheets = [v for v in itertools.product(range(4, 11), range(2, 10), range(1, 10))
                  if len(set(v)) == 3 and price(3, *v) + price(12, *v) == 51]
    found = list(sketch("worksheet"))
    assert sorted(tuple(f[name].value for name in ("Many", "Each", "Off")) for f in found) == sorted(worksheets)
    assert all(printed(f.source) == "51\n" and f.source.startswith("def price(n):\n    if n < ") for f in found)

    repairs = list(sketch("debugging"))
    assert all(printed(f"{f.source}\nprint(total(4))\nprint(total(9))") == "10\n45\n" for f in repairs)
    assert sum("-" not in f.source and "<" not in f.source for f in repairs) == 12
    pairs = list(sketch("pairs"))
    assert len(pairs) == 300 and {(f["First"].value, f["Second"].value) for f in pairs} == {("+", "*")}
    assert len(list(sketch("twice"))) == 12 and len(list(sketch("renamed"))) == 39
    statements = list(sketch("statements"))
    assert len(statements) == 4 and all(f.source.endswith("\nb = 1\nprint(b)") for f in statements)
    loops = [(x, y) for x in range(2, 5) for y in range(3) if sum(i + y for i in range(x)) == 6]
    assert sorted((f["X"].value, f["Y"].value) for f in sketch("loop")) == loops
    impossible = sketch("impossible")
    assert not impossible.can_be_filled() and list(impossible) == []
    for call in (lambda: impossible.sample(1), impossible.start):
        with pytest.raises(errors.FillError) as caught:
            call()
        assert (caught.value.kind, caught.value.limit) == ("no_filling", None)


def test_against_brute_force():
    """All programs of a small language, by the decoder, against those that a sketch has."""
    tok = pp.Tokenizer(value_range=(0, 2), max_vars=2, max_funcs=0, max_block_stmts=2, max_expr_depth=2, max_control_depth=1)

    def programs(max_len):
        left = [()]
        while left:
            ids = left.pop()
            row = pp.init(vocab=tok, ids=[ids], max_len=max_len).rows[0]
            if row.done():
                yield ids
            else:
                left.extend((*ids, token) for token in row.legal())

    everything = {ids: tok.decode(ids) for ids in programs(8)}
    assert len(everything) > 2000
    rng = random.Random(3)

    def expressions(depth):
        leaf = ["0", "1", "2"]
        if depth == 0:
            return leaf
        below = [e if len(e) == 1 else f"({e})" for e in expressions(depth - 1)]
        return leaf + [f"{a} {op} {b}" for op in "+-*" for a in below for b in below]

    checked = 0
    for _ in range(60):
        low, high = sorted((rng.randrange(3), rng.randrange(3)))
        relation = rng.choice(("X < Y", "X + Y == 2", "X != Y", "X * 2 <= Y + 1"))
        op = rng.choice(("+", "-", "*"))
        form = rng.choice(("print(X {} Y)", "a = X\nprint(a {} Y)", "print(X)\nprint(Y)"))
        text = f"{form.format(op)}\n---\nX in {low}..{high}\nY in const\n{relation}\n"
        expected = set()
        for x, y in itertools.product(range(low, high + 1), range(3)):
            # Y stands for any constant by the relation that it is in.
            if eval(relation, {}, {"X": x, "Y": y}):
                expected.add(form.format(op).replace("X", str(x)).replace("Y", str(y)))
        try:
            made = Sketch(text, vocab=tok, max_len=8)
        except errors.SketchError as error:
            assert error.kind == "no_solution" and not expected
            continue
        found = list(made)
        assert {f.source for f in found} == expected
        assert all(everything[f.ids] == tok.decode(f.ids) for f in found)
        assert [f.ids for f in found] == sorted((f.ids for f in found), key=lambda ids: (len(ids), ids))
        checked += len(found)
    assert checked > 100
    # A hole for an expression: every program of that form, no other.
    for limit, text in ((8, "print(E)"), (6, "print(E)"), (8, "S\nprint(_)"), (7, "...")):
        made = Sketch(text, vocab=tok, max_len=limit)
        names = {"print(E)": lambda s: s.startswith("print(") and "\n" not in s,
                 "S\nprint(_)": lambda s: s.count("\n") == 1 and s.split("\n")[1].startswith("print("), "...": lambda s: True}
        expected = {ids for ids, source in everything.items() if len(ids) <= limit and names[text](source)}
        assert {f.ids for f in made} == expected, text
    sources = {f.source for f in Sketch("print(E)\n---\nE in expr(depth <= 1)\ncount(call) == 0", vocab=tok, max_len=6)}
    arithmetic = {f"print({e})" for e in expressions(1)}
    assert arithmetic <= sources and all("int(" in s or s in arithmetic for s in sources)


def test_prefixes_are_legal_if_and_only_if_a_filling_goes_on():
    for name in ("sum", "loop", "statements", "twice"):
        made = sketch(name)
        rows = made.start(1)
        if name in ("loop",):
            # What is printed is not in the legal sets.
            made = Sketch(made.text.replace('prints == "6\\n"\n', ""))
            rows = made.start(1)
        fillings = [f.ids for f in made]
        prefixes = {ids[:n] for ids in fillings for n in range(len(ids))}
        for prefix in prefixes:
            rows.reset(0)
            for token in prefix:
                rows.advance([token])
            assert rows.legal()[0] == {ids[len(prefix)] for ids in fillings if ids[: len(prefix)] == prefix}
            assert rows.ids == [prefix]


def test_samples_hang_on_the_seed_alone():
    for name in ("worksheet", "pairs", "statements", "renamed", "twice", "magic"):
        made = sketch(name)
        every = set(made)
        for prior in (None, pp.PriorConfig(), pp.PriorConfig(w_const=0.1, normalisation="legal")):
            first = made.sample(30, seed=7, prior=prior)
            assert set(first) <= every and first == sketch(name).sample(30, seed=7, prior=prior)
            assert first[:10] == made.sample(10, seed=7, prior=prior)
            assert first != made.sample(30, seed=8, prior=prior)
            assert first[:5] == list(itertools.islice(made.sampler(seed=7, prior=prior), 5))
    made = sketch("sum")
    assert set(made.sample(4, distinct=True, tries=500, seed=3)) == set(made)
    with pytest.raises(errors.FillError) as caught:
        made.sample(5, distinct=True, tries=500, seed=3)
    assert (caught.value.kind, caught.value.limit, set(caught.value.fillings)) == ("tries", 500, set(made))
    with pytest.raises(errors.PriorError):
        made.sample(1, prior=pp.PriorConfig(w_var=-1.0))


#: What `pyprior sketch examples/sketches/NAME.sketch --format tokens` prints, with these flags.
RECORDED = {
    ("worksheet", 4, 7, False): [
        "241 0 225 241 243 23 5 131 240 244 6 22 5 128 240 244 6 21 22 5 128 133 242 6 248 20 247 0 127 247 0 136",
        "241 0 225 241 243 23 5 134 240 244 6 22 5 128 240 244 6 21 22 5 128 133 242 6 248 20 247 0 127 247 0 136",
        "241 0 225 241 243 23 5 129 240 244 6 22 5 128 240 244 6 21 22 5 128 133 242 6 248 20 247 0 127 247 0 136",
        "241 0 225 241 243 23 5 132 240 244 6 22 5 128 240 244 6 21 22 5 128 133 242 6 248 20 247 0 127 247 0 136",
    ],
    ("pairs", 4, 1, False): [
        "242 0 226 240 243 22 20 5 6 126 1 226 240 243 22 22 5 6 126 249 24 248 0 125 127 248 1 125 127",
        "242 0 226 240 243 22 20 5 6 126 1 226 240 243 22 22 5 6 126 249 24 248 0 124 125 248 1 124 125",
        "242 0 226 240 243 22 20 5 6 126 1 226 240 243 22 22 5 6 126 249 24 248 0 127 124 248 1 127 124",
        "242 0 226 240 243 22 20 5 6 127 1 226 240 243 22 22 5 6 127 249 24 248 0 130 133 248 1 130 133",
    ],
    ("statements", 4, 3, True): [
        "45 48 5 26 48 6 26 52 6",
        "45 52 25 48 5 26 52 5",
        "45 52 26 48 5 26 52 5",
        "45 48 5 26 48 6 26 52 6",
    ],
    ("renamed", 3, 2, False): [
        "31 0 28 29 32 25 1 28 29 32 25 38 25",
        "31 0 28 29 32 20 25 25 1 28 29 32 20 25 25 38 25",
        "31 0 28 29 32 21 25 25 1 28 29 32 21 25 25 38 25",
    ],
    ("twice", 5, 11, True): [
        "32 0 29 30 33 26 1 28 30 33 26 39 25",
        "32 0 29 30 33 20 25 26 1 28 30 33 20 25 26 39 25",
        "32 0 29 30 33 26 1 28 30 33 26 39 25",
        "32 0 29 30 33 20 5 25 1 28 30 33 20 5 25 39 25",
        "32 0 29 30 33 26 1 28 30 33 26 39 25",
    ],
    ("magic", 2, 9, True): [
        "242 249 20 20 130 131 126 249 20 20 125 129 133 249 20 20 132 127 128",
        "242 249 20 20 130 125 132 249 20 20 131 129 127 249 20 20 126 133 128",
    ],
    ("debugging", 3, 4, False): [
        "45 0 30 47 50 6 25 51 7 5 45 50 6 20 26 20 6 7 48 6",
        "45 0 30 47 50 6 25 51 7 5 45 50 6 20 6 21 5 7 48 6",
        "45 0 30 47 50 6 25 51 7 5 45 50 6 20 6 21 5 7 48 6",
    ],
    ("loop", 3, 0, False): [
        "242 245 5 124 246 6 127 240 245 5 20 5 20 6 125 249 5",
        "242 245 5 124 246 6 127 240 245 5 20 5 20 6 125 249 5",
        "242 245 5 124 246 6 127 240 245 5 20 5 20 6 125 249 5",
    ],
}


def test_what_the_command_line_prints():
    for (name, n, seed, uniform), lines in RECORDED.items():
        found = sketch(name).sample(n, seed=seed, prior=None if uniform else pp.PriorConfig())
        assert [" ".join(map(str, f.ids)) for f in found] == lines, (name, seed, uniform)


@pytest.mark.skipif("PYPRIOR_BIN" not in os.environ, reason="PYPRIOR_BIN names no command line to compare with")
def test_beside_the_command_line():
    def call(*flags):
        command = [os.environ["PYPRIOR_BIN"], "sketch", *flags]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        return [tuple(map(int, line.split())) for line in ended.stdout.splitlines()]

    for path in sorted(SKETCHES.glob("*.sketch")):
        if path.stem == "impossible":
            continue
        made = sketch(path.stem)
        file = str(path.relative_to(ROOT))
        assert [f.ids for f in itertools.islice(made, 50)] == call(file, "--all", "-n", "50", "--format", "tokens")
        for seed, flags, prior in ((1, (), pp.PriorConfig()), (2, ("--uniform",), None)):
            found = made.sample(20, seed=seed, prior=prior)
            assert [f.ids for f in found] == call(file, "-n", "20", "--seed", str(seed), "--format", "tokens", *flags)


def test_fillings_tell_what_they_are():
    made = Sketch("def f(n):\n    return E\nprint(f(X) Op _)\n---\nX in -3..-3\nOp in {+, *}")
    filling = made.sample(1, seed=1)[0]
    assert isinstance(filling, Filling) and str(filling) == filling.source and filling in {filling}
    assert [hole.name for hole in filling.holes] == ["E", "Op", "X", "_"]
    assert filling["X"].value == -3 and filling["Op"].value in "+*" and filling["E"].kind == "expr"
    for hole in filling.holes:
        assert filling.ids[hole.start : hole.start + len(hole.ids)] == hole.ids
    with pytest.raises(KeyError):
        filling["Z"]
    assert filling.tok is made.tok and made.tok.decode(filling.ids).startswith("def ")
    assert made.tok.encode(filling.source).tokens == filling.ids
    assert filling != filling.ids and next(iter(made)) != filling


def test_languages():
    # Blocks of three statements and constants such as 500 are not in the default language.
    wide = Sketch('a = X\nb = a * 2\nprint(b)\n---\nX in 500..502\nprints == "1002\\n"\n')
    assert [f.source for f in wide] == ["a = 501\nb = a * 2\nprint(b)"] and wide.tok.max_block_stmts == 3
    assert wide.max_len == 60 and wide.tok.value_range == (-99, 502)
    assert Sketch("print(E)", max_len=5).max_len == 5
    assert Sketch("print(E)\n---\noption max_len = 7").max_len == 7
    tok = pp.Tokenizer(value_range=(0, 9))
    made = Sketch("print(X)\n---\nX in const\noption exclude = ADD", vocab=tok, max_len=9)
    assert made.tok is tok and made.max_len == 9 and len(list(made)) == 10
    with pytest.raises(errors.SketchError) as caught:
        Sketch("print(X)\n---\noption value_range = 0..3", vocab=tok)
    assert caught.value.kind == "vocabulary"
    with pytest.raises(errors.SketchError) as caught:
        Sketch("a = 1\nb = 2\nprint(500)", vocab=tok)
    assert caught.value.kind == "not_in_language" and caught.value.line in (1, 3)
    based = Sketch("print(X)\n---\nX in 1..2", vocab=pp.Tokenizer(value_range=(0, 9), base=1000))
    assert [f["X"].value for f in based] == [1, 2] and all(min(f.ids) >= 1000 for f in based)
    assert based.start(2).mask().shape == (2, based.tok.vocab_size)


def test_errors_say_what_and_where():
    for text, kind, place in (
        ("print(X\n", "syntax", None),
        ("print(X)\n---\nX in 1..3\nX > 5\n", "no_solution", (4, 1)),
        ("S\nprint(b)\n", "unbound", (2, 7)),
        ("print(X)\n---\nY < 3\n", "no_hole", (3, 1)),
        ("print(X)\n---\nX in 1..3\nX in 5..6", "empty_domain", None),
        ("print(X)\n---\ntokens <= 2\ntokens >= 9", "empty_bounds", None),
        ("print(X)\n---\n1 > 2", "never", None),
        ("print(X)\n---\noption speed = 3", "syntax", (3, 8)),
        ("print(X)\n---\noption max_funcs = 999", "language", (1, 1)),
        ("", "syntax", None),
    ):
        with pytest.raises(errors.SketchError) as caught:
            list(Sketch(text))
        error = caught.value
        assert error.kind == kind and place in (None, (error.line, error.column)), (text, error.kind, error.line, error.column)
        assert isinstance(error, ValueError) and str(error) == f"{error.line}:{error.column}: {error.message}"
    for wrong in (lambda: Sketch(3), lambda: Sketch("print(X)", vocab=3), lambda: Sketch("print(X)").sample("x"),
                  lambda: Sketch("print(X)", speed=1), lambda: Sketch("print(X)").start(None),
                  lambda: Sketch("print(X)", vocab="x"), lambda: Sketch("print(X)").sample(1, prior=5),
                  lambda: Sketch("print(X)").sampler(prior={}), lambda: pp.Tokenizer().sample(1, prior=5)):
        with pytest.raises(TypeError):
            wrong()
    rng = random.Random(2)
    whole = (SKETCHES / "debugging.sketch").read_text() + (SKETCHES / "pairs.sketch").read_text()
    for _ in range(300):
        at, n = rng.randrange(len(whole)), rng.randrange(40)
        text = whole[:at] + "".join(rng.choice("XE_(){}:=<,.\n -*é\0") for _ in range(rng.randrange(4))) + whole[at + n :]
        try:
            Sketch(text[: rng.randrange(len(text))], work=10_000)
        except errors.SketchError as error:
            assert error.line >= 1 and error.column >= 1


def test_limits():
    hard = Sketch("def f(n):\n    return E\nprint(f(1))\n---\nE in expr(depth <= 2)\nf(1) == 77\nf(2) == 79\nf(3) == 1234\n")
    with pytest.raises(errors.FillError) as caught:
        hard.sample(1, tries=20)
    assert (caught.value.kind, caught.value.limit, caught.value.fillings) == ("tries", 20, [])
    with pytest.raises(errors.FillError) as caught:
        list(hard.fillings(nodes=100))
    assert (caught.value.kind, caught.value.limit) == ("nodes", 100)
    with pytest.raises(errors.FillError) as caught:
        list(hard.fillings(steps=50))
    assert caught.value.kind == "steps"
    lazy = Sketch("S\nT\nprint(E)\nprint(E)\n---\ncount(+) == 3\ndepth <= 2", work=1)
    for call in (lazy.can_be_filled, lambda: lazy.sample(1), lambda: list(lazy), lazy.start):
        with pytest.raises(errors.FillError) as caught:
            call()
        assert (caught.value.kind, caught.value.limit) == ("work", 1)
    endless = sketch("sum").fillings()
    assert len(list(endless)) == 4 and list(endless) == []
    with pytest.raises(errors.FillError, match="^the limit of 1 tokens is reached; there may be other fillings$"):
        list(sketch("sum").fillings(nodes=1))


def test_every_fill_error_of_sample_has_what_was_drawn():
    for text, kind, asked in (
        ("print(X)\n---\nX in 1..3\ntokens > 50", "no_filling", {}),
        ("S\nT\nprint(E)\nprint(E)\n---\ncount(+) == 3\ndepth <= 2", "work", {"work": 1}),
    ):
        with pytest.raises(errors.FillError) as caught:
            Sketch(text, **asked).sample(3)
        assert (caught.value.kind, caught.value.fillings) == (kind, [])


def test_streams_say_how_far_they_are():
    made = sketch("sum")
    found = made.fillings()
    assert found.nodes == 0 and next(found).source == "print(1 + 9)"
    first = found.nodes
    assert 0 < first and len(list(found)) == 3 and found.nodes > first and iter(found) is found
    limited = made.fillings(nodes=first)
    assert next(limited) == next(iter(made))
    with pytest.raises(errors.FillError):
        next(limited)
    # As it says: there is no next one behind an exception.
    assert next(limited, None) is None
    draws = made.sampler(seed=3, distinct=True, tries=60)
    drawn = [next(draws) for _ in range(4)]
    assert set(drawn) == set(made)
    before = draws.tries
    for nth in (1, 2):
        with pytest.raises(errors.FillError) as caught:
            next(draws)
        assert (caught.value.kind, caught.value.fillings, draws.tries) == ("tries", [], before + 60 * nth)
    # Tries that fail are not the end.
    hard = Sketch("print(X)\n---\nX in 1..40\nprints == \"7\\n\"").sampler(seed=1, prior=None, tries=2)
    got = []
    while len(got) < 3:
        try:
            got.append(next(hard).source)
        except errors.FillError:
            got.append(None) if None not in got else None
    assert got.count("print(7)") == 2


def test_rows_are_stepped_like_states():
    made = Sketch("def f(a):\n    return E\nprint(f(3))\n---\noption value_range = 0..9\nE in expr(depth <= 1)\nuses(a)\nf(3) == 6\n")
    every = {f.ids for f in made}
    rows, rng, drawn, violated = made.start(6), random.Random(1), set(), 0
    for _ in range(40):
        while not rows.done():
            legal = rows.legal()
            bits, mask = rows.bitmask(), rows.mask()
            assert bits.dtype == np.uint32 and mask.dtype == np.float32
            for row, allowed in enumerate(legal):
                assert {i for i in range(made.tok.vocab_size) if bits[row, i // 32] >> (i % 32) & 1} == allowed
                assert set(np.flatnonzero(mask[row] == 0).tolist()) == allowed and np.isneginf(mask[row]).sum() == mask.shape[1] - len(allowed)
            before = rows.ids
            out = np.zeros(bits.shape, np.int32)
            rows.fill_bitmask(out)
            assert (out.view(np.uint32) == bits).all() and len(rows) == 6
            illegal = next(i for i in range(made.tok.vocab_size) if i not in legal[5])
            with pytest.raises(errors.TokenError) as caught:
                rows.advance([rng.choice(sorted(allowed)) for allowed in legal[:5]] + [illegal])
            assert caught.value.slot == 5 and caught.value.token == illegal and rows.ids == before
            rows.advance([rng.choice(sorted(allowed)) for allowed in legal])
        assert rows.terminated() == list(range(6)) and all(row == {made.tok.pad_token_id} for row in rows.legal())
        rows.advance([made.tok.pad_token_id] * 6)
        for row in range(6):
            assert (rows.ids[row] in every) == (row not in rows.violated())
            if row in rows.violated():
                violated += 1
            else:
                drawn.add(rows.ids[row])
            rows.reset(row)
    assert len(drawn) > 1 and violated > 20, (len(drawn), violated)
    rows.advance([next(iter(legal)) for legal in rows.legal()], active=[True] + [False] * 5)
    assert [len(ids) for ids in rows.ids] == [1, 0, 0, 0, 0, 0] and rows.padded(-1).tolist()[1] == [-1]
    rows.fork(0, 3)
    assert rows.ids[3] == rows.ids[0]
    rows.rollback(0)
    assert rows.ids[0] == ()
    with pytest.raises(errors.TokenError) as caught:
        sketch("sum").start(1).advance([sketch("sum").tok.id_of("BLK_2")])
    assert caught.value.kind == "sketch" and "BLK_2" in str(caught.value)
    for wrong, error in (
        (lambda: rows.advance([1]), errors.BatchError), (lambda: rows.advance([1] * 6, active=[True]), errors.BatchError),
        (lambda: rows.advance("abcdef"), TypeError), (lambda: rows.advance([-1] * 6), errors.TokenError),
        (lambda: rows.rollback(0, 9), errors.RollbackError), (lambda: rows.rollback(9), errors.BatchError),
        (lambda: rows.fill_bitmask(np.zeros((1, 1), np.int32)), errors.ShapeError), (lambda: made.start(1 << 30), errors.BatchError),
    ):
        with pytest.raises(error):
            wrong()


@pytest.mark.torch
def test_a_model_fills_a_sketch():
    import torch
    from pyprior_rs.demo import TinyDecoder

    torch.manual_seed(1)
    made = sketch("pairs")
    model = TinyDecoder(made.tok.vocab_size).eval()
    every = {f.ids for f in made}
    rows, found = made.start(8), set()
    for _ in range(4):
        while not rows.done():
            with torch.no_grad():
                logits = model(rows.input_ids)[:, -1] + rows.legal_mask()
            rows.advance(torch.multinomial(logits.softmax(-1), 1)[:, 0])
        found |= {rows.ids[row] for row in range(8) if row not in rows.violated()}
        for row in range(8):
            rows.reset(row)
    assert found and found <= every
    bits = torch.zeros(rows.bitmask().shape, dtype=torch.int32)
    rows.fill_bitmask(bits)
    assert (bits.numpy().view("uint32") == rows.bitmask()).all()


HARD = "def f(n):\n    return E\nprint(f(1))\n---\nE in expr(depth <= 3)\nf(1) == 77\nf(2) == 79\nf(3) == 1234\nf(4) == 5\n"

GOES_ON = """
import os, signal, threading
from pyprior_rs.sketch import Sketch
draws = Sketch({hard!r}).sampler(tries=300)
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    while True:
        try:
            next(draws)
        except ValueError as error:
            assert error.kind == "tries", error.kind
except KeyboardInterrupt:
    try:
        next(draws)
    except ValueError as error:
        print(error.kind)
"""


def test_draws_go_on_behind_an_interrupt():
    ended = subprocess.run([sys.executable, "-c", GOES_ON.format(hard=HARD)], capture_output=True, text=True, timeout=120)
    assert ended.stdout.split() == ["tries"], ended.stderr


INTERRUPTED = """
import os, signal, threading, time
from pyprior_rs.sketch import Sketch
made = Sketch({hard!r})
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
started = time.monotonic()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - started < 10)
"""


@pytest.mark.parametrize("call", ["list(made)", "made.sample(1, tries=10**9)"])
def test_an_interrupt_ends_it(call):
    script = INTERRUPTED.format(hard=HARD, call=call)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["interrupted", "True"], ended.stderr


def test_other_threads_go_on():
    made, ticks, end = Sketch(HARD), [], threading.Event()

    def tick():
        while not end.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        started = time.monotonic()
        with pytest.raises(errors.FillError):
            made.sample(1, tries=1500)
        finished = time.monotonic()
    finally:
        end.set()
        thread.join()
    inside = sum(started < t < finished for t in ticks)
    assert inside > 20 * (finished - started), (inside, finished - started)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc to read the memory from")
def test_nothing_stays_behind():
    text = (SKETCHES / "worksheet.sketch").read_text()

    def work(rounds):
        for seed in range(rounds):
            made = Sketch(text)
            made.sample(3, seed=seed)
            next(iter(made)).source
            made.start(2).bitmask()
            with pytest.raises(errors.SketchError):
                Sketch("print(b)")

    work(30)
    before = resident()
    work(300)
    assert resident() - before < 4 << 20
