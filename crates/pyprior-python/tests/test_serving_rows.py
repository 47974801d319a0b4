"""Rows that follow histories: forwards, backwards, across; held against rows replayed from their first token."""

import random

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs.integrations._rows import Ask, Rows
from pyprior_rs.integrations._settings import ModelLanguage, ProgramSettings

OFFSET = 1000


@pytest.fixture
def settings(tok):
    language = ModelLanguage(tok, vocab_offset=OFFSET)
    return ProgramSettings(language, language.tok.with_limits(30))


def replay(tok, history):
    """The row, and whether a token was not legal."""
    states = pp.init(vocab=tok, max_len=30)
    for token in history:
        if states.done():
            break
        try:
            states.advance([token - OFFSET])
        except pp.errors.TokenError:
            return states, True
    return states, False


def filled(row, draft=()):
    pool = row.pool
    out = np.full((1, pool.width), 99, np.int32)
    pool.fill([Ask(5, row, draft)], out)
    at, only, bits, shifts = pool.split(out)
    assert at.tolist() == [5]
    return int(only[0]), bits.view(np.uint32), shifts


def check(row, tok, history):
    states, refused = replay(tok, history)
    only, bits, _ = filled(row)
    assert row.program == states.ids[0] and (row.refused is not None) == refused and row.length == len(history)
    if refused or states.done():
        assert only == OFFSET + tok.eos_token_id and not bits.any()
    else:
        assert only == -1 and np.array_equal(bits, states.bitmask())


@pytest.mark.parametrize("seed", range(30))
def test_any_history_after_any(tok, settings, seed):
    rng, rows = random.Random(seed), Rows()
    lived = [(rows.add(settings), []) for _ in range(4)]
    programs = [list(program) for program in tok.sample(20, seed=seed, max_len=30)]
    for _ in range(150):
        which = rng.randrange(4)
        row, history = lived[which]
        kind = rng.randrange(7)
        if kind == 0:
            history = history[: rng.randrange(len(history) + 1)]
        elif kind == 1:
            program = [token + OFFSET for token in rng.choice(programs)]
            history = program[: rng.randrange(len(program) + 1)] + [OFFSET + 77] * rng.randrange(2)
        elif kind == 2:
            history = [*history, rng.randrange(OFFSET + 90)]
        elif kind == 3:
            history = list(rng.choice(lived)[1])
        elif kind == 4 and rng.random() < 0.3:
            row.drop()
            row, history = rows.add(settings), []
        else:
            legal = sorted(replay(tok, history)[0].rows[0].legal())
            history = [*history, OFFSET + rng.choice(legal)]
        row.follow(history)
        lived[which] = row, history
        for row, history in lived:
            check(row, tok, history)


def test_a_draft_is_taken_back(tok, settings):
    row = Rows().add(settings)
    program = [token + OFFSET for token in tok.sample(1, seed=3, max_len=30)[0]]
    row.follow(program[:2])
    for length in range(len(program) - 2):
        only, bits, _ = filled(row, program[2 : 2 + length])
        assert only == -1 and np.array_equal(bits, replay(tok, program[: 2 + length])[0].bitmask())
        check(row, tok, program[:2])
    only, bits, _ = filled(row, [*program[2:], 5])
    assert only == OFFSET + tok.eos_token_id and not bits.any()
    # What is not legal is not accepted: what counts is what stands before it.
    only, bits, _ = filled(row, [program[2], 5, program[3]])
    assert only == -1 and np.array_equal(bits, replay(tok, program[:3])[0].bitmask())
    check(row, tok, program[:2])


def test_a_row_is_given_up_for_good(tok, settings):
    row = Rows().add(settings)
    row.give_up("because")
    assert row.complaint() == "because" and row.complaint() is None
    row.follow([OFFSET + tok.id_of("BLK_1")])
    row.follow([])
    assert row.refused == "because" and filled(row)[0] == OFFSET + tok.eos_token_id


def test_shifts_are_the_priors(tok):
    language, config = ModelLanguage(tok, vocab_offset=OFFSET), pp.PriorConfig(apply="additive")
    rows = Rows()
    row = rows.add(ProgramSettings(language, language.tok.with_limits(30), config))
    other = rows.add(ProgramSettings(language, language.tok.with_limits(20)))
    assert row.pool is not other.pool and other.pool.width < row.pool.width
    program, shifted = tok.sample(1, seed=3, max_len=30)[0], 0
    for length in range(len(program)):
        row.follow([token + OFFSET for token in program[:length]])
        states = pp.init(vocab=tok, ids=[program[:length]], max_len=30)
        wanted = pp.Prior(tok, config).engine.shifts(states)
        assert np.array_equal(filled(row)[2].view(np.float32), wanted)
        shifted += bool(wanted.any())
    assert shifted > 0


def test_pools_do_not_pile_up(tok):
    language, rows = ModelLanguage(tok), Rows()
    compiled = language.tok.with_limits(30)
    kept = rows.add(ProgramSettings(language, compiled, pp.PriorConfig(alpha=0.5)))
    for step in range(100):
        rows.add(ProgramSettings(language, compiled, pp.PriorConfig(alpha=step))).drop()
    assert len(rows._pools) <= 3 and kept.pool in rows._pools.values()
    many = [rows.add(ProgramSettings(language, compiled)) for _ in range(100)]
    for row in many:
        row.drop()
    assert len(many[0].pool) == 0 and len({row.slot for row in many}) == 100
    again = [rows.add(ProgramSettings(language, compiled)) for _ in range(100)]
    assert again[0].pool is many[0].pool and {row.slot for row in again} == {row.slot for row in many}
