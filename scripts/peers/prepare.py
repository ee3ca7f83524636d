"""Writes what the peers read: both forms of the graph, also with 8-bit weights, a cloud, its sampled points and neighbours,
and their sizes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from networks import read_cloud, read_network
from pct_graph import DEFAULTS, build, geometry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("cloud", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    config, tensors = read_network(arguments.network)
    config = {**DEFAULTS, **config}
    xyz = read_cloud(arguments.cloud)
    sizes = {"groups": config["groups"], "parameters": sum(
        t.size for name, t in tensors.items() if "running" not in name and "q_conv" not in name)}
    for form in ("published", "per_point"):
        model, sizes[form] = build(tensors, config, len(xyz), form == "per_point")
        path = arguments.folder / f"{form}.onnx"
        onnx.save(model, str(path))
        quantize_dynamic(path, arguments.folder / f"{form}_int8.onnx", per_channel=True, weight_type=QuantType.QInt8)
    np.savez(arguments.folder / "inputs.npz", xyz=xyz, **geometry(xyz, config["groups"]))
    (arguments.folder / "sizes.json").write_text(json.dumps(sizes))


if __name__ == "__main__":
    main()
