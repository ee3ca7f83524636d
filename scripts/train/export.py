#!/usr/bin/env python3
"""Exports the averaged weights of a checkpoint as a model folder, and on request a parity case from that folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import safetensors_io
from data import load_clouds, normalise, split
from pct import Pct, PctConfig, geometry

PARITY_CLASSES = ("airplane", "chair", "guitar", "toilet")


def save_model(folder: Path, network: Pct, config: PctConfig, classes: list[str], vote_degrees: float) -> None:
    """Writes config.json and model.safetensors: matrices as F16, vectors (biases and norms) as F32."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.cpu().numpy().astype(np.float16 if value.dim() > 1 else np.float32)
               for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    safetensors_io.save(folder / "model.safetensors", tensors, {"format": "pt"})
    description = {
        "format": 1,
        "name": folder.name,
        "architecture": "pct_cls",
        "hyper_parameters": config.to_dict(),
        "preprocessing": {"points": 1024, "min_points": 128, "resample": "fps_or_repeat", "center": "centroid",
                          "scale": "unit_sphere", "up": "z", "vote_rotation_z_degrees": vote_degrees},
        "classes": classes,
    }
    (folder / "config.json").write_text(json.dumps(description, indent=2) + "\n")


def load_model(folder: Path) -> tuple[Pct, PctConfig]:
    """The network of a model folder, in float32 and evaluation mode."""
    config = PctConfig.from_dict(json.loads((folder / "config.json").read_text())["hyper_parameters"])
    network = Pct(config).eval()
    tensors = safetensors_io.load(folder / "model.safetensors")
    network.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()},
                            strict=False)
    return network, config


def save_parity_case(path: Path, folder: Path, data: Path) -> None:
    """Four held-out clouds of different classes and the logits of the exported weights for them, in float32."""
    xyz, labels, classes = load_clouds(data)
    _, validation = split(labels)
    chosen = [validation[labels[validation] == classes.index(name)][0] for name in PARITY_CLASSES]
    network, config = load_model(folder)
    clouds = normalise(torch.from_numpy(xyz[chosen]))
    with torch.no_grad():
        logits = network(clouds, *geometry(clouds, config))
    safetensors_io.save(path, {"in.xyz": clouds.numpy(), "out.logits": logits.numpy()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path, help="model folder to write, e.g. samples/models/pct-modelnet40")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--vote-degrees", type=float, default=10.0,
                        help="votes turn clouds about z by up to this; stay inside what training saw")
    parser.add_argument("--parity", type=Path, help="also write a parity case (inputs and logits) to this file")
    options = parser.parse_args()
    checkpoint = torch.load(options.checkpoint, map_location="cpu")
    config = PctConfig.from_dict(checkpoint["config"])
    network = Pct(config)
    network.load_state_dict(checkpoint["average"])
    classes = json.loads((options.data / "modelnet40_classes.json").read_text())
    save_model(options.folder, network, config, classes, options.vote_degrees)
    if options.parity:
        save_parity_case(options.parity, options.folder, options.data)
    size = (options.folder / "model.safetensors").stat().st_size
    print(f"{options.folder}: {size / 1e6:.2f} MB, epoch {len(checkpoint['history'])}")


if __name__ == "__main__":
    main()
