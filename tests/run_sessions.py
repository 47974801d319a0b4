"""Runs sessions as Python's prompt does: on each line of standard input a JSON object with inputs, what each should print
and raise, and the variables and names of functions that there should be afterwards.

Prints the differences and how many there were.
"""

import ast
import builtins
import io
import json
import resource
import sys


def run(source, namespace):
    out = sys.stdout = io.StringIO()
    try:
        tree = ast.parse(source).body
        single = len(tree) == 1 and isinstance(tree[0], ast.Expr)
        exec(compile(source, "<input>", "single" if single else "exec"), namespace)
    except Exception as caught:
        return [out.getvalue(), f"{type(caught).__name__}: {caught}"]
    return [out.getvalue(), None]


def main():
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    sys.set_int_max_str_digits(0)
    stdout, sessions, inputs, different = sys.stdout, 0, 0, 0
    for line in sys.stdin:
        task = json.loads(line)
        namespace = {}
        vars(builtins).pop("_", None)
        found = [run(source, namespace) for source in task["inputs"]]
        namespace.pop("__builtins__", None)
        names = {name: repr(value) for name, value in namespace.items() if not callable(value)}
        names.update((name, "def") for name, value in namespace.items() if callable(value))
        sessions += 1
        inputs += len(found)
        if found != task["expected"] or names != task["names"]:
            different += 1
            stdout.write("--- different:\n" + "\n>>> ".join(task["inputs"]))
            stdout.write(f"\n{found}\n{task['expected']}\n{names}\n{task['names']}\n")
    stdout.write(f"{sessions} sessions, {inputs} inputs, {different} different\n")


if __name__ == "__main__":
    main()
