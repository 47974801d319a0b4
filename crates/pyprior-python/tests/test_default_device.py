"""``torch.set_default_device`` is for the caller's own tensors: what is on the CPU stays there, with the same numbers.

The device is ``meta``, which every machine has and whose tensors have no numbers: one made by oversight fails at its first use.
"""

import contextlib

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs.sketch import Sketch

pytestmark = pytest.mark.torch
MODES = ["off", "additive", "fixed", "entropy"]


@contextlib.contextmanager
def elsewhere():
    """Tensors of which nothing is said are made on another device."""
    import torch

    torch.set_default_device("meta")
    try:
        assert torch.zeros(1).is_meta
        yield
    finally:
        torch.set_default_device(None)


def twice(work):
    """What it gives with the usual default device and with another one, which must not differ."""
    usual = work()
    with elsewhere():
        other = work()
    assert str(other.device) == "cpu" and other.dtype == usual.dtype and other.shape == usual.shape
    assert np.array_equal(other.detach().float().numpy(), usual.detach().float().numpy(), equal_nan=True)
    return other


def midway(tok):
    return pp.init(vocab=tok, ids=[[], tok.sample(1, seed=3, max_len=20)[0][:4], tok.sample(1, seed=1, max_len=20)[0]], max_len=20)


def test_input_ids(tok):
    prior = pp.Prior(tok, max_len=20).start([[], tok.sample(1, seed=3, max_len=20)[0][:4]])
    ids = twice(lambda: prior.input_ids)
    assert ids.shape == (2, 5) and ids[:, 0].tolist() == [tok.bos_token_id] * 2 and tuple(ids[1, 1:].tolist()) == prior.ids[1]
    made = Sketch("def f(n):\n    return E\nprint(f(1))\n---\nE in expr(depth <= 2)\nf(1) == 2\n")
    rows = made.start(2)
    assert twice(lambda: rows.input_ids).shape == (2, 1 + len(rows.ids[0]))
    twice(rows.legal_mask)


@pytest.mark.parametrize("mode", MODES)
def test_apply(tok, mode):
    import torch

    s, config = midway(tok), pp.PriorConfig(apply=mode, alpha=0.5)
    given = {dtype: torch.randn(3, tok.vocab_size).to(dtype) for dtype in (torch.float32, torch.bfloat16, torch.float64)}
    mask = torch.from_numpy(s.mask())
    for logits in given.values():
        twice(lambda: pp.Prior(tok, config).apply(logits, s))
        for form in (mask, mask.numpy(), mask.tolist()):
            assert torch.equal(twice(lambda: pp.Prior(tok, config).apply(logits, s, form)), pp.Prior(tok, config).apply(logits, s))
    with elsewhere():
        wanted = pp.Prior(tok, config).apply(given[torch.float32].numpy(), s)
        found = pp.Prior(tok, config).apply(given[torch.float32], s).numpy()
    finite = np.isfinite(wanted)
    assert np.array_equal(finite, np.isfinite(found)) and np.allclose(wanted[finite], found[finite], atol=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_arrays_made_without_gradients_serve_with_them(tok, mode):
    import torch

    s, prior = midway(tok), pp.Prior(tok, pp.PriorConfig(apply=mode, alpha=0.5))
    logits = torch.randn(3, tok.vocab_size)
    with torch.inference_mode():
        first = prior.apply(logits, s).clone()
    asked = logits.clone().requires_grad_()
    found = prior.apply(asked, s)
    found[torch.isfinite(found)].sum().backward()
    assert torch.equal(first, found.detach()) and torch.isfinite(asked.grad).all() and asked.grad.any()


def test_masks_and_bits(tok):
    import torch

    s, like = midway(tok), torch.zeros(1, dtype=torch.bfloat16)
    prior = pp.Prior(tok)
    twice(s.legal_mask)
    twice(lambda: pp.next_legal_tokens(s, like=like))
    twice(lambda: prior.mask(s, like=like))
    twice(lambda: prior.logits(s, like=like))
    bits = torch.zeros(3, 3, dtype=torch.int32)

    def fill():
        s.fill_bitmask(bits.fill_(-1))
        return bits.clone()

    assert np.array_equal(twice(fill).numpy().view(np.uint32), s.bitmask())
    # A tensor of another device: its shape and type are looked at, and a copy is asked for.
    there = torch.zeros(3, 3, dtype=torch.int32, device="meta")
    for default in (contextlib.nullcontext, elsewhere):
        with default():
            s.fill_bitmask(there)
            assert pp.next_legal_tokens(s, like=there.float()).is_meta and prior.logits(s, like=there.float()).is_meta
            for wrong in (there[:2], there.long()):
                with pytest.raises(pp.errors.ShapeError):
                    s.fill_bitmask(wrong)
    for wrong in (prior.mask, prior.logits):
        with pytest.raises(TypeError):
            wrong(s, like=bits)


def test_the_loop_with_a_model(tok):
    import torch
    from pyprior_rs.demo import RandomDecoder, TinyDecoder

    torch.manual_seed(3)
    model, flat = TinyDecoder(tok.vocab_size), RandomDecoder(tok.vocab_size)
    ids = pp.Prior(tok, max_len=20).start(n=3).input_ids
    twice(lambda: flat(ids))
    # In training mode too: nothing is left out at random.
    assert torch.equal(twice(lambda: model(ids)), model(ids))
    prior = pp.Prior(tok, max_len=20).start(n=3)
    with elsewhere():
        while not prior.done():
            with torch.no_grad():
                prior.advance(prior.apply(model(prior.input_ids)[:, -1] + flat(prior.input_ids)[:, -1]).argmax(-1))
    for program in prior.ids:
        assert tok.run(program).ok
    short = TinyDecoder(tok.vocab_size, max_len=4)
    assert short(torch.zeros(1, 4, dtype=torch.long)).shape == (1, 4, tok.vocab_size)
    with pytest.raises(pp.errors.ShapeError, match="5 ids.*max_len=4"):
        short(torch.zeros(1, 5, dtype=torch.long))


@pytest.mark.transformers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", MODES)
def test_a_processor_of_transformers(tok, mode):
    import torch
    from pyprior_rs.integrations.transformers import ProgramLogitsProcessor

    programs = [list(tokens) for tokens in tok.sample(3, seed=3, max_len=30)]
    rows = max(map(len, programs))
    config = pp.PriorConfig(apply=mode, alpha=0.5)
    made = lambda: ProgramLogitsProcessor(tok, max_len=30, prior=config, vocab_offset=10)  # noqa: E731
    full = torch.tensor([[1, 2, *(t + 10 for t in p), *[made().stop_token_id] * (rows - len(p))] for p in programs])
    scores = torch.randn(rows + 1, 3, 100)

    def steps():
        processor = made()
        return torch.stack([processor(full[:, : 2 + step], scores[step]) for step in range(rows + 1)])

    found = twice(steps)
    assert torch.isfinite(found).any(-1).all() and torch.isinf(found).any(-1).all()
