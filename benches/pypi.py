#!/usr/bin/env python3
"""Time PyPI's pyprior 0.0.2 against this crate, on the same loops in the same run.

Both sides decode random programs to their end under max_len 30, one uniformly
chosen legal token at a time, on one thread. Two loops, two vocabularies:

  single   one program at a time, the loop of pyprior's readme: init, then
           random.choice(sorted(legal())) and advance until done
  batch64  64 programs in lockstep: next_legal_tokens, a vectorised choice over
           the mask, advance with the unfinished rows active

Ours is the example `peer_loop`, which reports its own tokens and seconds. On both
sides a token is one of a finished program (no padding), and the time is all of
the loop's: starting a program and choosing the token included.

Then source: the same programs of 26 to 30 tokens, drawn by the package and
written by it, are turned into tokens (encode) and back into text (decode) by
both sides; ours is the example `peer_codec`, which checks that it gets the same
tokens and text.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Importing the helper must not leave a __pycache__ folder in the checkout.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ci"))
import pypi_venv  # noqa: E402

MAX_LEN = 30
SEED = 1

# value_range (0, 9) is the readme's, (-99, 99) the package's default.
RANGES = ((0, 9), (-99, 99))
LOOPS = (("single", 1), ("batch64", 64))

# Machines are noisy, and mostly slowly: both sides are measured right after one
# another, and that is repeated.
REPEATS = 3

# The two sides draw from the same distribution, so their programs have the same
# mean length. Further apart than this they do not measure the same thing, for
# instance because one of them counts padding.
LENGTH_TOLERANCE = 0.15
# Lengths vary by half their mean, so fewer programs than this say little.
ENOUGH_PROGRAMS = 500

# numpy would start a thread pool otherwise.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


# -------------------------------------------------------------------- theirs


def single(tok):
    """One program, as in the readme; the number of its tokens."""
    import pyprior as pp

    s = pp.init(vocab=tok, max_len=MAX_LEN)
    while not pp.done(s):
        legal = s.rows[0].legal()
        pp.advance(s, [random.choice(sorted(legal))])
    return len(s.ids[0])


def batch(tok, rows, generator):
    """That many programs in lockstep; the number of all their tokens."""
    import pyprior as pp

    s = pp.init(vocab=tok, n=rows, max_len=MAX_LEN)
    while not pp.done(s):
        mask = pp.next_legal_tokens(s)  # 0 where legal, -inf elsewhere
        # The largest of random numbers is uniform over the legal ids, and costs
        # far less than a choice for each row: the time is to be the package's.
        tokens = (generator.random(mask.shape, dtype=mask.dtype) + mask).argmax(axis=1)
        # Without `active` finished rows take padding, which is slower.
        unfinished = [not row.done() for row in s.rows]
        pp.advance(s, tokens.tolist(), active=unfinished)
    return sum(len(ids) for ids in s.ids)


def measure_theirs(value_range, rows, seconds, seed):
    import numpy
    import pyprior as pp

    tok = pp.Tokenizer(value_range=value_range)
    random.seed(seed)
    generator = numpy.random.default_rng(seed)

    def once():
        return single(tok) if rows == 1 else batch(tok, rows, generator)

    once()  # imports and caches are not the loop's time
    tokens = programs = 0
    start = time.perf_counter()
    while True:
        tokens += once()
        programs += rows
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            break
    return {
        "vocab": tok.vocab_size,
        "rows": rows,
        "tokens": tokens,
        "programs": programs,
        "seconds": elapsed,
    }


# ---------------------------------------------------------------------- ours


class CannotMeasure(Exception):
    """Ours could not be run; the message says why."""


def cargo(*arguments):
    try:
        return subprocess.run(
            ["cargo", *arguments],
            cwd=pypi_venv.REPO_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError:
        raise CannotMeasure("cargo is not on the PATH") from None


def build_ours():
    """Build the example before any clock runs; `cargo run` then only starts it."""
    source = Path("examples") / "peer_loop.rs"
    folder = Path("examples") / "peer_loop" / "main.rs"
    if not any((pypi_venv.REPO_ROOT / path).exists() for path in (source, folder)):
        raise CannotMeasure(f"there is no {source} to measure")
    if cargo("build", "--release", "--quiet", "--example", "peer_loop").returncode != 0:
        raise CannotMeasure("the example peer_loop does not build")


def measure_ours(value_range, rows, seconds):
    low, high = value_range
    command = [
        "run", "--release", "--quiet", "--example", "peer_loop", "--",
        "--value-range", str(low), str(high),
        "--max-len", str(MAX_LEN),
        "--rows", str(rows),
        "--seconds", str(seconds),
    ]  # fmt: skip
    answer = cargo(*command)
    what = "cargo " + " ".join(command)
    if answer.returncode != 0:
        raise CannotMeasure(f"status {answer.returncode} from: {what}")
    fields = ("vocab", "rows", "tokens", "programs", "seconds")
    # The last line that is a result counts, should it report progress.
    for line in reversed(answer.stdout.splitlines()):
        try:
            result = json.loads(line)
        except ValueError:
            continue
        if isinstance(result, dict) and all(
            isinstance(result.get(f), (int, float)) and result[f] > 0 for f in fields
        ):
            return result
    raise CannotMeasure(f"no JSON object with {', '.join(fields)} from: {what}")


# --------------------------------------------------------------------- codec

CODEC_PROGRAMS = 200
CODEC_LENGTHS = range(26, MAX_LEN + 1)
# Ours must be at least this much faster at each.
CODEC_AT_LEAST = 20.0


def codec_programs(tok):
    """Tokens and text of programs that the package reads back as they were."""
    import pyprior as pp

    random.seed(SEED)
    programs = []
    while len(programs) < CODEC_PROGRAMS:
        s = pp.init(vocab=tok, max_len=MAX_LEN)
        while not pp.done(s) and (legal := s.rows[0].legal()):
            pp.advance(s, [random.choice(sorted(legal))])
        tokens = list(s.ids[0])
        if not pp.done(s) or len(tokens) not in CODEC_LENGTHS:
            continue
        source = tok.decode(tokens)
        # Some it refuses: negative constants, a def behind other statements.
        back = tok.encode(source)
        if back.ok and list(back.tokens) == tokens:
            programs.append((tokens, source))
    return programs


def seconds_a_program(function, items, seconds):
    start, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        function(items[count % len(items)])
        count += 1
    return elapsed / count


def measure_codec(seconds):
    """Prints both sides and their ratios; the smallest ratio."""
    import pyprior as pp

    value_range = RANGES[0]
    tok = pp.Tokenizer(value_range=value_range)
    programs = codec_programs(tok)
    if cargo("build", "--release", "--quiet", "--example", "peer_codec").returncode != 0:
        raise CannotMeasure("the example peer_codec does not build")
    names = ("encode", "decode")
    pairs = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "programs.json"
        file.write_text(json.dumps({"value_range": value_range, "programs": programs}))
        for _ in range(REPEATS):
            theirs = (
                seconds_a_program(tok.encode, [source for _, source in programs], seconds),
                seconds_a_program(tok.decode, [tokens for tokens, _ in programs], seconds),
            )
            answer = cargo(
                "run", "--release", "--quiet", "--example", "peer_codec", "--",
                str(file), "--seconds", str(seconds),
            )  # fmt: skip
            if answer.returncode != 0:
                raise CannotMeasure(f"status {answer.returncode} from the example peer_codec")
            ours = json.loads(answer.stdout)
            for name, their in zip(names, theirs, strict=True):
                pairs[name].append((their * 1e6, ours[f"{name}_ns"] / 1e3))
    table = [["codec", "theirs µs/program", "ours µs/program", "ratio", "of single pairs"]]
    ratios = []
    for name, measured in pairs.items():
        their, our = (statistics.median(side) for side in zip(*measured, strict=True))
        each = [t / o for t, o in measured]
        ratios.append(their / our)
        spread = f"{min(each):.0f}..{max(each):.0f}"
        table.append([name, f"{their:.1f}", f"{our:.2f}", f"{ratios[-1]:.0f}", spread])
    print_table(table)
    return min(ratios)


# -------------------------------------------------------------------- report


def seconds_a_token(result):
    return result["seconds"] / result["tokens"]


def median_of(results, function):
    return statistics.median(function(result) for result in results)


def mean_length(results):
    return sum(r["tokens"] for r in results) / sum(r["programs"] for r in results)


def check_same_work(name, theirs, ours):
    """Stop where the two sides plainly did not do the same."""
    if any(r["vocab"] != theirs[0]["vocab"] for r in ours):
        raise CannotMeasure(f"{name}: ours has V={ours[0]['vocab']}, theirs V={theirs[0]['vocab']}")
    if any(sum(r["programs"] for r in side) < ENOUGH_PROGRAMS for side in (theirs, ours)):
        return
    a, b = mean_length(theirs), mean_length(ours)
    if abs(a - b) > LENGTH_TOLERANCE * a:
        raise CannotMeasure(
            f"{name}, V={theirs[0]['vocab']}: {b:.1f} tokens a program in ours, "
            f"{a:.1f} in theirs: not the same work"
        )


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells))


def report(pairs, with_ours):
    """Print the table; the smallest ratio of it, or None without ours."""
    header = ["loop", "V", "theirs programs/s", "theirs tokens/s", "theirs µs/token"]
    if with_ours:
        header += ["ours ns/token", "ratio", "of single pairs"]
    table = [header]
    ratios = []
    for (name, vocab), (theirs, ours) in pairs.items():
        per_token = median_of(theirs, seconds_a_token)
        row = [
            name,
            str(vocab),
            f"{median_of(theirs, lambda r: r['programs'] / r['seconds']):.0f}",
            f"{1 / per_token:.0f}",
            f"{per_token * 1e6:.2f}",
        ]
        if with_ours:
            our_per_token = median_of(ours, seconds_a_token)
            ratios.append(per_token / our_per_token)
            each = [
                seconds_a_token(t) / seconds_a_token(o) for t, o in zip(theirs, ours, strict=True)
            ]
            row += [
                f"{our_per_token * 1e9:.1f}",
                f"{ratios[-1]:.0f}",
                f"{min(each):.0f}..{max(each):.0f}",
            ]
        table.append(row)
    print_table(table)
    return min(ratios) if with_ours else None


def run(arguments):
    import numpy

    with_ours = not arguments.theirs_only
    if with_ours:
        build_ours()
    print(
        f"pyprior {pypi_venv.PYPRIOR_VERSION}, Python {sys.version.split()[0]}, "
        f"numpy {numpy.__version__}, max_len {MAX_LEN}; "
        f"medians of {REPEATS} times {arguments.seconds:g} s",
        flush=True,
    )
    pairs = {}
    for repeat in range(REPEATS):
        for name, rows in LOOPS:
            for value_range in RANGES:
                a = measure_theirs(value_range, rows, arguments.seconds, SEED + repeat)
                theirs, ours = pairs.setdefault((name, a["vocab"]), ([], []))
                theirs.append(a)
                note = f"{seconds_a_token(a) * 1e6:.2f} µs/token"
                if with_ours:
                    b = measure_ours(value_range, rows, arguments.seconds)
                    ours.append(b)
                    check_same_work(name, theirs, ours)
                    note += f", ours {seconds_a_token(b) * 1e9:.1f} ns/token"
                print(
                    f"{repeat + 1}/{REPEATS} {name} V={a['vocab']}: theirs {note}",
                    file=sys.stderr,
                )
    smallest = report(pairs, with_ours)
    if smallest is None:
        return 0
    codec = measure_codec(arguments.seconds)
    # A quick look asks for nothing of either.
    codec_at_least = min(CODEC_AT_LEAST, arguments.at_least)
    for what, ratio, least in (
        ("loops", smallest, arguments.at_least),
        ("codec", codec, codec_at_least),
    ):
        verdict = "at least" if ratio >= least else "BELOW"
        print(f"{what}: smallest ratio {ratio:.0f}: {verdict} {least:g}")
    return 0 if smallest >= arguments.at_least and codec >= codec_at_least else 1


def positive(text):
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return number


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="""examples:
  python3 benches/pypi.py
      about three minutes; exit status 1 if a loop's ratio is below 500, or that
      of encode or decode below 20
  python3 benches/pypi.py --seconds 0.5 --at-least 0
      a quick look that only fails where something is broken
  python3 benches/pypi.py --theirs-only
      the package alone, without building anything of ours

exit status: 0 fast enough, 1 a ratio too small, 2 could not measure""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        default=5.0,
        help=f"time for one measurement, of which there are {REPEATS} a side for each "
        "row of the table (default 5)",
    )
    parser.add_argument(
        "--at-least",
        type=float,
        default=500.0,
        metavar="RATIO",
        help="exit with 1 if the smallest ratio of a loop is below this (default 500), or that "
        "of encode and decode below it and 20",
    )
    parser.add_argument(
        "--theirs-only", action="store_true", help="time the package alone; always exits with 0"
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
    pypi_venv.reenter(arguments.venv, ONE_THREAD)
    try:
        return run(arguments)
    except CannotMeasure as reason:
        print(f"cannot compare: {reason} (--theirs-only times the package alone)", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
