"""What stands at one resolution of a StyleGAN2: modulated convolutions, and the RGB output above them.

The style multiplies the activations instead of the weights: `y = demod(W, s) * conv(x * s, W)`, which is the
same number and keeps the batch in one convolution.
"""

from __future__ import annotations

import math
from functools import partial
from typing import cast

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from inscape.models.architectures._colours import as_rgb
from inscape.models.architectures._equalized import ACTIVATIONS, LEAK, FullyConnected, rectify_
from inscape.models.architectures._fir import separable_filter, upsample, upsampling_convolution
from inscape.models.architectures._modulated import ModulatedColours, ModulatedLayer, fused
from inscape.models.architectures.stylegan2_config import StyleGAN2Config


class SynthesisLayer(nn.Module):
    """A modulated 3x3 convolution, noise, bias and activation; its output is what a layer's units are.

    Args:
        inputs: Units of the layer below.
        outputs: Its own units.
        resolution: Height and width of its output.
        config: Of the network.
        upsampling: Whether it doubles the size.
    """

    def __init__(
        self, inputs: int, outputs: int, resolution: int, config: StyleGAN2Config, *, upsampling: bool
    ) -> None:
        super().__init__()
        self.resolution, self.units, self.upsampling = resolution, outputs, upsampling
        self.clamp = config.conv_clamp
        self.leak, self.gain = ACTIVATIONS[config.activation]
        self.affine = FullyConnected(config.w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.register_buffer("resample_filter", separable_filter(config.resample_filter))
        self.noise_const: Tensor
        self.resample_filter: Tensor

    def demodulation(self, styles: Tensor) -> Tensor:
        """`1 / |W * s|` of every output, `[batch, outputs]` (equation 3)."""
        energy = self.weight.float().square().sum(dim=(2, 3))
        return (styles.square() @ energy.t() + 1e-8).rsqrt()

    def modulation(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """What w multiplies the inputs and the outputs by, `[batch, inputs]` and `[batch, outputs]`."""
        styles: Tensor = self.affine(w)
        return styles, self.demodulation(styles) * self.gain

    def forward(
        self, x: Tensor, w: Tensor, noise: Tensor | None, modulation: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """One layer.

        Args:
            x: Features of the layer below, `[batch, inputs, height, width]`.
            w: `[batch, w_dim]`.
            noise: `[batch or 1, 1, resolution, resolution]`, not yet scaled; None for no noise.
            modulation: What `modulation` makes of w, where it is known already.
        """
        styles, scales = self.modulation(w) if modulation is None else modulation
        if self.leak == LEAK and fused(x, styles, self.weight):
            return self._fused(x, styles, scales, noise)
        scale = scales.to(x.dtype)[:, :, None, None]
        x = x * styles.to(x.dtype)[:, :, None, None]
        weight = self.weight.to(x.dtype)
        if self.upsampling:
            x = upsampling_convolution(x, weight, self.resample_filter)
        else:
            x = functional.conv2d(x, weight, padding=1)
        offset = (self.bias * self.gain)[None, :, None, None]
        if noise is not None and noise.shape[0] == 1:
            offset, noise = offset + noise * (self.noise_strength * self.gain), None
        x = torch.addcmul(offset.to(x.dtype), x, scale)
        if noise is not None:
            x = x.add_((noise * (self.noise_strength * self.gain)).to(x.dtype))
        return rectify_(x, self.clamp, self.leak)

    def _fused(self, x: Tensor, styles: Tensor, scales: Tensor, noise: Tensor | None) -> Tensor:
        """The same as one step of automatic differentiation."""
        scaled = None if noise is None else noise * (self.noise_strength * self.gain)
        fir = self.resample_filter if self.upsampling else None
        made = ModulatedLayer.apply(
            x, styles, scales, self.weight, self.bias * self.gain, scaled, fir, self.clamp
        )
        return cast(Tensor, made)


class ToRGB(nn.Module):
    """A modulated 1x1 convolution to colours, without demodulation."""

    def __init__(self, inputs: int, config: StyleGAN2Config) -> None:
        super().__init__()
        self.clamp = config.conv_clamp
        self.affine = FullyConnected(config.w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(config.colours, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.colours))
        self.weight_gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """`[batch, inputs, height, width]` and `[batch, w_dim]` to RGB in float32."""
        if fused(x, w, self.weight):
            return self._fused(x, w)
        styles = (self.affine(w) * self.weight_gain).to(x.dtype)
        rgb = functional.conv2d(x * styles[:, :, None, None], self.weight.to(x.dtype)).float()
        rgb = as_rgb(rgb + self.bias[None, :, None, None])
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)

    def _fused(self, x: Tensor, w: Tensor) -> Tensor:
        """The same with modulated weights: no pass makes a map of `x * styles`."""
        styles = self.affine(w) * self.weight_gain
        rgb: Tensor = ModulatedColours.apply(x, styles[:, None] * self.weight[:, :, 0, 0])
        rgb = as_rgb(rgb + self.bias[None, :, None, None])
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)


class SynthesisBlock(nn.Module):
    """Everything at one resolution: one or two layers and the RGB output."""

    def __init__(self, config: StyleGAN2Config, resolution: int) -> None:
        super().__init__()
        units = config.channels[resolution]
        self.resolution = resolution
        self.register_buffer("resample_filter", separable_filter())
        self.resample_filter: Tensor
        layer = partial(SynthesisLayer, resolution=resolution, config=config)
        if resolution == 4:
            self.const = nn.Parameter(torch.randn(units, 4, 4))
        else:
            self.conv0 = layer(config.channels[resolution // 2], units, upsampling=True)
        self.conv1 = layer(units, units, upsampling=False)
        self.torgb = ToRGB(units, config)

    def add_rgb(self, x: Tensor, w: Tensor, rgb: Tensor | None) -> Tensor:
        """The picture so far, doubled in size, plus what this block adds to it."""
        added = cast(Tensor, self.torgb(x, w))
        return added if rgb is None else upsample(rgb, self.resample_filter) + added
