"""Tests of scripts/import_checkpoint.py with the standard library alone.

Checkpoints are made here, in each public layout, from the weights of the golden cases; the model folders that the import
writes must make the native networks compute what the golden cases' networks do (import_oracle).
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2]
SCRIPT = SOURCE / "scripts" / "import_checkpoint.py"
GOLDEN = SOURCE / "tests" / "golden"
ORACLE = os.environ["PTATTN_IMPORT_ORACLE"]
sys.path.insert(0, str(SCRIPT.parent))
sys.dont_write_bytecode = True

import torch_writer  # noqa: E402
from checkpoints import tensors as tensor_tools  # noqa: E402
from checkpoints import torch_file  # noqa: E402
from checkpoints.pickle_reader import PickleReader  # noqa: E402
from checkpoints.state import read_checkpoint, unwrapped  # noqa: E402
from checkpoints.tensors import CheckpointError, Tensor, load_safetensors, save_safetensors  # noqa: E402


def floats(*values: float, shape: tuple[int, ...] | None = None, strides: tuple[int, ...] | None = None) -> Tensor:
    tensor = Tensor("F32", shape or (len(values),), lambda: struct.pack(f"<{len(values)}f", *values))
    if strides:
        tensor.strides = strides
    return tensor


def unpacked(tensor: Tensor) -> list[float]:
    return list(tensor_tools.as_floats(tensor))


def unpickled(stream: bytes) -> Any:
    return PickleReader(io.BytesIO(stream), len(stream), torch_file.find_global, lambda pid: None).load()


class ImportTest(unittest.TestCase):
    def setUp(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = Path(self.scratch.name)
        self.model = self.folder / "model"

    def run_import(self, checkpoint: Path, *options: str, path: str = "") -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, str(SCRIPT), str(checkpoint), "-o", str(self.model), *options],
                              capture_output=True, text=True, env=environment, check=False)

    def imported(self, checkpoint: Path, *options: str, path: str = "") -> str:
        result = self.run_import(checkpoint, *options, path=path)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def assert_refused(self, checkpoint: Path, problem: str, *options: str) -> None:
        result = self.run_import(checkpoint, *options)
        self.assertEqual(result.returncode, 3, result.stdout + result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith(f"import_checkpoint.py: {checkpoint}: "), result.stderr)
        self.assertIn(problem, result.stderr)
        self.assertFalse(self.model.exists())

    def golden_weights(self, case: str) -> dict[str, Tensor]:
        path = self.folder / f"{case}.weights"
        subprocess.run([ORACLE, "weights", str(GOLDEN / f"{case}.json"), str(path)], check=True)
        return load_safetensors(path)

    def assert_computes(self, case: str, tolerance: float = 0.0) -> None:
        result = subprocess.run([ORACLE, "check", str(GOLDEN / f"{case}.json"), str(self.model), str(tolerance)],
                                capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def config(self) -> dict:
        return json.loads((self.model / "config.json").read_text())


class EachLayout(ImportTest):
    def test_pct_pytorch_before_the_zip_format(self) -> None:
        weights = {f"module.{name}": tensor for name, tensor in self.golden_weights("pct_cls").items()}
        weights["module.bn1.num_batches_tracked"] = Tensor("I64", (), lambda: bytes(8))
        torch_writer.save(self.folder / "model.t7", weights, legacy=True)
        report = self.imported(self.folder / "model.t7", "--profile", "modelnet40")
        self.assertIn("stripped module. from", report)
        self.assertIn("counters and constants (num_batches_tracked)", report)
        self.assertIn("self-test     skipped: the original code cannot be imported", report)
        self.assertEqual(self.config()["preprocessing"]["up"], "y")
        self.assertEqual(len(self.config()["classes"]), 40)
        self.assert_computes("pct_cls")
        self.assertIn("SHA-256", (self.model / "README.md").read_text())

    def test_point_transformer_of_postech(self) -> None:
        torch_writer.save(self.folder / "best.pth", {"epoch": 7, "state_dict": self.golden_weights("ptv1_s3dis_seg")})
        self.imported(self.folder / "best.pth", "--profile", "s3dis-ptv1")
        self.assertEqual(self.config()["hyper_parameters"]["blocks"], [2, 3, 4, 6, 3])
        self.assert_computes("ptv1_s3dis_seg")

    def test_point_transformer_of_pointcept(self) -> None:
        weights, made = self.golden_weights("ptv1_s3dis_seg"), {}
        for name, tensor in weights.items():
            if ".linear_q." in name:  # queries and keys in one layer
                key = weights[name.replace("linear_q", "linear_k")]
                both = Tensor("F32", (2 * tensor.shape[0], *tensor.shape[1:]),
                              lambda q=tensor, k=key: q.read() + k.read())
                made[name.replace("linear_q", "linear_qk")] = both
            elif ".linear_k." not in name:
                made[name] = tensor
        made = {"module.backbone." + name.replace("transformer2", "transformer"): t for name, t in made.items()}
        torch_writer.save(self.folder / "model_best.pth", {"state_dict": made})
        report = self.imported(self.folder / "model_best.pth", "--profile", "s3dis-ptv1", "--dtype", "F16")
        self.assertIn("tensors linear_qk into linear_q and linear_k", report)
        self.assertEqual(load_safetensors(self.model / "model.safetensors")["cls.0.weight"].dtype, "F16")
        self.assertEqual(load_safetensors(self.model / "model.safetensors")["cls.0.bias"].dtype, "F32")
        self.assert_computes("ptv1_s3dis_seg", 0.02)

    def test_ptv3_with_old_convolutions(self) -> None:
        made = {}
        for name, tensor in self.golden_weights("ptv3_rpe_seg").items():
            if len(tensor.shape) == 5:  # [out, x, y, z, in] -> [x, y, z, in, out]
                shape = (*tensor.shape[1:], tensor.shape[0])
                steps = tensor_tools.contiguous_strides(tensor.shape)
                strides = (*steps[1:], steps[0])
                tensor = Tensor("F32", shape, lambda t=tensor, s=shape, st=strides:
                                tensor_tools.gather(t.read(), "F32", 0, s, st))
            made[("module." if "seg_head" in name else "module.backbone.") + name] = tensor
        torch_writer.save(self.folder / "model_best.pth", {"state_dict": made, "epoch": 1})
        report = self.imported(self.folder / "model_best.pth", "--profile", "s3dis-ptv3")
        self.assertIn("turned 11 convolutions", report)
        self.assertEqual(self.config()["hyper_parameters"]["enc_num_head"], [1, 2, 4, 6, 8])
        self.assert_computes("ptv3_rpe_seg")

    def test_ptv3_whose_heads_the_user_knows(self) -> None:
        save_safetensors(self.folder / "small.safetensors", self.golden_weights("ptv3_fewer_points_than_patch"))
        report = self.imported(self.folder / "small.safetensors", "--profile", "s3dis-ptv3",
                               "--set", "enc_num_head=[1,2,4,6,8]", "--set", "dec_num_head=[4,4,6,6]",
                               "--set", "enc_patch_size=[128,128,128,128,128]", "--set", "dec_patch_size=[128,128,128,128]")
        self.assertIn("[1, 2, 4, 6, 8]  [--set]", report)
        self.assert_computes("ptv3_fewer_points_than_patch")

    def test_sonata_with_its_hyper_parameters(self) -> None:
        config = json.loads((GOLDEN / "sonata_small_seg.json").read_text())["config"]
        config["drop_path"], config["enc_depths"] = 0.3, tuple(config["enc_depths"])
        made = {"config": config, "state_dict": self.golden_weights("sonata_small_seg")}
        torch_writer.save(self.folder / "sonata.pth", made)
        self.imported(self.folder / "sonata.pth", "--profile", "sonata", "--classes", ",".join("abcdefghijklm"))
        self.assertEqual(self.config()["architecture"], "ptv3m2")
        self.assertEqual(self.config()["classes"][2], "c")
        self.assert_computes("sonata_small_seg")

    def test_utonia(self) -> None:
        description = json.loads((GOLDEN / "utonia_tiny_enc.json").read_text())
        made = {"config": description["config"], "state_dict": self.golden_weights("utonia_tiny_enc")}
        torch_writer.save(self.folder / "utonia.pth", made)
        self.imported(self.folder / "utonia.pth", "--profile", "utonia")
        self.assertEqual(self.config()["architecture"], "ptv3m3")
        self.assertEqual(self.config()["classes"], [])
        self.assert_computes("utonia_tiny_enc")

    def test_litept_with_old_convolutions_and_its_hyper_parameters(self) -> None:
        made = {}
        for name, tensor in self.golden_weights("litept_decoder_seg").items():
            if len(tensor.shape) == 5:  # [out, x, y, z, in] -> [x, y, z, in, out]
                shape = (*tensor.shape[1:], tensor.shape[0])
                steps = tensor_tools.contiguous_strides(tensor.shape)
                strides = (*steps[1:], steps[0])
                tensor = Tensor("F32", shape, lambda t=tensor, s=shape, st=strides:
                                tensor_tools.gather(t.read(), "F32", 0, s, st))
            made[("module." if "seg_head" in name else "module.backbone.") + name] = tensor
        config = json.loads((GOLDEN / "litept_decoder_seg.json").read_text())["config"]
        torch_writer.save(self.folder / "model_best.pth", {"state_dict": made, "config": config})
        report = self.imported(self.folder / "model_best.pth", "--profile", "scannet-litept",
                               "--classes", ",".join("abcdefghijklm"))
        self.assertRegex(report, "turned 10 convolutions")
        self.assertEqual(self.config()["architecture"], "litept")
        self.assertEqual(self.config()["hyper_parameters"]["dec_attn"], [False, False, True, True])
        self.assert_computes("litept_decoder_seg")

    def test_litept_whose_heads_are_those_of_the_published_networks(self) -> None:
        save_safetensors(self.folder / "tiny.safetensors", self.golden_weights("litept_tiny_seg"))
        self.imported(self.folder / "tiny.safetensors", "--profile", "scannet-litept",
                      "--classes", ",".join("abcdefghijklm"), "--set", "enc_num_head=[1,2,2,3,4]",
                      "--set", "dec_num_head=[2,2,2,3]", "--set", "enc_patch_size=[64,64,64,64,64]")
        values = self.config()["hyper_parameters"]
        self.assertEqual(values["enc_conv"], [True, True, True, False, False])
        self.assertEqual(values["dec_depths"], [0, 0, 0, 0])
        self.assert_computes("litept_tiny_seg")

    def test_volt_of_a_joint_training(self) -> None:
        weights = self.golden_weights("volt_tiny_seg")
        made = {name.replace("seg_heads.Default", "seg_heads.ScanNet"): t for name, t in weights.items()}
        made["seg_heads.S3DIS.weight"] = floats(*[0.0] * 64, shape=(2, 32))
        made["seg_heads.S3DIS.bias"] = floats(0.0, 0.0)
        torch_writer.save(self.folder / "volt.pth", {"state_dict": made})
        self.assert_refused(self.folder / "volt.pth", "has heads for S3DIS, ScanNet; choose one with --condition",
                            "--profile", "scannet-volt")
        report = self.imported(self.folder / "volt.pth", "--profile", "scannet-volt", "--condition", "ScanNet",
                               "--classes", ",".join("abcdefghijklm"))
        self.assertIn("left out the heads for S3DIS", report)
        self.assertEqual(self.config()["hyper_parameters"]["condition"], "ScanNet")
        self.assert_computes("volt_tiny_seg")

    def test_volt_with_layer_scale(self) -> None:
        save_safetensors(self.folder / "scale.safetensors", self.golden_weights("volt_scale_seg"))
        self.imported(self.folder / "scale.safetensors", "--profile", "nuscenes", "--classes", "a,b,c,d,e")
        values = self.config()["hyper_parameters"]
        self.assertEqual((values["stride"], values["qk_norm"], values["init_values"]), (3, False, 1.0))
        self.assertEqual(self.config()["preprocessing"]["origin"], "sensor")
        self.assert_computes("volt_scale_seg")

    def test_spct_with_a_profile_of_ones_own(self) -> None:
        profile = {"preprocessing": {"kind": "object", "unit": "radius", "up": "z", "voxel": 0.01,
                                     "features": ["x", "y", "z"]}}
        (self.folder / "mine.json").write_text(json.dumps(profile))
        weights = self.golden_weights("spct_partseg")
        # As Jittor, the framework of the original, names convolutions.
        made = {re.sub(r"(conv\w*(\.0)?)\.(weight|bias)$", r"\1.conv.\3", name): t for name, t in weights.items()}
        self.assertIn("sa1.v_conv.conv.bias", made)
        self.assertIn("conv_fuse.0.conv.weight", made)
        torch_writer.save(self.folder / "spct.pth", made)
        report = self.imported(self.folder / "spct.pth", "--profile", str(self.folder / "mine.json"))
        self.assertIn("tensors X.conv.Y to X.Y", report)
        self.assertEqual(len(self.config()["categories"]), 16)
        self.assert_computes("spct_partseg")


class Choices(ImportTest):
    def checkpoint(self, **changes: object) -> Path:
        weights = {**self.golden_weights("spct_partseg"), **changes}
        torch_writer.save(self.folder / "a.pth", weights)
        return self.folder / "a.pth"

    def test_the_profile_must_be_said_and_fit(self) -> None:
        weights = self.golden_weights("ptv1_s3dis_seg")
        save_safetensors(self.folder / "a.safetensors", weights)
        self.assert_refused(self.folder / "a.safetensors", "with --profile s3dis-ptv1 or s3dis-ptv1-pointcept or")
        self.assert_refused(self.folder / "a.safetensors", "the profile sonata is for ptv3m2", "--profile", "sonata")
        self.assert_refused(self.folder / "a.safetensors", "no such file", "--profile", "nowhere.json")
        narrow = {"preprocessing": {"features": ["x", "y", "z"]}}
        (self.folder / "narrow.json").write_text(json.dumps(narrow))
        self.assert_refused(self.folder / "a.safetensors", "takes 6 channels, the profile has 3",
                            "--profile", str(self.folder / "narrow.json"), "--classes", ",".join("abcdefghijklm"))
        self.assert_refused(self.folder / "a.safetensors", "knows 13 classes, 2 are named",
                            "--profile", "s3dis-ptv1", "--classes", "a,b")
        self.assert_refused(self.folder / "a.safetensors", "expected KEY=JSON", "--set", "neighbors=many")

    def test_tensors_that_do_not_belong_are_named_or_dropped(self) -> None:
        path = self.checkpoint(**{"head.weight": floats(1, 2)})
        self.assert_refused(path, "1 tensors that spct_partseg does not have: head.weight; leave them out with --drop")
        (self.folder / "p.json").write_text('{"preprocessing": {"kind": "object"}}')
        report = self.imported(path, "--drop", "head.*", "--profile", str(self.folder / "p.json"))
        self.assertIn("dropped 1 tensors", report)

    def test_one_of_several_networks(self) -> None:
        weights = self.golden_weights("spct_partseg")
        made = {f"{who}.backbone.{name}": t for name, t in weights.items() for who in ("student", "teacher")}
        torch_writer.save(self.folder / "a.pth", {"state_dict": made})
        (self.folder / "p.json").write_text('{"preprocessing": {"kind": "object"}}')
        profile = ("--profile", str(self.folder / "p.json"))
        self.assert_refused(self.folder / "a.pth", "holds networks under student.backbone. and teacher.backbone.",
                            *profile)
        self.assertIn("those under teacher.", self.imported(self.folder / "a.pth", "--prefix", "teacher.", *profile))

    def test_stored_hyper_parameters_must_fit_the_weights(self) -> None:
        config = json.loads((GOLDEN / "sonata_small_seg.json").read_text())["config"]
        made = {"config": {**config, "enc_channels": [1, 2, 3, 4, 5]}, "state_dict": self.golden_weights("sonata_small_seg")}
        torch_writer.save(self.folder / "a.pth", made)
        self.assert_refused(self.folder / "a.pth", "stores enc_channels [1, 2, 3, 4, 5], its weights say [24, 32",
                            "--profile", "sonata")

    def test_self_test_with_the_original_code(self) -> None:
        """A package of the original's name that builds what it is told to stands for the original code."""
        case = json.loads((GOLDEN / "sonata_small_seg.json").read_text())
        torch_writer.save(self.folder / "a.pth", {"config": case["config"], "state_dict": self.golden_weights("sonata_small_seg")})
        (self.folder / "sonata").mkdir()
        (self.folder / "sonata" / "__init__.py").write_text("")
        (self.folder / "sonata" / "model.py").write_text(
            "import json\nfrom types import SimpleNamespace\n"
            f"TENSORS = json.load(open({str(GOLDEN / 'sonata_small_seg.json')!r}))['tensors']\n"
            "class PointTransformerV3:\n"
            "    def __init__(self, in_channels, enc_depths, **others):\n"
            "        self.depths = enc_depths\n"
            "    def state_dict(self):\n"
            "        last = f'block{self.depths[3] - 1}.'\n"
            "        return {n: SimpleNamespace(shape=s) for n, s in TENSORS.items() if 'seg_head' not in n}\n")
        options = ("--profile", "sonata", "--classes", ",".join("abcdefghijklm"))
        self.assertIn("self-test     passed: sonata.model builds", self.imported(self.folder / "a.pth", *options, path=str(self.folder)))
        module = self.folder / "sonata" / "model.py"
        module.write_text(module.read_text().replace("'seg_head' not in n", "'seg_head' not in n and 'enc3' not in n"))
        result = self.run_import(self.folder / "a.pth", *options, path=str(self.folder))
        self.assertEqual(result.returncode, 1)
        self.assertIn("self-test     failed: sonata.model builds another network", result.stdout)


class Evil:
    """A pickle that runs a command when it is loaded by pickle.load."""

    def __init__(self, *call: object):
        self.call = call

    def __reduce__(self) -> tuple:
        return self.call[0], tuple(self.call[1:])


class OddCheckpoints(ImportTest):
    """What training code puts around weights."""

    PROFILE = ("--profile", "sonata")
    HEADS = ("--set", "enc_num_head=[2,2,4,4,8]", "--set", "dec_num_head=[2,2,4,4]", "--set",
             "enc_patch_size=[256,256,256,256,256]", "--set", "dec_patch_size=[256,256,256,256]")

    def setUp(self) -> None:
        super().setUp()
        self.weights = self.golden_weights("sonata_small_seg")
        self.path = self.folder / "a.pth"

    def assert_imported(self, value: object, note: str, *options: str) -> None:
        torch_writer.save(self.path, value)
        self.assertIn(note, self.imported(self.path, *self.PROFILE, *self.HEADS, *options))
        self.assert_computes("sonata_small_seg")

    def test_wrappers_of_averaged_and_compiled_networks(self) -> None:
        wrong = {name: floats(*[0.0] * tensor.size, shape=tensor.shape) for name, tensor in self.weights.items()}
        self.assert_imported({"state_dict_ema": self.weights}, "weights under state_dict_ema")
        self.assert_imported({"params": self.weights}, "weights under params")
        self.assert_imported({"ema": wrong, "state_dict": self.weights}, "weights under state_dict (not ema)")
        self.assert_imported({f"module._orig_mod.{name}": t for name, t in self.weights.items()},
                             "stripped module._orig_mod. from")

    def test_a_tensor_beside_the_weights_is_none_of_them(self) -> None:
        self.assert_imported({"best": floats(0.7), "state_dict": self.weights}, "weights under state_dict")

    def test_networks_under_several_prefixes_are_named(self) -> None:
        both = {f"module.{side}.backbone.{name}": tensor for side in ("student", "teacher")
                for name, tensor in self.weights.items()}
        torch_writer.save(self.path, {"state_dict": both})
        self.assert_refused(self.path, "holds networks under student.backbone. and teacher.backbone.; choose one",
                            *self.PROFILE)
        self.assert_imported({"state_dict": both}, "kept", "--prefix", "teacher.backbone.")
        self.assert_refused_anew("holds no tensor under nobody.", "--prefix", "nobody.")

    def assert_refused_anew(self, problem: str, *options: str) -> None:
        self.model = self.folder / "another"
        self.assert_refused(self.path, problem, *self.PROFILE, *options)

    def test_values_that_are_not_finite_are_refused(self) -> None:
        name = "embedding.stem.norm.bias"
        self.weights[name] = floats(*[float("nan")] * self.weights[name].size)
        torch_writer.save(self.path, self.weights)
        self.assert_refused(self.path, f"{name} holds values that are not finite", *self.PROFILE)

    def test_tensors_of_unknown_kinds_are_refused_not_lost(self) -> None:
        stream = (b"\x80\x02}(X\x08\x00\x00\x00a.weightctorch._utils\n_rebuild_sparse_tensor\n(tR"
                  b"X\x05\x00\x00\x00epochK\x05u.")
        value = unpickled(stream)
        with self.assertRaisesRegex(CheckpointError, "a.weight is no plain tensor"):
            unwrapped(value)

    def test_safetensors_in_several_files(self) -> None:
        names = sorted(self.weights)
        parts = {"a-1-of-2.safetensors": names[:40], "a-2-of-2.safetensors": names[40:]}
        for file, of_part in parts.items():
            save_safetensors(self.folder / file, {name: self.weights[name] for name in of_part})
        index = self.folder / "a.safetensors.index.json"
        entries = {name: file for file, of_part in parts.items() for name in of_part}
        index.write_text(json.dumps({"metadata": {}, "weight_map": entries}))
        self.imported(index, *self.PROFILE, *self.HEADS)
        self.assert_computes("sonata_small_seg")
        self.model = self.folder / "another"
        index.write_text(json.dumps({"weight_map": {**entries, "lost.weight": "a-1-of-2.safetensors"}}))
        self.assert_refused(index, "lists lost.weight, which a-1-of-2.safetensors does not hold", *self.PROFILE)
        index.write_text(json.dumps({"weight_map": {"a": "../../etc/passwd"}}))
        self.assert_refused(index, "it names files elsewhere", *self.PROFILE)

    def test_problems_of_the_system_name_the_file(self) -> None:
        torch_writer.save(self.path, self.weights)
        self.model.write_text("a file")
        result = self.run_import(self.path, *self.PROFILE, *self.HEADS)
        self.assertEqual(result.returncode, 3)
        self.assertEqual(result.stderr, f"import_checkpoint.py: {self.model}: File exists\n")
        result = self.run_import(self.folder / "none.pth", *self.PROFILE)
        self.assertEqual(result.stderr, f"import_checkpoint.py: {self.folder / 'none.pth'}: No such file or directory\n")


class HostileFiles(ImportTest):
    def test_pickles_that_run_code_are_refused(self) -> None:
        marker = self.folder / "marker"
        for name, call in {"system": (os.system, f"touch {marker}"), "eval": (eval, f"open({str(marker)!r}, 'w')"),
                           "exec": (exec, "pass"), "popen": (subprocess.Popen, ["touch", str(marker)])}.items():
            for legacy in (False, True):
                with self.subTest(name=name, legacy=legacy):
                    path = self.folder / f"{name}.pth"
                    torch_writer.save(path, {"state_dict": {"a": floats(1)}, "x": Evil(*call)}, legacy)
                    self.assert_refused(path, "which no weights need: refused")
        path = self.folder / "bare.t7"
        path.write_bytes(pickle.dumps(Evil(os.system, f"touch {marker}"), 2))
        self.assert_refused(path, "wants to run posix.system")
        self.assertFalse(marker.exists())

    def test_objects_beside_the_weights_become_placeholders(self) -> None:
        stream = (b"\x80\x02}(X\x01\x00\x00\x00acnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nX\x02\x00\x00\x00f8"
                  b"\x85RU\x08\x00\x00\x00\x00\x00\x00\x00\x00tRX\x01\x00\x00\x00bK\x05u.")
        value = unpickled(stream)
        self.assertIsInstance(value["a"], torch_file.Placeholder)
        self.assertEqual(value["b"], 5)

    def test_truncated_files_are_one_line(self) -> None:
        weights = {"a.weight": floats(*range(64), shape=(8, 8)), "b.weight": floats(1, 2)}
        path = self.folder / "cut.pth"
        for legacy in (False, True):
            torch_writer.save(self.folder / "whole.pth", weights, legacy)
            whole = (self.folder / "whole.pth").read_bytes()
            self.assertEqual(len(read_checkpoint(self.folder / "whole.pth").tensors), 2)
            for length in range(0, len(whole) - 1, 7):
                path.write_bytes(whole[:length])
                self.assert_one_line(path)
        for text in (b"", b"PK\x03\x04", b"{}", b"\x00" * 100, b"\x80\x02]q\x00.", random.Random(1).randbytes(500)):
            path.write_bytes(text)
            self.assert_one_line(path)
        self.assert_refused(path, "is no PyTorch checkpoint")

    def assert_one_line(self, path: Path) -> None:
        with self.assertRaises(CheckpointError) as caught:
            read_checkpoint(path)
        self.assertNotIn("\n", str(caught.exception))

    def test_safetensors_that_lie_are_one_line(self) -> None:
        def file(header: bytes, data: bytes = b"") -> Path:
            path = self.folder / "a.safetensors"
            path.write_bytes(struct.pack("<Q", len(header)) + header + data)
            return path

        self.assert_refused(file(b"{"), "is no safetensors file")
        self.assert_refused(file(b"[]"), "is no safetensors file")
        entry = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,%d]}}'
        self.assert_refused(file((entry % 4).encode(), bytes(4)), "does not fit its bytes")
        self.assert_refused(file((entry % 8).encode(), bytes(4)), "does not fit its bytes")
        (self.folder / "a.safetensors").write_bytes(struct.pack("<Q", 1 << 60))
        self.assert_refused(self.folder / "a.safetensors", "longer than the file")

    def test_tensors_beyond_their_storage_are_refused(self) -> None:
        torch_writer.save(self.folder / "a.pth", {"a": floats(1, 2, 3, 4, shape=(3, 2))})
        self.assert_refused(self.folder / "a.pth", "reaches beyond its storage")
        torch_writer.save(self.folder / "a.pth", {"a": floats(1, 2, 3, 4, shape=(2, 2), strides=(3, 1))})
        self.assert_refused(self.folder / "a.pth", "reaches beyond its storage")
        torch_writer.save(self.folder / "a.pth", {"a": 5, "b": "no tensors"})
        self.assert_refused(self.folder / "a.pth", "holds no weights")


class Values(unittest.TestCase):
    def test_views_are_gathered(self) -> None:
        data = struct.pack("<6f", *range(6))
        self.assertEqual(tensor_tools.gather(data, "F32", 0, (2, 3), (3, 1)), data)
        transposed = tensor_tools.gather(data, "F32", 0, (3, 2), (1, 3))
        self.assertEqual(struct.unpack("<6f", transposed), (0, 3, 1, 4, 2, 5))
        repeated = tensor_tools.gather(data, "F32", 2, (2, 2), (1, 0))
        self.assertEqual(struct.unpack("<4f", repeated), (2, 2, 3, 3))
        self.assertEqual(tensor_tools.gather(data, "F32", 0, (0, 3), (3, 1)), b"")

    def test_the_last_axis_moves_to_the_front(self) -> None:
        turned = tensor_tools.last_axis_first(floats(*range(12), shape=(2, 2, 3)))
        self.assertEqual(turned.shape, (3, 2, 2))
        self.assertEqual(unpacked(turned), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])

    def test_types_are_converted_exactly(self) -> None:
        for dtype, data in {"F64": struct.pack("<2d", 1.5, -0.25), "F16": struct.pack("<2e", 1.5, -0.25),
                            "BF16": b"\xc0\x3f\x80\xbe", "F32": struct.pack("<2f", 1.5, -0.25)}.items():
            self.assertEqual(unpacked(Tensor(dtype, (2,), lambda d=data: d)), [1.5, -0.25])
        self.assertEqual(struct.unpack("<2e", tensor_tools.converted(floats(1.5, -0.25), "F16").read()), (1.5, -0.25))
        with self.assertRaisesRegex(CheckpointError, "beyond 65504"):
            tensor_tools.converted(floats(1e6), "F16").read()


class RealPyTorch(unittest.TestCase):
    """What torch.save itself wrote (scripts/golden_torch_save.py)."""

    def test_files_of_torch_save(self) -> None:
        for name in ("torch_save.pth", "torch_save_legacy.pth"):
            with self.subTest(name):
                self.check(torch_file.load(GOLDEN / name))

    def check(self, value: dict) -> None:
        state = value["state_dict"]
        expected = {"turned": ("F64", (3, 2), [2, 5, 3, 6, 4, 7]), "tail": ("F64", (2,), [10, 11]),
                    "whole": ("F64", (12,), list(range(12))), "parameter": ("F16", (3,), [0.5, -2, 65504]),
                    "bfloat16": ("BF16", (2,), [1.5, -0.25]), "scalar": ("F32", (), [7]), "empty": ("F32", (0, 3), [])}
        for name, tensor in expected.items():
            self.assertEqual((state[name].dtype, state[name].shape, unpacked(state[name])), tensor, name)
        batches = state["num_batches_tracked"]
        self.assertEqual((batches.dtype, batches.shape, batches.read()), ("I64", (), struct.pack("<q", 1)))
        # A tenth of the mean over three rows of a unit matrix.
        self.assertEqual(unpacked(state["running_mean"]), [struct.unpack("<f", struct.pack("<f", 1 / 30))[0]] * 2)
        self.assertEqual(len(state), len(expected) + 5)
        self.assertEqual((value["epoch"], value["shape"]), (3, (12,)))
        self.assertEqual(unpacked(value["optimizer"]["state"][0]["step"]), [1])
        self.assertEqual(value["scheduler"]["total_steps"], 10)
        self.assertIsInstance(value["scheduler"]["anneal_func"], torch_file.Placeholder)


if __name__ == "__main__":
    unittest.main(verbosity=2)
