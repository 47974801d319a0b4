"""Slots by their numbers, from the end too; views of several; what cannot be done to a view."""

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs import errors


def rows(tok, n=5):
    """Row i has i tokens."""
    s = pp.init(vocab=tok, n=n, max_len=30)
    program = tok.sample(1, seed=1, max_len=30, prefix=[52])[0]
    for nth in range(n):
        for token in program[:nth]:
            s.rows[nth].advance(token)
    return s


def lengths(s):
    return [None if row is None else len(row.tokens) for row in s.rows]


def test_numbers_below_0_count_from_the_end(tok):
    fresh = pp.init(vocab=tok, max_len=9)
    for work, wanted in (
        (lambda s: s.set_row(-1, fresh), [0, 1, 2, 3, 0]),
        (lambda s: s.put(-5, s[3]), [3, 1, 2, 3, 4]),
        (lambda s: s.free_row(-2), [0, 1, 2, None, 4]),
        (lambda s: s.free_row(np.int64(-2)), [0, 1, 2, None, 4]),
        (lambda s: s.move_row(-1, 0), [4, 1, 2, 3, None]),
        (lambda s: s.move_row(1, -1), [0, None, 2, 3, 1]),
        (lambda s: s.move_row(-1, -2, swap=True), [0, 1, 2, 4, 3]),
        (lambda s: s.fork(-1, -4), [0, 4, 2, 3, 4]),
        (lambda s: s.rollback(-1), [0, 1, 2, 3, 3]),
        (lambda s: s.rollback(-1, 4), [0, 1, 2, 3, 0]),
        (lambda s: s.reset(-2), [0, 1, 2, 0, 4]),
        # Of a view, by the view.
        (lambda s: s[1:3].reset(-1), [0, 1, 0, 3, 4]),
        (lambda s: s.slice(2).free_row(-1), [0, None, 2, 3, 4]),
        (lambda s: s[2:].move_row(-1, 0), [0, 1, 4, 3, None]),
        (lambda s: s[3].set_row(-1, fresh), [0, 1, 2, 0, 4]),
    ):
        s = rows(tok)
        work(s)
        assert lengths(s) == wanted


def test_slots_that_are_not_there(tok):
    fresh = pp.init(vocab=tok)
    works = (
        lambda s, i: s.set_row(i, fresh),
        lambda s, i: s.free_row(i),
        lambda s, i: s.move_row(i, 0),
        lambda s, i: s.move_row(0, i, swap=True),
        lambda s, i: s.fork(0, i),
        lambda s, i: s.fork(i, 0),
        lambda s, i: s.rollback(i),
        lambda s, i: s.reset(i),
    )
    for i in (3, -4, 2**63, -(2**63), -(2**63) - 1, 2**64, -(2**80), 10**30, np.int64(-4)):
        for nth, work in enumerate(works):
            whole = rows(tok)
            for s in (whole[1:4], pp.init(vocab=tok, n=3)):
                with pytest.raises(errors.BatchError) as caught:
                    work(s, i)
                error = caught.value
                assert (error.kind, error.slot, error.slots) == ("no_such_slot", i, 3), nth
                assert str(i) in str(error) and "2^64" not in str(error)
            assert lengths(whole) == [0, 1, 2, 3, 4]
    for wrong in ("0", None, 1.0, [0]):
        for work in works:
            with pytest.raises(TypeError):
                work(rows(tok), wrong)


def test_slices_are_views_of_slots_that_follow_one_another(tok):
    s = rows(tok)
    s.free_row(1)
    whole = [0, None, 2, 3, 4]
    ends = (None, *range(-7, 8))
    for start in ends:
        for stop in ends:
            view = s[start:stop]
            assert isinstance(view, pp.States) and lengths(view) == whole[start:stop]
            assert len(view) == len(whole[start:stop])
            assert lengths(s[1:][start:stop]) == whole[1:][start:stop]
    view = s[2:4]
    view.reset(0)
    assert lengths(s) == [0, None, 0, 3, 4]
    legal = view.legal_mask().numpy() if hasattr(view, "device") and _torch() else view.mask()
    assert np.array_equal(legal, s.mask()[2:4])
    assert s[2:5][1:][0].ids == s[3].ids
    for step in (2, -1, 0, 10**30):
        with pytest.raises(errors.PyPriorError, match=str(step)):
            s[::step]
    assert lengths(s[0:2:1]) == [0, None]
    for i in (5, -6, 10**30, -(10**30)):
        with pytest.raises(IndexError):
            s[i]
    for wrong in ("0", 1.0, None, slice("a", None)):
        with pytest.raises(TypeError):
            s[wrong]


def _torch():
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def test_a_view_keeps_device_and_type(tok):
    s = pp.States.empty(3, tok=tok, device="cpu", dtype="float64")
    assert (s[1:].device, s[1:].dtype) == ("cpu", "float64")


def test_an_empty_slot_can_be_set(tok):
    s = rows(tok)
    known = s.rows
    s.set_row(2, pp.States.empty(1, tok=tok))
    assert lengths(s) == [0, 1, None, 3, 4] and s.rows is not known and s.batch_size == 4
    s.set_row(-1, s[2:4])
    assert lengths(s) == [0, 1, None, 3, None]
    s.set_row(1, s[2])
    s.set_row(2, s[2])
    assert lengths(s) == [0, None, None, 3, None]
    with pytest.raises(errors.BatchError) as caught:
        s.set_row(3, pp.States.empty(1, tok=pp.Tokenizer()))
    assert caught.value.kind == "vocab_size"
    with pytest.raises(errors.BatchError) as caught:
        s.set_row(3, s[2:2])
    assert (caught.value.kind, caught.value.slot, caught.value.slots) == ("no_such_slot", 0, 0)
    assert lengths(s) == [0, None, None, 3, None]


def test_what_is_of_a_whole_batch(tok):
    s = pp.init(vocab=tok, n=9)
    for what, work in (("grow_to", lambda view: view.grow_to(12)), ("choose_uniform", lambda view: view.choose_uniform(1))):
        for view in (s[0:2], s[3], s.slice(9)):
            with pytest.raises(errors.BatchError, match=f"{what}.*view") as caught:
                work(view)
            assert (caught.value.kind, caught.value.what) == ("view", what)
    with pytest.raises(errors.BatchError) as caught:
        s.grow_to(2**22 + 1)
    assert (caught.value.kind, caught.value.what, caught.value.got, caught.value.expected) == ("too_many", "capacity", 2**22 + 1, 2**22)
    s.grow_to(3)
    assert len(s) == 9
    with pytest.raises(errors.PyPriorError):
        s.grow_to(-1)
