"""The files that README.md's examples name (scan.ply, survey/, ...), and commands that cannot run in a test.

Everything of ptattn is the real thing. Stand-ins are `cmake` and `ctest`, as far as they would build and test again
what is built and under test, `apt-get` and `sudo`, so that a test installs nothing, and `ssh`, which runs the command here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

COMMANDS = {
    "cmake": 'case $1 in --install) exec {cmake} "$@" ;; *) echo "cmake $*" >>{folder}/.built ;; esac',
    "ctest": 'echo "ctest $*" >>{folder}/.built',
    "apt-get": 'echo "apt-get $*" >>{folder}/.built',
    "sudo": 'exec "$@"',
    "ssh": 'while [[ $1 == -* ]]; do shift; done; shift; [[ $1 != -- ]] || shift; exec bash -c "$*"',
}


def make_commands(folder: Path, programs: Path) -> Path:
    """A folder to put before the others on the PATH."""
    commands = folder / ".stand-ins"
    commands.mkdir()
    for name, text in COMMANDS.items():
        script = commands / name
        script.write_text("#!/bin/bash\n" + text.format(cmake=shutil.which("cmake"), folder=folder) + "\n")
        script.chmod(0o755)
    return commands


def make_checkout(folder: Path, source: Path, programs: Path) -> None:
    """The repository as a user has it after building, with clouds of his own in it."""
    for part in ("scripts", "samples", "tests"):
        (folder / part).symlink_to(source / part)
    (folder / "build").mkdir()
    (folder / "build" / "default").symlink_to(programs.parent)
    clouds, scenes = source / "samples" / "clouds", source / "samples" / "scenes"
    _with_intensity(clouds / "piano.ply", folder / "scan.ply")
    shutil.copy(clouds / "airplane.ply", folder / "plane.ply")
    for name in ("chair/17.ply", "chair/18 (b).ply", "piano/3.ply"):
        (folder / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clouds / ("piano.ply" if "piano" in name else "chair_coloured.ply"), folder / "scans" / name)
    for name in ("tile.ply", "big.ply", "survey/north.ply", "survey/river bank/south.ply", "truth/north.ply",
                 "truth/river bank/south.ply"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(scenes / "aerial_coast.ply", folder / name)
    shutil.copy(scenes / "aerial_coast.laz", folder / "tile.laz")
    (folder / "asprs.txt").write_text("2 ground\n3 vegetation\n4 vegetation\n5 vegetation\n6 building\n* ignore\n")
    _encoder_checkpoint(folder / "sonata.pth", source, programs)


def _with_intensity(ascii_ply: Path, target: Path) -> None:
    header, points = ascii_ply.read_text().split("end_header\n")
    lines = [f"{line} {i % 256}" for i, line in enumerate(points.splitlines())]
    target.write_text(f"{header}property float intensity\nend_header\n" + "\n".join(lines) + "\n")


def _encoder_checkpoint(target: Path, source: Path, programs: Path) -> None:
    """A PyTorch file in the layout of Sonata's release, of the golden case's size."""
    sys.path[:0] = [str(source / "scripts"), str(source / "tests" / "scripts")]
    import json

    import torch_writer
    from checkpoints.tensors import load_safetensors

    case = source / "tests" / "golden" / "sonata_small_seg.json"
    weights = target.with_suffix(".weights")
    subprocess.run([programs / "import_oracle", "weights", case, weights], check=True)
    state = {name: tensor for name, tensor in load_safetensors(weights).items() if "seg_head" not in name}
    config = json.loads(case.read_text())["config"]
    torch_writer.save(target, {"config": config, "state_dict": state})
    os.remove(weights)
