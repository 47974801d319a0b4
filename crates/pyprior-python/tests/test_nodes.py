"""Nodes from outside: what is none, what is too much, and how they are written."""

import ast
import contextlib
import io
import itertools
import subprocess
import sys
import threading
import time

import pytest
import pyprior_rs as pp
from pyprior_rs import nodes
from pyprior_rs.nodes import BinOp, Call, Compare, For, Func, If, IntLit, Module, Print, Var, render

ONE = IntLit(1)
TAKERS = {
    "run": pp.run,
    "ast_to_tokens": lambda tree: pp.ast_to_tokens(tree, pp.Tokenizer()),
    "render": render,
    "analyse": pp.analysis.analyse,
    "dead_code": pp.analysis.dead_code,
}


class Repeated:
    """A block without an end."""

    def __init__(self, stmt):
        self.stmt = stmt

    def __iter__(self):
        return itertools.repeat(self.stmt)


def doubled(times):
    """A few objects that are a tree of 2**times leaves."""
    expr = ONE
    for _ in range(times):
        expr = BinOp("+", expr, expr)
    return Module((Print(expr),))


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_shared_nodes_count_where_they_stand(take):
    for tree in (doubled(40), doubled(20), Module(Repeated(Print(ONE)))):
        if take is pp.run:
            assert take(tree).error == "TreeError: the tree has more than 1048576 nodes"
            continue
        with pytest.raises(pp.errors.TreeError, match="more than 1048576 nodes"):
            take(tree)


def test_a_block_that_is_used_up_is_no_other_program():
    """Trees are read again under their own names where they have no token's: not what is left of them."""
    body = iter((Print(ONE), Print(Var("x")), Print(IntLit(3))))
    assert pp.run(Module(body)).error.startswith("TreeError: body is an iterator")
    with pytest.raises(pp.errors.TreeError, match="iterator"):
        render(Module(iter((Print(ONE),))))
    assert pp.run(Module(iter((Print(ONE),)))).stdout == "1\n"


def test_a_tree_of_some_size_is_taken():
    assert pp.run(doubled(18)).stdout == f"{2**18}\n"
    assert render(doubled(3)).count("1") == 8


def test_others_run_while_a_tree_is_read():
    """A thread that sleeps a millisecond at a time wakes often while another one reads half a million nodes in one call."""
    woken, ended = [], threading.Event()

    def wake():
        while not ended.is_set():
            time.sleep(0.001)
            woken.append(time.perf_counter())

    thread = threading.Thread(target=wake)
    thread.start()
    try:
        tree = doubled(18)
        start = time.perf_counter()
        render(tree)
        end = time.perf_counter()
    finally:
        ended.set()
        thread.join()
    assert end - start > 0.02, "too little work to tell"
    assert sum(start < at < end for at in woken) > 5


class Named:
    """Classes that are called like nodes and are none."""

    Module = type("Module", (), {"body": ()})
    Func = type("Func", (), {"params": (), "body": (), "name": "func"})


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
@pytest.mark.parametrize(
    "thing", [None, 3, b"x = 1", [], ast.parse("x=1"), Named.Module(), Named.Func(), Module, pp.errors], ids=repr
)
def test_what_is_no_node(take, thing):
    with pytest.raises(TypeError):
        take(thing)
    if take is not pp.run:
        with pytest.raises(TypeError):
            take("x = 1")


@pytest.mark.torch
def test_a_module_of_torch_is_no_node():
    import torch

    with pytest.raises(TypeError):
        pp.run(torch.nn.Module())


@pytest.mark.parametrize("expr", [None, 3, "VAR_1", Named.Func(), ast.parse("1").body[0], Var(3), IntLit("1"), IntLit(1.5), BinOp(1, ONE, ONE)])
def test_what_is_no_node_within(expr):
    with pytest.raises(TypeError):
        render(Module((Print(expr),)))
    with pytest.raises(TypeError):
        pp.run_batch(["print(1)", Module((Print(expr),))])


WRONG = {
    "beyond 64 bits": IntLit(2**70),
    "below 64 bits": IntLit(-(2**63) - 1),
    "plus": Var("VAR_+1"),
    "half a character": Var("VAR_\ud800"),
    "a keyword": Var("class"),
    "two words": Var("a b"),
    "nothing": Var(""),
    "a keyword's call": Call("None", ()),
    "half a name": Call("\ud800", ()),
    "half an operator": BinOp("\ud800", ONE, ONE),
    "comparison": Compare("<=", ONE, ONE),
    "statement": Print(ONE),
    "no fields": object.__new__(IntLit),
}


@pytest.mark.parametrize("expr", WRONG.values(), ids=WRONG)
def test_nodes_that_are_no_program(expr):
    tree = Module((Print(expr),))
    with pytest.raises(pp.errors.TreeError) as caught:
        render(tree)
    assert caught.value.kind == "node"
    first, second, third = pp.run(tree), *pp.run_batch([tree, "print(1)"])
    assert first == second and not first.ok and first.error == f"TreeError: {caught.value}" and third.stdout == "1\n"


@pytest.mark.parametrize("name", ["VAR_01", "VAR_256", "VAR_", "var_1", "VAR_2", "x", "größe", "FUNC_1"])
def test_any_name_is_a_name(name):
    tree = Module((nodes.Assign(name, IntLit(4)), For("i", Var(name), (Print(BinOp("*", Var("i"), Var(name))),))))
    assert render(tree) == f"{name} = 4\n\nfor i in range({name}):\n    print((i * {name}))"
    assert pp.run(tree) == pp.Result(True, stdout="0\n4\n8\n12\n")
    assert pp.run_batch([tree] * 3, workers=0) == [pp.run(tree)] * 3
    assert pp.Session().exec(tree) == pp.run(tree)
    f = Func((name, "VAR_1"), (nodes.Return(BinOp("-", Var(name), Var("VAR_1"))),), "F")
    assert render(f) == f"def f({name}, VAR_1):\n    return ({name} - VAR_1)"
    assert pp.run(f, (9, 2)).value == 7 and pp.Session().exec(f, call="f", inputs=(9, 2)).value == 7
    assert pp.run_batch([f], [(1, 2**70)])[0].value == 1 - 2**70
    for wrong in (pp.run(f, (9,)), *pp.run_batch([f], [(9,)])):
        assert (wrong.ok, wrong.error) == (False, "TypeError: F() takes 2 arguments but 1 was given")
    for unbound in (Print(Var(name)), Print(Call(name, ()))):
        end = pp.run(Module((Print(ONE), unbound)))
        assert (end.ok, end.value) == (False, None) and end.error
    with pytest.raises(pp.errors.TreeError):
        pp.ast_to_tokens(tree, pp.Tokenizer())


@pytest.mark.pypi
def test_names_are_written_as_in_the_old_package():
    import pyprior
    from pyprior import nodes as old

    def tree(n):
        f = n.Func(("a", "q"), (n.Return(n.BinOp("+", n.Var("a"), n.Var("q"))),), "Helper")
        g = n.Func(("VAR_1",), (n.Return(n.Var("VAR_1")),), "FUNC_2")
        call = n.Call("FUNC_2", (n.Call("Helper", (n.IntLit(2), n.IntLit(-3))),))
        loop = n.For("i", n.Var("x"), (n.If(n.Compare("<", n.Var("i"), n.IntLit(2)), (n.Print(n.Var("i")),), (n.Print(n.Var("x")),)),))
        return n.Module((f, g, n.Assign("x", call), loop, n.Print(n.Var("x"))))

    assert render(tree(nodes), comparison_values="bool") == pyprior.ast_to_source(tree(old))
    ours, theirs = pp.run(tree(nodes)), pyprior.run(tree(old))
    assert (ours.ok, ours.value, ours.stdout, ours.error) == (theirs.ok, theirs.value, theirs.stdout, theirs.error)
    func, theirs = nodes.Func(("n",), (nodes.Return(nodes.Var("n")),)), old.Func(("n",), (old.Return(old.Var("n")),))
    assert render(func) == pyprior.ast_to_source(theirs) == "def func(n):\n    return n"


def test_classes_may_be_derived():
    class Loud(Print):
        pass

    assert pp.run(Module((Loud(ONE),))).stdout == "1\n"
    assert pp.run(type("Mine", (Func,), {})(("VAR_1",), (nodes.Return(Var("VAR_1")),)), (5,)).value == 5


def test_any_constant_is_written():
    """And at once: a language of as many constants takes half a second to compile."""
    tree = Module((nodes.Assign("VAR_1", IntLit(-(2**63))), Print(BinOp("*", IntLit(2**63 - 1), Var("VAR_1")))))
    source = "VAR_1 = -9223372036854775808\n\nprint((9223372036854775807 * VAR_1))"
    render(Module((Print(ONE),)))
    start = time.perf_counter()
    assert [render(tree) for _ in range(100)] == [source] * 100
    assert time.perf_counter() - start < 0.3
    assert pp.Session().exec(tree) == pp.run(tree) == pp.run(source) == pp.Result(True, stdout=f"{-(2**126) + 2**63}\n")


def test_a_first_call_keeps_nobody_waiting():
    """In a new process the first tree to be written is written in milliseconds: nothing is compiled for it."""
    script = """
import time
from pyprior_rs.nodes import IntLit, Module, Print, render
start = time.perf_counter()
assert render(Module((Print(IntLit(2000)),))) == "print(2000)"
print(time.perf_counter() - start)
"""
    end = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(end.stdout) < 0.1


def test_what_is_written_is_python():
    """CPython reads what is written, and prints what the engine does."""
    tok = pp.Tokenizer()
    for ids in tok.sample(200, seed=3, max_len=60):
        tree = pp.tokens_to_ast(ids, tok)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(render(tree), "program", "exec"), {})
        assert out.getvalue() == pp.run(tree).stdout


def test_render_refuses(tok):
    for values in ("xyz", "", "INT"):
        with pytest.raises(pp.errors.ConfigError) as caught:
            render(Module((Print(ONE),)), comparison_values=values)
        assert (caught.value.kind, caught.value.knob, caught.value.value) == ("unknown_value", "comparison_values", values)
    f = Func(("VAR_1",), (nodes.Return(Var("VAR_1")),))
    for body, kind in (
        ((), "block_len"),
        ((Print(ONE),) * 256, "block_len"),
        ((If(Compare("<", ONE, ONE), (Print(ONE),), ()),), "block_len"),
        ((For("VAR_1", ONE, ()),), "block_len"),
        ((f, Print(Call("func", ()))), "arguments"),
        ((f, Print(Call("func", (ONE, ONE)))), "arguments"),
    ):
        with pytest.raises(pp.errors.TreeError) as caught:
            render(Module(body))
        assert caught.value.kind == kind
    less = Module((Print(Compare("<", ONE, IntLit(2))),))
    assert (render(less), render(less, comparison_values="bool")) == ("print(int(1 < 2))", "print((1 < 2))")


def test_a_session_tells_of_trees_as_a_run_does():
    nodes = pp.nodes
    for wrong in (
        pp.Module((nodes.If(nodes.Compare("<", nodes.IntLit(1), nodes.IntLit(2)), (nodes.Print(nodes.IntLit(1)),), ()),)),
        pp.Module((nodes.Print(nodes.IntLit(2**70)),)),
        pp.Module((nodes.Assign("for", nodes.IntLit(1)),)),
        nodes.Var("VAR_1"),
    ):
        session = pp.Session()
        session.exec("a = 1")
        ended = session.exec(wrong)
        assert not ended.ok and ended.error.startswith("TreeError") and session.variables == {"a": 1}
    assert pp.Session().exec(pp.Module(())) == pp.run(pp.Module(())) == pp.Result(True)
    for text, call in (("print(\ud800)", None), ("a = 1", "\ud800")):
        assert "surrogate" in pp.Session().exec(text, call=call).error
    with pytest.raises(TypeError):
        pp.Session().exec(3)


def test_limits_of_a_session_can_be_set():
    session = pp.Session(timeout=0.00001)
    assert session.exec("for i in range(99):\n    a = i").error == "timeout"
    session.timeout = 1.0
    assert session.exec("for i in range(99):\n    a = i").ok and session.variables["a"] == 98
    session.fuel = 5
    assert session.exec("for i in range(99):\n    a = i").error == "out of fuel after 5 steps"
