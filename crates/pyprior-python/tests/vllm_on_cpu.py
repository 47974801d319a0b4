"""vLLM's own classes without a GPU: its platform for the CPU, and its Triton kernels run by Triton's interpreter.

Import this before anything of vLLM. ``vllm.v1.worker.cpu.shm`` is what vLLM itself puts in place of pinned memory, streams
and events on the CPU; it patches torch, so that these tests are not for a process that uses a GPU.
"""

import os

os.environ["VLLM_TARGET_DEVICE"] = "cpu"
os.environ["TRITON_INTERPRET"] = "1"
# vLLM takes Triton for usable without a driver only where devices are hidden.
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")

from served import VOCAB  # noqa: E402

import torch  # noqa: E402
import vllm.v1.worker.cpu.shm  # noqa: E402, F401
from vllm.config import VllmConfig  # noqa: E402

CPU = torch.device("cpu")
NAMED = "pyprior_rs.integrations.vllm:PyPriorLogitsProcessor"


class Model:
    """A stand-in for vLLM's ModelConfig, which cannot be made without a model: the two things that are asked of it."""

    def __init__(self, *named, vocab_size=VOCAB):
        self.logits_processors, self.get_vocab_size = list(named), lambda: vocab_size


def config(model=Model(NAMED), **scheduler):
    """vLLM's configuration, with such a model."""
    found = VllmConfig()
    # Past its checks, which are for a real one.
    found.__dict__["model_config"] = model
    for name, value in scheduler.items():
        setattr(found.scheduler_config, name, value)
    return found
