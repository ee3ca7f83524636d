#!/usr/bin/env python3
"""Turns a PyTorch checkpoint of a public point-cloud Transformer into a model folder of ptattn.

Reads files of torch.save (.pth, .t7, ...) and .safetensors; needs neither PyTorch nor numpy and never runs what a
checkpoint holds. Recognises PCT_Pytorch, SPCT, Point Transformer v1 (POSTECH, Pointcept), PTv3, Sonata, Concerto,
Utonia, LitePT and Volt by the names of their weights. What no weight tells (patch sizes, orders, ...) comes from the hyper-parameters
stored beside them, else from the published networks; the report says which.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from checkpoints.layouts import LAYOUTS, Network, read_network, recognise
from checkpoints.original import self_test
from checkpoints.state import files_of, read_checkpoint
from checkpoints.tensors import CheckpointError, Tensor, converted, save_safetensors

PROFILES = Path(__file__).parent / "checkpoints" / "profiles.json"
MAX_LINE = 2000
EXAMPLES = """examples:
  scripts/import_checkpoint.py sonata.pth -o models/sonata --profile sonata
  scripts/import_checkpoint.py model_best.pth -o models/scannet --profile scannet-ptv3
  scripts/import_checkpoint.py model.t7 -o models/pct --profile modelnet40 --dtype F16
  scripts/import_checkpoint.py litept.pth -o models/sweeps --profile nuscenes
  scripts/import_checkpoint.py volt.pth -o models/rooms --profile scannet-volt --condition ScanNet
  scripts/import_checkpoint.py epoch.pth -o models/mine --profile mine.json --set enc_patch_size=[128,128,128]

A profile FILE is a JSON object with `preprocessing` as in config.json and, optionally, `classes`, `categories`,
`palette` and `asprs_codes`.

exit codes: 0 done, 1 the self-test failed, 2 wrong usage, 3 the checkpoint cannot be used, 130 interrupted
"""


def read_profiles() -> dict[str, Any]:
    return json.loads(PROFILES.read_text())


def choose_profile(name: str | None, architecture: str) -> dict[str, Any]:
    """The profile of that name or in that file."""
    known = read_profiles()
    fitting = [key for key, profile in known.items() if architecture in profile["architectures"]]
    if name is None:
        raise CheckpointError(f"is of {architecture}; say how its input was prepared with --profile "
                              f"{' or '.join(fitting + ['FILE'])}")
    if name in known:
        if name not in fitting:
            raise CheckpointError(f"is of {architecture}, the profile {name} is for "
                                  f"{', '.join(known[name]['architectures'])}")
        return known[name]
    try:
        profile = json.loads(Path(name).read_text())
        if not isinstance(profile, dict) or not isinstance(profile.get("preprocessing"), dict):
            raise ValueError("it has no object `preprocessing`")
    except (OSError, ValueError) as problem:
        raise CheckpointError(f"cannot be prepared for: the profile {name} is none of {', '.join(known)} and no such "
                              f"file: {problem}") from None
    return profile


def make_config(network: Network, profile: dict[str, Any], name: str, classes: list[str]) -> dict[str, Any]:
    """config.json. Names that neither the profile nor the user gives are numbers."""
    values = network.hyper_parameters
    config = {"format": 1, "name": name, "architecture": network.architecture, "hyper_parameters": values,
              "preprocessing": profile["preprocessing"]}
    count = values.get("num_classes", 0)
    names = classes or profile.get("classes") or [f"class_{i}" for i in range(count)]
    if count == 0:
        names = []
    if len(names) != count:
        raise CheckpointError(f"knows {count} classes, {len(names)} are named; name them with --classes")
    config["classes"] = names
    if "num_categories" in values:
        config["categories"] = profile.get("categories") or [f"category_{i}" for i in range(values["num_categories"])]
    features = profile["preprocessing"].get("features")
    if features is not None and "in_channels" in values and len(features) != values["in_channels"]:
        raise CheckpointError(f"takes {values['in_channels']} channels, the profile has {len(features)} "
                              f"({', '.join(features)})")
    for key in ("palette", "asprs_codes"):
        if len(profile.get(key, [])) == count > 0:
            config[key] = profile[key]
    return config


def as_stored(tensors: dict[str, Tensor], dtype: str) -> dict[str, Tensor]:
    """F32, or F16 for matrices and convolutions; the wider types first, as their alignment wants."""
    kinds = {name: dtype if len(tensor.shape) > 1 else "F32" for name, tensor in tensors.items()}
    ordered = sorted(tensors, key=lambda name: (kinds[name] != "F32", name))
    return {name: converted(tensors[name], kinds[name]) for name in ordered}


def report_lines(checkpoint: Path, notes: list[str], network: Network) -> list[str]:
    lines = [f"checkpoint    {checkpoint.name}, {len(network.tensors)} tensors, "
             f"{sum(tensor.size for tensor in network.tensors.values()) / 1e6:.2f} M values",
             f"architecture  {network.architecture}"]
    lines += [f"              {note}" for note in notes + network.notes]
    width = max(len(key) for key in network.hyper_parameters)
    lines += [f"  {key:<{width}}  {json.dumps(value)}  [{network.origins[key]}]"
              for key, value in network.hyper_parameters.items()]
    return lines


def write_text(path: Path, text: str) -> None:
    """Writes a file under another name, then renames it into place."""
    temporary = Path(f"{path}.tmp")
    try:
        temporary.write_text(text)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_card(folder: Path, checkpoint: Path, profile: str, lines: list[str]) -> None:
    """README.md: where the model came from."""
    digest = hashlib.sha256()
    with open(checkpoint, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    text = "\n".join(lines)
    write_text(
        folder / "README.md",
        f"# {folder.name}\n\nImported by `scripts/import_checkpoint.py` from `{checkpoint.name}` "
        f"(SHA-256 {digest.hexdigest()}), profile `{profile}`. Data, licence and accuracy are those of its origin.\n\n"
        f"```text\n{text}\n```\n")


def parse_settings(items: list[str]) -> dict[str, Any]:
    """KEY=JSON of --set."""
    settings = {}
    for item in items:
        key, separator, value = item.partition("=")
        try:
            settings[key] = json.loads(value)
        except ValueError:
            separator = ""
        if not separator or not key:
            raise CheckpointError(f"cannot be changed by --set {item}, expected KEY=JSON")
    return settings


class UsageError(Exception):
    """What is wrong with the command line, in one line."""


def refuse_overwriting(options: argparse.Namespace) -> None:
    """Files of the model must not take the place of those that it is made of."""
    read = files_of(options.checkpoint) + ([Path(options.profile)] if options.profile else [])
    for name in ("model.safetensors", "config.json", "README.md"):
        target = options.output / name
        for file in read:
            if target.exists() and file.exists() and target.samefile(file):
                raise UsageError(f"{target}: is an input, --output would overwrite it")


def limit_memory(checkpoint: Path) -> None:
    """A last resort: memory by the size of what is read, whatever else fails."""
    size = sum(file.stat().st_size for file in files_of(checkpoint) if file.exists())
    wanted, hard = (1 << 30) + 8 * size, resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def lift_memory_limit() -> None:
    """The self-test may import PyTorch, which reserves a lot."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def write_model(options: argparse.Namespace, network: Network, config: dict[str, Any], lines: list[str]) -> None:
    """The model folder. One that is new does not stay when it cannot be completed."""
    is_new = not options.output.exists()
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        save_safetensors(options.output / "model.safetensors", as_stored(network.tensors, options.dtype))
        write_text(options.output / "config.json", json.dumps(config, indent=2) + "\n")
        write_card(options.output, options.checkpoint, options.profile, lines)
    except BaseException:
        if is_new:
            for name in ("model.safetensors", "config.json", "README.md"):
                (options.output / name).unlink(missing_ok=True)
            options.output.rmdir()
        raise


def run(options: argparse.Namespace) -> int:
    refuse_overwriting(options)
    limit_memory(options.checkpoint)
    checkpoint = read_checkpoint(options.checkpoint, options.prefix)
    dropped = [name for name in checkpoint.tensors if any(fnmatch.fnmatchcase(name, p) for p in options.drop)]
    for name in dropped:
        del checkpoint.tensors[name]
    if dropped:
        checkpoint.notes.append(f"dropped {len(dropped)} tensors, as asked")
    if options.condition:
        checkpoint.config["condition"] = options.condition
    architecture = options.architecture or recognise(checkpoint)
    original_shapes = {name: tensor.shape for name, tensor in checkpoint.tensors.items()}
    network = read_network(checkpoint, architecture)
    for key, value in parse_settings(options.set).items():
        network.say(key, value, "--set")
    profile = choose_profile(options.profile, architecture)
    config = make_config(network, profile, options.output.resolve().name, options.classes)
    lines = report_lines(options.checkpoint, checkpoint.notes, network)
    lift_memory_limit()
    test = self_test(network, original_shapes)
    limit_memory(options.checkpoint)
    lines.append(f"self-test     {test}")
    write_model(options, network, config, lines)
    print("\n".join(lines + [f"written       {options.output}"]), flush=True)
    return 1 if test.startswith("failed") else 0


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?", help="file of torch.save, .safetensors, or index of several (.safetensors.index.json)")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="model folder to write")
    parser.add_argument("--profile", metavar="NAME|FILE", help="how the input was prepared in training")
    parser.add_argument("--list-profiles", action="store_true", help="print the known profiles and exit")
    parser.add_argument("--architecture", choices=LAYOUTS, help="instead of recognising it by the names")
    parser.add_argument("--prefix", default="", help="take only tensors whose names start with it, without it")
    parser.add_argument("--drop", action="append", default=[], metavar="PATTERN",
                        help="leave out tensors whose names match, such as 'head.*'; may be repeated")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=JSON",
                        help="a hyper-parameter that is in no weight, such as enc_num_head=[2,4,8]; may be repeated")
    parser.add_argument("--condition", metavar="NAME",
                        help="whose head to take where several data sets were trained together, such as ScanNet")
    parser.add_argument("--classes", type=lambda text: text.split(","), default=[], metavar="LIST",
                        help="names of the classes, with commas [the profile's]")
    parser.add_argument("--dtype", choices=("F32", "F16"), default="F32",
                        help="F16: matrices in half precision, half the size [F32]")
    options = parser.parse_args(arguments)
    if not options.list_profiles and (options.checkpoint is None or options.output is None):
        parser.error("name a CHECKPOINT and -o FOLDER")
    return options


def main() -> int:
    options = parse_arguments()
    if options.list_profiles:
        for name, profile in read_profiles().items():
            print(f"{name:<33}{profile['about']}")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: what was begun is cleared away
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        return run(options)
    except UsageError as problem:
        return complain(str(problem), 2)
    except KeyboardInterrupt:
        return complain("interrupted", 130)
    except OSError as problem:
        subject = problem.filename if problem.strerror and problem.filename else options.checkpoint
        return complain(f"{subject}: {problem.strerror or problem}", 3)
    except CheckpointError as problem:
        return complain(f"{options.checkpoint}: {problem}", 3)
    except MemoryError:
        return complain(f"{options.checkpoint}: does not fit into memory", 3)
    except Exception as problem:  # whatever a damaged file leads to
        return complain(f"{options.checkpoint}: cannot be used: {type(problem).__name__}: {problem}", 3)


def complain(text: str, code: int) -> int:
    """One line on standard error, whatever a name in a checkpoint holds."""
    line = "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))
    if len(line) > MAX_LINE:
        line = line[:MAX_LINE] + " ..."
    print(f"import_checkpoint.py: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has left is no error
    sys.exit(main())
