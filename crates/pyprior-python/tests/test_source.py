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
    for timeout in (-1, float("nan")):
        with pytest.raises(ValueError):
            pp.run("print(1)", timeout=timeout)
    for timeout in (None, 0):
        assert pp.run("for i in range(2000000):\n    x = i", timeout=timeout).ok
    late = pp.Result(False, error="timeout")
    endless = "for i in range(10000000):\n    for j in range(10000000):\n        x = i"
    assert pp.run(endless, timeout=0.01) == pp.run_batch([endless], timeout=0.01)[0] == pp.Session(timeout=0.01).exec(endless) == late
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


def test_constants_of_any_size():
    """Which of them the vocabularies of the runs have does not matter."""
    for low, high in ((60_000, 65_000), (-65_535, 0), (10**9, 10**9 + 5), (-(2**63), -(2**63) + 3)):
        tok = pp.Tokenizer(value_range=(low, high))
        programs = tok.sample(100, seed=3, max_len=30)
        expected = [tok.run(ids) for ids in programs]
        assert sum(end.ok for end in expected) > 60
        assert pp.run_batch(programs.sources(), fuel=10**6) == expected
        assert [pp.run(source, fuel=10**6) for source in programs.sources()[:20]] == expected[:20]
        assert [pp.Session(fuel=10**6).exec(source) for source in programs.sources()[:20]] == expected[:20]
    many = "\n".join(f"print({10**6 + n})" for n in range(200))
    lines = "".join(f"{10**6 + n}\n" for n in range(200))
    assert pp.run(many).stdout == lines
    sums = "print(" + " + ".join(f"f({n}, {n + 1}, {n + 2}, {n + 3})" for n in range(0, 120, 4)) + ")"
    wide = "def f(a, b, c, d):\n    return a * b + c * d\n" + "\n".join([sums] * 20)
    assert pp.run(wide).stdout == f"{sum(n * (n + 1) + (n + 2) * (n + 3) for n in range(0, 120, 4))}\n" * 20
    beyond = pp.run(f"print({2**63})")
    assert beyond.error == f"EncodeError: 1:7: the constant {2**63} is not from {-(2**63)} to {2**63 - 1} (value_range)"
    session = pp.Session()
    session.exec("def f(n):\n    return n * 1000000007")
    assert session.exec("x = f(70000)", call="f", inputs=(2,)).value == 2_000_000_014
    assert session.variables == {"x": 70_000 * 1_000_000_007}


def test_more_constants_than_the_small_language_has():
    """1,500 different ones: the first language has room for 1,024."""
    body = "".join(f"        x = x + {10**9 + n}\n" for n in range(250))
    source = "x = 0\n" + "".join(f"for i in range(1):\n    for j in range(1):\n{body.replace('10000', str(10000 + k))}" for k in range(6)) + "print(x)"
    import re

    total = sum(map(int, re.findall(r"\+ (\d+)", source)))
    assert len(set(re.findall(r"\d{9,}", source))) > 1024
    assert pp.run(source) == pp.Result(True, stdout=f"{total}\n")


def test_what_ends_with_a_def():
    for source in ("x = 1\ndef f(a):\n    return a\n", "def f(a):\n    return a\ndef g(a):\n    return f(a)", "print(2)\ndef f():\n    return 1"):
        end = pp.run(source)
        assert (end.ok, end.error) == (True, None) and end.stdout == ("2\n" if "print" in source else "")
    assert pp.run("x = y\ndef f(a):\n    return a").error.startswith("EncodeError: 1:5: `y`")
    for nothing in ("", "\n", "# a remark", "   \n\n"):
        assert pp.run(nothing) == pp.run_batch([nothing])[0] == pp.Result(True)


def test_sessions_of_nodes():
    from pyprior_rs.nodes import Assign, Call, Func, IntLit, Module, Print, Return, Var

    session = pp.Session()
    for name, value in (("FUNC_1", 1), ("FUNC_2", 2)):
        assert session.exec(Func(("VAR_1",), (Return(IntLit(value)),), name)).ok
    assert session.functions == {"func_1": ("VAR_1",), "func_2": ("VAR_1",)}
    assert session.exec("print(func_1(3))").stdout == "1\n"
    assert session.exec(Module((Assign("VAR_1", Call("FUNC_2", (IntLit(3),))),))).ok
    assert session.exec(Module((Print(Var("VAR_1")),))).stdout == "2\n"
    assert session.exec(Func(("VAR_1",), (Return(Var("VAR_1")),)), call="func", inputs=(7,)).value == 7
    assert session.exec("", call="func", inputs=(8,)) == pp.Result(True, 8)
    assert session.exec("").ok and not session.exec("", call="none").ok


def test_a_session_is_what_it_was_where_it_raises():
    session = pp.Session()
    for inputs in (("q",), 5, (1.5,)):
        with pytest.raises(TypeError):
            session.exec("print(7)\nx = 1\ndef f(a):\n    return a", call="f", inputs=inputs)
    assert (session.variables, session.functions) == ({}, {})


def test_a_program_ends_with_what_models_end_it_with(tok):
    program = tok.encode("print(3)").tokens
    for behind in ([tok.eos_token_id], [tok.eos_token_id] + 3 * [tok.pad_token_id], 2 * [tok.pad_token_id]):
        tokens = [*program, *behind]
        assert tok.decode(tokens) == "print(3)" == tok.decode(tokens, {"VAR_1": "x"}) and tok.run(tokens).stdout == "3\n"
        assert pp.tokens_to_ast(tokens, tok) == pp.tokens_to_ast(program, tok)
        assert pp.show(tok, tokens, animate=False, run=False) == "print(3)"
    batch = next(pp.training_batches(tok, batch_size=3, seq_len=61, eos=True))
    assert [tok.encode(tok.decode(row)).ok for row in batch.targets] == 3 * [True]
    eos, pad = tok.eos_token_id, tok.pad_token_id
    for behind in ([eos, eos], [pad, eos], [tok.bos_token_id], [eos, program[0]]):
        with pytest.raises(pp.errors.DecodeError):
            tok.decode([*program, *behind])


def test_comparisons_are_written_as_they_are_read():
    old = pp.Tokenizer(value_range=(0, 9), profile="pyprior-0.0.2")
    tree = pp.tokens_to_ast(old.encode("a = (1 < 2)\nprint(a)").tokens, old)
    assert pp.ast_to_source(tree, comparison_values="bool") == "VAR_1 = (1 < 2)\n\nprint(VAR_1)"
    assert old.encode(pp.ast_to_source(tree, comparison_values="bool")).ok
    assert pp.ast_to_source(tree) == "VAR_1 = int(1 < 2)\n\nprint(VAR_1)"


def test_results_are_values():
    refused = pp.Tokenizer().encode("x = 1.5")
    assert refused == pp.Tokenizer().encode("x = 1.5") != pp.Tokenizer().encode("xy = 1.5") and refused.error != "1.5"
    assert len({refused, pp.Tokenizer().encode("x = 1.5")}) == 1
    end = pp.run("print(3)")
    assert end == pp.Result(True, stdout="3\n") and hash(end) == hash(pp.Result(True, stdout="3\n")) and end.steps == 1
    with pytest.raises(AttributeError):
        end.ok = False


def test_names_that_are_written_to(tok):
    """As in 0.0.2, where they are a dict and no more."""
    import copy
    import pickle

    found = pp.Tokenizer(value_range=(0, 9), max_block_stmts=3).encode("a = 3").names
    for again in (found, found.copy(), copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert again == {"VAR_1": "a"} and not again.edited and again.scopes == found.scopes
        again["VAR_1"] = "renamed"
        assert again.edited and tok.decode(tok.encode("a = 3").tokens, again) == "renamed = 3"
        assert again.copy().edited
        again["VAR_1"] = "a"
        assert not again.edited and tok.decode(tok.encode("a = 3").tokens, again) == "a = 3"
    found.clear()
    assert tok.decode(tok.encode("b = 3").tokens, found) == tok.decode(tok.encode("b = 3").tokens, {})
    with pytest.raises(pp.errors.NamesError, match="surrogate"):
        tok.decode(tok.encode("b = 3").tokens, {"VAR_1": "\ud800"})


def test_a_tokenizer_that_is_made_of_one():
    import copy
    import pickle

    for again in (copy.copy, lambda m: pickle.loads(pickle.dumps(m))):
        made = again(Named("mine", value_range=(0, 9), base=4))
        assert type(made) is Named and made.title == "mine" and made.note == [1]
        assert made.encode("a = 3").tokens == pp.Tokenizer(value_range=(0, 9), base=4).encode("a = 3").tokens


class Named(pp.Tokenizer):
    def __init__(self, title, **knobs):
        self.title = title
        super().__init__(**knobs)
        self.note = [1]
