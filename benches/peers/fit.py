"""Whether the peers' grammars are what they should be, and the same."""

import dialects
import engines
import execute
import grammar
import measure
import numpy

# A little outside the language, one rule at a time.
OUTSIDE = (
    "a = 100",
    "a = -0",
    "a = 01",
    "l = 1",
    "a = 1\n",
    "return 1",
    "print(1 < 2)",
    "print((1 + 2))",
    "a = 1 + 2 + 3",
    "a = 1 + (2 + (3 + (4 + 5)))",
    "a = 1\nb = 2\nc = 3",
    "for a in range(1):\n  b = 1",
    "if a < 1:\n    b = 2",
    "for a in range(1):\n    for b in range(1):\n        for c in range(1):\n            d = 1",
    "def func(b, a):\n    c = 1",
    "def func():\n    return 1\n    a = 2",
    "def func():\n    if 1 < 2:\n        return 1\n    else:\n        return 2\n    return 3",
    "a = 1\ndef func():\n    b = 1",
)

# Of the right form, and yet they do not run: what becomes of each, by its outcome.
WRONG = {
    "undefined name": "print(a)",
    "undefined function": "print(func())",
    "None as a number": "def func():\n    a = 1\nprint(func() + 1)",
    "wrong argument count": "def func(a):\n    return a\nprint(func())",
    "recursion": "def func():\n    return func()\nprint(func())",
}

# Outlines' own engine on a small scale: an expression, and a text that it matches.
PROBE = "a(?:xb)?", "axb"

# Programs on whose every step two masks of 50,257 bits are compared.
COMPARED = 200


def fit(found, texts_for, vocabulary):
    """Replay programs and near misses through every peer, looking at each bit."""
    print("fit: sampled programs let through, and near misses")
    rows = []
    outside = vocabulary.encode(OUTSIDE)
    for outcome, source in WRONG.items():
        assert execute.outcomes([source])[outcome] == 1, outcome
    for label, engine, text in found:
        texts = texts_for(engine)
        first = measure.compiled(engine, text)
        refused = measure.refused(engine, texts)
        let_through = len(outside) - len(measure.refused(engine, outside))
        wrong = vocabulary.encode([source + engine.ending for source in WRONG.values()])
        stopped = {number for number, _ in measure.refused(engine, wrong)}
        passing = [name for number, name in enumerate(WRONG) if number not in stopped]
        rows.append(
            {
                "peer": label,
                "version": engines.version(engine),
                "grammar_bytes": len(text),
                "first_compile_seconds": first,
                "programs": len(texts),
                "refused": len(refused),
                "outside": len(outside),
                "outside_let_through": let_through,
                "wrong_let_through": passing,
            }
        )
        inside = f"{len(texts) - len(refused)} of {len(texts)}"
        print(f"  {label}: {inside}; {let_through} of {len(outside)}", flush=True)
        print(f"    lets through, of its form: {', '.join(passing) or 'nothing'}", flush=True)
    return rows


def disagreement(programs, vocabulary):
    """At how many steps XGrammar's and llguidance's masks differ.

    Where only one text can follow, llguidance allows only the token that the tokenizer
    would write it with; that is switched off here, so that both say all.
    """
    one, other = engines.XGrammar(vocabulary), engines.LLGuidance(vocabulary)
    rules = grammar.rules()
    one.compile(one.text(rules))
    other.compile('%llguidance {"no_forcing": true}\n' + other.text(rules))
    steps = differing = 0
    sources = [program["source"] for program in programs[:COMPARED]]
    for text in vocabulary.encode(sources):
        one.reset()
        other.reset()
        for token in text:
            one.fill()
            other.fill()
            steps += 1
            differing += not numpy.array_equal(one.words, other.words)
            one.accept(token)
            other.accept(token)
    print(f"  masks of XGrammar and llguidance that differ: {differing} of {steps}")
    return differing


def outlines_core():
    """Why Outlines' own engine is not among the timed: a line that says so."""
    import outlines_core

    size = dialects.regex_bytes(grammar.rules())
    expression, text = PROBE
    vocabulary = outlines_core.Vocabulary(9, {b"a": [0], b"b": [1], b"x": [2]})
    guide = outlines_core.Guide(outlines_core.Index(expression, vocabulary))
    taken = ""
    for letter in text:
        token = "abx".index(letter)
        if token not in guide.get_tokens():
            break
        guide.advance(token)
        taken += letter
    print(f"  outlines-core: the grammar as one regular expression has {size:,} bytes;")
    print(f"  of {text!r}, which {expression!r} matches, it lets through {taken!r}")
    return {"regex_bytes": size, "probe": PROBE, "let_through": taken}
