#!/usr/bin/env python3.11
"""Measure text-token decoders beside PyPrior, on the same programs of the same language.

The peers get a context-free grammar for the source text (grammar.py) and the GPT-2
vocabulary; PyPrior has its own tokens. Three questions:

  fit       does every sampled program of ours pass through each peer's masks, and no
            text of a list of near misses? Do XGrammar and llguidance agree on every
            mask? If so, the grammars are what they should be, and the same
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

# Modules that need the peers are imported where they are used: `--help` needs none.

# Seeds of the programs to check and to time, to train the trigrams, and to generate.
CHECKED, TRAINED, GENERATED = 1, 2, 3

PEERS = ("xgrammar", "llguidance", "outlines", "syncode")

# What the trigrams are trained on: programs of a def and one more statement, with few
# constants, so that names and calls come often. Uniformly from the default vocabulary
# most tokens are constants, and most programs have no call.
DEF_FIRST = ("--value-range", "0", "9", "--prefix", "BLK_2", "FUNC_1")

# A stop for texts that will not end; of our programs 1 in 10,000 is as long.
CAP = 400


def cases(vocabulary, peers):
    """The peers with their grammars: (label, engine, text of the grammar)."""
    import engines
    import grammar

    for kind in (engines.XGrammar, engines.LLGuidance, engines.Outlines, engines.SynCode):
        if kind.package not in peers:
            continue
        engine = kind(vocabulary)
        yield kind.name, engine, engine.text(grammar.rules())
        if kind in (engines.XGrammar, engines.LLGuidance):
            engine = kind(vocabulary)
            yield kind.name + " tight", engine, engine.text(grammar.rules(tight=True))


def time(found, asts, texts_for, rounds):
    """Ours and every peer, once a round; the seconds of each."""
    import measure
    import numpy
    import ours

    measured = {}
    for number in range(rounds):
        for label, engine, text in found:
            texts = texts_for(engine)[: len(asts)]
            own = ours.replayed(asts, 3)
            own_seconds = min(own["pass_seconds"])
            row = measured.setdefault(label, {"tokens": sum(map(len, texts)), "rounds": []})
            row |= {"programs": len(texts), "own_tokens": own["tokens"]}
            compile_seconds = measure.compiled(engine, text)
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
        "PyPrior, def first": execute.outcomes(sources(count, GENERATED, DEF_FIRST)),
    }
    corpus = vocabulary.encode(sources(trained, TRAINED, DEF_FIRST))
    trigrams = measure.Trigrams(corpus, vocabulary.size)
    for label, engine, _ in found:
        # Outlines' masks are llguidance's; SynCode's allow tokens that its own parser then
        # refuses, and on which it stops masking.
        if label == "Outlines" or label.startswith("SynCode"):
            continue
        for model in (measure.Uniform(), trigrams):
            texts = measure.generated(engine, model, vocabulary, count, GENERATED, CAP)
            results[f"{label}, {model.name}"] = execute.outcomes(texts)
            print(f"  ran: {label}, {model.name}", file=sys.stderr, flush=True)
    return results


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", type=int, default=2000, help="programs to check (2000)")
    parser.add_argument("--programs", type=int, default=300, help="of these, to time (300)")
    parser.add_argument("--rounds", type=int, default=9, help="times everything is timed (9)")
    parser.add_argument("--generate", type=int, default=500, help="programs of each peer (500)")
    parser.add_argument("--train", type=int, default=20000, help="programs for the trigrams (20000)")
    parser.add_argument("--small", action="store_true", help="a tenth of everything, two rounds")
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=PEERS,
        default=PEERS[:3],
        help="all but SynCode, which takes minutes to compile and a tenth of a second a token",
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
    import fit
    import ours
    import report
    from vocabulary import Vocabulary

    ours.build()
    vocabulary = Vocabulary()
    found = list(cases(vocabulary, arguments.peers))
    asts = ours.sampled(arguments.check, CHECKED)

    def texts_for(engine):
        return vocabulary.encode([program["source"] + engine.ending for program in asts])

    fits = fit.fit(found, texts_for, vocabulary)
    differing = fit.disagreement(asts, vocabulary)
    own_engine = fit.outlines_core()
    measured = time(found, asts[: arguments.programs], texts_for, arguments.rounds)
    report.print_times(measured)
    results = gets_through(found, vocabulary, arguments.generate, arguments.train)
    report.print_outcomes(results)
    path = environment.REPO_ROOT / "target" / "peers.json"
    answer = {"settings": vars(arguments), "fit": fits, "masks_that_differ": differing}
    answer |= {"outlines_core": own_engine, "time": measured, "outcomes": results}
    path.write_text(json.dumps(answer, indent=1) + "\n")
    # A grammar that refuses a program of the language compares something else.
    # SynCode has another, of all of Python.
    bad = [
        one["peer"]
        for one in fits
        if (one["refused"] or one["outside_let_through"]) and "SynCode" not in one["peer"]
    ]
    if differing:
        bad.append("XGrammar and llguidance differ")
    for label, row in results.items():
        if label.startswith("PyPrior") and sum(row.values()) > row["runs"] + row["does not finish"]:
            bad.append(label)
    if bad:
        print("\nFAILED: " + ", ".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
