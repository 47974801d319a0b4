"""Rows, priors, programs and processors through pickle and copy: what comes back goes on as what was there."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs import _engine, errors

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
AGAIN = [copy.deepcopy, *(lambda made, p=p: pickle.loads(pickle.dumps(made, p)) for p in PROTOCOLS)]


@pytest.fixture(params=AGAIN, ids=["deepcopy", *(f"protocol{p}" for p in PROTOCOLS)])
def again(request):
    return request.param


def seen(s):
    """All that rows say of themselves."""
    own = lambda row: (row.tokens, row.legal(), row.max_len, row.remaining, row.min_tokens_to_finish, row.frontier(), row.kind, row.done())  # noqa: E731
    return [None if row is None else own(row) for row in s.rows], s.bitmask().tolist(), s.done(), s.terminated()


def rows(tok):
    """Rows of several languages, one finished, one before its first token, among empty slots."""
    s = pp.States.empty(9, tok=tok, device="cpu", dtype="float64")
    programs = tok.sample(9, seed=4, max_len=12, exclude=["for"])
    for slot, (max_len, exclude, taken) in {
        0: (30, None, 0), 1: (12, ["for"], 2), 3: (12, ["for"], 40), 4: (None, ["VAR_1", "if"], 0), 6: (41, None, 3), 7: (30, None, 1),
    }.items():
        s.set_row(slot, pp.init(vocab=tok, ids=[programs[slot][:taken]], max_len=max_len, exclude=exclude))
    # As many tokens, and other rules.
    s.set_row(8, pp.init(vocab=pp.Tokenizer(value_range=(0, 9), max_expr_depth=1, profile="pyprior-0.0.2"), max_len=20))
    s.rollback(6)
    return s


def finish(s, seed):
    rng = np.random.default_rng(seed)
    while not s.done():
        s.advance([-1 if row is None else rng.choice(sorted(row.legal())) for row in s.rows])
    return s.ids


def test_rows(tok, again):
    s = rows(tok)
    before = seen(s)
    twin = again(s)
    assert type(twin) is pp.States and len(twin) == 9 and (twin.device, twin.dtype) == ("cpu", "float64")
    assert seen(twin) == before and seen(s) == before
    assert finish(twin, 1) == finish(s.copy(), 1)
    # On their own.
    assert seen(s) == before
    done = seen(twin)
    finish(s, 2)
    s.reset(0)
    s.free_row(1)
    assert seen(twin) == done
    twin.reset(6)
    twin.grow_to(12)
    twin.set_row(11, pp.init(vocab=tok, max_len=9))
    assert twin.rows[11].max_len == 9 and twin.tok.vocab_size == tok.vocab_size


def test_views_are_rows_of_their_own():
    tok = pp.Tokenizer(value_range=(0, 9))
    s = rows(tok)
    for view in (s[1], s[2], s[1:8], s.slice(4), s[3:3]):
        wanted = seen(view)
        twin = pickle.loads(pickle.dumps(view))
        assert seen(twin) == wanted and len(twin) == len(view)
        twin.grow_to(len(twin) + 1)
        assert twin.rows[-1] is None
        for row in twin.rows:
            if row is not None:
                row.rollback(len(row.tokens))
        assert seen(view) == wanted
    twin = copy.deepcopy(s[1])
    twin.reset(0)
    assert s[1].ids != [()] and len(twin) == 1


def test_rows_with_what_stands_beside_them(tok):
    class Own(pp.States):
        def __init__(self, *given, **named):
            self.label = "made"

    globals()["Own"] = Own
    Own.__qualname__ = "Own"
    s = Own(tok, tok.with_limits(20), rows=2)
    s.label = "set"
    twin = pickle.loads(pickle.dumps(s))
    assert type(twin) is Own and twin.label == "set" and seen(twin) == seen(s)
    # One tokenizer stays one.
    tokenizer, twin = pickle.loads(pickle.dumps((tok, pp.init(vocab=tok))))
    assert twin.tok is tokenizer
    assert copy.deepcopy(tok) is tok


def test_a_hundred_thousand_rows(tok):
    n = 100_000
    s = pp.init(vocab=tok, n=n, max_len=30)
    for step in range(6):
        s.advance(s.choose_uniform(seed=3))
    s.free_row(17)
    twin = pickle.loads(pickle.dumps(s))
    assert np.array_equal(twin.bitmask(), s.bitmask()) and twin.ids == s.ids and twin.batch_size == n - 1


def test_what_is_no_pickle_of_rows(tok):
    languages, of, lens, tokens = _engine.pack(pp.init(vocab=tok, ids=[[51], [51, 59]], n=2))
    assert (of.tolist(), lens.tolist(), tokens.tolist()) == ([0, 0], [1, 2], [51, 51, 59])
    numbers = lambda *given: np.array(given, np.uint32)  # noqa: E731
    for wrong in (
        (languages, numbers(0, 1), lens, tokens),
        (languages, numbers(0, 2**32 - 2), lens, tokens),
        (languages, numbers(0), lens, tokens),
        (languages, of, numbers(1, 1), tokens),
        (languages, of, numbers(1, 3), tokens),
        (languages, of, numbers(2**32 - 1, 2**32 - 1), tokens),
        (languages, of, lens, numbers(51, 51, 7)),
        (languages, of, lens, numbers(51, 51, 2**32 - 1)),
        ([], of, lens, tokens),
        ([*languages, pp.Tokenizer().language], numbers(0, 1), lens, tokens),
    ):
        with pytest.raises(errors.PyPriorError):
            _engine.unpack(tok, *wrong)
    with pytest.raises(TypeError):
        _engine.unpack(tok, languages, [0, 0], lens, tokens)
    for wrong in ((numbers(3), tokens[:2]), (numbers(1), tokens), (numbers(2**32 - 1, 2**32 - 1), tokens)):
        with pytest.raises(errors.BatchError):
            _engine.unpack_programs(tok.language, *wrong)


def test_languages(again):
    for language in (
        pp.Tokenizer().language,
        pp.Tokenizer(value_range=(5, 4), allow_empty_value_range=True, base=7, profile="pyprior-0.0.2").with_limits(40, ["for", "VAR_2"]),
        pp.Tokenizer(max_vars=2, calls="any", comparison_values="bool", dead_code="after-return").with_limits(9),
    ):
        twin = again(language)
        assert type(twin) is _engine.Language and twin.settings == language.settings and twin.names() == language.names()
        assert twin.profile == language.profile and twin.min_len == language.min_len


def test_a_prior(tok, again):
    config = pp.PriorConfig(apply="fixed", alpha=0.3, w_if=4.0)
    before = again(pp.Prior(tok, config, max_len=25))
    assert (before.cfg, before.max_len) == (config, 25)
    with pytest.raises(errors.PyPriorError):
        before.states
    prior = pp.Prior(tok, config, max_len=25).start(["def f(x):\n    return x\nprint(f(2))", [51]])
    twin = again(prior)
    assert type(twin) is pp.Prior and seen(twin.states) == seen(prior.states) and twin.tok is twin.states.tok
    logits = np.random.default_rng(0).normal(size=(2, tok.vocab_size)).astype(np.float32)
    assert np.array_equal(twin.apply(logits), prior.apply(logits)) and np.array_equal(twin.logits(), prior.logits())
    assert twin.show(0) == prior.show(0)
    ids = prior.ids
    twin.advance([tok.pad_token_id, min(twin.states.rows[1].legal())])
    assert prior.ids == ids != twin.ids
    twin.start(n=3)
    assert prior.ids == ids and twin.states.rows[0].max_len == 25


@pytest.mark.torch
def test_a_prior_in_a_module(tok, again):
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(4, tok.vocab_size)
            self.prior = pp.Prior(tok).start(n=2)

        def forward(self, x):
            return self.prior.apply(self.head(x))

    globals()["Model"] = Model
    Model.__qualname__ = "Model"
    model, x = Model(), torch.randn(2, 4)
    model(x)
    twin = again(model)
    assert torch.equal(twin(x), model(x))
    twin.prior.advance([51, 52])
    assert model.prior.ids == [(), ()]
    s = pp.States.empty(2, tok=tok, device=torch.device("cpu"), dtype=torch.float16)
    assert again(s).legal_mask().dtype == torch.float16


def test_programs_and_samplers(tok, again):
    for programs in (tok.sample(50, seed=2, max_len=30), tok.sample(0), pp.Tokenizer(base=9).sample(3, max_len=20)):
        twin = again(programs)
        assert type(twin) is _engine.Programs and len(twin) == len(programs) and twin[:] == programs[:]
        assert twin.sources() == programs.sources() and np.array_equal(twin.padded(), programs.padded())
        assert np.array_equal(twin.tokens(), programs.tokens()) and np.array_equal(twin.lengths(), programs.lengths())
    prior = pp.PriorConfig(w_call=9.0)
    for options in ({}, {"prior": prior, "prefix": [52], "exclude": ["for"]}, {"prefix": np.array([51, 59])}):
        sampler = tok.sampler(seed=2**64 - 1, max_len=30, **options)
        assert again(sampler).sample(20, 5)[:] == sampler.sample(20, 5)[:]
    limited = again(_engine.Sampler(tok.language, token_limit=3))
    with pytest.raises(errors.TooLongError):
        limited.sample(100)


def test_from_another_process(tok):
    """What one process writes, another that was not forked from it reads."""
    s, prior, programs = rows(tok), pp.Prior(tok).start([[51]]), tok.sample(5, max_len=20)
    script = "import pickle, sys; s, prior, programs = pickle.load(sys.stdin.buffer); print((s.ids, [len(r.legal()) for r in s.rows if r], prior.ids, programs[:]))"
    done = subprocess.run([sys.executable, "-c", script], input=pickle.dumps((s, prior, programs)), capture_output=True, check=True)
    assert eval(done.stdout) == (s.ids, [len(row.legal()) for row in s.rows if row], prior.ids, programs[:])


def test_sessions_stay_where_they_are():
    for again in AGAIN:
        with pytest.raises(TypeError):
            again(pp.Session())


@pytest.mark.transformers
@pytest.mark.parametrize("prior", [None, pp.PriorConfig(apply="fixed", alpha=0.4)])
def test_a_processor(tok, again, prior):
    import torch
    from pyprior_rs.integrations.transformers import ProgramLogitsProcessor

    prefix = [tok.id_of(name) for name in ("BLK_1", "FUNC_1")]
    processor = ProgramLogitsProcessor(tok, max_len=20, exclude=["for"], prior=prior, vocab_offset=10, stop_token_id=2, prefix_len=2)
    program = tok.sample(1, max_len=20, exclude=["for"], prefix=prefix)[0]
    text = torch.tensor([[1, 1, 1, *(token + 10 for token in program), 2]] * 3)
    twins = [again(processor)]
    for length in range(5, text.shape[1] + 1):
        scores = torch.randn(3, 100)
        wanted = processor(text[:, :length], scores)
        twins.append(again(processor))
        for twin in twins:
            assert torch.equal(twin(text[:, :length], scores), wanted)
    for twin in twins:
        assert twin.programs(text) == processor.programs(text) == [program] * 3 and twin.stop_token_id == 2
    # On their own: what one is shown, another has not seen.
    known = processor(text[:, :5], torch.zeros(3, 100))
    twin = again(processor)
    twin(torch.full((1, 9), 1).index_copy(1, torch.tensor([7, 8]), text[:1, 3:5]), torch.zeros(1, 100))
    assert torch.equal(processor(text[:, :5], torch.zeros(3, 100)), known) and processor.programs(text) == [program] * 3
