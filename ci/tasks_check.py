#!/usr/bin/env python3
"""Checks examples, traces and tasks of a dataset with CPython: tasks_check.py FOLDER [--rows N] [--vocab LIST]

Every figure is found out anew: functions are called, runs are followed with sys.settrace and with calls that are put behind every
assignment. LIST is what `pyprior vocab --format list` writes for the language of the dataset: with it, token streams are
read, too, by a reader that is this file's own. Reads Parquet with pyarrow, or JSON lines.
"""

import argparse
import ast
import contextlib
import io
import json
import pathlib
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

FILE = "<program>"


def rows(folder, name, columns=None):
    """The rows of a table, whatever format there is."""
    found = False
    for path in sorted((folder / ("data" if name == "programs" else name)).glob("*.parquet")):
        import pyarrow.parquet as parquet

        found = True
        for batch in parquet.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    if not found:
        for path in sorted((folder / ("jsonl" if name == "programs" else name)).glob("*.jsonl")):
            with path.open() as file:
                yield from map(json.loads, file)


def functions(source):
    """The functions of a program, without running what is between them."""
    tree = ast.parse(source, FILE)
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = {}
    exec(compile(tree, FILE, "exec"), names)
    return names


class Writes(ast.NodeTransformer):
    """Puts a call behind every assignment and at every iteration, on the same line."""

    def said(self, target, line):
        call = ast.parse(f"__wrote({target!r}, {target})").body[0]
        for node in ast.walk(call):
            if hasattr(node, "lineno"):
                node.lineno = node.end_lineno = line
        return call

    def visit_Assign(self, node):
        return [node, self.said(node.targets[0].id, node.lineno)]

    def visit_For(self, node):
        self.generic_visit(node)
        node.body.insert(0, self.said(node.target.id, node.lineno))
        return node


class Enough(Exception):
    """There are as many events as were asked for."""


def followed(source, entry=None, most=None):
    """What a program does, or, where entry is given, what that expression does with its functions alone: a list of
    ("enter", name, line), ("line", number), ("write", name, value), ("print", value), ("return", value). With most, a run
    that has more events ends there."""
    tree = ast.parse(source, FILE)
    if entry is not None:
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    code = compile(Writes().visit(tree), FILE, "exec")
    events = []
    names = {"__wrote": lambda name, value: events.append(("write", name, value)), "print": lambda value: events.append(("print", value))}

    def trace(frame, event, arg):
        if frame.f_code.co_filename != FILE:
            return None
        if most is not None and len(events) > most:
            raise Enough
        module = frame.f_code.co_name == "<module>"
        if event == "call" and not module:
            events.append(("enter", frame.f_code.co_name, frame.f_lineno))
            count = frame.f_code.co_argcount
            events.extend(("write", name, frame.f_locals[name]) for name in frame.f_code.co_varnames[:count])
        elif event == "line":
            events.append(("line", frame.f_lineno))
        elif event == "return" and not module:
            events.append(("return", arg))
        return trace

    if entry is not None:
        exec(code, names)
        code = compile(entry, "<entry>", "eval")
    sys.settrace(trace)
    try:
        eval(code, names)
    except Enough:
        pass
    finally:
        sys.settrace(None)
    return events


def preorder(source):
    """Number of each statement in preorder, by its line; an elif has a line of its own."""
    numbers = {}

    def walk(body):
        for node in body:
            numbers[node.lineno] = len(numbers)
            walk(getattr(node, "body", []))
            walk(getattr(node, "orelse", []))

    walk(ast.parse(source).body)
    return numbers


def states(source, most=None):
    """The states of a run, as column `trace` has them; with most, of its first events."""
    numbers, frames, found = preorder(source), [{"function": None, "variables": {}, "open": None, "more": {}}], []

    def complete(frame, **more):
        if frame["open"] is not None:
            line = frame["open"]
            found.append({"statement": numbers[line], "line": line, "function": frame["function"],
                          "variables": {name: repr(value) for name, value in frame["variables"].items()},
                          **frame["more"], **more})
        frame["open"], frame["more"] = None, {}

    for event, *what in followed(source, most=most):
        frame = frames[-1]
        if event == "line":
            complete(frame)
            frame["open"] = what[0]
        elif event == "enter":
            frames.append({"function": what[0], "variables": {}, "open": None, "more": {}})
        elif event == "write":
            frame["variables"][what[0]] = what[1]
        elif event == "print":
            frame["more"] = {"printed": repr(what[0])}
        else:
            complete(frame, returned=repr(what[0]))
            frames.pop()
    if most is None:
        complete(frames[0])
    return found


def cwm(context, answer):
    """Whether the frames of an answer are those that CPython goes through from main()."""
    lines = [line.removesuffix("  # << START_OF_TRACE") for line in context.split("\n")]
    expected, known = [], []

    def trace(frame, event, arg):
        if frame.f_code.co_filename != FILE:
            return None
        if event == "call":
            known.append({})
        if event in ("call", "line"):
            now = {name: repr(value) for name, value in frame.f_locals.items()}
            shown = {name: ".." if known[-1].get(name) == value else value for name, value in now.items()}
            known[-1] = now
            expected.append((event, shown, lines[frame.f_lineno - 1], None))
        if event == "return":
            known.pop()
            expected.append((event, None, lines[frame.f_lineno - 1], repr(arg)))
        return trace

    names = functions(context)
    names["print"] = lambda value: None
    sys.settrace(trace)
    try:
        names["main"]()
    finally:
        sys.settrace(None)
    body, end = answer.rsplit("<|frame_sep|>", 1)
    assert end == "<|end_of_text|>", end
    found = []
    for part in body.split("<|frame_sep|>"):
        head, action = part.split("<|action_sep|>")
        kind, local = head.removeprefix("<|").split("_sep|>")
        value = None
        if kind == "return":
            action, value = action.split("<|arg_sep|>")
            value = json.loads(value)
        assert action.endswith("\n"), action
        found.append((kind, json.loads(local) if kind != "return" else None, action[:-1], value))
    return found, expected


def comments(source, call):
    """The program with what a call does behind its lines."""
    lines, notes, frames, number = source.split("\n"), {}, [], -1
    for event, *what in followed(source, call):
        if event == "enter":
            number += 1
            frames.append((what[1], number))
        elif event == "line":
            number += 1
            frames[-1] = (what[0], number)
        else:
            said = f"{what[0]}={what[1]}" if event == "write" else f"{event} {what[0]}"
            line, when = frames[-1]
            notes.setdefault(line, []).append((when, said))
            if event == "return":
                frames.pop()
    for line, said in notes.items():
        groups, before = [], None
        for when, text in said:
            if when == before:
                groups[-1] += f", {text}"
            else:
                groups.append(f"({when}) {text}")
            before = when
        lines[line - 1] += "  # " + "; ".join(groups)
    return "\n".join(lines)


class Stream:
    """Reads a token stream by the grammar of docs/tasks.md."""

    def __init__(self, names, tokens):
        self.names, self.place = [names[token] for token in tokens], 0

    def next(self):
        self.place += 1
        return self.names[self.place - 1]

    def value(self):
        name, digits = self.next(), ""
        if name == "VAL_NONE":
            return None
        if name == "VAL_NEG":
            digits, name = "-", self.next()
        while name != "VAL_END":
            assert name.startswith("DIG_"), name
            digits, name = digits + name[4:], self.next()
        return int(digits)

    def program(self):
        start = self.place
        while not self.names[self.place].startswith(("DIG_", "VAL_", "EOS")):
            self.place += 1
        return self.names[start:self.place]

    def answer(self, mask):
        """Checks that the answer starts here."""
        assert mask.index(1) == self.place and all(mask[self.place:]), (mask, self.place)

    def states(self):
        found, depth = [], 1
        while depth:
            name = self.next()
            if name.startswith("FUNC_"):
                found.append(("enter", int(name[5:])))
                depth += 1
            elif name.startswith("VAR_"):
                found.append(("write", int(name[4:]), self.value()))
            elif name == "PRINT":
                found.append(("print", self.value()))
            else:
                assert name == "RETURN", name
                found.append(("return", self.value()))
                depth -= 1
        return found

    def end(self):
        assert self.next() == "EOS"
        assert all(name == "PAD" for name in self.names[self.place:])


def numbered(source, entry):
    """What an expression does, without lines: functions by the order of their defs, variables by that of their frames."""
    defs = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    codes, frames, found = functions(source), [], []
    for event, *what in followed(source, entry):
        if event == "enter":
            frames.append(codes[what[0]].__code__.co_varnames)
            found.append(("enter", defs.index(what[0]) + 1))
        elif event == "write":
            found.append(("write", frames[-1].index(what[0]) + 1, what[1]))
        elif event != "line":
            found.append((event, what[0]))
        if event == "return":
            frames.pop()
    return found


def check_stream(names, task, program, source):
    stream, mask = Stream(names, task["tokens"]), task["loss_mask"]
    mask = mask[:task["length"]]
    assert stream.next() == "BOS"
    kind = task["key"].split("-")[0]
    modes = {"deduction": "M_DEDUCTION", "abduction": "M_ABDUCTION", "induction": "M_INDUCTION"}
    if kind in modes:
        assert stream.next() == modes[kind]
    function = functions(source)[task["function"]]
    arity = function.__code__.co_argcount

    def call(inputs):
        with contextlib.redirect_stdout(io.StringIO()):
            return function(*inputs)

    if kind == "induction":
        assert stream.next() == f"ARITY_{arity}"
        while stream.names[stream.place].startswith(("DIG_", "VAL_")):
            inputs = [stream.value() for _ in range(arity)]
            assert call(inputs) == stream.value()
        stream.answer(mask)
        assert stream.program() == program
    else:
        assert stream.program() == program
        if kind == "abduction":
            output = stream.value()
            stream.answer(mask)
            assert call([stream.value() for _ in range(arity)]) == output
        else:
            inputs = [stream.value() for _ in range(arity)]
            stream.answer(mask)
            if kind == "deduction":
                assert call(inputs) == stream.value()
            else:
                entry = f"{task['function']}({', '.join(map(str, inputs))})"
                assert stream.states() == numbered(source, entry)[1 + arity:]
    stream.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of each table, spread evenly")
    parser.add_argument("--vocab", type=pathlib.Path)
    args = parser.parse_args()
    names = None
    if args.vocab:
        names = {int(line.split("\t")[0]): line.split("\t")[1] for line in args.vocab.read_text().splitlines()}
    programs, counts = {}, {}

    def sampled(table):
        every = list(rows(args.folder, table))
        step = max(1, len(every) // args.rows)
        counts[table] = len(every[::step])
        return every, every[::step]

    every, some = sampled("programs")
    for row in every:
        programs[row["row"]] = row
    examples, traces, unfinished = 0, 0, 0
    for row in some:
        if row.get("inputs"):
            function = functions(row["source"])[row["function"]]
            assert len(row["inputs"]) == len(row["outputs"]) == len(row["output_stdout"])
            for given, output, stdout in zip(row["inputs"], row["outputs"], row["output_stdout"]):
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    found = function(*ast.literal_eval(given))
                assert repr(found) == output and printed.getvalue() == stdout, (row["source"], given, output, found)
                examples += 1
        if row.get("trace") and row["status"] == "finished":
            assert json.loads(row["trace"]) == states(row["source"]), row["source"]
            traces += 1
        elif row.get("trace") and row["status"] != "type_error":
            # A run that came to a limit is the start of CPython's, which has five events a state at most.
            found = json.loads(row["trace"])
            assert found == states(row["source"], 10 * len(found) + 1000)[:len(found)], row["source"]
            unfinished += 1
    print(f"{len(some)} programs: {examples} examples and {traces} traces are CPython's, {unfinished} the start of its")
    for kind in ("deduction", "abduction", "induction", "trace"):
        every, some = sampled(kind)
        streams = 0
        for task in some:
            program = programs[task["row"]]
            if "prompt" in task:
                check = json.loads(task["verification"])
                prompt, answer = task["prompt"], task["answer"]
                assert check["kind"] == kind
                names_of = functions(answer if kind == "induction" else program["source"])
                with contextlib.redirect_stdout(io.StringIO()):
                    if kind == "deduction":
                        exec(prompt.rsplit("\n", 1)[1] + answer, names_of)
                    elif kind == "abduction":
                        exec(prompt.rsplit("\n", 1)[1].replace("??", answer), names_of)
                    elif kind == "induction":
                        shown = [line.removeprefix("# ") for line in prompt.splitlines() if line.startswith("# assert")]
                        assert len(shown) == len(check["shown"]) and check["held_out"]
                        exec("\n".join(shown), names_of)
                        for given, output in check["shown"] + check["held_out"]:
                            found = names_of[check["function"]](*ast.literal_eval(given))
                            assert repr(found) == output, (answer, given, output, found)
                if kind == "trace" and check["style"] == "cwm":
                    context = prompt.removeprefix("<|trace_context_start|>").removesuffix("<|frame_sep|>")
                    found, expected = cwm(context, answer)
                    assert found == expected, (context, found, expected)
                elif kind == "trace":
                    call = f"{check['function']}({', '.join(map(repr, ast.literal_eval(check['input'])))})"
                    expected = comments(program["source"], call)
                    assert answer == expected, f"{answer}\n\n{expected}"
            if names and "tokens" in task:
                check_stream(names, task, [names[token] for token in program["tokens"]], program["source"])
                streams += 1
        if some:
            print(f"{kind}: {len(some)} tasks hold, {streams} of their streams say so")


if __name__ == "__main__":
    main()
