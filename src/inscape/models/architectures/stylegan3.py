"""StyleGAN3 (Karras et al., "Alias-Free Generative Adversarial Networks", NeurIPS 2021), both t and r.

Parameter names, shapes and run-time scales are those of NVIDIA's stylegan3. The geometry of every layer is
part of the configuration instead of being derived from cutoff frequencies, and the filters are weights: what
a file says is what is computed. The style multiplies the activations instead of the weights, which is the
same number. Styles are normalized one picture at a time; NVIDIA's code normalizes them over the batch, which
the demodulation takes out again.

A layer's output has a margin around the picture, which the next layers need: a layer of 36 pixels with a
margin of 10 shows the picture in the 16 pixels of its middle. What is read, painted or edited is that middle,
the output of the layer's `inside`; the margin stays as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from inscape.errors import ValueRangeError
from inscape.models.architectures._colours import CHANNELS, as_rgb
from inscape.models.architectures._equalized import GAIN, LEAK, FullyConnected
from inscape.models.architectures._mapping import Mapping, MappingSizes
from inscape.models.architectures._sequential import SequentialSynthesis
from inscape.models.architectures.architecture import Architecture, Sizes
from inscape.models.architectures.synthesis_state import SynthesisState

EPSILON = 1e-8
"""What the demodulation adds to the energy of normalized weights."""


@dataclass(frozen=True)
class LayerGeometry:
    """One layer of a StyleGAN3.

    Attributes:
        name: NVIDIA's: number, size of the output, units.
        inputs: Units of the layer below.
        units: Its own units.
        in_size: Height and width of its input.
        size: Height and width of its output.
        kernel: Height and width of its convolution.
        up: How many times larger the rectifier's input is than the layer's.
        down: How many times smaller the output is again.
        up_taps: Length of the filter before the rectifier; 1 for none.
        down_taps: Length of the filter after it; 1 for none.
        radial: Whether the filter after it is a square one, radially symmetric, and not applied by axis.
        padding: Pixels added before and after, negative where they are taken away, of the raised input.
        clamp: Largest absolute value after the rectifier; None clamps nothing.
        rectified: Whether it has a leaky rectifier and demodulation; the RGB output has neither.
    """

    name: str
    inputs: int
    units: int
    in_size: int
    size: int
    kernel: int
    up: int
    down: int
    up_taps: int
    down_taps: int
    radial: bool
    padding: tuple[int, int]
    clamp: float | None
    rectified: bool

    def __post_init__(self) -> None:
        counts = (self.inputs, self.units, self.in_size, self.size, self.kernel)
        factors = (self.up, self.down, self.up_taps, self.down_taps)
        if min(counts + factors) < 1 or max(*factors, self.kernel) > 64 or max(counts) > 1 << 16:
            raise ValueRangeError(f"Layer {self.name!r} of a StyleGAN3 has inconsistent sizes.")
        raised = (self.in_size + self.kernel - 1) * self.up + sum(self.padding)
        filtered = raised - (self.up_taps - 1) - (self.down_taps - 1)
        if (filtered - 1) // self.down + 1 != self.size:
            raise ValueRangeError(
                f"Layer {self.name!r} of a StyleGAN3 gives {(filtered - 1) // self.down + 1} pixels, "
                f"not the {self.size} that it says."
            )


@dataclass(frozen=True)
class StyleGAN3Config(Sizes):
    """Sizes of a StyleGAN3.

    Attributes:
        resolution: Height and width of its pictures.
        z_dim: Size of the latent z.
        w_dim: Size of the latent w.
        mapping_layers: Depth of the mapping network.
        c_dim: Number of classes; 0 for an unconditional generator.
        lr_multiplier: Learning-rate multiplier of the mapping network.
        input_units: Fourier features.
        input_size: Height and width of their map.
        sampling_rate: Samples of it per picture.
        bandwidth: Highest frequency in it, in cycles per picture.
        margin: Pixels around the picture in every layer but the last.
        output_scale: What the picture is multiplied by.
        layers: Its layers and the RGB output, which is the last.
    """

    named = "the configuration of a StyleGAN3"

    resolution: int
    z_dim: int
    w_dim: int
    mapping_layers: int
    c_dim: int
    lr_multiplier: float
    input_units: int
    input_size: int
    sampling_rate: float
    bandwidth: float
    margin: int
    output_scale: float
    layers: tuple[LayerGeometry, ...]

    def __post_init__(self) -> None:
        ends = [(colours, self.resolution) for colours in CHANNELS]
        sizes = [(self.input_units, self.input_size)] + [(each.units, each.size) for each in self.layers]
        wanted = [(each.inputs, each.in_size) for each in self.layers]
        if len(self.layers) < 2 or wanted != sizes[:-1] or sizes[-1] not in ends:
            raise ValueRangeError("The layers of this StyleGAN3 do not fit one another.")
        if self.margin < 0 or any(each.size <= 2 * self.margin for each in self._beyond_the_picture()):
            raise ValueRangeError(f"A layer of this StyleGAN3 is all margin ({self.margin} pixels a side).")
        if any(each.rectified != (each is not self.layers[-1]) for each in self.layers):
            raise ValueRangeError("The last layer of a StyleGAN3, and no other, is its RGB output.")

    def _beyond_the_picture(self) -> list[LayerGeometry]:
        return [each for each in self.layers[:-1] if each.size != self.resolution]

    @property
    def num_ws(self) -> int:
        """How many copies of w the synthesis takes: one per layer, and one for the input."""
        return len(self.layers) + 1


class FourierInput(nn.Module):
    """Sines over the picture, turned and shifted as w says, then mixed (section 3.2)."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.size, self.sampling_rate = config.input_size, config.sampling_rate
        self.bandwidth = config.bandwidth
        units = config.input_units
        self.weight = nn.Parameter(torch.randn(units, units))
        self.affine = FullyConnected(config.w_dim, 4)
        with torch.no_grad():
            self.affine.weight.zero_()
            self.affine.bias[0] = 1
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", torch.randn(units, 2))
        self.register_buffer("phases", torch.rand(units) - 0.5)
        self.transform: Tensor
        self.freqs: Tensor
        self.phases: Tensor

    def forward(self, w: Tensor) -> Tensor:
        """`[batch, w_dim]` to `[batch, units, size, size]`."""
        pose = self.affine(w)
        pose = pose / pose[:, :2].norm(dim=1, keepdim=True)
        cosine, sine, right, down = pose.unbind(dim=1)
        turn, shift = (torch.eye(3, device=w.device).repeat(len(w), 1, 1) for _ in range(2))
        turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = cosine, -sine, sine, cosine
        shift[:, 0, 2], shift[:, 1, 2] = -right, -down
        transforms = turn @ shift @ self.transform
        phases = self.phases + (self.freqs @ transforms[:, :2, 2:]).squeeze(2)
        freqs = self.freqs @ transforms[:, :2, :2]
        beyond = (freqs.norm(dim=2) - self.bandwidth) / (self.sampling_rate / 2 - self.bandwidth)
        places = (torch.arange(self.size, device=w.device) + 0.5 - self.size / 2) / self.sampling_rate
        rows, columns = torch.meshgrid(places, places, indexing="ij")
        grid = torch.stack([columns, rows], dim=2)
        x = torch.einsum("rcd,bud->brcu", grid, freqs) + phases[:, None, None]
        x = torch.sin(x * (2 * math.pi)) * (1 - beyond).clamp(0, 1)[:, None, None]
        y: Tensor = x @ (self.weight / math.sqrt(len(self.weight))).t()
        return y.permute(0, 3, 1, 2)


class StyleGAN3Layer(nn.Module):
    """A modulated convolution, and a leaky rectifier at a higher sampling rate between two filters."""

    def __init__(self, geometry: LayerGeometry, w_dim: int) -> None:
        super().__init__()
        self.geometry, self.units, self.resolution = geometry, geometry.units, geometry.size
        self.affine = FullyConnected(w_dim, geometry.inputs, bias=1.0)
        self.weight = nn.Parameter(
            torch.randn(geometry.units, geometry.inputs, geometry.kernel, geometry.kernel)
        )
        self.bias = nn.Parameter(torch.zeros(geometry.units))
        taps, lower = geometry.up_taps, geometry.down_taps
        self.inside = nn.Identity()
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", torch.full((taps,), 1 / taps) if taps > 1 else None)
        shape = (lower, lower) if geometry.radial else (lower,)
        self.register_buffer("down_filter", torch.full(shape, lower ** -len(shape)) if lower > 1 else None)
        self.magnitude_ema: Tensor
        self.up_filter: Tensor | None
        self.down_filter: Tensor | None

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """`[batch, inputs, in_size, in_size]` and `[batch, w_dim]` to `[batch, units, size, size]`."""
        styles = self.styles(w)
        weight: Tensor = self.weight
        scale: Tensor | float = 1.0
        if self.geometry.rectified:
            weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
            energy = weight.square().sum(dim=(2, 3))
            scale = (styles.square() @ energy.t() + EPSILON).rsqrt()[:, :, None, None]
        x = functional.conv2d(self.modulated(x, styles), weight, padding=self.geometry.kernel - 1) * scale
        return self.rectified(x + self.bias[None, :, None, None])

    def styles(self, w: Tensor) -> Tensor:
        """What w multiplies each unit of the input by, normalized: `[batch, inputs]`."""
        styles: Tensor = self.affine(w)
        if self.geometry.rectified:
            return styles * styles.square().mean(dim=1, keepdim=True).rsqrt()
        return styles / math.sqrt(self.weight[0].numel())

    def modulated(self, x: Tensor, styles: Tensor) -> Tensor:
        """What the convolution gets."""
        return x * (styles * self.magnitude_ema.rsqrt())[:, :, None, None]

    def rectified(self, x: Tensor) -> Tensor:
        """What the layer makes of the convolution's sums, demodulated and with their bias."""
        geometry = self.geometry
        x = _raised(x, self.up_filter, geometry.up, geometry.padding)
        if geometry.rectified:
            x = functional.leaky_relu_(x, LEAK) * GAIN  # gradients need what the rectifier put out
        if geometry.clamp is not None:
            x = x.clamp(-geometry.clamp, geometry.clamp)
        return _lowered(x, self.down_filter, geometry.down)


def _raised(x: Tensor, taps: Tensor | None, factor: int, padding: tuple[int, int]) -> Tensor:
    """Zeros in between, padding, then the filter with a gain that keeps the mean; by axis.

    A transposed convolution does all of it, with an output for every overlap; padding picks among those.
    """
    line = x.new_ones(1) if taps is None else taps * factor
    units, length = x.shape[1], len(line)
    before, after = padding[0] - (length - 1), padding[1] - (length - 1) + factor - 1
    for shape, stride in (((length, 1), (factor, 1)), ((1, length), (1, factor))):
        kernel = line.reshape(1, 1, *shape).expand(units, 1, *shape)
        x = functional.conv_transpose2d(x, kernel, stride=stride, groups=units)
    return functional.pad(x, (before, after, before, after))


def _lowered(x: Tensor, taps: Tensor | None, factor: int) -> Tensor:
    """The filter, then every so manyth pixel."""
    if taps is None:
        return x[:, :, ::factor, ::factor]
    units = x.shape[1]
    if taps.ndim == 2:
        kernel = taps.flip((0, 1)).expand(units, 1, *taps.shape)
        return functional.conv2d(x, kernel, stride=factor, groups=units)
    line = taps.flip(0)
    for shape, stride in (((len(line), 1), (factor, 1)), ((1, len(line)), (1, factor))):
        kernel = line.reshape(1, 1, *shape).expand(units, 1, *shape)
        x = functional.conv2d(x, kernel, stride=stride, groups=units)
    return x


class StyleGAN3Synthesis(SequentialSynthesis):
    """w to pictures; the layers have NVIDIA's names: `L0_36_512`, ..."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.output_scale = config.output_scale
        self.input = FourierInput(config)
        for layer in config.layers:
            setattr(self, layer.name, StyleGAN3Layer(layer, config.w_dim))
        self._output = config.layers[-1].name
        self.layer_paths = {layer.name: f"{layer.name}.inside" for layer in config.layers[:-1]}
        self._margins = [
            0 if layer.size == config.resolution else config.margin for layer in config.layers[:-1]
        ]
        self._input_margin = config.margin

    def units_and_size(self, name: str) -> tuple[int, int]:
        """Units of a layer, and height and width of the part of it that shows the picture."""
        index = self._find(name)
        layer = self._layer(index)
        return layer.units, layer.resolution - 2 * self._margins[index]

    def margin_below(self, name: str) -> int:
        """Pixels around the picture in what a layer gets."""
        index = self._find(name)
        return self._margins[index - 1] if index else self._input_margin

    def middle(self, name: str, whole: Tensor) -> Tensor:
        """The part of a layer's output that shows the picture."""
        return self._middle(whole, self._find(name))

    def begin(self, w: Tensor) -> Tensor:
        """The Fourier features."""
        x: Tensor = self.input(w[:, 0])
        return x

    def step(self, index: int, x: Tensor, w: Tensor) -> Tensor:
        """Run one layer, and what has been hung upon the middle of its output."""
        whole = self._layer(index)(x, w[:, index + 1])
        middle = self._middle(whole, index)
        changed = self._layer(index).inside(middle)
        return whole if changed is middle else self._put(whole, changed, index)

    def run_until(self, w: Tensor, layer: str) -> SynthesisState:
        """Run up to and with a layer.

        Raises:
            LayerError: There is no such layer.
        """
        state = super().run_until(w, layer)
        middle = self._middle(state.features, self._find(layer))
        return replace(state, features=middle, whole=state.features)

    def resume(self, state: SynthesisState) -> Tensor:
        """Run the layers above a state; equal to the full pass. The state's own layer is not run again."""
        assert state.whole is not None
        return super().resume(
            replace(state, features=self._put(state.whole, state.features, self._find(state.layer)))
        )

    def _layer(self, index: int) -> StyleGAN3Layer:
        return cast(StyleGAN3Layer, getattr(self, self.layer_names[index]))

    def _middle(self, whole: Tensor, index: int) -> Tensor:
        margin, size = self._margins[index], whole.shape[2]
        return whole[:, :, margin : size - margin, margin : size - margin]

    def _put(self, whole: Tensor, middle: Tensor, index: int) -> Tensor:
        margin = self._margins[index]
        if not margin:
            return middle
        made = whole.clone()
        made[:, :, margin:-margin, margin:-margin] = middle
        return made

    def finish(self, x: Tensor, w: Tensor) -> Tensor:
        """Run the RGB output."""
        return as_rgb(getattr(self, self._output)(x, w[:, -1]) * self.output_scale)


class StyleGAN3(nn.Module):
    """The generator: `mapping`, then `synthesis`."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.config = config
        sizes = (config.z_dim, config.w_dim, config.num_ws, config.mapping_layers)
        self.mapping = Mapping(MappingSizes(*sizes, config.c_dim, config.lr_multiplier))
        self.synthesis = StyleGAN3Synthesis(config)

    def forward(self, z: Tensor, c: Tensor | None = None, *, truncation_psi: float = 1.0) -> Tensor:
        """Latents `[batch, z_dim]` to pictures `[batch, 3, resolution, resolution]`, nominally in [-1, 1]."""
        return cast(Tensor, self.synthesis(self.mapping(z, c, truncation_psi=truncation_psi)))


ARCHITECTURE = Architecture("StyleGAN3", StyleGAN3Config, StyleGAN3)
