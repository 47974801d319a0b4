"""Counts programs that are equal up to names: rename.py FILE

FILE has a program a line, as a JSON string. Names are replaced by numbers in the order in which they occur, scope by scope: those
of functions and of the module's variables, then those of each function. Prints how many trees there are, and for each program the
number of the first one with its tree.
"""

import ast
import json
import sys

KEPT = {"print", "range", "int"}


class Rename(ast.NodeTransformer):
    """Gives every name of a scope a number."""

    def __init__(self, outer):
        self.outer, self.names, self.functions = outer, {}, set() if outer is None else outer.functions

    def number(self, name):
        if name in KEPT:
            return name
        return self.names.setdefault(name, f"n{len(self.names)}")

    def visit_Name(self, node):
        # A function is of the module, wherever it is called.
        called = self.outer is not None and node.id in self.functions and node.id not in self.names
        return ast.Name((self.outer if called else self).number(node.id), node.ctx)

    def visit_FunctionDef(self, node):
        self.functions.add(node.name)
        name, inner = self.number(node.name), Rename(self)
        for argument in node.args.args:
            argument.arg = inner.number(argument.arg)
        node.name, node.body = name, [inner.visit(statement) for statement in node.body]
        return node


def main():
    first = {}
    lines = []
    with open(sys.argv[1], encoding="utf-8") as file:
        for nth, line in enumerate(file):
            tree = ast.dump(Rename(None).visit(ast.parse(json.loads(line))))
            lines.append(first.setdefault(tree, nth))
    print(len(first), *lines)


if __name__ == "__main__":
    main()
