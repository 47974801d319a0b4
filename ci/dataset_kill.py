#!/usr/bin/env python3
"""Kills `pyprior dataset` at random moments and lets it go on: dataset_kill.py [--pyprior BINARY] [--kills N] [--seed SEED]

Makes a dataset undisturbed, each of those below. Makes the same one with kill -9 at N moments (20 unless told otherwise), each drawn from the time
that what is left takes, and then to its end. Every file must be the same to the byte, README.md and the report included; what
a killed process leaves must be whole files, or hidden ones that end in `.part`. The last kill may come after the end: then
there is one less.
"""

import argparse
import pathlib
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FLAGS = [
    "--rows", "60000", "--shard-rows", "1000", "--format", "parquet", "jsonl-zst", "npy", "--quiet",
]  # fmt: skip

# Two datasets: one with a table a shard, and one with tables of three splits and of tasks, of programs that are accepted by the
# factors of a pilot, which every call finds anew: so it is short.
DESCRIPTIONS = {
    "programs": "",
    "splits, tasks and targets": """
splits = [{ name = "test", share = 0.1 }, { name = "looping", where = "count_for > 1" }]
[control]
pilot = 2000
targets = [{ of = "length", range = [7, 30], bins = 2 }]
hold = []
[tasks]
kinds = ["deduction", "trace"]
""",
}


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kill(name, args, moments, work):
    work.mkdir()
    config = work / "description.toml"
    config.write_text(DESCRIPTIONS[name])
    command, flags = [args.pyprior, "dataset"], ["--config", config, *FLAGS]
    start = time.monotonic()
    subprocess.run([*command, work / "whole", *flags], check=True)
    takes = time.monotonic() - start
    whole = files(work / "whole")
    killed, parts, shards = 0, 0, []
    for _ in range(args.kills):
        process = subprocess.Popen([*command, work / "killed", *flags])
        # As much as is left, over those that are still to come: so the last ones find something to do too.
        time.sleep(moments.uniform(0, 2 * takes / args.kills))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        left = files(work / "killed") if (work / "killed").exists() else {}
        parts += any(name.endswith(".part") for name in left)
        shards.append(sum(name.startswith("manifest/shard-") and not name.endswith(".part") for name in left))
        for file, data in left.items():
            hidden = pathlib.PurePath(file).name.startswith(".") and file.endswith(".part")
            assert hidden or data == whole[file], f"{file} is there, and not as it is to be"
    subprocess.run([*command, work / "killed", *flags], check=True)
    resumed = files(work / "killed")
    assert resumed.keys() == whole.keys(), resumed.keys() ^ whole.keys()
    differ = [file for file in whole if resumed[file] != whole[file]]
    assert not differ, differ
    print(f"{name}: {takes:.1f} s undisturbed; {killed} kills, {parts} of which left a file behind; shards done after each: {shards}")
    print(f"{len(whole)} files are the same to the byte")
    assert any(0 < done < 60 for done in shards), "no call was killed between shards: nothing was tested"
    assert killed >= args.kills * 3 // 4, "most calls were done before they were killed: nothing was tested"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pyprior", default="target/release/pyprior")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    args = parser.parse_args()
    print(f"seed {args.seed}")
    moments = random.Random(args.seed)
    work = pathlib.Path(tempfile.mkdtemp(prefix="pyprior-kill-"))
    try:
        for nth, name in enumerate(DESCRIPTIONS):
            kill(name, args, moments, work / str(nth))
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
