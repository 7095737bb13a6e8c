"""StyleGAN2 (Karras et al., CVPR 2020): skip outputs, modulated convolutions, constant or random noise.

Parameter names, shapes and run-time scales are those of NVIDIA's stylegan2-ada-pytorch, so that checkpoints
of that code, and by renaming those of rosinality, map onto it one to one. The style multiplies the
activations instead of the weights: `y = demod(W, s) * conv(x * s, W)`, which is the same number and keeps
the batch in one convolution.

A synthesis can stop after any layer and continue from there. `SynthesisState` is all that the layers above
need.

Under autocast the convolutions run in the autocast type; the mapping, the styles, the demodulation and the
RGB pictures stay in float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from inscape.errors import LayerError, ValueRangeError, unknown_name
from inscape.models.architectures._equalized import (
    GAIN,
    FullyConnected,
    compute_dtype,
    rectify_,
)
from inscape.models.architectures._fir import SMOOTH, separable_filter, upsample, upsampling_convolution
from inscape.models.architectures._mapping import Mapping
from inscape.models.architectures._modulated import ModulatedColours, ModulatedLayer, fused
from inscape.models.architectures.architecture import Architecture, Sizes
from inscape.models.architectures.synthesis_state import SynthesisState
from inscape.models.architectures.tail import Branch, Run, Stage, Tail, Window

NoiseMode = Literal["const", "random", "none"]
NOISE_MODES = ("const", "random", "none")


@dataclass(frozen=True)
class StyleGAN2Config(Sizes):
    """Sizes of a StyleGAN2.

    Attributes:
        resolution: Height and width of its pictures, a power of two from 8.
        z_dim: Size of the latent z.
        w_dim: Size of the latent w.
        mapping_layers: Depth of the mapping network.
        channels: Units by resolution, from 4 to `resolution`.
        c_dim: Number of classes; 0 for an unconditional generator.
        conv_clamp: Activations are clamped to plus or minus this before the gain; None clamps nothing.
        lr_multiplier: Learning-rate multiplier of the mapping network.
        resample_filter: Taps of the filter of the convolutions that double the size. (0, 1, 1, 0) makes of
            every cell four equal ones before the convolution, as ProGAN does. It is less smooth: fitted to 16
            scenes for 390 steps it drew 29 % of their power at 12 cycles a picture, (1, 3, 3, 1) 2 to 4 %.
            The pictures that blocks add up keep (1, 3, 3, 1). Of a network that is loaded, the filters in its
            file hold.
    """

    named = "the configuration of a StyleGAN2"

    resolution: int = 64
    z_dim: int = 128
    w_dim: int = 128
    mapping_layers: int = 4
    channels: dict[int, int] = field(default_factory=lambda: {4: 192, 8: 192, 16: 128, 32: 64, 64: 32})
    c_dim: int = 0
    conv_clamp: float | None = None
    lr_multiplier: float = 0.01
    resample_filter: tuple[float, ...] = SMOOTH

    def __post_init__(self) -> None:
        exponent = int(math.log2(self.resolution)) if self.resolution > 0 else 0
        if self.resolution < 8 or 2**exponent != self.resolution:
            raise ValueRangeError(f"The resolution must be a power of two from 8, got {self.resolution}.")
        if missing := [size for size in self.sizes if size not in self.channels]:
            raise ValueRangeError(f"The channels of a StyleGAN2 must name every size, and lack {missing}.")
        if len(self.resample_filter) != 4 or not sum(self.resample_filter) > 0:
            raise ValueRangeError(
                f"The filter of a StyleGAN2 has four taps with a positive sum, got {self.resample_filter}."
            )

    @property
    def sizes(self) -> list[int]:
        """4, 8, ... up to the resolution."""
        return [2**exponent for exponent in range(2, int(math.log2(self.resolution)) + 1)]

    @property
    def num_ws(self) -> int:
        """How many copies of w the synthesis takes: one per convolution and one for the last RGB."""
        return 2 * len(self.sizes)


class SynthesisLayer(nn.Module):
    """A modulated 3x3 convolution, noise, bias and leaky rectifier; its output is what a layer's units are.

    Args:
        inputs: Units of the layer below.
        outputs: Its own units.
        w_dim: Size of w.
        resolution: Height and width of its output.
        upsampling: Whether it doubles the size.
        clamp: See `StyleGAN2Config.conv_clamp`.
        taps: See `StyleGAN2Config.resample_filter`.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        w_dim: int,
        resolution: int,
        upsampling: bool,
        clamp: float | None,
        taps: tuple[float, ...] = SMOOTH,
    ) -> None:
        super().__init__()
        self.resolution, self.units, self.upsampling = resolution, outputs, upsampling
        self.clamp = clamp
        self.affine = FullyConnected(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.register_buffer("resample_filter", separable_filter(taps))
        self.noise_const: Tensor
        self.resample_filter: Tensor

    def demodulation(self, styles: Tensor) -> Tensor:
        """`1 / |W * s|` of every output, `[batch, outputs]` (equation 3)."""
        energy = self.weight.float().square().sum(dim=(2, 3))
        return (styles.square() @ energy.t() + 1e-8).rsqrt()

    def modulation(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """What w multiplies the inputs and the outputs by, `[batch, inputs]` and `[batch, outputs]`."""
        styles: Tensor = self.affine(w)
        return styles, self.demodulation(styles) * GAIN

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
        if fused(x, styles, self.weight):
            return self._fused(x, styles, scales, noise)
        scale = scales.to(x.dtype)[:, :, None, None]
        x = x * styles.to(x.dtype)[:, :, None, None]
        weight = self.weight.to(x.dtype)
        if self.upsampling:
            x = upsampling_convolution(x, weight, self.resample_filter)
        else:
            x = functional.conv2d(x, weight, padding=1)
        offset = (self.bias * GAIN)[None, :, None, None]
        if noise is not None and noise.shape[0] == 1:
            offset, noise = offset + noise * (self.noise_strength * GAIN), None
        x = torch.addcmul(offset.to(x.dtype), x, scale)
        if noise is not None:
            x = x.add_((noise * (self.noise_strength * GAIN)).to(x.dtype))
        return rectify_(x, self.clamp)

    def _fused(self, x: Tensor, styles: Tensor, scales: Tensor, noise: Tensor | None) -> Tensor:
        """The same as one step of automatic differentiation."""
        scaled = None if noise is None else noise * (self.noise_strength * GAIN)
        fir = self.resample_filter if self.upsampling else None
        made = ModulatedLayer.apply(x, styles, scales, self.weight, self.bias * GAIN, scaled, fir, self.clamp)
        return cast(Tensor, made)


class ToRGB(nn.Module):
    """A modulated 1x1 convolution to three colours, without demodulation."""

    def __init__(self, inputs: int, w_dim: int, clamp: float | None) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = FullyConnected(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))
        self.weight_gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """`[batch, inputs, height, width]` and `[batch, w_dim]` to RGB in float32."""
        if fused(x, w, self.weight):
            return self._fused(x, w)
        styles = (self.affine(w) * self.weight_gain).to(x.dtype)
        rgb = functional.conv2d(x * styles[:, :, None, None], self.weight.to(x.dtype)).float()
        rgb = rgb + self.bias[None, :, None, None]
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)

    def _fused(self, x: Tensor, w: Tensor) -> Tensor:
        """The same with modulated weights: no pass makes a map of `x * styles`."""
        styles = self.affine(w) * self.weight_gain
        rgb: Tensor = ModulatedColours.apply(x, styles[:, None] * self.weight[:, :, 0, 0])
        rgb = rgb + self.bias[None, :, None, None]
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)


class SynthesisBlock(nn.Module):
    """Everything at one resolution: one or two layers and the RGB output."""

    def __init__(self, config: StyleGAN2Config, resolution: int) -> None:
        super().__init__()
        units, clamp, w_dim = config.channels[resolution], config.conv_clamp, config.w_dim
        self.resolution = resolution
        self.register_buffer("resample_filter", separable_filter())
        self.resample_filter: Tensor
        layer = partial(
            SynthesisLayer, w_dim=w_dim, resolution=resolution, clamp=clamp, taps=config.resample_filter
        )
        if resolution == 4:
            self.const = nn.Parameter(torch.randn(units, 4, 4))
        else:
            self.conv0 = layer(config.channels[resolution // 2], units, upsampling=True)
        self.conv1 = layer(units, units, upsampling=False)
        self.torgb = ToRGB(units, w_dim, clamp)

    def add_rgb(self, x: Tensor, w: Tensor, rgb: Tensor | None) -> Tensor:
        """The picture so far, doubled in size, plus what this block adds to it."""
        added = cast(Tensor, self.torgb(x, w))
        return added if rgb is None else upsample(rgb, self.resample_filter) + added


@dataclass(frozen=True)
class _Step:
    """One layer of the synthesis: its name, where its module is, and which copy of w it takes."""

    name: str
    block: str
    attribute: str
    latent: int
    resolution: int


class Synthesis(nn.Module):
    """w to picture, layer by layer; layers are named by resolution: `layer4`, `layer8a`, `layer8b`, ..."""

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        self.num_ws, self.w_dim, self.resolution = config.num_ws, config.w_dim, config.resolution
        self._steps = [_Step("layer4", "b4", "conv1", 0, 4)]
        for size in config.sizes:
            setattr(self, f"b{size}", SynthesisBlock(config, size))
            if size > 4:
                first = self._steps[-1].latent + 1
                self._steps += [
                    _Step(f"layer{size}a", f"b{size}", "conv0", first, size),
                    _Step(f"layer{size}b", f"b{size}", "conv1", first + 1, size),
                ]
        self._index = {step.name: index for index, step in enumerate(self._steps)}

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers, in the order of the forward pass."""
        return tuple(self._index)

    @property
    def layer_paths(self) -> dict[str, str]:
        """Where the module of each layer is inside this one: `{"layer16a": "b16.conv0"}`."""
        return {step.name: f"{step.block}.{step.attribute}" for step in self._steps}

    def layer_module(self, name: str) -> SynthesisLayer:
        """The module of a layer.

        Raises:
            LayerError: There is no such layer.
        """
        return self._module(self._steps[self._find(name)])

    def units_and_size(self, name: str) -> tuple[int, int]:
        """Units of a layer, and height and width of its output.

        Raises:
            LayerError: There is no such layer.
        """
        module = self.layer_module(name)
        return module.units, module.resolution

    def forward(
        self, w: Tensor, *, noise_mode: NoiseMode = "const", generator: torch.Generator | None = None
    ) -> Tensor:
        """`[batch, num_ws, w_dim]` to pictures `[batch, 3, resolution, resolution]`, float32, not clipped.

        Args:
            w: One latent per layer.
            noise_mode: "const" uses the generator's own noise, "random" draws some, "none" leaves it out.
            generator: What random noise is drawn from.
        """
        noise = self.draw_noise(len(w), noise_mode, generator)
        x, rgb = self._advance(self._start(w), None, w, noise, range(len(self._steps)))
        return self._finish(x, rgb, w)

    def draw_noise(
        self, batch: int, mode: NoiseMode = "const", generator: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """The noise of every layer, by name; the same for the whole batch unless it is random."""
        if mode not in NOISE_MODES:
            raise ValueRangeError(*unknown_name("noise mode", mode, NOISE_MODES))
        if mode == "none":
            return {}
        noise = {}
        for step in self._steps:
            const = self._module(step).noise_const[None, None]
            if mode == "random":
                shape = (batch, 1, step.resolution, step.resolution)
                noise[step.name] = torch.randn(shape, device=const.device, generator=generator)
            else:
                noise[step.name] = const
        return noise

    def run_until(
        self,
        w: Tensor,
        layer: str,
        *,
        noise_mode: NoiseMode = "const",
        generator: torch.Generator | None = None,
    ) -> SynthesisState:
        """Run up to and with a layer.

        Raises:
            LayerError: There is no such layer.
        """
        index = self._find(layer)
        noise = self.draw_noise(len(w), noise_mode, generator)
        x, rgb = self._advance(self._start(w), None, w, noise, range(index + 1))
        return SynthesisState(layer, x, rgb, w, noise=noise)

    def resume(self, state: SynthesisState) -> Tensor:
        """Run the layers above a state; equal to the full pass. The state's own layer is not run again."""
        last = self.advance(state, self.layer_names[-1])
        return self._finish(last.features, last.rgb, last.w)

    def tail(self, state: SynthesisState) -> Tail:
        """Run the layers above a state, and keep what each puts out; its picture equals that of `resume`."""
        first = self._find(state.layer)
        inputs = [state.features] if state.rgb is None else [state.features, state.rgb]
        stages: list[Stage] = []
        features, rgb = 0, None if state.rgb is None else 1
        for index in range(first, len(self._steps)):
            if index > first:
                reach = 2 if self._module(self._steps[index]).upsampling else 1
                stages.append([Branch(features, self._layer_run(index, state), reach)])
                features = len(inputs) + len(stages) - 1
            if self._closes_block(index):
                added = Branch(features, self._rgb_run(index, state), 0)
                stages.append(
                    [added] if rgb is None else [Branch(rgb, self._upsampling_run(index), 1), added]
                )
                rgb = len(inputs) + len(stages) - 1
        return Tail(inputs, stages)

    def advance(self, state: SynthesisState, layer: str) -> SynthesisState:
        """Run from a state up to and with a higher layer.

        Raises:
            LayerError: There is no such layer, or it lies below the state.
        """
        index, target = self._find(state.layer), self._find(layer)
        if target < index:
            raise LayerError(
                f"Layer {layer!r} lies below {state.layer!r}; run from the start with run_until."
            )
        if target == index:
            return state
        rgb = state.rgb
        if self._closes_block(index):
            rgb = self._add_rgb(index, state.features, rgb, state.w)
        x, rgb = self._advance(state.features, rgb, state.w, state.noise, range(index + 1, target + 1))
        return SynthesisState(layer, x, rgb, state.w, noise=state.noise)

    def _find(self, layer: str) -> int:
        if layer not in self._index:
            raise LayerError(*unknown_name("layer", layer, self.layer_names))
        return self._index[layer]

    def _module(self, step: _Step) -> SynthesisLayer:
        return cast(SynthesisLayer, getattr(getattr(self, step.block), step.attribute))

    def _block(self, index: int) -> SynthesisBlock:
        return cast(SynthesisBlock, getattr(self, self._steps[index].block))

    def _closes_block(self, index: int) -> bool:
        return self._steps[index].attribute == "conv1"

    def _start(self, w: Tensor) -> Tensor:
        const = cast(SynthesisBlock, self.b4).const.to(compute_dtype(w.device))
        return const.expand(len(w), -1, -1, -1).contiguous(memory_format=torch.channels_last)

    def _add_rgb(self, index: int, x: Tensor, rgb: Tensor | None, w: Tensor) -> Tensor:
        with torch.autocast(w.device.type, enabled=False):
            return self._block(index).add_rgb(x, w[:, self._steps[index].latent + 1], rgb)

    def _layer_run(self, index: int, state: SynthesisState) -> Run:
        """A layer as a stage of a tail: its noise is cut as its input is, its styles are computed once."""
        step = self._steps[index]
        module, w, noise = self._module(step), state.w[:, step.latent], state.noise.get(step.name)
        with torch.autocast(w.device.type, enabled=False):
            modulation = module.modulation(w)

        def run(x: Tensor, place: Window | None) -> Tensor:
            with torch.autocast(w.device.type, enabled=False):
                here = noise if noise is None or place is None else place.of(noise)
                return cast(Tensor, module(x, w, here, modulation))

        return run

    def _rgb_run(self, index: int, state: SynthesisState) -> Run:
        """What a block adds to the picture, as a stage of a tail."""
        block, w = self._block(index), state.w[:, self._steps[index].latent + 1]

        def run(x: Tensor, place: Window | None) -> Tensor:
            with torch.autocast(w.device.type, enabled=False):
                return cast(Tensor, block.torgb(x, w))

        return run

    def _upsampling_run(self, index: int) -> Run:
        """The picture so far, doubled in size for a block, as a stage of a tail."""
        block = self._block(index)
        return lambda rgb, place: upsample(rgb, block.resample_filter)

    def _advance(
        self, x: Tensor, rgb: Tensor | None, w: Tensor, noise: MappingOf[str, Tensor], steps: range
    ) -> tuple[Tensor, Tensor | None]:
        """Run some layers; the RGB output of a block is added when the next block begins."""
        with torch.autocast(w.device.type, enabled=False):
            for count, index in enumerate(steps):
                step = self._steps[index]
                if count and self._closes_block(index - 1):
                    rgb = self._add_rgb(index - 1, x, rgb, w)
                x = self._module(step)(x, w[:, step.latent], noise.get(step.name))
        return x, rgb

    def _finish(self, x: Tensor, rgb: Tensor | None, w: Tensor) -> Tensor:
        return self._add_rgb(len(self._steps) - 1, x, rgb, w)


class StyleGAN2(nn.Module):
    """The generator: `mapping`, then `synthesis`."""

    def __init__(self, config: StyleGAN2Config | None = None) -> None:
        super().__init__()
        self.config = config or StyleGAN2Config()
        config = self.config
        self.mapping = Mapping(
            config.z_dim,
            config.w_dim,
            num_ws=config.num_ws,
            depth=config.mapping_layers,
            c_dim=config.c_dim,
            lr_multiplier=config.lr_multiplier,
        )
        self.synthesis = Synthesis(self.config)

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        noise_mode: NoiseMode = "const",
    ) -> Tensor:
        """Latents `[batch, z_dim]` to pictures `[batch, 3, resolution, resolution]`, nominally in [-1, 1]."""
        w = self.mapping(z, c, truncation_psi=truncation_psi, truncation_cutoff=truncation_cutoff)
        return cast(Tensor, self.synthesis(w, noise_mode=noise_mode))


ARCHITECTURE = Architecture("StyleGAN2", StyleGAN2Config, StyleGAN2)
