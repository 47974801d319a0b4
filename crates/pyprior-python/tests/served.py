"""What rows that are served are held against: one row of ``pyprior_rs.init`` for each, replayed from its first token."""

import json
import math
from dataclasses import dataclass, field

import numpy as np
import pyprior_rs as pp

OFFSET = 37
TOKENIZERS = {"default": pp.Tokenizer(value_range=(0, 9)), "wide": pp.Tokenizer(profile="pyprior-0.0.2")}
#: Where the languages lie among the model's tokens, and what follows a program: the language's EOS, a token of the model.
OFFSETS = {"default": OFFSET, "wide": 50}
STOPS = {"default": OFFSET + TOKENIZERS["default"].eos_token_id, "wide": 2}
VOCAB = 50 + TOKENIZERS["wide"].vocab_size + 3
SERVER = json.dumps(
    {
        "languages": {
            "default": {"tokenizer": {"value_range": [0, 9]}, "vocab_offset": OFFSET},
            "wide": {
                "tokenizer": {"profile": "pyprior-0.0.2"},
                "vocab_offset": 50,
                "stop_token_id": 2,
                "max_len": 40,
                "prior": {"apply": "additive", "alpha": 0.5},
            },
        }
    }
)
#: What requests ask for; None for one that asks for nothing.
REQUESTS = (
    {},
    {"max_len": 12},
    {"language": "wide"},
    {"language": "wide", "prior": {"apply": "fixed", "alpha": 0.3}, "exclude": ["for"]},
    {"prior": {"apply": "entropy"}, "max_len": 25},
    '{"language": "default", "exclude": ["CALL", "func"], "prior": {"apply": "additive", "w_const": 0.0}}',
    {"prefix_len": 3},
    None,
)


@dataclass
class Naive:
    """A request, and what its logits must become."""

    given: object
    max_tokens: int
    prompt: list[int]
    output: list[int] = field(default_factory=list)
    #: Whether a token came from elsewhere.
    disturbed: bool = False

    def __post_init__(self):
        asked = json.loads(self.given) if isinstance(self.given, str) else self.given
        self.asked = asked is not None
        asked = asked or {}
        self.name = asked.get("language", "default")
        self.tok, self.offset, self.stop = TOKENIZERS[self.name], OFFSETS[self.name], STOPS[self.name]
        self.prefix = self.prompt[len(self.prompt) - asked.get("prefix_len", 0) :]
        own = asked.get("max_len", 40 if self.name == "wide" else None)
        room = self.max_tokens + len(self.prefix)
        self.max_len = room if own is None else min(own, room)
        self.exclude = asked.get("exclude", [])
        config = asked.get("prior", {"apply": "additive", "alpha": 0.5} if self.name == "wide" else {"apply": "off"})
        self.prior = pp.Prior(self.tok, pp.PriorConfig(**config))

    def replay(self):
        """The row behind all that was generated; None where a token was not legal."""
        states = pp.init(vocab=self.tok, max_len=self.max_len, exclude=self.exclude)
        for token in self.prefix + self.output:
            if states.done():
                break
            try:
                states.advance([token - self.offset])
            except pp.errors.TokenError:
                return None
        return states

    @property
    def over(self):
        states = self.replay()
        return states is None or states.done()

    def check(self, given, found):
        """Arrays ``[VOCAB]``: a row of logits before and after."""
        if not self.asked:
            assert np.array_equal(given, found)
            return
        wanted, states = np.full(VOCAB, -math.inf, np.float32), self.replay()
        if states is None or states.done():
            wanted[self.stop] = 0.0
            assert np.array_equal(wanted, found)
            return
        own = slice(self.offset, self.offset + self.tok.vocab_size)
        wanted[own] = self.prior.apply(given[None, own], states=states)[0]
        assert np.array_equal(np.isneginf(wanted), np.isneginf(found))
        legal = np.isfinite(wanted)
        exact = self.prior.cfg.apply == "off"
        assert np.array_equal(wanted[legal], found[legal]) if exact else np.allclose(wanted[legal], found[legal], atol=1e-3)

    def program(self):
        """The tokens before the stop token, checked: a program within its limits, that decodes and runs."""
        tokens = self.prefix + self.output
        tokens = [token - self.offset for token in tokens[: tokens.index(self.stop)] if token != self.stop]
        states = self.replay()
        assert len(tokens) <= self.max_len and states is not None and states.ids == [tuple(tokens)]
        compile(self.tok.decode(tokens), "program", "exec")
        # Programs of the sound profile raise nothing.
        assert self.tok.run(tokens).ok or self.tok.profile != "sound"
        return tokens


def prompt_for(given, rng):
    """A prompt of text, and the prefix that the request speaks of."""
    text = [rng.randrange(OFFSET) for _ in range(rng.randrange(1, 5))]
    if isinstance(given, dict) and given.get("prefix_len"):
        return text + [OFFSET + TOKENIZERS["default"].id_of(name) for name in ("BLK_1", "FUNC_1", "ARITY_2")]
    return text
