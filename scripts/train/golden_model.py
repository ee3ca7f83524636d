#!/usr/bin/env python3
"""Reference outputs of a bundled model after its weights have changed, by the formal definitions.

    scripts/train/golden_model.py samples/models/aerial tests/golden/aerial_town.safetensors
    scripts/train/golden_model.py samples/models/aerial-small tests/golden/aerial_town.safetensors --name small_logits
    scripts/train/golden_model.py samples/models/parts tests/golden/parts_shape.safetensors
    scripts/train/golden_model.py samples/models/pct-modelnet40 tests/golden/pct_modelnet40.safetensors

The inputs of the case stay: voxels and channels (PTv3, LitePT) or clouds (PCT). Its logits are computed anew, as many rows as it
holds, in float32. Prints how far the old ones are from these. Needs NumPy and PyTorch.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import litept
import pct
import ptv3
import safetensors_io


ROPE_FREQUENCY = 100.0  # where a model folder does not say


def load(network: torch.nn.Module, folder: Path) -> torch.nn.Module:
    """The network with the weights of a model folder, in float32 and evaluation mode."""
    tensors = safetensors_io.load(folder / "model.safetensors")
    network.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()}, strict=False)
    return network.eval()


def ptv3_logits(folder: Path, parameters: dict, case: dict[str, np.ndarray]) -> np.ndarray:
    network = load(ptv3.PtV3(ptv3.PtV3Config.from_dict(parameters)), folder)
    where = ptv3.geometry([case["grid"]], network.config)
    return network(torch.from_numpy(case["features"].copy()), where).numpy()


def litept_logits(folder: Path, parameters: dict, case: dict[str, np.ndarray]) -> np.ndarray:
    stages = len(parameters["enc_channels"])
    frequencies = {"enc_rope_freq": [ROPE_FREQUENCY] * stages, "dec_rope_freq": [ROPE_FREQUENCY] * (stages - 1)}
    config = litept.LitePtConfig(**{**frequencies, **parameters})
    network = load(litept.LitePt(config), folder)
    return network(torch.from_numpy(case["features"].copy()), litept.geometry([case["grid"]], config)).numpy()


def pct_logits(folder: Path, parameters: dict, case: dict[str, np.ndarray]) -> np.ndarray:
    config = pct.PctConfig.from_dict(parameters)
    clouds = torch.from_numpy(case["in.xyz"].copy())
    return load(pct.Pct(config), folder)(clouds, *pct.geometry(clouds, config)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("case", type=Path, help="safetensors file whose logits are written anew")
    parser.add_argument("--name", help="what the logits are called in the file [logits, out.logits for PCT]")
    options = parser.parse_args()
    config = json.loads((options.model / "config.json").read_text())
    compute, usual = {"ptv3m1": (ptv3_logits, "logits"), "litept": (litept_logits, "logits"),
                      "pct_cls": (pct_logits, "out.logits")}[config["architecture"]]
    name = options.name or usual
    case = safetensors_io.load(options.case)
    old = case.get(name, case[usual])
    with torch.no_grad():
        logits = compute(options.model, config["hyper_parameters"], case)[:len(old)]
    if name in case:
        both = min(logits.shape[-1], old.shape[-1])  # classes may have been added
        print(f"{options.case}: largest difference {np.abs(logits[..., :both] - old[..., :both]).max():.2e}")
    print(f"{options.case}: largest logit {np.abs(logits).max():.2f}")
    safetensors_io.save(options.case, {**case, name: np.ascontiguousarray(logits, np.float32)})


if __name__ == "__main__":
    main()
