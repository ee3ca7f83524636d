"""The public implementations' layouts: which network weights belong to, how they are named here, and how wide it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable

from .state import Checkpoint
from .tensors import CheckpointError, Tensor, last_axis_first, rows

Tensors = dict[str, Tensor]
MAX_LAYERS = 64  # of one kind


@dataclass
class Network:
    """A recognised network: weights under the names that ptattn reads, hyper-parameters and where each came from."""

    architecture: str
    tensors: Tensors
    hyper_parameters: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def say(self, key: str, value: Any, origin: str) -> None:
        self.hyper_parameters[key] = value
        self.origins[key] = origin

    def shape(self, name: str) -> tuple[int, ...]:
        if name not in self.tensors:
            raise CheckpointError(f"looks like {self.architecture}, but has no {name}")
        return self.tensors[name].shape

    def extent(self, name: str, axis: int) -> int:
        """An extent of a tensor that a network is described by."""
        shape = self.shape(name)
        if not -len(shape) <= axis < len(shape) or shape[axis] < 1:
            raise CheckpointError(f"looks like {self.architecture}, but has a {name} of shape {list(shape)}")
        return shape[axis]

    def count(self, pattern: str) -> int:
        """How many different numbers the group of `pattern` takes at the start of names."""
        count = len({m.group(1) for m in map(re.compile(pattern).match, self.tensors) if m})
        if count > MAX_LAYERS:
            raise CheckpointError(f"looks like {self.architecture}, but has {count} layers of one kind")
        return count


# Blocks of LitePT have `conv` or `norm0` where those of PTv3 have `cpe`.
LITEPT_ONLY = re.compile(r"\.block\d+\.(conv\.0|norm0\.0)\.weight$")

# A tensor of each network that no other has.
ANCHORS = ("tokenizer.proj.weight", "embedding.stem.conv.weight", "embedding.stem.linear.weight", "enc1.0.linear.weight",
           "gather_local_0.conv1.weight", "label_conv.0.weight")


def stored_list(config: dict, key: str) -> list:
    """A list among the stored hyper-parameters."""
    if not isinstance(config[key], list):
        raise CheckpointError(f"stores {key} {config[key]!r}, expected a list")
    return config[key]


def recognise(checkpoint: Checkpoint) -> str:
    """The architecture whose names these are."""
    names = checkpoint.tensors
    if "tokenizer.proj.weight" in names:
        return "volt"
    if "embedding.stem.conv.weight" in names:
        return "litept" if any(LITEPT_ONLY.search(name) for name in names) else "ptv3m1"
    if "embedding.stem.linear.weight" in names:
        return "ptv3m3" if "inv_freq" in checkpoint.buffers or "rope_base" in checkpoint.config else "ptv3m2"
    if "enc1.0.linear.weight" in names:
        return "ptv1_seg"
    if "gather_local_0.conv1.weight" in names:
        return "pct_cls_posenc" if "pt_last.pos_xyz.weight" in names else "pct_cls"
    if {"label_conv.0.weight", "sa1.v_conv.weight"} <= {without_jittor(name) for name in names}:
        return "spct_partseg"
    prefixes = sorted({name[:-len(end)] for name in names for end in ANCHORS if name.endswith("." + end)})
    if prefixes:
        raise CheckpointError(f"holds networks under {' and '.join(prefixes[:5])}; choose one with --prefix")
    some = ", ".join(list(names)[:3])
    raise CheckpointError(f"is of no network that is known here (it holds {some}, ...), expected one of "
                          f"{', '.join(LAYOUTS)}; name it with --architecture")


def read_network(checkpoint: Checkpoint, architecture: str) -> Network:
    """Weights and hyper-parameters of a checkpoint as `architecture` names them."""
    network = Network(architecture, dict(checkpoint.tensors))
    allowed, describe = LAYOUTS[architecture]
    describe(network, checkpoint.config)
    unknown = [name for name in network.tensors if not re.fullmatch(allowed, name)]
    if unknown:
        raise CheckpointError(f"holds {len(unknown)} tensors that {architecture} does not have: "
                              f"{', '.join(unknown[:5])}{', ...' if len(unknown) > 5 else ''}; "
                              f"leave them out with --drop PATTERN")
    return network


def without_jittor(name: str) -> str:
    """Jittor's one-dimensional convolutions are modules around others."""
    return name.replace(".conv.", ".")


def describe_pct(network: Network, _: dict) -> None:
    n = network
    n.say("num_classes", n.extent("linear3.weight", 0), "linear3")
    n.say("embed_channels", n.extent("conv1.weight", 0), "conv1")
    groups = [{"points": points, "neighbors": 32, "channels": n.extent(f"gather_local_{i}.conv2.weight", 0)}
              for i, points in enumerate((512, 256))]
    n.say("groups", groups, "channels from gather_local_*; points and neighbors assumed (in no weight)")
    n.say("attention_layers", n.count(r"pt_last\.sa(\d+)\."), "names")
    n.say("qk_channels", n.extent("pt_last.sa1.k_conv.weight", 0), "pt_last.sa1.k_conv")
    n.say("fuse_channels", n.extent("conv_fuse.0.weight", 0), "conv_fuse")
    n.say("head_channels", [n.extent("linear1.weight", 0), n.extent("linear2.weight", 0)], "linear1, linear2")


def describe_spct(network: Network, _: dict) -> None:
    n = network
    wrapped = sum(without_jittor(name) != name for name in n.tensors)
    n.tensors = {without_jittor(name): tensor for name, tensor in n.tensors.items()}
    if wrapped:
        n.notes.append(f"renamed {wrapped} tensors X.conv.Y to X.Y")
    n.say("in_channels", n.extent("conv1.weight", 1), "conv1")
    n.say("num_classes", n.extent("convs3.weight", 0), "convs3")
    n.say("num_categories", n.extent("label_conv.0.weight", 1), "label_conv")
    n.say("embed_channels", n.extent("conv1.weight", 0), "conv1")
    n.say("attention_layers", n.count(r"sa(\d+)\."), "names")
    n.say("qk_channels", n.extent("sa1.k_conv.weight", 0), "sa1.k_conv")
    n.say("fuse_channels", n.extent("conv_fuse.0.weight", 0), "conv_fuse")
    n.say("label_channels", n.extent("label_conv.0.weight", 0), "label_conv")
    n.say("head_channels", [n.extent("convs1.weight", 0), n.extent("convs2.weight", 0)], "convs1, convs2")


def describe_ptv1(network: Network, config: dict) -> None:
    n = network
    rename_pointcept_ptv1(n)
    stages = n.count(r"enc(\d+)\.0\.linear\.weight")
    planes = [n.extent(f"enc{s + 1}.0.linear.weight", 0) for s in range(stages)]
    n.say("in_channels", n.extent("enc1.0.linear.weight", 1), "enc1.0.linear")
    n.say("num_classes", n.extent("cls.3.weight", 0), "cls.3")
    n.say("planes", planes, "enc*.0.linear")
    n.say("blocks", [n.count(rf"enc{s + 1}\.(\d+)\.") for s in range(stages)], "names")
    n.say("share_planes", planes[0] // n.extent("dec1.1.transformer2.linear_w.2.weight", 0), "linear_w.2")
    neighbors = config.get("nsample")
    n.say("neighbors", neighbors or [8] + [16] * (stages - 1),
          "stored" if neighbors else "assumed (the published network's; in no weight)")


def rename_pointcept_ptv1(network: Network) -> None:
    """Pointcept says `transformer` where the original says `transformer2`, and may keep q and k in one layer."""
    renamed, split, tensors = 0, 0, {}
    for name, tensor in network.tensors.items():
        plain = name.replace(".transformer.", ".transformer2.")
        renamed += plain != name
        if ".linear_qk." in plain:
            half, split = network.extent(name, 0) // 2, split + 1
            tensors[plain.replace("linear_qk", "linear_q")] = rows(tensor, 0, half)
            tensors[plain.replace("linear_qk", "linear_k")] = rows(tensor, half, tensor.shape[0])
        else:
            tensors[plain] = tensor
    network.tensors = tensors
    if renamed:
        network.notes.append(f"renamed {renamed} tensors transformer to transformer2")
    if split:
        network.notes.append(f"split {split} tensors linear_qk into linear_q and linear_k")


def describe_ptv3(network: Network, config: dict) -> None:
    n = network
    turn_convolutions(n)
    stages = n.count(r"enc\.enc(\d+)\.")
    enc_mode = not any(name.startswith("dec.") for name in n.tensors)
    stem = "embedding.stem.conv.weight" if n.architecture == "ptv3m1" else "embedding.stem.linear.weight"
    n.say("in_channels", n.extent(stem, -1), stem)
    if "seg_head.weight" in n.tensors:
        n.say("num_classes", n.extent("seg_head.weight", 0), "seg_head")
    n.say("order", config.get("order", ["z", "z-trans", "hilbert", "hilbert-trans"]),
          "stored" if "order" in config else "assumed (in no weight)")
    n.say("stride", config.get("stride", [2] * (stages - 1)),
          "stored" if "stride" in config else "assumed (in no weight)")
    describe_stages(n, "enc", stages, config)
    n.say("enc_mode", enc_mode, "names")
    if not enc_mode:
        describe_stages(n, "dec", stages - 1, config)
    block = "enc.enc0.block0."
    n.say("enable_rpe", block + "attn.rpe.rpe_table" in n.tensors, "names")
    n.say("mask_token", "embedding.mask_token" in n.tensors, "names")
    n.say("qkv_bias", block + "attn.qkv.bias" in n.tensors, "names")
    n.say("mlp_ratio", n.extent(block + "mlp.0.fc1.weight", 0) / n.extent(block + "mlp.0.fc1.weight", 1), "mlp.0.fc1")
    if block + "ls1.0.gamma" in n.tensors:
        n.say("layer_scale", config.get("layer_scale") or 1.0, "names")
    if n.architecture == "ptv3m3":
        n.say("rope_base", config.get("rope_base", 10), "stored" if "rope_base" in config else "assumed (in no weight)")


def describe_stages(network: Network, side: str, stages: int, config: dict) -> None:
    n = network
    depths = [n.count(rf"{side}\.{side}{s}\.block(\d+)\.") for s in range(stages)]
    if 0 in depths:
        raise CheckpointError(f"has no block in a stage of its {side}oder")
    channels = [n.extent(f"{side}.{side}{s}.block0.norm1.0.weight", 0) for s in range(stages)]
    n.say(f"{side}_depths", depths, "names")
    n.say(f"{side}_channels", channels, "norm1")
    for key, found in ((f"{side}_depths", depths), (f"{side}_channels", channels)):
        if key in config and stored_list(config, key) != found:
            raise CheckpointError(f"stores {key} {config[key]}, its weights say {found}")
    describe_heads(n, side, channels, config)
    describe_patches(n, side, stages, config)


def describe_litept(network: Network, config: dict) -> None:
    n = network
    turn_convolutions(n)
    stages = n.count(r"enc\.enc(\d+)\.")
    n.say("in_channels", n.extent("embedding.stem.conv.weight", -1), "embedding.stem.conv")
    n.say("num_classes", n.extent("seg_head.weight", 0), "seg_head")
    for key, value in (("order", ["z", "z-trans", "hilbert", "hilbert-trans"]), ("stride", [2] * (stages - 1))):
        n.say(key, config.get(key, value), "stored" if key in config else "assumed (in no weight)")
    enc = [n.extent("embedding.stem.norm.weight" if s == 0 else f"enc.enc{s}.down.norm.0.weight", 0)
           for s in range(stages)]
    describe_litept_stages(n, "enc", enc, config)
    describe_litept_stages(n, "dec", [n.extent(f"dec.dec{s}.up.proj.0.weight", 0) for s in range(stages - 1)], config)
    attention = [name for name in n.tensors if name.endswith(".mlp.0.fc1.weight")]
    if attention:
        n.say("mlp_ratio", n.extent(attention[0], 0) / n.extent(attention[0], 1), "mlp.0.fc1")
        n.say("qkv_bias", attention[0].replace("mlp.0.fc1.weight", "attn.qkv.bias") in n.tensors, "names")


def describe_litept_stages(network: Network, side: str, channels: list[int], config: dict) -> None:
    """Depths, widths and switches of each stage; a decoder may have no blocks."""
    n = network
    names = [f"{side}.{side}{s}." for s in range(len(channels))]
    depths = [n.count(re.escape(name) + r"block(\d+)\.") for name in names]
    n.say(f"{side}_depths", depths, "names")
    n.say(f"{side}_channels", channels, "norms")
    for key, part in (("conv", "conv.0.weight"), ("attn", "attn.qkv.weight")):
        n.say(f"{side}_{key}", [f"{name}block0.{part}" in n.tensors for name in names], "names")
    for key, values in (("num_head", [max(1, c // 18) for c in channels]), ("patch_size", [1024] * len(channels)),
                        ("rope_freq", [100.0] * len(channels))):
        key = f"{side}_{key}"
        if key in config:
            n.say(key, stored_list(config, key)[:len(channels)], "stored")
        else:
            n.say(key, values, f"assumed (as all published networks; else --set {key}=[...])")


def describe_volt(network: Network, config: dict) -> None:
    n = network
    u = n.extent("decoder.unembed.proj.weight", 1)
    edge = next((k for k in range(1, 10) if k ** 3 * u == n.extent("decoder.unembed.proj.weight", 0)), 0)
    if edge == 0:
        raise CheckpointError("looks like volt, but its decoder.unembed.proj is of no cube")
    width = n.extent("tokenizer.proj.weight", 0)
    n.say("in_channels", n.extent("tokenizer.proj.weight", 1) // edge ** 3, "tokenizer.proj")
    n.say("embed_dim", width, "tokenizer.proj")
    n.say("depth", n.count(r"blocks\.(\d+)\."), "names")
    n.say("num_heads", width // 64, "heads of 64 channels")
    n.say("mlp_ratio", n.extent("blocks.0.mlp.fc1.weight", 0) / width, "mlp.fc1")
    n.say("init_values", 1.0 if "blocks.0.ls1.gamma" in n.tensors else None, "names")
    n.say("qk_norm", "blocks.0.attn.q_norm.weight" in n.tensors, "names")
    n.say("stride", edge, "decoder.unembed.proj")
    n.say("kernel_size", edge, "decoder.unembed.proj")
    n.say("up_mlp_dim", u, "decoder.unembed.proj")
    choose_condition(n, config.get("condition"))


def choose_condition(network: Network, wanted: Any) -> None:
    """Keeps the head of one data set of a joint training."""
    n = network
    known = sorted({m.group(1) for m in map(re.compile(r"seg_heads\.([^.]+)\.").match, n.tensors) if m})
    if wanted is None and len(known) == 1:
        wanted = known[0]
    if wanted not in known:
        raise CheckpointError(f"has heads for {', '.join(known) or 'nothing'}; choose one with --condition")
    others = [name for name in n.tensors
              if name.startswith("seg_heads.") and not name.startswith(f"seg_heads.{wanted}.")]
    for name in others:
        del n.tensors[name]
    if others:
        n.notes.append(f"left out the heads for {', '.join(c for c in known if c != wanted)}")
    n.say("condition", wanted, "names" if len(known) == 1 else "--condition")
    n.say("num_classes", n.extent(f"seg_heads.{wanted}.weight", 0), f"seg_heads.{wanted}")


def describe_heads(network: Network, side: str, channels: list[int], config: dict) -> None:
    key, tables = f"{side}_num_head", [f"{side}.{side}{s}.block0.attn.rpe.rpe_table" for s in range(len(channels))]
    width = 18 if network.architecture == "ptv3m3" else 16
    if all(table in network.tensors for table in tables):
        network.say(key, [network.extent(table, 1) for table in tables], "rpe_table")
    elif key in config:
        network.say(key, stored_list(config, key), "stored")
    else:
        network.say(key, [max(1, c // width) for c in channels],
                    f"assumed (heads of {width} channels, as all published networks; else --set {key}=[...])")


def describe_patches(network: Network, side: str, stages: int, config: dict) -> None:
    key, table = f"{side}_patch_size", f"{side}.{side}0.block0.attn.rpe.rpe_table"
    if key in config:
        network.say(key, stored_list(config, key)[:stages], "stored")
    elif table in network.tensors:
        rows_found = network.extent(table, 0)
        fits = [p for p in (128, 1024, 64, 256, 512, 48, 96, *range(1, 4097))
                if 3 * (2 * int((4 * p) ** (1 / 3) * 2) + 1) == rows_found]
        if not fits:
            raise CheckpointError(f"has an rpe_table of {rows_found} rows, which no patch size explains")
        network.say(key, fits[:1] * stages, f"rpe_table (any of {min(fits)} to {max(fits)} would do; else --set)")
    else:
        network.say(key, [1024] * stages, f"assumed (in no weight; else --set {key}=[...])")


def turn_convolutions(network: Network) -> None:
    """[x, y, z, in, out], the layout of old spconv, to [out, x, y, z, in]."""
    turned = 0
    for name, tensor in network.tensors.items():
        if len(tensor.shape) != 5:
            continue
        norm = (name.replace("conv.weight", "norm.weight") if "stem" in name
                else name.replace("cpe.0", "cpe.2").replace("conv.0", "conv.2"))
        out = network.extent(norm, 0)
        if tensor.shape[0] == out and len(set(tensor.shape[1:4])) == 1 and tensor.shape[1] % 2 == 1:
            continue
        if tensor.shape[4] != out or len(set(tensor.shape[0:3])) != 1:
            raise CheckpointError(f"{name} {list(tensor.shape)} is no convolution to {out} channels")
        network.tensors[name] = last_axis_first(tensor)
        turned += 1
    if turned:
        network.notes.append(f"turned {turned} convolutions from [x, y, z, in, out] to [out, x, y, z, in]")


NORM = r"(weight|bias|running_mean|running_var)"
LAYER = r"(weight|bias)"
ATTENTION = rf"sa\d+\.((q_conv|k_conv|v_conv|trans_conv)\.{LAYER}|after_norm\.{NORM})"
PCT = (rf"(conv[12]\.weight|bn[1267]\.{NORM}|linear[123]\.{LAYER}|conv_fuse\.(0\.weight|1\.{NORM})|"
       rf"gather_local_[01]\.(conv[12]\.weight|bn[12]\.{NORM})|"
       rf"pt_last\.({ATTENTION}|pos_xyz\.{LAYER}|conv[12]\.weight|bn[12]\.{NORM}))")
SPCT = (rf"(conv[12]\.weight|bns?[12]\.{NORM}|convs[123]\.{LAYER}|{ATTENTION}|"
        rf"(conv_fuse|label_conv)\.(0\.weight|1\.{NORM}))")
PTV1 = (rf"((enc|dec)\d+\.\d+\.(linear[123]?\.{LAYER}|bn[123]?\.{NORM}|linear[12]\.[01]\.{NORM}|"
        rf"transformer2\.linear_([qkv]\.{LAYER}|[pw]\.\d\.{NORM}))|cls\.\d\.{NORM})")
PTV3 = (rf"(embedding\.(mask_token|stem\.(conv|linear|norm)\.{NORM})|(enc\.enc|dec\.dec)\d+\.("
        rf"down\.(proj\.{LAYER}|norm\.0\.{NORM})|up\.proj(_skip)?\.[01]\.{NORM}|"
        rf"block\d+\.(cpe\.[012]\.{LAYER}|(norm[12]\.0|attn\.qkv|attn\.proj|mlp\.0\.fc[12])\.{LAYER}|"
        rf"ls[12]\.0\.gamma|attn\.rpe\.rpe_table))|seg_head\.{LAYER})")
LITEPT = (rf"(embedding\.stem\.(conv|norm)\.{NORM}|(enc\.enc|dec\.dec)\d+\.("
          rf"down\.(proj\.{LAYER}|norm\.0\.{NORM})|up\.proj(_skip)?\.[01]\.{NORM}|"
          rf"block\d+\.(conv\.[012]|norm[012]\.0|attn\.qkv|attn\.proj|mlp\.0\.fc[12])\.{LAYER})|seg_head\.{LAYER})")
VOLT = (rf"(tokenizer\.proj\.{LAYER}|blocks\.\d+\.((norm[12]|attn\.(qkv|proj|q_norm|k_norm)|mlp\.fc[12])\.{LAYER}|"
        rf"ls[12]\.gamma)|decoder\.(pre\.[03]\.{NORM}|pre\.2\.weight|unembed\.(bias|proj\.weight)|post\.0\.{NORM})|"
        rf"seg_heads\.[^.]+\.{LAYER})")

# By architecture: the names that it may have, and who finds its hyper-parameters.
LAYOUTS: dict[str, tuple[str, Callable[[Network, dict], None]]] = {
    "pct_cls": (PCT, describe_pct),
    "pct_cls_posenc": (PCT, describe_pct),
    "spct_partseg": (SPCT, describe_spct),
    "ptv1_seg": (PTV1, describe_ptv1),
    "litept": (LITEPT, describe_litept),
    "ptv3m1": (PTV3, describe_ptv3),
    "ptv3m2": (PTV3, describe_ptv3),
    "ptv3m3": (PTV3, describe_ptv3),
    "volt": (VOLT, describe_volt),
}
