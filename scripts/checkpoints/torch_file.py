"""Reads files of torch.save without PyTorch and without running what they hold.

A checkpoint is a pickle, and a pickle is a program. The reader here (pickle_reader) knows the few functions that rebuild
tensors, takes objects of optimisers and of numpy for what they are not needed for (nothing of them is ever imported or
called), and refuses every other name: torch.load(weights_only=True) for any version.

Two layouts exist: a zip archive (PyTorch 1.6 and later: data.pkl, data/0, data/1, ...) and a sequence of pickles
followed by the storages (before, and `.t7` files of that time). Nothing is taken out of an archive that is compressed:
torch.save never does, and a few bytes could become gigabytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from .pickle_reader import PickleReader, Placeholder
from .tensors import ITEM_BYTES, CheckpointError, Tensor, check_extents, gather, is_contiguous

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
MAX_PICKLE_BYTES = 256 << 20
STORAGE_TYPES = {"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16",
                 "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
                 "ByteStorage": "U8", "BoolStorage": "BOOL", "UntypedStorage": "U8"}
DTYPES = {"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
          "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL"}
# Packages whose objects stand beside the weights: they become placeholders.
HARMLESS = ("torch", "numpy", "argparse", "addict", "collections")


@dataclass(frozen=True)
class Storage:
    """A run of values somewhere in the file."""

    dtype: str
    items: int
    read: Callable[[int, int], bytes]  # first byte, bytes
    first: int = 0  # of a view of another storage


def rebuild_tensor(storage: Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> Tensor:
    if not isinstance(storage, Storage):
        raise CheckpointError("holds a tensor without a storage")
    shape, strides = check_extents(shape), check_extents(strides)
    (offset,) = check_extents((offset,))
    if len(shape) != len(strides):
        raise CheckpointError("holds a tensor whose shape and strides differ in length")
    reach = sum((n - 1) * step for n, step in zip(shape, strides)) + 1 if all(shape) else 0
    first, width = offset + storage.first, ITEM_BYTES[storage.dtype]
    if reach > 0 and first + reach > storage.items:
        raise CheckpointError(f"holds a tensor of shape {list(shape)} that reaches beyond its storage")

    def read() -> bytes:
        data = storage.read(first * width, reach * width)
        return data if is_contiguous(shape, strides) else gather(data, storage.dtype, 0, shape, strides)

    return Tensor(storage.dtype, shape, read, reach * width)


def rebuild_tensor_of_bytes(storage: Storage, offset: int, shape: tuple, strides: tuple, _: bool, __: Any, dtype: str,
                            *___: Any) -> Tensor:
    if not isinstance(storage, Storage) or not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise CheckpointError("holds a tensor of an unknown type")
    typed = Storage(dtype, storage.items // ITEM_BYTES[dtype], storage.read)
    return rebuild_tensor(typed, offset, shape, strides)


def rebuild_parameter(tensor: Tensor, *_: Any) -> Tensor:
    return tensor


def rebuild_dictionary(items: Any = (), *_: Any) -> dict:
    """OrderedDict(), whose items follow; items as arguments were written by Python 2."""
    pairs = items if isinstance(items, (list, tuple)) else ()
    return {pair[0]: pair[1] for pair in pairs
            if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], (str, int))}


def rebuild_size(extents: Any = ()) -> tuple:
    return tuple(extents) if isinstance(extents, (list, tuple)) else ()


KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): rebuild_dictionary,
    ("torch", "Size"): rebuild_size,
    ("torch._utils", "_rebuild_tensor"): rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): rebuild_tensor_of_bytes,
    ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
    ("builtins", "set"): Placeholder,
    ("__builtin__", "set"): Placeholder,
    # What a method of a learning rate schedule is pickled as.
    ("builtins", "getattr"): Placeholder,
    ("__builtin__", "getattr"): Placeholder,
    ("_codecs", "encode"): Placeholder,
}


def find_global(module: str, name: str) -> Any:
    """What a pickle may refer to."""
    if (module, name) in KNOWN:
        return KNOWN[module, name]
    if module in ("torch", "torch.storage") and name in STORAGE_TYPES:
        return STORAGE_TYPES[name]
    if module == "torch" and name in DTYPES:
        return DTYPES[name]
    if module.split(".")[0] in HARMLESS:
        return Placeholder
    raise CheckpointError(f"wants to run {module}.{name}, which no weights need: refused (of a whole model, save "
                          "model.state_dict())")


def check_storage(pid: Any) -> tuple:
    """A persistent id: ("storage", type, key, place, items[, view])."""
    if isinstance(pid, tuple) and len(pid) > 1 and pid[1] is Placeholder:
        raise CheckpointError("holds values of a type that is not known here (quantised, complex, ...)")
    if not isinstance(pid, tuple) or len(pid) < 5 or not isinstance(pid[0], str) or pid[0] != "storage" or \
            not isinstance(pid[1], str) or pid[1] not in ITEM_BYTES or not isinstance(pid[2], str):
        raise CheckpointError("refers to something that is no storage")
    check_extents((pid[4],))
    return pid


def load(path: Path) -> Any:
    """What torch.save was given, with a Tensor for every tensor.

    Raises CheckpointError, in one line, for whatever is wrong with the file.
    """
    if path.stat().st_size == 0:
        raise CheckpointError("is empty")
    try:
        if zipfile.is_zipfile(path):
            return _load_zip(path)
        return _load_legacy(path)
    except (CheckpointError, OSError, MemoryError):
        raise
    except Exception as problem:  # a damaged archive can raise anything
        text = " ".join(str(problem).split()) or type(problem).__name__
        raise CheckpointError(f"is no PyTorch checkpoint: {text}") from None


class _Member:
    """A file in the archive, stored as it is. Its checksum is looked at before the first byte is used."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path):
        self.archive, self.member, self.path, self.begin = archive, member, path, -1

    def read(self, first: int, count: int) -> bytes:
        if self.begin < 0:
            self.begin = self._checked_begin()
        with open(self.path, "rb") as file:
            file.seek(self.begin + first)
            return file.read(count)

    def _checked_begin(self) -> int:
        try:
            with self.archive.open(self.member) as file:
                while file.read(1 << 20):
                    pass
        except Exception as problem:
            raise CheckpointError(f"is damaged: {problem}") from None
        with open(self.path, "rb") as file:  # the header before the bytes, whose length only itself tells
            file.seek(self.member.header_offset)
            names, extra = struct.unpack("<26xHH", file.read(30))
        return self.member.header_offset + 30 + names + extra


def _stored(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A small member."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > limit:
        raise CheckpointError(f"holds {name} compressed or in more than {limit} bytes, as torch.save never does")
    return archive.read(member)


def _load_zip(path: Path) -> Any:
    archive = zipfile.ZipFile(path)
    pickles = [name for name in archive.namelist() if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise CheckpointError("is a zip archive without data.pkl, expected a checkpoint (TorchScript is none)")
    root = pickles[0][:-len("data.pkl")]
    if root + "byteorder" in archive.namelist() and _stored(archive, root + "byteorder", 16) != b"little":
        raise CheckpointError("was written by a big-endian machine")
    members: dict[str, _Member] = {}

    def find_storage(pid: Any) -> Storage:
        _, dtype, key, _, items = check_storage(pid)[:5]
        if key not in members:
            members[key] = _Member(archive, archive.getinfo(f"{root}data/{key}"), path)
        member = members[key].member
        if member.compress_type != zipfile.ZIP_STORED or member.file_size < items * ITEM_BYTES[dtype]:
            raise CheckpointError(f"holds a storage {key} of {member.file_size} bytes, expected {items} {dtype}")
        return Storage(dtype, items, members[key].read)

    data = _stored(archive, pickles[0], MAX_PICKLE_BYTES)
    return PickleReader(io.BytesIO(data), len(data), find_global, find_storage).load()


def _load_legacy(path: Path) -> Any:
    places: dict[str, tuple[int, int]] = {}  # key -> first byte, bytes; known after the pickles

    def reader_of(key: str) -> Callable[[int, int], bytes]:
        def read(first: int, count: int) -> bytes:
            begin, size = places.get(key, (0, 0))
            if first + count > size:
                raise CheckpointError(f"refers to values beyond the end of its storage {key}")
            with open(path, "rb") as data:
                data.seek(begin + first)
                return data.read(count)

        return read

    widths: dict[str, int] = {}

    def find_storage(pid: Any) -> Storage:
        _, dtype, key, _, items = check_storage(pid)[:5]
        view = pid[5] if len(pid) > 5 else None
        widths[key] = ITEM_BYTES[dtype]
        if view is None:
            return Storage(dtype, items, reader_of(key))
        if not isinstance(view, tuple) or len(view) < 3:
            raise CheckpointError("refers to something that is no storage")
        first, count = check_extents(view[1:3])
        return Storage(dtype, first + count, reader_of(key), first)

    total = path.stat().st_size
    with open(path, "rb") as file:
        reader = PickleReader(file, min(total, MAX_PICKLE_BYTES), find_global, find_storage)
        if reader.load() != LEGACY_MAGIC:
            raise CheckpointError("is no PyTorch checkpoint")
        reader.load()  # version of the protocol
        system = reader.load()
        if not isinstance(system, dict) or system.get("little_endian") is not True:
            raise CheckpointError("was written by a big-endian machine")
        whole = reader.load()
        keys = reader.load()
        for key in keys if isinstance(keys, list) else []:
            count = file.read(8)
            width = widths.get(key, 0) if isinstance(key, str) else 0
            size = struct.unpack("<q", count)[0] * width if len(count) == 8 else -1
            if size < 0 or file.tell() + size > total:
                raise CheckpointError("ends before its last tensor")
            places[str(key)] = (file.tell(), size)
            file.seek(size, 1)
    return whole
