"""Layers with equalized learning rates: weights are stored at unit variance and scaled when used."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

LEAK = 0.2
"""Slope of every leaky rectifier below zero."""
GAIN = math.sqrt(2.0)
"""What every leaky rectifier multiplies its output by, to keep the variance."""

ACTIVATIONS = {"lrelu": (LEAK, GAIN), "relu": (0.0, GAIN), "linear": (1.0, 1.0)}
"""Slope below zero, and gain, of the activations that NVIDIA's options name and that are homogeneous."""


def rectify_(x: Tensor, clamp: float | None = None, leak: float = LEAK) -> Tensor:
    """Leaky rectifier in place; the argument already carries the gain (the rectifier is homogeneous)."""
    x = functional.leaky_relu_(x, leak)
    return x.clamp(-clamp, clamp) if clamp is not None else x


def normalize_second_moment(x: Tensor) -> Tensor:
    """Scales every row to mean square 1."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


class FullyConnected(nn.Module):
    """`y = activation(x (W g)^T + b m)` with `g = m / sqrt(inputs)` and learning-rate multiplier m.

    Args:
        inputs: Width of the input.
        outputs: Width of the output.
        activation: One of `ACTIVATIONS`, which brings its gain.
        lr_multiplier: Stored weights are divided by it and multiplied again when used.
        bias: What the bias starts at.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        activation: str = "linear",
        lr_multiplier: float = 1.0,
        bias: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.weight_gain = lr_multiplier / math.sqrt(inputs)
        self.bias_gain = lr_multiplier
        self.leak, self.gain = ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, inputs]` to `[batch, outputs]`, in float32."""
        y = functional.linear(x.float(), self.weight * self.weight_gain, self.bias * self.bias_gain)
        return y if self.leak == 1 else functional.leaky_relu(y, self.leak) * self.gain


def compute_dtype(device: torch.device) -> torch.dtype:
    """What the convolutions of a network run in: the autocast type where autocast is on, else float32."""
    if torch.is_autocast_enabled(device.type):
        return torch.get_autocast_dtype(device.type)
    return torch.float32
