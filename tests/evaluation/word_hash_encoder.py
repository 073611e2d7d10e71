"""A deterministic encoder of texts, for worlds whose answers can be proved."""

import re
import zlib

import numpy as np


class WordHashEncoder:
    """Bag of words of four letters or more, hashed to signed places, rows of length 1; keeps what it was asked."""

    def __init__(self, dim=256):
        self.dim, self.asked = dim, []

    def encode(self, texts):
        self.asked.extend(texts)
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w{4,}", text.lower()):
                key = zlib.crc32(word.encode())
                row[key % self.dim] += 1.0 if key & 0x10000 else -1.0
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
