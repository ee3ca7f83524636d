"""Reading and writing of safetensors files with numpy alone.

Layout: u64 little-endian length of the header, JSON header padded with spaces to a multiple of 8 bytes, then the
tensors, each aligned to its type, contiguous and without gaps.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "U8": "|u1"}
NAMES = {np.dtype(dtype): name for name, dtype in TYPES.items()}


def load(path: str | Path) -> dict[str, np.ndarray]:
    """All tensors of a file by name."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    body = memoryview(data)[8 + length:]
    return {name: np.frombuffer(body[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def save(path: str | Path, tensors: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> None:
    """Writes the tensors in the given order, then renames the file into place; wider types must come first."""
    header: dict[str, dict] = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name, tensor in tensors.items():
        if offset % tensor.itemsize:
            raise ValueError(f"{name}: not aligned to its type behind {offset} bytes of other tensors")
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    temporary = Path(f"{path}.tmp")
    with open(temporary, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())
    os.replace(temporary, path)
