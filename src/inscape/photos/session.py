"""Painting on a photo with an adapted copy of the generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.activations import record
from inscape.editing import UnitEdit
from inscape.errors import LatentError, LayerError, UnsupportedError
from inscape.painting import PaintSession
from inscape.photos.gains import Gains
from inscape.photos.influence import Influence, influence_of
from inscape.photos.transfer import transfer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.models import Edit, Generator
    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.photos.inversion import Inversion
    from inscape.pictures import Latent
    from inscape.regions import Region
    from inscape.sources.reading import Photo


class PhotoSession(PaintSession):
    """Draws one photo under changing edits.

    Gains do not apply where edits paint.

    Args:
        generator: The generator of the inversion. It is copied, not changed.
        inversion: What was found for the photo.

    Raises:
        UnsupportedError: The inversion is of other weights.
    """

    def __init__(self, generator: Generator, inversion: Inversion) -> None:
        super().__init__(inversion.adapted(generator))
        self.inversion = inversion
        self._photo = inversion.state(self.generator)
        self._plain: NDArray[np.uint8] | None = None

    @property
    def latent(self) -> Latent:
        """The only picture that it draws: the photo."""
        return self.inversion.latent

    def render(self, latent: Latent, edits: Sequence[Edit] = (), *, exact: bool = True) -> NDArray[np.uint8]:
        """The photo with edits as the adapted generator draws it, uint8 `[size, size, 3]`.

        Args:
            latent: `latent`, which is the only one.
            edits: Unit edits of the inversion's layer, or of layers above it.
            exact: As in `PaintSession.render`; a photo is always drawn exactly.

        Raises:
            LatentError: Another picture was asked for.
            LayerError: An edit is of a layer below the inversion's.
            UnsupportedError: An edit is not of units.
        """
        self._check(latent, edits)
        painted = torch.from_numpy(self.painted(edits))
        with self._lock:
            self._renew()
            with self.generator.edited([Gains(self.inversion.gains, painted)]):
                return self._render(latent, edits, exact=True)

    def unadapted(self, edits: Sequence[Edit] = ()) -> NDArray[np.uint8]:
        """The same without gains: weights and features only."""
        self._check(self.latent, edits)
        return super().render(self.latent, edits)

    def clear(self) -> None:
        """Forget every picture."""
        super().clear()
        self._plain = None

    def prepare(self, latent: Latent, layer: str | None = None) -> None:
        """Nothing waits for a first stroke: what lies below it is the inversion's."""
        self._check(latent, ())

    def edited_state(self, edits: Sequence[Edit]) -> SynthesisState:
        """The synthesis at the inversion's layer, with the edits of that layer made.

        Raises:
            LayerError: An edit is of another layer.
            UnsupportedError: An edit is not of units.
        """
        self._check(self.latent, edits)
        features = self._photo.features
        for edit in edits:
            assert isinstance(edit, UnitEdit)
            if edit.layer != self.inversion.layer:
                raise LayerError(
                    f"Only edits of {self.inversion.layer!r} can be adapted to afterwards, "
                    f"got one of {edit.layer!r}."
                )
            features = edit.transform(features, self.inversion.size, self.generator.layer(edit.layer).axes)
        return replace(self._photo, features=features)

    def painted(self, edits: Sequence[Edit]) -> NDArray[np.float32]:
        """Where edits paint and how strongly, `[size, size]` in [0, 1]."""
        size = self.inversion.size
        total = np.zeros((size, size), np.float32)
        for edit in edits:
            if isinstance(edit, UnitEdit):
                np.maximum(total, edit.weights(size, size, size).numpy(), out=total)
        return total

    def influence(self, edits: Sequence[Edit]) -> Influence:
        """Which pixels edits change, from the adapted generator's pictures with and without them."""
        return influence_of(self._before(), self.render(self.latent, edits), painted=self.painted(edits))

    def compose(
        self,
        photo: Photo,
        edits: Sequence[Edit],
        *,
        kept: Region | None = None,
        without: Sequence[int] = (),
        after: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """The photo at its own size with the edits in it, uint8 `[height, width, 3]`.

        Outside the influence of the edits every byte is the photo's own.

        Args:
            photo: The photo that was inverted.
            edits: As for `render`.
            kept: Region in which the photo must stay as it is.
            without: Numbers of islands of the influence to drop.
            after: The picture with the edits from `adapt_after`. `render` unless given. It does not change
                the extent of the influence.

        Raises:
            UnsupportedError: It is another photo.
            LayerError: An edit is of a layer below the inversion's.
        """
        if photo.key != self.inversion.photo_key:
            raise UnsupportedError("This is not the photo that was inverted.", "Invert this one first.")
        painted, drawn = self.painted(edits), self.render(self.latent, edits)
        influence = influence_of(self._before(), drawn, painted=painted).without(without)
        if kept is not None:
            influence = influence.limited(kept)
        photo = photo.fitted(self.inversion.fit)
        return transfer(photo, self._before(), drawn if after is None else after, influence, painted=painted)

    def _before(self) -> NDArray[np.uint8]:
        """The photo without edits."""
        if self._plain is None:
            self._plain = self.render(self.latent)
        return self._plain

    def _check(self, latent: Latent, edits: Sequence[Edit]) -> None:
        if latent is not self.latent and not np.array_equal(latent.values, self.latent.values):
            raise LatentError("A photo session draws its own latent only. Pass session.latent.")
        base = self._order[self.inversion.layer]
        for edit in edits:
            if not isinstance(edit, UnitEdit):
                raise UnsupportedError(f"A photo takes unit edits only, got a {type(edit).__name__}.")
            if self._order[self.generator.layer(edit.layer).name] < base:
                raise LayerError(
                    f"This photo was inverted for edits from {self.inversion.layer!r} on; "
                    f"{edit.layer!r} lies below.",
                    f"Invert it again with --layer {edit.layer}.",
                )

    def _lowest(self, edits: Sequence[UnitEdit]) -> str:
        return self.inversion.layer

    def _state(self, latent: Latent, layer: str) -> SynthesisState:
        """Where strokes begin; of a layer above, its features only."""
        if layer == self.inversion.layer:
            return self._photo
        if self._order[layer] < self._order[self.inversion.layer]:
            raise LayerError(
                f"The features of a photo are known from {self.inversion.layer!r} on; {layer!r} lies below."
            )
        with (
            torch.inference_mode(),
            self.generator.edited([Gains(self.inversion.gains)]),
            record(self.generator, layer) as recording,
        ):
            self.generator.resume(self._photo)
        return replace(self._photo, layer=layer, features=recording.outputs[layer], rgb=None, whole=None)
