"""What ci/object-store asks an S3 server for, through pyarrow."""

import os
import pathlib
import socket
import sys
import time

import pyarrow.dataset as dataset
from pyarrow import fs


def server():
    return fs.S3FileSystem(
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        endpoint_override=os.environ["AWS_ENDPOINT"].removeprefix("http://"),
        scheme="http",
        region=os.environ["AWS_REGION"],
        allow_bucket_creation=True,
    )


def files(root):
    """Every object under a name, with its size."""
    found = server().get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    return {info.path: info.size for info in found if info.is_file}


def ports():
    """Four ports that nobody has, each with the one 10,000 above, which SeaweedFS takes too."""
    taken, found = [], []
    while len(found) < 4:
        first = socket.socket()
        first.bind(("127.0.0.1", 0))
        taken.append(first)
        port = first.getsockname()[1]
        second = socket.socket()
        taken.append(second)
        try:
            second.bind(("127.0.0.1", port + 10_000))
        except (OSError, OverflowError):
            continue
        found.append(port)
    print(*found)


def bucket(name):
    for _ in range(60):
        try:
            return server().create_dir(name)
        except OSError as error:
            last = error
            time.sleep(1)
    sys.exit(f"the server does not answer: {last}")


def wait(prefix):
    folder = prefix.rpartition("/")[0]
    for _ in range(2_000):
        if any(path.startswith(prefix) for path in files(folder)):
            return
        time.sleep(0.05)
    sys.exit(f"no {prefix} came")


def show(root):
    for path, size in sorted(files(root).items()):
        print(f"{size:>10} {path}")


def compare(root, folder):
    there, folder = files(root), pathlib.Path(folder)
    here = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert sorted(there) == sorted(f"{root}/{name}" for name in here), (sorted(there), sorted(here))
    largest = 0
    for name, path in here.items():
        with server().open_input_file(f"{root}/{name}") as file:
            assert file.read() == path.read_bytes(), name
        largest = max(largest, path.stat().st_size)
    print(f"{len(here)} objects of {root} are the files of the folder to the byte; the largest has {largest} bytes")


def read(root, rows):
    found = dataset.dataset(f"{root}/data", filesystem=server(), format="parquet")
    table = found.to_table(columns=["id", "stdout"])
    assert table["id"].to_pylist() == list(range(int(rows)))
    assert all(table["stdout"].to_pylist())
    print(f"{len(table)} rows in {len(found.files)} files")


def put(path):
    with server().open_output_stream(path) as file:
        file.write(b"years of work")


if __name__ == "__main__":
    command = {"ports": ports, "bucket": bucket, "wait": wait, "list": show, "compare": compare, "read": read, "put": put}
    command[sys.argv[1]](*sys.argv[2:])
