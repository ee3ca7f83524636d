#!/usr/bin/env python3
"""Trains the PCT classifier on ModelNet40. Killed at any time, it goes on from its last epoch when started again.

Everything random in an epoch follows from (seed, epoch), and the learning rate from epoch / epochs, so that a resumed
run equals an uninterrupted one on the same machine, and `--epochs` may differ on resuming.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import Augmentation, Views, load_clouds, rotate_z, split
from pct import Group, Pct, PctConfig, multiply_adds

TRAINING_VIEWS = "full,full,full,full,random:512-1024,random:128-512,fps:512,fps:192-768"
EVALUATION_YAW_SEED = 7


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, curve and cached views")
    parser.add_argument("--cache", type=Path, help="folder of the cached views, if not in --out")
    parser.add_argument("--limit", type=int, default=0, help="use only this many training clouds (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=6e-4, help="largest learning rate")
    parser.add_argument("--qk-lr", type=float, default=0.1, help="learning rate of queries and keys, relative to --lr")
    parser.add_argument("--warmup", type=float, default=2, help="epochs of linear warm-up, before the cosine")
    parser.add_argument("--weight-decay", type=float, default=0.05, help="on matrices only")
    parser.add_argument("--label-smoothing", type=float, default=0.1)
    parser.add_argument("--dropout", type=float, default=0.4)
    parser.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights, per step")
    parser.add_argument("--clip", type=float, default=5.0, help="largest norm of the gradient")
    parser.add_argument("--views", default=TRAINING_VIEWS, help="see data.py")
    parser.add_argument("--scale", type=float, default=1.5, help="random scale per axis in [1/scale, scale]")
    parser.add_argument("--jitter", type=float, default=0.01, help="standard deviation of the noise on coordinates")
    parser.add_argument("--yaw", type=float, default=0.4, help="probability of a random rotation about z")
    parser.add_argument("--embed", type=int, default=64, help="channels of conv1 and conv2")
    parser.add_argument("--group1", default="256x20x96", help="points x neighbours x channels")
    parser.add_argument("--group2", default="128x16x192", help="points x neighbours x channels")
    parser.add_argument("--attention-layers", type=int, default=4)
    parser.add_argument("--qk", type=int, default=48, help="channels of queries and keys")
    parser.add_argument("--fuse", type=int, default=512, help="channels of conv_fuse")
    parser.add_argument("--head", default="256x128", help="channels of linear1 and linear2")
    parser.add_argument("--evaluate-every", type=int, default=2, help="epochs between validations")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: PyTorch's choice)")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 autocast")
    parser.add_argument("--compile", action="store_true", help="torch.compile (PyTorch 2)")
    return parser.parse_args(arguments)


def network_config(options: argparse.Namespace, classes: int) -> PctConfig:
    groups = [Group(*map(int, text.split("x"))) for text in (options.group1, options.group2)]
    return PctConfig(num_classes=classes, embed_channels=options.embed, groups=groups,
                     attention_layers=options.attention_layers, qk_channels=options.qk, fuse_channels=options.fuse,
                     head_channels=list(map(int, options.head.split("x"))))


def learning_rate(progress: float, options: argparse.Namespace) -> float:
    """Linear warm-up, then half a cosine to zero; `progress` in epochs."""
    if progress < options.warmup:
        return options.lr * progress / options.warmup
    share = (progress - options.warmup) / (options.epochs - options.warmup)
    return options.lr * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def optimizer_for(network: nn.Module, options: argparse.Namespace) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only, not on norms and biases; queries and keys learn more slowly."""
    keys = [p for name, p in network.named_parameters() if ".k_conv." in name]
    matrices = [p for name, p in network.named_parameters() if p.dim() > 1 and ".k_conv." not in name]
    vectors = [p for p in network.parameters() if p.dim() <= 1]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": options.weight_decay, "share": 1.0},
                              {"params": keys, "weight_decay": options.weight_decay, "share": options.qk_lr},
                              {"params": vectors, "weight_decay": 0.0, "share": 1.0}], lr=options.lr)


@torch.no_grad()
def average_into(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of all floating-point parameters and buffers."""
    for target, source in zip(average.parameters(), network.parameters()):
        target.lerp_(source, 1 - decay)
    for target, source in zip(average.buffers(), network.buffers()):
        if target.dtype.is_floating_point:
            target.lerp_(source, 1 - decay)


@torch.no_grad()
def predict(network: nn.Module, views: Views, view: int = 0, yaw: bool = False, batch: int = 32,
            device: str = "cpu", bf16: bool = False) -> Tensor:
    """Logits [n, classes] of one view of every cloud, in evaluation mode; `yaw` turns each by a fixed random angle."""
    network.eval()
    angles = np.random.default_rng(EVALUATION_YAW_SEED).uniform(-np.pi, np.pi, len(views.xyz)).astype(np.float32)
    logits = []
    for begin in range(0, len(views.xyz), batch):
        clouds = np.arange(begin, min(begin + batch, len(views.xyz)))
        xyz, indices = views.batch(clouds, np.full(len(clouds), view))
        if yaw:
            xyz = rotate_z(xyz, torch.from_numpy(angles[clouds]))
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=bf16):
            logits.append(network(xyz.to(device), *(index.to(device) for index in indices)).float().cpu())
    return torch.cat(logits)


def accuracies(logits: Tensor, labels: np.ndarray) -> tuple[float, float]:
    """Overall accuracy and mean of the classes' accuracies, in percent."""
    right = logits.argmax(1).numpy() == labels
    per_class = [right[labels == label].mean() for label in np.unique(labels)]
    return 100 * float(right.mean()), 100 * float(np.mean(per_class))


def train(options: argparse.Namespace) -> nn.Module:
    """Runs the epochs that are still missing; returns the averaged network."""
    if options.threads:
        torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    cache = options.cache or options.out / "cache"
    xyz, labels, classes = load_clouds(options.data)
    training, validation = split(labels)
    if options.limit:
        training = np.random.default_rng(options.seed).permutation(training)[:options.limit]
        validation = validation[::max(1, len(validation) // options.limit)]
    config = network_config(options, len(classes))
    views = Views(xyz[training], config, options.views.split(","), True, options.seed, cache)
    validation_views = Views(xyz[validation], config, ["full"], False, options.seed, cache)

    torch.manual_seed(options.seed)
    network = Pct(config, options.dropout).to(options.device)
    average = copy.deepcopy(network)
    optimizer = optimizer_for(network, options)
    checkpoint_path = options.out / "checkpoint.pt"
    history: list[dict] = []
    if checkpoint_path.exists():
        checkpoint = torch.load(checkpoint_path, map_location=options.device)
        if checkpoint["config"] != config.to_dict():
            raise SystemExit(f"{checkpoint_path} holds a network of another shape")
        network.load_state_dict(checkpoint["network"])
        average.load_state_dict(checkpoint["average"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        history = checkpoint["history"]
    step_network = torch.compile(network, dynamic=False) if options.compile else network
    device_type = torch.device(options.device).type
    steps = len(training) // options.batch
    print(f"{sum(p.numel() for p in network.parameters())} parameters, {multiply_adds(config, 1024) / 1e6:.0f} M "
          f"multiply-adds, {len(training)} clouds, {len(validation)} held out, from epoch {len(history)}", flush=True)

    for epoch in range(len(history), options.epochs):
        began = time.time()
        rng = np.random.default_rng([options.seed, epoch])
        torch.manual_seed(options.seed * 100003 + epoch)
        augment = Augmentation(options.scale, options.yaw, options.jitter, rng)
        order = rng.permutation(len(training))
        network.train()
        loss_sum, right = 0.0, 0
        for step in range(steps):
            clouds = order[step * options.batch:(step + 1) * options.batch]
            points, indices = views.batch(clouds, rng.integers(0, views.count, len(clouds)), augment)
            target = torch.from_numpy(labels[training[clouds]]).to(options.device)
            rate = learning_rate(epoch + step / steps, options)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["share"]
            with torch.autocast(device_type, dtype=torch.bfloat16, enabled=options.bf16):
                logits = step_network(points.to(options.device), *(index.to(options.device) for index in indices))
            loss = F.cross_entropy(logits.float(), target, label_smoothing=options.label_smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), options.clip)
            optimizer.step()
            average_into(average, network, min(options.ema, (1 + epoch * steps + step) / (10 + epoch * steps + step)))
            loss_sum += loss.item()
            right += int((logits.argmax(1) == target).sum())
        record = {"epoch": epoch + 1, "epochs": options.epochs, "learning_rate": rate, "loss": loss_sum / steps,
                  "training_accuracy": 100 * right / (steps * options.batch), "seconds": time.time() - began}
        if (epoch + 1) % options.evaluate_every == 0 or epoch + 1 == options.epochs or epoch == 0:
            for name, model, yaw in (("raw", network, False), ("ema", average, False), ("ema_yaw", average, True)):
                logits = predict(model, validation_views, yaw=yaw, device=options.device, bf16=options.bf16)
                record[name], record[f"{name}_class_mean"] = accuracies(logits, labels[validation])
        history.append({key: round(value, 6) for key, value in record.items()})
        temporary = checkpoint_path.with_suffix(".tmp")
        torch.save({"config": config.to_dict(), "network": network.state_dict(), "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(), "history": history,
                    "options": {key: str(value) for key, value in vars(options).items()},
                    "torch": str(torch.__version__)}, temporary)
        os.replace(temporary, checkpoint_path)
        (options.out / "curve.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
        print(json.dumps(history[-1]), flush=True)
    return average


if __name__ == "__main__":
    train(parse_arguments())
