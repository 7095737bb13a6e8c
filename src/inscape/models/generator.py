"""Generators: models that draw a picture from a latent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import LatentError, UnsupportedError, ValueRangeError
from inscape.models.model import Edit, Model
from inscape.pictures import Latent, Picture, to_uint8, z_from_seed

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models.architectures.synthesis_state import Stopping, SynthesisState
    from inscape.models.architectures.tail import Tail


class Generator(Model):
    """A model that draws a picture from a latent.

    The network has `mapping(z, truncation_psi=…) -> w [batch, num_ws, w_dim]` and a `synthesis` that draws
    from w. If the synthesis can stop after a layer (`run_until`) and continue (`resume`), only the layers
    above a change run again. Otherwise the whole synthesis runs.

    Attributes:
        classes: Classes that a conditional generator draws seeds in. Empty means all.
    """

    classes: tuple[int, ...] = ()

    @property
    def image_size(self) -> int:
        """Height and width of its pictures in pixels."""
        assert self.card.image_size is not None
        return self.card.image_size

    @property
    def _network(self) -> Any:
        return self.module

    def latents(self, seeds: Sequence[int]) -> Float[Tensor, "batch z_dim"]:
        """Latents z `[seed, z_dim]`, each `RandomState(seed).standard_normal(z_dim)`."""
        import torch

        z_dim = self.card.latent["z_dim"]
        return torch.from_numpy(np.stack([z_from_seed(seed, z_dim) for seed in seeds])).to(self.device)

    def to_w(
        self,
        z: Float[Tensor, "batch z_dim"],
        truncation: float = 1.0,
        *,
        classes: Sequence[int] | None = None,
    ) -> Float[Tensor, "batch num_ws w_dim"]:
        """Map latents z to one w per layer.

        Args:
            z: Latents before the mapping network.
            truncation: Truncation psi: 1 changes nothing, 0 gives the average picture.
            classes: For a conditional generator the class of each latent, from 0.

        Raises:
            LatentError: z does not have the size of this generator's latents.
            UnsupportedError: Classes are missing, or the generator is not conditional.
            ValueRangeError: There is no such class, or not one class for each latent.
        """
        import torch

        z_dim = self.card.latent["z_dim"]
        if z.ndim != 2 or z.shape[1] != z_dim:
            raise LatentError(f"{self.name!r} takes latents z of {z_dim} numbers, got shape {list(z.shape)}.")
        with torch.inference_mode():
            given = self._one_hot(classes, len(z))
            w: Tensor = self._network.mapping(z.to(self.device), *given, truncation_psi=truncation)
        return w

    @property
    def class_count(self) -> int:
        """How many classes it draws; 0 for an unconditional generator."""
        return self.card.latent.get("c_dim", 0)

    def with_classes(self, classes: Sequence[int]) -> Generator:
        """The same generator, restricted to some of its classes.

        Example:
            >>> inscape.dissect(model.with_classes([3, 17]), images=1000)

        Raises:
            UnsupportedError: It has no classes.
            ValueRangeError: There is no such class, or none was given.
        """
        total, chosen = self.class_count, tuple(classes)
        if not total:
            raise UnsupportedError(f"{self.name!r} has no classes to choose from.")
        outside = [number for number in chosen if not 0 <= number < total]
        if outside or not chosen:
            came = outside[0] if outside else "none"
            raise ValueRangeError(f"{self.name!r} has the classes 0 to {total - 1}, got {came}.")
        narrowed = Generator(self.module, self.card, origin=self.origin)
        narrowed.classes = chosen
        return narrowed

    def classes_of(self, seeds: Sequence[int]) -> list[int] | None:
        """The class that each seed is drawn in; `None` for an unconditional generator.

        Classes take turns, two seeds each. A class therefore never depends on the other seeds, and both
        alternating halves of a dissection's pictures contain every class.
        """
        if not self.class_count:
            return None
        choice = self.classes or range(self.class_count)
        return [choice[seed // 2 % len(choice)] for seed in seeds]

    def w_of_seeds(self, seeds: Sequence[int]) -> Float[Tensor, "batch num_ws w_dim"]:
        """Map the latents of seeds, each in its class."""
        return self.to_w(self.latents(seeds), classes=self.classes_of(seeds))

    def _one_hot(self, classes: Sequence[int] | None, count: int) -> tuple[Tensor, ...]:
        import torch

        total = self.class_count
        if classes is None and not total:
            return ()
        if classes is None or not total:
            raise UnsupportedError(
                f"{self.name!r} draws one of {total} classes: pass classes=, a number for each latent."
                if total
                else f"{self.name!r} has no classes to choose from."
            )
        if len(classes) != count or not all(0 <= number < total for number in classes):
            raise ValueRangeError(
                f"{self.name!r} takes a class from 0 to {total - 1} for each of {count} latents, "
                f"got {list(classes)}."
            )
        return (torch.eye(total, device=self.device)[list(classes)],)

    def w_of(self, latent: Latent) -> Float[Tensor, "1 num_ws w_dim"]:
        """Map a latent to w, one per layer.

        Raises:
            LatentError: The latent does not fit this generator.
        """
        import torch

        values = torch.from_numpy(np.ascontiguousarray(latent.values, np.float32)).to(self.device)
        if latent.kind == "z":
            classes = None if latent.class_index is None else [latent.class_index]
            return self.to_w(values[None], latent.truncation, classes=classes)
        num_ws, w_dim = self.card.latent["num_ws"], self.card.latent["w_dim"]
        if values.shape[-1] != w_dim or (latent.kind == "w+" and len(values) != num_ws):
            raise LatentError(
                f"{self.name!r} takes w of {w_dim} numbers for {num_ws} layers, got {list(values.shape)}."
            )
        return values.expand(num_ws, w_dim)[None].contiguous()

    def images(
        self, w: Float[Tensor, "batch num_ws w_dim"], edits: Sequence[Edit] = ()
    ) -> Float[Tensor, "batch 3 height width"]:
        """Draw pictures, RGB nominally in [-1, 1] and not clipped.

        Args:
            w: One latent per layer, from `to_w`.
            edits: Applied in order while the pictures are drawn.
        """
        import torch

        with torch.inference_mode(), self.edited(edits):
            images: Tensor = self._network.synthesis(w)
        return images

    def latent_of(self, seed: int, *, truncation: float = 1.0, class_index: int | None = None) -> Latent:
        """The latent of a seed.

        Args:
            seed: From 0 to 2**32 - 1.
            truncation: Truncation psi: 1 changes nothing, 0 gives the average picture.
            class_index: For a conditional generator; the seed's own (see `classes_of`) unless given.

        Raises:
            UsageError: There is no such seed.
            UnsupportedError: A class was given, and the generator has none.
            ValueRangeError: There is no such class.
        """
        generator = self if class_index is None else self.with_classes([class_index])
        classes = generator.classes_of([seed])
        z = z_from_seed(seed, self.card.latent["z_dim"])
        return Latent("z", z, truncation, classes[0] if classes else None)

    def sample(
        self,
        seed: int,
        *,
        truncation: float = 1.0,
        class_index: int | None = None,
        edits: Sequence[Edit] = (),
    ) -> Picture:
        """The picture of a seed; it keeps its latent. The arguments are those of `latent_of`."""
        latent = self.latent_of(seed, truncation=truncation, class_index=class_index)
        picture = self.render(latent, edits)
        return Picture(picture.pixels, latent, seed, self.name)

    def render(self, latent: Latent, edits: Sequence[Edit] = ()) -> Picture:
        """Draw one picture, alone in its batch, so that it does not depend on other pictures.

        Args:
            latent: From `sample(...).latent`, or your own.
            edits: Applied in order.

        Raises:
            LatentError: The latent does not fit this generator.
        """
        pixels = to_uint8(self.images(self.w_of(latent), edits))[0]
        return Picture(pixels, latent, None, self.name)

    def run_until(self, w: Float[Tensor, "batch num_ws w_dim"], layer: str) -> SynthesisState:
        """Draw up to and including a layer, and return the state to continue from.

        Raises:
            LayerError: There is no such layer.
        """
        import torch

        self.layer(layer)
        with torch.inference_mode():
            return self.stopping.run_until(w, layer)

    def resume(self, state: SynthesisState) -> Float[Tensor, "batch 3 height width"]:
        """Continue from a layer to the picture. The result equals a full pass."""
        import torch

        with torch.inference_mode():
            return self.stopping.resume(state)

    @property
    def stops(self) -> bool:
        """Whether continuing from a layer is faster than drawing the whole picture."""
        return hasattr(self._network.synthesis, "run_until")

    @property
    def stopping(self) -> Stopping:
        """What has `run_until` and `resume`, through which gradients flow: the synthesis, if it stops."""
        from inscape.models.architectures.whole_runs import WholeRuns

        synthesis = self._network.synthesis
        return synthesis if self.stops else WholeRuns(synthesis, self.tapped)

    def tail(self, state: SynthesisState) -> Tail | None:
        """Continue to the picture as `resume` does, and keep the output of each layer.

        The tail draws the picture again after a local change of the features, without what cannot have
        changed. None for an architecture that must run whole.
        """
        synthesis = self._network.synthesis
        if not hasattr(synthesis, "tail"):
            return None
        tail: Tail = synthesis.tail(state)
        return tail
