"""Source, names, trees, analysis."""

import pickle

import pytest
import pyprior_rs as pp
from pyprior_rs import nodes


def test_names_are_per_binding(tok):
    source = "def f(n):\n    x = 1\n    return n + x\nx = f(3)\nprint(x)"
    tok = pp.Tokenizer(max_block_stmts=4)
    found = tok.encode(source)
    assert found.ok and tok.decode(found.tokens, found.names) == source
    assert (found.names.funcs, found.names.scopes) == (["f"], [["x"], ["n", "x"]])
    assert found.names["FUNC_1"] == "f" and found.names["VAR_1"] == "x"
    assert tok.decode(found.tokens, {"FUNC_1": "twice"}).startswith("def twice(")
    with pytest.raises(pp.errors.NamesError):
        tok.decode(found.tokens, {"VAR_1": "print"})
    with pytest.raises(pp.errors.NamesError):
        tok.decode(found.tokens, {"IF": "x"})
    other = tok.encode("y = 2").names
    with pytest.raises(pp.errors.NamesError):
        tok.decode(found.tokens, other)


def test_encode_never_raises(tok):
    for source, stage in (
        ("x = ", "syntax"), ("import os", "subset"), ("x = y", "names"), ("x = 10", "rules"), ("\ud800", "source"),
        (b"\xff", "source"), ("a" * (1 << 21), "source"), ("(" * 10_000, "syntax"), ("x = " + "1 + " * 5000 + "1", "rules"),
        ("", None), ("\0", None),
    ):
        found = tok.encode(source)
        assert not found.ok and found.tokens is None
        error = found.error
        assert isinstance(error, ValueError) and error.line >= 1 and error.column >= 1 and error.message
        assert stage is None or error.stage == stage, (source[:20], error.stage)
    error = tok.encode("x = 1\nx += 1").error
    assert (error.line, error.column, error.hint) == (2, 3, "write `x = x + 1` for `x += 1`")
    with pytest.raises(TypeError):
        tok.encode(7)
    assert tok.encode(b"x = 1").tokens == tok.encode("x = 1  # one").tokens
    assert tok.encode(["x = 1", "print(2)"]) == [tok.encode("x = 1").tokens, tok.encode("print(2)").tokens]
    assert not tok.encode("x = 1 < 2").ok and tok.encode("x = 1 < 2", normalise=True).ok


def test_trees(tok):
    tokens = tok.sample(300, max_len=40)
    for ids in tokens:
        tree = pp.tokens_to_ast(ids, tok)
        assert pp.ast_to_tokens(tree, tok) == ids and isinstance(hash(tree), int)
        assert pp.run(tree).stdout == tok.run(ids).stdout == pp.run(tok.decode(ids)).stdout
        assert pickle.loads(pickle.dumps(tree)) == tree
    deep = nodes.IntLit(1)
    for _ in range(5000):
        deep = nodes.BinOp("+", deep, nodes.IntLit(1))
    bad = [
        deep, nodes.Var("x"), nodes.Var("VAR_0"), nodes.BinOp("/", nodes.IntLit(1), nodes.IntLit(1)),
        nodes.Call("FUNC_1", ()), nodes.IntLit(10**6),
    ]
    for expr in bad:
        with pytest.raises(pp.errors.TreeError):
            pp.ast_to_tokens(nodes.Module((nodes.Print(expr),)), tok)
    with pytest.raises(pp.errors.DecodeError) as caught:
        pp.tokens_to_ast(tokens[0][:-1], tok)
    assert caught.value.kind == "truncated"
    with pytest.raises(pp.errors.DecodeError):
        pp.tokens_to_ast([*tokens[0], 51], tok)
    assert nodes.render(nodes.Module((nodes.Print(nodes.IntLit(40_000)),))) == "print(40000)"


def test_analysis(tok):
    tree = pp.tokens_to_ast(tok.encode("a = 1\nfor b in range(3):\n    a = b\n    print(a)").tokens, tok)
    found = pp.analysis.analyse(tree)
    assert [finding["kind"] for finding in found["findings"]] == ["dead-store"] and found["steps"] == 11
    assert pp.analysis.dead_code(tree) == []


def test_values(tok):
    for value in (None, 0, 7, -12, 10**30, -(10**5000), 10**8000 + 7):
        assert tok.value_decode(tok.value_encode(value)) == value


def test_base_vocabularies():
    class Base:
        def __len__(self):
            return 50

        def convert_ids_to_tokens(self, id):
            return f"word{id}"

    for base, name in ((50, "<text_3>"), (Base(), "word3")):
        tok = pp.Tokenizer(value_range=(0, 9), base=base)
        assert (tok.offset, tok.vocab_size, tok.action_vocab_size, len(tok)) == (50, 129, 79, 129)
        assert (tok.name(3), tok.form_id(3), tok.name(50), tok.form_id(50)) == (name, "text", "FUNC_1", "func")
        ids = tok.sample(3, max_len=20)[0]
        assert min(ids) >= 50 and tok.encode(tok.decode(ids)).tokens == ids
    tok = pickle.loads(pickle.dumps(pp.Tokenizer(value_range=(0, 9), base=50, calls="any")))
    assert (tok.offset, tok.calls, tok.value_range) == (50, "any", (0, 9))


def test_runs_end_as_data(tok):
    assert pp.run("for a in range(9):\n    for b in range(9):\n        print(b)", fuel=10).error == "out of fuel after 10 steps"
    assert pp.run("x = 1 < 2\nprint(x)").stdout == "True\n" and pp.run("x = int(1 < 2)\nprint(x)").stdout == "1\n"
    f = tok.encode("def f(a):\n    return a + 1").tokens
    assert tok.run(f, call=1, inputs=[2**64]).value == 2**64 + 1
    assert tok.run(f, call=1).error.startswith("TypeError") and tok.run(f, call=2).error.startswith("NameError")
    assert pp.run("1/0").error.startswith("EncodeError: 1:2")
    assert not pp.run("print(" * 5000).ok
    big = pp.run("x = 30000\nfor i in range(400):\n    x = x * 30000\nprint(x)")
    assert big.ok and len(big.stdout) > 1700
    with pytest.raises(ValueError):
        pp.run("print(1)", timeout=0)
    with pytest.raises(pp.errors.BatchError):
        pp.run_batch(["print(1)"], [(), ()])
    assert [end.stdout for end in pp.run_batch(["print(1)", "print(2)"] * 50, workers=0)] == ["1\n", "2\n"] * 50


def test_sessions_hold_large_values():
    session = pp.Session()
    session.exec("x = 30000")
    for _ in range(12):
        session.exec("x = x * x")
    assert session.variables["x"] == 30000 ** (2**12)
    session.exec("def f(a):\n    return a + 1")
    assert session.exec("x = 1", call="f", inputs=(10**6000,)).value == 10**6000 + 1
    assert session.exec("y = (", call="f").error.startswith("SessionError: 1:")
    for profile, printed in (("sound", "1\n"), ("pyprior-0.0.2", "True\n")):
        tok = pp.Tokenizer(profile=profile)
        tree = pp.tokens_to_ast([tok.id_of(name) for name in "BLK_1 PRINT LT INT_1 INT_2".split()], tok)
        assert pp.Session(profile=profile).exec(tree).stdout == printed
        assert tok.run(pp.ast_to_tokens(tree, tok)).stdout == printed
    with pytest.raises(TypeError):
        pp.Session(builtins={})
