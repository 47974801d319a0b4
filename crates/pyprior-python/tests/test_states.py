"""Rows, slots, views, what is atomic, and threads."""

import contextlib
import gc
import random
import resource
import sys
import threading
import weakref

import numpy as np
import pytest
import pyprior_rs as pp


def decode(tok, seed, n=1, **options):
    random.seed(seed)
    s = pp.init(vocab=tok, n=n, **options)
    while not s.done():
        s.advance([random.choice(sorted(row.legal())) for row in s.rows])
    return s


@pytest.mark.parametrize("make", [list, tuple, np.array, lambda t: np.array(t, np.int32), lambda t: iter(t)])
def test_tokens_of_every_kind(tok, make):
    s = pp.init(vocab=tok, n=2, max_len=20)
    assert s.advance(make([51, 52])) is s
    assert s.ids == [(51,), (52,)]


@pytest.mark.parametrize(
    "tokens, error",
    [
        ([51.0, 51.0], TypeError),
        (np.array([51.0, 51.0]), TypeError),
        (["51", "51"], TypeError),
        ([[51], [51]], TypeError),
        (51, TypeError),
        (None, TypeError),
        ([True, True], TypeError),
        ([51], pp.errors.BatchError),
        ([51, 51, 51], pp.errors.BatchError),
        ([51, 0], pp.errors.TokenError),
        ([51, -1], pp.errors.TokenError),
        ([51, 79], pp.errors.TokenError),
        ([51, 2**32], pp.errors.TokenError),
        ([51, 2**80], (TypeError, OverflowError, ValueError)),
    ],
)
def test_what_is_refused_changes_nothing(tok, tokens, error):
    s = pp.init(vocab=tok, n=2, max_len=20)
    with pytest.raises(error):
        s.advance(tokens)
    assert s.ids == [(), ()]
    s.advance([52, 51])
    with pytest.raises(error):
        pp.advance(s, tokens, active=[True, True])
    assert s.ids == [(52,), (51,)]


def test_errors_say_what_and_where(tok):
    s = pp.init(vocab=tok, n=2, max_len=20)
    with pytest.raises(ValueError) as caught:
        s.advance([51, tok.id_of("PRINT")])
    error = caught.value
    assert isinstance(error, pp.errors.TokenError) and isinstance(error, pp.errors.PyPriorError)
    assert (error.kind, error.slot, error.token, error.name, error.position) == ("illegal", 1, 59, "PRINT", 0)
    assert error.reason in str(error)
    with pytest.raises(pp.errors.ConfigError) as caught:
        pp.init(vocab=tok, max_len=2)
    assert (caught.value.kind, caught.value.max_len, caught.value.min_len) == ("max_len_too_small", 2, 3)
    with pytest.raises(pp.errors.ConfigError) as caught:
        pp.init(vocab=tok, exclude={"prnt"})
    assert caught.value.suggestion == "print"
    for wrong in ({"max_funcs": 256}, {"max_funcs": -1}, {"max_expr_depth": 61}, {"value_range": (5, 4)}, {"value_range": (0, 2**70)},
                  {"value_range": (0, 65536)}, {"profile": "unsound"}, {"calls": "none"}, {"base": -1}, {"max_block_stmts": 0}):
        with pytest.raises(pp.errors.ConfigError):
            pp.Tokenizer(**wrong)
    for wrong in ({"max_funcs": "5"}, {"value_range": (1, 2, 3)}, {"value_range": (0.5, 2)}, {"base": object()}, {"arities": [1]}):
        with pytest.raises((TypeError, ValueError)):
            pp.Tokenizer(**wrong)
    with pytest.raises(KeyError) as caught:
        tok.id_of("ASIGN")
    assert caught.value.suggestion == "ASSIGN" and isinstance(caught.value, ValueError)
    for id in (-1, 79, 10**20):
        with pytest.raises(IndexError):
            tok.name(id)
        with pytest.raises(IndexError):
            tok.form_id(id)


def test_a_finished_row_stays(tok):
    s = decode(tok, 1, max_len=10)
    ids = s.ids
    assert s.rows[0].legal() == {tok.pad_token_id} and s.rows[0].kind is None
    s.advance([tok.pad_token_id])
    assert s.ids == ids
    with pytest.raises(pp.errors.TokenError):
        s.advance([51])
    assert s.ids == ids


def test_active_rows_alone_step(tok):
    s = pp.init(vocab=tok, n=3, max_len=20)
    s.advance([51, 0, 52], active=[True, False, True])
    assert s.ids == [(51,), (), (52,)]
    s.advance([59, 59], b=2, active=np.array([True, False]))
    assert s.ids == [(51, 59), (), (52,)]
    with pytest.raises(pp.errors.BatchError):
        s.advance([59], b=4)


def test_slots(tok):
    s = pp.States.empty(4, tok=tok)
    assert (len(s), s.batch_size, s.rows, s.ids) == (4, 0, (None,) * 4, [])
    a, b = pp.init(vocab=tok, max_len=12), pp.init(vocab=tok, ids=[[51, 59]], max_len=30)
    s.set_row(0, a)
    s.set_row(2, b)
    row = s.rows[2]
    assert (s.batch_size, s.ids, row.max_len) == (2, [(), (51, 59)], 30)
    s.move_row(2, 1)
    assert s.rows[2] is None and s.rows[1].tokens == (51, 59)
    with pytest.raises(pp.errors.BatchError):
        row.legal()
    s.move_row(0, 1, swap=True)
    assert [r.tokens for r in s.rows[:2]] == [(51, 59), ()]
    s.fork(0, 3)
    s.rollback(0)
    assert [r.tokens for r in (s.rows[0], s.rows[3])] == [(51,), (51, 59)]
    s.reset(3)
    assert s.rows[3].tokens == ()
    s.free_row(3)
    assert s.rows[3] is None and s.batch_size == 2
    s.grow_to(6)
    assert len(s) == 6 and s.rows[5] is None
    with pytest.raises(pp.errors.BatchError):
        s.set_row(6, a)
    with pytest.raises(pp.errors.BatchError):
        s.set_row(0, pp.init(vocab=pp.Tokenizer()))
    with pytest.raises(pp.errors.RollbackError) as caught:
        s.rollback(0, 2)
    assert (caught.value.asked, caught.value.len) == (2, 1)
    # Views show what is there; tokens for empty slots do not count.
    view = s.slice(3)
    s.advance([59, 51, 0, 0, 0, 0])
    assert view.ids == [(51, 59), (51,)] and s[1].ids == [(51,)] and s[-1].ids == []
    view.slice(2)[1].advance([59])
    assert s.ids == [(51, 59), (51, 59)]
    with pytest.raises(IndexError):
        s[6]


def test_rows_say_why(tok):
    s = pp.init(vocab=tok, max_len=12)
    row = s.rows[0]
    assert (row.kind, row.frontier(), row.remaining, row.min_tokens_to_finish) == ("block", (0, 0), 12, 3)
    assert row.why_not(51) is None and "block" in row.why_not(59)
    row.advance(52)
    assert row.tokens == (52,) and row.legal_count() == len(row.legal())
    row.rollback()
    assert row.tokens == ()


def test_batched_is_single(tok):
    together = decode(tok, 5, n=40, max_len=30).ids
    rows = [pp.init(vocab=tok, max_len=30) for _ in range(40)]
    random.seed(5)
    while not all(s.done() for s in rows):
        for s, token in [(s, random.choice(sorted(s.rows[0].legal()))) for s in rows]:
            s.advance([token])
    assert [s.ids[0] for s in rows] == together


def test_profiles_and_switches():
    ids = "BLK_2 FUNC_1 ARITY_0 BLK_1 PRINT INT_1 PRINT ADD CALL FUNC_1 INT_1".split()
    old = pp.Tokenizer(profile="pyprior-0.0.2")
    assert old.run([old.id_of(name) for name in ids]).error.startswith("TypeError")
    sound = pp.Tokenizer()
    assert (sound.profile, old.profile, pp.Tokenizer(calls="any").profile) == ("sound", "pyprior-0.0.2", None)
    with pytest.raises(pp.errors.TokenError):
        pp.init(vocab=sound, ids=[[sound.id_of(name) for name in ids]])
    source = pp.init(vocab=pp.Tokenizer(comparison_values="bool"))
    compared = [old.id_of(name) for name in "BLK_1 PRINT LT INT_1 INT_2".split()]
    assert (sound.run(compared).stdout, old.run(compared).stdout, len(source)) == ("1\n", "True\n", 1)


def test_threads_share_rows(tok):
    """Rows that several threads step never tear, and nobody waits for ever."""
    s = pp.init(vocab=tok, n=3000, max_len=30)
    failed, stepped = [], []

    def work(seed):
        out = np.zeros((3000, 3), np.uint32)
        try:
            for _ in range(10):
                s.fill_bitmask(out)
                pp.next_legal_tokens(s)
                s.choose_uniform(seed)
                s.rows[seed].legal()
                try:
                    s.advance(s.choose_uniform(seed))
                    stepped.append(seed)
                except pp.errors.TokenError:
                    # Another thread has stepped between the choice and the step.
                    pass
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert not failed and not any(thread.is_alive() for thread in threads)
    # Each step was taken by all rows that were not finished, or by none.
    assert stepped
    for row in s.rows:
        assert len(row.tokens) == len(stepped) or row.done() and len(row.tokens) < len(stepped)
    # And what is in them is legal from the first token on: a new batch takes it, or names the row that it refuses.
    again = pp.init(vocab=tok, ids=[row.tokens for row in s.rows], max_len=30)
    assert again.ids == s.ids and again.frontiers() == s.frontiers() and np.array_equal(again.bitmask(), s.bitmask())


def test_what_is_too_large_is_refused(tok):
    for make in (
        lambda: pp.init(vocab=tok, n=10**9),
        lambda: pp.States.empty(10**12, tok=tok),
        lambda: pp.States.empty(1, tok=tok).grow_to(10**9),
        lambda: tok.sample(10**12),
        lambda: pp.run_batch(["print(1)"] * 2, workers=10**9),
        lambda: next(pp.training_batches(tok, batch_size=10**9, seq_len=9)),
    ):
        with pytest.raises(ValueError):
            make()
    wide = pp.Tokenizer(value_range=(-32768, 32767), base=1 << 24)
    with pytest.raises(MemoryError):
        pp.next_legal_tokens(pp.States.empty(1 << 22, tok=wide))
    for wrong, error in ((-2, ValueError), (2**64, ValueError), (1, ValueError), ("0", TypeError), (None, TypeError)):
        with pytest.raises(error):
            pp.init(vocab=tok).free_row(wrong)


def held():
    """Objects of Python, and bytes of the process."""
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return sys.getallocatedblocks(), pages * resource.getpagesize()


def left_behind(turn, times):
    """What so many turns leave behind them, once all memory that is kept for the next one is there."""
    for _ in range(times // 4):
        turn()
    before = held()
    for _ in range(times):
        turn()
    return [now - then for now, then in zip(held(), before)]


def test_nothing_leaks(tok):
    s = pp.init(vocab=tok, n=8, max_len=30)
    out, kept = np.zeros((8, 3), np.uint32), []

    def turn():
        s.fill_bitmask(out)
        s.rows[0].legal()
        s.choose_uniform(1)
        with contextlib.suppress(ValueError):
            s.advance([10**6] * 8)
        s.advance(s.choose_uniform(1))
        s.rollback(3)
        [s.rollback(row) for row in (0, 1, 2, 4, 5, 6, 7)]
        pp.init(vocab=tok, max_len=30)

    def leaks_an_object():
        turn()
        kept.append(object())

    def leaks_memory():
        turn()
        kept.append(bytearray(256))

    # One object a turn is seen, and 256 bytes are, whatever earlier tests have left free.
    times = 40_000
    assert left_behind(leaks_an_object, 4_000)[0] > 2_000
    assert left_behind(leaks_memory, times)[1] > 1 << 20
    kept.clear()
    objects, size = left_behind(turn, times)
    assert objects < times / 20 and size < 1 << 20, (objects, size)


def test_a_tokenizer_that_holds_its_own_rows_goes_with_them():
    tok = pp.Tokenizer()
    tok.mine = pp.init(vocab=tok, max_len=20)
    assert tok.mine.tok is tok and tok.mine.language is tok.with_limits(20)
    gone = weakref.ref(tok)
    del tok
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("n", [0, 1, 2, 1500])
@pytest.mark.parametrize("b", [None, 0, 1])
def test_one_row_is_a_row_as_others_are(tok, n, b):
    """Few rows are stepped by another way than many, and one by another than few."""
    s = pp.init(vocab=tok, n=n, max_len=20)
    if b is not None and b > n:
        for refused in (lambda: s.done(b), lambda: s.advance([51] * b, b=b)):
            with pytest.raises(pp.errors.BatchError) as caught:
                refused()
            assert (caught.value.kind, caught.value.what, caught.value.got, caught.value.expected) == ("wrong_length", "b", b, n)
        return
    rows = n if b is None else b
    assert s.done(b) is (rows == 0)
    # With b there may be more of both, which are left alone.
    for wrong in (rows - 1, *([rows + 1] if b is None else [])):
        if wrong >= 0:
            for given, active, what in ((wrong, None, "tokens"), (rows, wrong, "active")):
                with pytest.raises(pp.errors.BatchError) as caught:
                    s.advance([51] * given, active=None if active is None else [True] * active, b=b)
                assert (caught.value.what, caught.value.got, caught.value.expected) == (what, wrong, rows)
    more = 0 if b is None else 1
    assert s.advance([51] * (rows + more), active=[False] * rows + [True] * more, b=b).ids == [()] * n
    assert s.advance([51] * rows + [7] * more, b=b) is s
    assert s.ids == [(51,)] * rows + [()] * (n - rows)
    if rows:
        pad, next_ = tok.pad_token_id, min(s.rows[0].legal())
        with pytest.raises(pp.errors.TokenError):
            s.advance([pad] * rows, b=b)
        assert s.ids == [(51,)] * rows + [()] * (n - rows)
        s.advance([pad] * rows, active=[False] * rows, b=b)
        s.free_row(0)
        assert s.advance([pad] + [next_] * (rows - 1), b=b) is s, "tokens of empty slots do not count"
        assert s.ids == [(51, next_)] * (rows - 1) + [()] * (n - rows)
