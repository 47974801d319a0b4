#!/usr/bin/env python3
"""Shows that no two splits of a dataset share a program: splits_check.py FOLDER ...

Reads column source of every Parquet file with pyarrow, renames variables and functions in the order in which they occur, scope by
scope, by Python's own ast module, and looks for what is in two splits: of one folder, and of the same name in all of them taken
together. Tokens, hashes and the program that made the files take no part.
"""

import ast
import collections
import pathlib
import re
import sys

import pyarrow.parquet as parquet

FREE = {"print", "range", "int"}


class Renamer(ast.NodeTransformer):
    """Names by number, in the order in which they occur; every function has variables of its own."""

    def __init__(self):
        self.functions, self.variables = {}, {}

    def variable(self, name):
        return self.variables.setdefault(name, f"v{len(self.variables)}")

    def visit_FunctionDef(self, node):
        node.name = self.functions.setdefault(node.name, f"f{len(self.functions)}")
        outside, self.variables = self.variables, {}
        for argument in node.args.args:
            argument.arg = self.variable(argument.arg)
        node.body = [self.visit(statement) for statement in node.body]
        self.variables = outside
        return node

    def visit_Name(self, node):
        if node.id in self.functions:
            node.id = self.functions[node.id]
        elif node.id not in FREE:
            node.id = self.variable(node.id)
        return node


def canonical(source):
    return ast.unparse(Renamer().visit(ast.parse(source)))


def main():
    folders = [pathlib.Path(folder) for folder in sys.argv[1:]]
    if not folders:
        sys.exit(__doc__)
    split_of, rows, shared = {}, collections.Counter(), 0
    for folder in folders:
        for path in sorted(folder.glob("data/*.parquet")):
            split = re.fullmatch(r"(\w+)-\d{5}-of-\d{5}\.parquet", path.name).group(1)
            for source in parquet.read_table(path, columns=["source"]).column("source").to_pylist():
                rows[split] += 1
                program = canonical(source)
                before = split_of.setdefault(program, split)
                if before != split:
                    shared += 1
                    print(f"in {before} and {split}:\n{program}\n", file=sys.stderr)
    programs = collections.Counter(split_of.values())
    for split, count in rows.items():
        print(f"{split}: {count} rows, {programs[split]} different programs")
    print(f"{shared} rows with a program of another split")
    if len(rows) < 2:
        sys.exit("there is only one split: nothing was compared")
    sys.exit(shared > 0)


if __name__ == "__main__":
    main()
