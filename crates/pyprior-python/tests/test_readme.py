"""The readme of the package that this succeeds, with the import changed."""

import ast
import io
import random

import pytest
import pyprior_rs as pp


def test_engine():
    random.seed(1)
    tok = pp.Tokenizer(value_range=(0, 9))
    for _ in range(50):
        s = pp.init(vocab=tok, max_len=30)
        while not pp.done(s):
            legal = s.rows[0].legal()
            pp.advance(s, [random.choice(sorted(legal))])
        source = tok.decode(s.ids[0])
        compile(source, "program", "exec")
        assert len(s.ids[0]) <= 30
        assert tok.encode(source).tokens == s.ids[0]


@pytest.mark.torch
def test_prior_and_model():
    import torch
    from pyprior_rs import PriorConfig
    from pyprior_rs.demo import RandomDecoder

    torch.manual_seed(1)

    def sample(logits, temperature=1.0):
        return torch.multinomial(torch.softmax(logits / temperature, -1), 1)[:, 0]

    tok = pp.Tokenizer(value_range=(0, 9))
    prior = pp.Prior(tok, PriorConfig(apply="entropy"), max_len=30)
    model = RandomDecoder(tok.vocab_size)

    def function_prefix(arity):
        return (tok.id_of("BLK_1"), tok.id_of("FUNC_1"), tok.id_of(f"ARITY_{arity}"))

    prior.start([function_prefix(1), function_prefix(2)])
    while not prior.done():
        logits = prior.apply(model(prior.input_ids)[:, -1])
        prior.advance(sample(logits))
    for arity, ids in zip((1, 2), prior.ids):
        assert ids[:3] == function_prefix(arity)
        assert tok.decode(ids).startswith("def func(")
    out = io.StringIO()
    assert prior.show(0, out=out) == tok.decode(prior.ids[0])


@pytest.mark.torch
def test_tiny_decoder():
    import torch
    from pyprior_rs.demo import TinyDecoder

    tok = pp.Tokenizer(value_range=(0, 9))
    model = TinyDecoder(tok.vocab_size).eval()
    prior = pp.Prior(tok, max_len=30).start(n=3)
    while not prior.done():
        with torch.no_grad():
            prior.advance(prior.apply(model(prior.input_ids)[:, -1]).argmax(-1))
    # What comes later does not change what was said before.
    ids = prior.input_ids
    with torch.no_grad():
        assert torch.allclose(model(ids)[:, :2], model(ids[:, :2]), atol=1e-5)


def calls(node):
    return isinstance(node, ast.Call) and node.func.id not in ("print", "range", "int")


FORMS = {
    "CALL": calls,
    "for": lambda node: isinstance(node, ast.For),
    "PRINT": lambda node: isinstance(node, ast.Call) and node.func.id == "print",
    "binop": lambda node: isinstance(node, ast.BinOp),
    "func": lambda node: isinstance(node, ast.FunctionDef),
}


@pytest.mark.parametrize("form", FORMS)
def test_generation_lacks_what_is_excluded(form):
    """As Python reads the sources: with the form, if it is not excluded, and without it otherwise."""
    tok = pp.Tokenizer(value_range=(0, 9))

    def occurs(exclude):
        sources = tok.sample(200, max_len=40, exclude=exclude).sources()
        return sum(FORMS[form](node) for source in sources for node in ast.walk(ast.parse(source)))

    assert occurs(set()) > 0 and occurs({form}) == 0


def test_generation_is_shaped_by_the_tokenizer():
    tok = pp.Tokenizer(value_range=(0, 9), max_block_stmts=1)
    prefix = [tok.id_of(name) for name in ("BLK_1", "FUNC_1", "ARITY_2")]
    assert all(source.startswith("def func(a, b):") for source in tok.sample(20, max_len=40, prefix=prefix).sources())


def test_show(tmp_path, tok):
    ids = tok.sample(1, max_len=30)[0]
    out = io.StringIO()
    assert pp.show(tok, ids, out=out) == tok.decode(ids)
    steps = out.getvalue()
    assert steps.count("  step ") == len(ids) + 1 and steps.startswith("<block>")
    out = io.StringIO()
    pp.show(tok, [ids], animate=False, run=False, out=out)
    assert out.getvalue() == tok.decode(ids) + "\n"
    for ending, magic in ((".gif", b"GIF8"), (".svg", b"<svg"), (".webp", b"RIFF")):
        path = tmp_path / f"decode{ending}"
        pp.show(tok, ids, save_as_gif=True, gif_path=str(path))
        assert path.read_bytes().startswith(magic)
    with pytest.raises(pp.errors.ExportError):
        pp.show(tok, ids, save_as_gif=True, gif_path=str(tmp_path / "decode.bmp"))


def test_shows_a_prompt_under_its_names(tok):
    prior = pp.Prior(tok, max_len=30).start(["total = 3\nprint(total)"])
    out = io.StringIO()
    assert prior.show(0, animate=False, out=out) == "total = 3\nprint(total)"
    assert out.getvalue() == "total = 3\nprint(total)\noutput:\n3\n"


def test_run_and_sessions():
    assert pp.run("print(1 + 2)").stdout == "3\n"
    fn = pp.tokens_to_ast(pp.Tokenizer().encode("def f(a, b):\n    return a + b").tokens, pp.Tokenizer()).body[0]
    assert pp.run(fn, (2, 3)).value == 5
    results = pp.run_batch([fn, "print(2)", fn], [(1, 2), (), (2**70, 1)], workers=2)
    assert [result.value for result in results] == [3, None, 2**70 + 1]
    session = pp.Session()
    assert session.exec("x = 3").ok
    assert session.exec("def f(a):\n    return a * x1\n").error.startswith("SessionError")
    assert session.exec("def f(a):\n    return a * 2\n", call="f", inputs=(21,)).value == 42
    assert (session.variables, session.functions) == ({"x": 3}, {"f": ("a",)})
