#!/usr/bin/env python3
"""Accuracy of the bundled model of airborne scans beside what people use today, on held-out places, as Markdown tables.

    python3 -m venv build/peers-venv && build/peers-venv/bin/pip install numpy scikit-learn cloth-simulation-filter
    build/peers-venv/bin/python scripts/bench_peers_aerial.py WORK/aerial/tiles --classes WORK/aerial/classes.txt \\
        --maps WORK/aerial/maps.json --programs build/default/bin

The tiles are those of scripts/train/prepare_aerial.py. Peers:

    forest   a random forest (scikit-learn, as OpenPointClass trains one) on the geometry features of ptattn-features at three
             sizes of neighbourhood, heights above the lowest point within 2, 10 and 40 m, intensity and returns; learnt from
             4000 points of each of the tiles that the model learnt from; 100 trees as by default, and balanced with leaves of 5
    pmf      PCL's progressive morphological filter (Zhang et al. 2003), ground only
    csf      the cloth simulation filter (Zhang et al. 2016) at its defaults, ground only

ground: share of the points, ground or not, that are on the wrong side (total error). IoU: of ground, vegetation and building,
over the points that a place labels with a class.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
TYPES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4", "double": "f8"}
CLASSES = ["ground", "vegetation", "building"]
SEED = 1


def read_ply(path: Path) -> np.ndarray:
    header, points = path.read_bytes().split(b"end_header\n", 1)
    lines = [line.split() for line in header.decode().splitlines()]
    count = next(int(line[2]) for line in lines if line[:2] == ["element", "vertex"])
    return np.frombuffer(points, [(line[2], "<" + TYPES[line[1]]) for line in lines if line[0] == "property"], count)


def meanings(classes: Path, maps: Path) -> tuple[dict, dict]:
    """Names by value for tiles in general, and for single ones."""
    common = {}
    for line in classes.read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            common[words[0]] = words[1]
    return common, {name: entry["map"] for name, entry in json.loads(maps.read_text()).items() if "map" in entry}


def names_of(cloud: np.ndarray, mapping: dict) -> np.ndarray:
    names = np.full(256, mapping.get("*", "ignore"), object)
    for value, name in mapping.items():
        if value != "*":
            names[int(value)] = name
    return names[cloud["classification"]]


def total_error(ground: np.ndarray, names: np.ndarray) -> float:
    """In percent, of the points of which it is known whether they are ground."""
    known = np.array([name != "ignore" and (not name.startswith("not_") or "not_ground" in name) for name in names])
    return 100 * np.mean(ground[known] != (names[known] == "ground"))


def ious(labels: np.ndarray, names: np.ndarray) -> list[float]:
    """Of CLASSES, over the points labelled with a class; NaN where the place has fewer than 100 of one."""
    known = np.array([name != "ignore" and not name.startswith("not_") for name in names])
    found, truth = labels[known], names[known]
    return [100 * np.sum((found == c) & (truth == c)) / np.sum((found == c) | (truth == c)) if np.sum(truth == c) >= 100 else np.nan
            for c in CLASSES]


def height_above(xyz: np.ndarray, reach: float) -> np.ndarray:
    """Above the lowest point of the cells of the size `reach` around that of the point."""
    cell = np.floor((xyz[:, :2] - xyz[:, :2].min(0)) / reach).astype(int) + 1
    low = np.full(cell.max(0) + 2, np.inf)
    np.minimum.at(low, (cell[:, 0], cell[:, 1]), xyz[:, 2])
    around = np.min([np.roll(low, shift, (0, 1)) for shift in np.ndindex(3, 3)], 0)
    return xyz[:, 2] - np.roll(around, (-1, -1), (0, 1))[cell[:, 0], cell[:, 1]]


def features(cloud: np.ndarray, path: Path, programs: Path, work: Path) -> np.ndarray:
    matrix = work / "features.npy"
    subprocess.run([programs / "ptattn-features", path, "-o", matrix, "--quiet", "--no-progress"], check=True, capture_output=True)
    xyz = np.stack([cloud[axis] for axis in "xyz"], 1)
    columns = [np.load(matrix)] + [height_above(xyz, reach)[:, None] for reach in (2, 10, 40)]
    for name in ("intensity", "return_number", "number_of_returns"):
        known = name in cloud.dtype.names
        values = cloud[name].astype(float) if known else np.zeros(len(cloud))
        rank = values / max(np.percentile(values, 99), 1e-9) if name == "intensity" else values
        columns.append(rank[:, None])
    return np.nan_to_num(np.concatenate(columns, 1)).astype(np.float32)


def learn_forests(tiles: list[Path], meaning, programs: Path, work: Path) -> dict:
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(SEED)
    rows, labels = [], []
    for path in tiles:
        cloud = read_ply(path)
        names = names_of(cloud, meaning(path))
        use = np.flatnonzero([name != "ignore" and not name.startswith("not_") for name in names])
        if len(use) == 0:
            continue
        use = rng.choice(use, min(4000, len(use)), replace=False)
        rows.append(features(cloud, path, programs, work)[use])
        labels.append(names[use].astype(str))
    x, y = np.concatenate(rows), np.concatenate(labels)
    return {"forest": RandomForestClassifier(100, n_jobs=2, random_state=SEED).fit(x, y),
            "forest, tuned": RandomForestClassifier(100, min_samples_leaf=5, class_weight="balanced_subsample", n_jobs=2,
                                                    random_state=SEED).fit(x, y)}


def own_labels(path: Path, model: str, programs: Path, work: Path) -> np.ndarray:
    out = work / "labelled.ply"
    run = subprocess.run([programs / "ptattn-segment", path, "--model", model, "-o", out, "--format", "json", "--quiet",
                          "--no-progress"], check=True, capture_output=True, text=True)
    names = np.array([*json.loads(run.stdout)[0]["classes"], "none"], object)
    labels = read_ply(out)["label"].astype(int)
    return names[np.where(labels < 0, len(names) - 1, labels)]


def csf_ground(xyz: np.ndarray) -> np.ndarray:
    import CSF

    filter_ = CSF.CSF()
    filter_.setPointCloud(xyz)
    ground, others = CSF.VecInt(), CSF.VecInt()
    own, talk = os.dup(1), os.open(os.devnull, os.O_WRONLY)  # it writes about itself to standard output
    os.dup2(talk, 1)
    filter_.do_filtering(ground, others, False)
    os.dup2(own, 1)
    os.close(own)
    os.close(talk)
    flags = np.zeros(len(xyz), bool)
    flags[np.array(ground, int)] = True
    return flags


def pmf_ground(xyz: np.ndarray, program: Path, work: Path) -> np.ndarray:
    (xyz - xyz.mean(0)).astype("<f4").tofile(work / "points")
    subprocess.run([program, work / "points", work / "ground"], check=True)
    return np.fromfile(work / "ground", np.uint8).astype(bool)


def build_pmf(work: Path) -> Path:
    program = work / "pmf"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "pcl_segmentation"], check=True, capture_output=True, text=True)
    subprocess.run([shutil.which("c++"), "-O2", "-w", ROOT / "scripts/peers/pmf.cpp", "-o", program, *flags.stdout.split()], check=True)
    return program


def print_table(title: str, names: list[str], places: dict[str, list[float]], digits: int = 1) -> None:
    print(f"\n| {title} | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for place, row in places.items():
        print(f"| {place} | " + " | ".join("" if np.isnan(x) else f"{x:.{digits}f}" for x in row) + " |")
    means = np.nanmean(np.array(list(places.values())), 0)
    print("| mean | " + " | ".join(f"{x:.{digits}f}" for x in means) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tiles", type=Path)
    parser.add_argument("--classes", type=Path, required=True)
    parser.add_argument("--maps", type=Path, required=True)
    parser.add_argument("--model", default=str(ROOT / "samples/models/aerial"))
    parser.add_argument("--programs", type=Path, default=Path("build/default/bin"))
    options = parser.parse_args()
    common, single = meanings(options.classes, options.maps)

    def meaning(path: Path) -> dict:
        return single.get(path.stem, common)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        pmf = build_pmf(work)
        learnt = sorted(p for p in options.tiles.glob("*.ply") if not p.name.startswith("held_"))
        forests = learn_forests(learnt, meaning, options.programs, work)
        errors: dict[str, list[float]] = {}
        scores: dict[str, dict[str, list[float]]] = {c: {} for c in CLASSES}
        for path in sorted(options.tiles.glob("held_*.ply")):
            cloud, place = read_ply(path), path.stem.removeprefix("held_")
            names = names_of(cloud, meaning(path))
            x = features(cloud, path, options.programs, work)
            found = [own_labels(path, options.model, options.programs, work)]
            found += [forest.predict(x).astype(object) for forest in forests.values()]
            xyz = np.stack([cloud[axis] for axis in "xyz"], 1).astype(float)
            grounds = [labels == "ground" for labels in found] + [pmf_ground(xyz, pmf, work), csf_ground(xyz - xyz.mean(0))]
            errors[place] = [total_error(ground, names) for ground in grounds]
            each = [ious(labels, names) for labels in found]
            for i, c in enumerate(CLASSES):
                if not np.isnan(each[0][i]):
                    scores[c][place] = [e[i] for e in each]
    methods = [Path(options.model).name, *forests]
    print_table("ground or not, wrong, %", [*methods, "pmf", "csf"], errors)
    for c in CLASSES:
        print_table(f"IoU of {c}, %", methods, scores[c])


if __name__ == "__main__":
    main()
