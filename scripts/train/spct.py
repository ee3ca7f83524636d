"""SPCT part segmentation (Guo et al. 2021, PCT), in the layout of the public implementation.

Offset attention over all points of a cloud, without sampling; the category of the object is an input. Parameters carry
the key names and shapes of the public network, activations are rows [cloud, point, channel] as in `pct.py`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pct import OffsetAttention, PointConv, RowNorm


@dataclass
class SpctConfig:
    """Widths of the network; the defaults are those of the published network for ShapeNet parts."""

    in_channels: int = 3
    num_classes: int = 50
    num_categories: int = 16
    norm_eps: float = 1e-5
    embed_channels: int = 128
    attention_layers: int = 4
    qk_channels: int = 32
    fuse_channels: int = 1024
    label_channels: int = 64
    head_channels: list[int] = field(default_factory=lambda: [512, 256])

    def to_dict(self) -> dict:
        return asdict(self)


class Spct(nn.Module):
    """Points [B, N, in_channels] and categories [B] -> scores of the parts [B, N, classes]."""

    def __init__(self, config: SpctConfig, dropout: float = 0.5):
        super().__init__()
        self.config = config
        eps, width, (head_1, head_2) = config.norm_eps, config.embed_channels, config.head_channels
        self.conv1 = PointConv(config.in_channels, width)
        self.conv2 = PointConv(width, width)
        self.bn1 = RowNorm(width, eps)
        self.bn2 = RowNorm(width, eps)
        for i in range(config.attention_layers):
            self.add_module(f"sa{i + 1}", OffsetAttention(width, config.qk_channels, eps))
        fuse = config.fuse_channels
        self.conv_fuse = nn.Sequential(PointConv(width * config.attention_layers, fuse), RowNorm(fuse, eps),
                                       nn.LeakyReLU(0.2))
        label = config.label_channels
        self.label_conv = nn.Sequential(PointConv(config.num_categories, label), RowNorm(label, eps),
                                        nn.LeakyReLU(0.2))
        self.convs1 = PointConv(3 * fuse + label, head_1, bias=True)
        self.convs2 = PointConv(head_1, head_2, bias=True)
        self.convs3 = PointConv(head_2, config.num_classes, bias=True)
        self.bns1 = RowNorm(head_1, eps)
        self.bns2 = RowNorm(head_2, eps)
        self.dp1 = nn.Dropout(dropout)

    def forward(self, points: Tensor, category: Tensor) -> Tensor:
        rows = F.relu(self.bn1(self.conv1(points)))
        rows = F.relu(self.bn2(self.conv2(rows)))
        outputs = []
        for i in range(self.config.attention_layers):
            rows = getattr(self, f"sa{i + 1}")(rows)
            outputs.append(rows)
        rows = self.conv_fuse(torch.cat(outputs, -1))
        one_hot = F.one_hot(category, self.config.num_categories).to(rows.dtype).unsqueeze(1)
        whole = torch.cat([rows.amax(1, keepdim=True), rows.mean(1, keepdim=True), self.label_conv(one_hot)], -1)
        rows = torch.cat([rows, whole.expand(-1, rows.shape[1], -1)], -1)
        rows = self.dp1(F.relu(self.bns1(self.convs1(rows))))
        return self.convs3(F.relu(self.bns2(self.convs2(rows))))
