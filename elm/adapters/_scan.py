"""The hash of a safetensors file and whether its numbers are finite, in one reading and without torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from elm._storage.weights import reading_tensors, tensor_kinds

_CHUNK = 2**20  # bytes: what was hashed is still in the processor's cache when it is looked at

# kind -> (unsigned integer of its width, bits of the exponent): all of them set mean NaN or infinity
_EXPONENTS = {
    "F64": (np.uint64, 0x7FF0_0000_0000_0000),
    "F32": (np.uint32, 0x7F80_0000),
    "F16": (np.uint16, 0x7C00),
    "BF16": (np.uint16, 0x7F80),
    "F8_E5M2": (np.uint8, 0x7C),
    "F8_E4M3": (np.uint8, 0x7F),  # has no infinity, and one NaN of each sign
}


@dataclass(frozen=True)
class Scan:
    """sha256 of a safetensors file, and the names of tensors that hold NaN or infinity."""

    sha256: str
    not_finite: tuple[str, ...]


def scan(path: str | Path) -> Scan:
    """Hash the file and look at each number once, chunk by chunk; errors as `reading_tensors`."""
    tensor_kinds(path)  # the library checks that the header is sound and its places fill the file
    with reading_tensors(path), open(path, "rb") as file:
        length = file.read(8)
        header = file.read(int.from_bytes(length, "little"))
        digest = hashlib.sha256(length + header)
        facts = {name: value for name, value in json.loads(header).items() if name != "__metadata__"}
        buffer = bytearray(_CHUNK)
        bad = []
        for name in sorted(facts, key=lambda name: facts[name]["data_offsets"]):
            begin, end = facts[name]["data_offsets"]
            if not _finite(file, end - begin, facts[name]["dtype"], digest, buffer):
                bad.append(name)
        return Scan(digest.hexdigest(), tuple(bad))


def _finite(file: BinaryIO, size: int, kind: str, digest: hashlib._Hash, buffer: bytearray) -> bool:
    """Add the next `size` bytes to the digest; whether all numbers in them are finite."""
    width, mask = _EXPONENTS.get(kind, (np.uint8, 0))
    finite = True
    for at in range(0, size, len(buffer)):
        part = memoryview(buffer)[: min(size - at, len(buffer))]
        if file.readinto(part) != len(part):  # type: ignore[attr-defined]
            raise ValueError("it ends before its tensors do")
        digest.update(part)
        if mask and finite:
            numbers = np.frombuffer(part, width)
            finite = bool(((numbers & width(mask)) != mask).all())
    return finite
