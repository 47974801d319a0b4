"""What vLLM wants a logits processor to be a subclass of; where vLLM is not installed, classes that ask for nothing.

vLLM knows its plug-ins by these classes, and the processor needs nothing else of vLLM: what it is given is read by name. So
whatever has the same fields drives it on a machine without vLLM, a test for one.
"""

from __future__ import annotations

try:
    import vllm  # noqa: F401
    from vllm.v1.sample.logits_processor import LogitsProcessor as V1Interface
except ModuleNotFoundError as error:
    # Another version, or an installation that is not whole, is not taken for none.
    if error.name != "vllm":
        reason = f"vLLM is installed, but {error.name} is not there: this is for vllm 0.33 (pip install vllm==0.33.0)"
        raise ImportError(reason, name=error.name) from error

    class V1Interface:  # type: ignore[no-redef]
        """Stands for that of the V1 model runner."""


try:
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as V2Interface
except ModuleNotFoundError as error:
    # No vLLM, or one from before its second runner; that runner itself refuses what is not of its own class.
    if not (error.name or "").startswith("vllm"):
        raise

    class V2Interface:  # type: ignore[no-redef]
        """Stands for that of the V2 model runner."""


__all__ = ["V1Interface", "V2Interface"]
