"""What the tests of datasets share: the command line, and folders compared byte by byte."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def command_line():
    """The program `pyprior`: PYPRIOR_BIN, or the release build of this checkout."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = pathlib.Path(os.environ.get("PYPRIOR_BIN", target / "release/pyprior"))
    if not path.is_file():
        pytest.skip(f"no {path.name} at {path.parent}: cargo build --release, or PYPRIOR_BIN")
    return path


def run(*args):
    subprocess.run([command_line(), *map(str, args)], check=True, capture_output=True, text=True)


def files(folder):
    """Every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def same(a, b):
    a, b = files(a), files(b)
    assert sorted(a) == sorted(b)
    assert [name for name in a if a[name] != b[name]] == []
    return len(a)
