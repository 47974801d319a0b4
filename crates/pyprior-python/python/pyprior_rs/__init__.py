"""Exact constrained decoding of programs of a small, total subset of Python.

The engine is in Rust; the names are those of the package ``pyprior`` 0.0.2, so that its programs run with only the
import changed::

    import random
    import pyprior_rs as pp

    tok = pp.Tokenizer(value_range=(0, 9))
    s = pp.init(vocab=tok, max_len=30)
    while not pp.done(s):
        legal = s.rows[0].legal()
        pp.advance(s, [random.choice(sorted(legal))])
    print(tok.decode(s.ids[0]))

A token is legal if and only if some completion within ``max_len`` exists. The default profile is ``"sound"``: its
programs raise no exception; ``Tokenizer(profile="pyprior-0.0.2")`` has the rules of that package, made exact.

What is refused raises an exception that is a ValueError (see ``errors``), and has then changed nothing.
"""

from . import analysis, datasets, errors, nodes
from ._engine import __version__, advance, done
from .batches import training_batches
from .encode import ast_to_source, ast_to_tokens, tokens_to_ast
from .exec import Result, Session, run, run_batch
from .nodes import Func, Module
from .prior import Prior, PriorConfig
from .states import States, init, next_legal_tokens
from .tokenizer import Tokenizer
from .viz import show

__all__ = [
    "Func",
    "Module",
    "Prior",
    "PriorConfig",
    "Result",
    "Session",
    "States",
    "Tokenizer",
    "__version__",
    "advance",
    "analysis",
    "ast_to_source",
    "ast_to_tokens",
    "datasets",
    "done",
    "errors",
    "init",
    "next_legal_tokens",
    "nodes",
    "run",
    "run_batch",
    "show",
    "tokens_to_ast",
    "training_batches",
]
