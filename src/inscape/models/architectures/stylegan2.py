"""StyleGAN2 (Karras et al., CVPR 2020): skip outputs, modulated convolutions, constant or random noise.

Parameter names, shapes and run-time scales are those of NVIDIA's stylegan2-ada-pytorch, so that checkpoints
of that code, and by renaming those of rosinality, map onto it one to one.

A synthesis can stop after any layer and continue from there. `SynthesisState` is all that the layers above
need.

Under autocast the convolutions run in the autocast type; the mapping, the styles, the demodulation and the
RGB pictures stay in float32.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn

from inscape.errors import LayerError, ValueRangeError, unknown_name
from inscape.models.architectures._equalized import compute_dtype
from inscape.models.architectures._fir import upsample
from inscape.models.architectures._mapping import Mapping, MappingSizes
from inscape.models.architectures.architecture import Architecture
from inscape.models.architectures.stylegan2_blocks import SynthesisBlock, SynthesisLayer
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from inscape.models.architectures.synthesis_state import SynthesisState
from inscape.models.architectures.tail import Branch, Run, Stage, Tail, Window

NoiseMode = Literal["const", "random", "none"]
NOISE_MODES = ("const", "random", "none")


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
        sizes = MappingSizes(
            config.z_dim,
            config.w_dim,
            config.num_ws,
            config.mapping_layers,
            config.c_dim,
            config.lr_multiplier,
            config.mapping_activation,
            config.layer_features,
            config.embed_features,
        )
        self.mapping = Mapping(sizes)
        self.synthesis = Synthesis(self.config)

    @property
    def idle_tensors(self) -> dict[str, str]:
        """Filters of what does not change the size: each counts as the one that stands at the next place."""
        blocks = {size: f"synthesis.b{size}" for size in self.config.sizes}
        idle = {f"{block}.conv1": f"{blocks[max(size, 8)]}.conv0" for size, block in blocks.items()}
        idle[blocks[4]] = blocks[8]
        return {f"{place}.resample_filter": f"{other}.resample_filter" for place, other in idle.items()}

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
