"""The processor for vLLM on machines without vLLM: objects with the same fields stand in for what its runners hand over.

Each row of logits, in each step, is held against that of a row replayed from its first token. vLLM's own classes do the same in
``test_vllm_v1.py`` and ``test_vllm_v2.py``.
"""

import enum
import importlib.util
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pyprior_rs as pp
import pytest
from served import OFFSET, REQUESTS, SERVER, STOPS, VOCAB, Naive, prompt_for

pytestmark = pytest.mark.torch


class Direction(enum.Enum):
    """Stands in for vLLM's MoveDirectionality; its values are others."""

    UNIDIRECTIONAL = "->"
    SWAP = "<->"


class Model:
    """Stands in for vLLM's ModelConfig."""

    logits_processors = None

    def get_vocab_size(self):
        return VOCAB


CONFIG = SimpleNamespace(model_config=Model(), scheduler_config=SimpleNamespace(async_scheduling=False))


@pytest.fixture(params=["cpu", "meta"])
def processors(request, monkeypatch):
    """The module; all that follows is on the CPU, whatever torch's default device is."""
    import torch

    if importlib.util.find_spec("vllm"):
        import vllm_on_cpu  # noqa: F401
    monkeypatch.setenv("PYPRIOR_VLLM", SERVER)
    from pyprior_rs.integrations import vllm

    torch.set_default_device(request.param)
    yield vllm
    torch.set_default_device(None)


def params(naive):
    """Stands in for SamplingParams."""
    return SimpleNamespace(extra_args={"pyprior": naive.given} if naive.asked else None, max_tokens=naive.max_tokens)


def update(removed=(), added=(), moved=()):
    """Stands in for BatchUpdate."""
    return SimpleNamespace(batch_size=8, removed=list(removed), added=list(added), moved=list(moved))


def v1(module):
    import torch

    return module.PyPriorLogitsProcessor(CONFIG, torch.device("cpu"), False)


def random_logits(rows, seed):
    import torch

    return torch.randn(rows, VOCAB, generator=torch.Generator("cpu").manual_seed(seed), device="cpu") * 3


def test_without_vllm_it_is_there():
    code = """
import sys
sys.modules["vllm"] = None  # As if it were not installed.
import pyprior_rs.integrations as integrations
assert "pyprior_rs.integrations.vllm" not in sys.modules and "PyPriorLogitsProcessor" in dir(integrations)
from pyprior_rs.integrations import PyPriorLogitsProcessor
import pyprior_rs.integrations.vllm as module
assert module.PyPriorLogitsProcessor is PyPriorLogitsProcessor and module.Plugin.__mro__[1] is PyPriorLogitsProcessor
assert [base.__module__ for base in PyPriorLogitsProcessor.__bases__] == ["pyprior_rs.integrations._vllm_interfaces"] * 2
try:
    integrations.Other
except AttributeError as error:
    assert "'Other'" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_half_an_installation_is_not_taken_for_none(tmp_path):
    """A vllm without the interface of V1: said at once, with how to get one that has it. One without that of V2 is enough."""
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").touch()
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
try:
    import pyprior_rs.integrations.vllm
except ImportError as error:
    assert "vllm.v1 is not there" in str(error) and "pip install vllm==0.33.0" in str(error), error
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    (tmp_path / "vllm" / "v1" / "sample").mkdir(parents=True)
    for folder in ("v1", "v1/sample"):
        (tmp_path / "vllm" / folder / "__init__.py").touch()
    (tmp_path / "vllm" / "v1" / "sample" / "logits_processor.py").write_text("class LogitsProcessor: pass")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from pyprior_rs.integrations import PyPriorLogitsProcessor
found = [base.__module__ for base in PyPriorLogitsProcessor.__bases__]
assert found == ["vllm.v1.sample.logits_processor", "pyprior_rs.integrations._vllm_interfaces"], found
"""
    subprocess.run([sys.executable, "-c", code], check=True)


class Batch:
    """Stands in for vLLM's V1 InputBatch: requests at indices without gaps, and what the processor is told of changes."""

    def __init__(self, processor, rng):
        self.processor, self.rng, self.requests, self.ended = processor, rng, [], []

    def step(self, removed, added, swaps):
        """Indices that are emptied; requests that come, into the gaps first; so many swaps."""
        slots, moved = dict(enumerate(self.requests)), []
        for index in removed:
            del slots[index]
        told = []
        for naive in added:
            index = next(at for at in range(len(slots) + 1) if at not in slots)
            slots[index] = naive
            told.append((index, params(naive), naive.prompt or None, naive.output))
        for gap in range(len(slots)):
            if gap not in slots:
                last = max(slots)
                slots[gap] = slots.pop(last)
                moved.append((last, gap, self.rng.choice([Direction.UNIDIRECTIONAL, "unidirectional"])))
        for _ in range(swaps if len(slots) > 1 else 0):
            one, other = self.rng.sample(range(len(slots)), 2)
            slots[one], slots[other] = slots[other], slots[one]
            moved.append((one, other, self.rng.choice([Direction.SWAP, "SWAP"])))
        self.requests = [slots[index] for index in range(len(slots))]
        self.processor.update_state(update(removed, told, moved) if removed or told or moved else None)

    def apply(self, seed):
        given = random_logits(len(self.requests), seed)
        found = self.processor.apply(given.clone())
        for naive, before, after in zip(self.requests, given.numpy(), found.numpy()):
            naive.check(before, after)
        return found


@pytest.mark.parametrize("seed", range(6))
def test_v1(processors, seed):
    import torch

    rng = random.Random(seed)
    torch.manual_seed(seed)
    batch, waiting, seen = Batch(v1(processors), rng), [], {"removed": 0, "added": 0, "moved": 0, "swapped": 0, "many": 0}
    for step in range(100):
        removed = []
        for index, naive in enumerate(batch.requests):
            fate = rng.random()
            if len(naive.output) >= naive.max_tokens or (naive.asked and naive.output[-1:] == [naive.stop]) or fate < 0.01:
                removed.append(index)
                batch.ended.append(naive)
            elif fate < 0.06:
                # Preempted: it comes back with its output, in the same list or in another one.
                removed.append(index)
                naive.output = naive.output if rng.random() < 0.5 else list(naive.output)
                waiting.append(naive)
        if len(waiting) < 4:
            given = rng.choice(REQUESTS)
            waiting.append(Naive(given, rng.choice([8, 20, 40]), prompt_for(given, rng)))
        room = 6 - len(batch.requests) + len(removed)
        added = [waiting.pop(rng.randrange(len(waiting))) for _ in range(min(rng.randrange(3), room, len(waiting)))]
        swaps = rng.choice([0, 0, 1, 3])
        seen["moved"] += len(added) < len(removed) and max(removed) < len(batch.requests) - 1
        batch.step(removed, added, swaps)
        seen["removed"] += bool(removed)
        seen["added"] += bool(added)
        seen["swapped"] += bool(swaps)
        if not batch.requests:
            continue
        found = batch.apply(step)
        for naive, token in zip(batch.requests, torch.multinomial(found.softmax(-1), 1)[:, 0].tolist()):
            naive.output.append(token)
            while naive.asked and rng.random() < 0.2 and not naive.over and len(naive.output) < naive.max_tokens:
                # Several tokens in one step.
                naive.output.append(naive.offset + rng.choice(sorted(naive.replay().rows[0].legal())))
                seen["many"] += 1
            if rng.random() < 0.02:
                # Tokens that are taken back.
                del naive.output[len(naive.output) - rng.randrange(1, len(naive.output) + 1) :]
    programs = [naive.program() for naive in batch.ended if naive.asked and naive.stop in naive.output]
    assert len(programs) > 5 and all(seen.values()), (len(programs), seen)


def test_an_update_that_is_refused_changes_nothing(processors):
    processor = v1(processors)
    naive = [Naive({}, 20, [1]), Naive({"max_len": 9}, 20, [1])]
    processor.update_state(update(added=[(at, params(each), each.prompt, each.output) for at, each in enumerate(naive)]))
    other = Naive({}, 20, [1])
    come = (0, params(other), [1], other.output)
    unknown = (1, SimpleNamespace(extra_args={"pyprior": {"language": "french"}}, max_tokens=20), [1], [])
    for wrong, reason in (
        (update([0], [come, unknown]), "french"),
        (update([1], [come], [(0, 1, "sideways")]), "SWAP or UNIDIRECTIONAL, not 'sideways'"),
    ):
        with pytest.raises(pp.errors.SettingError, match=reason):
            processor.update_state(wrong)
        naive[0].output.append(OFFSET + sorted(naive[0].replay().rows[0].legal())[0])
        given = random_logits(2, 1)
        for row, before, after in zip(naive, given.numpy(), processor.apply(given.clone()).numpy()):
            row.check(before, after)


def test_arguments_by_place_and_by_name(processors):
    import torch

    for made in (
        lambda kind: kind(CONFIG, "cpu", False),
        lambda kind: kind(CONFIG, torch.device("cpu"), is_pin_memory=False),
        lambda kind: kind(vllm_config=CONFIG, device="cpu", is_pin_memory=None),
    ):
        for kind in (processors.PyPriorLogitsProcessor, processors.Plugin):
            processor = made(kind)
            processor.update_state(update(added=[(0, params(Naive({}, 20, [1])), [1], [])]))
            assert not processor.is_argmax_invariant() and torch.isinf(processor.apply(random_logits(1, 0))).any()
    for kind in (processors.PyPriorLogitsProcessor, processors.Plugin):
        for wrong in ((), ("cpu", False, 1)):
            with pytest.raises(TypeError):
                kind(CONFIG, *wrong)
    # Where nothing says how many tokens the model has, the logits do.
    processor = processors.PyPriorLogitsProcessor(SimpleNamespace(), "cpu", False)
    processor.update_state(update(added=[(0, params(Naive({}, 20, [1])), [1], [])]))
    fine = random_logits(1, 0)
    for wrong in (fine[:, :60], fine[0], fine[:0], fine.unsqueeze(0)):
        with pytest.raises(pp.errors.ShapeError):
            processor.apply(wrong)
    with pytest.raises(TypeError, match="no floating type"):
        processor.apply(fine.long())


def test_requests_are_checked(processors):
    check = processors.PyPriorLogitsProcessor.validate_params
    for fine in (SimpleNamespace(), SimpleNamespace(extra_args=None), *(params(Naive(given, 40, [1])) for given in REQUESTS[:6])):
        check(fine)
    for given, reason in (
        ({"max_len": 2}, "max_len is 2"),
        ("[" * 100_000, "no JSON"),
        ({"max_len": 10**30}, '"max_len"'),
        ({"prefix_len": -1}, '"prefix_len"'),
    ):
        with pytest.raises(pp.errors.SettingError, match=reason):
            check(SimpleNamespace(extra_args={"pyprior": given}, max_tokens=40))
    # What is null is not given.
    check(SimpleNamespace(extra_args={"pyprior": '{"language": null, "prefix_len": null, "max_len": null}'}, max_tokens=40))


def test_of_a_language_too_what_is_null_is_not_given(processors, monkeypatch):
    text = '{"languages": {"default": {"tokenizer": null, "vocab_offset": null, "stop_token_id": null, "prior": null}}}'
    monkeypatch.setenv("PYPRIOR_VLLM", text)
    (language,) = processors.languages().values()
    assert language.offset == 0 and language.stop_token == pp.Tokenizer().eos_token_id


def test_a_file_that_is_no_text(processors, monkeypatch, tmp_path):
    file = tmp_path / "languages.json"
    file.write_bytes(b"\xff\xfe{")
    monkeypatch.setenv("PYPRIOR_VLLM", f"@{file}")
    with pytest.raises(pp.errors.SettingError, match="PYPRIOR_VLLM: .*decode"):
        processors.languages()


SLOTS = 4


def request_states():
    """Stands in for V2's, whose histories lie on the device."""
    import torch

    def zeros(*shape):
        return SimpleNamespace(gpu=torch.zeros(shape, dtype=torch.int32, device="cpu"))

    return SimpleNamespace(
        device=torch.device("cpu"),
        max_num_reqs=SLOTS,
        vocab_size=VOCAB,
        all_token_ids=zeros(SLOTS, 128),
        total_len=zeros(SLOTS),
        prompt_len=SimpleNamespace(np=np.zeros(SLOTS, np.int32)),
    )


def test_a_request_of_v2_that_is_refused_changes_nothing(processors):
    processor, naive = processors.PyPriorLogitsProcessor(CONFIG, req_states=request_states()), Naive({}, 20, [])
    assert processor.add_request(1, params(naive))
    with pytest.raises(pp.errors.SettingError, match="french"):
        processor.add_request(1, SimpleNamespace(extra_args={"pyprior": {"language": "french"}}, max_tokens=20))
    processor.apply_staged_writes()
    given = random_logits(1, 1)
    found = processor.apply(given.clone(), SimpleNamespace(idx_mapping_np=np.array([1], np.int32)))
    naive.check(given[0].numpy(), found[0].numpy())


@pytest.mark.parametrize("seed", range(3))
def test_v2(processors, seed):
    import torch

    rng = random.Random(seed)
    torch.manual_seed(seed)
    states = request_states()
    tokens = states.all_token_ids.gpu
    processor = processors.PyPriorLogitsProcessor(CONFIG, states)
    running, ended = {}, []

    def write(slot):
        history = running[slot].prompt + running[slot].output
        tokens[slot, : len(history)] = torch.tensor(history, dtype=torch.int32, device="cpu")
        states.total_len.gpu[slot] = len(history)

    for step in range(80):
        for slot, naive in list(running.items()):
            if len(naive.output) >= naive.max_tokens or (naive.asked and naive.output[-1:] == [naive.stop]):
                ended.append(running.pop(slot))
        for slot in range(SLOTS):
            if slot not in running and rng.random() < 0.7:
                given = rng.choice(REQUESTS)
                naive = running[slot] = Naive(given, rng.choice([8, 20]), prompt_for(given, rng))
                states.prompt_len.np[slot] = len(naive.prompt)
                write(slot)
                assert processor.add_request(slot, params(naive)) == naive.asked
        processor.apply_staged_writes()
        order = rng.sample(sorted(running), len(running))
        if not order:
            continue
        given = random_logits(len(order), step)
        found = processor.apply(given.clone(), SimpleNamespace(idx_mapping_np=np.array(order, np.int32)))
        for slot, before, after in zip(order, given.numpy(), found.numpy()):
            running[slot].check(before, after)
        for slot, token in zip(order, torch.multinomial(found.softmax(-1), 1)[:, 0].tolist()):
            naive = running[slot]
            naive.output.append(token)
            while naive.asked and rng.random() < 0.2 and not naive.over and len(naive.output) < naive.max_tokens:
                naive.output.append(naive.offset + rng.choice(sorted(naive.replay().rows[0].legal())))
            write(slot)
    programs = [naive.program() for naive in ended if naive.asked and naive.stop in naive.output]
    assert len(programs) > 5


def test_the_prompt_is_no_prefix_unless_it_is_said(processors):
    """At offset 0 as well, unlike 0.0.2, where the prompt is then the program's first tokens."""
    import torch

    tok = pp.Tokenizer(value_range=(0, 9))
    prefix = [tok.id_of(name) for name in ("BLK_1", "FUNC_1", "ARITY_2")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYPRIOR_VLLM", '{"languages": {"default": {"tokenizer": {"value_range": [0, 9]}}}}')
        processor = v1(processors)
        given = [({"max_len": 30}, []), ({"max_len": 30, "prefix_len": 3}, prefix)]
        added = [(at, SimpleNamespace(extra_args={"pyprior": one}, max_tokens=40), prefix, []) for at, (one, _) in enumerate(given)]
        processor.update_state(update(added=added))
        found = processor.apply(torch.zeros(2, tok.vocab_size, device="cpu"))
        for (_, before), row in zip(given, found):
            legal = pp.init(vocab=tok, ids=[before], max_len=30).legal()[0]
            assert set(torch.isfinite(row).nonzero()[:, 0].tolist()) == legal
    assert STOPS["default"] != tok.eos_token_id
