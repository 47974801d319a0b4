#!/usr/bin/env python3
"""Checks a deduplicated dataset with tools that are not ours: dedup_check.py FROM TO [--rows N]

Reads the files of both with pyarrow and finds out anew, by sets of Python, which rows must stay: by tokens, by shape, or by
behaviour, for which every program is run by this Python, its module and its functions. Steps are events of Python's tracer,
lines and calls, of which there are fewer than our steps, but half as many at least. A program is given up that runs out of
them, which can only be equal to others that do, and one that may, or in which an integer of more than 60 bits occurs. Both
are counted, as are those that go and may be equal to one of the latter.
"""

import argparse
import ast
import collections
import contextlib
import functools
import io
import json
import pathlib
import sys

import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet as parquet


class GivenUp(Exception):
    """Larger integers than are compared."""


class OutOfFuel(Exception):
    """As many steps as ours may take; which of them comes last is told otherwise by a tracer."""


class Ended(Exception):
    """A limit ends the run."""


class Output(io.StringIO):
    """Takes so many characters: a line whole or not at all."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def write(self, text):
        # print() writes the end of the line apart.
        if text != "\n" and self.tell() + len(text) + 1 > self.limit:
            raise Ended("output_limit")
        super().write(text)


def arguments(arity):
    """The lists of arguments that functions are called with, as docs/datasets-dedup.md has them."""
    sign = [1 if place % 2 == 0 else -1 for place in range(arity)]
    lists = [
        [0] * arity,
        [1] * arity,
        [2 + place for place in range(arity)],
        [2 + arity - place for place in range(arity)],
        [-1 - place for place in range(arity)],
        [sign[place] * (5 + place) for place in range(arity)],
        [10 - 3 * place for place in range(arity)],
        [sign[place] * (100 - place) for place in range(arity)],
    ]
    return lists if arity else [[]]


def small(value):
    return not isinstance(value, int) or value.bit_length() <= 60


def watched(call, limits):
    """How a call ends, what it gives and prints, and its steps."""
    steps, out = [0], Output(limits["output_bytes"])

    def trace(frame, event, value):
        if frame.f_code.co_filename != "<row>":
            return None
        if event == "line" or (event == "call" and frame.f_code.co_name != "<module>"):
            if steps[0] == limits["fuel"]:
                raise OutOfFuel
            steps[0] += 1
        if not all(map(small, frame.f_locals.values())) or (event == "return" and not small(value)):
            raise GivenUp
        return trace

    status, value = "finished", None
    with contextlib.redirect_stdout(out):
        sys.settrace(trace)
        try:
            value = call()
        except Ended as ended:
            status = str(ended)
        finally:
            sys.settrace(None)
    return (status, repr(value), out.getvalue()), steps[0]


def behaviour(row, limits):
    """What is the same for programs that behave alike; none if it was given up."""
    names = {}
    try:
        if row["status"] == "out_of_fuel":
            raise OutOfFuel
        module, steps = watched(functools.partial(exec, compile(row["source"], "<row>", "exec"), names), limits)
        assert (module[0], module[2]) == (row["status"], row["stdout"]) and steps <= row["steps"] <= 2 * steps + 1, row
        # A run that ends early may not have come to all definitions.
        defined = [node for node in ast.parse(row["source"]).body if isinstance(node, ast.FunctionDef)]
        exec(compile(ast.Module(defined, []), "<row>", "exec"), names)
        functions = []
        for node in defined:
            calls = arguments(len(node.args.args))
            calls = [watched(functools.partial(names[node.name], *values), limits) for values in calls]
            if any(2 * steps + 1 > limits["fuel"] for _, steps in calls):
                raise GivenUp
            functions.append((len(node.args.args), [told for told, _ in calls]))
    except OutOfFuel:
        assert row["status"] in ("finished", "out_of_fuel"), row
        return "out of fuel"
    except GivenUp:
        return None
    return module, repr(sorted(functions))


def tables(folder):
    """The programs of a dataset, shard by shard, by their ids."""
    manifest = json.loads((folder / "manifest/dataset.json").read_text())
    for shard in range(manifest["shards"]):
        record = json.loads((folder / f"manifest/shard-{shard:05}.json").read_text())
        paths = [file["path"] for file in record["files"] if file["path"].startswith("data/")]
        table = pyarrow.concat_tables([parquet.read_table(folder / path) for path in paths])
        assert table.num_rows == record["rows"], (shard, table.num_rows, record["rows"])
        yield table.sort_by("id").replace_schema_metadata()


def shape_of(language):
    """A function from tokens to their shape, by the order of ids that docs/language.md has."""
    low, high = language["value_range"]
    operators = 5
    first = language["base_vocab"]
    variables = first + language["max_funcs"]
    constants = variables + language["max_vars"] + operators
    forms = [(first, variables), (variables, variables + language["max_vars"]), (constants, constants + high - low + 1)]

    def shape(tokens):
        return tuple(next((f"form {start}" for start, end in forms if start <= token < end), token) for token in tokens)

    return shape


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=1 << 62, help="look at the first so many: what stays does not depend on later ones")
    args = parser.parse_args()
    manifest = json.loads((args.after / "manifest/dataset.json").read_text())
    done = json.loads((args.before / "manifest/dataset.json").read_text()).get("dedup", [])
    *earlier, last = manifest["dedup"]
    assert earlier == done, (earlier, done)
    shape, most = shape_of(manifest["description"]["language"]), last["max_per_shape"]
    seen, shapes, given_up, unsure, perhaps, compared, count, total = {}, collections.Counter(), 0, 0, 0, 0, 0, 0
    for before, after in zip(tables(args.before), tables(args.after), strict=True):
        # What stays is what it was, in every column.
        assert before.filter(compute.is_in(before["id"], after["id"])).equals(after), after["id"][:1]
        total += after.num_rows
        kept = set(after["id"].to_pylist())
        columns = ["id", "tokens"] + (["source", "status", "stdout", "steps"] if last["by"] == "behaviour" else [])
        for row in before.select(columns).slice(0, max(0, args.rows - count)).to_pylist():
            count += 1
            tokens = tuple(row["tokens"])
            same = {"tokens": tokens, "keep": row["id"]}.get(last["by"])
            if last["by"] == "behaviour":
                same = behaviour(row, manifest["description"]["limits"])
                if same is None or same == "out of fuel":
                    given_up += 1
                    unsure += same is None
                    assert most == 0, "a cap cannot be checked where runs are given up"
                    continue
            compared += 1
            stays = seen.setdefault(same, row["id"]) == row["id"]
            if stays:
                shapes[shape(tokens)] += 1
                stays = not most or shapes[shape(tokens)] <= most
            if stays and row["id"] not in kept and unsure:
                perhaps += 1
                continue
            assert (row["id"] in kept) == stays, (row["id"], stays, row.get("source"))
    for path in sorted(pathlib.Path(args.after).glob("data/*.parquet")):
        before, after = (parquet.ParquetFile(folder / "data" / path.name) for folder in (args.before, args.after))
        assert before.schema_arrow.equals(after.schema_arrow, check_metadata=False), path
        left, right = before.metadata.metadata, after.metadata.metadata
        assert left[b"pyprior"] == right[b"pyprior"] and left[b"ARROW:schema"] == right[b"ARROW:schema"], path
        assert json.loads(right[b"pyprior-dedup"]) == manifest["dedup"], path
    told = f"{compared - perhaps} were told and are as they should be"
    print(f"{total} rows stay; of the first {count}, {told}; {given_up} given up, {perhaps} may be equal to one of these")


if __name__ == "__main__":
    main()
