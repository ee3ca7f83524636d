#!/usr/bin/env python3
"""Checkpoint of train_ptv3.py -> model folder; on request the parity case, sample clouds and the tables of the card."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import aerial_data
import aerial_features
import parts_data
import safetensors_io
from aerial_data import HELD_OUT, SPLIT_NORTH, SPLIT_TILE, read_ply
from aerial_features import voxelise
from ptv3 import PtV3, PtV3Config, geometry
from train_ptv3 import TASKS, predict

PARITY_SIDE = 12.0  # metres of a town
PARITY_ROWS = 256  # voxels of an object whose logits are kept
FIELDS = ("intensity", "return_number", "number_of_returns", "classification")
PLY_TYPES = {"<f8": "double", "<u2": "ushort", "|u1": "uchar"}


def aerial_description() -> dict:
    return {"preprocessing": aerial_features.constants(), "classes": aerial_data.CLASSES,
            "palette": aerial_data.PALETTE, "asprs_codes": aerial_data.ASPRS_CODES}


def parts_description(data: Path) -> dict:
    classes = parts_data.part_names(data)
    palette = np.random.default_rng(2).integers(60, 240, (len(classes), 3)).tolist()
    return {"preprocessing": parts_data.constants(), "classes": classes, "palette": palette}


def save_model(folder: Path, network: PtV3, description: dict) -> None:
    """Writes config.json and model.safetensors: matrices as F16, vectors (biases and norms) as F32."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.cpu().numpy().astype(np.float16 if value.dim() > 1 else np.float32)
               for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    safetensors_io.save(folder / "model.safetensors", tensors, {"format": "pt"})
    description = {"format": 1, "name": folder.name, "architecture": "ptv3m1",
                   "hyper_parameters": network.config.to_dict(), **description}
    (folder / "config.json").write_text(json.dumps(description, indent=2) + "\n")


def load_model(folder: Path) -> PtV3:
    """The network of a model folder, in float32 and evaluation mode."""
    config = json.loads((folder / "config.json").read_text())
    network = PtV3(PtV3Config.from_dict(config["hyper_parameters"])).eval()
    tensors = safetensors_io.load(folder / "model.safetensors")
    network.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()},
                            strict=False)
    return network


def write_ply(path: Path, vertices: np.ndarray, comment: str) -> None:
    """Binary little-endian PLY of x, y, z and FIELDS."""
    names = ("x", "y", "z", *FIELDS)
    packed = np.empty(len(vertices), [(name, vertices.dtype[name]) for name in names])
    for name in names:
        packed[name] = vertices[name]
    properties = "".join(f"property {PLY_TYPES[packed.dtype[name].str]} {name}\n" for name in names)
    header = (f"ply\nformat binary_little_endian 1.0\ncomment {comment}\nelement vertex {len(packed)}\n"
              f"{properties}end_header\n")
    path.write_bytes(header.encode("ascii") + packed.tobytes())


def window(vertices: np.ndarray, corner: tuple[float, float], size: tuple[float, float]) -> np.ndarray:
    """Points of a rectangle whose corner is given relative to the least coordinates."""
    x, y = vertices["x"] - vertices["x"].min() - corner[0], vertices["y"] - vertices["y"].min() - corner[1]
    return vertices[(x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])]


def save_samples(folder: Path, tiles: Path) -> None:
    """Two clouds of the held-out places, with their reference classification."""
    comment = "IGN LiDAR HD sample, Licence Ouverte 2.0, held out from training"
    write_ply(folder / "aerial_town.ply", window(read_ply(tiles / f"{HELD_OUT[0]}.ply"), (0, 0), (50, 36)), comment)
    coast = window(read_ply(tiles / f"{SPLIT_TILE}.ply"), (200, SPLIT_NORTH + 20), (250, 250))
    write_ply(folder / "aerial_coast.ply", coast, comment)


def save_parity_case(stem: Path, folder: Path, tiles: Path) -> None:
    """A corner of the held-out town as PLY; its voxels, channels and the exported weights' logits as safetensors."""
    tile = read_ply(tiles / f"{HELD_OUT[0]}.ply")
    side = PARITY_SIDE
    while True:  # an even number of voxels and points keeps the tensors aligned
        vertices = window(tile, (20, 20), (side, side))
        vertices = vertices[:len(vertices) // 2 * 2]
        xyz = np.stack([vertices[axis] for axis in "xyz"], 1)
        voxels = voxelise(xyz, *(vertices[name].astype(np.float64) for name in FIELDS[:3]))
        if len(voxels.grid) % 2 == 0:
            break
        side += 0.1
    network = load_model(folder)
    with torch.no_grad():
        logits = network(torch.from_numpy(voxels.features), geometry([voxels.grid], network.config)).numpy()
    write_ply(stem.with_suffix(".ply"), vertices, "IGN LiDAR HD sample, Licence Ouverte 2.0")
    safetensors_io.save(stem.with_suffix(".safetensors"),
                        {"grid": voxels.grid, "features": voxels.features,
                         "voxel_of_point": voxels.voxel_of_point.astype(np.int32), "logits": logits})


def save_parts_parity_case(path: Path, folder: Path, data: Path) -> None:
    """A held-out shape with an even number of voxels: voxels, channels, the first of the exported weights' logits."""
    source = parts_data.Data(data, None, 0)
    network = load_model(folder)
    for index in source.held_out:
        sample = source.sample(parts_data.unit_sphere(source.xyz[index]), index)
        if len(sample.grid) % 2 == 0:
            break
    with torch.no_grad():
        logits = network(torch.from_numpy(sample.features), geometry([sample.grid], network.config)).numpy()
    safetensors_io.save(path, {"xyz": source.xyz[index].astype(np.float32), "grid": sample.grid,
                               "features": sample.features, "voxel_of_point": sample.voxel_of_point.astype(np.int32),
                               "logits": logits[:PARITY_ROWS]})


def tables(measured: dict[str, dict[str, float]], curve: list[dict]) -> str:
    """Markdown tables of the validation items and of the curve; items that start with `all` are means of the others."""
    columns = list(dict.fromkeys(key for values in measured.values() for key in values))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (1 + len(columns)) + "|"]
    for name, values in measured.items():
        cells = [f"{values[key]:.1f}" if key in values else "" for key in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    means = list(dict.fromkeys(key for name in measured if name.startswith("all") for key in measured[name]))
    lines += ["", "| minute | step | " + " | ".join(means) + " |", "|---" * (2 + len(means)) + "|"]
    for record in curve:
        found = {key: value for name in record if name.startswith("all") for key, value in record[name].items()}
        cells = [f"{found[key]:.1f}" if key in found else "" for key in means]
        lines.append(f"| {record['minute']:.0f} | {record['step']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path, help="model folder to write, e.g. samples/models/aerial")
    parser.add_argument("--task", choices=TASKS, default="aerial")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--work", type=Path, help="folder of the unpacked tiles (aerial)")
    parser.add_argument("--parity", type=Path, help="write a parity case: this path with .safetensors (aerial: and .ply)")
    parser.add_argument("--samples", type=Path, help="write clouds of held-out places into this folder (aerial)")
    parser.add_argument("--tables", action="store_true", help="validate the exported weights, print the card's tables")
    options = parser.parse_args()
    checkpoint = torch.load(options.checkpoint, map_location="cpu")
    network = PtV3(PtV3Config.from_dict(checkpoint["config"]))
    network.load_state_dict(checkpoint["average"])
    aerial = options.task == "aerial"
    description = (aerial_description() if aerial else parts_description(options.data) if options.task == "parts" else
                   {"preprocessing": parts_data.constants()})  # of ModelNet40: weights to start from, no model of the tools
    save_model(options.folder, network, description)
    if options.parity and options.task == "parts":
        save_parts_parity_case(options.parity.with_suffix(".safetensors"), options.folder, options.data)
    elif options.parity and aerial:
        save_parity_case(options.parity, options.folder, options.work / "train")
    if options.samples:
        save_samples(options.samples, options.work / "train")
    if options.tables:
        exported = load_model(options.folder)
        data = TASKS[options.task](options.data, options.work, 0)
        measured = data.evaluate(lambda sample: predict(exported, sample))
        print(tables(measured, checkpoint["curve"]))
        if options.task == "parts":
            print("", data.part_table(lambda sample: predict(exported, sample)), sep="\n")
    size = (options.folder / "model.safetensors").stat().st_size
    print(f"{options.folder}: {size / 1e6:.2f} MB, step {checkpoint['step']}, minute {checkpoint['spent']:.1f}")


if __name__ == "__main__":
    main()
