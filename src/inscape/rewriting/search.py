"""Search pictures by the keys of a layer for positions that resemble a context.

The keys of thousands of pictures are kept in half precision in one file of the cache, mapped into memory, so
that a search is one product with a direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import storage
from inscape.errors import ValueRangeError
from inscape.progress import SilentProgress
from inscape.regions import Region
from inscape.rewriting.memory import LayerMemory, read_latents

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.progress import Progress

LATENTS = 10_000
"""Pictures that are searched, for layers whose keys are at most 16 × 16."""
LATENTS_ABOVE = 2000
"""Pictures that are searched above that."""
_SMALL = 16
_BATCH = 32
_AT_ONCE = 128
_MARKED = 0.999
_VERSION = 2


@dataclass(frozen=True)
class Match:
    """A picture that a search found.

    Attributes:
        seed: Whose picture.
        score: Of its best position; a position of the context itself scores about 1.
        region: The positions that score among the best 0.1 % of all, or its best one.
    """

    seed: int
    score: float
    region: Region


class KeyBank:
    """The keys of a layer for the pictures of seeds 0, 1, 2, ...

    Args:
        memory: A layer of a generator.
        latents: Number of pictures; 10 000 for layers up to 16 × 16, 2000 above, unless given.
        progress: Reports the pictures done, where the bank has to be made.

    Raises:
        ValueRangeError: Fewer than one picture.
        ConflictError: Edits are on the model.
        CancelledError: The person cancelled.
    """

    def __init__(
        self, memory: LayerMemory, latents: int | None = None, *, progress: Progress | None = None
    ) -> None:
        model = memory.model
        model.refuse_edited("A search goes through pictures of")
        first = self._keys(memory, range(1))
        size = first.shape[2]
        usual = LATENTS if size <= _SMALL else LATENTS_ABOVE
        self.latents = usual if latents is None else latents
        if self.latents < 1:
            raise ValueRangeError(f"A search looks through at least one picture, got {latents}.")
        self.shape = (self.latents, *first.shape[2:], first.shape[1])
        drawn = (self.shape, getattr(model, "classes", None))
        folder, known = storage.cache_folder() / "rewriting", memory.key()
        if known is None:
            with storage.scratch_file(folder) as path:
                self._bank = self._made(memory, path, progress)
            return
        path = folder / f"{storage.content_key('bank', _VERSION, known, drawn)}.npy"
        self._bank = self._made(memory, path, progress)

    def _keys(self, memory: LayerMemory, seeds: range) -> Tensor:
        model = memory.model
        with torch.no_grad():
            return read_latents(memory, model.w_of_seeds(seeds)).shown  # type: ignore[attr-defined]

    def _made(self, memory: LayerMemory, path: Path, progress: Progress | None) -> Tensor:
        """The bank in a file, made where it is not there; mapped, it is there until nobody needs it."""
        if not path.is_file():
            self._make(memory, path, progress)
        return torch.from_numpy(np.load(path, mmap_mode="c"))

    def _make(self, memory: LayerMemory, path: Path, progress: Progress | None) -> None:
        task = (progress or SilentProgress()).task("Reading keys", self.latents, "pictures")
        header = {"descr": "<f2", "fortran_order": False, "shape": self.shape}
        with storage.atomic_path(path) as part, part.open("wb") as stream, task as done:
            np.lib.format.write_array_header_1_0(stream, header)
            for start in range(0, self.latents, _BATCH):
                seeds = range(start, min(start + _BATCH, self.latents))
                keys = self._keys(memory, seeds).permute(0, 2, 3, 1)
                stream.write(keys.clamp(-60_000, 60_000).half().contiguous().numpy().data)
                done.advance(len(seeds))

    def scores(self, direction: Float[Tensor, "input"]) -> Float[Tensor, "latent row column"]:
        """How much every place of every picture has of a direction."""
        scores = torch.empty(self.shape[:3])
        flat = scores.view(self.latents, -1)
        for start in range(0, self.latents, _AT_ONCE):
            part = self._bank[start : start + _AT_ONCE].flatten(1, 2).float()
            torch.matmul(part, direction, out=flat[start : start + _AT_ONCE])
        return scores

    def level(self, scores: Float[Tensor, "latent row column"]) -> float:
        """What the best 0.1 % of all places score at least."""
        sample = scores.flatten()[:: max(1, scores.numel() // 2**20)]
        return float(torch.quantile(sample, _MARKED))

    def search(self, direction: Float[Tensor, "input"], top: int = 16) -> list[Match]:
        """The pictures whose best position has most of a direction, best first.

        Args:
            direction: From `KeySpace.scorer`.
            top: How many.
        """
        scores = self.scores(direction)
        best, seeds = scores.flatten(1).max(1).values.topk(min(top, self.latents))
        level = self.level(scores)
        return [
            Match(int(seed), float(score), _marked(scores[seed], min(level, float(score))))
            for score, seed in zip(best, seeds, strict=True)
        ]


def _marked(scores: Tensor, level: float) -> Region:
    return Region.from_mask((scores >= level).numpy())
