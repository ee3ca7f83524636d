#!/usr/bin/env python3
"""Makes tests/golden/nn_toolbox.safetensors: what PyTorch computes for the toolbox of lib/ptattn/nn.

Inputs and weights are float32 numbers drawn by numpy's frozen RandomState from a seed that belongs to the tensor's
name; results are computed in float64 and rounded to float32 once, so that the file depends on no thread count and
(but for rounding ties) on no version. Made with PyTorch 2.9.1; runs with 1.13 and later. A mask is what is added to
scores: 0 or -infinity, or any number.

Tensors, `CASE.TENSOR`:
  gelu            x, out
  layer_norm      x, gamma, beta, out
  masked_softmax  x, valid (leading values of each row that count), out_valid; mask, out_mask
  additive        q, k, v, w_q, w_k, w_v: scores w_v^T tanh(w_q q + w_k k), weights, out
  dot             q, k, v, bias [m, n], key_bias [n], weights; out, out_masked (both), out_causal (queries are last)
  mha             in_proj_weight, in_proj_bias, out_proj.{weight,bias} of 4 heads; x, memory, bias, key_bias; out_self,
                  out_causal, out_cross, out_masked (cross, with both masks), weights_cross [heads * m, n]
  kernels         queries, keys, values, bandwidth [1]; out_gaussian, out_boxcar, out_epanechnikov,
                  out_triangular, out_constant
  index           even [10, 12], odd [10, 7]: sinusoidal encoding of 0 ... 9
  coordinates     x [8, 3], wavelengths; out, axis after axis
  relative_mlp    0 (3 -> 3), 1 (batch norm), 3 (3 -> c) as Point Transformer names them; queries, keys, neighbors; out
  table           table, grid, bound [1]; out [heads * n, n]
  rotary          positions, x, heads [1]; out
  se, eca         x; fc1.*, fc2.* or kernel; out
  transformer     the state dict of torch.nn.Transformer (2 + 2 layers, 3 heads)
  inputs          src, tgt, start; src_mask, src_padding, tgt_mask (causal), tgt_padding, memory_mask,
                  memory_padding
  encoder_layer, decoder_layer, whole
                  NORM_ACT and NORM_ACT_masked for NORM pre, post and ACT relu, gelu: the first layer of either stack
                  on its own (the decoder layer with src as memory), and everything
  decode          NORM_ACT [8, d]: every step's last row becomes the next input, from inputs.start on; nothing is cached
"""

from __future__ import annotations

import argparse
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts/train"))
import safetensors_io  # noqa: E402

Tensors = dict[str, Tensor]
NORMS = {"pre": True, "post": False}
ACTIVATIONS = ("relu", "gelu")
MODEL = dict(d_model=24, nhead=3, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=40, dropout=0.0,
             dtype=torch.float64)


# --- Numbers -------------------------------------------------------------------------------------


def generator(name: str) -> np.random.RandomState:
    return np.random.RandomState(zlib.crc32(name.encode()))


def uniform(name: str, *shape: int, low: float = -1.0, high: float = 1.0) -> Tensor:
    """float32 numbers, held as float64."""
    return torch.from_numpy(generator(name).uniform(low, high, shape).astype(np.float32)).double()


def integers(name: str, high: int, *shape: int) -> Tensor:
    return torch.from_numpy(generator(name).randint(0, high, shape).astype(np.int64))


def mask(name: str, *shape: int) -> Tensor:
    """Random numbers, of which a third are -infinity, but not the first of a row."""
    values = uniform(name, *shape)
    values[(uniform(name + "?", *shape) < -0.33) & (torch.arange(shape[-1]) > 0)] = -torch.inf
    return values


def padding(length: int, valid: int) -> Tensor:
    values = torch.zeros(length, dtype=torch.float64)
    values[valid:] = -torch.inf
    return values


def weights_of(module: nn.Module, case: str) -> Tensors:
    """Draws a module's weights by their names and returns them."""
    state = {}
    for name, old in module.state_dict().items():
        key = f"{case}.{name}"
        if name.endswith("num_batches_tracked"):
            state[name] = old
        elif name.endswith("running_var") or (old.ndim == 1 and name.endswith("weight")):
            state[name] = uniform(key, *old.shape, low=0.75, high=1.25)
        elif old.ndim == 1:
            state[name] = uniform(key, *old.shape, low=-0.25, high=0.25)
        else:
            state[name] = uniform(key, *old.shape) * np.sqrt(3.0 / old.shape[1])
        state[name] = state[name].to(torch.float32).to(old.dtype)
    module.load_state_dict(state)
    module.eval()
    return {f"{case}.{name}": tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}


# --- Parts ---------------------------------------------------------------------------------------


def element_wise() -> Tensors:
    t = {"gelu.x": torch.linspace(-7, 7, 64, dtype=torch.float32).double()[None],
         "layer_norm.x": 3 * uniform("layer_norm.x", 6, 10) + 5,
         "layer_norm.gamma": uniform("layer_norm.gamma", 10), "layer_norm.beta": uniform("layer_norm.beta", 10)}
    t = {name: tensor.float().double() for name, tensor in t.items()}
    t["gelu.out"] = F.gelu(t["gelu.x"])
    t["layer_norm.out"] = F.layer_norm(t["layer_norm.x"], (10,), t["layer_norm.gamma"], t["layer_norm.beta"], 1e-5)
    return t


def masked_softmax() -> Tensors:
    x = uniform("masked_softmax.x", 4, 6, low=-3, high=3)
    valid = torch.tensor([1, 3, 4, 6])
    added = mask("masked_softmax.mask", 4, 6)
    hidden = torch.arange(6) >= valid[:, None]
    return {"masked_softmax.x": x, "masked_softmax.valid": valid, "masked_softmax.mask": added,
            "masked_softmax.out_valid": torch.softmax(x.masked_fill(hidden, -torch.inf), -1),
            "masked_softmax.out_mask": torch.softmax(x + added, -1)}


def additive() -> Tensors:
    shapes = {"q": (4, 6), "k": (5, 8), "v": (5, 2), "w_q": (10, 6), "w_k": (10, 8), "w_v": (1, 10)}
    t = {name: uniform(f"additive.{name}", *shape) for name, shape in shapes.items()}
    hidden = torch.tanh((t["q"] @ t["w_q"].T)[:, None] + (t["k"] @ t["w_k"].T)[None])
    t["weights"] = torch.softmax((hidden @ t["w_v"].T)[..., 0], -1)
    t["out"] = t["weights"] @ t["v"]
    return {f"additive.{name}": tensor for name, tensor in t.items()}


def dot() -> Tensors:
    q, k, v = uniform("dot.q", 6, 8, low=-2, high=2), uniform("dot.k", 10, 8, low=-2, high=2), uniform("dot.v", 10, 6)
    bias, key_bias = mask("dot.bias", 6, 10), mask("dot.key_bias", 10)
    scores = q @ k.T / np.sqrt(8.0)
    hidden = torch.arange(10) > torch.arange(4, 10)[:, None]
    weights = torch.softmax(scores, -1)
    return {"dot.q": q, "dot.k": k, "dot.v": v, "dot.bias": bias, "dot.key_bias": key_bias, "dot.weights": weights,
            "dot.out": weights @ v, "dot.out_masked": torch.softmax(scores + bias + key_bias, -1) @ v,
            "dot.out_causal": torch.softmax(scores.masked_fill(hidden, -torch.inf), -1) @ v}


def multi_head() -> Tensors:
    module = nn.MultiheadAttention(16, 4, dtype=torch.float64)
    t = weights_of(module, "mha")
    x, memory = uniform("mha.x", 6, 16), uniform("mha.memory", 9, 16)
    bias, key_bias = mask("mha.bias", 6, 9), padding(9, 7)
    causal = nn.Transformer.generate_square_subsequent_mask(6).double()
    cross, weights = module(x, memory, memory, average_attn_weights=False)
    t.update({"mha.x": x, "mha.memory": memory, "mha.bias": bias, "mha.key_bias": key_bias, "mha.out_cross": cross,
              "mha.weights_cross": weights.reshape(-1, 9), "mha.out_self": module(x, x, x)[0],
              "mha.out_causal": module(x, x, x, attn_mask=causal)[0],
              "mha.out_masked": module(x, memory, memory, attn_mask=bias, key_padding_mask=key_bias)[0]})
    return t


def kernels() -> Tensors:
    queries, keys, values = (uniform(f"kernels.{name}", n, 2)
                             for name, n in (("queries", 6), ("keys", 12), ("values", 12)))
    bandwidth = 0.7
    u = torch.cdist(queries, keys, compute_mode="donot_use_mm_for_euclid_dist") / np.float32(bandwidth)
    shapes = {"gaussian": torch.exp(-u * u / 2), "boxcar": (u <= 1).double(), "triangular": (1 - u).clamp(min=0),
              "epanechnikov": (1 - u * u).clamp(min=0), "constant": torch.ones_like(u)}
    t = {"kernels.queries": queries, "kernels.keys": keys, "kernels.values": values,
         "kernels.bandwidth": torch.tensor([bandwidth])}
    for name, weights in shapes.items():
        t[f"kernels.out_{name}"] = weights / weights.sum(-1, keepdim=True) @ values
    return t


def sinusoids(x: Tensor, frequencies: Tensor, channels: int) -> Tensor:
    """Sine and cosine by turns: [n, channels]."""
    angles = x[:, None] * frequencies
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)[:, :channels]


def encodings() -> Tensors:
    t = {}
    for name, channels in (("even", 12), ("odd", 7)):
        frequencies = 10000.0 ** (-torch.arange(0, channels, 2, dtype=torch.float64) / channels)
        t[f"index.{name}"] = sinusoids(torch.arange(10, dtype=torch.float64), frequencies, channels)
    x, wavelengths = uniform("coordinates.x", 8, 3, low=-50, high=50), torch.tensor([0.5, 2.0, 8.0, 100.0])
    t.update({"coordinates.x": x, "coordinates.wavelengths": wavelengths})
    t["coordinates.out"] = torch.cat([sinusoids(x[:, a], 2 * np.pi / wavelengths.double(), 8) for a in range(3)], -1)
    return t


def relative_mlp() -> Tensors:
    module = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 6)).double()
    t = weights_of(module, "relative_mlp")
    queries, keys = uniform("relative_mlp.queries", 4, 3), uniform("relative_mlp.keys", 10, 3)
    neighbors = integers("relative_mlp.neighbors", 10, 4, 3)
    t.update({"relative_mlp.queries": queries, "relative_mlp.keys": keys, "relative_mlp.neighbors": neighbors,
              "relative_mlp.out": module((keys[neighbors] - queries[:, None]).flatten(0, 1))})
    return t


def table() -> Tensors:
    heads, bound, points = 4, 3, 12
    steps = 2 * bound + 1
    entries, grid = uniform("table.table", 3 * steps, heads), integers("table.grid", 9, points, 3)
    index = (grid[:, None] - grid[None]).clamp(-bound, bound) + bound + torch.arange(3) * steps
    bias = entries[index].sum(2).permute(2, 0, 1)
    return {"table.table": entries, "table.grid": grid, "table.bound": torch.tensor([bound]),
            "table.out": bias.reshape(heads * points, points)}


def rotary() -> Tensors:
    heads, chunk, base = 2, 4, 10.0
    positions, x = uniform("rotary.positions", 6, 3, low=-5, high=5), uniform("rotary.x", 6, heads * 3 * chunk)
    frequencies = base ** (-torch.arange(0, chunk, 2, dtype=torch.float64) / chunk)
    angles = torch.cat([positions[..., None] * frequencies] * 2, -1)[:, None]  # [n, 1, axes, chunk]
    parts = x.reshape(6, heads, 3, chunk)
    low, high = parts.chunk(2, -1)
    out = parts * angles.cos() + torch.cat((-high, low), -1) * angles.sin()
    return {"rotary.positions": positions, "rotary.x": x, "rotary.heads": torch.tensor([heads]),
            "rotary.out": out.reshape(6, -1)}


def channel_attention() -> Tensors:
    module = nn.ModuleDict({"fc1": nn.Linear(8, 4), "fc2": nn.Linear(4, 8)}).double()
    t = weights_of(module, "se")
    x, kernel = uniform("se.x", 10, 8), uniform("eca.kernel", 1, 3)
    mean = x.mean(0)
    t.update({"se.x": x, "se.out": x * torch.sigmoid(module["fc2"](F.relu(module["fc1"](mean)))),
              "eca.x": x, "eca.kernel": kernel,
              "eca.out": x * torch.sigmoid(F.conv1d(mean[None, None], kernel[None], padding=1))[0, 0]})
    return t


# --- Transformer ---------------------------------------------------------------------------------


def decode(model: nn.Transformer, src: Tensor, start: Tensor, steps: int) -> Tensor:
    """Every step runs the whole decoder over all rows so far."""
    memory = model.encoder(src)
    rows = [start]
    for _ in range(steps):
        causal = nn.Transformer.generate_square_subsequent_mask(len(rows)).double()
        rows.append(model.decoder(torch.stack(rows), memory, tgt_mask=causal)[-1])
    return torch.stack(rows[1:])


def transformer() -> Tensors:
    t = weights_of(nn.Transformer(**MODEL), "transformer")
    state = {name.partition(".")[2]: tensor for name, tensor in t.items()}
    src, tgt = uniform("inputs.src", 10, 24), uniform("inputs.tgt", 6, 24)
    masks = {"src_mask": mask("inputs.src_mask", 10, 10), "src_padding": padding(10, 8),
             "tgt_mask": nn.Transformer.generate_square_subsequent_mask(6).double(), "tgt_padding": padding(6, 5),
             "memory_mask": mask("inputs.memory_mask", 6, 10), "memory_padding": padding(10, 7)}
    start = uniform("inputs.start", 24)
    t.update({"inputs.src": src, "inputs.tgt": tgt, "inputs.start": start})
    t.update({f"inputs.{name}": tensor for name, tensor in masks.items()})
    for norm, norm_first in NORMS.items():
        for activation in ACTIVATIONS:
            model = nn.Transformer(**MODEL, norm_first=norm_first, activation=activation).eval()
            model.load_state_dict(state)
            encoder, decoder, name = model.encoder.layers[0], model.decoder.layers[0], f"{norm}_{activation}"
            t[f"encoder_layer.{name}"] = encoder(src)
            t[f"encoder_layer.{name}_masked"] = encoder(src, masks["src_mask"], masks["src_padding"])
            t[f"decoder_layer.{name}"] = decoder(tgt, src)
            t[f"decoder_layer.{name}_masked"] = decoder(
                tgt, src, masks["tgt_mask"], masks["memory_mask"], masks["tgt_padding"], masks["memory_padding"])
            t[f"whole.{name}"] = model(src, tgt)
            t[f"whole.{name}_masked"] = model(
                src, tgt, masks["src_mask"], masks["tgt_mask"], masks["memory_mask"], masks["src_padding"],
                masks["tgt_padding"], masks["memory_padding"])
            t[f"decode.{name}"] = decode(model, src, start, 8)
    return t


# --- File ----------------------------------------------------------------------------------------


def stored(name: str, tensor: Tensor) -> np.ndarray:
    array = tensor.detach().numpy()
    if array.dtype.kind == "f":
        array = array.astype(np.float32)
    if np.isnan(array).any():
        raise ValueError(f"{name} is not a number somewhere")
    return array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "tests/golden/nn_toolbox.safetensors",
                        help="where to write (default: %(default)s)")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="enable_nested_tensor")
    torch.set_num_threads(1)
    tensors: Tensors = {}
    for part in (element_wise, masked_softmax, additive, dot, multi_head, kernels, encodings, relative_mlp, table,
                 rotary, channel_attention, transformer):
        tensors.update(part())
    arrays = {name: stored(name, tensor) for name, tensor in tensors.items()}
    integers_first = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
    safetensors_io.save(options.output, integers_first, {"made_by": "scripts/golden_nn.py"})


if __name__ == "__main__":
    main()
