#!/usr/bin/env python3
"""Makes tests/golden/torch_save.pth and torch_save_legacy.pth: what torch.save itself writes, for the import's tests.

A checkpoint as training code leaves it: weights of several types, among them views that share a storage, parameters
and a transposed matrix, and the states of an optimiser and of a learning rate schedule, which pickles a method. The
first file is a zip archive, the second the layout before PyTorch 1.6. Made with PyTorch 2.15.0; PyTorch writes some
bytes by chance (identifiers), but the same values.
"""

from __future__ import annotations

from pathlib import Path

import torch

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"


def checkpoint() -> dict:
    shared = torch.arange(12, dtype=torch.float64)
    norm = torch.nn.BatchNorm1d(2)
    state = {"turned": shared[2:8].view(2, 3).t(), "tail": shared[10:], "whole": shared,
             "parameter": torch.nn.Parameter(torch.tensor([0.5, -2.0, 65504.0]).half()),
             "bfloat16": torch.tensor([1.5, -0.25], dtype=torch.bfloat16), "scalar": torch.tensor(7.0),
             "empty": torch.empty(0, 3), **norm.state_dict()}
    optimizer = torch.optim.AdamW(norm.parameters())
    norm(torch.eye(3)[:, :2]).square().sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 10)
    # Methods are what the schedules of PyTorch 1 kept.
    states = {**schedule.state_dict(), "anneal_func": torch.optim.lr_scheduler.OneCycleLR._annealing_cos}
    return {"state_dict": state, "optimizer": optimizer.state_dict(), "scheduler": states, "epoch": 3,
            "shape": shared.shape, "dtype": torch.float32, "device": torch.device("cpu")}


def main() -> None:
    value = checkpoint()
    torch.save(value, GOLDEN / "torch_save.pth")
    torch.save(value, GOLDEN / "torch_save_legacy.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
