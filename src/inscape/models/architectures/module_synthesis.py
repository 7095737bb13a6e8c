"""A synthesis around any module that draws pictures from latents."""

from __future__ import annotations

from torch import Tensor, nn


class ModuleSynthesis(nn.Module):
    """z to pictures by a module that cannot stop halfway (see `whole_runs`).

    Attributes:
        as_map: Whether the module takes its latents as `[batch, z_dim, 1, 1]`.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.as_map = False

    def forward(self, w: Tensor) -> Tensor:
        """`[batch, 1, z_dim]` to pictures `[batch, 3, height, width]`."""
        z = w[:, 0]
        images: Tensor = self.module(z[:, :, None, None] if self.as_map else z)
        return images
