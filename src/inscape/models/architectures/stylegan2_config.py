"""Sizes of a StyleGAN2."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from inscape.errors import ValueRangeError, unknown_name
from inscape.models.architectures._equalized import ACTIVATIONS
from inscape.models.architectures._fir import SMOOTH
from inscape.models.architectures.architecture import Sizes


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
        colours: Channels of its pictures: 1 (grey), 3, or 4 (with alpha, which is not shown).
        activation: Of the convolutions: "lrelu", "relu" or "linear".
        mapping_activation: Of the mapping network.
        layer_features: Units of the layers of the mapping network but for its last one; None for `w_dim`.
        embed_features: Size of what the mapping network makes of a class; None for `w_dim`.
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
    colours: int = 3
    activation: str = "lrelu"
    mapping_activation: str = "lrelu"
    layer_features: int | None = None
    embed_features: int | None = None

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
        for name in (self.activation, self.mapping_activation):
            if name not in ACTIVATIONS:
                raise ValueRangeError(*unknown_name("activation", name, ACTIVATIONS))

    @property
    def sizes(self) -> list[int]:
        """4, 8, ... up to the resolution."""
        return [2**exponent for exponent in range(2, int(math.log2(self.resolution)) + 1)]

    @property
    def num_ws(self) -> int:
        """How many copies of w the synthesis takes: one per convolution and one for the last RGB."""
        return 2 * len(self.sizes)
