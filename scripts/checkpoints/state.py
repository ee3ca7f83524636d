"""From what a checkpoint holds to its weights under plain names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from . import torch_file
from .tensors import CheckpointError, Tensor, check_cost, load_safetensors, load_safetensors_parts, safetensors_parts

# Keys under which training code keeps the weights, and under which it keeps the hyper-parameters.
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params",
            "ema", "model_ema", "ema_state_dict", "state_dict_ema")
CONFIGS = ("config", "model_config", "hyper_parameters")
PREFIXES = ("module.", "backbone.", "model.", "net.", "_orig_mod.")
WEIGHTS = ("weight", "bias", "running_mean", "running_var", "gamma", "rpe_table")  # last parts of names
MAX_WRAPPERS = 16
MAX_CONFIG = 10_000  # hyper-parameters, items of lists included
NOT_WEIGHTS = ("num_batches_tracked", "inv_freq")


@dataclass
class Checkpoint:
    """Weights, stored hyper-parameters, and what was done to get at them."""

    tensors: dict[str, Tensor]
    config: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    buffers: set[str] = field(default_factory=set)  # last parts of the names that were dropped


def read_checkpoint(path: Path, prefix: str = "") -> Checkpoint:
    """Reads a .safetensors file, the index of several (.safetensors.index.json) or a file of torch.save.

    `prefix`: keep only tensors whose names start with it, without it; for files that hold several networks.
    """
    if path.name.endswith(".safetensors.index.json"):
        checkpoint = Checkpoint(load_safetensors_parts(path))
    elif path.suffix == ".safetensors":
        checkpoint = Checkpoint(load_safetensors(path))
    else:
        checkpoint = unwrapped(torch_file.load(path))
    check_cost(checkpoint.tensors, sum(file.stat().st_size for file in files_of(path)))
    if prefix:
        if not any(name.startswith(prefix) for name in checkpoint.tensors):
            checkpoint.tensors = strip_prefixes(checkpoint.tensors, checkpoint.notes)
        kept = {name[len(prefix):]: t for name, t in checkpoint.tensors.items() if name.startswith(prefix)}
        if not kept:
            raise CheckpointError(f"holds no tensor under {prefix}")
        checkpoint.notes.append(f"kept {len(kept)} of {len(checkpoint.tensors)} tensors, those under {prefix}")
        checkpoint.tensors = kept
    checkpoint.buffers = {end for end in NOT_WEIGHTS for name in checkpoint.tensors if name.endswith(end)}
    weights = {name: t for name, t in checkpoint.tensors.items() if not name.endswith(NOT_WEIGHTS)}
    if len(weights) < len(checkpoint.tensors):
        checkpoint.notes.append(f"left out {len(checkpoint.tensors) - len(weights)} counters and constants "
                                f"({', '.join(sorted(checkpoint.buffers))})")
    checkpoint.tensors = strip_prefixes(weights, checkpoint.notes)
    if not checkpoint.tensors:
        raise CheckpointError("holds no weights, expected a state dict (of a whole pickled model, save model.state_dict())")
    for name, tensor in checkpoint.tensors.items():
        if not tensor.is_float:
            raise CheckpointError(f"{name} holds {tensor.dtype}, expected numbers with a fraction")
    return checkpoint


def files_of(path: Path) -> list[Path]:
    """The files that a checkpoint consists of."""
    if path.name.endswith(".safetensors.index.json"):
        return [path] + [path.parent / file for file in sorted(set(safetensors_parts(path).values()))]
    return [path]


def unwrapped(value: Any) -> Checkpoint:
    """The state dict inside the dictionaries that training code puts around it."""
    config: dict[str, Any] = {}
    notes: list[str] = []
    for _ in range(MAX_WRAPPERS):
        if not isinstance(value, Mapping):
            break
        for key in CONFIGS:
            if isinstance(value.get(key), Mapping):
                config = plain_config(value[key])
                notes.append(f"hyper-parameters stored under {key}")
        found = [key for key in WRAPPERS if isinstance(value.get(key), Mapping)]
        if not found:
            return Checkpoint(plain_tensors(value), config, notes)
        inner, *others = found
        notes.append(f"weights under {inner}" + (f" (not {', '.join(others)})" if others else ""))
        value = value[inner]
    return Checkpoint({}, config, notes)


def plain_tensors(state: Mapping) -> dict[str, Tensor]:
    """The tensors of a state dict; one that could not be read must not get lost among what is no tensor."""
    for name, value in state.items():
        if isinstance(value, torch_file.Placeholder) and str(name).rsplit(".", 1)[-1] in WEIGHTS:
            raise CheckpointError(f"{name} is no plain tensor (sparse, quantised or without values)")
    return {str(name): value for name, value in state.items() if isinstance(value, Tensor)}


def plain_config(config: Mapping) -> dict[str, Any]:
    """Hyper-parameters as JSON has them. What is none (objects, nested dictionaries) is left out."""
    budget = [MAX_CONFIG]
    values = {str(name): plain(item, budget) for name, item in config.items() if isinstance(name, str)}
    return {name: value for name, value in values.items() if value is not Ellipsis}


def plain(value: Any, budget: list[int], depth: int = 0) -> Any:
    """A number, a text or lists of these; Ellipsis for anything else."""
    budget[0] -= 1
    if budget[0] < 0:
        raise CheckpointError(f"stores more than {MAX_CONFIG} hyper-parameters")
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) or len(value) <= 1000 else Ellipsis
    if isinstance(value, (int, float)):
        return value if isfinite(value) else Ellipsis
    if not isinstance(value, (tuple, list)) or depth > 3:
        return Ellipsis
    items = [plain(item, budget, depth + 1) for item in value]
    return Ellipsis if Ellipsis in items else items


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
