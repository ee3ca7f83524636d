"""Reads files of torch.save without PyTorch and without running what they hold.

A checkpoint is a pickle, and a pickle is a program. The unpickler here knows the few functions that rebuild tensors,
takes objects of optimisers and of numpy for what they are not needed for (nothing of them is ever imported or called),
and refuses every other name: torch.load(weights_only=True) for any version.

Two layouts exist: a zip archive (PyTorch 1.6 and later: data.pkl, data/0, data/1, ...) and a sequence of pickles
followed by the storages (before, and `.t7` files of that time).
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Callable

from .tensors import ITEM_BYTES, CheckpointError, Tensor, gather

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
MAX_PICKLE_BYTES = 256 << 20
STORAGE_TYPES = {"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16",
                 "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
                 "ByteStorage": "U8", "BoolStorage": "BOOL", "UntypedStorage": "U8"}
DTYPES = {"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
          "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL"}
# Packages whose objects stand beside the weights: they become placeholders.
HARMLESS = ("torch", "numpy", "argparse", "addict", "collections")


class Placeholder:
    """Stands for an object that is not rebuilt. Takes whatever a pickle does to it and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> "Placeholder":
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def _ignore(self, *_: Any, **__: Any) -> "Placeholder":
        return self

    __setstate__ = __call__ = __setitem__ = append = extend = update = add = _ignore


@dataclass(frozen=True)
class Storage:
    """A run of values somewhere in the file."""

    dtype: str
    items: int
    read: Callable[[], bytes]
    first: int = 0  # of a view of another storage


def rebuild_tensor(storage: Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> Tensor:
    if not isinstance(storage, Storage):
        raise CheckpointError("holds a tensor without a storage")
    shape, strides, offset = tuple(shape), tuple(strides), offset + storage.first
    whole = all(isinstance(n, int) and n >= 0 for n in (offset, *shape, *strides)) and len(shape) == len(strides)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides)) if whole else -1
    if not whole or (prod(shape) > 0 and last >= storage.items):
        raise CheckpointError(f"holds a tensor of shape {list(shape)} that reaches beyond its storage")
    return Tensor(storage.dtype, shape, lambda: gather(storage.read(), storage.dtype, offset, shape, strides))


def rebuild_tensor_of_bytes(storage: Storage, offset: int, shape: tuple, strides: tuple, _: bool, __: Any, dtype: str,
                            *___: Any) -> Tensor:
    if not isinstance(storage, Storage) or dtype not in ITEM_BYTES:
        raise CheckpointError("holds a tensor of an unknown type")
    typed = Storage(dtype, storage.items // ITEM_BYTES[dtype], storage.read)
    return rebuild_tensor(typed, offset, shape, strides)


def rebuild_parameter(tensor: Tensor, *_: Any) -> Tensor:
    return tensor


KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): rebuild_tensor_of_bytes,
    ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    # What a method of a learning rate schedule is pickled as.
    ("builtins", "getattr"): Placeholder,
    ("__builtin__", "getattr"): Placeholder,
    ("_codecs", "encode"): Placeholder,
}


class SafeUnpickler(pickle.Unpickler):
    """Rebuilds tensors and plain values; asks `find_storage` for what persistent ids name."""

    def __init__(self, file: BinaryIO, find_storage: Callable[[tuple], Storage]):
        super().__init__(file)
        self.find_storage = find_storage

    def find_class(self, module: str, name: str) -> Any:
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

    def persistent_load(self, pid: Any) -> Storage:
        if isinstance(pid, tuple) and len(pid) > 1 and pid[1] is Placeholder:
            raise CheckpointError("holds values of a type that is not known here (quantised, complex, ...)")
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or pid[1] not in ITEM_BYTES or \
                not isinstance(pid[4], int) or pid[4] < 0:
            raise CheckpointError("refers to something that is no storage")
        return self.find_storage(pid)


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
    except (CheckpointError, OSError):
        raise
    except Exception as problem:  # a hostile pickle can raise anything
        text = " ".join(str(problem).split()) or type(problem).__name__
        raise CheckpointError(f"is no PyTorch checkpoint: {text}") from None


def _load_zip(path: Path) -> Any:
    archive = zipfile.ZipFile(path)
    pickles = [name for name in archive.namelist() if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise CheckpointError("is a zip archive without data.pkl, expected a checkpoint (TorchScript is none)")
    root = pickles[0][:-len("data.pkl")]
    if root + "byteorder" in archive.namelist() and archive.read(root + "byteorder") != b"little":
        raise CheckpointError("was written by a big-endian machine")

    def find_storage(pid: tuple) -> Storage:
        _, dtype, key, _, items = pid[:5]
        member = archive.getinfo(f"{root}data/{key}")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size < items * ITEM_BYTES[dtype]:
            raise CheckpointError(f"holds a storage {key} of {member.file_size} bytes, expected {items} {dtype}")
        return Storage(dtype, items, lambda: archive.read(member))

    if archive.getinfo(pickles[0]).file_size > MAX_PICKLE_BYTES:
        raise CheckpointError("describes its tensors in more than 256 MiB")
    with archive.open(pickles[0]) as file:
        return SafeUnpickler(file, find_storage).load()


def _load_legacy(path: Path) -> Any:
    places: dict[str, tuple[int, int]] = {}  # key -> first byte, bytes; known after the pickles

    def read(key: str) -> bytes:
        begin, size = places[key]
        with open(path, "rb") as data:
            data.seek(begin)
            return data.read(size)

    widths: dict[str, int] = {}

    def find_storage(pid: tuple) -> Storage:
        _, dtype, key, _, items = pid[:5]
        view = pid[5] if len(pid) > 5 else None
        widths[key] = ITEM_BYTES[dtype]
        first = view[1] if view is not None else 0
        return Storage(dtype, first + (view[2] if view is not None else items), lambda: read(key), first)

    with open(path, "rb") as file:
        if SafeUnpickler(file, find_storage).load() != LEGACY_MAGIC:
            raise CheckpointError("is no PyTorch checkpoint")
        SafeUnpickler(file, find_storage).load()  # version of the protocol
        if SafeUnpickler(file, find_storage).load().get("little_endian") is not True:
            raise CheckpointError("was written by a big-endian machine")
        whole = SafeUnpickler(file, find_storage).load()
        total = path.stat().st_size
        for key in SafeUnpickler(file, find_storage).load():
            count = file.read(8)
            size = struct.unpack("<q", count)[0] * widths[key] if len(count) == 8 else -1
            if size < 0 or file.tell() + size > total:
                raise CheckpointError("ends before its last tensor")
            places[key] = (file.tell(), size)
            file.seek(size, 1)
    return whole
