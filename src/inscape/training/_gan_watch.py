"""What training writes for people to look at: sample grids, losses, distance to the world."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from inscape import storage
from inscape.pictures import to_uint8, z_from_seed
from inscape.training._gan_state import GanState

_GRID = 64
_LOG_IMAGES = 1000


class Watch:
    """Keeps an eye on a run.

    Args:
        state: Looked at, not changed.
        out: The folder of the run.
    """

    def __init__(self, state: GanState, out: Path) -> None:
        self._state, self._out = state, out
        self._log = out / "log.jsonl"
        self._sums: dict[str, list[float]] = defaultdict(list)
        self._lines = self._kept_lines(self._log)
        self._logged = state.counters.images // _LOG_IMAGES

    def _kept_lines(self, path: Path) -> list[str]:
        """Lines of an earlier run, without those after its last checkpoint."""
        if not path.exists():
            return []
        lines = path.read_text().splitlines()
        return [line for line in lines if json.loads(line)["images"] <= self._state.counters.images]

    def files(self) -> list[Path]:
        """What was written."""
        return sorted(path for path in [*self._out.glob("*.jsonl"), *self._out.glob("*.svg"), *self._out.glob("samples/*.png")])

    def log(self, numbers: dict[str, float]) -> None:
        """Remember the losses of a step; their means make a line every thousand pictures."""
        for name, value in numbers.items():
            self._sums[name].append(value)
        counters = self._state.counters
        if counters.images // _LOG_IMAGES > self._logged:
            self._logged = counters.images // _LOG_IMAGES
            line: dict[str, float] = {"images": counters.images, "seconds": round(counters.seconds, 1)}
            line |= {name: round(float(np.mean(values)), 5) for name, values in self._sums.items()}
            self._lines.append(json.dumps(line))
            self._sums.clear()
            storage.write_text(self._log, "\n".join(self._lines) + "\n")

    def flush(self) -> None:
        """Write the curves."""

    @torch.inference_mode()
    def images(self, first: int, count: int) -> torch.Tensor:
        """Pictures of the moving average for seeds from `first`, `[count, 3, size, size]`."""
        average = self._state.average
        z = np.stack([z_from_seed(seed, average.config.z_dim) for seed in range(first, first + count)])
        parts = torch.from_numpy(z).to(self._state.device).split(32)
        return torch.cat([average.synthesis(average.mapping(part)) for part in parts])

    def sample(self) -> Path:
        """A grid of the moving average's pictures of seeds 0 to 63."""
        from PIL import Image

        pixels = to_uint8(self.images(0, _GRID))
        side = int(_GRID**0.5)
        size = pixels.shape[1]
        rows = pixels.reshape(side, side, size, size, 3).transpose(0, 2, 1, 3, 4)
        path = self._out / "samples" / f"{self._state.counters.images:08d}.png"
        with storage.atomic_path(path) as temporary:
            Image.fromarray(rows.reshape(side * size, side * size, 3)).save(temporary)
        return path

    def measure(self) -> None:
        """Distance to the world."""
