"""Resampling with a small FIR filter, exact at the borders.

A stride-2 transposed convolution followed by the filter equals one 6x6 transposed convolution, or four 3x3
convolutions at the low resolution. Both need four times the multiplications of the two steps taken apart, and
measured two to three times slower on a CPU in bfloat16 and float32, forward and backward; so the two steps
stay apart, the second one as a depthwise convolution.

Shapes: B batch, I input channels, O output channels, K taps of the filter.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

SMOOTH = (1.0, 3.0, 3.0, 1.0)
"""The taps of StyleGAN2's filter."""


def separable_filter(taps: tuple[float, ...] = SMOOTH) -> Tensor:
    """A two-dimensional filter of these taps in both directions, `[K, K]`, with sum 1."""
    line = np.array(taps, np.float32)
    square = np.outer(line, line)
    return torch.from_numpy(square / square.sum())


def _depthwise(fir: Tensor, channels: int, gain: float, like: Tensor) -> Tensor:
    """The filter as weights of a depthwise convolution (flipped: PyTorch correlates)."""
    kernel = (fir.flip((0, 1)) * gain).to(device=like.device, dtype=like.dtype)
    return kernel.expand(channels, 1, *kernel.shape)


def upsampling_convolution(x: Tensor, weight: Tensor, fir: Tensor) -> Tensor:
    """Doubles the size of a feature map: 3x3 transposed convolution of stride 2, then the filter.

    Args:
        x: Features `[B, I, height, width]`.
        weight: `[O, I, 3, 3]`, as NVIDIA stores it (not flipped).
        fir: 4x4 filter with sum 1.

    Returns:
        `[B, O, 2 * height, 2 * width]`.
    """
    return blur(functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2), fir)


def blur(raised: Tensor, fir: Tensor) -> Tensor:
    """The filter, with gain 4, after a transposed convolution; a row and a column fewer come out."""
    channels = raised.shape[1]
    return functional.conv2d(raised, _depthwise(fir, channels, 4.0, raised), padding=1, groups=channels)


def blur_backward(grad: Tensor, fir: Tensor) -> Tensor:
    """What `blur` makes of the gradient of its output: that of its input."""
    channels = grad.shape[1]
    kernel = _depthwise(fir.flip((0, 1)), channels, 4.0, grad)
    return functional.conv2d(grad, kernel, padding=2, groups=channels)


def upsample(x: Tensor, fir: Tensor) -> Tensor:
    """Doubles the size of a picture: zeros in between, then the filter with gain 4 (upfirdn2d with up=2).

    Args:
        x: `[B, channels, height, width]`.
        fir: 4x4 filter with sum 1.
    """
    channels = x.shape[1]
    kernel = (fir * 4.0).to(device=x.device, dtype=x.dtype).expand(channels, 1, *fir.shape)
    return functional.conv_transpose2d(x, kernel, stride=2, padding=1, groups=channels)
