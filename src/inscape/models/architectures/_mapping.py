"""The mapping network of StyleGAN2 and StyleGAN3, under NVIDIA's names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from inscape.errors import ValueRangeError
from inscape.models.architectures._equalized import FullyConnected, normalize_second_moment


@dataclass(frozen=True)
class MappingSizes:
    """Sizes and options of a mapping network.

    Attributes:
        z_dim: Size of the latent z.
        w_dim: Size of the latent w.
        num_ws: How many copies of w the synthesis takes.
        depth: Number of layers.
        c_dim: Number of classes; 0 for an unconditional generator.
        lr_multiplier: See `FullyConnected`.
        activation: See `FullyConnected`.
        layer_features: Units of all layers but the last; None for `w_dim`.
        embed_features: Size of what is made of the class; None for `w_dim`.
    """

    z_dim: int
    w_dim: int
    num_ws: int
    depth: int
    c_dim: int = 0
    lr_multiplier: float = 0.01
    activation: str = "lrelu"
    layer_features: int | None = None
    embed_features: int | None = None


class Mapping(nn.Module):
    """z to w: `fc0` ... with their activations; `w_avg` is the mean of w, which truncation pulls towards.

    Args:
        sizes: Its sizes and options.
    """

    def __init__(self, sizes: MappingSizes) -> None:
        super().__init__()
        self.z_dim, self.w_dim, self.c_dim = sizes.z_dim, sizes.w_dim, sizes.c_dim
        self.num_ws, self.depth = sizes.num_ws, sizes.depth
        width = sizes.z_dim
        if sizes.c_dim:
            self.embed = FullyConnected(sizes.c_dim, sizes.embed_features or sizes.w_dim)
            width += len(self.embed.bias)
        layer = partial(FullyConnected, activation=sizes.activation, lr_multiplier=sizes.lr_multiplier)
        for index in range(sizes.depth):
            outputs = sizes.w_dim if index == sizes.depth - 1 else sizes.layer_features or sizes.w_dim
            setattr(self, f"fc{index}", layer(width, outputs))
            width = outputs
        self.register_buffer("w_avg", torch.zeros(sizes.w_dim))
        self.w_avg: Tensor

    def single(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """`[batch, z_dim]` to w, `[batch, w_dim]`, without truncation.

        Args:
            z: Latents; each is scaled to mean square 1 first.
            c: One-hot classes `[batch, c_dim]`, for a conditional generator.
        """
        x = normalize_second_moment(z.float())
        if self.c_dim:
            if c is None:
                raise ValueRangeError(
                    f"This generator has {self.c_dim} classes: give c, one-hot, [batch, {self.c_dim}]."
                )
            x = torch.cat([x, normalize_second_moment(self.embed(c))], dim=1)
        for index in range(self.depth):
            x = getattr(self, f"fc{index}")(x)
        return x

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """`[batch, z_dim]` to `[batch, num_ws, w_dim]`.

        Args:
            z: Latents.
            c: One-hot classes, for a conditional generator.
            truncation_psi: 1 changes nothing, 0 gives the average picture.
            truncation_cutoff: How many of the copies are truncated; all by default.
        """
        with torch.autocast(z.device.type, enabled=False):
            w = self.single(z, c)[:, None].repeat(1, self.num_ws, 1)
            if truncation_psi != 1.0:
                cutoff = self.num_ws if truncation_cutoff is None else truncation_cutoff
                w[:, :cutoff] = self.w_avg.lerp(w[:, :cutoff], truncation_psi)
        return w

    @torch.no_grad()
    def track(self, w: Tensor, beta: float = 0.995) -> None:
        """Move `w_avg` towards the mean of a batch of w `[batch, w_dim]`, as training does."""
        self.w_avg.copy_(w.detach().float().mean(dim=0).lerp(self.w_avg, beta))
