"""Writes files as torch.save does, with the standard library alone: what the tests of the import read."""

from __future__ import annotations

import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

from checkpoints.tensors import ITEM_BYTES, Tensor, contiguous_strides
from checkpoints.torch_file import LEGACY_MAGIC, STORAGE_TYPES

STORAGE_OF = {dtype: name for name, dtype in STORAGE_TYPES.items() if name != "UntypedStorage"}


def _stand_in(module: str, name: str) -> Any:
    """Something that pickles as the global module.name."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    item = types.new_class(name)
    item.__module__ = module
    setattr(sys.modules[module], name, item)
    return item


class _Torch:
    """The names of PyTorch that a checkpoint refers to; only while one is written."""

    def __enter__(self) -> "_Torch":
        self.saved = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "torch"}
        for name in self.saved:
            del sys.modules[name]
        self.rebuild = _stand_in("torch._utils", "_rebuild_tensor_v2")
        self.storages = {dtype: _stand_in("torch", name) for dtype, name in STORAGE_OF.items()}
        return self

    def __exit__(self, *_: Any) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == "torch"]:
            del sys.modules[name]
        sys.modules.update(self.saved)


class _Rebuild:
    """Pickles as a call of _rebuild_tensor_v2."""

    def __init__(self, torch: _Torch, storage: tuple, tensor: Tensor, strides: tuple[int, ...]):
        self.call = (torch.rebuild, (storage, 0, tensor.shape, strides, False, OrderedDict()))

    def __reduce__(self) -> tuple:
        return self.call


class _Pickler(pickle.Pickler):
    def persistent_id(self, item: Any) -> Any:
        return item[1:] if isinstance(item, tuple) and item and item[0] == "persistent id" else None


class _Writer:
    """Collects storages while the tree of values is rewritten for the pickler."""

    def __init__(self, torch: _Torch, legacy: bool):
        self.torch, self.legacy = torch, legacy
        self.storages: list[tuple[str, bytes, int]] = []

    def rewritten(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            key, data = str(len(self.storages)), value.read()
            items = len(data) // ITEM_BYTES[value.dtype]
            self.storages.append((key, data, items))
            pid = ("persistent id", "storage", self.torch.storages[value.dtype], key, "cpu", items)
            strides = getattr(value, "strides", None) or contiguous_strides(value.shape)
            return _Rebuild(self.torch, pid + ((None,) if self.legacy else ()), value, strides)
        if isinstance(value, dict):
            return OrderedDict((key, self.rewritten(item)) for key, item in value.items())
        return value


def save(path: Path, value: Any, legacy: bool = False) -> None:
    """torch.save(value, path), `legacy`: as before PyTorch 1.6."""
    with _Torch() as torch:
        writer = _Writer(torch, legacy)
        tree = writer.rewritten(value)
        if legacy:
            with open(path, "wb") as file:
                for item in (LEGACY_MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}):
                    pickle.dump(item, file, 2)
                _Pickler(file, 2).dump(tree)
                pickle.dump([key for key, _, _ in writer.storages], file, 2)
                for _, data, items in writer.storages:
                    file.write(struct.pack("<q", items) + data)
            return
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            with archive.open("archive/data.pkl", "w") as file:
                _Pickler(file, 2).dump(tree)
            for key, data, _ in writer.storages:
                archive.writestr(f"archive/data/{key}", data)
            archive.writestr("archive/version", "3\n")
