#!/usr/bin/env python3
"""Record how PyPI's pyprior 0.0.2 behaves, step by step, into a new trace file.

The file has the line kinds of the project's trace format: `meta`, `config`,
`trace`, `config_end`, `init_error`, `value` and `value_decode`. What needs other
parts of the package is left out: `ast_tokens_same`, `analysis`, `exec` and the
`encode` lines. `apply` needs torch, which the package does not install: it is
recorded where the environment has torch, and left out elsewhere.

The configurations are random but depend on --seed alone, so a fresh seed is a
fresh test set. `--check` turns the script round: it replays every stream of an
existing file through the same recording code and compares.
"""

import argparse
import gzip
import json
import os
import random
import sys
from pathlib import Path

# Importing the helper must not leave a __pycache__ folder in the checkout.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import pypi_venv  # noqa: E402

MAX_TOKENS = 250  # where the format cuts streams that have no max_len
MAX_MIN_LEN = 200  # how far min_len is searched before it counts as "none"

# The samplers, by trace number. "form" first picks one of the legal forms, then
# a token of it; with 200 integers legal, "uniform" hardly ever gets to a call.
SAMPLERS = ("uniform", "form")

# Every form and every token without a number, as exclude targets. The ones that
# no program uses (value, mode, special) are in: they must change nothing.
FORMS = (
    "func", "var", "binop", "compare", "const", "arity", "block", "return",
    "if", "assign", "for", "call", "print", "value", "mode", "special",
)  # fmt: skip
PLAIN_TOKENS = (
    "ADD", "SUB", "MUL", "LT", "EQ", "RETURN", "IF", "ASSIGN", "FOR", "FOR2",
    "CALL", "PRINT", "VAL_NEG", "VAL_NONE", "VAL_END", "DIG_0", "M_DEDUCTION",
    "BOS", "EOS", "PAD",
)  # fmt: skip
# These make the most difference to a decode, so they are drawn more often.
NUMBERED_TOKENS = ("FUNC_", "VAR_", "INT_", "ARITY_", "BLK_")

VALUE_RANGES = (
    (0, 9), (0, 9), (-99, 99), (0, 3), (-3, 3), (-1, 1), (0, 31), (-9, -2), (1, 4),
    (7, 20), (0, 0), (5, 5), (-7, -7), (5, 4),
)  # fmt: skip

# What the fields of a prior are drawn from: their defaults are among them, and
# length_decay may exceed 1. Zero weights are left out, since the package refuses
# them when the prior is built.
PRIOR_FIELDS = {
    "w_var": (0.5, 2.0, 3.0, 1e-6),
    "w_const": (0.25, 1.0, 4.0, 1e6),
    "w_binop": (0.7, 1.5, 20.0),
    "w_compare": (0.1, 0.5, 3.0),
    "w_call": (1.0, 6.0, 0.01),
    "w_print": (0.3, 1.0),
    "w_assign": (1.0, 2.0),
    "w_if": (1.0, 2.5, 0.2),
    "w_return": (0.5, 3.0),
    "binop_depth_decay": (0.25, 0.5, 0.9, 1.0),
    "if_depth_decay": (0.25, 0.5, 0.9, 1.0),
    "length_decay": (0.3, 0.6, 1.0, 1.5),
    "alpha": (0.0, 0.3, 0.75, 1.0, 2.0),
}
APPLY_MODES = ("off", "additive", "fixed", "entropy")

# Calls of Tokenizer + init whose answer is worth fixing whatever the seed.
INIT_CALLS = (
    ({}, 0, [], None),
    ({}, 1, [], None),
    ({}, 2, [], None),
    ({}, 3, [], None),
    ({}, -5, [], None),
    ({}, 30, ["nope"], None),
    ({}, 30, ["INT_100"], None),
    ({}, 30, ["VAR_16"], None),
    ({}, 30, ["block"], None),
    ({}, 30, ["var", "const"], None),
    ({}, 30, [], [[0]]),
    ({}, 30, [], [["BLK_1", "RETURN"]]),
    ({}, 30, [], [["BLK_2", "PRINT", "VAR_1"]]),
    ({}, 3, [], [["BLK_2"]]),
    ({}, 30, ["for"], [["BLK_1", "FOR"]]),
    ({}, 30, ["for"], [["BLK_1", "FOR2"]]),
    ({}, 30, ["FOR"], [["BLK_1", "FOR2"]]),
    ({"max_block_stmts": 0}, 30, [], None),
    ({"value_range": [5, 4], "max_vars": 0}, 30, [], None),
    ({}, 30, [], [[]]),
    ({}, 30, [], []),
    ({}, 30, [], [["BLK_1"], ["BLK_2"]]),
    ({}, 30, [], [["BLK_1", "PRINT", "INT_0", "PAD"]]),
    ({}, 4, ["PRINT"], None),
    ({}, 3, ["PRINT"], None),
)

# Streams that value_decode takes although value_encode never writes them.
VALUE_STREAMS = (
    ["DIG_1", "DIG_2"],
    [],
    ["VAL_END"],
    ["VAL_NEG", "VAL_END"],
    ["DIG_1", "VAL_NEG", "VAL_END"],
    ["DIG_0", "DIG_0", "DIG_7", "VAL_END", "DIG_9"],
    ["VAR_1", "DIG_3"],
    ["VAL_NONE", "DIG_1"],
    ["DIG_1", "VAL_NONE", "VAL_END"],
)


# ---------------------------------------------------------------- the package


def make_tokenizer(knobs):
    """A Tokenizer from JSON: its value_range is a list there, a tuple here."""
    import pyprior

    knobs = dict(knobs)
    if "value_range" in knobs:
        knobs["value_range"] = tuple(knobs["value_range"])
    return pyprior.Tokenizer(**knobs)


def begin(tok, max_len, exclude, ids=None):
    import pyprior

    more = {} if ids is None else {"ids": ids}
    return pyprior.init(vocab=tok, max_len=max_len, exclude=set(exclude), **more)


def make_prior(tok, fields, **more):
    import pyprior

    return pyprior.Prior(tok, pyprior.PriorConfig(**fields, **more))


def float32s(values):
    """Numbers of a row in the 9 digits that give a float32 back."""
    return [float(f"{float(x):.9g}") for x in values]


def has_torch():
    import importlib.util

    return importlib.util.find_spec("torch") is not None


def record_apply(tok, fields, state, model, legal):
    """What each mode makes of one row of model logits, at the legal ids."""
    import torch

    row = torch.tensor([model], dtype=torch.float32)
    results = {}
    for mode in APPLY_MODES:
        out = make_prior(tok, fields, apply=mode).apply(row, state)[0].tolist()
        results[mode] = float32s(out[t] for t in legal)
    return results


def find_min_len(tok, exclude):
    """The smallest max_len that init accepts, found by asking for each."""
    for max_len in range(1, MAX_MIN_LEN + 1):
        try:
            begin(tok, max_len, exclude)
        except ValueError:
            continue
        return max_len
    return None


def hex_set(ids, vocab):
    """The format's bit set: id t is bit t % 8 of byte t // 8."""
    bits = bytearray((vocab + 7) // 8)
    for t in ids:
        bits[t // 8] |= 1 << (t % 8)
    return bits.hex()


def record(tok, config, k, prefix, choose, logits_at=None, model_at=None):
    """Decode once and return what a trace line says about it.

    `choose(legal, position)` picks the next id from the sorted legal ones, or
    answers None to stop. `prefix` is None for a decode from nothing, which is
    not the same as an empty prefix. `logits_at(position)` says whether the prior's
    logits are wanted there, `model_at(position)` gives a model's to apply it to.
    """
    import pyprior
    from pyprior import nodes
    from pyprior.states import frontier_kind

    try:
        state = begin(
            tok, config["max_len"], config["exclude"], None if prefix is None else [prefix]
        )
    except Exception as error:  # the type is part of what is recorded
        return {"raises": type(error).__name__, "message": str(error)}

    row = state.rows[0]
    legal_sets, frontiers, kinds = [], [], []
    prior = make_prior(tok, config.get("prior", {}))
    logits, apply = [], []
    dead = False
    while not pyprior.done(state) and len(state.ids[0]) < MAX_TOKENS:
        legal = sorted(row.legal())
        legal_sets.append(hex_set(legal, tok.vocab_size))
        frontiers.append(list(row.frontier()))
        kinds.append(frontier_kind(state))
        position = len(state.ids[0])
        if logits_at and logits_at(position):
            logits.append([position, float32s(prior.logits(state)[0])])
        if not legal:
            # A bug of the original: it walked into a state nothing can follow.
            dead = True
            break
        model = model_at(position) if model_at else None
        if model is not None:
            results = record_apply(tok, config.get("prior", {}), state, model, legal)
            apply.append([position, model, results])
        token = choose(legal, position)
        if token is None:
            break
        pyprior.advance(state, [token])

    ids = [int(t) for t in state.ids[0]]
    done = pyprior.done(state)
    line = {
        "ids": ids,
        "legal": legal_sets,
        "frontier": frontiers,
        "kind": kinds,
        "done": done,
    }
    if dead:
        line["dead"] = True
    if logits:
        line["logits"] = logits
    if apply:
        line["apply"] = apply
    if k % 3 == 0:  # all of them for every third only: they are most of the file
        line["partial"] = [tok.partial_source(ids[:j]) for j in range(len(ids) + 1)]
    else:
        line["partial"] = {"last": tok.partial_source(ids)}
    if done:
        line["legal_done"] = sorted(row.legal())
        line["src"] = tok.decode(ids)
        try:
            tree = pyprior.tokens_to_ast(ids, tok)
        except ValueError as error:
            # init checks nothing behind the end of a program, the parser does.
            line["overrun"] = str(error)
        else:
            line["render"] = nodes.render(tree)
            record_encode(tok, ids, line)
    return line


def record_encode(tok, ids, line):
    """What the package reads back from the source that it has written."""
    back = tok.encode(line["src"])
    if not back.ok:
        error = back.error
        line["encode"] = {
            "ok": False,
            "stage": error.stage,
            "message": error.message,
            "line": error.line,
            "node": error.node_type,
        }
        return
    same = list(back.tokens) == ids
    line["encode"] = {"ok": True, "names": dict(back.names), "same": same}
    if not same:
        line["encode"]["tokens"] = list(back.tokens)
    again = tok.decode(back.tokens, back.names)
    line["src2"] = True if again == line["src"] else again


def record_init(knobs, max_len, exclude, ids, with_ids=True):
    """An init_error line: what Tokenizer + init say to these arguments."""
    line = {"t": "init_error", "tok": knobs, "max_len": max_len, "exclude": exclude}
    if with_ids:
        line["ids"] = ids
    try:
        tok = make_tokenizer(knobs)
        if ids is not None:
            ids = [[tok.id_of(t) if isinstance(t, str) else t for t in row] for row in ids]
        state = begin(tok, max_len, exclude, ids)
    except Exception as error:
        line["raises"] = type(error).__name__
        line["message"] = str(error)
    else:
        line["ok"] = True
        line["rows"] = len(state.rows)
    return line


def prior_base(tok, prior):
    """The prior's table; None where not even without excludes a decode can begin."""
    import pyprior

    try:
        start = pyprior.init(vocab=tok)
    except ValueError:
        return None
    # Nothing damps the first hole, so there the logits are the table itself.
    return float32s(make_prior(tok, prior).logits(start)[0])


def config_fields(tok, exclude, prior):
    """The part of a config line that the package decides."""
    everything = range(tok.vocab_size)
    return {
        "vocab": tok.vocab_size,
        "max_arity": tok.max_arity,
        "names": [tok.name(t) for t in everything],
        "forms": [tok.form_id(t) for t in everything],
        "dump": tok.dump(),
        "min_len": find_min_len(tok, exclude),
        "prior_base": prior_base(tok, prior),
    }


def record_value(tok, text):
    ids = tok.value_encode(None if text is None else int(text))
    back = tok.value_decode(ids)
    return {
        "t": "value",
        "x": text,
        "tokens": [tok.name(t) for t in ids],
        "back": None if back is None else str(back),
    }


def record_value_stream(tok, names):
    x = tok.value_decode([tok.id_of(name) for name in names])
    return {"t": "value_decode", "tokens": names, "x": None if x is None else str(x)}


# ------------------------------------------------------------- random choices


def random_knobs(rng):
    """Tokenizer arguments: each knob is left at its default now and then."""
    knobs = {}

    def maybe(name, value):
        if rng.random() < 0.85:
            knobs[name] = value

    maybe("value_range", list(rng.choice(VALUE_RANGES)))
    maybe("max_funcs", rng.randint(0, 9))
    # Few variables run out soon and many pass the pool of surface names (23).
    max_vars = rng.choice((0, 1, 2, 3, 4, 6, 10, 15, 23, 24, 26, rng.randint(0, 26)))
    maybe("max_vars", max_vars)
    maybe("max_block_stmts", rng.randint(1, 6))
    maybe("max_expr_depth", rng.randint(0, 6))
    maybe("max_control_depth", rng.randint(0, 5))
    maybe("no_dead_code", rng.random() < 0.5)
    if rng.random() < 0.4:
        knobs["max_arity"] = rng.choice((0, 1, 2, 3, rng.randint(0, 26), 30))
    return knobs


def random_exclude(rng, names):
    """None, one or two exclude targets; `names` are the vocabulary's tokens."""
    targets = []
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        what = rng.random()
        numbered = [n for n in names if n.startswith(rng.choice(NUMBERED_TOKENS))]
        if what < 0.4:
            target = rng.choice(FORMS)
        elif what < 0.7 or not numbered:
            target = rng.choice(PLAIN_TOKENS)
        else:
            # Low numbers come into play first, so half the draws are theirs.
            target = rng.choice(numbered[:3] if rng.random() < 0.5 else numbered)
        if target not in targets:
            targets.append(target)
    return targets


def random_max_len(rng):
    if rng.random() < 0.15:
        return None
    return rng.randint(*rng.choice(((3, 8), (9, 20), (21, 60), (61, 120))))


def random_prior(rng):
    """PriorConfig arguments: none of them now and then, else most."""
    if rng.random() < 0.2:
        return {}
    return {name: rng.choice(of) for name, of in PRIOR_FIELDS.items() if rng.random() < 0.85}


def prior_steps(rng, tok, torch):
    """Where a decode records the prior's logits, and what a model says there.

    A generator of its own, so that the decode is the same without it.
    """
    spread = rng.choice((0.5, 3.0, 10.0))

    def logits_at(_position):
        return rng.random() < 0.15

    def model_at(_position):
        if not torch or rng.random() > 0.1:
            return None
        # Multiples of 1/64: exact in every number type.
        return [round(rng.gauss(0, spread) * 64) / 64 for _ in range(tok.vocab_size)]

    return logits_at, model_at


def random_prefix(rng, tok, names, earlier):
    """A prefix for init, with its kind: a function's head, a cut or a bad one."""
    kind = rng.choice(("func", "cut", "bad"))
    if kind == "func" and "FUNC_1" in names:
        blocks = [n for n in names if n.startswith("BLK_")]
        head = (rng.choice(blocks), "FUNC_1", f"ARITY_{rng.randint(0, tok.max_arity)}")
        return [tok.id_of(name) for name in head], "func"
    stream = rng.choice(earlier) if earlier else []
    cut = stream[: rng.randint(0, len(stream))]
    if kind == "bad":
        # Any token at all: mostly illegal there, sometimes legal by luck, and
        # behind a whole program something the original lets through.
        if rng.random() < 0.15:
            cut = list(stream)
        return [*cut, rng.randrange(tok.vocab_size)], "bad"
    return cut, "cut"


def chooser(rng, sampler, tok):
    def uniform(legal, _position):
        return rng.choice(legal)

    def by_form(legal, _position):
        forms = sorted({tok.form_id(t) for t in legal})
        form = rng.choice(forms)
        return rng.choice([t for t in legal if tok.form_id(t) == form])

    return uniform if sampler == "uniform" else by_form


def random_value_stream(rng):
    tokens = [f"DIG_{d}" for d in range(10)] * 2
    tokens += ["VAL_NEG", "VAL_NEG", "VAL_NONE", "VAL_END", "VAL_END", "VAR_1", "PAD", "INT_3"]
    return [rng.choice(tokens) for _ in range(rng.randint(0, 8))]


# ------------------------------------------------------------------ recording


def config_lines(rng, c, traces, seed):
    """The lines of one random configuration, with whatever init refused first."""
    prior = random_prior(random.Random(f"{seed}/{c}/prior"))
    torch = has_torch()
    while True:
        knobs = random_knobs(rng)
        tok = make_tokenizer(knobs)
        names = [tok.name(t) for t in range(tok.vocab_size)]
        exclude = random_exclude(rng, names)
        max_len = random_max_len(rng)
        fields = config_fields(tok, exclude, prior)
        attempt = record_init(knobs, max_len, exclude, None, with_ids=False)
        if "ok" in attempt:
            break
        yield attempt
        # A budget just too small is the next one up's most interesting
        # neighbour; a grammar that cannot end at all needs other knobs.
        if fields["min_len"] is not None:
            max_len = fields["min_len"]
            break

    head = {"t": "config", "c": c, "tok": knobs, "max_len": max_len, "exclude": exclude}
    head["prior"] = prior
    yield {**head, **fields}

    earlier = []
    dead_ends = complete = 0
    for k in range(traces):
        # A generator of its own for each trace: --traces then changes how many
        # there are, not what the others hold.
        own = random.Random(f"{seed}/{c}/{k}")
        sampler = SAMPLERS[k % len(SAMPLERS)]
        line = {"t": "trace", "c": c, "k": k, "sampler": sampler}
        prefix = None
        if k % 5 == 4:
            prefix, kind = random_prefix(own, tok, names, earlier)
            line["prefix"] = prefix
            line["prefix_kind"] = kind
        steps = prior_steps(random.Random(f"{seed}/{c}/{k}/prior"), tok, torch)
        line.update(record(tok, head, k, prefix, chooser(own, sampler, tok), *steps))
        yield line
        if line.get("done") and "overrun" not in line:
            complete += 1
        dead_ends += "dead" in line
        if "raises" not in line and "overrun" not in line:
            earlier.append(line["ids"])
    yield {"t": "config_end", "c": c, "dead_ends": dead_ends, "complete": complete}


def all_lines(seed, configs, traces):
    from importlib.metadata import version

    import numpy

    # No exec_timeout_s: nothing here runs a program.
    meta = {
        "t": "meta",
        "pyprior": version("pyprior"),
        "python": ".".join(str(n) for n in sys.version_info[:3]),
        "numpy": numpy.__version__,
        "seed": seed,
    }
    if has_torch():
        meta["torch"] = version("torch")
    yield meta
    edges = []
    for c in range(configs):
        for line in config_lines(random.Random(f"{seed}/{c}"), c, traces, seed):
            yield line
            if line["t"] == "config" and line["min_len"] is not None:
                edges.append((line["tok"], line["min_len"], line["exclude"]))

    rng = random.Random(f"{seed}/rest")
    tok = make_tokenizer({})
    values = [0, 1, -1, 7, -42, 10**30, -(10**40) + 1]
    values += [rng.randint(-(10**n), 10**n) for n in range(1, 31)]
    yield record_value(tok, None)
    for x in values:
        yield record_value(tok, str(x))
    for names in [*VALUE_STREAMS, *(random_value_stream(rng) for _ in range(60))]:
        yield record_value_stream(tok, list(names))

    for knobs, max_len, exclude, ids in INIT_CALLS:
        yield record_init(knobs, max_len, exclude, ids)
    # Both sides of the smallest budget, for every configuration.
    for knobs, min_len, exclude in edges:
        yield record_init(knobs, min_len, exclude, None)
        yield record_init(knobs, min_len - 1, exclude, None)


def write_traces(out, seed, configs, traces):
    counts = {}
    dead_ends = complete = 0
    unfinished = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(unfinished, "wb") as raw:
            # No file name and no time in the header: same seed, same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                for line in all_lines(seed, configs, traces):
                    text = json.dumps(line, separators=(",", ":"))
                    packed.write(text.encode() + b"\n")
                    counts[line["t"]] = counts.get(line["t"], 0) + 1
                    if line["t"] == "config_end":
                        dead_ends += line["dead_ends"]
                        complete += line["complete"]
                        done = counts["config_end"]
                        if sys.stderr.isatty():
                            print(f"\r{done}/{configs} configs", end="", file=sys.stderr)
        # Only a whole file gets the name that was asked for.
        os.replace(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    summary = ", ".join(f"{n} {t}" for t, n in counts.items())
    print(f"{out}: {out.stat().st_size} bytes: {summary}")
    print(f"complete programs {complete}, dead ends of the original {dead_ends}")


# ------------------------------------------------------------------- checking


def compare(where, ours, theirs, problems, left_out=()):
    """Note every field that this script records and the file has otherwise."""
    for field, value in ours.items():
        # Through JSON, so that a tuple and a list are the same thing.
        value = json.loads(json.dumps(value))
        if field in left_out:
            continue
        if field not in theirs:
            problems.append(f"{where}: the file lacks {field}, got {str(value)[:100]}")
        elif theirs[field] != value:
            problems.append(
                f"{where}: {field} is {str(theirs[field])[:100]} in the file, "
                f"got {str(value)[:100]}"
            )
    for field in ("raises", "ok", "dead", "overrun", "src", "legal_done", "render"):
        if field in theirs and field not in ours and field not in left_out:
            problems.append(f"{where}: {field} is only in the file")


def check_file(path):
    """Replay a trace file through the recording code; the exit status."""
    problems = []
    counts = {}
    config = tok = None
    tally = {}
    torch = has_torch()
    default = make_tokenizer({})
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, text in enumerate(lines, 1):
            line = json.loads(text)
            t = line["t"]
            where = f"line {number} ({t})"
            if t == "config":
                config, tok = line, make_tokenizer(line["tok"])
                tally = {"dead_ends": 0, "complete": 0}
                ours = config_fields(tok, line.get("exclude", []), line.get("prior", {}))
                # Configurations for encoding only hold just the names.
                unused = () if "min_len" in line else set(ours) - {"vocab", "names"}
                compare(where, ours, line, problems, unused)
            elif t == "trace":
                ids = line.get("ids", [])

                def follow(_legal, position, ids=ids):
                    return ids[position] if position < len(ids) else None

                prefix = line.get("prefix")
                wanted = {position for position, _ in line.get("logits", [])}
                models = {position: model for position, model, _ in line.get("apply", [])}
                steps = (wanted.__contains__, models.get if torch else None)
                ours = record(tok, config, line["k"], prefix, follow, *steps)
                compare(where, ours, line, problems)
                complete = ours.get("done") and "overrun" not in ours
                tally["complete"] += bool(complete)
                tally["dead_ends"] += "dead" in ours
            elif t == "config_end":
                compare(where, tally, line, problems)
            elif t == "init_error":
                ids = line.get("ids")
                has_ids = "ids" in line
                again = record_init(line["tok"], line["max_len"], line["exclude"], ids, has_ids)
                compare(where, again, line, problems)
            elif t == "value":
                compare(where, record_value(default, line["x"]), line, problems)
            elif t == "value_decode":
                compare(where, record_value_stream(default, line["tokens"]), line, problems)
            else:
                continue
            counts[t] = counts.get(t, 0) + 1
    for problem in problems[:20]:
        print(problem)
    if len(problems) > 20:
        print(f"... and {len(problems) - 20} more")
    print("replayed " + ", ".join(f"{n} {t}" for t, n in counts.items()))
    print(f"{len(problems)} differences")
    return 1 if problems else 0


# ----------------------------------------------------------------- the command


def count(text):
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Record a new trace file from PyPI's pyprior "
        f"{pypi_venv.PYPRIOR_VERSION}, on random configurations.",
        epilog="""examples:
  record_traces.py target/fresh.jsonl.gz
      60 random configurations, 40 decodes each
  record_traces.py target/other.jsonl.gz --seed 7 --configs 300 --traces 20
      other configurations, more of them; same seed, same file
  record_traces.py --check target/fresh.jsonl.gz
      replay a file's streams and compare what the package says now""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, help="the file (.jsonl.gz) to write, or to check")
    parser.add_argument("--seed", type=int, default=1, help="what to record (default 1)")
    parser.add_argument(
        "--configs", type=count, default=60, help="how many configurations (default 60)"
    )
    parser.add_argument(
        "--traces", type=count, default=40, help="decodes for each configuration (default 40)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing: replay the file and exit with 1 where it differs",
    )
    parser.add_argument(
        "--venv",
        type=Path,
        default=pypi_venv.DEFAULT_VENV,
        help="where the package is installed, made if absent (default: "
        "target/pypi-venv below the repository root)",
    )
    return parser.parse_args()


def main():
    # Before the environment is made: --help and mistakes need no package.
    arguments = parse_arguments()
    # A fixed hash seed, because exclude is a set: where the package walks it,
    # as for the message that names an unknown target, order must not vary.
    pypi_venv.reenter(arguments.venv, {"PYTHONHASHSEED": "0"})
    if arguments.check:
        return check_file(arguments.out)
    write_traces(arguments.out, arguments.seed, arguments.configs, arguments.traces)
    return 0


if __name__ == "__main__":
    sys.exit(main())
