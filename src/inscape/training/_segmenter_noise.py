"""What a segmenter's training pictures suffer, so that it can also read what a generator draws.

A generator's pictures are blurred, blotchy, bent and half transparent where it is unsure. A fair share
of every batch stays clean. Geometry moves picture and labels alike; everything else leaves the labels.
Every function draws from the generator it is given and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor


@dataclass(frozen=True)
class NoiseOptions:
    """How much the pictures suffer.

    Args:
        clean: Fraction of pictures that are only mirrored.
        bent: Fraction of the others whose geometry changes.
        strength: Multiplies every other strength; 1 is what a half-trained generator looks like.
    """

    clean: float = 0.4
    bent: float = 0.5
    strength: float = 1.0


def disturb(
    images: Float[Tensor, "b 3 h w"],
    labels: UInt8[Tensor, "b plane h w"],
    random: torch.Generator,
    options: NoiseOptions,
) -> tuple[Float[Tensor, "b 3 h w"], UInt8[Tensor, "b plane h w"]]:
    """Mirror half of the pictures, then bend and spoil those that are not to stay clean.

    Args:
        images: RGB in [-1, 1].
        labels: Any numbers; they follow the geometry by the nearest neighbour.
        random: On the CPU.
        options: How much.
    """
    count = len(images)
    mirrored = _chosen(count, 0.5, random)
    images, labels = images.clone(), labels.clone()
    images[mirrored], labels[mirrored] = images[mirrored].flip(3), labels[mirrored].flip(3)
    spoiled = _chosen(count, 1 - options.clean, random)
    bent = spoiled[_chosen(len(spoiled), options.bent, random)]
    with torch.autocast(images.device.type, enabled=False):  # only the network may use bfloat16
        if len(bent):
            grid = bending(len(bent), images.shape[2], images.shape[3], random).to(images.device)
            images[bent], labels[bent] = bend(images[bent], labels[bent], grid)
        for share, spoil in SPOILS:
            chosen = spoiled[_chosen(len(spoiled), share, random)]
            if len(chosen):
                images[chosen] = spoil(images[chosen], options.strength, random)
    return images.clamp_(-1, 1), labels


def _chosen(count: int, share: float, random: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=random) < share).nonzero().flatten()


def _uniform(count: int, low: float, high: float, random: torch.Generator, like: Tensor) -> Tensor:
    drawn = torch.rand(count, generator=random) * (high - low) + low
    return drawn[:, None, None, None].to(like.device)


def bending(count: int, height: int, width: int, random: torch.Generator) -> Float[Tensor, "b h w 2"]:
    """Where to read each picture: turned up to 4 degrees, scaled, shifted up to 6 %, and gently warped."""
    turn, scale, shift_x, shift_y = (torch.rand(4, count, generator=random) * 2 - 1).unbind()
    angle, zoom = turn * 0.07, 1 + scale * 0.1
    matrix = torch.stack(
        [
            torch.stack([zoom * angle.cos(), -zoom * angle.sin(), shift_x * 0.06], 1),
            torch.stack([zoom * angle.sin(), zoom * angle.cos(), shift_y * 0.06], 1),
        ],
        1,
    )
    grid = functional.affine_grid(matrix, [count, 3, height, width], align_corners=False)
    knots = torch.randn(count, 2, 7, 7, generator=random) * torch.rand(count, 1, 1, 1, generator=random)
    warp = functional.interpolate(knots * 0.03, (height, width), mode="bicubic", align_corners=True)
    return grid + warp.permute(0, 2, 3, 1)


def bend(
    images: Float[Tensor, "b 3 h w"], labels: UInt8[Tensor, "b plane h w"], grid: Float[Tensor, "b h w 2"]
) -> tuple[Float[Tensor, "b 3 h w"], UInt8[Tensor, "b plane h w"]]:
    """Read pictures (bilinear) and labels (nearest) at the same places; borders are mirrored."""
    bent = functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    moved = functional.grid_sample(
        labels.float(), grid, mode="nearest", padding_mode="reflection", align_corners=False
    )
    return bent, moved.round().to(torch.uint8)


def _coarse(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    small = functional.avg_pool2d(images, 2)
    large = functional.interpolate(small, images.shape[2:], mode="bilinear", align_corners=False)
    share = _uniform(len(images), 0.4, 1.0, random, images).mul(strength).clamp(0, 1)
    return images.lerp(large, share)


def _blur(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    count, _, height, width = images.shape
    sigma = _uniform(count, 0.3, 1.0, random, images).view(count, 1) * strength
    taps = torch.arange(-2, 3, device=images.device)
    kernel = torch.exp(-(taps**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
    flat = functional.pad(images.reshape(1, -1, height, width), (2, 2, 2, 2), mode="reflect")
    flat = functional.conv2d(flat, kernel[:, None, None, :], groups=3 * count)
    return functional.conv2d(flat, kernel[:, None, :, None], groups=3 * count).view_as(images)


def _blotches(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    count, _, height, width = images.shape
    size = int(torch.randint(3, 17, (1,), generator=random))
    knots = torch.randn(count, 3, size, size, generator=random).to(images.device)
    wide = functional.interpolate(knots, (height, width), mode="bilinear", align_corners=False)
    return images + wide * _uniform(count, 0.02, 0.14, random, images) * strength


def _colours(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    count = len(images)
    contrast = 1 + _uniform(count, -0.2, 0.2, random, images) * strength
    saturation = 1 + _uniform(count, -0.4, 0.4, random, images) * strength
    shift = (torch.rand(count, 3, 1, 1, generator=random).to(images.device) - 0.5) * 0.16 * strength
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * saturation
    middle = images.mean((1, 2, 3), keepdim=True)
    return middle + (images - middle) * contrast + shift


def _grain(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    grain = torch.randn(images.shape, generator=random).to(images.device)
    return images + grain * _uniform(len(images), 0.01, 0.09, random, images) * strength


def _ghosts(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    share = _uniform(len(images), 0.03, 0.2, random, images) * strength
    return images.lerp(images.roll(1, 0), share.clamp(0, 0.4))


def _blocks(images: Tensor, strength: float, random: torch.Generator) -> Tensor:
    """What JPEG does: coarser steps for finer waves of every 8 by 8 block."""
    count, _, height, width = images.shape
    if height % 8 or width % 8:
        return images
    wave = torch.arange(8.0, device=images.device)
    cosine = torch.cos((2 * wave[None, :] + 1) * wave[:, None] * torch.pi / 16) / 2
    cosine[0] /= 2**0.5
    blocks = images.view(count, 3, height // 8, 8, width // 8, 8).transpose(3, 4)
    step = (0.04 + 0.02 * (wave[:, None] + wave[None, :])) * strength
    step = step * _uniform(count, 0.3, 1.5, random, images)[..., None, None]
    kept = (cosine @ blocks @ cosine.T / step).round() * step
    return (cosine.T @ kept @ cosine).transpose(3, 4).reshape(images.shape)


SPOILS: tuple[tuple[float, Callable[[Tensor, float, torch.Generator], Tensor]], ...] = (
    (0.20, _ghosts),
    (0.35, _blotches),
    (0.50, _colours),
    (0.25, _coarse),
    (0.40, _blur),
    (0.35, _grain),
    (0.15, _blocks),
)
"""How often each spoils a picture that is not to stay clean, in the order in which they are applied."""
