"""Programs from a vLLM server: a logits processor for both of its model runners.

The environment variable ``PYPRIOR_VLLM`` says which languages a server offers and where their tokens lie in the model's
vocabulary; a request asks for a program by ``SamplingParams(extra_args={"pyprior": {...}})``. Requests that do not are not
touched. ``docs/serving.md`` of the repository has all settings.

vLLM itself is needed for serving alone: without it the module can be imported, and the processor be driven with objects that
have the same fields.
"""

from __future__ import annotations

import importlib
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import SettingError
from ._settings import ModelLanguage, ProgramSettings, read_languages, read_request
from ._vllm_interfaces import V1Interface, V2Interface
from ._vllm_v1 import V1Rows
from ._vllm_v2 import V2Rows

if TYPE_CHECKING:
    import torch
    from vllm import SamplingParams
    from vllm.config import VllmConfig
    from vllm.v1.sample.logits_processor import BatchUpdate
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext

#: JSON, or ``@`` and the path of a file with it. Every process of a server reads it.
ENVIRONMENT = "PYPRIOR_VLLM"

_PLACE = 'extra_args["pyprior"]'


@lru_cache(maxsize=8)
def _read(text: str) -> dict[str, ModelLanguage]:
    if text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            # No such file, or one that is no text.
            raise SettingError(ENVIRONMENT, str(error)) from None
    return read_languages(text, ENVIRONMENT)


def languages() -> dict[str, ModelLanguage]:
    """The languages that ``PYPRIOR_VLLM`` names; none where it is not set. Raises SettingError."""
    text = os.environ.get(ENVIRONMENT, "")
    return _read(text) if text else {}


def settings_of(params: SamplingParams, *, lenient: bool = False) -> ProgramSettings | None:
    """What a request asks for; None where it asks for no program. Raises SettingError."""
    given = (getattr(params, "extra_args", None) or {}).get("pyprior")
    if given is None:
        return None
    offered = languages()
    if not offered:
        raise SettingError(_PLACE, f"this server has no languages: {ENVIRONMENT} is not set")
    for other in ("structured_outputs", "thinking_token_budget"):
        if getattr(params, other, None) is not None:
            raise SettingError(_PLACE, f"a program and {other} exclude each other")
    return read_request(given, offered, _PLACE, getattr(params, "max_tokens", None), lenient)


def _settings_of_row(params: SamplingParams) -> ProgramSettings | None:
    """The same where the row is added: the request was let in, so that it must not end the engine any more. ``max_tokens``
    is a number by now, and may leave no room for a program."""
    return settings_of(params, lenient=True)


def _of_v1(device: Any, is_pin_memory: bool) -> tuple[Any, Any]:
    import torch

    return torch.device("cpu" if device is None else device), None


def _of_v2(req_states: Any) -> tuple[Any, Any]:
    return None, req_states


def _runner(of_runner: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
    """V1's device or V2's request states, by how many arguments there are behind the configuration: by place or by name."""
    return (_of_v2 if len(of_runner) + len(named) == 1 else _of_v1)(*of_runner, **named)


def _vocab_size(vllm_config: VllmConfig) -> int | None:
    """Tokens of the model; None where nothing says how many."""
    count = getattr(getattr(vllm_config, "model_config", None), "get_vocab_size", None)
    return None if count is None else count()


class PyPriorLogitsProcessor(V1Interface, V2Interface):
    """Name it with ``--logits-processors pyprior_rs.integrations.vllm:PyPriorLogitsProcessor``.

    One class for both model runners, since vLLM wants a subclass of its own interface from each plug-in and settles for a
    runner later: V1 makes it with ``(vllm_config, device, is_pin_memory)``, V2 with ``(vllm_config, req_states)``.

    Raises SettingError where ``PYPRIOR_VLLM`` is not set or wrong, or the model has too few tokens for its languages.
    """

    def __init__(self, vllm_config: VllmConfig, *of_runner: Any, **named: Any) -> None:
        device, req_states = _runner(of_runner, named)
        offered = languages()
        if not offered:
            raise SettingError(ENVIRONMENT, "is not set; it says which languages the server offers")
        self._rows: V1Rows | V2Rows
        if device is not None:
            vocab_size = _vocab_size(vllm_config)
            self._rows = V1Rows(device, _settings_of_row)
        else:
            vocab_size = req_states.vocab_size
            self._rows = V2Rows(req_states, _settings_of_row)
        for name, language in offered.items():
            if vocab_size is not None and language.vocab_needed > vocab_size:
                reason = f"needs {language.vocab_needed} tokens, and the model has {vocab_size}"
                raise SettingError(f"{ENVIRONMENT}.languages[{name!r}]", reason)

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Raises SettingError, a ValueError, for settings that no program follows."""
        settings_of(sampling_params)

    def is_argmax_invariant(self) -> bool:
        """It is not: greedy sampling is restricted too."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """V1: what changed in the batch."""
        assert isinstance(self._rows, V1Rows)
        self._rows.update_state(batch_update)

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        """V2: a slot is filled. Whether its request asks for a program."""
        assert isinstance(self._rows, V2Rows)
        return self._rows.add_request(req_idx, sampling_params)

    def apply_staged_writes(self) -> None:
        """V2: before each forward pass."""
        assert isinstance(self._rows, V2Rows)
        self._rows.apply_staged_writes()

    def apply(self, logits: torch.Tensor, ctx: LogitsContext | None = None) -> torch.Tensor:
        """Restricts the logits of requests that ask for programs, in place."""
        if isinstance(self._rows, V1Rows):
            return self._rows.apply(logits)
        assert ctx is not None
        return self._rows.apply(logits, ctx)


def _names(named: str | type) -> bool:
    """Whether what ``--logits-processors`` names is this processor."""
    found: Any = named
    if isinstance(named, str):
        module, _, path = named.partition(":")
        found = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    return isinstance(found, type) and issubclass(found, PyPriorLogitsProcessor)


class Plugin(PyPriorLogitsProcessor):
    """What the entry point ``vllm.logits_processors`` loads in every server that has this package installed.

    It keeps out of the way where ``PYPRIOR_VLLM`` is not set, and where the processor is named by ``--logits-processors``
    too, so that priors are not applied twice. V1 tells sampled tokens in time only to processors that are named, if it
    schedules asynchronously: there it raises SettingError instead of writing programs without knowing their tokens.
    """

    def __init__(self, vllm_config: VllmConfig, *of_runner: Any, **named: Any) -> None:
        model = vllm_config.model_config
        self._named = model is not None and any(_names(each) for each in (model.logits_processors or ()))
        self._idle = self._named or not languages()
        if self._idle:
            return
        if _runner(of_runner, named)[0] is not None and vllm_config.scheduler_config.async_scheduling:
            raise SettingError(
                ENVIRONMENT,
                "with the V1 model runner and asynchronous scheduling the processor has to be named: --logits-processors "
                "pyprior_rs.integrations.vllm:PyPriorLogitsProcessor; or use --no-async-scheduling",
            )
        super().__init__(vllm_config, *of_runner, **named)

    def is_argmax_invariant(self) -> bool:
        """Whether it changes nothing at all."""
        return self._idle

    def _check(self, params: SamplingParams) -> None:
        """The front end, which read ``PYPRIOR_VLLM``, let a program in; a worker that has none must not let it pass."""
        if not self._named:
            settings_of(params)

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        if not self._idle:
            super().update_state(batch_update)
            return
        for _, params, _, _ in batch_update.added if batch_update is not None else ():
            self._check(params)

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        if not self._idle:
            return super().add_request(req_idx, sampling_params)
        self._check(sampling_params)
        return False

    def apply_staged_writes(self) -> None:
        if not self._idle:
            super().apply_staged_writes()

    def apply(self, logits: torch.Tensor, ctx: LogitsContext | None = None) -> torch.Tensor:
        return logits if self._idle else super().apply(logits, ctx)
