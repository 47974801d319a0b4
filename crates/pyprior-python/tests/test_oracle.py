"""The recorded traces of 0.0.2, through Python, in the compatible profile.

Where the package allows a token that nothing completes within max_len, our set lacks it; `pyprior conformance` confirms
each of these by search. Where a walk goes through such a token, the comparison of that trace ends.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import pyprior_rs as pp
from pyprior_rs.nodes import render
from pyprior_rs.states import frontier_kind

TRACES = Path(__file__).resolve().parents[3] / "tests" / "data" / "traces.jsonl.gz"
pytestmark = pytest.mark.skipif(not TRACES.exists(), reason=f"{TRACES} is not there")


def close(ours, recorded):
    return np.allclose(ours, recorded, atol=1e-4)


class Replay:
    def __init__(self, config, count):
        self.count, self.config, self.known = count, config, {"exclude": set(config["exclude"]), "max_len": config["max_len"]}
        self.tok = pp.Tokenizer(**config["tok"], profile="pyprior-0.0.2", allow_empty_value_range=True)
        assert self.tok.names() == config["names"]
        assert [self.tok.form_id(id) for id in range(self.tok.vocab_size)] == config["forms"]
        assert self.tok.dump() == config["dump"]
        self.prior = pp.Prior(self.tok, pp.PriorConfig(**config["prior"]))
        self.modes = {
            mode: pp.Prior(self.tok, pp.PriorConfig(**{**config["prior"], "apply": mode}))
            for mode in ("off", "additive", "fixed", "entropy")
        }
        try:
            pp.init(vocab=self.tok, **self.known)
            self.refused = False
        except pp.errors.ConfigError:
            # Exactly: no program at all, which the package finds out later.
            self.refused = True

    def trace(self, line):
        if self.refused:
            self.count["traces of languages without programs"] += 1
            assert not line.get("done")
            return
        prefix = line.get("prefix", [])
        try:
            s = pp.init(vocab=self.tok, ids=[prefix], **self.known)
        except pp.errors.TokenError as error:
            if "raises" in line:
                self.count["prefixes refused by both"] += 1
                assert line["raises"] == "ValueError" and f"illegal token {error.token} ({error.name})" in line["message"]
            else:
                self.count["traces that end: prefix cannot be finished"] += 1
            return
        assert "raises" not in line, line
        ids, legal = line["ids"], line["legal"]
        logits = dict((at, values) for at, values in line.get("logits", []))
        applied = {at: (model, by_mode) for at, model, by_mode in line.get("apply", [])}
        for nth, recorded in enumerate(legal):
            at = len(prefix) + nth
            bits = int.from_bytes(bytes.fromhex(recorded), "little")
            there = {token for token in range(self.tok.vocab_size) if bits >> token & 1}
            here = s.rows[0].legal()
            assert here <= there, (ids[:at], here - there)
            assert list(s.rows[0].frontier()) == line["frontier"][nth] and frontier_kind(s) == line["kind"][nth]
            self.count["steps"] += 1
            self.count["steps whose sets are equal"] += here == there
            if at in logits:
                assert close(self.prior.logits(s)[0], logits[at])
            if at in applied and here == there:
                model, by_mode = applied[at]
                for mode, values in by_mode.items():
                    ours = self.modes[mode].apply(np.array([model], np.float32), states=s)[0]
                    assert close(ours[sorted(here)], values) and np.isneginf(np.delete(ours, sorted(here))).all()
                    self.count["applied"] += 1
            if at == len(ids):
                break
            if ids[at] not in here:
                self.count["traces that end: a token cannot be finished"] += 1
                return
            s.advance([ids[at]])
        if not line.get("done"):
            return
        self.count["programs"] += 1
        assert s.done() and s.rows[0].legal() == {self.tok.pad_token_id}
        assert self.tok.decode(ids) == line["src"]
        tree = pp.tokens_to_ast(ids, self.tok)
        assert render(tree, comparison_values="bool") == line["render"]
        assert pp.ast_to_tokens(tree, self.tok) == tuple(ids)
        analysis = line["analysis"]
        assert pp.analysis.unused_funcs(tree) == analysis["unused_funcs"]
        assert pp.analysis.dead_stores(tree) == analysis["dead_stores"]
        assert pp.analysis.returning_funcs(tree) == set(analysis["returning_funcs"])
        assert pp.analysis.value_used(tree) == analysis["value_used"]
        assert pp.analysis.dead_code(tree) == analysis["dead_code"]
        partial = line["partial"]
        if isinstance(partial, list):
            assert [self.tok.partial_source(ids[:at]) for at in range(len(ids) + 1)] == partial
        else:
            assert self.tok.partial_source(ids) == partial["last"]
        again = self.tok.encode(line["src"])
        assert again.ok and again.tokens == tuple(ids)
        run, ran = line.get("exec"), self.tok.run(ids)
        if run and not run.get("slow") and run["err"] not in ("timeout", "killed") and "more than" not in (ran.error or ""):
            self.count["runs"] += 1
            assert ran.ok == run["ok"]
            if run["out"] is not None and "out_len" not in run:
                assert ran.stdout == run["out"]


def init_error(line, count):
    """Ours refuses what the package refuses, for the same reason as far as its words have one, and takes what it takes."""
    try:
        tok = pp.Tokenizer(**line["tok"], profile="pyprior-0.0.2", allow_empty_value_range=True)
        ids = line.get("ids")
        if ids is not None:
            ids = [[tok.id_of(id) if isinstance(id, str) else id for id in of] for of in ids]
        s = pp.init(vocab=tok, ids=ids, max_len=line["max_len"], exclude=line["exclude"])
    except ValueError as error:
        assert "raises" in line, (line, error)
        message, said = line["message"], str(error)
        # Where the package fails inside, ours says which token it is that no vocabulary has.
        expected = pp.errors.TokenError if line["raises"] != "ValueError" or message.startswith("illegal") else ValueError
        assert isinstance(error, expected), (line, error)
        least = message.partition(" < minimum ")[2]
        if least and line["max_len"] >= 0:
            assert error.min_len == int(least), (line, error)
            count["inits refused with the same fact"] += 1
        elif message.startswith(("illegal token", "unknown exclude")):
            assert message.replace("'", '"') in said, (line, error)
            count["inits refused with the same fact"] += 1
        count["inits refused"] += 1
        return
    assert "raises" not in line, line
    assert len(s) == line["rows"]
    count["inits taken"] += 1


def test_every_trace():
    count, configs, tok = Counter(), {}, pp.Tokenizer()
    with gzip.open(TRACES, "rt", encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if line["t"] == "config" and line["c"] < 1000:
                try:
                    configs[line["c"]] = Replay(line, count)
                except pp.errors.ConfigError:
                    # A vocabulary of which ours knows beforehand that it has no program.
                    configs[line["c"]] = None
                    count["vocabularies without programs"] += 1
            elif line["t"] == "trace":
                replay = configs[line["c"]]
                if replay is None:
                    assert not line.get("done")
                elif "overrun" not in line:
                    replay.trace(line)
            elif line["t"] == "value":
                value = None if line["x"] is None else int(line["x"])
                assert [tok.name(id) for id in tok.value_encode(value)] == line["tokens"]
                assert tok.value_decode(tok.value_encode(value)) == value
            elif line["t"] == "value_decode":
                value = tok.value_decode([tok.id_of(name) for name in line["tokens"]])
                assert value == (None if line["x"] is None else int(line["x"]))
            elif line["t"] == "init_error":
                init_error(line, count)
    # All of what is recorded, and nothing else: these are the figures of docs/python.md.
    assert dict(count) == {
        "steps": 42_823,
        "steps whose sets are equal": 42_496,
        "applied": 6_196,
        "programs": 2_517,
        "runs": 2_517,
        "prefixes refused by both": 102,
        "traces that end: a token cannot be finished": 172,
        "inits refused": 20,
        "inits refused with the same fact": 12,
        "inits taken": 3,
    }
