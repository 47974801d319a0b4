"""Bitmasks and masks, written where they are wanted."""

import random

import numpy as np
import pytest
import pyprior_rs as pp


def midway(tok, n, steps=7, seed=3):
    s = pp.init(vocab=tok, n=n, max_len=40)
    for step in range(steps):
        s.advance(s.choose_uniform(seed))
    return s


def unpacked(bits, vocab):
    return (bits[:, np.arange(vocab) // 32] >> (np.arange(vocab) % 32).astype(np.uint32) & 1).astype(bool)


@pytest.mark.parametrize("n", [1, 5, 256, 1500])
@pytest.mark.parametrize("value_range", [(0, 9), (-99, 99)])
def test_are_the_legal_sets(n, value_range):
    tok = pp.Tokenizer(value_range=value_range)
    s = midway(tok, n)
    sets = s.legal()
    bits, mask = s.bitmask(), pp.next_legal_tokens(s)
    assert (bits.dtype, bits.shape) == (np.uint32, (n, -(-tok.vocab_size // 32)))
    assert (mask.dtype, mask.shape) == (np.float32, (n, tok.vocab_size))
    legal = unpacked(bits, tok.vocab_size)
    assert [set(np.flatnonzero(row).tolist()) for row in legal] == sets
    assert np.array_equal(mask, np.where(legal, 0, -np.inf).astype(np.float32))
    if tok.vocab_size % 32:
        assert not (bits[:, -1] >> np.uint32(tok.vocab_size % 32)).any()


def test_the_engine_writes_to_its_own_array(tok):
    s = midway(tok, 4)
    first = s.bitmask()
    address, kept = first.__array_interface__["data"][0], first.copy()
    s.advance(s.choose_uniform(3))
    second = s.bitmask()
    assert second.__array_interface__["data"][0] == address and second is first
    assert not np.array_equal(kept, second)
    s2 = pp.init(vocab=tok, n=4)
    del s
    # The array outlives the rows it was written for.
    assert first.shape == (4, 3) and s2.bitmask() is not first


def test_fills_an_array_of_the_caller(tok):
    s = midway(tok, 6)
    wanted = s.bitmask().copy()
    for dtype in (np.uint32, np.int32):
        out = np.full((6, 3), -1 if dtype == np.int32 else 7, dtype)
        s.fill_bitmask(out)
        assert np.array_equal(out.view(np.uint32), wanted)
    view = s.slice(2)
    out = np.zeros((2, 3), np.uint32)
    view.fill_bitmask(out)
    assert np.array_equal(out, wanted[:2])
    out = np.zeros((1, 3), np.uint32)
    s[4].fill_bitmask(out)
    assert np.array_equal(out, wanted[4:5])


def test_refuses_what_does_not_fit(tok):
    s = midway(tok, 4)
    frozen = np.zeros((4, 3), np.uint32)
    frozen.flags.writeable = False
    shifted = np.zeros(4 * 12 + 1, np.uint8)[1:].view(np.uint32).reshape(4, 3)
    wrong = [
        np.zeros((4, 2), np.uint32),
        np.zeros((3, 3), np.uint32),
        np.zeros((4, 3), np.float32),
        np.zeros((4, 3), np.int64),
        np.zeros((4, 6), np.uint32)[:, ::2],
        np.zeros((3, 4), np.uint32).T,
        np.zeros((4, 3), ">u4"),
        np.zeros(12, np.uint32),
        frozen,
        shifted,
    ]
    for array in wrong:
        with pytest.raises(pp.errors.ShapeError):
            s.fill_bitmask(array)
        assert not array.any()
    for thing in (None, [[0, 0, 0]] * 4, "bits", 3):
        with pytest.raises(TypeError):
            s.fill_bitmask(thing)


def test_empty_slots_allow_everything(tok):
    s = pp.States.empty(3, tok=tok)
    s.set_row(1, pp.init(vocab=tok, max_len=9))
    legal = unpacked(s.bitmask(), tok.vocab_size)
    assert legal[[0, 2]].all() and 0 < legal[1].sum() < 5
    assert not (s.bitmask()[:, -1] >> np.uint32(tok.vocab_size % 32)).any()
    assert np.array_equal(pp.next_legal_tokens(s) == 0, legal)
    one = np.zeros((1, 3), np.uint32)
    s[2].fill_bitmask(one)
    assert np.array_equal(one, s.bitmask()[2:])


@pytest.mark.torch
def test_fills_a_tensor(tok):
    import torch

    s = midway(tok, 6)
    wanted = s.bitmask().copy()
    out = torch.full((6, 3), -1, dtype=torch.int32)
    address = out.data_ptr()
    s.fill_bitmask(out)
    assert out.data_ptr() == address and np.array_equal(out.numpy().view(np.uint32), wanted)
    # By DLPack, without a copy: what the engine writes next is seen.
    shared = torch.from_dlpack(s.bitmask().view(np.int32))
    assert shared.data_ptr() == s.bitmask().__array_interface__["data"][0]
    for wrong in (
        torch.zeros(6, 2, dtype=torch.int32),
        torch.zeros(6, 3, dtype=torch.int64),
        torch.zeros(6, 3),
        torch.zeros(3, 6, dtype=torch.int32).T,
    ):
        with pytest.raises(pp.errors.ShapeError):
            s.fill_bitmask(wrong)
    if torch.cuda.is_available():
        pinned = torch.zeros(6, 3, dtype=torch.int32, pin_memory=True)
        s.fill_bitmask(pinned)
        there = torch.zeros(6, 3, dtype=torch.int32, device="cuda")
        s.fill_bitmask(there)
        assert torch.equal(pinned, out) and torch.equal(there.cpu(), out)
    mask = pp.next_legal_tokens(s, like=torch.zeros(1, dtype=torch.bfloat16))
    assert mask.dtype == torch.bfloat16 and np.array_equal(mask.float().numpy(), pp.next_legal_tokens(s))
    states = pp.States.empty(2, tok=tok, dtype="float16")
    states.set_row(0, pp.init(vocab=tok))
    assert states.legal_mask().dtype == torch.float16 and states.legal_mask(1).shape == (1, tok.vocab_size)


@pytest.mark.xgrammar
def test_xgrammar_applies_it():
    import torch
    import xgrammar

    tok = pp.Tokenizer()
    s = midway(tok, 9)
    bitmask = torch.zeros(9, -(-tok.vocab_size // 32), dtype=torch.int32)
    assert bitmask.shape == xgrammar.allocate_token_bitmask(9, tok.vocab_size).shape
    s.fill_bitmask(bitmask)
    logits = torch.randn(9, tok.vocab_size)
    wanted = logits + pp.next_legal_tokens(s, like=logits)
    xgrammar.apply_token_bitmask_inplace(logits, bitmask)
    assert torch.equal(logits, wanted)


def test_bits_are_right_for_every_vocabulary_width():
    random.seed(1)
    for high in range(0, 70, 3):
        tok = pp.Tokenizer(value_range=(0, high))
        s = midway(tok, 3, steps=random.randrange(6))
        assert np.array_equal(unpacked(s.bitmask(), tok.vocab_size), pp.next_legal_tokens(s) == 0)
