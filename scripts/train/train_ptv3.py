#!/usr/bin/env python3
"""Trains a Point Transformer V3 on airborne tiles or on parts of objects. Killed at any time, it goes on when restarted.

The learning rate is a function of the minutes spent, and ends at zero with them: `--minutes` is the budget of all runs together.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import aerial_data
import parts_data
import safetensors_io
from ptv3 import Geometry, PtV3, PtV3Config, geometry
from train_pct import average_into

TASKS = {"aerial": aerial_data.Data, "parts": parts_data.Data, "modelnet": parts_data.Pretraining}
SIZES = {"small": dict(enc_depths=[1, 1, 2, 2, 1], enc_channels=[32, 48, 64, 96, 128], enc_num_head=[2, 3, 4, 6, 8],
                       dec_depths=[1, 1, 1, 1], dec_channels=[32, 48, 64, 96], dec_num_head=[2, 3, 4, 6]),
         "tiny": dict(enc_depths=[1, 1, 1, 1, 1], enc_channels=[32, 32, 48, 64, 96], enc_num_head=[2, 2, 3, 4, 6],
                      dec_depths=[1, 1, 1, 1], dec_channels=[32, 32, 48, 64], dec_num_head=[2, 2, 3, 4])}
AHEAD = 2  # batches per worker prepared while the network computes


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--task", choices=TASKS, default="aerial")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--work", type=Path, help="folder for the unpacked tiles (aerial)")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint and curve")
    parser.add_argument("--init", type=Path, nargs="+", help="model folders whose weights to begin with: each tensor from "
                        "the first that has it in its shape")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--minutes", type=float, default=100, help="of training, all runs together")
    parser.add_argument("--voxels", type=int, default=9000, help="per worker and step")
    parser.add_argument("--workers", type=int, default=2, help="threads with a replica each, whose gradients are averaged")
    parser.add_argument("--lr", type=float, default=3e-3, help="largest learning rate")
    parser.add_argument("--warmup", type=float, default=0.03, help="share of the minutes")
    parser.add_argument("--weight-decay", type=float, default=0.05, help="on matrices only")
    parser.add_argument("--lovasz", type=float, default=0.5, help="weight of the Lovasz loss")
    parser.add_argument("--clip", type=float, default=2.0, help="largest norm of the gradient")
    parser.add_argument("--ema", type=float, default=0.998, help="decay of the averaged weights, per step")
    parser.add_argument("--freeze-norms", type=float, default=1, help="share of the minutes after which batch norms keep their "
                        "averaged statistics, as in use")
    parser.add_argument("--save-minutes", type=float, default=3, help="between checkpoints")
    parser.add_argument("--evaluate-minutes", type=float, default=10, help="between validations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 autocast")
    return parser.parse_args(arguments)


def learning_rate(progress: float, options: argparse.Namespace) -> float:
    """Linear warm-up, then half a cosine to zero; `progress` from 0 to 1."""
    if progress < options.warmup:
        return options.lr * max(progress, 1e-4) / options.warmup
    share = (progress - options.warmup) / (1 - options.warmup)
    return options.lr * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean over the voxels with labels of the points' mean loss; the last column of `target` counts points known only not
    to be of class 0, whose loss is -ln(1 - p_0)."""
    log_p = F.log_softmax(logits, 1)
    others = torch.logsumexp(log_p[:, 1:], 1, keepdim=True)
    loss = -(torch.cat([log_p * weights, others], 1) * target).sum(1)
    labelled = target.sum(1)
    return (loss / labelled.clamp(min=1)).sum() / (labelled > 0).sum().clamp(min=1)


def within_groups(logits: Tensor, target: Tensor, groups: Tensor) -> Tensor:
    """The logits with classes of other groups than the target's put out of the race."""
    home = groups[target[:, :-1].argmax(1)]
    return logits.masked_fill(groups != home[:, None], -30.0)


def lovasz(logits: Tensor, target: Tensor, least: int = 50) -> Tensor:
    """Lovasz softmax loss (Berman et al. 2018) of the classes present, over the voxels whose class is known."""
    counts = target[:, :-1]
    known = counts.sum(1) > target[:, -1]
    probabilities, label = torch.softmax(logits[known], 1), counts[known].argmax(1)
    losses = []
    for value in range(counts.shape[1]):
        truth = (label == value).float()
        if truth.sum() < least:
            continue
        errors, order = (truth - probabilities[:, value]).abs().sort(descending=True)
        truth = truth[order]
        intersection, union = truth.sum() - truth.cumsum(0), truth.sum() + (1 - truth).cumsum(0)
        jaccard = 1 - intersection / union
        losses.append((errors * torch.diff(jaccard, prepend=jaccard.new_zeros(1))).sum())
    return torch.stack(losses).mean() if losses else logits.new_zeros(())


def optimizer_for(network: nn.Module, options: argparse.Namespace) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only, not on norms and biases."""
    matrices = [p for p in network.parameters() if p.dim() > 1]
    vectors = [p for p in network.parameters() if p.dim() <= 1]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": options.weight_decay},
                              {"params": vectors, "weight_decay": 0.0}], lr=options.lr)


Batch = Tuple[Tensor, Tensor, Geometry]


def prepare(data, config: PtV3Config, seed: int, number: int) -> Batch:
    """Features, targets and geometry of one batch; all that is random follows from (seed, number)."""
    batch = data.training_batch(np.random.default_rng([seed, number]))
    features, target = (torch.from_numpy(np.concatenate([getattr(sample, name) for sample in batch]))
                        for name in ("features", "target"))
    return features, target, geometry([sample.grid for sample in batch], config)


class Workers:
    """Replicas that share the network's parameters and compute gradients of a batch each, at the same time.

    Two threads of one each wait less for busy cores than one network on two threads, which meet at every operation.
    """

    def __init__(self, network: PtV3, data, options: argparse.Namespace, step: int) -> None:
        self.network, self.data, self.options, self.next = network, data, options, step * options.workers
        self.weights = torch.tensor(data.class_weights, device=options.device)
        groups = getattr(data, "group_of_class", None)
        self.groups = None if groups is None else torch.tensor(groups, device=options.device)
        self.replicas = [network] + [copy.deepcopy(network) for _ in range(options.workers - 1)]
        for replica in self.replicas[1:]:
            for own, shared in zip(replica.parameters(), network.parameters()):
                own.data = shared.data
        self.preparing, self.computing = ThreadPoolExecutor(1), ThreadPoolExecutor(options.workers)
        self.waiting: list[Future] = []
        self.refill()

    def refill(self) -> None:
        while len(self.waiting) < AHEAD * self.options.workers:
            self.waiting.append(self.preparing.submit(prepare, self.data, self.network.config, self.options.seed, self.next))
            self.next += 1

    def compute(self, replica: PtV3, batch: Batch) -> tuple[float, float]:
        """Gradients of one batch; its cross entropy and loss."""
        device, options = self.options.device, self.options
        features, target, where = batch[0].to(device), batch[1].to(device), batch[2].to(device)
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=options.bf16):
            logits = replica(features, where)
        logits = logits.float()
        entropy = cross_entropy(logits, target, self.weights)
        if self.groups is not None:  # whoever knows the category lets only its parts compete
            logits = within_groups(logits, target, self.groups)
            entropy = 0.5 * (entropy + cross_entropy(logits, target, self.weights))
        loss = entropy + (options.lovasz * lovasz(logits, target) if options.lovasz else 0)
        (loss / options.workers).backward()
        return entropy.item(), loss.item()

    def gradients(self, frozen: bool) -> np.ndarray:
        """Leaves the mean gradient of a batch per replica in the network; cross entropy and loss. Where `frozen`, batch
        norms use their running statistics and leave them as they are."""
        batches = [self.waiting.pop(0).result() for _ in self.replicas]
        self.refill()
        for replica in self.replicas:
            replica.train()
            for module in replica.modules():
                if frozen and isinstance(module, nn.BatchNorm1d):
                    module.eval()
            replica.zero_grad(set_to_none=True)
        losses = list(self.computing.map(self.compute, self.replicas, batches))
        with torch.no_grad():
            for shared, *others in zip(*(replica.parameters() for replica in self.replicas)):
                for other in others:
                    shared.grad += other.grad
            for shared, *others in zip(*(replica.buffers() for replica in self.replicas)):
                if shared.dtype.is_floating_point:
                    shared.copy_(torch.stack([shared, *others]).mean(0))
                    for other in others:
                        other.copy_(shared)
        return np.mean(losses, 0)

    def stop(self) -> None:
        for item in self.waiting:
            item.cancel()
        self.preparing.shutdown()
        self.computing.shutdown()


@torch.no_grad()
def predict(network: PtV3, sample, device: str = "cpu", bf16: bool = False) -> np.ndarray:
    """Logits of every voxel of one cloud, in evaluation mode."""
    network.eval()
    where = geometry([sample.grid], network.config).to(device)
    with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=bf16):
        return network(torch.from_numpy(sample.features).to(device), where).float().cpu().numpy()


def save(path: Path, contents: dict) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(contents, temporary)
    os.replace(temporary, path)


def warm_start(network: nn.Module, folders: list[Path]) -> list[str]:
    """Takes the weights of model folders over; new input channels begin with weight 0. Names that are left as they were."""
    given = [safetensors_io.load(folder / "model.safetensors") for folder in folders]
    left = []
    for name, tensor in network.state_dict().items():
        for weights in given:
            value = torch.from_numpy(weights[name].astype(np.float32)) if name in weights else torch.empty(0)
            if name.endswith("stem.conv.weight") and value.shape[:-1] == tensor.shape[:-1]:
                value = F.pad(value, (0, tensor.shape[-1] - value.shape[-1]))
            if value.shape == tensor.shape:
                tensor.copy_(value)
                break
        else:
            if not name.endswith("num_batches_tracked"):
                left.append(name)
    return left


def take_statistics(source: nn.Module, replicas: list[PtV3]) -> None:
    """Buffers of the batch norms of `source` into the replicas."""
    for replica in replicas:
        for own, given in zip(replica.buffers(), source.buffers()):
            own.copy_(given)


def train(options: argparse.Namespace) -> nn.Module:
    """Runs until the minutes are spent; returns the averaged network."""
    options.out.mkdir(parents=True, exist_ok=True)
    data = TASKS[options.task](options.data, options.work, options.voxels)
    config = PtV3Config(len(data.classes), data.in_channels, **SIZES[options.size])
    torch.manual_seed(options.seed)
    network = PtV3(config).to(options.device)
    if options.init:
        print("left at random:", *warm_start(network, options.init) or ["nothing"])
    average = copy.deepcopy(network)
    optimizer = optimizer_for(network, options)
    path, step, spent, curve = options.out / "checkpoint.pt", 0, 0.0, []
    if path.exists():
        checkpoint = torch.load(path, map_location=options.device)
        network.load_state_dict(checkpoint["network"])
        average.load_state_dict(checkpoint["average"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        step, spent, curve = checkpoint["step"], checkpoint["spent"], checkpoint["curve"]
    print(f"{sum(p.numel() for p in network.parameters())} parameters, from step {step}", flush=True)

    def keep() -> None:
        save(path, {"config": config.to_dict(), "network": network.state_dict(), "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(), "step": step, "spent": spent, "curve": curve,
                    "options": {key: str(value) for key, value in vars(options).items()}})

    workers, frozen = Workers(network, data, options, step), False
    began, last_save, last_evaluation, losses = time.time() - 60 * spent, spent, spent, []
    while spent < options.minutes:
        rate = learning_rate(spent / options.minutes, options)
        for group in optimizer.param_groups:
            group["lr"] = rate
        if not frozen and spent >= options.freeze_norms * options.minutes:
            frozen = True
            take_statistics(average, workers.replicas)
        entropy, loss = workers.gradients(frozen)
        norm = nn.utils.clip_grad_norm_(network.parameters(), options.clip)
        if torch.isfinite(norm):
            optimizer.step()
            average_into(average, network, min(options.ema, (1 + step) / (10 + step)))
        step += 1
        losses.append((entropy, loss, norm.item()))
        spent = (time.time() - began) / 60
        if step % 50 == 0:
            means = np.mean(losses, 0)
            print(f"step {step} minute {spent:.1f} rate {rate:.2e} cross entropy {means[0]:.4f} loss {means[1]:.4f} "
                  f"gradient {means[2]:.2f}", flush=True)
            losses = []
        if spent - last_evaluation >= options.evaluate_minutes or spent >= options.minutes:
            last_evaluation = spent
            measured = data.evaluate(lambda sample: predict(average, sample, options.device, options.bf16), held_out=False)
            record = {"step": step, "minute": round(spent, 1), **measured}
            curve.append(record)
            print(json.dumps(record), flush=True)
        if spent - last_save >= options.save_minutes or spent >= options.minutes:
            last_save = spent
            keep()
    workers.stop()
    return average


if __name__ == "__main__":
    train(parse_arguments())
