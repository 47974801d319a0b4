"""PyPrior's side: programs from its command, and its times from the example `replay`.

It is not a Python module, so it runs in a process of its own; its clock is inside it.
"""

import json
import subprocess

from environment import REPO_ROOT

MAX_LEN = 60  # of `pyprior sample`, unless told otherwise


def cargo(*arguments, **options):
    answer = subprocess.run(
        ["cargo", *arguments], cwd=REPO_ROOT, stdout=subprocess.PIPE, text=True, **options
    )
    if answer.returncode != 0:
        raise SystemExit(f"this failed: cargo {' '.join(arguments)}")
    return answer.stdout


def build():
    cargo("build", "--release", "--quiet", "--bin", "pyprior", "--example", "replay")


def sampled(count, seed, knobs=()):
    """Programs: dicts with `tokens` and `source`."""
    command = ["run", "--release", "--quiet", "--", "sample", "-n", str(count)]
    command += ["--seed", str(seed), "--max-len", str(MAX_LEN), "--format", "jsonl", *knobs]
    return [json.loads(line) for line in cargo(*command).splitlines()]


def replayed(programs, passes):
    """Seconds of each pass over the programs, and of compiling the language."""
    text = "".join(" ".join(map(str, program["tokens"])) + "\n" for program in programs)
    command = ["run", "--release", "--quiet", "--example", "replay", "--"]
    command += ["--max-len", str(MAX_LEN), "--passes", str(passes)]
    return json.loads(cargo(*command, input=text))
