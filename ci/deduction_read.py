#!/usr/bin/env python3
"""What docs/deduction.md reads in Python, on a folder of any size: deduction_read.py FOLDER"""

import contextlib
import io
import sys

import pyarrow.compute as pc
import pyarrow.dataset as ds
from datasets import load_dataset

folder = sys.argv[1]
tasks = load_dataset(folder, "deduction")
print({split: len(rows) for split, rows in sorted(tasks.items())})
first = tasks["train"][0]
print(first["prompt"] + first["answer"])
test = tasks["test"].shuffle(seed=0)
checked = test.select(range(min(10_000, len(test))))
for row in checked:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(row["prompt"] + row["answer"], {})
print(f"{len(checked)} answers are CPython's")
table = ds.dataset(f"{folder}/deduction", format="parquet")
short = table.to_table(columns=["prompt", "answer"], filter=pc.field("length") <= 30)
print(f"{table.count_rows()} tasks, {short.num_rows} of at most 30 tokens")
assert table.count_rows() == sum(map(len, tasks.values())) and short.num_rows > 0 and checked
