"""PCT classification as an ONNX graph, built from a checkpoint's tensors, in the form that suits an engine best.

Batch norms are folded into the layers, every layer is one Gemm with its activation behind it, and rows are points. The
sampled points and their neighbours are inputs of the graph. Two forms:

    published   the first grouped layer runs once a neighbour, on rows [f_j - f_i, f_i], as in the public implementation
    per_point   W [f_j - f_i, f_i] = W_a f_j + (W_b - W_a) f_i runs once a point, as in ptattn
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DEFAULTS = {"num_classes": 40, "norm_eps": 1e-5, "embed_channels": 64, "attention_layers": 4, "qk_channels": 64,
            "groups": [{"points": 512, "neighbors": 32, "channels": 128},
                       {"points": 256, "neighbors": 32, "channels": 256}],
            "fuse_channels": 1024, "head_channels": [512, 256]}


@dataclass
class Rows:
    """A matrix in the graph: its name and shape."""

    name: str
    rows: int
    cols: int


class Graph:
    """Collects nodes and weights, and counts the multiply-adds of the products."""

    def __init__(self) -> None:
        self.nodes, self.weights, self.multiply_adds = [], [], 0

    def constant(self, values: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], rows: int, cols: int, **attributes) -> Rows:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return Rows(name, rows, cols)

    def linear(self, x: Rows, weight: np.ndarray, bias: np.ndarray | None = None, activation: str = "") -> Rows:
        inputs = [x.name, self.constant(weight)] + ([] if bias is None else [self.constant(bias)])
        self.multiply_adds += x.rows * weight.size
        y = self.add("Gemm", inputs, x.rows, len(weight), transB=1)
        if activation == "LeakyRelu":
            return self.add(activation, [y.name], y.rows, y.cols, alpha=0.2)
        return self.add(activation, [y.name], y.rows, y.cols) if activation else y

    def product(self, a: Rows, b: Rows) -> Rows:
        self.multiply_adds += a.rows * a.cols * b.cols
        return self.add("MatMul", [a.name, b.name], a.rows, b.cols)

    def transpose(self, x: Rows) -> Rows:
        return self.add("Transpose", [x.name], x.cols, x.rows)

    def pick(self, x: Rows, indices: str, count: int) -> Rows:
        return self.add("Gather", [x.name, indices], count, x.cols)

    def reshape(self, x: Rows, *shape: int) -> Rows:
        return self.add("Reshape", [x.name, self.constant(np.array(shape, np.int64))], shape[0], shape[-1])

    def largest(self, x: Rows, axis: int, rows: int) -> Rows:
        return self.add("ReduceMax", [x.name], rows, x.cols, axes=[axis], keepdims=int(rows == 1))


class Checkpoint:
    """Tensors by the names of the public implementation; layers with their batch norm folded in."""

    def __init__(self, tensors: dict[str, np.ndarray], eps: float) -> None:
        self.tensors, self.eps = tensors, eps

    def layer(self, name: str, norm: str = "") -> tuple[np.ndarray, np.ndarray | None]:
        weight = self.tensors[name + ".weight"]
        weight = weight.reshape(weight.shape[:2])
        bias = self.tensors.get(name + ".bias")
        if not norm:
            return weight, bias
        part = {key: self.tensors[f"{norm}.{key}"].astype(np.float64)
                for key in ("weight", "bias", "running_mean", "running_var")}
        scale = part["weight"] / np.sqrt(part["running_var"] + self.eps)
        shifted = (0.0 if bias is None else bias.astype(np.float64)) - part["running_mean"]
        return (weight * scale[:, None]).astype(np.float32), (shifted * scale + part["bias"]).astype(np.float32)


def group(g: Graph, w: Checkpoint, x: Rows, stage: int, points: int, neighbors: int, per_point: bool) -> Rows:
    """Neighbour embedding: maximum over the neighbours of two layers of [f_j - f_i, f_i]."""
    scope = f"gather_local_{stage}"
    first, first_bias = w.layer(f"{scope}.conv1", f"{scope}.bn1")
    second, second_bias = w.layer(f"{scope}.conv2", f"{scope}.bn2")
    sampled, near = f"sampled_{stage + 1}", f"neighbors_{stage + 1}"
    rows, half, hidden = points * neighbors, x.cols, len(first)
    center = g.pick(x, sampled, points)
    if per_point:
        center = g.reshape(g.linear(center, first[:, half:] - first[:, :half], first_bias), points, 1, hidden)
        gathered = g.pick(g.linear(x, first[:, :half]), near, rows)
        both = g.add("Add", [g.reshape(gathered, points, neighbors, hidden).name, center.name], points, hidden)
        y = g.add("Relu", [g.reshape(both, rows, hidden).name], rows, hidden)
    else:
        center = g.reshape(center, points, 1, half)
        shape = g.constant(np.array([points, neighbors, half], np.int64))
        center = g.reshape(g.add("Expand", [center.name, shape], points, half), rows, half)
        offset = g.add("Sub", [g.pick(x, near, rows).name, center.name], rows, half)
        y = g.add("Concat", [offset.name, center.name], rows, 2 * half, axis=1)
        y = g.linear(y, first, first_bias, "Relu")
    y = g.linear(y, second, second_bias, "Relu")
    return g.largest(g.reshape(y, points, neighbors, y.cols), 1, points)


def offset_attention(g: Graph, w: Checkpoint, x: Rows, scope: str) -> Rows:
    keys = g.linear(x, *w.layer(f"{scope}.k_conv"))
    values = g.linear(x, *w.layer(f"{scope}.v_conv"))
    weights = g.add("Softmax", [g.product(keys, g.transpose(keys)).name], x.rows, x.rows, axis=-1)
    sums = g.add("ReduceSum", [weights.name, g.constant(np.array([0], np.int64))], 1, x.rows, keepdims=1)
    sums = g.add("Add", [sums.name, g.constant(np.float32([1e-9]))], 1, x.rows)
    weights = g.add("Div", [weights.name, sums.name], x.rows, x.rows)
    attended = g.product(g.transpose(weights), values)
    offset = g.add("Sub", [x.name, attended.name], x.rows, x.cols)
    y = g.linear(offset, *w.layer(f"{scope}.trans_conv", f"{scope}.after_norm"), "Relu")
    return g.add("Add", [x.name, y.name], x.rows, x.cols)


def build(tensors: dict[str, np.ndarray], config: dict, points: int, per_point: bool) -> tuple[onnx.ModelProto, int]:
    """The graph for clouds of `points` points, and its multiply-adds."""
    config = {**DEFAULTS, **config}
    g, w = Graph(), Checkpoint(tensors, config["norm_eps"])
    x = g.linear(Rows("xyz", points, 3), *w.layer("conv1", "bn1"), "Relu")
    x = g.linear(x, *w.layer("conv2", "bn2"), "Relu")
    inputs = [helper.make_tensor_value_info("xyz", TensorProto.FLOAT, [points, 3])]
    for stage, sizes in enumerate(config["groups"]):
        count, near = sizes["points"], sizes["neighbors"]
        for name, size in ((f"sampled_{stage + 1}", count), (f"neighbors_{stage + 1}", count * near)):
            inputs.append(helper.make_tensor_value_info(name, TensorProto.INT64, [size]))
        x = group(g, w, x, stage, count, near, per_point)
    grouped = x
    x = g.linear(x, *w.layer("pt_last.conv1", "pt_last.bn1"), "Relu")
    x = g.linear(x, *w.layer("pt_last.conv2", "pt_last.bn2"), "Relu")
    pieces = []
    for i in range(config["attention_layers"]):
        x = offset_attention(g, w, x, f"pt_last.sa{i + 1}")
        pieces.append(x)
    pieces.append(grouped)
    x = g.add("Concat", [p.name for p in pieces], x.rows, sum(p.cols for p in pieces), axis=1)
    x = g.largest(g.linear(x, *w.layer("conv_fuse.0", "conv_fuse.1"), "LeakyRelu"), 0, 1)
    x = g.linear(x, *w.layer("linear1", "bn6"), "LeakyRelu")
    x = g.linear(x, *w.layer("linear2", "bn7"), "LeakyRelu")
    x = g.linear(x, *w.layer("linear3"))
    output = helper.make_tensor_value_info(x.name, TensorProto.FLOAT, [1, x.cols])
    model = helper.make_model(helper.make_graph(g.nodes, "pct", inputs, [output], g.weights),
                              opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model, g.multiply_adds


def farthest_points(xyz: np.ndarray, count: int) -> np.ndarray:
    """Farthest point sampling as everybody writes it in Python: a loop over the samples."""
    nearest = np.full(len(xyz), np.inf, np.float32)
    picked = np.zeros(count, np.int64)
    for i in range(1, count):
        nearest = np.minimum(nearest, ((xyz - xyz[picked[i - 1]]) ** 2).sum(-1))
        picked[i] = nearest.argmax()
    return picked


def nearest_points(queries: np.ndarray, xyz: np.ndarray, count: int) -> np.ndarray:
    """k nearest as in the public implementation: all distances by one product, then the smallest of each row."""
    distance = -2 * (queries @ xyz.T)
    distance += (queries ** 2).sum(-1)[:, None]
    distance += (xyz ** 2).sum(-1)[None]
    return np.argpartition(distance, count - 1, axis=-1)[:, :count]


def geometry(xyz: np.ndarray, groups: list[dict]) -> dict[str, np.ndarray]:
    """The graph's index inputs for one cloud."""
    indices = {}
    for stage, sizes in enumerate(groups):
        sampled = farthest_points(xyz, sizes["points"])
        near = nearest_points(xyz[sampled], xyz, sizes["neighbors"])
        indices |= {f"sampled_{stage + 1}": sampled, f"neighbors_{stage + 1}": near.reshape(-1).astype(np.int64)}
        xyz = xyz[sampled]
    return indices
