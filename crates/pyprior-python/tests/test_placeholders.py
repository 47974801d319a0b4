"""What is given for rows that do not step, what is given beside the rows, and columns of tokens."""

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs import errors

NO_IDS = [-1, -(2**31), 2**32 - 1, 2**32, 2**63 - 1]
MAKES = [list, tuple, np.array, lambda tokens: iter(tokens)]


def fresh(tok, n=3):
    return pp.init(vocab=tok, n=n, max_len=30)


def sparse(tok):
    s = fresh(tok)
    s.free_row(1)
    return s


def tensor(tokens):
    import torch

    return torch.tensor(tokens)


@pytest.fixture(params=[*MAKES, pytest.param(tensor, marks=pytest.mark.torch)])
def make(request):
    return request.param


@pytest.mark.parametrize("none", NO_IDS)
def test_integers_for_rows_that_stay_do_not_count(tok, make, none):
    given = [51, none, 52]
    s = fresh(tok).advance(make(given), active=[True, False, True])
    assert s.ids == [(51,), (), (52,)]
    s = pp.advance(fresh(tok), make(given), active=np.array([True, False, True]))
    assert s.ids == [(51,), (), (52,)]
    s = sparse(tok).advance(make(given))
    assert s.ids == [(51,), (52,)]
    assert fresh(tok)[0:2].advance(make(given), active=[True, False], b=2).ids == [(51,), ()]


def test_integers_of_any_size_for_rows_that_stay(tok):
    for none in (2**64, -(2**64), 2**80, np.int64(-1), np.uint64(2**64 - 1), np.int8(-1)):
        assert fresh(tok).advance([51, none, 52], active=[1, 0, 1]).ids == [(51,), (), (52,)]
        assert sparse(tok).advance([51, none, 52]).ids == [(51,), (52,)]
    for kind in (np.int8, np.int16, np.int32, np.int64):
        assert sparse(tok).advance(np.array([51, -1, 52], kind)).ids == [(51,), (52,)]
    one = fresh(tok, n=1)
    assert one.advance([-1], active=[False]).ids == [()] and one.advance([2**80], active=[False]).ids == [()]
    assert pp.States.empty(1, tok=tok).advance([-1]).ids == []


def test_they_count_for_rows_that_step(tok, make):
    for none in NO_IDS:
        for s, given, slot in ((fresh(tok), [51, 51, none], 2), (sparse(tok), [51, -1, none], 2), (fresh(tok)[1:], [51, none], 1)):
            before = s.ids
            with pytest.raises(errors.TokenError) as caught:
                s.advance(make(given))
            error = caught.value
            assert (error.kind, error.slot, error.token) == ("out_of_range", slot, none)
            if none != 2**32 - 1:
                assert (error.position, error.name, error.reason) == (None, None, None)
                assert f"toks[{slot}]: {none}" in str(error)
            with pytest.raises(errors.TokenError) as caught:
                s.advance(make(given), active=[True] * len(given))
            assert (caught.value.kind, caught.value.slot, caught.value.token) == ("out_of_range", slot, none)
            assert s.ids == before


def test_the_first_row_that_refuses_is_named(tok):
    s = fresh(tok)
    with pytest.raises(errors.TokenError) as caught:
        s.advance([51, 59, -1])
    assert (caught.value.kind, caught.value.slot, caught.value.token) == ("illegal", 1, 59)
    with pytest.raises(errors.TokenError) as caught:
        s.advance([-1, 59, -2], active=[False, False, True])
    assert (caught.value.kind, caught.value.slot, caught.value.token) == ("out_of_range", 2, -2)
    assert s.ids == [(), (), ()]


def test_what_is_no_integer_is_refused_everywhere(tok):
    for wrong in (None, 51.0, "51", True, float("nan")):
        s = fresh(tok)
        with pytest.raises(TypeError):
            s.advance([51, wrong, 51], active=[True, False, True])
        assert s.ids == [(), (), ()]


def test_a_large_batch_with_placeholders(tok):
    n = 3000
    active = np.arange(n) % 3 == 0
    s = pp.init(vocab=tok, n=n, max_len=30).advance(np.where(active, 51, -7), active=active)
    assert [len(ids) for ids in s.ids] == active.astype(int).tolist()
    for slot in np.flatnonzero(~active):
        s.free_row(slot)
    s.advance(np.where(active, tok.id_of("PRINT"), -7))
    assert set(s.ids) == {(51, tok.id_of("PRINT"))} and s.batch_size == 1000
    before = s.ids
    with pytest.raises(errors.TokenError) as caught:
        s.advance(np.where(active & (np.arange(n) < 2000), tok.id_of("INT_3"), -7))
    assert (caught.value.slot, caught.value.token) == (2001, -7) and s.ids == before


def test_more_than_b_rows_are_given(tok, make):
    s = fresh(tok)
    s.advance(make([51, 52, -1]), b=2)
    assert s.ids == [(51,), (52,), ()]
    s = fresh(tok).advance(make([51, 52, 51]), active=[True, False, True], b=2)
    assert s.ids == [(51,), (), ()]
    assert fresh(tok).advance(make([51, 52]), active=[True, False, True, True], b=2).ids == [(51,), (), ()]
    assert fresh(tok).advance(make([51, 52, 51, 51]), b=3).ids == [(51,), (52,), (51,)]
    assert fresh(tok).advance(make([51]), b=0).ids == [(), (), ()]


def test_lengths_that_do_not_fit(tok):
    for given, options, what, got, expected in (
        ([51], {"b": 2}, "tokens", 1, 2),
        ([51] * 3, {"b": 2, "active": [True]}, "active", 1, 2),
        ([51] * 4, {}, "tokens", 4, 3),
        ([51] * 2, {}, "tokens", 2, 3),
        ([51] * 3, {"active": [True] * 4}, "active", 4, 3),
        ([51] * 5, {"b": 4}, "b", 4, 3),
    ):
        s = fresh(tok)
        with pytest.raises(errors.BatchError) as caught:
            s.advance(given, **options)
        error = caught.value
        assert (error.kind, error.what, error.got, error.expected) == ("wrong_length", what, got, expected)
        assert s.ids == [(), (), ()]


def test_a_column_of_an_array(tok):
    for kind in (np.int16, np.int32, np.int64, np.uint32, np.uint64):
        assert fresh(tok).advance(np.array([[51], [52], [51]], kind)).ids == [(51,), (52,), (51,)]
    assert sparse(tok).advance(np.array([[51], [-1], [52]])).ids == [(51,), (52,)]
    assert fresh(tok).advance(np.array([[51, 7], [52, 7], [51, 7]])[:, :1]).ids == [(51,), (52,), (51,)]
    assert fresh(tok, n=1).advance(np.array([[51]])).ids == [(51,)]
    prior = pp.Prior(tok).start(n=2)
    assert prior.advance(np.array([[51], [52]])).ids == [(51,), (52,)]
    for shape in ((1, 3), (3, 2), (3, 1, 1), (1, 1, 3), ()):
        s = fresh(tok)
        with pytest.raises(TypeError) as caught:
            s.advance(np.full(shape, 51))
        assert str(list(shape)) in str(caught.value) and "list" not in str(caught.value)
        assert s.ids == [(), (), ()]
    for wrong in (np.full((3, 1), 51.0), np.full((3, 1), True)):
        with pytest.raises(TypeError):
            fresh(tok).advance(wrong)
    with pytest.raises(TypeError):
        pp.init(vocab=tok, ids=[np.array([[51], [59]])])


@pytest.mark.torch
def test_a_column_of_a_tensor(tok):
    import torch

    s = fresh(tok)
    while not s.done():
        probabilities = s.legal_mask().softmax(-1)
        s.advance(torch.multinomial(probabilities, 1))
    assert all(tok.run(ids).ok for ids in s.ids)
    prior = pp.Prior(tok, max_len=30).start(n=4)
    while not prior.done():
        prior.advance(torch.multinomial(prior.apply(torch.zeros(4, tok.vocab_size)).softmax(-1), 1))
    assert all(tok.run(ids).ok for ids in prior.ids)
    for kind in (torch.int32, torch.int64, torch.uint8):
        assert fresh(tok).advance(torch.tensor([[51], [52], [51]], dtype=kind)).ids == [(51,), (52,), (51,)]
    for wrong in (torch.full((1, 3), 51), torch.full((3, 2), 51), torch.full((3, 1, 1), 51)):
        with pytest.raises(TypeError) as caught:
            fresh(tok).advance(wrong)
        assert str(list(wrong.shape)) in str(caught.value)
    for wrong in (torch.full((3, 1), 51.0), torch.full((3, 1), True)):
        with pytest.raises(TypeError):
            fresh(tok).advance(wrong)
