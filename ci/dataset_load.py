#!/usr/bin/env python3
"""Reads a dataset's folder as its users do: dataset_load.py FOLDER [--pyprior BINARY]

With pyarrow and Hugging Face's `datasets`, offline: every config of README.md has the features and the numbers of rows that
`dataset_info` says, and the columns of the config `default` are those that `pyprior dataset columns` documents. `num_bytes` is
what pyarrow's tables take in memory, to 1 %. The report's counts are those of the rows.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import pyarrow.parquet as parquet
import yaml

TYPES = {"list of uint16": "List(uint16)", "list of string": "List(string)", "float64": "float64", "bool": "bool", "string": "string"}


# Columns that are written where they are named.
BY_CHOICE = {"examples", "examples_status", "function", "inputs", "outputs", "output_stdout", "coverage", "trace", "trace_status"}


def documented(binary):
    """Names and types of columns, as the command lists them."""
    listing = subprocess.run([binary, "dataset", "columns"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listing.splitlines():
        name, kind = line[:22].strip(), line[23:39].strip()
        kind = kind.removesuffix(" or null")
        found[name] = TYPES.get(kind, kind)
    return found


def shown(feature):
    if isinstance(feature, datasets.Value):
        return feature.dtype
    if isinstance(feature, datasets.List):
        return f"List({shown(feature.feature)})"
    return str(feature)


def check_config(folder, info, cache):
    name = info["config_name"]
    loaded = datasets.load_dataset(str(folder), name, cache_dir=cache)
    assert set(loaded) == {split["name"] for split in info["splits"]}, (name, loaded)
    memory = 0
    for split in info["splits"]:
        rows = loaded[split["name"]]
        assert len(rows) == split["num_examples"], (name, split, len(rows))
        assert rows.info.splits[split["name"]].num_examples == split["num_examples"]
    paths = [file for config in info["configs"] if config["config_name"] == name for file in config["data_files"]]
    for file in paths:
        tables = [parquet.read_table(path) for path in sorted(folder.glob(file["path"]))]
        assert tables, file
        split = next(split for split in info["splits"] if split["name"] == file["split"])
        taken = sum(table.nbytes for table in tables)
        assert abs(taken - split["num_bytes"]) <= 0.01 * taken, (name, split, taken)
        assert sum(len(table) for table in tables) == split["num_examples"]
        memory += taken
        schema = tables[0].schema
        # The card's features are those of the files, and so what was loaded without a cast.
        features = datasets.Features.from_arrow_schema(schema)
        declared = datasets.Features._from_yaml_list(info["features"])
        assert declared == features == loaded[file["split"]].features, (declared, features)
    download = sum(path.stat().st_size for file in paths for path in folder.glob(file["path"]))
    assert download == info["download_size"], (download, info["download_size"])
    print(f"{name}: {sum(map(len, loaded.values()))} rows, {len(loaded[info['splits'][0]['name']].features)} columns, "
          f"{memory} bytes in memory (dataset_info says {info['dataset_size']})")
    return loaded


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pyprior")
    args = parser.parse_args()
    readme = (args.folder / "README.md").read_text()
    front = yaml.safe_load(readme.split("---\n")[1])
    report = json.loads((args.folder / "report.json").read_text())
    with tempfile.TemporaryDirectory() as cache:
        for info in front["dataset_info"]:
            loaded = check_config(args.folder, {**info, "configs": front["configs"]}, cache)
            if info["config_name"] != "default":
                continue
            features = next(iter(loaded.values())).features
            if args.pyprior:
                expected, wanted = documented(args.pyprior), report["description"]["write"]["columns"]
                expected = {name: expected[name] for name in wanted or expected if wanted or name not in BY_CHOICE}
                found = {name: shown(feature) for name, feature in features.items()}
                assert found == expected, {name for name in expected if found.get(name) != expected[name]}
            check_report(report, loaded)
    assert "report.html" in readme and "```toml" in readme


def check_report(report, loaded):
    """Counts of the report against the rows themselves."""
    splits = list(loaded.values())
    assert report["yield"]["rows"] == sum(map(len, splits))
    checked = 0
    for name, counts in report["statistics"]["numbers"].items():
        values = [value for split in splits for value in split.with_format("arrow")[:][name].to_pylist()]
        there = [int(value) for value in values if value is not None]
        assert counts["count"] == len(there) and counts.get("nulls", 0) == len(values) - len(there), name
        assert counts["sum"] == sum(there) and (not there or (counts["min"], counts["max"]) == (min(there), max(there))), name
        exact, found = {edge: count for edge, count in counts["bins"] if edge < 256}, collections.Counter(there)
        assert exact == {value: found[value] for value in exact}, name
        checked += 1
    if "outputs" in report["statistics"]:
        printed = [text for split in splits for text in split["stdout"]]
        outputs = report["statistics"]["outputs"]
        assert outputs["rows"] == len(printed) and outputs["empty"] == printed.count("")
        by_start = {}
        for text in printed:
            key = (len(text.encode()), text[:80])
            by_start[key] = by_start.get(key, 0) + 1
        for output in outputs["frequent"].values():
            found = by_start[output["bytes"], output["start"]]
            assert output["count"] <= found and (output["shards"] < report["shards"] or output["count"] == found), output
    print(f"the report's counts of {checked} columns are those of the rows")


if __name__ == "__main__":
    sys.exit(main())
