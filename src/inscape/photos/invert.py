"""Invert a photo in stages, each from the best result of the stage before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Unpack

import torch

from inscape.errors import UnsupportedError, ValueRangeError
from inscape.models import Generator
from inscape.models.weights import weights_hash
from inscape.photos._canvas import Canvas
from inscape.photos._descent import STAGES, Bounds, Clock, Following, Stage, psnr_of
from inscape.photos._latent import SearchSettings, average_latent, refine_features, refine_latent
from inscape.photos.adaptation import Adaptation, AdaptationSettings, adapt
from inscape.photos.encoder import encode, encoder_for
from inscape.photos.inversion import Inversion
from inscape.photos.perceptual import features_of
from inscape.pictures import Latent, to_tensor, to_uint8
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Model
    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.sources.reading import Photo

SECONDS = 20.0
_SHARES = {"latent": 0.13, "features": 0.4, "adapted": 1.0}
"""End of each stage as a fraction of all seconds. Unused time goes to the next stage."""


@dataclass(frozen=True)
class InversionSettings:
    """The settings of an inversion.

    Attributes:
        search: For the latent and the features.
        adaptation: Of the generator.
        perceptual: Weight of the segmenter's distance; the mean squared difference of colours has weight 1.
        start: "encoder" begins where the generator's encoder says, if it has one; "average" at the mean w.
        segmenter: Name of the scene segmenter whose features distances are taken in; see `features_of` for
            the one that it is unless given.
    """

    search: SearchSettings = field(default_factory=SearchSettings)
    adaptation: AdaptationSettings = field(default_factory=AdaptationSettings)
    perceptual: float = 0.2
    start: Literal["encoder", "average"] = "encoder"
    segmenter: str | None = None

    def __post_init__(self) -> None:
        """Check the start."""
        if self.start not in ("encoder", "average"):
            raise ValueRangeError(f"An inversion starts at 'encoder' or 'average', got {self.start!r}.")


def invert(
    model: Model,
    photo: Photo,
    *,
    layer: str | None = None,
    seconds: float = SECONDS,
    settings: InversionSettings | None = None,
    **following: Unpack[Following],
) -> Inversion:
    """Find the latent, features and adaptation with which a generator draws a photo.

    An encoder estimates a latent, which is refined. Then the features of the layer are optimized beyond what
    latents can reach. Then the generator is adapted above the layer. Each stage ends after its steps or its
    fraction of the time, whichever comes first.

    Example:
        >>> photo = inscape.read_photo("house.jpg")
        >>> inversion = inscape.invert(inscape.open("town"), photo)
        >>> inversion.psnr["adapted"]

    Args:
        model: A generator that can stop after a layer and continue.
        photo: From `read_photo`, with its fit.
        layer: The layer that will be edited. The default layer unless given.
        seconds: Time for all stages together. The best result by then is returned.
        settings: The settings.
        following: `progress=`, `watch=` and `stop=`; see `Following`.

    Raises:
        UnsupportedError: The model is not a generator, or the segmenter is not a scene segmenter.
        LayerError: There is no such layer, or none above it.
        ValueRangeError: The seconds are not more than 0.
        ConflictError: Edits are on the model.
        CancelledError: The person cancelled.
    """
    if not seconds > 0:
        raise ValueRangeError(f"An inversion takes more than 0 seconds, got {seconds}.")
    settings = settings or InversionSettings()
    target = photo.seen(model.card.image_size or 0)
    canvas = canvas_of(model, target, layer, settings)
    model.refuse_edited("A photo is inverted for")
    progress = following.get("progress") or SilentProgress()
    with progress.task("Inverting the photo", _steps(settings), "steps") as task:
        return _Search(canvas, settings, Clock(seconds, task, following)).run(photo, target)


def canvas_of(
    model: Model, target: NDArray[np.uint8], layer: str | None, settings: InversionSettings
) -> Canvas:
    """A generator that is to draw a picture.

    Args:
        model: The generator.
        target: The picture, uint8 `[size, size, 3]`.
        layer: The layer that will be edited. The default layer unless given.
        settings: Say how pictures are compared.

    Raises:
        UnsupportedError: The model is not a generator, or the segmenter is not a fit.
        LayerError: There is no such layer, or none above it.
    """
    if not isinstance(model, Generator):
        raise UnsupportedError(f"An inversion needs a generator; {model.name!r} is {model.card.noun}.")
    from inscape.segmenters import open_segmenter, segmenter_names
    from inscape.segmenters.scene import SceneSegmenter

    name = settings.segmenter or features_of(model.card)
    segmenter = open_segmenter(name, model.device)
    if not isinstance(segmenter, SceneSegmenter):
        raise UnsupportedError(
            f"The perceptual distance needs a scene segmenter; {name!r} is not one.",
            f"Shipped: {', '.join(segmenter_names())}.",
        )
    wanted = to_tensor(target[None].copy()).to(model.device)
    canvas = Canvas(model, model.layer(layer).name, wanted, segmenter, settings.perceptual)
    assert canvas.layers_above  # or an error that says what to do
    return canvas


def _steps(settings: InversionSettings) -> int:
    search, adaptation = settings.search, settings.adaptation
    return search.latent_steps + search.feature_steps + adaptation.weight_steps + adaptation.gain_steps


class _Search:
    """One inversion under way: what the stages have found so far."""

    def __init__(self, canvas: Canvas, settings: InversionSettings, clock: Clock) -> None:
        self._canvas, self._settings, self._clock = canvas, settings, clock
        self._pictures: dict[Stage, NDArray[np.uint8]] = {}
        self._psnr: dict[Stage, float | None] = dict.fromkeys(STAGES)
        self._seconds: dict[Stage, float] = dict.fromkeys(STAGES, 0.0)
        self._begun = clock.used

    def run(self, photo: Photo, target: NDArray[np.uint8]) -> Inversion:
        """All stages, or as many as there is time for."""
        w, guessed = self._start()
        w, _ = refine_latent(self._canvas, w, self._settings.search, self._bounds("latent"))
        with torch.no_grad():
            state = self._canvas.state(w)
            self._ended("latent", self._canvas.drawn(state))
        adaptation = Adaptation({}, {}, self._best)
        if not self._clock.asked_to_stop():
            begin = self._better(state, guessed)
            state, _ = refine_features(
                self._canvas, state, begin, self._settings.search, self._bounds("features")
            )
            self._ended("features", self._drawn(state))
        if not self._clock.asked_to_stop():
            adaptation = adapt(self._canvas, state, self._settings.adaptation, self._bounds("adapted"))
        found = self._found(photo, target, w, state, adaptation)
        if adaptation.gains or adaptation.weights:
            generator = found.adapted(self._canvas.generator)
            with found.edit().applied(generator):
                self._ended("adapted", self._drawn(state, generator))
        return found

    def _bounds(self, stage: Stage) -> Bounds:
        return Bounds(self._clock, _SHARES[stage] * self._clock.seconds, self._best)

    def _found(
        self,
        photo: Photo,
        target: NDArray[np.uint8],
        w: Tensor,
        state: SynthesisState,
        adaptation: Adaptation,
    ) -> Inversion:
        generator = self._canvas.generator
        return Inversion(
            model=generator.name,
            model_hash=weights_hash(generator.module),
            layer=self._canvas.layer,
            latent=Latent("w+", w[0].cpu().numpy()),
            features=state.features[0].detach().float().cpu(),
            weights=adaptation.weights,
            gains=adaptation.gains,
            target=target,
            pictures=self._pictures,
            psnr=self._psnr,
            seconds=self._seconds,
            fit=photo.fit,
            photo_key=photo.key,
        )

    def _better(self, state: SynthesisState, guessed: Tensor | None) -> Tensor:
        """The features of the latent, or those that the encoder guesses where they come closer."""
        if guessed is None:
            return state.features
        target = self._canvas.target
        drawn = self._drawn(replace(state, features=guessed))
        better = psnr_of(drawn, target) > psnr_of(self._drawn(state), target)
        return guessed if better else state.features

    def _start(self) -> tuple[Tensor, Tensor | None]:
        """Where the search begins: the latent, and the features where an encoder guesses some."""
        canvas = self._canvas
        encoder = encoder_for(canvas.generator) if self._settings.start == "encoder" else None
        if encoder is None:
            return average_latent(canvas), None
        w, guessed = encode(canvas.generator, canvas.target, encoder)
        with torch.no_grad():
            self._ended("encoder", canvas.drawn(canvas.state(w)))
        return w, guessed.get(canvas.layer)

    @torch.no_grad()
    def _drawn(self, state: SynthesisState, generator: Generator | None = None) -> Tensor:
        return self._canvas.drawn(state, generator)

    def _ended(self, stage: Stage, images: Tensor) -> None:
        """Keep what a stage reached, and show it."""
        psnr = psnr_of(images, self._canvas.target)
        self._pictures[stage], self._psnr[stage] = to_uint8(images)[0], psnr
        now = self._clock.used
        self._seconds[stage], self._begun = now - self._begun, now
        self._clock.show(stage, psnr, images, now=True)

    @property
    def _best(self) -> float:
        return max((value for value in self._psnr.values() if value is not None), default=-1.0)
