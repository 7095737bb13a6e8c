"""What the discriminators of a training would give for an object in the generator's pictures.

    python benchmarks/adversary.py --concepts banner,lettering,car,door --pictures 64

Pixels of an object in the world's scenes are pasted into pictures of the moving average. Prints one JSON
document: for every concept the share of scenes that hold it, and by how much the logits of each level rise
(mean over pictures, with its standard error); for the first concept also by the opacity of the paste, and by
how much of its width is pasted. Beside it, the difference of real and generated pictures. A rise says that
the discriminators miss the object: what keeps it from the pictures is the generator's search, not their eye.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import torch
from _options import asked
from torch import Tensor

from inscape.pictures import to_tensor, z_from_seed
from inscape.scenes import world
from inscape.training._gan_start import first_state
from inscape.training.recipes import recipe
from inscape.types import JsonObject

FIRST_SEED = 20_000_000  # of scenes; training never sees them
LEAST = 12  # pixels of an object that is worth pasting
OPACITIES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
WIDTHS = (0.25, 0.5, 0.75, 1.0)


class Judged:
    """Pictures of a training state, real ones, and the logits of both.

    Args:
        start: "shipped", or a folder of a run.
        size: Height and width of the pictures.
        pictures: How many objects of a concept are pasted at most.
        scenes: How many scenes they are looked for in.
    """

    def __init__(self, start: str, size: int, pictures: int, scenes: int) -> None:
        told = recipe("town", size)
        self.world = world(told.world)
        self.state = first_state(told, start, torch.device("cpu"))
        seeds = range(FIRST_SEED, FIRST_SEED + scenes)
        self.real, self.labels = self.world.batch(seeds, self.state.size)
        generator = self.state.average
        z = np.stack([z_from_seed(seed, generator.config.z_dim) for seed in range(pictures)])
        with torch.no_grad():
            parts = torch.split(torch.from_numpy(z), 32)
            self.drawn = torch.cat([generator.synthesis(generator.mapping(part)) for part in parts])
        self.before = self.logits(self.drawn)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Mean logits of every level, `[level, picture]`."""
        adversary = self.state.networks.adversary
        parts = [
            torch.stack([level.mean((1, 2)) for level in adversary(adversary.levels(part))])
            for part in torch.split(images, 32)
        ]
        return torch.cat(parts, 1)

    def objects(self, concept: str) -> Iterator[tuple[Tensor, Tensor]]:
        """Scenes that hold a concept, `[3, height, width]`, and where it is."""
        vocabulary = self.world.vocabulary
        plane = vocabulary.plane_of(concept)
        there = self.labels[:, plane] == vocabulary.index(concept)
        for number in np.flatnonzero(there.sum((1, 2)) >= LEAST):
            yield to_tensor(self.real[number : number + 1])[0], torch.from_numpy(there[number])

    def rise(self, concept: str, *, opacity: float = 1.0, width: float = 1.0) -> JsonObject:
        """How the logits rise when objects of a concept are pasted."""
        images = self.drawn.clone()
        found = list(zip(range(len(images)), self.objects(concept), strict=False))
        for number, (scene, where) in found:
            left = torch.zeros_like(where)
            left[:, : round(width * where.shape[1])] = True
            mask = where & left
            images[number][:, mask] += opacity * (scene[:, mask] - images[number][:, mask])
        if not found:
            return {"pictures": 0}
        rises = (self.logits(images) - self.before)[:, : len(found)]
        total = rises.sum(0)
        return {
            "pictures": len(found),
            "levels": rises.mean(1).tolist(),
            "sum": float(total.mean()),
            "standard error": float(total.std() / len(found) ** 0.5),
        }

    def share(self, concept: str) -> float:
        """Of the scenes, those that hold a concept."""
        return sum(1 for _ in self.objects(concept)) / len(self.labels)


def main() -> None:
    """Paste, and print what the discriminators say."""
    options = asked(
        __doc__,
        start="shipped",
        size=64,
        pictures=64,
        scenes=2000,
        concepts="banner,lettering,car,door,cloud",
    )
    judged = Judged(options.start, options.size, options.pictures, options.scenes)
    names = options.concepts.split(",")
    real = judged.logits(to_tensor(judged.real[: options.pictures]))
    found: JsonObject = {
        "images": judged.state.counters.images,
        "real above drawn": (real.mean(1) - judged.before.mean(1)).tolist(),
        "pasted": {name: {"share of scenes": judged.share(name), **judged.rise(name)} for name in names},
        "by opacity": {str(each): judged.rise(names[0], opacity=each) for each in OPACITIES},
        "by width": {str(each): judged.rise(names[0], width=each) for each in WIDTHS},
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
