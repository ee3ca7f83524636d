"""Tensors as bytes with a type and a shape: what an import needs of an array library, with the standard library alone."""

from __future__ import annotations

import json
import os
import struct
import sys
from array import array
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from typing import Any, Callable

ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
# Types that hold values of the same size, for slicing with steps.
_CARRIERS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_CHUNK = 1 << 16
_MAX_HEADER = 16 << 20  # 100,000 tensors
_MAX_FILES = 1000
_MAX_TENSORS = 50_000
_MAX_NAME = 1000
_MAX_DIMENSIONS = 16
_MAX_EXTENT = 1 << 48

if sys.byteorder != "little":
    raise ImportError("checkpoints are little endian, and so must be the machine that imports them")


class CheckpointError(Exception):
    """What is wrong with a checkpoint, in one line."""


def check_extents(values: Any) -> tuple[int, ...]:
    """A shape, strides or counts: a few whole numbers of sizes that exist."""
    if not isinstance(values, (tuple, list)) or len(values) > _MAX_DIMENSIONS or \
            not all(isinstance(n, int) and 0 <= n < _MAX_EXTENT for n in values):
        raise CheckpointError("holds a tensor with a size that is no size")
    return tuple(values)


@dataclass
class Tensor:
    """Values in row-major order, read when they are needed."""

    dtype: str
    shape: tuple[int, ...]
    read: Callable[[], bytes]
    span: int = 0  # bytes of the file that reading looks at, where they are more than its own

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def cost(self) -> int:
        """Bytes that reading handles."""
        return max(self.size * ITEM_BYTES[self.dtype], self.span)

    @property
    def is_float(self) -> bool:
        return self.dtype in ("F64", "F32", "F16", "BF16")


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for extent in reversed(shape):
        strides.insert(0, step)
        step *= max(extent, 1)
    return tuple(strides)


def is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    return all(extent == 1 or stride == wanted
               for extent, stride, wanted in zip(shape, strides, contiguous_strides(shape)))


def check_cost(tensors: dict[str, Tensor], file_bytes: int) -> None:
    """A few bytes must not become gigabytes: views of a storage may overlap and repeat, but not without end."""
    if len(tensors) > _MAX_TENSORS:
        raise CheckpointError(f"holds {len(tensors)} tensors, more than {_MAX_TENSORS}")
    allowed = 4 * file_bytes + (16 << 20)
    for name, tensor in tensors.items():
        allowed -= tensor.cost
        if allowed < 0:
            raise CheckpointError(f"holds tensors of many times its {file_bytes} bytes, {name} among them")
        if len(name) > _MAX_NAME:
            raise CheckpointError(f"holds a tensor whose name has {len(name)} letters")


def gather(storage: bytes, dtype: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """The values of a view of a storage, row-major. Offset and strides count items."""
    width = ITEM_BYTES[dtype]
    if is_contiguous(shape, strides):
        return bytes(storage[offset * width:(offset + prod(shape)) * width])
    values = array(_CARRIERS[width], bytes(storage))
    out = array(_CARRIERS[width])

    def append(at: int, axis: int) -> None:
        if axis + 1 < len(shape):
            for i in range(shape[axis]):
                append(at + i * strides[axis], axis + 1)
        elif strides[axis] > 0:
            out.extend(values[at:at + (shape[axis] - 1) * strides[axis] + 1:strides[axis]])
        else:
            out.extend(values[at:at + 1] * shape[axis])

    if prod(shape) > 0:
        append(offset, 0)
    return out.tobytes()


def last_axis_first(tensor: Tensor) -> Tensor:
    """[..., n] -> [n, ...]"""
    width, last = ITEM_BYTES[tensor.dtype], tensor.shape[-1]

    def read() -> bytes:
        values = array(_CARRIERS[width], tensor.read())
        return b"".join(values[i::last].tobytes() for i in range(last))

    return Tensor(tensor.dtype, (last, *tensor.shape[:-1]), read)


def rows(tensor: Tensor, begin: int, end: int) -> Tensor:
    """Rows [begin, end) of the first axis."""
    step = prod(tensor.shape[1:]) * ITEM_BYTES[tensor.dtype]
    return Tensor(tensor.dtype, (end - begin, *tensor.shape[1:]), lambda: tensor.read()[begin * step:end * step])


def as_floats(tensor: Tensor) -> array:
    """The values in single precision."""
    data = tensor.read()
    if tensor.dtype == "F32":
        return array("f", data)
    if tensor.dtype == "F64":
        return array("f", array("d", data))
    if tensor.dtype == "BF16":  # the upper half of a single
        wide = bytearray(2 * len(data))
        wide[2::4], wide[3::4] = data[0::2], data[1::2]
        return array("f", bytes(wide))
    if tensor.dtype == "F16":
        return array("f", (value for value, in struct.iter_unpack("<e", data)))
    raise CheckpointError(f"holds {tensor.dtype} where numbers with a fraction are needed")


def converted(tensor: Tensor, dtype: str) -> Tensor:
    """The same values as F32 or F16. A value beyond the range of F16 is refused."""

    def read() -> bytes:
        if tensor.dtype == dtype:
            return tensor.read()
        values = as_floats(tensor)
        if dtype == "F32":
            return values.tobytes()
        try:
            return b"".join(struct.pack(f"<{len(part)}e", *part) for part in
                            (values[i:i + _CHUNK] for i in range(0, len(values), _CHUNK)))
        except OverflowError:
            raise CheckpointError("holds a value beyond 65504, which F16 cannot; use --dtype F32") from None

    return Tensor(dtype, tensor.shape, read)


def parse_json(text: bytes | str) -> Any:
    """Raises ValueError for whatever is wrong with it."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def load_safetensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file."""
    total = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else total
        if length > min(total - 8, _MAX_HEADER):
            raise CheckpointError("is no safetensors file: its header is longer than the file, or than 16 MiB")
        try:
            header = parse_json(file.read(length))
            if not isinstance(header, dict):
                raise ValueError("its header is no object")
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            return {name: _safetensors_entry(path, 8 + length, total, entry) for name, entry in entries.items()}
        except (ValueError, KeyError, TypeError) as problem:
            raise CheckpointError(f"is no safetensors file: {problem}") from None


def safetensors_parts(index: Path) -> dict[str, str]:
    """What an index (NAME.safetensors.index.json) lists: the file of each tensor."""
    try:
        if index.stat().st_size > _MAX_HEADER:
            raise ValueError("it is larger than 16 MiB")
        names = parse_json(index.read_bytes())["weight_map"]
        if not all(isinstance(file, str) and Path(file).name == file for file in names.values()):
            raise ValueError("it names files elsewhere")
        if len(set(names.values())) > _MAX_FILES:
            raise ValueError(f"it names more than {_MAX_FILES} files")
        return names
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise CheckpointError(f"is no index of safetensors files: {problem}") from None


def load_safetensors_parts(index: Path) -> dict[str, Tensor]:
    """All tensors of the files that an index lists, which lie beside it."""
    names = safetensors_parts(index)
    files = sorted(set(names.values()))
    tensors = {name: tensor for file in files for name, tensor in load_safetensors(index.parent / file).items()}
    missing = [name for name in names if name not in tensors]
    if missing:
        raise CheckpointError(f"lists {missing[0]}, which {names[missing[0]]} does not hold")
    return tensors


def _safetensors_entry(path: Path, base: int, total: int, entry: dict) -> Tensor:
    dtype, shape = entry["dtype"], check_extents(entry["shape"])
    begin, end = check_extents(entry["data_offsets"])
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES or not begin <= end <= total - base or \
            end - begin != prod(shape) * ITEM_BYTES[dtype]:
        raise ValueError(f"a tensor of type {dtype} and shape {list(shape)} does not fit its bytes")

    def read() -> bytes:
        with open(path, "rb") as file:
            file.seek(base + begin)
            return file.read(end - begin)

    return Tensor(dtype, shape, read)


def save_safetensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Writes the tensors one by one, then renames the file into place."""
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = tensor.size * ITEM_BYTES[tensor.dtype]
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    temporary = Path(f"{path}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name, tensor in tensors.items():
                try:
                    data = tensor.read()
                except CheckpointError as problem:
                    raise CheckpointError(f"{name} {problem}") from None
                if len(data) != tensor.size * ITEM_BYTES[tensor.dtype]:
                    raise CheckpointError(f"ends before the last value of {name}")
                if not isfinite(sum(as_floats(Tensor(tensor.dtype, tensor.shape, lambda: data)))):
                    raise CheckpointError(f"{name} holds values that are not finite")
                file.write(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
