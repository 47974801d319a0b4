"""The engine behind other people's loops: ``transformers`` (Hugging Face) and ``vllm``. Import the one that is wanted; each
needs torch, and the package that it is named after where that package's own loop is to use it.

``PyPriorLogitsProcessor`` is the one of ``vllm``, here as in 0.0.2; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .vllm import PyPriorLogitsProcessor

__all__ = ["PyPriorLogitsProcessor"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import vllm

        return getattr(vllm, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
