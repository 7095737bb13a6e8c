"""What training writes for people to look at: sample grids, losses, distance to the world."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inscape import scenes, segmenters, storage
from inscape.pictures import to_uint8, z_from_seed
from inscape.segmenters.areas import WorldDistance
from inscape.training._curves import page
from inscape.training._gan_state import GanState
from inscape.training._loss_log import LossLog, kept_lines, write_lines

_SIDE = 8
_MEASURED = 600
"""Pictures of a distance, of the seeds from 0: what `benchmarks/generator.py --pictures 600` measures."""


class Watch:
    """Keeps an eye on a run.

    Args:
        state: Looked at, not changed.
        out: The folder of the run.
    """

    def __init__(self, state: GanState, out: Path) -> None:
        self._state, self._out = state, out
        images = state.counters.images
        self._log = LossLog(out / "log.jsonl", images)
        self._distances = kept_lines(out / "distance.jsonl", images)
        self._distance: tuple[int, WorldDistance] | None = None

    def follow(self, state: GanState) -> None:
        """Look at another state from now on: the one that has grown."""
        self._state = state

    def files(self) -> list[Path]:
        """What was written."""
        patterns = ("*.jsonl", "*.svg", "samples/*.png")
        return sorted(path for pattern in patterns for path in self._out.glob(pattern))

    def log(self, numbers: dict[str, float]) -> None:
        """Remember the losses of a step; their means make a line every thousand pictures."""
        counters = self._state.counters
        self._log.add(numbers, images=counters.images, seconds=counters.seconds)

    def flush(self) -> None:
        """Write the log, and the curves."""
        self._log.end_line(images=self._state.counters.images, seconds=self._state.counters.seconds)
        self._log.write()
        losses = {
            label: [(line["images"], line[name]) for line in self._log.lines if name in line]
            for label, name in (("discriminator", "loss_d"), ("generator", "loss_g"))
        }
        panels = [("Losses", losses)]
        if self._distances:
            found = [(line["images"], line["frechet"]) for line in self._distances]
            floor = [(line["images"], line["floor"]) for line in self._distances]
            panels.append(("Distance to the world (object areas)", {"generator": found, "floor": floor}))
        storage.write_text(self._out / "losses.svg", page(panels))

    @torch.inference_mode()
    def images(self, first: int, count: int) -> Tensor:
        """Pictures of the moving average for the seeds from `first`, `[count, 3, size, size]`."""
        average = self._state.average
        z = np.stack([z_from_seed(seed, average.config.z_dim) for seed in range(first, first + count)])
        rows = torch.from_numpy(z).to(self._state.device)
        return torch.cat([average.synthesis(average.mapping(part)) for part in torch.split(rows, 32)])

    def sample(self) -> Path:
        """A grid of the moving average's pictures of seeds 0 to 63."""
        from PIL import Image

        pixels = to_uint8(self.images(0, _SIDE**2))
        size = pixels.shape[1]
        rows = pixels.reshape(_SIDE, _SIDE, size, size, 3).transpose(0, 2, 1, 3, 4)
        path = self._out / "samples" / f"{self._state.counters.images:08d}.png"
        with storage.atomic_path(path) as temporary:
            Image.fromarray(rows.reshape(_SIDE * size, _SIDE * size, 3)).save(temporary, format="PNG")
        return path

    def measure(self) -> bool:
        """Write the distance of some pictures to the world, where it has a shipped segmenter.

        Returns:
            Whether it is the least so far at this size.
        """
        size, recipe = self._state.size, self._state.recipe
        name = f"{recipe.world}-segmenter"
        if name not in segmenters.segmenter_names():
            return False
        if self._distance is None or self._distance[0] != size:
            segmenter = segmenters.open_segmenter(name, device=self._state.device)
            self._distance = size, WorldDistance(scenes.world(recipe.world), segmenter, size, _MEASURED)
        found = self._distance[1].measure(torch.split(self.images(0, _MEASURED), 100))
        earlier = [line["frechet"] for line in self._distances if line.get("size") == size]
        self._distances.append({**found, "size": size, "images": self._state.counters.images})
        write_lines(self._out / "distance.jsonl", self._distances)
        return bool(found["frechet"] < min(earlier, default=float("inf")))
