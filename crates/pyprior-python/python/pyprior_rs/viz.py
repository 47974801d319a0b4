"""Watching a decode: on a terminal, as text, or as a file."""

from __future__ import annotations

import math
import operator
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Iterable, TextIO

import numpy as np

from . import _engine
from .encode import Names
from .errors import SettingError
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
    #: What is drawn from: the tokenizer and the names.
    _of: tuple[Tokenizer, dict | None] | None = field(default=None, repr=False, compare=False)


def steps(tok: Tokenizer, ids: Any, names: dict | None = None) -> list[DecodeStep]:
    """The decode of these tokens, a program or the start of one, from before the first token on.

    ``names`` are those of ``encode``, or a dict such as ``{"VAR_1": "x"}``. Raises TokenError, NamesError.
    """
    ids = tuple(operator.index(id) for id in ids)
    frames = _engine.frames(tok.language, ids, names)
    chosen = [None, *(frame[3] for frame in frames)]
    of = (tok, names)
    return [
        DecodeStep(nth, source, kind, tuple(sorted(legal)) if kind else (), chosen[nth], ids[:nth], of)
        for nth, (source, kind, legal, _) in enumerate(frames)
    ]


def _seconds(value: float, name: str) -> float:
    """What an argument gives in seconds. Raises SettingError with its name."""
    try:
        fine = math.isfinite(value) and value >= 0
    except OverflowError:
        fine = False
    if not fine:
        raise SettingError(name, f"is {value}; seconds are needed, 0 or more")
    return value


def animate(steps: Iterable[DecodeStep], *, delay: float = 0.12, out: TextIO | None = None, clear: bool = True) -> None:
    """Writes the steps of a decode to ``out``, standard output if None.

    On a terminal each takes the place of the one before, on the alternate screen, and stands ``delay`` seconds; the last is
    left on the screen behind that. Elsewhere, or without ``clear``, they are written one below the other. Raises SettingError
    for a ``delay`` that is below 0 or not finite.
    """
    _draw(steps, _seconds(delay, "delay"), sys.stdout if out is None else out, clear)


def save_gif(
    steps: Iterable[DecodeStep],
    path: str | os.PathLike[str],
    *,
    delay: float = 0.18,
    font_size: int = 20,
    pad: int | None = None,
    loop: int = 0,
    scale: int | None = None,
) -> str | os.PathLike[str]:
    """Writes a decode as an animation to ``path``, which is returned: .gif .png .apng .webp .svg .cast.

    ``steps`` are those of ``steps()``, from the first on; each stands ``delay`` seconds, 0.02 at least and 60 at most.
    ``font_size`` is in pixels, the nearest of 16, 20 and 24. The pictures are not those of 0.0.2: ``pad`` and ``scale`` change
    nothing, and animations start again for ever, ``loop=0``. Raises ExportError, SettingError for a ``delay`` that is below 0
    or not finite and a ``font_size`` below 1, and ValueError for other steps and other ``loop``.
    """
    delay = _seconds(delay, "delay")
    if operator.index(font_size) < 1:
        raise SettingError("font_size", f"is {font_size}; pixels are needed, 1 or more")
    frames = list(steps)
    if loop != 0:
        raise ValueError(f"loop is {loop}; animations start again for ever, 0")
    if not frames or [frame.index for frame in frames] != list(range(len(frames))) or frames[-1]._of is None:
        raise ValueError("steps are those of pyprior_rs.viz.steps, from the first on")
    tok, names = frames[-1]._of
    _engine.export(tok.language, frames[-1].tokens, path, names, False, delay, min(font_size, 64))
    return path


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
    seconds a token (0.02 at least and 60 at most); elsewhere its steps are written as text. ``animate=False`` writes the program
    alone. ``save_as_gif`` writes the animation to ``gif_path`` instead: .gif .png .apng .webp .svg .cast. ``names`` are those of
    ``encode``, or a dict such as ``{"VAR_1": "x"}``. Raises TokenError, NamesError, ExportError, SettingError for an ``interval``
    that is below 0 or not finite, IndexError beyond the last program, and KeyboardInterrupt by Ctrl-C.
    """
    interval = _seconds(interval, "interval")
    tokens = _row(ids, index)
    # As models end programs.
    while tokens and tokens[-1] in (tok.eos_token_id, tok.pad_token_id):
        tokens.pop()
    of = None if isinstance(names, Names) and not _fits(tok, tokens, names) else names
    source = tok.partial_source(tokens, of)
    # Also checks the tokens: what is not legal is not shown.
    frames = steps(tok, tokens, of)
    if save_as_gif:
        _engine.export(tok.language, tokens, gif_path, of, run, interval)
        return source
    if animate and out is None and sys.stdout.isatty():
        # The engine writes past Python's buffer: what stands in that comes first.
        sys.stdout.flush()
        _engine.play(tok.language, tokens, of, run, interval)
        print(source)
        return source
    out = sys.stdout if out is None else out
    if animate:
        _draw(frames, interval, out)
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
    many = len(ids) > 0 and (isinstance(ids[0], (list, tuple)) or np.ndim(ids[0]) > 0)
    if many and not -len(ids) <= index < len(ids):
        raise IndexError(f"there are {len(ids)} programs, and none of number {index}")
    row: Any = ids[index] if many else ids
    return [operator.index(id) for id in (row.tolist() if hasattr(row, "tolist") else row)]


def _text(frame: DecodeStep) -> str:
    legal, shown = frame.legal_tokens, 6
    more = f"  (+{len(legal) - shown} more)" if len(legal) > shown else ""
    hole = f"next <{frame.next_nonterminal}>" if frame.next_nonterminal else f"done ({len(frame.tokens)} tokens)"
    options = f"  options: {'  '.join(legal[:shown])}{more}\n" if frame.next_nonterminal else ""
    return f"{frame.partial_source}\n\n  step {frame.index}: chose {frame.chosen or '—'}  →  {hole}\n{options}"


def _draw(steps: Iterable[DecodeStep], delay: float, out: TextIO, clear: bool = True) -> None:
    terminal = out.isatty()
    if not (terminal and clear):
        for step in steps:
            out.write(_text(step))
            if terminal:
                out.flush()
                time.sleep(delay)
        return
    last = None
    out.write("\x1b[?1049h\x1b[?25l")
    try:
        for last in steps:
            out.write("\x1b[H\x1b[2J" + _text(last))
            out.flush()
            time.sleep(delay)
    finally:
        out.write("\x1b[?25h\x1b[?1049l")
        out.flush()
    if last is not None:
        out.write(_text(last))
