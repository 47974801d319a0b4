"""Exceptions travel: between threads, processes and caches, with all their fields."""

import copy
import multiprocessing
import pickle
import tempfile
from pathlib import Path

import pytest
import pyprior_rs as pp
from pyprior_rs import datasets, errors, logic, nodes, sketch
from pyprior_rs.logic import fd


def session():
    # What a session refuses is data to its users; the exception is the engine's.
    pp._engine.Session("sound").exec("x = y", None, (), 1000)


def encode():
    raise pp.Tokenizer().encode("x = y").error


def rolled_back():
    pp.init(vocab=pp.Tokenizer()).rollback(0, 1)


def illegal():
    pp.init(vocab=pp.Tokenizer(), n=2, max_len=9).advance([51, 0])


def too_long():
    pp._engine.Sampler(pp.Tokenizer().language, 0, None, None, 5).sample(1000, 0)


def not_started():
    pp.Prior(pp.Tokenizer()).states


def raised(error):
    raise error


def rebound():
    x = logic.newvar("x")
    logic.bind(x, 1)
    logic.bind(x, 2)


def infinite():
    x = logic.newvar("x")
    logic.unify(x, [x])
    logic.value(x)


def queens():
    """More than one choice."""
    names = [f"q{i}" for i in range(8)]
    apart = [
        fd.make_expression((names[a], names[b]), f"abs({names[a]} - {names[b]}) not in (0, {b - a})")
        for a in range(8)
        for b in range(a + 1, 8)
    ]
    return logic.Repository(names, dict.fromkeys(names, range(8)), apart)


def unfilled():
    """Six fillings there are, and so many come with the exception that says that there are no more."""
    few = sketch.Sketch("print(X)\n---\nX in 1..6\n")
    few.sample(20, tries=30, distinct=True)


def busy():
    """Of a shard that another process is making."""
    fcntl = pytest.importorskip("fcntl")
    with tempfile.TemporaryDirectory() as out:
        dataset = datasets.Dataset({"rows": 9})
        dataset.inventory(Path(out) / "a")
        (Path(out) / "a/data").mkdir()
        with open(Path(out) / "a/data/.train-00000-of-00001.parquet.part", "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            dataset.make(Path(out) / "a", [0])


RAISED = {
    "PyPriorError": not_started,
    "ConfigError": lambda: pp.Tokenizer(max_funcs=256),
    "TokenError": illegal,
    "BatchError": lambda: pp.States.empty(2, tok=pp.Tokenizer()).free_row(7),
    "RollbackError": rolled_back,
    "ShapeError": lambda: pp.init(vocab=pp.Tokenizer()).fill_bitmask(__import__("numpy").zeros((1, 1), "uint32")),
    "PriorError": lambda: pp.Prior(pp.Tokenizer(), pp.PriorConfig(w_var=-1.0)),
    "DecodeError": lambda: pp.Tokenizer().decode([]),
    "TreeError": lambda: nodes.render(nodes.Module(())),
    "NamesError": lambda: pp.Tokenizer().partial_source([], {"VAR_1": "print"}),
    "EncodeError": encode,
    "SessionError": session,
    "TooLongError": too_long,
    "ExportError": lambda: pp.show(pp.Tokenizer(), [], save_as_gif=True, gif_path="decode.bmp"),
    "RebindingError": rebound,
    "UnificationError": lambda: logic.unify([1, 2], [1, 3]),
    "FreeVariableError": lambda: len(logic.newvar("x")),
    "StoreError": infinite,
    "ExpressionError": lambda: fd.make_expression(("a",), "a +"),
    "ProblemError": lambda: logic.solve_problem("var a in 1..3\na + < 2\n"),
    "LimitError": lambda: logic.Solver(nodes=1).solve_one(queens()),
    "SketchError": lambda: sketch.Sketch("print(X\n"),
    "FillError": unfilled,
    "DatasetError": lambda: datasets.Dataset({"rows": 9, "keep": ["len <"]}),
    "ShardBusyError": busy,
    "ShardError": lambda: raised(errors.ShardError(3, "lost", "its worker died 4 times")),
    "SettingError": lambda: raised(errors.SettingError("languages", "there is none")),
    "UnknownNameError": lambda: pp.Tokenizer().id_of("ASIGN"),
    "UnknownIdError": lambda: pp.Tokenizer().name(10**6),
}


def test_every_class_is_here():
    assert set(RAISED) == set(errors.__all__)


@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, *(lambda error, p=p: pickle.loads(pickle.dumps(error, p)) for p in range(6))])
def test_come_back_with_their_fields(name, again):
    with pytest.raises(ValueError) as caught:
        RAISED[name]()
    error = caught.value
    assert type(error) is getattr(errors, name)
    # All but the first have fields.
    assert name == "PyPriorError" or vars(error)
    error.found_by = "a test"
    other = again(error)
    assert other is not error and type(other) is type(error)
    assert (str(other), vars(other)) == (str(error), vars(error))


def in_a_process(name):
    RAISED[name]()


@pytest.mark.parametrize("method", ["spawn"])
def test_come_out_of_processes(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        for name in ("TokenError", "UnknownNameError", "UnknownIdError"):
            with pytest.raises(getattr(errors, name)) as caught:
                pool.apply_async(in_a_process, (name,)).get(60)
            assert vars(caught.value)
    assert caught.value.token == 10**6
