"""How well an encoder reads pictures that it has not seen: the figures on its card, and grids to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import scenes, storage
from inscape.pictures import grid, to_tensor, to_uint8, z_from_seed
from inscape.training._drawn import Drawn, draw

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models.architectures.picture_encoder import PictureEncoder
    from inscape.models.architectures.stylegan2 import StyleGAN2

CHECK_SEED = 6_000_000
"""Pictures and scenes that judge an encoder count up from here; it never trains on them."""

_BATCH = 32
_COLUMNS = 8


def psnr(found: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> float:
    """Mean peak signal-to-noise ratio of pictures `[n, height, width, 3]`, in dB."""
    error = np.square(found.astype(np.float64) - wanted).mean((1, 2, 3))
    return float(np.mean(10 * np.log10(255**2 / np.maximum(error, 1e-2))))


def correlation(found: Float[Tensor, "n c h w"], wanted: Float[Tensor, "n c h w"]) -> float:
    """Mean over units of the correlation over pictures and places; units that never vary are left out."""
    rows = [x.transpose(0, 1).flatten(1).double() for x in (found, wanted)]
    rows = [x - x.mean(1, keepdim=True) for x in rows]
    lengths = rows[0].norm(dim=1) * rows[1].norm(dim=1)
    varies = rows[1].norm(dim=1) > 1e-6
    return float(((rows[0] * rows[1]).sum(1) / lengths.clamp_min(1e-12))[varies].mean())


class EncoderCheck:
    """Unseen pictures of a generator, and scenes of its world where it has one.

    Args:
        network: The generator.
        world: Name of its world; None where it has none.
        count: Number of pictures, and as many scenes.
    """

    def __init__(self, network: StyleGAN2, world: str | None, count: int) -> None:
        self._network, self._count = network, count
        self._scenes: NDArray[np.uint8] | None = None
        if world is not None:
            seeds = range(CHECK_SEED, CHECK_SEED + count)
            self._scenes, _ = scenes.world(world).batch(seeds, size=network.config.resolution)

    @torch.no_grad()
    def scores(self, encoder: PictureEncoder) -> dict[str, float]:
        """Figures by name.

        "psnr_own" and "psnr_scenes": of the encoded pictures, in dB; with "_average" of the picture of the
        average w instead. "correlation_LAYER": of estimated with true features, over own pictures.
        """
        drawn = self._own(self._count)
        average = self._average_picture()
        w, features = self._encode(encoder, drawn.images)
        scores = self._pair("own", w, to_uint8(drawn.images), average)
        for size, layer in encoder.config.layers.items():
            truth = drawn.states[size].features
            scores[f"correlation_{layer}"] = correlation(features[layer], truth)
        if self._scenes is not None:
            w, _ = self._encode(encoder, self._tensor(self._scenes))
            scores |= self._pair("scenes", w, self._scenes, average)
        return {name: round(score, 4) for name, score in scores.items()}

    @torch.no_grad()
    def sample(self, encoder: PictureEncoder, path: Path) -> Path:
        """A grid of pictures, each above what the generator draws from its code; scenes below."""
        rows: list[NDArray[np.uint8]] = []
        own = to_uint8(self._own(2 * _COLUMNS).images)
        for pictures in (own, self._scenes):
            for start in range(0, 2 * _COLUMNS, _COLUMNS):
                if pictures is None or len(pictures) < start + _COLUMNS:
                    continue
                shown = pictures[start : start + _COLUMNS]
                w, _ = self._encode(encoder, self._tensor(shown))
                rows += [*shown, *self._pictures(w)]
        with storage.atomic_path(path) as temporary:
            grid(rows, _COLUMNS).save(temporary, format="PNG")
        return path

    def _pair(
        self, name: str, w: Tensor, wanted: NDArray[np.uint8], average: NDArray[np.uint8]
    ) -> dict[str, float]:
        return {
            f"psnr_{name}": psnr(self._pictures(w), wanted),
            f"psnr_{name}_average": psnr(np.broadcast_to(average, wanted.shape), wanted),
        }

    def _own(self, count: int) -> Drawn:
        seeds = range(CHECK_SEED, CHECK_SEED + count)
        z = torch.from_numpy(np.stack([z_from_seed(seed, self._network.config.z_dim) for seed in seeds]))
        classes = None
        if number := self._network.config.c_dim:
            classes = torch.eye(number)[torch.arange(count) % number].to(self._device)
        return draw(self._network.synthesis, self._network.mapping(z.to(self._device), classes))

    @property
    def _device(self) -> torch.device:
        return self._network.mapping.w_avg.device

    def _tensor(self, pictures: NDArray[np.uint8]) -> Tensor:
        return to_tensor(pictures).to(self._device)

    def _encode(self, encoder: PictureEncoder, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        parts = [encoder(part) for part in images.split(_BATCH)]
        features = {layer: torch.cat([found[layer] for _, found in parts]) for layer in encoder.layers}
        return torch.cat([w for w, _ in parts]), features

    def _pictures(self, w: Tensor) -> NDArray[np.uint8]:
        return np.concatenate([to_uint8(self._network.synthesis(part)) for part in w.split(_BATCH)])

    def _average_picture(self) -> NDArray[np.uint8]:
        mapping = self._network.mapping
        return self._pictures(mapping.w_avg.expand(1, mapping.num_ws, -1).contiguous())
