"""The processor in vLLM's V1 batch: its own InputBatch says what is added, removed, swapped and moved."""

import random

import pytest
from served import OFFSET, REQUESTS, SERVER, VOCAB, Naive, prompt_for

pytestmark = pytest.mark.vllm


@pytest.fixture
def batch(monkeypatch):
    """An empty batch of up to 8 requests, with vLLM's processors and ours."""
    from vllm_on_cpu import CPU, NAMED, config

    monkeypatch.setenv("PYPRIOR_VLLM", SERVER)
    from vllm.v1.sample.logits_processor import build_logitsprocs
    from vllm.v1.worker.gpu_input_batch import InputBatch

    return InputBatch(
        max_num_reqs=8,
        max_model_len=256,
        max_num_batched_tokens=64,
        device=CPU,
        vocab_size=VOCAB,
        block_sizes=[16],
        max_num_blocks_per_req=[16],
        logitsprocs=build_logitsprocs(config(), CPU, False, False, (NAMED,)),
        logitsprocs_need_output_token_ids=True,
    )


class Scheduler:
    """Requests that come, are put off, come back and end, as vLLM's scheduler and model runner have them do."""

    def __init__(self, batch, rng):
        self.batch, self.rng, self.count = batch, rng, 0
        self.waiting, self.running, self.ended = [], {}, []

    def request(self, given, max_tokens=None):
        """A new one, which waits."""
        from vllm import SamplingParams
        from vllm.v1.worker.gpu_input_batch import CachedRequestState

        max_tokens = max_tokens or self.rng.choice([8, 20, 40])
        naive = Naive(given, max_tokens, prompt_for(given, self.rng))
        params = SamplingParams(
            max_tokens=max_tokens, extra_args=None if given is None else {"pyprior": given}, seed=self.rng.randrange(9)
        )
        self.count += 1
        # The list of output tokens is one and the same in the naive request and in vLLM's: a live reference.
        state = CachedRequestState(
            str(self.count), naive.prompt, [], params, None, ([0],), num_computed_tokens=0, output_token_ids=naive.output
        )
        self.waiting.append((naive, state))

    def remove(self, req_id):
        self.batch.remove_request(req_id)
        return self.running.pop(req_id)

    def add_waiting(self):
        while self.waiting and len(self.running) < 8:
            naive, state = self.waiting.pop(self.rng.randrange(len(self.waiting)))
            self.batch.add_request(state)
            self.running[state.req_id] = naive, state

    def update(self, swaps):
        self.batch.condense()
        count = self.batch.num_reqs
        for _ in range(swaps if count > 1 else 0):
            self.batch.swap_states(*self.rng.sample(range(count), 2))
        self.batch.refresh_metadata()

    def rows(self):
        """The naive requests in the batch's order."""
        return [self.running[req_id][0] for req_id in self.batch.req_ids]

    def apply(self, seed):
        """Random logits before and after all processors, those of the untouched requests too."""
        import torch

        given = torch.randn(self.batch.num_reqs, VOCAB, generator=torch.Generator().manual_seed(seed)) * 3
        found = given.clone()
        for processor in self.batch.logitsprocs.all:
            found = processor.apply(found)
        for naive, before, after in zip(self.rows(), given.numpy(), found.numpy()):
            naive.check(before, after)
        return found


def vllm_sampler():
    """vLLM's, by operations of torch: those of its build for the CPU are not in its wheel for GPUs."""
    from vllm.v1.sample.sampler import Sampler

    sampler = Sampler()
    sampler.topk_topp_sampler.forward = sampler.topk_topp_sampler.forward_native
    return sampler


def sample(logits):
    import torch

    return torch.multinomial(logits.softmax(-1), 1)[:, 0].tolist()


@pytest.mark.parametrize("seed", range(20))
def test_random_schedules(batch, seed):
    import torch

    rng = random.Random(seed)
    torch.manual_seed(seed)
    scheduler = Scheduler(batch, rng)
    for step in range(120):
        for req_id, (naive, state) in list(scheduler.running.items()):
            fate = rng.random()
            if len(naive.output) >= naive.max_tokens or (naive.asked and naive.output[-1:] == [naive.stop]) or fate < 0.02:
                scheduler.ended.append(scheduler.remove(req_id)[0])
            elif fate < 0.1:
                # Preempted: it comes back with its output, in the same list or in another one.
                scheduler.remove(req_id)
                if rng.random() < 0.5:
                    naive.output = state.output_token_ids = list(naive.output)
                scheduler.waiting.append((naive, state))
        if len(scheduler.waiting) < 4 and rng.random() < 0.7:
            scheduler.request(rng.choice(REQUESTS))
        scheduler.add_waiting()
        scheduler.update(swaps=rng.choice([0, 0, 1, 3]))
        if not scheduler.running:
            continue
        logits = scheduler.apply(step)
        if rng.random() < 0.1:
            # The same step again: nothing has been counted twice.
            scheduler.apply(step)
        for naive, token in zip(scheduler.rows(), sample(logits)):
            naive.output.append(token)
            while naive.asked and rng.random() < 0.2 and not naive.over and len(naive.output) < naive.max_tokens:
                # Several tokens in one step.
                legal = naive.replay().rows[0].legal()
                naive.output.append(naive.offset + rng.choice(sorted(legal)))
            if rng.random() < 0.03:
                # Tokens that are taken back.
                del naive.output[len(naive.output) - rng.randrange(1, len(naive.output) + 1) :]
            elif naive.asked and rng.random() < 0.01:
                # Put there by somebody else, whatever it is.
                naive.output.append(rng.randrange(VOCAB))
                naive.disturbed = True
    programs = 0
    for naive in scheduler.ended:
        if naive.asked and naive.stop in naive.output and not naive.disturbed:
            naive.program()
            programs += 1
    assert programs > 10


def test_vllm_samples_programs(batch):
    """vLLM's V1 sampler, to the end of every program."""
    import torch

    scheduler, sampler = Scheduler(batch, random.Random(5)), vllm_sampler()
    asked = [given for given in REQUESTS if given is not None] * 6
    for given in asked:
        scheduler.request(given, max_tokens=41)
    torch.manual_seed(1)
    while scheduler.waiting or scheduler.running:
        for req_id, (naive, _) in list(scheduler.running.items()):
            if naive.output[-1:] == [naive.stop]:
                scheduler.ended.append(scheduler.remove(req_id)[0])
        scheduler.add_waiting()
        scheduler.update(swaps=1)
        if not scheduler.running:
            break
        out = sampler(logits=torch.randn(batch.num_reqs, VOCAB), sampling_metadata=batch.sampling_metadata)
        for naive, (token,) in zip(scheduler.rows(), out.sampled_token_ids.tolist()):
            naive.output.append(token)
    assert len(scheduler.ended) == len(asked)
    for naive in scheduler.ended:
        naive.program()


def test_greedy_is_restricted_too(batch):
    import torch
    from vllm import SamplingParams

    scheduler = Scheduler(batch, random.Random(2))
    scheduler.request({}, max_tokens=30)
    naive, state = scheduler.waiting[0]
    state.sampling_params = SamplingParams(temperature=0, max_tokens=30, extra_args={"pyprior": {}})
    scheduler.add_waiting()
    torch.manual_seed(3)
    while naive.output[-1:] != [naive.stop]:
        scheduler.update(swaps=0)
        # What comes before greedy sampling; argmax itself is an operation of vLLM's build for the CPU.
        logits = vllm_sampler().apply_logits_processors(torch.randn(1, VOCAB), batch.sampling_metadata, False)
        naive.output.append(int(logits.argmax()))
    naive.program()


def test_hand_made_updates(monkeypatch):
    """What InputBatch does not send by itself: an addition in place of a request, a move onto one, indices of others."""
    import torch
    from vllm_on_cpu import CPU, config

    monkeypatch.setenv("PYPRIOR_VLLM", SERVER)
    from vllm import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate, MoveDirectionality

    from pyprior_rs.integrations.vllm import PyPriorLogitsProcessor

    processor = PyPriorLogitsProcessor(config(), CPU, False)
    naive = [Naive(given, 20, [1, 2]) for given in ({}, {"max_len": 9}, None, {"language": "wide"})]

    def params(request):
        return SamplingParams(max_tokens=20, extra_args={"pyprior": request.given} if request.asked else None)

    def check(order):
        given = torch.randn(len(order), VOCAB)
        found = processor.apply(given.clone())
        for nth, before, after in zip(order, given, found):
            naive[nth].check(before.numpy(), after.numpy())

    def added(index, nth):
        return index, params(naive[nth]), naive[nth].prompt, naive[nth].output

    one_way, swap = MoveDirectionality.UNIDIRECTIONAL, MoveDirectionality.SWAP
    processor.update_state(BatchUpdate(3, removed=[], added=[added(0, 0), added(1, 1), added(2, 2)], moved=[]))
    check([0, 1, 2])
    naive[0].output += [OFFSET + token for token in naive[0].tok.sample(1, max_len=20)[0][:3]]
    check([0, 1, 2])
    processor.update_state(None)
    processor.update_state(BatchUpdate(3, [], [], [(0, 2, swap), (0, 1, swap)]))
    check([1, 2, 0])
    # In place of a request, without its removal; and a move onto one.
    processor.update_state(BatchUpdate(2, [], [added(1, 3)], [(2, 0, one_way)]))
    check([0, 3])
    processor.update_state(BatchUpdate(2, [0], [added(0, 2)], [(0, 1, swap)]))
    check([3, 2])
    # A request without a setting is moved onto a program.
    processor.update_state(BatchUpdate(1, [], [], [(1, 0, one_way)]))
    check([2])
    assert not processor._rows._requests


def test_tokens_that_are_not_known_yet(monkeypatch):
    """-1 stands for a token that is sampled but not copied yet: what is known counts."""
    import torch
    from vllm_on_cpu import CPU, config

    monkeypatch.setenv("PYPRIOR_VLLM", SERVER)
    from vllm import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate

    from pyprior_rs.integrations.vllm import PyPriorLogitsProcessor

    processor, naive = PyPriorLogitsProcessor(config(), CPU, False), Naive({}, 20, [1])
    output = []
    params = SamplingParams(max_tokens=20, extra_args={"pyprior": {}})
    processor.update_state(BatchUpdate(1, [], [(0, params, [1], output)], []))
    for token in naive.tok.sample(1, max_len=20)[0]:
        output.append(-1)
        given = torch.randn(1, VOCAB)
        naive.check(given[0].numpy(), processor.apply(given.clone())[0].numpy())
        output[-1] = token + OFFSET
        naive.output.append(token + OFFSET)
        naive.check(given[0].numpy(), processor.apply(given.clone())[0].numpy())
