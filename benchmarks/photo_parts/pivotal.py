"""Pivotal tuning, for comparison (Roich et al., "Pivotal Tuning for Latent-based Editing", 2021).

One w is found for the photo, the pivot, and kept; then all weights of the synthesis follow the gradient of
the squared difference of colours plus a perceptual distance, weighted alike. The locality term holds
pictures near the pivot where they were: latents at a distance of 30 from the pivot, towards random ones.
Steps and rates are the authors'; their perceptual distance is LPIPS, ours that of the segmenter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from inscape.photos._canvas import synthesis_of
from inscape.photos._descent import Bounds, Clock, Pace, Snapshot, descend
from inscape.photos._latent import SearchSettings, average_latent, refine_latent
from inscape.photos.invert import InversionSettings, canvas_of
from inscape.pictures import Latent
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Generator, Model
    from inscape.photos._canvas import Canvas
    from inscape.sources.reading import Photo


@dataclass(frozen=True)
class PivotalSettings:
    """How a generator is tuned around a pivot.

    Attributes:
        pivot_steps: Steps in w.
        steps: Steps of tuning.
        rate: Learning rate of tuning.
        locality: Weight of the locality term; 0 leaves it out.
        distance: How far from the pivot the latents of that term lie.
    """

    pivot_steps: int = 450
    steps: int = 350
    rate: float = 3e-4
    locality: float = 0.1
    distance: float = 30.0


@dataclass(frozen=True, eq=False)
class Pivotal:
    """A generator tuned to one photo.

    Attributes:
        generator: The tuned copy.
        latent: The pivot, of kind "w+" with the same w for every layer.
        psnr: What it reaches, in dB at the generator's resolution.
    """

    generator: Generator
    latent: Latent
    psnr: float


def pivotal_tuning(
    model: Model,
    photo: Photo,
    *,
    seconds: float = 600.0,
    settings: PivotalSettings | None = None,
    watch: Callable[[Snapshot], None] | None = None,
) -> Pivotal:
    """Tune a copy of a generator until it draws the photo at one w.

    Args:
        model: A generator.
        photo: From `read_photo`.
        seconds: For everything together.
        settings: How.
        watch: Told about the best picture so far.

    Raises:
        UnsupportedError: The model is no generator.
        CancelledError: The person asked to stop.
    """
    settings = settings or PivotalSettings()
    canvas = canvas_of(model, photo.seen(_size(model)), None, InversionSettings(perceptual=1.0))
    total = settings.pivot_steps + settings.steps
    with SilentProgress().task("Pivotal tuning", total, "steps") as task:
        clock = Clock(seconds, task, {"watch": watch})
        search = SearchSettings(space="w", latent_steps=settings.pivot_steps)
        pivot, _ = refine_latent(canvas, average_latent(canvas), search, Bounds(clock, seconds / 2, -1.0))
        generator = canvas.copied()
        reached = _tune(canvas, generator, pivot, settings, clock)
    return Pivotal(generator, Latent("w+", pivot[0].cpu().numpy()), reached)


def _tune(
    canvas: Canvas,
    generator: Generator,
    pivot: Float[Tensor, "1 num_ws w_dim"],
    settings: PivotalSettings,
    clock: Clock,
) -> float:
    synthesis = synthesis_of(generator)
    weights = list(synthesis.parameters())
    near = _near(canvas, pivot, settings.distance)
    with torch.no_grad():
        before = torch.cat([synthesis(each) for each in near.split(8)])
    turn = 0

    def draw() -> Tensor:
        images: Tensor = synthesis(pivot)
        return images

    def objective(images: Tensor) -> Tensor:
        nonlocal turn
        loss = canvas.unlikeness(images)
        if not settings.locality:
            return loss
        turn = (turn + 1) % len(near)
        moved = synthesis(near[turn : turn + 1]) - before[turn : turn + 1]
        total: Tensor = loss + settings.locality * moved.square().mean()
        return total

    pace = Pace("adapted", settings.steps, settings.rate)
    return descend(weights, draw, objective, canvas.target, pace, Bounds(clock, clock.seconds))


def _near(canvas: Canvas, pivot: Tensor, distance: float) -> Float[Tensor, "batch num_ws w_dim"]:
    """Latents at a distance from the pivot, towards those of the generator's own pictures."""
    way = canvas.own_latents - pivot
    length = way[:, :1].norm(dim=2, keepdim=True).clamp_min(1e-6)
    near: Tensor = pivot + distance * way / length
    return near


def _size(model: Model) -> int:
    return model.card.image_size or 0
