"""What is refused, with which exception, and with which of its fields."""

import itertools

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs import errors
from pyprior_rs.sketch import Sketch


def test_numbers_out_of_range_are_value_errors(tok):
    s = pp.init(vocab=tok, n=2, max_len=30)
    for work in (
        lambda: s.free_row(-3),
        lambda: s.rollback(0, -1),
        lambda: s.done(-1),
        lambda: s.advance([51, 51], b=-1),
        lambda: pp.init(vocab=tok, n=-1),
        lambda: tok.sample(-1),
        lambda: tok.sample(1, seed=-1),
        lambda: tok.sample(1, seed=2**64),
        lambda: tok.sample(2, start=2**64 - 1),
        lambda: pp.run("print(1)", fuel=-1),
        lambda: s.choose_uniform(seed=2**64),
    ):
        with pytest.raises(errors.PyPriorError):
            work()
    assert pp.run("print(1)", timeout=float("inf")).stdout == "1\n"
    with pytest.raises(IndexError):
        tok.sample(3)[2**70]


def test_what_is_no_list_of_ids(tok):
    s = pp.init(vocab=tok, n=2, max_len=30)
    for wrong in ("34", b"34", {51, 52}, frozenset({51}), {51: 0, 52: 0}, [True, False], [1.0, 2.0], [[51], [52]], 51, None):
        with pytest.raises(TypeError):
            s.advance(wrong)
    with pytest.raises(errors.PyPriorError):
        s.advance(itertools.repeat(51))
    for wrong in ([51, 2**80], [51, -1], [51, 2**40], np.array([51, -1]), np.array([51, 2**40])):
        with pytest.raises(errors.TokenError) as caught:
            s.advance(wrong)
        error = caught.value
        assert (error.kind, error.slot, error.position, error.name, error.reason) == ("out_of_range", 1, None, None, None)
        assert error.token == wrong[1]
    assert s.ids == [(), ()]


def test_active_is_one_truth_value_a_row(tok):
    start = pp.init(vocab=tok, max_len=30).choose_uniform(seed=1)[0]
    for active in ([True, False], (1, 0), np.array([True, False]), np.array([1, 0]), [np.True_, np.False_]):
        s = pp.init(vocab=tok, n=2, max_len=30).advance([start, start], active=active)
        assert s.ids == [(start,), ()]
    for wrong in (np.array([[True], [False]]), "ab", [None, 1], [2, 0], [0.0, 1.0], {True, False}):
        s = pp.init(vocab=tok, n=2, max_len=30)
        with pytest.raises(TypeError):
            s.advance([start, start], active=wrong)
        assert s.ids == [(), ()]


def test_slots_of_a_view_are_numbered_by_the_view(tok):
    s = pp.init(vocab=tok, n=9, max_len=30)
    for work in (lambda: s[7].advance([0]), lambda: s[7].rollback(0, 5)):
        with pytest.raises(errors.PyPriorError) as caught:
            work()
        assert caught.value.slot == 0


def test_fields(tok):
    def refused(work, kind):
        with pytest.raises(kind) as caught:
            work()
        return caught.value

    error = refused(lambda: pp.init(vocab=tok).advance([10**6]), errors.TokenError)
    assert (error.kind, error.name, error.reason, error.slot) == ("out_of_range", None, None, 0)
    error = refused(lambda: pp.init(vocab=tok, max_len=-1), errors.ConfigError)
    assert (error.kind, error.knob, error.value) == ("out_of_range", "max_len", -1)
    error = refused(lambda: pp.Tokenizer(max_funcs=-1), errors.ConfigError)
    assert (error.kind, error.knob, error.value, error.max) == ("out_of_range", "max_funcs", -1, None)
    error = refused(lambda: pp.Tokenizer(base=-1), errors.ConfigError)
    assert (error.kind, error.knob) == ("out_of_range", "base")
    error = refused(lambda: pp.Session(profile="x"), errors.ConfigError)
    assert (error.kind, error.knob, error.value) == ("unknown_value", "profile", "x")
    ids = tok.sample(1)[0]
    for name in ("VER_1", "VAR_+1", "VAR_01", "VAR_0", "VAR_256", "VAR_"):
        error = refused(lambda: tok.decode(ids, names={name: "x"}), errors.NamesError)
        assert (error.kind, error.name) == ("unknown_token", name)
    error = refused(lambda: pp.Prior(tok).apply(np.zeros((1, 3), np.float32), pp.init(vocab=tok)), errors.ShapeError)
    assert "(1, 79)" in error.expected and "[1, 3]" in error.found
    error = refused(lambda: tok.sample(10**12), errors.BatchError)
    assert (error.kind, error.what, error.got) == ("too_many", "n", 10**12)


@pytest.mark.parametrize("mode", ["off", "additive", "fixed", "entropy"])
def test_a_prior_refuses_rows_of_another_vocabulary(tok, mode):
    prior, rows = pp.Prior(tok, pp.PriorConfig(apply=mode)), pp.init(vocab=pp.Tokenizer(value_range=(-99, 99)), n=2)
    with pytest.raises(errors.ShapeError):
        prior.apply(np.zeros((2, tok.vocab_size), np.float32), rows)
    torch = pytest.importorskip("torch")
    with pytest.raises(errors.ShapeError) as caught:
        prior.apply(torch.zeros(2, tok.vocab_size), rows)
    assert "268" in caught.value.found


def test_a_shape_is_looked_at_before_memory_is_asked_for():
    wide = pp.Tokenizer(value_range=(-32768, 32767), base=1 << 24)
    rows = pp.States.empty(1 << 22, tok=wide)
    with pytest.raises(errors.ShapeError):
        pp.Prior(wide).apply(np.zeros((2, 79), np.float32), rows)


def test_rows_cannot_be_spoilt(tok):
    s = pp.init(vocab=tok, n=3)
    assert isinstance(s.rows, tuple) and s.rows is s.rows and len(s.rows) == 3
    s.free_row(1)
    assert [row is None for row in s.rows] == [False, True, False]


def test_inputs_of_programs():
    f = pp.Func(("VAR_1",), (pp.nodes.Return(pp.nodes.Var("VAR_1")),))
    for value in (0, -1, 2**63, -(2**63) - 1, 10**5000, -(10**5000), True, None):
        assert pp.run(f, (value,)).value == value
    assert pp.run(f, (np.int64(3),)).value == 3 and pp.run(f, (np.uint64(2**64 - 1),)).value == 2**64 - 1
    for wrong in ("12", 1.5, [1], b"1"):
        with pytest.raises(TypeError):
            pp.run(f, (wrong,))


def test_what_goes_on_for_ever_fills_no_memory(tok):
    """Ranges know their length before they are read; generators do not."""
    f = pp.Func(("VAR_1",), (pp.nodes.Return(pp.nodes.Var("VAR_1")),))
    session = pp.Session()
    session.exec("def f(a):\n    return a")
    program = tok.encode("def f(a):\n    return a\nprint(1)").tokens
    for inputs in (range(10**12), range(10**30), itertools.count()):
        for call in (
            lambda: pp.run(f, inputs),
            lambda: pp.run_batch([f], [inputs]),
            lambda: session.exec("y = 1", call="f", inputs=inputs),
            lambda: tok.run(program, call=1, inputs=inputs),
        ):
            with pytest.raises(errors.BatchError, match="inputs"):
                call()
    assert session.variables == {}
    names = tok.encode("x = 1\nprint(x)").names
    for field in ("funcs", "scopes"):
        for given in (range(10**12), range(10**30), "ab"):
            edited = names.copy()
            setattr(edited, field, given)
            with pytest.raises((errors.BatchError, TypeError)):
                tok.decode(tok.encode("x = 1\nprint(x)").tokens, edited)
    with pytest.raises(errors.BatchError):
        Sketch("print(X)\n---\nX in 1..3").sample(2**63)
    with pytest.raises(MemoryError):
        next(pp.training_batches(tok, batch_size=2**24, seq_len=2**24))


def test_half_of_a_character_is_no_source(tok):
    half = "x = '\ud800'"
    assert not pp.run(half).ok and not pp.Session().exec(half).ok
    first, second = pp.run_batch(["print(1)", half])
    assert first.ok and not second.ok and "surrogate" in second.error
    with pytest.raises(errors.UnknownNameError):
        tok.id_of("\ud800")
    with pytest.raises(errors.EncodeError):
        tok.encode(["print(1)", half])


def test_many_sources_are_read_as_one_is(tok):
    sources = tok.sample(300, max_len=40).sources()
    assert tok.encode(sources) == [tok.encode(source).tokens for source in sources]
    with pytest.raises(errors.EncodeError) as caught:
        tok.encode(sources + ["while 1: pass", "import os"])
    assert str(caught.value) == str(tok.encode("while 1: pass").error)


def test_slices_of_programs(tok):
    programs = tok.sample(10, max_len=20)
    whole = list(programs[i] for i in range(10))
    for part in (slice(None), slice(3, 7), slice(None, None, -1), slice(-3, None), slice(8, 2, -2), slice(20, 30)):
        assert programs[part] == whole[part]


def test_copies_go_their_own_way(tok):
    import copy

    s = pp.init(vocab=tok, n=3, max_len=30)
    s.advance(s.choose_uniform(seed=1))
    twin, view = copy.deepcopy(s), copy.copy(s[1])
    assert twin.ids == s.ids and view.ids == s[1].ids
    s.advance(s.choose_uniform(seed=2))
    assert len(twin.ids[0]) == 1 and len(view.ids[0]) == 1 and len(s.ids[0]) == 2
    for take in (copy.copy, copy.deepcopy):
        row = take(s.rows[1])
        assert row.tokens == s.rows[1].tokens and row.legal() == s.rows[1].legal()
        row.advance(min(row.legal()))
        assert len(row.tokens) == 3 and len(s.ids[1]) == 2


class Named(pp.States):
    pass


def test_copies_are_of_the_same_class(tok):
    import copy
    import pickle

    s = Named.empty(2, tok=tok)
    s.set_row(0, pp.init(vocab=tok, ids=[[tok.id_of("BLK_1")]]))
    s.note, s.dtype = ["n"], "float64"
    for take in (copy.copy, copy.deepcopy, pp.States.copy, lambda s: pickle.loads(pickle.dumps(s))):
        twin = take(s)
        assert type(twin) is Named and (twin.note, twin.dtype, twin.ids) == (["n"], "float64", s.ids)
    assert copy.copy(s).note is s.note and copy.deepcopy(s).note is not s.note


class Raises:
    """What raises where it is asked for a number."""

    def __init__(self, error):
        self.error = error

    def __index__(self):
        raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), MemoryError("m"), ZeroDivisionError("z")])
def test_errors_of_others_are_passed_on(tok, error):
    one, states = Raises(error), pp.init(vocab=tok)
    for work in (
        lambda: states.advance([one]),
        lambda: states.advance((one,)),
        lambda: states.advance([0], active=[one]),
        lambda: states.rows[0].advance(one),
        lambda: pp.init(vocab=tok, ids=[[one]]),
        lambda: tok.decode([one]),
        lambda: tok.run([one]),
        lambda: tok.sample(1, prefix=[one]),
        lambda: tok.value_encode(one),
        lambda: tok.value_decode([one]),
        lambda: pp.Tokenizer(max_vars=one),
        lambda: pp.run(pp.Module((pp.nodes.Print(pp.nodes.IntLit(one)),))),
        lambda: pp.run(pp.Func(("a",), (pp.nodes.Return(pp.nodes.Var("a")),)), [one]),
    ):
        with pytest.raises(type(error)) as caught:
            work()
        assert caught.value is error
    assert states.ids == [()]


def test_values_of_all_kinds_of_integers(tok):
    wanted = tok.value_encode(3)
    assert tok.value_encode(np.int8(3)) == tok.value_encode(np.uint64(3)) == wanted
    for wrong in (3.0, np.float64(3.0), "3", [3]):
        with pytest.raises(TypeError):
            tok.value_encode(wrong)
    # What is no token of a value is passed over, what is no token at all too.
    assert tok.value_decode([-1, 2**40, 999, *wanted]) == 3


def test_settings_that_are_no_settings():
    for knob in ("no_dead_code", "allow_empty_value_range"):
        for wrong in ("no", 2, None, [True]):
            with pytest.raises(TypeError, match=knob):
                pp.Tokenizer(**{knob: wrong})
        assert pp.Tokenizer(**{knob: np.bool_(True), "value_range": (0, 9)}).no_dead_code is True
    assert pp.Tokenizer(base=np.int64(5)).offset == 5
    with pytest.raises(TypeError, match="w_var: a number is needed, not str"):
        pp.Prior(pp.Tokenizer(), pp.PriorConfig(w_var="1"))
    with pytest.raises(TypeError, match="one source|not one"):
        pp.run_batch("print(1)")
    with pytest.raises(TypeError, match="exclude is .*surrogates"):
        pp.init(vocab=pp.Tokenizer(), exclude={"\ud800"})
    with pytest.raises(TypeError, match="value_range is .*length 2"):
        pp.Tokenizer(value_range=(1, 2, 3))
