#!/usr/bin/env python3.11
"""Measure text-token decoders beside PyPrior, on the same programs of the same language.

The peers get a context-free grammar for the source text (grammar.py) and the GPT-2
vocabulary; PyPrior has its own tokens. Three questions:

  fit       does every sampled program of ours pass through each peer's masks? If so,
            the grammars cover the language, and the figures below are comparable
  time      compiling the grammar; filling a mask and accepting a token, for a token and
            for a program, on one thread
  what gets through
            each peer generates programs under its masks, uniformly over the allowed
            tokens and with the weights of a trigram model of our programs; CPython runs
            them and says what they come to

The packages are installed below target/, at the versions of requirements.txt. Results
also go to target/peers.json.
"""

import argparse
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import environment  # noqa: E402

# Seeds of the programs to check and to time, to train the trigrams, and to generate.
CHECKED, TRAINED, GENERATED = 1, 2, 3

# What the trigrams are trained on has fewer constants, so that names come as often: most
# of the tokens drawn uniformly from the default vocabulary are constants.
NAMES_MATTER = ("--value-range", "0", "9")

# A stop for texts that will not end; of our programs 1 in 10,000 is as long.
CAP = 400


def cases(vocabulary, small):
    """The peers with their grammars: (label, engine, text of the grammar, knobs)."""
    import engines
    import grammar

    for kind in (engines.XGrammar, engines.LLGuidance):
        for label, tight in (("", False), (" tight", True)):
            engine = kind(vocabulary)
            yield kind.name + label, engine, engine.text(grammar.rules(tight)), ()
    engine = engines.Outlines(vocabulary)
    yield "Outlines (llguidance)", engine, engine.text(grammar.rules()), ()
    if not small:
        engine = engines.OutlinesCore(vocabulary)
        shallow = ("--max-expr-depth", "1")
        text = engine.text(grammar.rules(deepest=1))
        yield "outlines-core, depth 1", engine, text, shallow


class Programs:
    """Sampled programs by the knobs that they were sampled with."""

    def __init__(self, vocabulary, count):
        self.vocabulary, self.count, self.known = vocabulary, count, {}

    def of(self, knobs):
        import ours

        if knobs not in self.known:
            programs = ours.sampled(self.count, CHECKED, knobs)
            texts = self.vocabulary.encode([program["source"] for program in programs])
            self.known[knobs] = programs, texts
        return self.known[knobs]


def fit(found, programs):
    """Replay every program through every peer, looking at each bit; rows of a table."""
    import engines
    import measure

    print("fit: sampled programs that pass every mask")
    rows = []
    for label, engine, text, knobs in found:
        _, texts = programs.of(knobs)
        # Compiling outlines-core is slow; once is enough for it, here and below.
        first = measure.compiled(engine, text)
        refused = measure.refused(engine, texts)
        print(f"  {label}: {len(texts) - len(refused)} of {len(texts)}", flush=True)
        rows.append(
            {
                "peer": label,
                "version": engines.version(engine),
                "grammar_bytes": len(text),
                "first_compile_seconds": first,
                "programs": len(texts),
                "refused": len(refused),
            }
        )
    return rows


def time(found, programs, count, rounds):
    """Ours and every peer, once a round; the seconds of each."""
    import measure
    import numpy
    import ours

    measured = {}
    for number in range(rounds):
        for label, engine, text, knobs in found:
            asts, texts = (some[:count] for some in programs.of(knobs))
            own = ours.replayed(asts, 3)
            own_seconds = min(own["pass_seconds"])
            row = measured.setdefault(label, {"tokens": sum(map(len, texts)), "rounds": []})
            row |= {"programs": len(texts), "own_tokens": own["tokens"]}
            slow = label.startswith("outlines-core")
            compile_seconds = None if slow else measure.compiled(engine, text)
            cold, _ = measure.replayed(engine, texts)
            warm, resets = measure.replayed(engine, texts)
            total = float(warm.sum() + resets.sum()) * 1e-9
            row["rounds"].append(
                {
                    "compile_seconds": compile_seconds,
                    "own_compile_seconds": min(own["compile_seconds"]),
                    "cold_token_us": float(cold.mean()) / 1e3,
                    "token_us": float(warm.mean()) / 1e3,
                    "median_us": float(numpy.median(warm)) / 1e3,
                    "p99_us": float(numpy.percentile(warm, 99)) / 1e3,
                    "idle_us": measure.two_idle_calls(engine) / 1e3,
                    "program_us": total / len(texts) * 1e6,
                    "own_token_us": own_seconds / own["tokens"] * 1e6,
                    "own_program_us": own_seconds / len(texts) * 1e6,
                }
            )
            print(f"  round {number + 1} of {rounds}: {label}", file=sys.stderr, flush=True)
    return measured


def gets_through(found, vocabulary, count, trained):
    """What generated programs come to, by peer and model, and ours."""
    import execute
    import measure
    import ours

    def sources(number, seed, knobs=()):
        return [program["source"] for program in ours.sampled(number, seed, knobs)]

    results = {
        "PyPrior, uniform": execute.outcomes(sources(count, GENERATED)),
        "PyPrior, uniform, 0 to 9": execute.outcomes(sources(count, GENERATED, NAMES_MATTER)),
    }
    corpus = vocabulary.encode(sources(trained, TRAINED, NAMES_MATTER))
    trigrams = measure.Trigrams(corpus, vocabulary.size)
    for label, engine, _, knobs in found:
        if knobs or label.startswith("Outlines"):
            continue  # another language, or another's masks
        for model in (measure.Uniform(), trigrams):
            texts = measure.generated(engine, model, vocabulary, count, GENERATED, CAP)
            results[f"{label}, {model.name}"] = execute.outcomes(texts)
            print(f"  ran: {label}, {model.name}", file=sys.stderr, flush=True)
    return results


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells))


def least(row, name):
    values = [one[name] for one in row["rounds"] if one[name] is not None]
    return min(values) if values else None


def print_times(measured, fits):
    print("\ntime: least of the rounds; tokens are GPT-2's, ours are PyPrior's")
    head = "peer|compile ms|µs/token|median|p99|cold|idle calls|tokens/program|µs/program"
    rows = [(head + "|ours ns/token|ours tokens|ours µs|ratio a program").split("|")]
    firsts = {one["peer"]: one["first_compile_seconds"] for one in fits}
    for label, row in measured.items():
        compile_seconds = least(row, "compile_seconds") or firsts[label]
        ratios = [one["program_us"] / one["own_program_us"] for one in row["rounds"]]
        rows.append(
            [
                label,
                f"{compile_seconds * 1e3:.1f}",
                *(f"{least(row, n + '_us'):.1f}" for n in ("token", "median", "p99", "cold_token")),
                f"{least(row, 'idle_us'):.2f}",
                f"{row['tokens'] / row['programs']:.1f}",
                f"{least(row, 'program_us'):.0f}",
                f"{least(row, 'own_token_us') * 1e3:.1f}",
                f"{row['own_tokens'] / row['programs']:.1f}",
                f"{least(row, 'own_program_us'):.2f}",
                f"{min(ratios):.0f}..{max(ratios):.0f}",
            ]
        )
    table(rows)
    own = min(least(row, "own_compile_seconds") for row in measured.values())
    print(f"  PyPrior compiles its language in {own * 1e3:.2f} ms")


def print_outcomes(results):
    import execute

    print("\nwhat gets through: programs of each outcome under CPython, 1 s each")
    shown = [name for name in execute.OUTCOMES if any(row[name] for row in results.values())]
    rows = [["", *shown]]
    rows += [[label, *(str(row[name]) for name in shown)] for label, row in results.items()]
    table(rows)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", type=int, default=2000, help="programs to check (2000)")
    parser.add_argument("--programs", type=int, default=500, help="of these, to time (500)")
    parser.add_argument("--rounds", type=int, default=5, help="times everything is timed (5)")
    parser.add_argument("--generate", type=int, default=500, help="programs of each peer (500)")
    parser.add_argument("--train", type=int, default=20000, help="programs for the trigrams (20000)")
    parser.add_argument(
        "--small", action="store_true", help="a tenth of everything, without the slow peers"
    )
    arguments = parser.parse_args()
    if arguments.small:
        for name in ("check", "programs", "generate", "train"):
            setattr(arguments, name, getattr(arguments, name) // 10)
        arguments.rounds = 2
    return arguments


def main():
    arguments = parse_arguments()
    environment.reenter()
    import ours
    from vocabulary import Vocabulary

    ours.build()
    vocabulary = Vocabulary()
    found = list(cases(vocabulary, arguments.small))
    programs = Programs(vocabulary, arguments.check)
    fits = fit(found, programs)
    measured = time(found, programs, arguments.programs, arguments.rounds)
    print_times(measured, fits)
    results = gets_through(found, vocabulary, arguments.generate, arguments.train)
    print_outcomes(results)
    path = environment.REPO_ROOT / "target" / "peers.json"
    answer = {"settings": vars(arguments), "fit": fits, "time": measured, "outcomes": results}
    path.write_text(json.dumps(answer, indent=1) + "\n")
    # A grammar that refuses a program of the language compares something else.
    bad = [one["peer"] for one in fits if one["refused"]]
    for label, row in results.items():
        if label.startswith("PyPrior") and sum(row.values()) > row["runs"] + row["does not finish"]:
            bad.append(label)
    if bad:
        print("\nFAILED: " + ", ".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
