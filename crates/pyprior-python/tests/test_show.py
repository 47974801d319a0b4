"""Decodes to look at: names, rows, files, a terminal."""

import fcntl
import io
import os
import pickle
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
import pyprior_rs as pp
from pyprior_rs import viz

SOURCE = "x = 3\nprint(x)"


@pytest.fixture
def ids(tok):
    return tok.encode(SOURCE).tokens


@pytest.mark.parametrize("names, source", [({"VAR_1": "zz"}, "zz = 3\nprint(zz)"), (None, "a = 3\nprint(a)")])
def test_every_frame_has_the_names(tok, ids, names, source, tmp_path):
    out = io.StringIO()
    assert pp.show(tok, ids, names=names, out=out) == source
    text, steps = out.getvalue(), viz.steps(tok, ids, names)
    first = source[:2].strip()
    assert text.count(f"{first} = 3\n") == 3 and len(re.findall(r"\b(a|zz|x)\b = ", text)) == text.count(f"{first} = ")
    assert [step.partial_source for step in steps] == [tok.partial_source(ids[:nth], names) for nth in range(len(ids) + 1)]
    # A cast is text: what is drawn can be read.
    path = tmp_path / "decode.cast"
    pp.show(tok, ids, names=names, save_as_gif=True, gif_path=str(path))
    assert ("zz" in path.read_text()) == (names is not None)
    path = tmp_path / "again.cast"
    viz.save_gif(steps, path)
    assert ("zz" in path.read_text()) == (names is not None)


def test_names_of_a_source(tok, ids):
    found = tok.encode(SOURCE)
    assert [step.partial_source for step in viz.steps(tok, ids, found.names)][-1] == SOURCE
    with pytest.raises(pp.errors.NamesError):
        pp.show(tok, ids, names={"VAR_1": "print"}, out=io.StringIO())


def test_rows(tok):
    programs = tok.sample(3, seed=2, max_len=20)
    rows = [programs[i] for i in range(3)]
    for many in (rows, programs, [np.array(row) for row in rows], np.array(programs.padded())):
        for index in (0, 2, -1):
            source = tok.decode(rows[index])
            assert pp.show(tok, many, index, animate=False, run=False, out=io.StringIO()) == source
        for index in (3, 7, -4):
            with pytest.raises(IndexError):
                pp.show(tok, many, index, animate=False, out=io.StringIO())
    # One program is what it is, as in 0.0.2.
    assert pp.show(tok, rows[1], 7, animate=False, out=io.StringIO()) == tok.decode(rows[1])
    for wrong in ([51.5], np.array([51.0]), ["51"]):
        with pytest.raises(TypeError):
            pp.show(tok, wrong, out=io.StringIO())
        with pytest.raises(TypeError):
            viz.steps(tok, wrong)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_animate(tok, ids):
    steps = viz.steps(tok, ids)
    plain, terminal, below = io.StringIO(), Terminal(), Terminal()
    assert viz.animate(iter(steps), delay=0, out=plain) is None
    viz.animate(iter(steps), delay=0, out=terminal)
    viz.animate(steps, delay=0, out=below, clear=False)
    viz.animate([], out=plain)
    assert plain.getvalue() == below.getvalue() and plain.getvalue().count("  step ") == len(ids) + 1
    # On the alternate screen, each on an empty one; the last stays behind it.
    drawn, left = terminal.getvalue().split("\x1b[?1049l")
    assert drawn.startswith("\x1b[?1049h") and drawn.count("\x1b[H\x1b[2J") == len(steps)
    assert left.startswith("a = 3\nprint(a)\n\n  step 6: chose VAR_1  →  done (6 tokens)")


def test_a_terminal_is_left_as_it_was(tok, ids):
    def broken():
        yield viz.steps(tok, ids)[0]
        raise KeyboardInterrupt

    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt):
        viz.animate(broken(), delay=0, out=terminal)
    assert terminal.getvalue().endswith("\x1b[?25h\x1b[?1049l")


@pytest.mark.pypi
def test_steps_look_as_in_0_0_2(tok, ids):
    from pyprior import viz as old

    theirs = [old.DecodeStep(*(getattr(step, name) for name in old.DecodeStep.__dataclass_fields__)) for step in viz.steps(tok, ids)]
    here, there = io.StringIO(), io.StringIO()
    viz.animate(viz.steps(tok, ids), out=here)
    old.animate(theirs, out=there)
    assert here.getvalue() == there.getvalue()


def test_save_gif(tok, ids, tmp_path):
    steps = pickle.loads(pickle.dumps(viz.steps(tok, ids)))
    path = tmp_path / "decode.gif"
    assert viz.save_gif(iter(steps), str(path)) == str(path)
    size = path.read_bytes()[6:10]
    assert path.read_bytes().startswith(b"GIF89a")
    viz.save_gif(steps, str(path), delay=0.1, font_size=28, pad=16, loop=0, scale=2)
    assert int.from_bytes(path.read_bytes()[6:8], "little") > int.from_bytes(size[:2], "little")
    bare = [viz.DecodeStep(0, "<block>", "block", (), None, ())]
    for wrong in ([], steps[1:], steps[::2], bare):
        with pytest.raises(ValueError):
            viz.save_gif(wrong, str(path))
    with pytest.raises(ValueError):
        viz.save_gif(steps, str(path), loop=3)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("ending", ["gif", "png", "apng", "webp", "svg", "cast"])
def test_an_export_that_fails_leaves_what_was_there(tok, ids, ending, tmp_path):
    path = tmp_path / f"decode.{ending}"
    path.write_text("what was there")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files that end behind 100 bytes: writing fails half way.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(pp.errors.ExportError) as caught:
            pp.show(tok, ids, save_as_gif=True, gif_path=str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    error = caught.value
    assert (error.path, error.format) == (str(path), "png" if ending == "apng" else ending)
    # Once, and to the end of the chain.
    assert str(error).count("File too large") == 1 and error.reason in str(error) and str(path) in str(error)
    assert path.read_text() == "what was there" and files(tmp_path) == [path.name]
    path.chmod(0o640)
    pp.show(tok, ids, save_as_gif=True, gif_path=str(path))
    assert path.stat().st_size > 100 and path.stat().st_mode & 0o777 == 0o640 and files(tmp_path) == [path.name]


def test_export_says_what_is_wrong(tok, ids, tmp_path):
    for path, format, reason in (
        (tmp_path / "decode.bmp", None, "does not end in one of"),
        (tmp_path / "none" / "decode.gif", "gif", "No such file"),
        (tmp_path / "folder.gif", "gif", "directory"),
    ):
        if path.stem == "folder":
            path.mkdir()
        with pytest.raises(pp.errors.ExportError) as caught:
            pp.show(tok, ids, save_as_gif=True, gif_path=str(path))
        assert (caught.value.path, caught.value.format) == (str(path), format) and reason in caught.value.reason
    assert files(tmp_path) == ["folder.gif"]


def test_links_and_pipes_stay(tok, ids, tmp_path):
    real, link = tmp_path / "real.gif", tmp_path / "link.gif"
    real.write_bytes(b"")
    link.symlink_to(real)
    pp.show(tok, ids, save_as_gif=True, gif_path=str(link))
    assert link.is_symlink() and real.read_bytes().startswith(b"GIF89a")
    pipe = tmp_path / "pipe.gif"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["head", "-c", "6", str(pipe)], stdout=subprocess.PIPE)
    try:
        pp.show(tok, ids, save_as_gif=True, gif_path=str(pipe))
    except pp.errors.ExportError:
        # The reader has what it wanted and is gone.
        pass
    assert reader.communicate(timeout=60)[0] == b"GIF89a" and pipe.is_fifo()


PLAYER = """
import sys
import pyprior_rs as pp
tok = pp.Tokenizer(value_range=(0, 9))
try:
    pp.show(tok, tok.encode("x = 3\\nprint(x)").tokens, interval=5.0)
except KeyboardInterrupt:
    sys.exit(77)
"""


@pytest.mark.parametrize("key, code", [(b"\x03", 77), (b"q", 0), (b"\x04", 0)])
def test_a_terminal_is_left_by_keys(key, code):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, "-c", PLAYER])
    # Rows and columns, and pixels that nobody asks for.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen, deadline, pressed = b"", time.monotonic() + 60, False
    try:
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                seen += os.read(terminal, 4096)
            except OSError:
                break
            if not pressed and b"quit" in seen:
                os.write(terminal, key)
                pressed = True
    finally:
        if time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
    assert ended == code, seen[-600:]
    assert pressed and b"\x1b[?1049l" in seen


def test_the_demo_needs_what_its_extra_says():
    """The extra that the readme of 0.0.2 names is there, and has what `pyprior_rs.demo` imports."""
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    demo = re.search(r"^demo = \[(.*)\]$", project.read_text(), re.M)
    assert demo and "torch" in demo[1]


@pytest.mark.parametrize("wrong", [-1, -0.001, float("nan"), float("inf"), float("-inf"), 10**400])
def test_seconds_are_numbers_of_0_or_more(tok, ids, wrong, tmp_path, monkeypatch):
    path, out = tmp_path / "decode.gif", io.StringIO()
    monkeypatch.setattr(sys, "stdout", Terminal())
    for name, work in (
        ("interval", lambda: pp.show(tok, ids, interval=wrong, out=out)),
        ("interval", lambda: pp.show(tok, ids, interval=wrong)),
        ("interval", lambda: pp.show(tok, ids, interval=wrong, animate=False, out=out)),
        ("interval", lambda: pp.show(tok, ids, interval=wrong, save_as_gif=True, gif_path=str(path))),
        ("interval", lambda: pp.Prior(tok).start([ids]).show(0, interval=wrong, out=out)),
        ("delay", lambda: viz.animate(viz.steps(tok, ids), delay=wrong, out=out)),
        ("delay", lambda: viz.save_gif(viz.steps(tok, ids), path, delay=wrong)),
    ):
        with pytest.raises(pp.errors.SettingError, match=f"^{name}: is ") as caught:
            work()
        assert isinstance(caught.value, ValueError) and caught.value.place == name
    assert out.getvalue() == sys.stdout.getvalue() == "" and files(tmp_path) == []


def test_arguments_of_drawing(tok, ids, tmp_path):
    path = tmp_path / "decode.gif"
    pp.show(tok, ids, interval=0, save_as_gif=True, gif_path=str(path))
    for size in (1, 10**30):
        viz.save_gif(viz.steps(tok, ids), path, font_size=size)
    for size in (0, -1):
        with pytest.raises(pp.errors.SettingError, match="font_size"):
            viz.save_gif(viz.steps(tok, ids), path, font_size=size)
    for wrong in ("0.5", None):
        with pytest.raises(TypeError):
            pp.show(tok, ids, interval=wrong, out=io.StringIO())
