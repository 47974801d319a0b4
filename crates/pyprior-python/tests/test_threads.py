"""Other threads and other processes beside batches."""

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pyprior_rs as pp
import pytest
from pyprior_rs.sketch import Sketch

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
import held  # noqa: E402


@pytest.fixture
def quick_turns():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def test_a_call_that_keeps_the_interpreter_is_seen(quick_turns):
    """What the next test goes by: one call of C that never lets go."""
    longest, taken = held.held(lambda: sum(bytes(10_000_000)), tries=3)
    assert longest > 0.7 * taken


#: Calls that take too little to be told from noise are left to scripts/held.py.
LONG = 8e-3


def test_no_long_call_keeps_the_interpreter(quick_turns):
    """Of each call that takes long, some large part runs beside others. Exact times: scripts/held.py."""
    seen = 0
    calls = {**held.calls(1 << 16), **held.terms(1 << 16)}
    # What Python frees behind it at once is a large part of this one.
    del calls["show"]
    for name, work in calls.items():
        longest, taken = held.held(work, tries=40, enough=0.6)
        if taken >= LONG:
            seen += 1
            assert longest < 0.6 * taken, f"{name}: {longest * 1e3:.2f} of {taken * 1e3:.2f} ms"
    assert seen >= 4


def test_what_is_large_is_freed_beside_others(quick_turns):
    sketch = Sketch("def f(a):\n    return E\nprint(f(3))\n---\nE in expr(depth <= 1)\nuses(a)\n")
    many = [sketch.start(1 << 16) for _ in range(5)]
    longest, taken = held.held(lambda: len(many.pop()), tries=5, enough=0.6)
    if taken < LONG:
        pytest.skip("too little work to tell from noise")
    assert longest < 0.6 * taken


def in_fork(work):
    """What a forked child makes of it: its exit status, -1 if it never ends."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_has_threads_of_its_own(tok):
    """Workers of data loaders are forks; the threads of their parent are not in them."""

    def work():
        programs = tok.sample(5_000, max_len=30)
        s = pp.init(vocab=tok, n=5_000, max_len=30)
        s.advance(s.choose_uniform(seed=1))
        s.bitmask()
        pp.next_legal_tokens(s)
        batch = next(pp.training_batches(tok, batch_size=5_000, seq_len=30))
        sources = programs.sources()
        ends = pp.run_batch(sources[:2_000], workers=0)
        return s.ids, batch.input_ids.sum(), tok.encode(sources[:100]), [end.stdout for end in ends]

    expected = work()

    def same():
        assert work() == expected
        # And a fork of the fork.
        assert in_fork(work) == 0

    assert in_fork(same) == 0
    assert work() == expected


def test_threads_apply_one_prior_to_the_same_rows(tok):
    torch = pytest.importorskip("torch")
    prior = pp.Prior(tok, pp.PriorConfig(apply="entropy"), max_len=30).start(n=2_000)
    logits = torch.randn(2_000, tok.vocab_size)
    expected, failed = prior.apply(logits), []

    def work():
        try:
            for _ in range(6):
                assert torch.equal(prior.apply(logits), expected)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join(120) for thread in threads]
    assert not failed


def test_the_bitmask_that_was_given_out_can_be_spoilt(tok):
    s = pp.init(vocab=tok, n=3, max_len=30)
    right = s.bitmask().copy()
    s.bitmask().flags.writeable = False
    assert (s.bitmask() == right).all()
    s.bitmask().dtype = np.float32
    assert s.bitmask().dtype == np.uint32 and (s.bitmask() == right).all()
