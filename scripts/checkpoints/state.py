"""From what a checkpoint holds to its weights under plain names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import torch_file
from .tensors import CheckpointError, Tensor, load_safetensors

# Keys under which training code keeps the weights, and under which it keeps the hyper-parameters.
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights")
CONFIGS = ("config", "model_config", "hyper_parameters")
PREFIXES = ("module.", "backbone.", "model.", "net.")
NOT_WEIGHTS = ("num_batches_tracked", "inv_freq")


@dataclass
class Checkpoint:
    """Weights, stored hyper-parameters, and what was done to get at them."""

    tensors: dict[str, Tensor]
    config: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    buffers: set[str] = field(default_factory=set)  # last parts of the names that were dropped


def read_checkpoint(path: Path, prefix: str = "") -> Checkpoint:
    """Reads a .safetensors file or one of torch.save.

    `prefix`: keep only tensors whose names start with it, without it; for files that hold several networks.
    """
    if path.suffix == ".safetensors":
        checkpoint = Checkpoint(load_safetensors(path))
    else:
        checkpoint = unwrapped(torch_file.load(path))
    if prefix:
        kept = {name[len(prefix):]: t for name, t in checkpoint.tensors.items() if name.startswith(prefix)}
        checkpoint.notes.append(f"kept {len(kept)} of {len(checkpoint.tensors)} tensors, those under {prefix}")
        checkpoint.tensors = kept
    checkpoint.buffers = {end for end in NOT_WEIGHTS for name in checkpoint.tensors if name.endswith(end)}
    weights = {name: t for name, t in checkpoint.tensors.items() if not name.endswith(NOT_WEIGHTS)}
    if len(weights) < len(checkpoint.tensors):
        checkpoint.notes.append(f"left out {len(checkpoint.tensors) - len(weights)} counters and constants "
                                f"({', '.join(sorted(checkpoint.buffers))})")
    checkpoint.tensors = strip_prefixes(weights, checkpoint.notes)
    if not checkpoint.tensors:
        raise CheckpointError("holds no weights, expected a state dict (not a whole pickled model)")
    for name, tensor in checkpoint.tensors.items():
        if not tensor.is_float:
            raise CheckpointError(f"{name} holds {tensor.dtype}, expected numbers with a fraction")
    return checkpoint


def unwrapped(value: Any) -> Checkpoint:
    """The state dict inside the dictionaries that training code puts around it."""
    config: dict[str, Any] = {}
    notes: list[str] = []
    while isinstance(value, Mapping):
        for key in CONFIGS:
            if isinstance(value.get(key), Mapping):
                config = {str(name): plain(item) for name, item in value[key].items()}
                notes.append(f"hyper-parameters stored under {key}")
        tensors = {str(name): t for name, t in value.items() if isinstance(t, Tensor)}
        if tensors:
            return Checkpoint(tensors, config, notes)
        inner = next((key for key in WRAPPERS if isinstance(value.get(key), Mapping)), None)
        if inner is None:
            break
        notes.append(f"weights under {inner}")
        value = value[inner]
    return Checkpoint({}, config, notes)


def plain(value: Any) -> Any:
    return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def strip_prefixes(tensors: dict[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Names without what wrappers of the training put before them."""
    counts: dict[str, int] = {}
    stripped: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        plain_name = name
        while plain_name.startswith(PREFIXES):
            plain_name = plain_name.split(".", 1)[1]
        prefix = name[:len(name) - len(plain_name)]
        if prefix:
            counts[prefix] = counts.get(prefix, 0) + 1
        if plain_name in stripped:
            raise CheckpointError(f"holds {plain_name} under several prefixes, choose one with --prefix")
        stripped[plain_name] = tensor
    notes += [f"stripped {prefix} from {count} names" for prefix, count in counts.items()]
    return stripped
