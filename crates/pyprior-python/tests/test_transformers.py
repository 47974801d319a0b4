"""``generate()`` of a small random Llama, on the CPU: what it writes are programs."""

import numpy as np
import pyprior_rs as pp
import pytest

pytestmark = [pytest.mark.transformers, pytest.mark.filterwarnings("ignore")]


def llama(vocab_size):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


def processor(tok, **options):
    from pyprior_rs.integrations.transformers import ProgramLogitsProcessor

    return ProgramLogitsProcessor(tok, **{"max_len": 30, **options})


def generate(model, ids, processor, mask=None, **options):
    import torch

    ids = torch.tensor(ids)
    mask = torch.ones_like(ids) if mask is None else torch.tensor(mask)
    options = {"max_new_tokens": 31, "pad_token_id": processor.stop_token_id, **options}
    return model.generate(
        input_ids=ids, attention_mask=mask, logits_processor=[processor], eos_token_id=processor.stop_token_id, **options
    )


def check(tok, programs, max_len=30):
    for tokens in programs:
        assert len(tokens) <= max_len
        compile(tok.decode(tokens), "program", "exec")
        assert tok.run(tokens).ok


@pytest.mark.parametrize("prior", [None, "off", "additive", "fixed", "entropy"])
def test_a_batch_of_8(tok, prior):
    import torch

    model, config = llama(tok.vocab_size), None if prior is None else pp.PriorConfig(apply=prior, alpha=0.7)
    found = processor(tok, prior=config)
    torch.manual_seed(5)
    out = generate(model, [[tok.bos_token_id]] * 8, found, do_sample=True)
    programs = found.programs(out)
    check(tok, programs)
    assert len(programs) == 8 and len(set(programs)) > 4
    # Each row stops behind its program.
    for row, program in zip(out.tolist(), programs):
        assert row[1 + len(program)] == found.stop_token_id


@pytest.mark.parametrize(
    "options",
    [
        {"do_sample": False},
        {"num_beams": 4},
        {"num_beams": 4, "num_return_sequences": 3},
        {"num_beams": 3, "do_sample": True},
    ],
)
def test_greedy_and_beams(tok, options):
    import torch

    torch.manual_seed(1)
    found = processor(tok)
    # The random model is made certain of its tokens, so that beams part late and are exchanged.
    model = llama(tok.vocab_size)
    model.lm_head.weight.data *= 20
    out = generate(model, [[tok.bos_token_id, number] for number in range(4)], found, **options)
    programs = found.programs(out)
    assert len(programs) == 4 * options.get("num_return_sequences", 1)
    check(tok, programs)


def test_prompts_of_several_lengths_before_another_vocabulary(tok):
    """Text tokens 0 to 499, the language behind them, and some that nothing is said of; prompts filled up on the left."""
    import torch

    model = llama(640)
    found = processor(tok, vocab_offset=500, stop_token_id=2, max_len=25)
    rng = np.random.default_rng(3)
    lengths = [1, 3, 9, 4, 2, 7, 5, 6]
    ids = [[0] * (9 - length) + rng.integers(3, 500, length).tolist() for length in lengths]
    mask = [[0] * (9 - length) + [1] * length for length in lengths]
    torch.manual_seed(2)
    out = generate(model, ids, found, mask, do_sample=True, max_new_tokens=26)
    check(tok, found.programs(out), 25)
    written = out[:, 9:]
    assert ((written == 2) | ((written >= 500) & (written < 579))).all() and (written == 2).any(1).all()
    # A row writes what it writes alone: its prompt is its own, without what fills it up.
    alone = generate(model, [ids[2]], processor(tok, vocab_offset=500, stop_token_id=2, max_len=25), do_sample=False)
    batch = generate(model, ids, found, mask, do_sample=False)
    width = min(alone.shape[1], batch.shape[1])
    assert alone[0, :width].tolist() == batch[2, :width].tolist()
    # A tokenizer that knows its base needs no offset.
    based = pp.Tokenizer(value_range=(0, 9), base=500)
    own = processor(based)
    out = generate(model, ids, own, mask, do_sample=True)
    for tokens in own.programs(out):
        compile(based.decode(tokens), "program", "exec")
    assert own.stop_token_id == based.eos_token_id


def test_a_prefix_in_the_prompt(tok):
    import torch

    prefix = [tok.id_of(name) for name in ("BLK_1", "FUNC_1", "ARITY_2")]
    found = processor(tok, prefix_len=3, exclude=["for", "CALL"])
    torch.manual_seed(4)
    model = llama(tok.vocab_size)
    out = generate(model, [[tok.bos_token_id, *prefix]] * 8, found, do_sample=True)
    programs = found.programs(out)
    check(tok, programs)
    assert all(list(program[:3]) == prefix for program in programs)
    assert all(tok.decode(program).startswith("def ") and "for " not in tok.decode(program) for program in programs)
    with pytest.raises(pp.errors.SettingError, match="prefix of row 0"):
        generate(model, [[tok.bos_token_id, *reversed(prefix)]], processor(tok, prefix_len=3))
    with pytest.raises(pp.errors.SettingError, match="prompts have 2 tokens"):
        generate(model, [prefix[:2]], processor(tok, prefix_len=3))


def test_one_processor_for_several_calls(tok):
    model, found = llama(tok.vocab_size), processor(tok)
    calls = [[[tok.bos_token_id]] * 3, [[tok.bos_token_id]] * 3, [[5, 6, 7, 8]] * 3, [[1, 2]] * 5, [[tok.bos_token_id]]]
    for ids in calls:
        out = generate(model, ids, found, do_sample=False)
        assert found.programs(out) == processor_programs(tok, model, ids)
    # What goes on from the last output looks like the same call, unless it is said that it is another one.
    found.reset()
    again = out.tolist()
    out = generate(model, again, found, do_sample=False)
    check(tok, found.programs(out))
    assert found.programs(out) == processor_programs(tok, model, again)


def test_programs_of_what_generate_returns(tok):
    model, found = llama(tok.vocab_size), processor(tok)
    out = generate(model, [[tok.bos_token_id]] * 3, found, do_sample=False, return_dict_in_generate=True)
    assert found.programs(out) == found.programs(out.sequences) == processor_programs(tok, model, [[tok.bos_token_id]] * 3)


def processor_programs(tok, model, ids):
    fresh = processor(tok)
    return fresh.programs(generate(model, ids, fresh, do_sample=False))


def test_scores_are_those_of_the_prior(tok):
    """Row by row and step by step beside rows of ``init``: rows taken back, exchanged, and over."""
    import torch

    config = pp.PriorConfig(apply="fixed", alpha=0.4)
    found, prior = processor(tok, prior=config, vocab_offset=10), pp.Prior(tok, config)
    programs = [list(tokens) for tokens in tok.sample(6, seed=3, max_len=30)]
    width = max(map(len, programs))
    full = [[token + 10 for token in program] + [found.stop_token_id] * (width - len(program)) for program in programs]
    rng = np.random.default_rng(1)
    lengths = [0, *range(width), 4, 9, 2, 3]
    for step, length in enumerate(lengths):
        order = rng.permutation(6) if step > 5 else range(6)
        ids = torch.tensor([[1, 2, *full[row][:length]] for row in order])
        scores = torch.randn(6, 100)
        kept = scores.clone()
        got = found(ids, scores)
        assert torch.equal(scores, kept) and got is not scores and got.dtype == scores.dtype
        for nth, row in enumerate(order):
            taken = programs[row][:length]
            wanted = np.full(100, -np.inf, np.float32)
            if length >= len(programs[row]):
                wanted[found.stop_token_id] = 0
            else:
                states = pp.init(vocab=tok, ids=[taken], max_len=30)
                wanted[10:89] = prior.apply(scores[nth : nth + 1, 10:89].numpy(), states=states)[0]
            assert np.array_equal(np.isneginf(wanted), np.isneginf(got[nth].numpy()))
            finite = np.isfinite(wanted)
            assert np.allclose(wanted[finite], got[nth].numpy()[finite], atol=1e-4)


def test_refuses(tok):
    import torch

    for options, error in [
        ({"max_len": 2}, pp.errors.ConfigError),
        ({"exclude": ["fro"]}, pp.errors.ConfigError),
        ({"prior": pp.PriorConfig(alpha=-1)}, pp.errors.PriorError),
        ({"prefix_len": -1}, pp.errors.SettingError),
        ({"vocab_offset": -1}, pp.errors.SettingError),
        ({"stop_token_id": 3}, pp.errors.SettingError),
        ({"prior": {"alpha": 1.0}}, TypeError),
        ({"prior": {}}, TypeError),
    ]:
        with pytest.raises(error):
            processor(tok, **options)
    with pytest.raises(pp.errors.ShapeError, match="has 78 tokens"):
        processor(tok)(torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 78))
    with pytest.raises(pp.errors.SettingError):
        processor(tok).programs(torch.zeros(1, 1, dtype=torch.long))


def test_a_longer_prompt_is_another_call(tok):
    """Also where it begins as the one before did, or that one was shown none."""
    model = llama(50 + tok.vocab_size)
    found = processor(tok, max_len=20, vocab_offset=50)
    for prompt in ([5, 6, 7], [5, 6, 7, 8, 9], [5, 6, 7, 8, 9, 4], [5, 6], [5, 6, 7]):
        out = generate(model, [prompt, prompt[::-1]], found, do_sample=False)
        fresh = processor(tok, max_len=20, vocab_offset=50)
        wanted = fresh.programs(generate(model, [prompt, prompt[::-1]], fresh, do_sample=False))
        check(tok, found.programs(out), 20)
        assert found.programs(out) == wanted
    embeds = model.get_input_embeddings()(out[:, :3])
    model.generate(
        inputs_embeds=embeds, logits_processor=[found], max_new_tokens=21, eos_token_id=found.stop_token_id, do_sample=False
    )
    out = generate(model, [[5, 6, 7], [7, 6, 5]], found, do_sample=False)
    assert found.programs(out) == wanted


def test_rows_of_scores_are_those_of_tokens(tok):
    import torch

    found = processor(tok)
    for rows, scores in ((1, 3), (3, 1)):
        with pytest.raises(pp.errors.ShapeError, match="scores"):
            found(torch.zeros(rows, 2, dtype=torch.long), torch.zeros(scores, tok.vocab_size))
    with pytest.raises(TypeError, match="a Tokenizer, not str"):
        processor("tok")
    # Tokens that are none of the language end a program.
    found = processor(tok, vocab_offset=50)
    found(torch.tensor([[1, 2]]), torch.zeros(1, 150))
    assert found.programs(torch.tensor([[1, 2, 53, 54, 7, 55]])) == [(3, 4)]
