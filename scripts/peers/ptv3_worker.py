"""Point Transformer V3 in PyTorch in a process of its own; commands as worker.py takes them."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from networks import read_network
from worker import serve

import safetensors_io  # networks.py knows where
from ptv3 import PtV3, PtV3Config, geometry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path, help="the JSON file of a parity case, its input beside it")
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    hyper_parameters, tensors = read_network(arguments.case)
    config = PtV3Config.from_dict({**hyper_parameters, "num_classes": len(tensors["seg_head.bias"])})
    network = PtV3(config).eval()
    network.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()}, strict=False)
    data = safetensors_io.load(arguments.case.with_suffix(".safetensors"))
    features, grids = torch.from_numpy(data["in.feat"].copy()), [data["in.grid_coord"]]
    given, scores = geometry(grids, config), None

    def run(find):
        nonlocal scores
        with torch.inference_mode():
            scores = network(features, find()).numpy()

    serve({"bare": lambda: run(lambda: given), "all": lambda: run(lambda: geometry(grids, config)),
           "output": lambda: scores}, "torch")  # of the last pass: another would take as long


if __name__ == "__main__":
    main()
