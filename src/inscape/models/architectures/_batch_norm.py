"""Batch normalization (Ioffe and Szegedy, ICML 2015), taken into the convolution before it."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Change a convolution so that it computes what it and the normalization after it compute in evaluation.

    Args:
        convolution: Without a bias; it gets one.
        norm: Its running mean and variance are read.
    """
    assert norm.running_var is not None and norm.running_mean is not None and convolution.bias is None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    convolution.weight.mul_(scale[:, None, None, None])
    bias = norm.bias - norm.running_mean * scale
    convolution.bias = nn.Parameter(bias, requires_grad=convolution.weight.requires_grad)
