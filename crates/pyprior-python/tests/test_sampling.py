"""Whole programs in bulk, and batches to learn from."""

import numpy as np
import pytest
import pyprior_rs as pp


def test_a_number_is_a_program(tok):
    programs = tok.sample(500, seed=7, max_len=30)
    assert len(programs) == 500 and programs[12] == tok.sample(1, seed=7, start=12, max_len=30)[0] == programs[12 - 500]
    lengths, padded = programs.lengths(), programs.padded()
    assert (lengths.dtype, padded.dtype, padded.shape) == (np.int64, np.int64, (500, lengths.max()))
    assert programs.tokens().dtype == np.uint32 and programs.tokens().tolist() == [id for ids in programs for id in ids]
    assert all((row == tok.pad_token_id).sum() == lengths.max() - length for row, length in zip(padded, lengths))
    assert programs.sources() == [tok.decode(ids) for ids in programs]
    with pytest.raises(IndexError):
        programs[500]
    # The same as row by row.
    s = pp.init(vocab=tok, n=20, max_len=30)
    while not s.done():
        s.advance(s.choose_uniform(7))
    assert s.ids == [programs[i] for i in range(20)]


def test_by_a_prior(tok):
    calls = pp.PriorConfig(w_print=100.0)
    many, few = tok.sample(300, prior=calls, max_len=30), tok.sample(300, max_len=30)
    print_ = tok.id_of("PRINT")
    assert (many.tokens() == print_).mean() > 1.5 * (few.tokens() == print_).mean()
    with pytest.raises(pp.errors.PriorError):
        tok.sample(1, prior=pp.PriorConfig(w_var=-1.0))
    with pytest.raises(pp.errors.TokenError):
        tok.sample(1, prefix=[0])
    with pytest.raises(pp.errors.TooLongError):
        tok.language and pp._engine.Sampler(tok.language, 0, None, None, 5).sample(1000, 0)


@pytest.mark.parametrize("eos", [False, True])
def test_training_batches(tok, eos):
    prefix = [tok.id_of("BLK_1"), tok.id_of("FUNC_1")]
    batches = list(pp.training_batches(tok, batch_size=8, seq_len=24, seed=3, batches=3, prefix=prefix, eos=eos))
    programs = tok.sample(24, seed=3, max_len=24 - eos, prefix=prefix)
    assert len(batches) == 3
    for at, (ids, targets, mask) in enumerate(batches):
        assert ids.dtype == targets.dtype == np.int64 and mask.dtype == bool and ids.shape == targets.shape == mask.shape == (8, 24)
        for row in range(8):
            program = list(programs[8 * at + row])
            whole = program + [tok.eos_token_id] * eos
            pad = [tok.pad_token_id] * (24 - len(whole))
            assert targets[row].tolist() == whole + pad
            seen = ([tok.bos_token_id] + program)[: len(whole)]
            assert ids[row].tolist() == seen + pad
            assert np.flatnonzero(mask[row]).tolist() == list(range(2, len(whole)))
    again = next(pp.training_batches(tok, batch_size=8, seq_len=24, seed=3, start=8, prefix=prefix, eos=eos))
    assert np.array_equal(again.targets, batches[1].targets)
    with pytest.raises(pp.errors.PyPriorError):
        pp.training_batches(tok, batch_size=2, seq_len=2)


def test_training_batches_are_refused_at_once(tok):
    def batches(**changed):
        return pp.training_batches(changed.pop("tok", tok), **{"batch_size": 2, "seq_len": 20, **changed})

    for name, values in {
        "batch_size": (0, -1, 2**24 + 1, 2**70),
        "seq_len": (0, -1, 2**24 + 1, 2**70),
        "batches": (-1, 2**63, 2**70),
        "start": (-1, 2**64 - 2, 2**64, 2**70),
    }.items():
        for value in values:
            with pytest.raises(pp.errors.BatchError, match=f"^{name} is {value}; it must be ") as caught:
                batches(**{name: value})
            assert (caught.value.kind, caught.value.what, caught.value.got) == ("out_of_range", name, value)
    with pytest.raises(pp.errors.BatchError, match="^start is"):
        batches(batches=3, start=2**64 - 6)
    for name, values in {
        "batch_size": (2.5, "a", None),
        "seq_len": (20.5, "a"),
        "batches": (1.5, "a"),
        "start": (0.0, "a"),
        "eos": (1, 2, "no", None),
        "tok": ("x", None),
        "prior": (5, "additive"),
        "seed": ("a",),
        "prefix": ("x", 3),
        "exclude": ("FOR",),
    }.items():
        for value in values:
            with pytest.raises(TypeError, match=name):
                batches(**{name: value})
    for value, error in ((-1, pp.errors.PyPriorError), (2**64, pp.errors.PyPriorError)):
        with pytest.raises(error):
            batches(seed=value)
    assert list(batches(batches=0)) == []
    # The last programs that there are.
    assert len(list(batches(batches=2, start=2**64 - 5))) == 2
    first, second = batches(batches=np.int32(2), batch_size=np.int64(2), seq_len=np.int16(20), start=np.uint8(3), eos=np.True_)
    assert first.targets.shape == (2, 20)
    assert np.array_equal(second.targets, next(batches(start=5, eos=True)).targets)


def test_from_the_last_to_the_first(tok):
    programs = tok.sample(20, max_len=20)
    backwards = reversed(programs)
    assert next(backwards) == programs[-1]
    assert [programs[-1], *backwards] == list(programs)[::-1] == programs[::-1]
    assert list(reversed(tok.sample(0))) == []
