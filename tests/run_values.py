"""Runs programs under CPython, counting steps: on each line of standard input a JSON object with the source, the calls
to make, and what to expect of each, [value, what is printed, error or null].

A program's steps are bounded by the one who asks, so there is no clock. Prints the differences and how many there were.
"""

import io
import json
import resource
import sys


def end(run):
    out = sys.stdout = io.StringIO()
    try:
        value, error = repr(run()), None
    except Exception as caught:
        value, error = "None", f"{type(caught).__name__}: {caught}"
    return [value, out.getvalue(), error]


def main():
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    sys.set_int_max_str_digits(0)
    stdout, programs, calls, different = sys.stdout, 0, 0, 0
    for line in sys.stdin:
        task = json.loads(line)
        namespace = {}
        found = [end(lambda: exec(compile(task["source"], "<program>", "exec"), namespace))]
        for name, args in task["calls"]:
            found.append(end(lambda: namespace[name](*args)))
        programs += 1
        calls += len(task["calls"])
        if found != task["expected"]:
            different += 1
            stdout.write(f"--- different:\n{task['source']}\n{found}\n{task['expected']}\n")
    stdout.write(f"{programs} programs, {calls} calls, {different} different\n")


if __name__ == "__main__":
    main()
