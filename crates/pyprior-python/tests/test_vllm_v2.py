"""The processor in vLLM's V2 sampler, over its own request states: its kernels write the history, Triton's interpreter runs
them. No stand-ins."""

import random

import numpy as np
import pytest
from served import REQUESTS, SERVER, VOCAB, Naive, prompt_for

pytestmark = pytest.mark.vllm
SLOTS = 6


class Runner:
    """What V2's model runner does between the scheduler and the sampler."""

    def __init__(self, speculative=0):
        from vllm_on_cpu import CPU, NAMED, config

        from vllm.v1.worker.gpu.sample.logits_processor import build_custom_logits_processors
        from vllm.v1.worker.gpu.sample.sampler import Sampler
        from vllm.v1.worker.gpu.states import RequestState

        self.states = RequestState(SLOTS, 256, 64, speculative, VOCAB, CPU)
        custom = build_custom_logits_processors(config(), self.states, False, (NAMED,))
        self.sampler = Sampler(config(), SLOTS, VOCAB, CPU, self.states, custom_logits_processors=custom)
        self.processor = custom[-1]
        self.running, self.count = {}, 0

    def add(self, naive):
        """A request that is new, or resumed with its output; under a new name, since names do not matter."""
        from vllm import SamplingParams

        self.count += 1
        req_id = str(self.count)
        extra = {"pyprior": naive.given} if naive.asked else None
        self.states.add_request(req_id, len(naive.prompt), naive.prompt + naive.output, 0, naive.max_tokens)
        slot = self.states.req_id_to_index[req_id]
        self.sampler.add_request(slot, SamplingParams(max_tokens=naive.max_tokens, extra_args=extra, seed=self.count))
        self.running[req_id] = naive

    def remove(self, req_id):
        self.states.remove_request(req_id)
        return self.running.pop(req_id)

    def before_the_pass(self):
        self.states.apply_staged_writes()
        self.sampler.apply_staged_writes()

    def layout(self, req_ids, drafts=None):
        """Arguments of the sampler behind the logits: which row is of which slot, and of which proposed token."""
        import torch

        slots = [self.states.req_id_to_index[req_id] for req_id in req_ids]
        drafts = drafts or [[] for _ in req_ids]
        of_rows = [
            (slot, offset, fed, len(self.running[req_id].prompt + self.running[req_id].output) - 1 + offset)
            for slot, req_id, draft in zip(slots, req_ids, drafts)
            for offset, fed in enumerate([(self.running[req_id].prompt + self.running[req_id].output)[-1], *draft])
        ]
        rows = torch.tensor(of_rows)
        mapping = np.array(slots, dtype=np.int32)
        lengths = np.array([len(self.running[r].prompt + self.running[r].output) for r in req_ids], dtype=np.int32)
        return rows[:, 0].int(), torch.from_numpy(mapping), mapping, rows[:, 3], rows[:, 2], rows[:, 1].int(), lengths

    def commit(self, req_ids, sampled):
        """vLLM's kernel writes what was sampled, a list a request, to the history; so does the naive request."""
        import torch

        from vllm.v1.worker.gpu.input_batch import post_update

        width = max(map(len, sampled))
        tokens = torch.tensor([row + [0] * (width - len(row)) for row in sampled])
        counts = torch.tensor([len(row) for row in sampled], dtype=torch.int32)
        slots = torch.tensor([self.states.req_id_to_index[req_id] for req_id in req_ids], dtype=torch.int32)
        post_update(
            slots,
            self.states.num_computed_tokens.gpu,
            self.states.last_sampled_tokens,
            None,
            tokens,
            counts,
            torch.zeros_like(counts),
            None,
            self.states.all_token_ids.gpu,
            self.states.total_len.gpu,
        )
        for req_id, row in zip(req_ids, sampled):
            self.running[req_id].output += row


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setenv("PYPRIOR_VLLM", SERVER)
    return Runner


def context(layout):
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext

    expanded, mapping, mapping_np, pos, fed, offsets, lengths = layout
    return LogitsContext(expanded, mapping, mapping_np, offsets, fed, pos, lengths)


@pytest.mark.parametrize("seed", range(12))
def test_random_schedules(runner, seed):
    import torch

    rng, runner = random.Random(seed), runner()
    torch.manual_seed(seed)
    waiting, ended = [], []
    for step in range(100):
        for req_id, naive in list(runner.running.items()):
            fate = rng.random()
            if len(naive.output) >= naive.max_tokens or (naive.asked and naive.output[-1:] == [naive.stop]) or fate < 0.02:
                ended.append(runner.remove(req_id))
            elif fate < 0.1:
                waiting.append(runner.remove(req_id))
        if len(waiting) < 3 and rng.random() < 0.8:
            given = rng.choice(REQUESTS)
            waiting.append(Naive(given, rng.choice([8, 20, 40]), prompt_for(given, rng)))
        while waiting and len(runner.running) < SLOTS:
            runner.add(waiting.pop(rng.randrange(len(waiting))))
        runner.before_the_pass()
        # In any order, and not all of them in each step.
        req_ids = [req_id for req_id in runner.running if rng.random() < 0.9]
        rng.shuffle(req_ids)
        if not req_ids:
            continue
        given = torch.randn(len(req_ids), VOCAB) * 3
        layout = runner.layout(req_ids)
        found = runner.processor.apply(given.clone(), context(layout))
        for req_id, before, after in zip(req_ids, given.numpy(), found.numpy()):
            runner.running[req_id].check(before, after)
        sampled = [[token] for token in torch.multinomial(found.softmax(-1), 1)[:, 0].tolist()]
        for req_id, row in zip(req_ids, sampled):
            naive = runner.running[req_id]
            states = naive.replay() if naive.asked else None
            while states is not None and rng.random() < 0.2:
                # Several tokens in one step, now and then more than are fetched ahead.
                states = pp_after(naive, row)
                for _ in range(rng.choice([1, 12])):
                    if states is None or states.done() or len(naive.output) + len(row) >= naive.max_tokens:
                        break
                    row.append(naive.offset + rng.choice(sorted(states.rows[0].legal())))
                    states = pp_after(naive, row)
                break
            if naive.asked and rng.random() < 0.01:
                row.append(rng.randrange(VOCAB))
                naive.disturbed = True
        runner.commit(req_ids, sampled)
    programs = [naive.program() for naive in ended if naive.asked and naive.stop in naive.output and not naive.disturbed]
    assert len(programs) > 5


def pp_after(naive, row):
    return Naive(naive.given, naive.max_tokens, naive.prompt, naive.output + row).replay()


def test_vllm_samples_programs(runner):
    """vLLM's V2 sampler, to the end of every program: its own processors, ours, temperature, its Gumbel kernel."""
    import torch

    runner, rng = runner(), random.Random(4)
    waiting = [Naive(given, 41, prompt_for(given, rng)) for given in REQUESTS if given is not None] * 2
    waiting = [Naive(each.given, 41, each.prompt) for each in waiting]
    ended, count = [], len(waiting)
    torch.manual_seed(7)
    while waiting or runner.running:
        for req_id, naive in list(runner.running.items()):
            if naive.output[-1:] == [naive.stop]:
                ended.append(runner.remove(req_id))
        while waiting and len(runner.running) < SLOTS:
            runner.add(waiting.pop())
        if not runner.running:
            break
        runner.before_the_pass()
        req_ids = list(runner.running)
        sampled, _ = runner.sampler.sample(torch.randn(len(req_ids), VOCAB), *runner.layout(req_ids))
        runner.commit(req_ids, [[token] for token in sampled.tolist()])
    assert len(ended) == count
    for naive in ended:
        naive.program()


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_proposed_tokens(runner, seed):
    """Speculative decoding: a row of logits behind each proposed token, and several tokens a step."""
    import torch

    rng, runner = random.Random(seed), runner(speculative=3)
    torch.manual_seed(seed)
    asked = [{}, {"max_len": 20}, {"language": "wide"}, {"prior": {"apply": "entropy"}}, None]
    for given in asked:
        runner.add(Naive(given, 40, prompt_for(given, rng)))
    for _ in range(40):
        req_ids = [r for r, naive in runner.running.items() if len(naive.output) < 36 and naive.output[-1:] != [naive.stop]]
        if not req_ids:
            break
        runner.before_the_pass()
        drafts = []
        for req_id in req_ids:
            naive, draft = runner.running[req_id], []
            for _ in range(rng.randrange(4)):
                states = pp_after(naive, draft) if naive.asked else None
                legal = sorted(states.rows[0].legal()) if states is not None and not states.done() else []
                # Now and then one that is not legal.
                proposed = naive.offset + rng.choice(legal) if legal and rng.random() < 0.9 else rng.randrange(VOCAB)
                draft.append(proposed)
            drafts.append(draft)
        layout = runner.layout(req_ids, drafts)
        given = torch.randn(len(layout[0]), VOCAB)
        found = runner.processor.apply(given.clone(), context(layout))
        at, sampled = 0, []
        for req_id, draft in zip(req_ids, drafts):
            naive, row = runner.running[req_id], []
            for offset in range(len(draft) + 1):
                behind = Naive(naive.given, naive.max_tokens, naive.prompt, naive.output + draft[:offset])
                behind.check(given[at + offset].numpy(), found[at + offset].numpy())
                token = int(torch.multinomial(found[at + offset].softmax(-1), 1))
                if offset < len(draft) and torch.isfinite(found[at + offset, draft[offset]]) and rng.random() < 0.7:
                    row.append(draft[offset])
                    continue
                row.append(token)
                break
            at += len(draft) + 1
            sampled.append(row)
        runner.commit(req_ids, sampled)
    for naive in runner.running.values():
        if naive.asked and naive.stop in naive.output:
            naive.program()
    assert any(naive.stop in naive.output for naive in runner.running.values() if naive.asked)
