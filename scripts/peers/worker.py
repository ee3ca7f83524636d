"""Runs one engine in a process of its own. Commands on stdin, one line of JSON back for each:

    run bare 5     {"ms": [...]}      five passes, sampled points and neighbours given
    run all 5      {"ms": [...]}      five passes that compute them first, in NumPy or PyTorch
    output         {"output": [...]}  class scores of the cloud
    peak           {"gflops": 95.1}   the fastest large matrix product that the engine shows (PyTorch only)
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Callable

import numpy as np


def onnxruntime_engine(folder: Path, form: str, threads: int) -> Callable[[dict], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait for work must not disturb the engine whose turn comes next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(str(folder / f"{form}.onnx"), options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)[0]


def openvino_engine(folder: Path, form: str, threads: int) -> Callable[[dict], np.ndarray]:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(str(folder / f"{form}.onnx"), "CPU", settings)
    request = model.create_infer_request()
    return lambda inputs: request.infer(inputs)[model.output(0)]


def given(engine: Callable, inputs: dict, groups: list[dict]) -> dict[str, Callable]:
    """Both ways to run an engine that takes the indices as inputs."""
    from pct_graph import geometry

    return {"bare": lambda: engine(inputs), "all": lambda: engine({"xyz": inputs["xyz"], **geometry(inputs["xyz"], groups)})}


def torch_ways(network_path: Path, inputs: dict, threads: int) -> dict[str, Callable]:
    """The PyTorch twin, which is in the form `per_point`."""
    import torch

    from networks import read_network
    from pct import Group, Pct, PctConfig, geometry

    torch.set_num_threads(threads)
    config, tensors = read_network(network_path)
    if "groups" in config:
        config = {**config, "groups": [Group(**g) for g in config["groups"]]}
    config = PctConfig(**config)
    network = Pct(config).eval()
    network.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in tensors.items()}, strict=False)
    xyz = torch.from_numpy(inputs["xyz"])[None]
    shape = {f"neighbors_{i + 1}": (g.points, g.neighbors) for i, g in enumerate(config.groups)}
    indices = [torch.from_numpy(inputs[name]).reshape(1, *shape.get(name, (-1,)))
               for name in ("sampled_1", "neighbors_1", "sampled_2", "neighbors_2")]

    def run(find: Callable) -> np.ndarray:
        with torch.inference_mode():
            return network(xyz, *find()).numpy()

    return {"bare": lambda: run(lambda: indices), "all": lambda: run(lambda: geometry(xyz, config, stable=False))}


def torch_peak() -> float:
    import torch

    a, b = torch.rand(512, 512), torch.rand(512, 512)
    best = min(timed(lambda: torch.mm(a, b)) for _ in range(60))
    return 2 * 512 ** 3 / best / 1e6


def timed(call: Callable) -> float:
    """Milliseconds."""
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3


def answer(words: list[str], ways: dict[str, Callable], engine: str) -> dict:
    if words[0] == "run":
        return {"ms": [timed(ways[words[1]]) for _ in range(int(words[2]))]}
    if words[0] == "peak":
        return {"gflops": torch_peak() if engine == "torch" else 0.0}
    return {"output": np.asarray(ways.get("output", ways["bare"])()).reshape(-1).tolist()}


def serve(ways: dict[str, Callable], engine: str) -> None:
    """Answers until stdin ends."""
    for line in sys.stdin:
        print(json.dumps(answer(line.split(), ways, engine)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=("onnxruntime", "openvino", "torch"))
    parser.add_argument("form", choices=("published", "per_point", "published_int8", "per_point_int8"))
    parser.add_argument("network", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    folder, threads = arguments.folder, arguments.threads
    inputs = dict(np.load(folder / "inputs.npz"))
    if arguments.engine == "torch":
        ways = torch_ways(arguments.network, inputs, threads)
    else:
        make = onnxruntime_engine if arguments.engine == "onnxruntime" else openvino_engine
        groups = json.loads((folder / "sizes.json").read_text())["groups"]
        ways = given(make(folder, arguments.form, threads), inputs, groups)
    serve(ways, arguments.engine)


if __name__ == "__main__":
    main()
