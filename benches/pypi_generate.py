#!/usr/bin/env python3.11
"""Time generation with a transformer: PyPI's pyprior 0.0.2 with torch against `pyprior generate`.

Three loops take turns over the same weights on the CPU, with all cores; in each the
model's logits are masked to what is legal, and a token drawn from their softmax:

  own     the loop of the package's readme (Prior.start, apply, advance; apply="off") around
          `transformers`' LlamaForCausalLM, the whole sequences at every step as there, at
          the number of rows at which it is fastest
  cached  a loop with a KV cache around the same model: as many rows as ours, the package's
          cached mask of its States, softmax and multinomial; a finished row begins its
          next program at once, so that none idles
  ours    pyprior generate, under the package's rules (--profile pyprior-0.0.2)

A token counts if it is one of a program: the padding of finished rows in `own` is none.
Before any clock runs it is checked that model and masks are the same on both sides: the
log-probability and the entropy of programs that ours drew, and of those from `cached`, are
computed anew, by transformers without a cache under the package's masks. Every program of
`own` and `cached` must be whole to the package and to `pyprior decode`.

The packages are those of benches/peers/requirements.txt, in the same environment.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]
import environment  # noqa: E402
from pypi import CannotMeasure, positive, print_table  # noqa: E402

PYPRIOR_VERSION = "0.0.2"
PROFILE = ("--profile", "pyprior-0.0.2")
DEFAULT_MODEL = environment.REPO_ROOT / "models" / "pyprior-tiny"

# Fields of language.json that are arguments of the package's Tokenizer.
KNOBS = ("max_funcs", "max_vars", "max_arity", "value_range", "max_block_stmts")
KNOBS += ("max_expr_depth", "max_control_depth", "no_dead_code")

OWN_ROWS = (4, 16, 64, 256)
# Its share of the budget: it is a hundred times as slow.
OWN_SHARE = 20
COMPARED = 256
# Of a log-probability or an entropy, a token. f32 on both sides, logits below ten.
TOLERANCE = 1e-5
# Standard errors that the mean lengths of two samples of programs may lie apart.
ERRORS_APART = 4.5


# -------------------------------------------------------------------- theirs


class Theirs:
    """The package and torch over one directory, with both loops."""

    def __init__(self, directory):
        import pyprior
        import torch
        import transformers

        self.pp, self.torch, self.transformers = pyprior, torch, transformers
        self.language = json.loads((directory / "language.json").read_text())
        if self.language["base_vocab"]:
            raise CannotMeasure("the loops are for a vocabulary without a base")
        self.max_len = self.language["max_len"]
        self.exclude = self.language["exclude"] or None
        self.tok = pyprior.Tokenizer(**{name: self.language[name] for name in KNOBS})
        ids = json.loads((directory / "tokenizer.json").read_text())["model"]["vocab"]
        if len(ids) != self.tok.vocab_size or any(self.tok.id_of(name) != i for name, i in ids.items()):
            raise CannotMeasure(f"the vocabulary of {directory} is not that of the package")
        self.model = transformers.LlamaForCausalLM.from_pretrained(directory, torch_dtype=torch.float32).eval()

    def begin(self, rows):
        """The states of that many new programs."""
        return self.pp.init(vocab=self.tok, n=rows, max_len=self.max_len, exclude=self.exclude)

    def own(self, budget, rows):
        """The readme's loop, whole batches until the budget is spent; its programs and seconds."""
        torch, programs, tokens = self.torch, [], 0
        prior = self.pp.Prior(self.tok, self.pp.PriorConfig(apply="off"), max_len=self.max_len)
        start = time.perf_counter()
        while tokens < budget:
            prior.start(n=rows, exclude=self.exclude)
            while not prior.done():
                # Of the last position alone, which is all that the readme's loop takes.
                logits = self.model(prior.input_ids, use_cache=False, logits_to_keep=1).logits
                masked = prior.apply(logits[:, -1])
                prior.advance(torch.multinomial(torch.softmax(masked, -1), 1)[:, 0])
            batch = [[t for t in ids if t != self.tok.pad_token_id] for ids in prior.ids]
            tokens += sum(map(len, batch))
            programs += batch
        return {"programs": programs, "tokens": tokens, "seconds": time.perf_counter() - start}

    def cached(self, budget, rows, scored=False):
        """The loop with a cache; with `scored` also the log-probability of each program.

        The cache is a ring: all rows write position t of the batch at slot t mod max_len, and a row
        looks at as many of the last slots as its program has tokens. Keys carry the row's own
        positions, so it does not matter which slots they are in.
        """
        torch, pp, max_len = self.torch, self.pp, self.max_len
        cache = self.transformers.StaticCache(self.model.config, rows, max_len, "cpu", torch.float32)
        states = pp.States.empty(rows, tok=self.tok, device="cpu")
        # Beginning many at a time is a hundred times as fast as one by one.
        waiting = []

        def refill(row):
            if not waiting:
                waiting.extend(self.begin(rows).rows)
            states.set_row(row, pp.States(self.tok, [waiting.pop()]))

        for row in range(rows):
            refill(row)
        ids = torch.full((rows,), self.tok.bos_token_id)
        age = torch.zeros(rows, dtype=torch.long)
        slots = torch.arange(max_len)
        logs, programs, scores = torch.zeros(rows), [], []
        seconds = {"model": 0.0, "masks": 0.0, "draw": 0.0}
        tokens = step = 0
        clock = start = time.perf_counter()

        def lap(name):
            nonlocal clock
            now = time.perf_counter()
            seconds[name] += now - clock
            clock = now

        while tokens < budget:
            seen = (step - slots) % max_len <= age[:, None]
            logits = self.model(
                ids[:, None],
                attention_mask=torch.zeros(seen.shape).masked_fill_(~seen, float("-inf"))[:, None, None],
                position_ids=age[:, None],
                past_key_values=cache,
                cache_position=torch.tensor([step % max_len]),
                use_cache=True,
            ).logits[:, -1]
            lap("model")
            legal = states.legal_mask()
            lap("masks")
            masked = logits + legal
            ids = torch.multinomial(torch.softmax(masked, -1), 1)[:, 0]
            if scored:
                logs += torch.log_softmax(masked, -1).gather(1, ids[:, None])[:, 0]
            lap("draw")
            states.advance(ids.tolist())
            age += 1
            done = [row for row in range(rows) if states.rows[row].done()]
            for row in done:
                programs.append(list(states.rows[row].tokens))
                scores.append(logs[row].item())
                refill(row)
            ids[done], age[done], logs[done] = self.tok.bos_token_id, 0, 0.0
            tokens += rows
            step += 1
            lap("masks")
        result = {"programs": programs, "tokens": tokens, "seconds": clock - start}
        return result | {"shares": seconds, "scores": scores}

    def score(self, programs):
        """Log-probability and entropy of each: uncached logits, the package's masks."""
        torch, rows = self.torch, len(programs)
        longest = max(map(len, programs))
        pad = self.tok.pad_token_id
        padded = torch.tensor([program + [pad] * (longest - len(program)) for program in programs])
        bos = torch.full((rows, 1), self.tok.bos_token_id)
        logits = self.model(torch.cat([bos, padded[:, :-1]], 1), use_cache=False).logits.double()
        states, logs, entropies = self.begin(rows), torch.zeros(rows).double(), torch.zeros(rows).double()
        for step in range(longest):
            there = [step < len(program) for program in programs]
            masked = logits[:, step] + self.pp.next_legal_tokens(states, like=logits[:, step])
            all_logs = torch.log_softmax(masked, -1)
            here = torch.tensor(there)
            logs += all_logs.gather(1, padded[:, step, None])[:, 0].where(here, 0.0)
            entropies -= (all_logs.exp() * all_logs).nan_to_num(0.0).sum(-1).where(here, 0.0)
            self.pp.advance(states, padded[:, step].tolist(), active=there)
        return logs.tolist(), entropies.tolist()


# ---------------------------------------------------------------------- ours


class Ours:
    """The command, given or built."""

    def __init__(self, binary, directory, language):
        self.command = [str(binary)] if binary else ["cargo", "run", "--release", "--quiet", "--"]
        self.directory = directory
        # For decode, which does not read a model's directory.
        self.language = ["--max-len", str(language["max_len"])]
        for name in KNOBS:
            if language[name] is not None:
                values = language[name] if isinstance(language[name], list) else [language[name]]
                self.language += ["--" + name.replace("_", "-"), *(json.dumps(value) for value in values)]
        for name in language["exclude"]:
            self.language += ["--exclude", name]
        # Builds before any clock runs, and says early that there is nothing to run.
        self("--version")

    def __call__(self, *arguments):
        command = [*self.command, *map(str, arguments)]
        try:
            answer = subprocess.run(
                command, cwd=environment.REPO_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        except OSError as reason:
            raise CannotMeasure(f"{command[0]}: {reason}") from None
        if answer.returncode != 0:
            raise CannotMeasure(f"status {answer.returncode} from: {' '.join(command)}\n{answer.stderr}")
        return answer

    def generate(self, *arguments):
        return self("generate", "--model", self.directory, "--device", "cpu", *PROFILE, *arguments)

    def programs(self, count):
        """That many programs with their log-probability and entropy."""
        answer = self.generate("-n", count, "--format", "jsonl")
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def rate(self, budget, rows, seed):
        """Tokens a second, and where the time goes, as the command says at its end."""
        limits = ("--tokens", budget, "--batch-size", rows, "--seed", seed)
        answer = self.generate(*limits, "--format", "tokens", "--progress", "always", "-o", os.devnull)
        last = re.split(r"[\r\n]+", answer.stderr.strip())[-1]
        found = re.search(r"([\d,]+) tokens/s; (.* sampling [^;]*)", last)
        if not found:
            raise CannotMeasure(f"no tokens/s in the last line of progress: {last!r}")
        return float(found[1].replace(",", "")), found[2]

    def check(self, programs):
        """Every program is one under our rules as well."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "programs.txt"
            file.write_text("".join(" ".join(map(str, program)) + "\n" for program in programs))
            self("decode", file, *PROFILE, *self.language, "-o", os.devnull)


# -------------------------------------------------------------------- report


def compare(what, programs, told, found):
    """Stop unless the figures of every program agree."""
    worst = 0.0
    for program, a, b in zip(programs, told, found, strict=True):
        gap = abs(a - b) / len(program)
        # Written so that a NaN stops too.
        if not gap <= TOLERANCE:
            raise CannotMeasure(f"{what}: {a} and {b}, of {program}")
        worst = max(worst, gap)
    print(f"{what} of {len(programs)} programs: at most {worst:.1e} a token apart")


def check_whole(theirs, ours, programs):
    """Every program is whole, to the package and to ours; either stops the script otherwise."""
    for program in programs:
        try:
            theirs.pp.tokens_to_ast(program, theirs.tok)
        except ValueError as reason:
            raise CannotMeasure(f"{reason}: {program}") from None
    ours.check(programs)


def check_same_lengths(ours, theirs):
    """Stop where the two sides plainly do not draw from the same distribution."""
    lengths = [[len(program) for program in side] for side in (ours, theirs)]
    a, b = map(statistics.mean, lengths)
    error = sum(statistics.variance(side) / len(side) for side in lengths) ** 0.5
    if abs(a - b) > ERRORS_APART * error:
        raise CannotMeasure(f"{a:.1f} tokens a program in ours, {b:.1f} in own: not the same work")


def same_model(theirs, ours, rows):
    """Compare model, masks and cache before anything is timed; the programs of ours."""
    drawn = ours.programs(COMPARED)
    programs = [one["tokens"] for one in drawn]
    logs, entropies = theirs.score(programs)
    compare("log-probability, ours and transformers", programs, [one["log_probability"] for one in drawn], logs)
    compare("entropy, ours and transformers", programs, [one["entropy"] for one in drawn], entropies)
    # Long enough that the ring goes round and rows are filled again.
    cached = theirs.cached(rows * 2 * theirs.max_len, rows, scored=True)
    programs = cached["programs"][-COMPARED:]
    compare("log-probability, cached and not", programs, cached["scores"][-COMPARED:], theirs.score(programs)[0])
    return [one["tokens"] for one in drawn]


def rate(result):
    return result["tokens"] / result["seconds"]


def fastest_own(theirs, tokens):
    rates = {rows: rate(theirs.own(tokens, rows)) for rows in OWN_ROWS}
    print("own loop, rows: tokens/s  " + "  ".join(f"{rows}: {one:.0f}" for rows, one in rates.items()), flush=True)
    return max(rates, key=rates.get)


def run(arguments, cores):
    import torch

    torch.set_num_threads(cores)
    torch.manual_seed(1)
    theirs = Theirs(arguments.model.resolve())
    ours = Ours(arguments.binary and arguments.binary.resolve(), arguments.model.resolve(), theirs.language)
    parameters = sum(p.numel() for p in theirs.model.parameters())
    print(
        f"pyprior {PYPRIOR_VERSION}, torch {torch.__version__}, transformers {theirs.transformers.__version__}, "
        f"{cores} threads; {parameters / 1e6:.2f} M parameters, V={theirs.tok.vocab_size}, max_len {theirs.max_len}"
    )
    with torch.inference_mode():
        drawn = same_model(theirs, ours, arguments.rows)
        own_rows = fastest_own(theirs, arguments.tokens // OWN_SHARE)
        measured = {"own": [], "cached": [], "ours": []}
        spent, said, own_programs = {"model": 0.0, "masks": 0.0, "draw": 0.0}, "", []
        for number in range(arguments.rounds):
            own = theirs.own(arguments.tokens // OWN_SHARE, own_rows)
            cached = theirs.cached(arguments.tokens, arguments.rows)
            our_rate, said = ours.rate(arguments.tokens, arguments.rows, number)
            for name, one in (("own", rate(own)), ("cached", rate(cached)), ("ours", our_rate)):
                measured[name].append(one)
            for name, seconds in cached["shares"].items():
                spent[name] += seconds
            check_whole(theirs, ours, own["programs"] + cached["programs"])
            own_programs += own["programs"]
            rates = ", ".join(f"{name} {rates[-1]:.0f}" for name, rates in measured.items())
            print(f"{number + 1}/{arguments.rounds} tokens/s: {rates}", file=sys.stderr)
    check_same_lengths(drawn, own_programs)
    print_rates(measured, {"own": own_rows, "cached": arguments.rows, "ours": arguments.rows})
    total = sum(spent.values())
    print("time of cached: " + ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in spent.items()))
    without = total / (spent["model"] + spent["draw"]) * statistics.median(measured["cached"])
    ratio = statistics.median(measured["ours"]) / without
    print(f"  if its masks cost nothing: {without:.0f} tokens/s, ours is {ratio:.1f} times")
    print(f"time of ours: {said}")
    ratio = statistics.median(ratios(measured, "cached"))
    verdict = "at least" if ratio >= arguments.at_least else "BELOW"
    print(f"ours to cached: {ratio:.1f}: {verdict} {arguments.at_least:g}")
    return 0 if ratio >= arguments.at_least else 1


def ratios(measured, name):
    return [a / b for a, b in zip(measured["ours"], measured[name], strict=True)]


def print_rates(measured, rows):
    table = [["loop", "rows", "tokens/s, median", "best", "ours is", "in rounds"]]
    for name, rates in measured.items():
        cells = [name, str(rows[name]), f"{statistics.median(rates):.0f}", f"{max(rates):.0f}", "", ""]
        if name != "ours":
            each = ratios(measured, name)
            cells[-2:] = [f"{statistics.median(each):.1f} times", f"{min(each):.1f}..{max(each):.1f}"]
        table.append(cells)
    print_table(table)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="""examples:
  python3.11 benches/pypi_generate.py
      about five minutes; the first time some more, to install 6 GB and build
  python3.11 benches/pypi_generate.py --rounds 1 --tokens 10000
      a quick look
  python3.11 benches/pypi_generate.py --venv DIR --binary target/release/pyprior
      with packages and a binary that are there

exit status: 0 fast enough, 1 the ratio too small, 2 could not measure""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=DEFAULT_MODEL,
        metavar="DIR",
        help="weights, tokenizer.json and language.json (default: models/pyprior-tiny)",
    )
    parser.add_argument("--binary", type=Path, help="the command `pyprior` (default: cargo builds and runs it)")
    parser.add_argument("--venv", type=Path, default=environment.VENV, help="where the packages are (default: made)")
    parser.add_argument("--rows", type=int, default=256, help="rows of cached and ours (default 256)")
    parser.add_argument("--rounds", type=int, default=5, help="how often they take turns (default 5)")
    parser.add_argument(
        "--tokens", type=int, default=40_000, help=f"tokens a round, own 1 in {OWN_SHARE} (default 40000)"
    )
    parser.add_argument(
        "--at-least",
        type=positive,
        default=1.0,
        metavar="RATIO",
        help="exit with 1 if the median ratio of ours to cached is below this (default 1)",
    )
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    cores = len(os.sched_getaffinity(0))
    threads = {name: str(cores) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    # Passive: threads that spin while they wait make torch ten times slower where other work runs too.
    settings = {**threads, "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    environment.reenter(arguments.venv, settings)
    try:
        if not arguments.model.is_dir():
            raise CannotMeasure(f"there is no model {arguments.model}: name one with --model")
        return run(arguments, cores)
    except ImportError as reason:
        print(f"cannot compare: {arguments.venv} lacks a package: {reason}", file=sys.stderr)
    except CannotMeasure as reason:
        print(f"cannot compare: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
