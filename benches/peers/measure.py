"""Replaying programs through an engine, with and without a clock, and generating them."""

import random
from time import perf_counter, perf_counter_ns

import engines
import numpy


def compiled(engine, text):
    """Seconds to compile the grammar."""
    start = perf_counter()
    engine.compile(text)
    return perf_counter() - start


def refused(engine, programs):
    """The positions (program, token) where a token is not allowed, or not accepted."""
    found = []
    for number, program in enumerate(programs):
        engine.reset()
        for position, token in enumerate(program):
            engine.fill()
            if not engines.is_allowed(engine, token) or not engine.accept(token):
                found.append((number, position))
                break
    return found


def replayed(engine, programs):
    """Nanoseconds of each token, fill and accept together, and of each reset."""
    tokens, resets = [], []
    reset, fill, accept = engine.reset, engine.fill, engine.accept
    for program in programs:
        start = perf_counter_ns()
        reset()
        resets.append(perf_counter_ns() - start)
        for token in program:
            start = perf_counter_ns()
            fill()
            accept(token)
            tokens.append(perf_counter_ns() - start)
    return numpy.array(tokens), numpy.array(resets)


def two_idle_calls(engine, times=2000):
    """Nanoseconds of two calls that do next to nothing, timed as a token is."""
    found = []
    for _ in range(times):
        start = perf_counter_ns()
        engine.idle()
        engine.idle()
        found.append(perf_counter_ns() - start)
    return float(numpy.median(found))


class Uniform:
    """Every allowed token is as likely."""

    name = "uniform"

    def weights(self, before, allowed):
        return None


class Trigrams:
    """A small language model of programs: counts of tokens behind the two before them.

    A stand-in for a trained model: it knows what usually comes next, and no more.
    """

    name = "trigrams"
    shares = (0.01, 0.09, 0.90)  # behind nothing, the last token, the last two

    def __init__(self, programs, size):
        self.single = numpy.zeros(size)
        self.behind = {}
        for program in programs:
            padded = [-1, -1, *program]
            for place, token in enumerate(program):
                self.single[token] += 1
                for context in ((padded[place + 1],), (padded[place], padded[place + 1])):
                    counts = self.behind.setdefault(context, {})
                    counts[token] = counts.get(token, 0) + 1
        self.single *= self.shares[0] / self.single.sum()

    def weights(self, before, allowed):
        found = self.single[allowed]
        last = [-1, -1, *before][-2:]
        for share, context in zip(self.shares[1:], ((last[1],), tuple(last)), strict=True):
            counts = self.behind.get(context, {})
            total = sum(counts.values())
            for token, count in counts.items():
                place = numpy.searchsorted(allowed, token)
                if place < len(allowed) and allowed[place] == token:
                    found[place] += share * count / total
        return found if found.sum() > 0 else None


def generated(engine, model, vocabulary, count, seed, cap):
    """That many texts, each token drawn among the allowed; None where the cap came first."""
    generator = random.Random(seed)
    texts = []
    for _ in range(count):
        engine.reset()
        program = []
        while len(program) < cap:
            engine.fill()
            allowed = engines.allowed(engine, vocabulary.size)
            weights = model.weights(program, allowed)
            if weights is None:
                token = int(generator.choice(allowed))
            else:
                sums = weights.cumsum()
                drawn = numpy.searchsorted(sums, generator.random() * sums[-1], side="right")
                token = int(allowed[min(drawn, len(allowed) - 1)])
            assert engine.accept(token), "an allowed token is refused"
            if token == vocabulary.end:
                break
            program.append(token)
        else:
            texts.append(None)
            continue
        texts.append(vocabulary.decode(program))
    return texts
