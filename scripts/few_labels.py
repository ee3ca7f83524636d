#!/usr/bin/env python3
"""A class learnt from few labelled points: heads on a bundled model beside a random forest on geometry features.

    scripts/few_labels.py --train OTHER.laz --test samples/scenes/powerline.laz --code 14 --labels 10,30,100 \
        --drop-class wire --drop-class tower

Keeps N points of the class in the training cloud, drawn at random, and takes all other labels away. Then `ptattn-train`
fits a linear head and one of attention (`--freeze encoder`), and scikit-learn a random forest on the geometry features of
`ptattn-features`, which takes unlabelled points for other things, all classes balanced. All of them label the other cloud;
the table has the IoU of the class there, in percent, and the seconds of the fit. Needs numpy and scikit-learn.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
TYPES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4", "double": "f8",
         "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4", "float32": "f4",
         "float64": "f8"}
UNLABELLED = 1  # the ASPRS code


def read_ply(path: Path) -> tuple[bytes, np.ndarray]:
    """The header and the points of a little-endian PLY file without lists."""
    header, points = path.read_bytes().split(b"end_header\n", 1)
    fields, count, inside = [], 0, False
    for line in header.decode().splitlines():
        words = line.split()
        if words[:1] == ["element"]:
            inside = words[1] == "vertex"
            count = int(words[2]) if inside else count
        elif words[:1] == ["property"] and inside:
            fields.append((words[2], "<" + TYPES[words[1]]))
    return header + b"end_header\n", np.frombuffer(points, np.dtype(fields), count)


def run(programs: Path, *command: object) -> None:
    environment = {**os.environ, "PTATTN_MODELS": str(ROOT / "samples/models")}
    words = [str(programs / str(command[0])), *map(str, command[1:])]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stderr}")


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    return 100.0 * np.count_nonzero(found & truth) / max(1, np.count_nonzero(found | truth))


def forest(features: np.ndarray, labels: np.ndarray, code: int, test: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Which points of the test cloud the forest gives the class, and the seconds of the fit."""
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(seed)
    own = np.flatnonzero(labels == code)
    others = rng.choice(np.flatnonzero(labels != code), 4096, replace=False)
    rows = np.concatenate([own, others])
    began = time.perf_counter()
    trees = RandomForestClassifier(300, class_weight="balanced", min_samples_leaf=2, n_jobs=2, random_state=seed)
    trees.fit(features[rows], labels[rows] == code)
    seconds = time.perf_counter() - began
    return trees.predict(test), seconds


def table_row(name: str, scores: list[float], seconds: list[float]) -> str:
    return f"| {name} | " + " | ".join(f"{s:.1f}" for s in scores) + f" | {np.mean(seconds):.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True, help="a cloud with a classification")
    parser.add_argument("--test", type=Path, required=True, help="another one")
    parser.add_argument("--code", type=int, required=True, help="the class that is learnt")
    parser.add_argument("--labels", default="10,30,100", help="how many points of it have a label")
    parser.add_argument("--draws", type=int, default=3, help="repetitions with other points")
    parser.add_argument("--drop-class", action="append", default=[], help="take this class from the model first")
    parser.add_argument("--model", default="aerial", help="whose encoder stays as it is")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/default/bin")
    options = parser.parse_args()
    counts = [int(n) for n in options.labels.split(",")]
    results: dict[str, list[list[float]]] = {}
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clouds, features = {}, {}
        for part in ("train", "test"):
            run(options.programs, "ptattn-features", getattr(options, part), "-o", folder / f"{part}.npy", "-q")
            run(options.programs, "ptattn-segment", getattr(options, part), "-o", folder / f"{part}.ply", "--field", "seen", "-q")
            clouds[part] = read_ply(folder / f"{part}.ply")
            features[part] = np.load(folder / f"{part}.npy")
        header, points = clouds["train"]
        truth = clouds["test"][1]["classification"] == options.code
        for count in counts:
            for draw in range(options.draws):
                few = points.copy()
                rows = np.random.default_rng(draw).choice(np.flatnonzero(points["classification"] == options.code), count, False)
                few["classification"] = UNLABELLED
                few["classification"][rows] = options.code
                (folder / "few.ply").write_bytes(header + few.tobytes())
                found, spent = forest(features["train"], few["classification"], options.code, features["test"], draw)
                results.setdefault(f"{count} forest", []).append([iou(found, truth)])
                seconds.setdefault("forest", []).append(spent)
                for head in ("linear", "attention"):
                    began = time.perf_counter()
                    run(options.programs, "ptattn-train", folder / "few.ply", "-o", folder / f"{head}{count}_{draw}", "--init",
                        options.model, "--freeze", "encoder", "--head", head, "--add-class", f"learnt={options.code}",
                        "--classes", "asprs", *(f"--drop-class={name}" for name in options.drop_class))
                    seconds.setdefault(head, []).append(time.perf_counter() - began)
                    run(options.programs, "ptattn-segment", options.test, "-o", folder / "out.ply", "--field", "seen", "--codes",
                        "asprs", "--model", folder / f"{head}{count}_{draw}", "-q")
                    _, labelled = read_ply(folder / "out.ply")
                    results.setdefault(f"{count} {head}", []).append([iou(labelled["seen"] == options.code, truth)])
    print("| labelled points | " + " | ".join(map(str, counts)) + " | seconds |")
    print("|---" * (len(counts) + 2) + "|")
    for name, title in (("linear", "linear head"), ("attention", "head of attention"), ("forest", "random forest, geometry")):
        print(table_row(title, [float(np.mean(results[f"{n} {name}"])) for n in counts], seconds[name]))


if __name__ == "__main__":
    main()
