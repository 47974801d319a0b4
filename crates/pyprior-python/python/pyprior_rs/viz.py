"""Watching a decode: on a terminal, as text, or as a file."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from . import _engine
from .encode import Names
from .tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class DecodeStep:
    """A step: the source behind ``tokens``, the kind of the hole that is next, and the token that was chosen last."""

    index: int
    partial_source: str
    next_nonterminal: str | None
    legal_tokens: tuple[str, ...]
    chosen: str | None
    tokens: tuple[int, ...]


def steps(tok: Tokenizer, ids: Any, names: Names | None = None) -> list[DecodeStep]:
    """The decode of these tokens, a program or the start of one, from before the first token on. Raises TokenError."""
    ids = tuple(int(id) for id in ids)
    frames = _engine.frames(tok.language, ids, names)
    chosen = [None, *(frame[3] for frame in frames)]
    return [
        DecodeStep(nth, source, kind, tuple(sorted(legal)) if kind else (), chosen[nth], ids[:nth])
        for nth, (source, kind, legal, _) in enumerate(frames)
    ]


def show(
    tok: Tokenizer,
    ids: Any,
    index: int = 0,
    *,
    names: dict | None = None,
    run: bool = True,
    animate: bool = True,
    interval: float = 0.5,
    save_as_gif: bool = False,
    gif_path: str = "decode.gif",
    out: TextIO | None = None,
) -> str:
    """Shows how a program was decoded, and what it prints; returns its source, with holes if it is not complete.

    ``ids`` are the tokens of a program, or of several (``index`` picks one). On a terminal the decode is played, ``interval``
    seconds a token; elsewhere its steps are written as text. ``animate=False`` writes the program alone. ``save_as_gif``
    writes the animation to ``gif_path`` instead: .gif .png .apng .webp .svg .cast. Raises TokenError, NamesError,
    ExportError.
    """
    tokens = _row(ids, index)
    of = names if isinstance(names, Names) and _fits(tok, tokens, names) else None
    source = tok.partial_source(tokens, of if names is None or isinstance(names, Names) else names)
    # Also checks the tokens: what is not legal is not shown.
    frames = steps(tok, tokens, of)
    if save_as_gif:
        _engine.export(tok.language, tokens, gif_path, of, run, interval)
        return source
    if animate and out is None and sys.stdout.isatty():
        _engine.play(tok.language, tokens, of, run, interval)
        print(source)
        return source
    out = sys.stdout if out is None else out
    if animate:
        for frame in frames:
            _write(frame, out)
            if out.isatty():
                time.sleep(interval)
    else:
        out.write(source + "\n")
    if run and frames[-1].next_nonterminal is None:
        end = tok.run(tokens)
        if end.stdout or end.error:
            out.write("output:\n" + end.stdout + (f"({end.error})\n" if end.error else ""))
    return source


def _fits(tok: Tokenizer, tokens: list[int], names: Names) -> bool:
    """A prompt's names are those of a whole program, and not of one that goes on from it."""
    try:
        tok.partial_source(tokens, names)
        tok.decode(tokens, names)
    except ValueError:
        return False
    return True


def _row(ids: Any, index: int) -> list[int]:
    first = ids[index] if len(ids) > index else None
    many = first is not None and (isinstance(first, (list, tuple)) or np.ndim(first) > 0)
    row: Any = first if many else ids
    return [int(id) for id in (row.tolist() if hasattr(row, "tolist") else row)]


def _write(frame: DecodeStep, out: TextIO) -> None:
    legal, shown = frame.legal_tokens, 6
    more = f"  (+{len(legal) - shown} more)" if len(legal) > shown else ""
    hole = f"next <{frame.next_nonterminal}>" if frame.next_nonterminal else f"done ({len(frame.tokens)} tokens)"
    out.write(f"{frame.partial_source}\n\n  step {frame.index}: chose {frame.chosen or '—'}  →  {hole}\n")
    if frame.next_nonterminal:
        out.write(f"  options: {'  '.join(legal[:shown])}{more}\n")
