"""Checkpoints that are made to hurt: scripts/import_checkpoint.py ends with one line and exit code 3, soon and small.

Every file is made here. Each import runs by itself with a limit of 5 s of processor time and 1 GB of memory; what it is
refused for is said by the test, so that a file does not pass for the wrong reason.
"""

from __future__ import annotations

import json
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SCRIPT = SOURCE / "scripts" / "import_checkpoint.py"
GOLDEN = SOURCE / "tests" / "golden"
sys.path.insert(0, str(SCRIPT.parent))
sys.dont_write_bytecode = True

import torch_writer  # noqa: E402
from checkpoints.layouts import read_network, recognise  # noqa: E402
from checkpoints.state import read_checkpoint  # noqa: E402
from checkpoints.tensors import CheckpointError, Tensor, save_safetensors  # noqa: E402
from checkpoints.torch_file import LEGACY_MAGIC  # noqa: E402

MAX_SECONDS = 5
MAX_BYTES = 1 << 30


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))


def takes_signals() -> None:
    """What is ignored here, as in the background of a shell or under nohup, would be ignored there."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def long(value: int) -> bytes:
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data if len(data) < 256 else b"\x8b" + struct.pack("<i", len(data)) + data


def storage(key: str, items: int, kind: str = "FloatStorage") -> bytes:
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + long(items) + b"tQ"


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(long(value) for value in values) + b"t"


def tensor(key: str, items: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> bytes:
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage(key, items) + long(offset) + numbers(shape) +
            numbers(strides) + b"\x89ccollections\nOrderedDict\n)RtR")


def items(entries: dict[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def repeated(times: int, levels: int) -> bytes:
    """A list of so many times a list of so many times ...: times^levels items in a few bytes."""
    return b"]" + (b"q\x000](" + b"h\x00" * times + b"e") * levels


class HostileCheckpoints(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.profile = self.folder / "profile.json"
        self.profile.write_text('{"preprocessing": {"kind": "scene"}}')
        self.path = self.folder / "a.pth"

    def refused(self, problem: str, path: Path | None = None) -> None:
        path = path or self.path
        command = [sys.executable, str(SCRIPT), str(path), "-o", str(self.folder / "model"), "--profile", str(self.profile)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limited)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.isprintable() or result.stderr[:-1].isprintable(), result.stderr)
        self.assertIn(problem, result.stderr)
        self.assertNotIn("Error:", result.stderr)  # the last resort, which names an exception
        self.assertFalse((self.folder / "model").exists())

    def legacy(self, whole: bytes) -> None:
        system = items({"little_endian": b"\x88"})
        head = b"".join(b"\x80\x02" + part + b"." for part in (long(LEGACY_MAGIC), b"M\xe9\x03", system))
        self.path.write_bytes(head + b"\x80\x02" + whole + b".\x80\x02].")

    def zipped(self, pickled: bytes, members: dict[str, bytes] | None = None, stored: bool = True) -> None:
        kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(self.path, "w", kind) as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02" + pickled + b".")
            for name, data in (members or {}).items():
                archive.writestr(f"archive/{name}", data)

    # Memory that a few bytes ask for.

    def test_lengths_beyond_the_file(self) -> None:
        for code, form in ((b"\x96", "<Q"), (b"\x8e", "<Q"), (b"\x8d", "<Q"), (b"B", "<I"), (b"X", "<I"), (b"T", "<I")):
            with self.subTest(code=code):
                self.legacy(code + struct.pack(form, 2**31 if form == "<I" else 2**40))
                self.refused("a pickle is cut short")
        self.legacy(b"\x8b" + struct.pack("<i", 2**31 - 1))
        self.refused("a pickle is damaged")

    def test_places_in_the_memo_that_are_far_apart(self) -> None:
        self.legacy(b"}r" + struct.pack("<I", 2**32 - 1))
        self.refused("holds no weights")

    def test_archives_that_grow(self) -> None:
        self.zipped(items({"a": b"N0" * (1 << 20) + b"N"}), stored=False)
        self.refused("data.pkl compressed")
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02}.")
            archive.writestr("archive/byteorder", bytes(1 << 28), zipfile.ZIP_DEFLATED)
        self.refused("byteorder compressed")
        entry = {"enc1.0.linear.weight": tensor("0", 1 << 26, (1 << 26,), (1,))}
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02" + items(entry) + b".")
            archive.writestr("archive/data/0", bytes(1 << 28), zipfile.ZIP_DEFLATED)
        self.refused("holds a storage 0 of")

    def test_tensors_of_many_times_their_bytes(self) -> None:
        data = {"data/0": bytes(4000)}
        for shape, strides in (((1 << 40,), (0,)), ((1 << 30, 1), (0, 1)), ((1, 1 << 40), (1, 0)), ((1 << 20, 1 << 20), (0, 0))):
            with self.subTest(shape=shape):
                self.zipped(items({"linear3.weight": tensor("0", 1000, shape, strides)}), data)
                self.refused("holds tensors of many times its")
        many = {f"a{i}": tensor("0", 1000, (1000, 1000), (1, 0)) for i in range(50)}
        self.zipped(items(many), data)
        self.refused("holds tensors of many times its")

    # Time that a few bytes ask for.

    def test_structures_that_are_exponential(self) -> None:
        for times, levels, problem in ((2, 60, "holds no weights"), (300, 3, "stores more than 10000 hyper-parameters")):
            self.legacy(items({"config": items({"stride": repeated(times, levels)}), "state_dict": items({})}))
            self.refused(problem)
        tuples = b")" + b"2\x86" * 100  # as keys, whose hashes would take for ever
        self.legacy(b"}(" + tuples + b"Nu")
        self.refused("holds no weights")
        self.legacy(b"ccollections\nOrderedDict\n]" + tuples + b"N\x86a\x85R")
        self.refused("holds no weights")
        self.legacy(b"cbuiltins\nset\n]" + tuples + b"a\x85R")
        self.refused("holds no weights")
        self.legacy(b"(" + tuples + tuples + tuples + tuples + tuples + b"tQ")
        self.refused("is no storage")

    def test_structures_that_hold_themselves(self) -> None:
        for key in ("state_dict", "model", "config"):
            with self.subTest(key=key):
                self.legacy(b"}q\x00" + text(key) + b"h\x00s")
                self.refused("holds no weights")
        self.legacy(items({"config": items({"stride": b"]q\x05h\x05a"}), "state_dict": items({})}))
        self.refused("holds no weights")

    def test_many_operations(self) -> None:
        self.legacy(b"N0" * 1_500_000)
        self.refused("in more than 2000000 operations")
        self.legacy(b"]" * 1_900_000)
        self.refused("holds no weights")

    def test_keys_of_equal_hashes(self) -> None:
        modulus = 2**61 - 1
        self.legacy(b"}(" + b"".join(long(i * modulus) + b"N" for i in range(100_000)) + b"u")
        self.refused("holds no weights")

    def test_numbers_without_end(self) -> None:
        self.legacy(b"L" + b"9" * 4000 + b"L\n")
        self.refused("a pickle is damaged")
        self.legacy(b"L" + b"9" * 400_000 + b"L\n")
        self.refused("a pickle is cut short")
        for shape in ((10**150, 10**150), (-1,), (1,) * 17):
            with self.subTest(shape=shape):
                self.zipped(items({"a": tensor("0", 1, shape, shape)}), {"data/0": bytes(4)})
                self.refused("a size that is no size")
        self.zipped(items({"a": tensor("0", 10**150, (1,), (1,))}), {"data/0": bytes(4)})
        self.refused("a size that is no size")

    def test_names_without_end(self) -> None:
        name = "module." * 300_000
        self.zipped(items({name: tensor("0", 1, (1,), (1,))}), {"data/0": bytes(4)})
        self.refused("whose name has 2100000 letters")

    def test_layers_without_end(self) -> None:
        entry = tensor("0", 1, (1,), (1,))
        self.zipped(items({f"enc{i}.0.linear.weight": entry for i in range(1, 3000)}), {"data/0": bytes(4)})
        self.refused("has 2999 layers of one kind")

    # Nesting.

    def test_json_that_nests(self) -> None:
        deep = b"[" * 100_000
        path = self.folder / "deep.safetensors"
        path.write_bytes(struct.pack("<Q", len(deep)) + deep)
        self.refused("it nests too deep", path)
        index = self.folder / "deep.safetensors.index.json"
        index.write_bytes(deep)
        self.refused("it nests too deep", index)

    def test_pickles_that_nest(self) -> None:
        self.legacy(items({"config": items({"stride": b"]" * 200_000 + b"a" * 199_999})}))
        self.refused("holds no weights")
        self.legacy(b"(" * 500_000)
        self.refused("a pickle is damaged")

    # What has another shape or type than networks have.

    def test_tensors_without_extents(self) -> None:
        path = self.folder / "a.safetensors"
        for case in ("pct_cls", "spct_partseg", "ptv1_s3dis_seg", "ptv3_rpe_seg", "utonia_tiny_enc"):
            names = json.loads((GOLDEN / f"{case}.json").read_text())["tensors"]
            for shape in ((), (0,), (0, 0, 0, 0, 0), (1,), (1, 1), (1, 1, 1, 1, 1)):
                with self.subTest(case=case, shape=shape):
                    data = bytes(4 if all(shape) else 0)
                    save_safetensors(path, {name: Tensor("F32", shape, lambda d=data: d) for name in names})
                    command = [sys.executable, str(SCRIPT), str(path), "-o", str(self.folder / "model"),
                               "--profile", str(self.profile)]
                    result = subprocess.run(command, capture_output=True, text=True, check=False)
                    self.assertIn(result.returncode, (0, 3))
                    self.assertLessEqual(result.stderr.count("\n"), 1)
                    self.assertNotIn("Error:", result.stderr)

    def test_hyper_parameters_of_other_types(self) -> None:
        weights = {name: Tensor("F32", tuple(shape), lambda s=shape: bytes(4 * size(s)))
                   for name, shape in json.loads((GOLDEN / "sonata_small_seg.json").read_text())["tensors"].items()}
        self.profile.write_text('{"preprocessing": {"kind": "scene", "features": 5}}')
        for key in ("enc_depths", "enc_channels", "enc_num_head", "enc_patch_size", "dec_patch_size"):
            for value in (5, "text", 1.5, None, {"a": 1}):
                with self.subTest(key=key, value=value):
                    torch_writer.save(self.path, {"config": {key: value}, "state_dict": weights})
                    command = [sys.executable, str(SCRIPT), str(self.path), "-o", str(self.folder / "model"),
                               "--profile", "sonata", "--classes", ",".join("abcdefghijklm")]
                    result = subprocess.run(command, capture_output=True, text=True, check=False)
                    self.assertNotIn("Error:", result.stderr)
                    self.assertIn(result.returncode, (0, 3))

    def test_storages_that_are_none(self) -> None:
        for pid in (b"N", b")", b"(" + text("storage") + b"NNNNt", text("0"),
                    b"(" + text("storage") + b"ctorch\nFloatStorage\nK\x01" + text("cpu") + b"K\x01t"):
            with self.subTest(pid=pid):
                self.legacy(pid + b"Q")
                self.refused("is no storage")
        self.legacy(b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x01" + b"K\x05t"
                    b"Q")
        self.refused("is no storage")

    def test_messages_do_not_steer_the_terminal(self) -> None:
        self.legacy(items({"\x1b[31m\u202e\nevil.weight": b"ctorch._utils\n_rebuild_sparse_tensor\n(tR"}))
        self.refused("evil.weight is no plain tensor")

    def test_any_damaged_byte_is_one_line(self) -> None:
        weights = {name: Tensor("F32", tuple(min(n, 2) for n in shape), lambda s=shape: bytes(4 * size([min(n, 2) for n in s])))
                   for name, shape in json.loads((GOLDEN / "pct_cls.json").read_text())["tensors"].items()}
        for legacy in (False, True):
            torch_writer.save(self.path, {"state_dict": weights}, legacy)
            whole = self.path.read_bytes()
            for at in range(0, len(whole), max(1, len(whole) // 1500)):
                damaged = bytearray(whole)
                damaged[at] ^= 0x55
                self.path.write_bytes(damaged)
                try:
                    network = read_network(checkpoint := read_checkpoint(self.path), recognise(checkpoint))
                    for value in network.tensors.values():
                        value.read()
                except CheckpointError as problem:
                    self.assertNotIn("Traceback", str(problem))

    # What happens around it.

    def test_inputs_are_not_overwritten(self) -> None:
        model = self.folder / "model"
        model.mkdir()
        weights = {name: Tensor("F32", tuple(shape), lambda s=shape: bytes(4 * size(s)))
                   for name, shape in json.loads((GOLDEN / "spct_partseg.json").read_text())["tensors"].items()}
        save_safetensors(model / "model.safetensors", weights)
        before = (model / "model.safetensors").read_bytes()
        command = [sys.executable, str(SCRIPT), str(model / "model.safetensors"), "-o", str(model), "--profile", str(self.profile)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("is an input, --output would overwrite it", result.stderr)
        self.assertEqual((model / "model.safetensors").read_bytes(), before)

    def test_an_interrupted_import_leaves_nothing(self) -> None:
        count = 2000
        weights = {f"enc.enc0.block{i}.norm1.0.weight": Tensor("F32", (20_000,), lambda: bytes(80_000)) for i in range(50)}
        weights |= {"embedding.stem.conv.weight": Tensor("F32", (20_000, 1, 1, 1, 100), lambda: bytes(8_000_000)),
                    "embedding.stem.norm.weight": Tensor("F32", (20_000,), lambda: bytes(80_000)),
                    "enc.enc0.block0.mlp.0.fc1.weight": Tensor("F32", (count, count), lambda: bytes(4 * count * count))}
        save_safetensors(self.folder / "big.safetensors", weights)
        model = self.folder / "model"
        command = [sys.executable, str(SCRIPT), str(self.folder / "big.safetensors"), "-o", str(model), "--profile", str(self.profile)]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                           preexec_fn=takes_signals)
                while process.poll() is None and not (model / "model.safetensors.tmp").exists():
                    time.sleep(0.001)
                process.send_signal(number)
                _, err = process.communicate()
                self.assertEqual((process.returncode, err), (130, "import_checkpoint.py: interrupted\n"))
                self.assertFalse(model.exists())


def size(shape: list[int]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count


if __name__ == "__main__":
    unittest.main(verbosity=2)
