#!/usr/bin/env python3
"""Runs the recipes of docs/clusters.md: clusters.py [PYPRIOR]

The Slurm script once for each number of its array, the Kubernetes job's command once for each index, in the environment that those
give; half of them at the same time, one killed and started again. Both datasets must be that of one command, to the byte.
Needs PyYAML.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
DESCRIPTION = """\
rows = 40_000
shard_rows = 1_000
duplicates = "behaviour"
splits = [{ name = "test", share = 0.1 }]
"""


def recipes():
    text = (ROOT / "docs/clusters.md").read_text()
    return {name: body for name, body in re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", text, re.M | re.S)}


def slurm(script, folder):
    """The commands of an array's tasks, with what Slurm adds to their environment."""
    said = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)$", script, re.M))
    first, last = map(int, said["array"].split("-"))
    path = folder / "programs.slurm"
    path.write_text(script)
    for number in range(first, last + 1):
        # The machine has fewer threads than the script asks for.
        yield ["bash", str(path)], {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_CPUS_PER_TASK": "1"}


def kubernetes(text):
    """The commands of an indexed job's pods, with what Kubernetes adds to their environment."""
    job = yaml.safe_load(text)
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = job["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    said = {variable["name"]: variable["value"] for variable in container["env"]}
    assert all(isinstance(value, str) for value in said.values())
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert all(any(said[name].startswith(f"{mount}/") for mount in mounts) for name in ("OUT", "CONFIG"))
    assert int(said["COMPLETIONS"]) == job["spec"]["completions"]
    for index in range(job["spec"]["completions"]):
        yield container["command"] + container["args"], {**said, "JOB_COMPLETION_INDEX": str(index)}


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def main():
    built = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "release/pyprior")
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else built).resolve()
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        config = work / "dataset.toml"
        config.write_text(DESCRIPTION)
        # Manifests call it by name.
        (work / "bin").mkdir()
        shutil.copy(program, work / "bin/pyprior")
        path = f"{work / 'bin'}:{os.environ['PATH']}"
        subprocess.run([program, "dataset", work / "one", "--config", config, "--quiet"], check=True)
        expected = files(work / "one")
        found = recipes()
        jobs = {
            "Slurm": list(slurm(found["programs.slurm"], work)),
            "Kubernetes": list(kubernetes(found["programs.yaml"])),
        }
        for scheduler, commands in jobs.items():
            out = work / scheduler
            own = {"PATH": path, "OUT": str(out), "CONFIG": str(config)}

            def environment(said):
                return {**os.environ, **said, **own}

            # One is killed when it has done something.
            command, said = commands[1]
            killed = subprocess.Popen(command, env=environment(said))
            while not list(out.glob("manifest/shard-*.json")):
                assert killed.poll() is None, f"{scheduler}: it ended by itself"
                time.sleep(0.001)
            killed.send_signal(signal.SIGKILL)
            assert killed.wait() == -signal.SIGKILL, f"{scheduler}: it was not killed"
            left = len(list(out.glob("manifest/shard-*.json")))

            def run(job):
                subprocess.run(job[0], env=environment(job[1]), check=True)

            half = len(commands) // 2
            with ThreadPoolExecutor(half) as pool:
                list(pool.map(run, commands[:half]))
            assert not (out / "README.md").exists(), f"{scheduler}: shards are missing"
            for job in commands[half:]:
                run(job)
            made = files(out)
            assert sorted(made) == sorted(expected), sorted(set(made) ^ set(expected))
            assert made == expected, [name for name in made if made[name] != expected[name]]
            print(f"{scheduler}: {len(commands)} jobs, one killed with {left} shards done; {len(made)} files are the same to the byte")


if __name__ == "__main__":
    main()
