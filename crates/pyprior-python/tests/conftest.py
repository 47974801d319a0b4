"""Tests that need more than numpy say so by a marker, and are skipped with the reason where it is not installed."""

import importlib.util
import signal

import pytest

# Shells have what they start in the background ignore Ctrl-C, and so does all that is started from there.
signal.signal(signal.SIGINT, signal.default_int_handler)

NEEDS = {
    "torch": ("torch",),
    "xgrammar": ("torch", "xgrammar"),
    "transformers": ("torch", "transformers"),
    "vllm": ("torch", "vllm"),
    "pyarrow": ("pyarrow",),
    "ray": ("ray",),
    "pypi": ("pyprior",),
}


def pytest_collection_modifyitems(items):
    for item in items:
        for marker, packages in NEEDS.items():
            missing = [name for name in packages if importlib.util.find_spec(name) is None]
            if item.get_closest_marker(marker) and missing:
                item.add_marker(pytest.mark.skip(reason=f"{' and '.join(missing)} not installed"))


@pytest.fixture
def tok():
    import pyprior_rs as pp

    return pp.Tokenizer(value_range=(0, 9))
