"""Pictures that a generator draws from the latents of seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inscape import storage
from inscape.models.fingerprint import fingerprint
from inscape.sources.source import Batch, runs_side_by_side, seeds, show

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.models import Generator, Model


class GeneratedPictures:
    """Pictures of seeds; the latent of seed `s` is `RandomState(s).standard_normal(z_dim)`.

    The generator itself is run by drawing them; any other model is shown them.

    Args:
        generator: Draws them; a conditional one in all classes, or in those of `with_classes(...)`.
    """

    vocabulary: Vocabulary | None = None

    def __init__(self, generator: Generator) -> None:
        self.name, self.segmenter = generator.name, generator.card.segmenter
        self.side_by_side = runs_side_by_side(generator.module)
        self._generator = generator

    def numbers(self, first: int, count: int) -> range:
        """Seeds from the first on."""
        return seeds(first, count)

    def latents(self, numbers: Sequence[int]) -> Float[Tensor, "batch num_ws w_dim"]:
        """The latents w of some seeds, each in its class."""
        return self._generator.w_of_seeds(numbers)

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Draw the pictures of some seeds, and show them to a model that is not their generator."""
        pictures = self._generator.images(self.latents(numbers)).clamp(-1, 1)
        if not self.drawn_by(model):
            show(model, pictures)
        return Batch(pictures, classes=tuple(self._generator.classes_of(numbers) or ()))

    def drawn_by(self, model: Model) -> bool:
        """Whether a model is the generator itself."""
        return model.module is self._generator.module

    def key(self) -> str | None:
        """Of the generator, its latents, and the classes where some were chosen."""
        drawn, card = fingerprint(self._generator.module), self._generator.card
        chosen = list(self._generator.classes)
        return None if drawn is None else storage.content_key("generated", drawn, card.latent, chosen)
