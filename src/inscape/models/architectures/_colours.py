"""Pictures of other numbers of channels as RGB."""

from __future__ import annotations

from torch import Tensor

CHANNELS = (1, 3, 4)
"""Grey, RGB, and RGB with alpha."""


def as_rgb(picture: Tensor) -> Tensor:
    """`[batch, channels, height, width]` to `[batch, 3, ...]`: grey three times, and alpha left out."""
    channels = picture.shape[1]
    if channels == 3:
        return picture
    return picture.repeat(1, 3, 1, 1) if channels == 1 else picture[:, :3]
