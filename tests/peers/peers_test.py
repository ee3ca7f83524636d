"""Opens what ptattn-segment writes with the programs that people look at clouds with: labels, confidences and colours.

A case needs its program: CloudCompare, MeshLab's meshlabserver with xvfb-run, or Open3D for Python. CTest knows those cases whose
programs are installed.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SEGMENT = os.environ["PTATTN_SEGMENT"]
SCENE = Path(__file__).resolve().parents[2] / "samples" / "scenes" / "aerial_coast.ply"
LETTERS = {"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I", "float": "f", "double": "d"}
LETTERS.update({"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f",
                "float64": "d"})


def read_ply(path: Path) -> dict[str, list[float]]:
    """The columns of the points of a binary PLY file."""
    header, data = path.read_bytes().split(b"end_header\n", 1)
    points = header.decode().split("element vertex ")[1].split("element ")[0]
    count = int(points.split()[0])
    fields = re.findall(r"property (\w+) (\w+)\n", points)
    row = struct.Struct("<" + "".join(LETTERS[kind] for kind, _ in fields))
    rows = [row.unpack_from(data, i * row.size) for i in range(count)]
    return {name: list(column) for (_, name), column in zip(fields, zip(*rows))}


class Peers(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.cloud = self.segmented("labelled.ply")
        self.truth = read_ply(self.cloud)
        self.assertEqual(set(self.truth["label"]), {0, 1, 2}, "the scene has three classes")

    def segmented(self, name: str, *options: str) -> Path:
        self.run_tool(SEGMENT, str(SCENE), "-o", str(self.folder / name), "--colorize", *options)
        return self.folder / name

    def run_tool(self, *command: str, **environment: str) -> str:
        result = subprocess.run(command, cwd=self.folder, env={**os.environ, **environment}, text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def assert_column(self, name: str, theirs: list[float], tolerance: float = 0.0) -> None:
        ours = self.truth[name]
        self.assertEqual(len(theirs), len(ours), name)
        worst = max(abs(a - b) for a, b in zip(theirs, ours))
        self.assertLessEqual(worst, tolerance, name)

    def test_cloudcompare(self) -> None:
        """Colours by themselves; labels and the like by themselves when their names begin with scalar_."""
        shown = self.opened_by_cloudcompare(self.cloud)
        self.assertLessEqual({"R", "G", "B"}, set(shown))
        for theirs, ours in zip("RGB", ("red", "green", "blue")):
            self.assert_column(ours, shown[theirs])
        shown = self.opened_by_cloudcompare(self.segmented("scalar.ply", "--prefix", "scalar_"))
        self.assert_column("red", shown["R"])
        self.assert_column("label", shown["label"])
        for name in ("confidence", "entropy", "margin"):
            self.assert_column(name, shown[name], 1e-6)
        for axis in ("x", "y", "z"):  # moved to the origin and back
            self.assert_column(axis, shown[axis.upper()], 0.05)

    def opened_by_cloudcompare(self, cloud: Path) -> dict[str, list[float]]:
        self.run_tool("CloudCompare", "-SILENT", "-NO_TIMESTAMP", "-O", "-GLOBAL_SHIFT", "AUTO", str(cloud),
                      "-C_EXPORT_FMT", "ASC", "-ADD_HEADER", "-SAVE_CLOUDS",
                      QT_QPA_PLATFORM="offscreen", HOME=str(self.folder))
        header, *lines = cloud.with_suffix(".asc").read_text().splitlines()
        columns = zip(*([float(number) for number in line.split()] for line in lines))
        return dict(zip(header.lstrip("/").split(), (list(column) for column in columns)))

    def test_meshlab(self) -> None:
        """Colours, and the confidence as the quality that it colours by."""
        made = self.folder / "meshlab.ply"
        self.run_tool("xvfb-run", "-a", "meshlabserver", "-i", str(self.cloud), "-o", str(made), "-m", "vc", "vq",
                      HOME=str(self.folder))
        shown = read_ply(made)
        for name in ("red", "green", "blue"):
            self.assert_column(name, shown[name])
        self.assert_column("confidence", shown["quality"], 1e-6)

    def test_open3d_legacy(self) -> None:
        """Colours, of PLY and of PCD."""
        import open3d

        for path in (self.cloud, self.segmented("labelled.pcd")):
            cloud = open3d.io.read_point_cloud(str(path))
            for channel, name in enumerate(("red", "green", "blue")):
                self.assert_column(name, [round(255 * colour[channel]) for colour in cloud.colors])

    def test_open3d_tensor(self) -> None:
        """Everything of PCD; of PLY all that is uchar, ushort as uint16, int, float or double, so labels in ASPRS codes."""
        import open3d

        pcd = open3d.t.io.read_point_cloud(str(self.segmented("labelled.pcd"))).point
        ply = open3d.t.io.read_point_cloud(str(self.cloud)).point
        for cloud in (pcd, ply):
            self.assert_column("confidence", cloud["confidence"].numpy()[:, 0].tolist())
            self.assert_column("green", cloud["colors"].numpy()[:, 1].tolist())
        self.assert_column("label", pcd["label"].numpy()[:, 0].tolist())
        codes = open3d.t.io.read_point_cloud(str(self.segmented("codes.ply", "--codes", "asprs"))).point
        asprs = [{0: 2, 1: 5, 2: 6}[label] for label in self.truth["label"]]
        self.assertEqual(codes["label"].numpy()[:, 0].tolist(), asprs)

    def test_open3d_shown(self) -> None:
        """What ptattn-view writes of a LAZ file, which Open3D does not read: coordinates and the colours of the labels."""
        import open3d

        laz = self.segmented("labelled.laz", "--field", "label")
        self.run_tool(os.environ["PTATTN_VIEW"], str(laz), "-o", "shown.ply")
        cloud = open3d.io.read_point_cloud(str(self.folder / "shown.ply"))
        for axis, name in enumerate("xyz"):
            self.assert_column(name, [point[axis] for point in cloud.points], 0.0006)
        colours = {tuple(round(255 * channel) for channel in colour) for colour in cloud.colors}
        self.assertEqual(colours, {(193, 161, 134), (104, 178, 76), (220, 68, 19)})


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
