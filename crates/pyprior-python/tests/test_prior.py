"""The prior on arrays and on tensors: the second by operations of torch, held against the first, which is the engine's."""

import numpy as np
import pytest
import pyprior_rs as pp

MODES = ("off", "additive", "fixed", "entropy")
CONFIGS = [
    {},
    {"alpha": 0.3},
    {"alpha": 0.0},
    {"normalisation": "legal"},
    {"w_var": 0.0, "w_const": 0.0},
    {"w_print": 0.0, "w_assign": 0.0, "w_if": 0.0, "w_return": 0.0, "normalisation": "legal"},
]


def rows(tok, steps, n=12):
    s = pp.init(vocab=tok, n=n, max_len=40)
    for _ in range(steps):
        s.advance(s.choose_uniform(11))
    return s


def strange(shape, seed):
    """Logits of all kinds: large, not finite, and rows that say nothing."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=4, size=shape).astype(np.float32)
    for value in (np.inf, -np.inf, np.nan):
        logits[1:5][rng.random((4, shape[1])) < 0.2] = value
    logits[5], logits[6], logits[7] = -np.inf, np.nan, np.inf
    return logits


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("mode", MODES)
def test_finite_wherever_legal(tok, mode, config):
    prior = pp.Prior(tok, pp.PriorConfig(apply=mode, **config))
    for steps in (0, 1, 5, 60):
        s = rows(tok, steps)
        for dtype in (np.float32, np.float64, np.float16):
            found = prior.apply(strange((12, tok.vocab_size), steps).astype(dtype), states=s)
            assert found.dtype == dtype and not np.isnan(found).any() and not np.isposinf(found).any()
            legal = pp.next_legal_tokens(s) == 0
            assert np.isneginf(found[~legal]).all() and np.isfinite(found).any(axis=1).all()
            if not any(value == 0.0 for name, value in config.items() if name.startswith("w_")):
                assert np.isfinite(found[legal]).all()


@pytest.mark.torch
@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("mode", MODES)
def test_tensors_as_the_engine_does(tok, mode, config):
    import torch

    prior = pp.Prior(tok, pp.PriorConfig(apply=mode, **config))
    for steps in (0, 1, 5, 60):
        s = rows(tok, steps)
        for seed, make in ((1, strange), (2, lambda shape, seed: np.random.default_rng(seed).normal(size=shape).astype(np.float32))):
            logits = make((12, tok.vocab_size), seed)
            wanted = prior.apply(logits, states=s)
            given = torch.from_numpy(logits.copy())
            found = prior.apply(given, states=s)
            assert torch.equal(given.isnan(), torch.from_numpy(logits).isnan()), "the logits are not changed"
            assert found.dtype == torch.float32 and np.array_equal(np.isfinite(found.numpy()), np.isfinite(wanted))
            finite = np.isfinite(wanted)
            # The engine's numbers are wider in between; what is beyond all others here is the least there.
            near = [np.maximum(each[finite], -1e38) for each in (found.numpy(), wanted)]
            assert np.allclose(*near, rtol=1e-5, atol=1e-4)
            mask = pp.next_legal_tokens(s, like=found)
            assert torch.allclose(prior.apply(given, states=s, mask=mask)[finite], found[finite], atol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("base", [0.0, 1e4, -6e4, 1e30])
@pytest.mark.parametrize("config", [{}, {"alpha": 0.5}, {"alpha": 100.0}, {"normalisation": "legal"}])
def test_logits_may_be_far_from_0(tok, config, base):
    """What is common to all logits of a row has no say, however large: numbers are those of wider ones."""
    import torch

    noise = np.random.default_rng(7).normal(scale=3, size=(12, tok.vocab_size)).astype(np.float32)
    logits = noise + np.float32(base)
    for mode in ("fixed", "entropy"):
        prior = pp.Prior(tok, pp.PriorConfig(apply=mode, **config))
        s = rows(tok, 1)
        wide = prior.apply(torch.from_numpy(logits.astype(np.float64)), states=s).numpy()
        for found in (prior.apply(logits, states=s), prior.apply(torch.from_numpy(logits), states=s).numpy()):
            finite = np.isfinite(wide)
            assert np.array_equal(np.isfinite(found), finite)
            assert np.allclose(found[finite], wide[finite], rtol=1e-5, atol=1e-4)
    # Of two that are equal, each has a half.
    prior = pp.Prior(tok, pp.PriorConfig(apply="fixed", alpha=0.0))
    s = rows(tok, 0)
    legal = np.flatnonzero(s.mask()[0] == 0)
    given = np.full((12, tok.vocab_size), -np.inf, np.float32)
    given[:, legal[:2]] = np.inf
    for found in (prior.apply(given, states=s), prior.apply(torch.from_numpy(given), states=s).numpy()):
        assert np.allclose(found[:, legal[:2]], -np.log(2), atol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("mode", MODES)
def test_tensors_keep_type_and_gradient(tok, mode):
    import torch

    prior = pp.Prior(tok, pp.PriorConfig(apply=mode)).start(n=3)
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        logits = torch.randn(3, tok.vocab_size, dtype=torch.float64).to(dtype).requires_grad_()
        found = prior.apply(logits)
        assert found.dtype == dtype and found.isfinite().any(-1).all()
        legal = torch.from_numpy(prior.mask() == 0)
        torch.log_softmax(found.double(), -1)[legal].sum().backward()
        assert logits.grad.isfinite().all()
    for wrong in (torch.zeros(2, tok.vocab_size), torch.zeros(3, 5), torch.zeros(tok.vocab_size)):
        with pytest.raises(pp.errors.ShapeError):
            prior.apply(wrong)
    with pytest.raises(TypeError):
        prior.apply(torch.zeros(3, tok.vocab_size, dtype=torch.long))
    with pytest.raises(pp.errors.ShapeError):
        prior.apply(torch.zeros(3, tok.vocab_size), mask=torch.zeros(2, tok.vocab_size))
    if torch.cuda.is_available():
        there = torch.randn(3, tok.vocab_size, device="cuda", dtype=torch.bfloat16)
        found = prior.apply(there)
        assert found.device == there.device and torch.allclose(found.cpu().float(), prior.apply(there.cpu()).float(), atol=0.05)


def test_refuses_numbers_out_of_range(tok):
    for field, value in (("w_var", -1), ("alpha", 1001), ("if_depth_decay", 0), ("length_decay", float("nan")), ("apply", "none"), ("normalisation", "")):
        with pytest.raises(pp.errors.PriorError) as caught:
            pp.Prior(tok, pp.PriorConfig(**{field: value}))
        assert caught.value.field == field
    with pytest.raises(pp.errors.PyPriorError):
        pp.Prior(tok).done()
    prior = pp.Prior(tok).start(n=2)
    for wrong in (np.zeros((1, 79)), np.zeros(79), np.zeros((2, 80), np.float32)):
        with pytest.raises((pp.errors.ShapeError, TypeError)):
            prior.apply(wrong)
    with pytest.raises(TypeError):
        prior.apply(np.zeros((2, 79), int))


def test_a_decode_that_cannot_begin_leaves_the_old_one(tok):
    prior = pp.Prior(tok, max_len=30).start(["x = 1"])
    for wrong, error in ((["while x:\n    x = 1"], pp.errors.EncodeError), ([[0]], pp.errors.TokenError), ("x = 1", TypeError)):
        with pytest.raises(error):
            prior.start(wrong)
    assert tok.decode(prior.ids[0]) == "a = 1"


def test_what_is_no_configuration(tok):
    from pyprior_rs.sketch import Sketch

    sketch = Sketch("print(E)\n---\nE in expr(depth <= 1)", vocab=tok, max_len=6)
    for wrong in ({"alpha": 1.0}, {}, "off", 1.0, pp.PriorConfig, pp.PriorConfig().settings()):
        for work in (
            lambda: tok.sample(1, prior=wrong),
            lambda: tok.sampler(prior=wrong),
            lambda: next(pp.training_batches(tok, batch_size=1, seq_len=20, prior=wrong)),
            lambda: pp.Prior(tok, wrong),
            lambda: sketch.sample(1, prior=wrong),
            lambda: sketch.sampler(prior=wrong),
        ):
            with pytest.raises(TypeError, match="PriorConfig"):
                work()


@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_numbers_beyond_all_floats(tok, value):
    for field in ("w_var", "w_return", "binop_depth_decay", "length_decay", "alpha"):
        for work in (lambda config: pp.Prior(tok, config), lambda config: tok.sample(1, prior=config)):
            with pytest.raises(pp.errors.PriorError) as caught:
                work(pp.PriorConfig(**{field: value}))
            error = caught.value
            assert error.field == field and error.value == (float("inf") if value > 0 else float("-inf"))
            assert error.range in str(error)


def test_what_a_prior_is_of():
    for wrong in (None, "tok"):
        with pytest.raises(TypeError, match="is a Tokenizer, not"):
            pp.Prior(wrong)


@pytest.mark.torch
def test_a_configuration_can_be_set(tok):
    """As in 0.0.2, which reads it at every call; arrays and tensors are of one mind, a copy too."""
    import pickle
    from dataclasses import replace

    import torch

    prior = pp.Prior(tok, max_len=20).start(n=2)
    logits = torch.randn(2, tok.vocab_size)
    prior.apply(logits)
    for mode in ("off", "additive", "fixed"):
        prior.cfg = replace(prior.cfg, apply=mode, alpha=0.25)
        wanted = pp.Prior(tok, prior.cfg, max_len=20).start(n=2).apply(logits.numpy())
        for each in (prior, pickle.loads(pickle.dumps(prior))):
            assert np.array_equal(each.apply(logits.numpy()), wanted)
            assert np.allclose(each.apply(logits).numpy()[np.isfinite(wanted)], wanted[np.isfinite(wanted)], atol=1e-4)
    for wrong, error in ((replace(prior.cfg, alpha=-1.0), pp.errors.PriorError), ({"alpha": 1}, TypeError), (None, TypeError)):
        with pytest.raises(error):
            prior.cfg = wrong
        assert prior.cfg.apply == "fixed" and np.array_equal(prior.apply(logits.numpy()), wanted)


def test_names_and_rows_of_slots(tok):
    prior = pp.Prior(tok).start(["aa = 1", "bb = 2", "", [tok.id_of("BLK_1")], " \n"])
    assert prior.ids == [tok.encode("aa = 1").tokens, tok.encode("bb = 2").tokens, (), (tok.id_of("BLK_1"),), ()]
    prior.states.free_row(0)
    assert prior.show(1, animate=False) == prior.show(-4, animate=False) == "bb = 2"
    for nowhere in (0, 5, -5, -6):
        with pytest.raises(IndexError, match="no row in slot"):
            prior.show(nowhere, animate=False)
    with pytest.raises(pp.errors.BatchError, match="at most"):
        prior.start(n=4_000_000_000)
    assert prior.ids[0] == tok.encode("bb = 2").tokens


@pytest.mark.torch
def test_masks_and_types_that_say_something_else(tok):
    import torch

    prior = pp.Prior(tok).start(n=2)
    logits = np.zeros((2, tok.vocab_size), np.float32)
    legal = prior.mask() == 0
    for given, mask in ((logits, legal), (torch.from_numpy(logits), torch.from_numpy(legal))):
        with pytest.raises(TypeError, match="-inf elsewhere"):
            prior.apply(given, mask=mask)
        with pytest.raises(pp.errors.ShapeError) as caught:
            prior.apply(given, mask=prior.mask()[:1])
        assert "the mask" in str(caught.value) and caught.value.expected == str((2, tok.vocab_size))
    with pytest.raises(pp.errors.ShapeError):
        prior.apply(logits, mask=0)
    empty = prior.mask()
    empty[1] = -1.0
    for given, mask in ((logits, empty), (torch.from_numpy(logits), torch.from_numpy(empty))):
        with pytest.raises(ValueError, match="without a legal token"):
            prior.apply(given, mask=mask)
    # It has no infinity.
    small = torch.zeros(2, tok.vocab_size).to(torch.float8_e4m3fn)
    for work in (lambda: prior.apply(small), lambda: pp.next_legal_tokens(prior.states, like=small)):
        with pytest.raises(TypeError, match="16 bits"):
            work()
