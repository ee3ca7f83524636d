"""The self-test of an import: does the original code, if it can be imported, build a network of just these tensors?"""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

from .layouts import Network
from .state import NOT_WEIGHTS

# By architecture: modules that may hold the original network, and its class.
ORIGINALS = {
    "pct_cls": [("model", "Pct")],
    "pct_cls_posenc": [("model_new", "Pct")],
    "ptv1_seg": [("pointcept.models.point_transformer.point_transformer_seg", "PointTransformerSeg")],
    "ptv3m1": [("pointcept.models.point_transformer_v3.point_transformer_v3m1_base", "PointTransformerV3")],
    "ptv3m2": [("sonata.model", "PointTransformerV3"), ("concerto.model", "PointTransformerV3"),
               ("pointcept.models.point_transformer_v3.point_transformer_v3m2_sonata", "PointTransformerV3")],
    "ptv3m3": [("utonia.model", "PointTransformerV3"),
               ("pointcept.models.point_transformer_v3.point_transformer_v3m3_utonia", "PointTransformerV3")],
}


def build_original(module: Any, class_name: str, network: Network) -> Any:
    """The original network with the hyper-parameters that were found."""
    values = network.hyper_parameters
    if network.architecture.startswith("pct"):
        return getattr(module, class_name)(SimpleNamespace(dropout=0.0), output_channels=values["num_classes"])
    if network.architecture == "ptv1_seg":
        return getattr(module, class_name)(module.Bottleneck, [count - 1 for count in values["blocks"]],
                                           in_channels=values["in_channels"], num_classes=values["num_classes"])
    return getattr(module, class_name)(enable_flash=False,
                                       **{key: value for key, value in values.items() if key != "num_classes"})


def self_test(network: Network, original_shapes: dict[str, tuple[int, ...]]) -> str:
    """One line: what was compared and how it went. `original_shapes`: the checkpoint's own names, without prefixes."""
    for module_name, class_name in ORIGINALS.get(network.architecture, []):
        try:
            module = importlib.import_module(module_name)
        except Exception:  # absent, or one of its own needs is
            continue
        try:
            state = build_original(module, class_name, network).state_dict()
        except Exception as problem:
            return f"failed: {module_name} cannot build the network: {' '.join(str(problem).split())}"
        wanted = {name: tuple(value.shape) for name, value in state.items() if not name.endswith(NOT_WEIGHTS)}
        found = {name: shape for name, shape in original_shapes.items() if not name.startswith("seg_head.")}
        if wanted == found:
            return f"passed: {module_name} builds a network of just these {len(found)} tensors"
        differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        return (f"failed: {module_name} builds another network, {len(differing)} tensors differ: "
                f"{', '.join(differing[:3])}")
    names = ", ".join(module for module, _ in ORIGINALS.get(network.architecture, []))
    return f"skipped: the original code cannot be imported ({names or 'none is known'})"
