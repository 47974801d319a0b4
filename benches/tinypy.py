#!/usr/bin/env python3
"""Count what is in datasets of TinyPy-Generator and of `pyprior dataset`, on the same counts.

    git clone https://github.com/MarwaNair/TinyPy-Generator
    python3 benches/tinypy.py TinyPy-Generator/code_generator.py

Of 10,000 programs each: how many are left when variables and functions are renamed in the
order in which they occur, how many print nothing, how many different
outputs there are, and how often the most frequent one occurs, and programs a second, of the whole command. Theirs by level, deduplicated as it does itself;
ours by the descriptions below. Standard library alone, but for what theirs imports (anytree,
tqdm): run it with a Python that has both.

Files that were published are counted with --files (the format is that of its output).
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEVELS = ("1.1", "1.2", "2.1", "2.2", "3.1", "3.2")
ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "default": "",
    "prints": 'keep = ["prints"]\n',
    "prints, one a behaviour": 'keep = ["prints"]\nduplicates = "behaviour"\n',
}


class Renamer(ast.NodeTransformer):
    """Names in the order in which they occur, whatever they were."""

    def __init__(self):
        self.names = {}

    def name(self, name):
        kept = {"print", "range", "int"}
        return name if name in kept else self.names.setdefault(name, f"n{len(self.names)}")

    def visit_Name(self, node):
        node.id = self.name(node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.name(node.arg)
        return node

    def visit_FunctionDef(self, node):
        node.name = self.name(node.name)
        self.generic_visit(node)
        return node


def renamed(source):
    return ast.dump(Renamer().visit(ast.parse(source)))


def count(programs):
    """Counts of a list of (source, output)."""
    outputs = {}
    for _, output in programs:
        outputs[output] = outputs.get(output, 0) + 1
    return {
        "programs": len(programs),
        "left after renaming": len({renamed(source) for source, _ in programs}),
        "print nothing": sum(not output for _, output in programs),
        "distinct outputs": len(outputs),
        "share of the most frequent output": max(outputs.values()) / len(programs),
    }


def read_theirs(path):
    """Programs of a file of theirs: source, then `# output`, then the output in comments."""
    programs = []
    for part in re.split(r"\n\n(?=\S)", path.read_text()):
        source, mark, output = part.strip("\n").partition("\n# output\n")
        if mark:
            lines = [line[2:] for line in output.split("\n")]
            programs.append((source, "" if lines == [""] else "\n".join(lines)))
    return programs


def theirs(generator, level, rows, folder):
    path = folder / f"{level}.txt"
    command = [sys.executable, str(generator), "--num_programs", str(rows), "--level", level, "--filename", str(path)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return count(read_theirs(path)) | {"programs a second": rows / seconds}


def ours(binary, description, rows, folder):
    out = folder / "ours"
    config = folder / "ours.toml"
    columns = 'formats = ["jsonl"]\ncolumns = ["source", "stdout"]\n'
    config.write_text(f"rows = {rows}\n{description}[write]\n{columns}")
    command = [str(binary), "dataset", str(out), "--config", str(config)]
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    programs = []
    for path in sorted((out / "jsonl").iterdir()):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            programs.append((row["source"], row["stdout"].rstrip("\n")))
    return count(programs) | {"programs a second": rows / seconds}


def row(name, counts):
    total = counts["programs"]
    cells = [name, f"{counts['left after renaming']:,} of {total:,}", f"{counts['print nothing'] / total:.1%}"]
    cells += [f"{counts['distinct outputs']:,}", f"{counts['share of the most frequent output']:.1%}"]
    cells += [f"{counts['programs a second']:,.0f}" if "programs a second" in counts else ""]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generator", nargs="?", type=Path, help="TinyPy-Generator's code_generator.py")
    parser.add_argument("--rows", type=int, default=10_000, help="programs of each (default 10000)")
    parser.add_argument("--files", nargs="+", type=Path, default=[], help="files of theirs to count")
    parser.add_argument("--binary", type=Path, help="pyprior (default: built here)")
    arguments = parser.parse_args()
    binary = arguments.binary
    if binary is None:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
        binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "pyprior"
    print("| dataset | left after renaming | print nothing | distinct outputs | most frequent output | programs a second |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for path in arguments.files:
            row(path.name, count(read_theirs(path)))
        if arguments.generator:
            for level in LEVELS:
                row(f"TinyPy {level}", theirs(arguments.generator.resolve(), level, arguments.rows, folder))
        for name, description in OURS.items():
            row(f"pyprior dataset, {name}", ours(binary, description, arguments.rows, folder))


if __name__ == "__main__":
    main()
