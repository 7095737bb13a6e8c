"""What a dissection looks at: pictures that a network draws or sees, and labels for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from inscape import storage
from inscape.concepts import Vocabulary
from inscape.errors import ShapeError
from inscape.models.weights import current_weights_hash
from inscape.pictures import to_tensor
from inscape.segmenters.scene import SceneSegmenter

if TYPE_CHECKING:
    from inscape.models import Generator
    from inscape.scenes import World


class Labeller(Protocol):
    """What `inscape.segmenters` opens: pictures to label maps."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The concepts of its label maps."""

    def segment(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> UInt8[Tensor, "batch plane height width"]:
        """Label maps of pictures in [-1, 1]."""


class Source(Protocol):
    """Pictures by seed, the network that is dissected, and labels.

    Attributes:
        name: Of the network, for the report.
        module: Whose layers are dissected.
        vocabulary: Of the labels.
        side_by_side: Whether several threads may run it at once, on a CPU: networks of Inscape's own compute
            nothing but their outputs; of others nobody knows.
    """

    name: str
    module: nn.Module
    vocabulary: Vocabulary
    side_by_side: bool

    def run(self, seeds: Sequence[int]) -> Float[Tensor, "batch 3 height width"]:
        """Run the network on the pictures of some seeds; returns the pictures, RGB in [-1, 1]."""

    def labels(
        self, seeds: Sequence[int], images: Float[Tensor, "batch 3 height width"]
    ) -> UInt8[Tensor, "batch plane height width"]:
        """Label maps of those pictures."""

    def key(self) -> str | None:
        """What identifies network and labels by content; `None` where that cannot be told."""


class GeneratedPictures:
    """Pictures that a generator draws, labelled by a segmenter.

    Args:
        model: The generator; latent of seed `s` is `RandomState(s).standard_normal(z_dim)`.
        segmenter: Labels the pictures.
    """

    def __init__(self, model: Generator, segmenter: Labeller) -> None:
        self.name, self.module, self.vocabulary = model.name, model.module, segmenter.vocabulary
        self.side_by_side = (
            _on_cpu(model.module) and _own(model.module) and isinstance(segmenter, SceneSegmenter)
        )
        self._model, self._segmenter = model, segmenter

    def run(self, seeds: Sequence[int]) -> Float[Tensor, "batch 3 height width"]:
        """Draw the pictures of some seeds."""
        return self._model.images(self._model.w_of_seeds(seeds)).clamp(-1, 1)

    def labels(
        self, seeds: Sequence[int], images: Float[Tensor, "batch 3 height width"]
    ) -> UInt8[Tensor, "batch plane height width"]:
        """What the segmenter sees in them."""
        return _checked_labels(self._segmenter.segment(images), images)

    def key(self) -> str | None:
        """Weights of the generator and of the segmenter, and the classes where some were chosen."""
        parts = [fingerprint(self.module), _segmenter_key(self._segmenter)]
        chosen = [list(self._model.classes)] if self._model.classes else []
        return None if None in parts else storage.content_key("generated", *parts, *chosen)


class ScenePictures:
    """Scenes of a shipped world that a network sees (Network Dissection), with their exact labels.

    Args:
        name: Name of the network, for the report.
        module: Takes pictures `[batch, 3, height, width]` in [-1, 1].
        world: Draws the scenes.
        size: Height and width of the scenes in pixels.
        segmenter: Labels the scenes instead of the world's own label maps.
    """

    def __init__(
        self, name: str, module: nn.Module, world: World, *, size: int, segmenter: Labeller | None = None
    ) -> None:
        self.name, self.module = name, module
        self.vocabulary = segmenter.vocabulary if segmenter else world.vocabulary
        self.side_by_side = False
        self._world, self._size, self._segmenter = world, size, segmenter
        self._exact: dict[int, UInt8[np.ndarray, "plane height width"]] = {}

    def run(self, seeds: Sequence[int]) -> Float[Tensor, "batch 3 height width"]:
        """Show the scenes of some seeds to the network."""
        scenes = [self._world.scene(seed, size=self._size) for seed in seeds]
        self._exact = {seed: scene.labels for seed, scene in zip(seeds, scenes, strict=True)}
        device = next((parameter.device for parameter in self.module.parameters()), torch.device("cpu"))
        images = to_tensor(np.stack([scene.picture for scene in scenes])).to(device)
        with torch.inference_mode():
            self.module(images)
        return images

    def labels(
        self, seeds: Sequence[int], images: Float[Tensor, "batch 3 height width"]
    ) -> UInt8[Tensor, "batch plane height width"]:
        """The exact labels of the scenes, or what the segmenter sees."""
        if self._segmenter is None:
            return torch.from_numpy(np.stack([self._exact[seed] for seed in seeds]))
        return _checked_labels(self._segmenter.segment(images), images)

    def key(self) -> str | None:
        """Weights of the network, the world and the segmenter."""
        labels = _segmenter_key(self._segmenter) if self._segmenter else "exact"
        parts = [fingerprint(self.module), labels]
        return (
            None if None in parts else storage.content_key("scenes", self._world.hash(), self._size, *parts)
        )


def fingerprint(module: nn.Module) -> str | None:
    """A key of a network's structure and weights; `None` while hooks change what it does."""
    if any(part._forward_hooks or part._forward_pre_hooks for part in module.modules()):
        return None
    return storage.content_key(str(module), current_weights_hash(module))


def _segmenter_key(segmenter: Labeller) -> str | None:
    """A key of the one network that a segmenter is or holds; `None` where that is not so plain."""
    held = [segmenter] if isinstance(segmenter, nn.Module) else list(vars(segmenter).values())
    modules = [part if isinstance(part, nn.Module) else getattr(part, "module", None) for part in held]
    found = [module for module in modules if isinstance(module, nn.Module)]
    weights = fingerprint(found[0]) if len(found) == 1 else None
    if weights is None:
        return None
    return storage.content_key(type(segmenter).__qualname__, segmenter.vocabulary.to_json(), weights)


def _checked_labels(
    labels: UInt8[Tensor, "batch plane height width"], images: Float[Tensor, "batch 3 height width"]
) -> UInt8[Tensor, "batch plane height width"]:
    if labels.ndim != 4 or labels.dtype != torch.uint8 or len(labels) != len(images):
        raise ShapeError(
            f"A segmenter gives uint8 [{len(images)}, plane, height, width], "
            f"got {labels.dtype} {list(labels.shape)}."
        )
    return labels


def _own(module: nn.Module) -> bool:
    return type(module).__module__.startswith("inscape.")


def _on_cpu(module: nn.Module) -> bool:
    return all(parameter.device.type == "cpu" for parameter in module.parameters())
