#!/usr/bin/env python3
"""Checks a dataset's folder with tools that are not ours: dataset_check.py FOLDER [--rows N] [--pyprior BINARY]

Reads every shard with pyarrow, checks the schema, the ids and the manifest, runs N rows (10,000 unless told otherwise, spread
evenly) with this Python and compares what they print with column stdout, and the tokens with those that pyprior encodes
from the source.
"""

import argparse
import contextlib
import hashlib
import io
import json
import pathlib
import subprocess
import sys

import pyarrow.parquet as parquet

TYPES = {
    "id": "uint64", "tokens": "list<element: uint16 not null>", "length": "uint32", "source": "string",
    "compression": "double", "statements": "uint32", "expr_depth": "uint32", "control_depth": "uint32",
    "functions": "uint32", "call_value_used": "bool", "step_bound": "uint64", "status": "string",
    "largest_constant": "uint64", "largest_printed": "uint64", "stopped_at": "uint32", "stdout": "string", "lines": "uint32", "steps": "uint64", "log_prior": "double",
    "log_model": "double", "seed": "uint64", "row": "uint64",
}


class Stopped(Exception):
    """The program has printed all that the row has of it."""


class Output(io.StringIO):
    """Takes so many characters; with eager, it stops the program as soon as it has them."""

    def __init__(self, limit, eager):
        super().__init__()
        self.limit, self.eager = limit, eager

    def write(self, text):
        # print() writes text and end apart.
        if self.tell() + len(text) > self.limit:
            raise Stopped
        super().write(text)
        if self.eager and self.tell() == self.limit:
            raise Stopped


def printed(source, limit, eager=False):
    """What a program prints, up to a number of characters, and whether it was stopped there."""
    out, stopped = Output(limit, eager), False
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(source, "<row>", "exec"), {})
        except Stopped:
            stopped = True
    return out.getvalue(), stopped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pyprior")
    args = parser.parse_args()
    manifest = json.loads((args.folder / "manifest/dataset.json").read_text())
    rows = manifest["description"]["rows"]
    next_id, sampled = 0, []
    for shard in range(manifest["shards"]):
        record = json.loads((args.folder / f"manifest/shard-{shard:05}.json").read_text())
        for file in record["files"]:
            data = (args.folder / file["path"]).read_bytes()
            assert len(data) == file["bytes"], file
            assert hashlib.sha256(data).hexdigest() == file["sha256"], file
        path = args.folder / next(file["path"] for file in record["files"] if file["path"].endswith(".parquet"))
        file = parquet.ParquetFile(path)
        for field in file.schema_arrow:
            expected = TYPES.get(field.name, "uint32")
            assert str(field.type) == expected, f"{field.name} is {field.type}, not {expected}"
        origin = json.loads(file.metadata.metadata[b"pyprior"])
        assert origin["description"] == manifest["description"] and origin["shard"] == shard
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                assert row["id"] == next_id, (row["id"], next_id)
                assert row["length"] == len(row["tokens"])
                assert row["row"] >> 32 == shard
                if row["id"] * args.rows // rows != (row["id"] - 1) * args.rows // rows:
                    sampled.append(row)
                next_id += 1
    assert next_id == rows, (next_id, rows)
    differ, ran = 0, 0
    for row in sampled:
        if row["status"] in ("out_of_fuel", "integer_limit"):
            # CPython would go on, perhaps for years: what was printed is how its output starts.
            text, _ = printed(row["source"], len(row["stdout"]), True) if row["stdout"] else ("", True)
        else:
            text, more = printed(row["source"], len(row["stdout"]))
            if more != (row["status"] == "output_limit"):
                differ += 1
        ran += 1
        if text != row["stdout"]:
            differ += 1
            print(f"row {row['id']}: {text!r} is not {row['stdout']!r}\n{row['source']}", file=sys.stderr)
    print(f"{rows} rows in {manifest['shards']} shards; {ran} run again, {differ} differ")
    if args.pyprior:
        knobs = manifest["description"]["language"]
        low, high = knobs["value_range"]
        for row in sampled[:100]:
            command = [args.pyprior, "encode", "-", "--format", "tokens", "--value-range", str(low), str(high)]
            result = subprocess.run(command, input=row["source"], capture_output=True, text=True, check=True)
            assert [int(token) for token in result.stdout.split()] == row["tokens"], row["id"]
        print("100 sources encode to their tokens")
    sys.exit(differ > 0)


if __name__ == "__main__":
    main()
