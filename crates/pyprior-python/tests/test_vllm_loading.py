"""How vLLM finds the processor, and what it refuses before anything is generated."""

import json

import pyprior_rs as pp
import pytest
from served import SERVER, VOCAB

pytestmark = pytest.mark.vllm
SETTING = 'extra_args["pyprior"]'


@pytest.fixture
def vllm_on_cpu(monkeypatch):
    import vllm_on_cpu

    monkeypatch.setenv("PYPRIOR_VLLM", SERVER)
    return vllm_on_cpu


def states(vllm_on_cpu):
    from vllm.v1.worker.gpu.states import RequestState

    return RequestState(2, 64, 64, 0, VOCAB, vllm_on_cpu.CPU)


def params(given, **more):
    from vllm import SamplingParams

    return SamplingParams(extra_args={"pyprior": given}, **{"max_tokens": 40, **more})


def test_one_entry_point_for_both_runners(vllm_on_cpu):
    from importlib.metadata import entry_points

    from vllm.v1.sample import logits_processor as v1
    from vllm.v1.worker.gpu.sample import logits_processor as v2

    from pyprior_rs.integrations.vllm import Plugin, PyPriorLogitsProcessor

    assert [entry.load() for entry in entry_points(group=v1.LOGITSPROCS_GROUP) if entry.name == "pyprior"] == [Plugin]
    for named in ((), (vllm_on_cpu.NAMED,), (PyPriorLogitsProcessor,)):
        config = vllm_on_cpu.config(vllm_on_cpu.Model(*named))
        wanted = [Plugin, PyPriorLogitsProcessor][: 1 + len(named)]
        of_v1 = v1.build_logitsprocs(config, vllm_on_cpu.CPU, False, False, named)
        of_v2 = v2.build_custom_logits_processors(config, states(vllm_on_cpu), False, named)
        assert [type(each) for each in of_v1.all if isinstance(each, PyPriorLogitsProcessor)] == wanted
        assert [type(each) for each in of_v2] == wanted


def test_the_entry_point_keeps_out_of_the_way(vllm_on_cpu, monkeypatch):
    import torch
    from vllm.v1.sample.logits_processor import BatchUpdate

    from pyprior_rs.integrations.vllm import Plugin, PyPriorLogitsProcessor

    def config(*named, asynchronous=False):
        return vllm_on_cpu.config(vllm_on_cpu.Model(*named), async_scheduling=asynchronous)

    def v1(config):
        return Plugin(config, vllm_on_cpu.CPU, False)

    added = BatchUpdate(1, [], [(0, params({}), [1], [])], [])
    logits = torch.randn(1, VOCAB)
    # Named as well: the other one does it, and priors are not applied twice.
    for named in (vllm_on_cpu.NAMED, PyPriorLogitsProcessor, Plugin):
        plugin = v1(config(named, asynchronous=True))
        plugin.update_state(added)
        assert plugin.is_argmax_invariant() and torch.equal(plugin.apply(logits.clone()), logits)
        plugin = Plugin(config(named), states(vllm_on_cpu))
        assert plugin.add_request(0, params({})) is False
    # Not named: it does it itself, unless it would not be told what was sampled.
    for other in ((), ("vllm.v1.sample.logits_processor:MinPLogitsProcessor",)):
        plugin = v1(config(*other))
        plugin.update_state(added)
        assert not plugin.is_argmax_invariant() and torch.isinf(plugin.apply(logits.clone())).any()
        with pytest.raises(pp.errors.SettingError, match="--no-async-scheduling"):
            v1(config(*other, asynchronous=True))
        assert Plugin(config(*other, asynchronous=True), states(vllm_on_cpu)).add_request(0, params({})) is True
    # Without languages it does nothing, and what was let in by a process that has some does not pass.
    monkeypatch.delenv("PYPRIOR_VLLM")
    plugin = v1(config(asynchronous=True))
    plugin.update_state(BatchUpdate(1, [], [(0, params(None), [1], [])], []))
    plugin.update_state(None)
    assert torch.equal(plugin.apply(logits.clone()), logits)
    with pytest.raises(pp.errors.SettingError, match="PYPRIOR_VLLM is not set"):
        plugin.update_state(added)
    with pytest.raises(pp.errors.SettingError, match="PYPRIOR_VLLM is not set"):
        Plugin(config(), states(vllm_on_cpu)).add_request(0, params({}))
    with pytest.raises(pp.errors.SettingError, match="is not set"):
        PyPriorLogitsProcessor(config(), vllm_on_cpu.CPU, False)


def test_servers_are_checked_as_they_start(vllm_on_cpu, monkeypatch, tmp_path):
    from pyprior_rs.integrations.vllm import PyPriorLogitsProcessor, languages

    config = vllm_on_cpu.config(vllm_on_cpu.Model(vocab_size=VOCAB - 10))
    assert set(languages()) == {"default", "wide"}
    with pytest.raises(pp.errors.SettingError, match="the model has"):
        PyPriorLogitsProcessor(config, vllm_on_cpu.CPU, False)
    few = states(vllm_on_cpu)
    few.vocab_size = 90
    with pytest.raises(pp.errors.SettingError, match=r"languages\['default'\].*needs 116 tokens, and the model has 90"):
        PyPriorLogitsProcessor(config, few)
    for text, reason in (("{", "no JSON"), ("@/no/such/file", "No such file"), ('{"languages": {}}', "a language or more")):
        monkeypatch.setenv("PYPRIOR_VLLM", text)
        with pytest.raises(pp.errors.SettingError, match=reason):
            PyPriorLogitsProcessor(config, vllm_on_cpu.CPU, False)
    file = tmp_path / "languages.json"
    file.write_text(SERVER)
    monkeypatch.setenv("PYPRIOR_VLLM", f"@{file}")
    assert set(languages()) == {"default", "wide"}


def test_requests_are_checked_as_they_come(vllm_on_cpu, monkeypatch):
    """By what vLLM calls for each request, before it is queued; the error is the one it answers 400 to."""
    from vllm import SamplingParams
    from vllm.exceptions import VLLMValidationError
    from vllm.sampling_params import StructuredOutputsParams
    from vllm.v1.sample.logits_processor import validate_logits_processors_parameters
    from vllm.v1.worker.gpu.sample.logits_processor import build_custom_logits_processors_params_validator

    of_v2 = build_custom_logits_processors_params_validator((vllm_on_cpu.NAMED,))

    def of_v1(params):
        validate_logits_processors_parameters([vllm_on_cpu.NAMED], params)

    for check in (of_v1, of_v2):
        for fine in (params({}), params({"max_len": 30}), params(json.dumps({"language": "wide"})), params({}, max_tokens=None)):
            check(fine)
        check(SamplingParams())
        check(SamplingParams(extra_args={"other": 1}))
        for wrong, reason in [
            (params({"max_len": 2}), '["max_len"]: max_len is 2'),
            (params({"language": "french"}), '["language"]: there is no language \'french\''),
            (params({"temperatur": 1}), ": unknown key 'temperatur'"),
            (params("{"), ": no JSON"),
            (params(7), ": an object is needed"),
            (params({"prior": {"alpha": -2}}), '["prior"]: alpha is -2'),
            (params({}, max_tokens=1), " with max_tokens=1: max_len is 1"),
            (params({}, thinking_token_budget=3), ": a program and thinking_token_budget"),
            (params({}, structured_outputs=StructuredOutputsParams(json="{}")), ": a program and structured_outputs"),
        ]:
            with pytest.raises(VLLMValidationError) as raised:
                check(wrong)
            assert f"{SETTING}{reason}" in str(raised.value)
    monkeypatch.delenv("PYPRIOR_VLLM")
    with pytest.raises(VLLMValidationError, match="PYPRIOR_VLLM is not set"):
        of_v2(params({}))
    of_v2(SamplingParams())


def test_requests_without_a_program_are_stopped(vllm_on_cpu):
    """Where it shows only with the request's own prompt: no room for a program, no prefix, a prefix that is none."""
    import torch
    from served import STOPS
    from vllm.v1.sample.logits_processor import BatchUpdate

    from pyprior_rs.integrations.vllm import PyPriorLogitsProcessor

    processor = PyPriorLogitsProcessor(vllm_on_cpu.config(), vllm_on_cpu.CPU, False)
    requests = [
        (params({}, max_tokens=1), [1, 2]),
        (params({"prefix_len": 3}), [1, 2]),
        (params({"prefix_len": 2}), [1, 2, 3]),
        (params({"prefix_len": 1}), None),
    ]
    added = [(index, request, prompt, []) for index, (request, prompt) in enumerate(requests)]
    processor.update_state(BatchUpdate(4, [], added, []))
    logits = processor.apply(torch.randn(4, VOCAB))
    assert torch.isfinite(logits).nonzero().tolist() == [[row, STOPS["default"]] for row in range(4)]
