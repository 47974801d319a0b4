"""The virtual environment that holds PyPI's pyprior, shared by the scripts that run it.

`ci/record_traces.py` and `benches/pypi.py` both need the original package, and
neither should touch the Python it is started with. `reenter` therefore makes a
virtual environment once, in the build folder, and restarts the calling script
inside it.
"""

import os
import subprocess
import sys
from pathlib import Path

PYPRIOR_VERSION = "0.0.2"

# The folder this file's parent folder lies in, wherever the checkout is.
REPO_ROOT = Path(__file__).resolve().parent.parent

# Below target/ because that folder is already ignored by version control and
# already the place that `cargo clean` empties.
DEFAULT_VENV = REPO_ROOT / "target" / "pypi-venv"


def _python_of(venv: Path) -> Path:
    if os.name == "nt":
        return venv / "Scripts" / "python.exe"
    return venv / "bin" / "python"


def _is_ready(venv: Path) -> bool:
    """Whether the folder holds a working interpreter with the wanted version.

    Asking the interpreter itself, and importing, also catches an environment
    whose base Python has gone away and one whose installation was cut off.
    """
    python = _python_of(venv)
    if not python.exists():
        return False
    probe = "import pyprior; from importlib.metadata import version; print(version('pyprior'))"
    try:
        found = subprocess.run(
            [str(python), "-c", probe], capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and found.stdout.strip() == PYPRIOR_VERSION


def ensure(venv: Path = DEFAULT_VENV) -> Path:
    """Make the environment unless it is there; return its interpreter."""
    python = _python_of(venv)
    if _is_ready(venv):
        return python
    # --clear below empties the folder. Only the default one is certain to be
    # these scripts' own; a mistyped --venv must not cost anybody their files.
    if venv.resolve() != DEFAULT_VENV and venv.exists() and any(venv.iterdir()):
        raise SystemExit(
            f"{venv} exists and pyprior {PYPRIOR_VERSION} does not import in it: not touching it"
        )
    print(f"making {venv} with pyprior=={PYPRIOR_VERSION} ...", file=sys.stderr)
    steps = [
        # --clear: a half-made environment is started over, not repaired.
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        [
            str(python), "-m", "pip", "install",
            "--quiet", "--disable-pip-version-check",
            # Wheels only: no compiler needed and no package's build script run.
            "--only-binary", ":all:",
            f"pyprior=={PYPRIOR_VERSION}",
        ],
    ]  # fmt: skip
    for step in steps:
        if subprocess.run(step, stdout=sys.stderr).returncode != 0:
            raise SystemExit(
                f"could not make the virtual environment; this failed: {' '.join(step)}\n"
                "It needs Python 3.10 or newer with the venv module, and a package index."
            )
    if not _is_ready(venv):
        raise SystemExit(f"pyprior {PYPRIOR_VERSION} does not import in {venv}")
    return python


def reenter(venv: Path = DEFAULT_VENV, env: "dict[str, str] | None" = None) -> None:
    """Return once this process runs inside the environment, with `env` set.

    Anywhere else it replaces the process by the same script, with the same
    arguments, in there. The variables count towards "inside" because those the
    callers need (hash seed, thread counts) are read at interpreter start only.
    """
    wanted = env or {}
    inside = Path(sys.prefix).resolve() == venv.resolve()
    if inside and all(os.environ.get(k) == v for k, v in wanted.items()):
        return
    python = str(ensure(venv))
    arguments = [python, *sys.argv]
    environment = {**os.environ, **wanted}
    # Settings that point at another environment's packages must not leak in.
    for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):
        environment.pop(name, None)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":  # exec there returns to the shell before the work is done
        raise SystemExit(subprocess.run(arguments, env=environment).returncode)
    os.execve(python, arguments, environment)
