"""Adapting a generator to one photo, before it is painted on.

Semantic Photo Manipulation (Bau et al., SIGGRAPH 2019), in the form that its interactive demo runs, in two
phases. First the weights of the layers above the edited one change a little, with a penalty on how far they
drift. Then those weights stay, and each position of some finer layers learns a gain, an activation times 1 +
d, which is left out where the user paints. Afterwards every stroke is a forward pass.

The authors penalise the mean absolute change of each tensor of weights. Beside that stands a penalty on what
the change does elsewhere, the squared difference between pictures of other latents before and after, as in
the locality term of Pivotal Tuning (Roich et al., 2021): weights serve every picture, and without it those
of other latents move more than the photo's own. Gains belong to one photo and move nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from inscape.photos._descent import Bounds, Pace, descend
from inscape.photos.gains import Gains

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor, nn

    from inscape.models import Generator
    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.photos._canvas import Canvas


@dataclass(frozen=True)
class AdaptationSettings:
    """The settings of an adaptation.

    Attributes:
        weight_steps: Steps of the phase of weights; 0 leaves it out.
        weight_rate: Its learning rate, relative to the deviation of each tensor of weights.
        drift: What the mean absolute change of each tensor of weights costs, relative to that deviation.
        locality: What the mean squared change of other pictures costs.
        gain_steps: Steps of the phase of gains; 0 leaves it out.
        gain_rate: Its learning rate.
        gain_cost: What the mean squared gain of each layer costs.
        gain_layers: How many of the last layers get gains.
    """

    weight_steps: int = 50
    weight_rate: float = 0.0002
    drift: float = 0.01
    locality: float = 10.0
    gain_steps: int = 80
    gain_rate: float = 0.02
    gain_cost: float = 0.01
    gain_layers: int = 2


@dataclass(frozen=True, eq=False)
class Adaptation:
    """The adapted weights and gains with which a generator draws one photo.

    Attributes:
        weights: Changed weights of the synthesis, by their dotted name in the network.
        gains: d of each layer, `[unit, height, width]`, by layer name.
        psnr: PSNR in dB.
    """

    weights: Mapping[str, Tensor]
    gains: Mapping[str, Float[Tensor, "unit height width"]]
    psnr: float


def adapt(
    canvas: Canvas,
    state: SynthesisState,
    settings: AdaptationSettings,
    bounds: Bounds,
) -> Adaptation:
    """Adapt a copy of the generator until it draws the photo.

    Args:
        canvas: The generator and the photo.
        state: The photo's own features.
        settings: The settings.
        bounds: When to end.

    Raises:
        LayerError: No layer lies above the edited one.
        CancelledError: The person cancelled.
    """
    generator, reached = canvas.copied(), bounds.floor
    weights: dict[str, Tensor] = {}
    gains: dict[str, Tensor] = {}
    if settings.weight_steps:
        used = bounds.clock.used
        sooner = replace(bounds, until=used + 0.4 * (bounds.until - used))
        weights, reached = fit_weights(canvas, state, generator, settings, sooner)
    if settings.gain_steps:
        better = replace(bounds, floor=max(bounds.floor, reached))
        gains, reached = fit_gains(canvas, state, generator, settings, better)
    return Adaptation(weights, gains, reached)


def fit_weights(
    canvas: Canvas,
    state: SynthesisState,
    generator: Generator,
    settings: AdaptationSettings,
    bounds: Bounds,
) -> tuple[dict[str, Tensor], float]:
    """Change the convolutions above the edited layer, in place; the same arguments as `adapt`.

    Returns:
        The changed weights by name, and the PSNR that they reach.
    """
    fine = fine_weights(generator, state)
    start = {name: weight.detach().clone() for name, weight in fine.items()}
    scale = {name: float(value.std()) + 1e-6 for name, value in start.items()}
    others = Others(canvas, generator)

    def draw() -> Tensor:
        return others.draw(state)

    def objective(images: Tensor) -> Tensor:
        drift = torch.stack(
            [(weight - start[name]).abs().mean() / scale[name] for name, weight in fine.items()]
        )
        return (
            canvas.unlikeness(images)
            + settings.drift * drift.mean()
            + settings.locality * others.change().square().mean()
        )

    reached = descend(
        list(fine.values()),
        draw,
        objective,
        canvas.target,
        Pace("adapted", settings.weight_steps, [settings.weight_rate * scale[name] for name in fine]),
        bounds,
    )
    return {name: weight.detach().clone() for name, weight in fine.items()}, reached


def fit_gains(
    canvas: Canvas,
    state: SynthesisState,
    generator: Generator,
    settings: AdaptationSettings,
    bounds: Bounds,
) -> tuple[dict[str, Tensor], float]:
    """Learn gains of the last layers; the same arguments as `adapt`.

    Returns:
        The gains by layer, and the PSNR that they reach.
    """
    places = [generator.layer(name) for name in canvas.layers_above[-settings.gain_layers :]]
    gains = {each.name: state.features.new_zeros(each.units, each.size, each.size) for each in places}

    def draw() -> Tensor:
        with Gains(gains).applied(generator):
            return canvas.drawn(state, generator)

    def objective(images: Tensor) -> Tensor:
        cost = torch.stack([gain.square().mean() for gain in gains.values()])
        return canvas.unlikeness(images) + settings.gain_cost * cost.sum()

    reached = descend(
        list(gains.values()),
        draw,
        objective,
        canvas.target,
        Pace("adapted", settings.gain_steps, settings.gain_rate),
        bounds,
    )
    return gains, reached


def fine_weights(generator: Generator, state: SynthesisState) -> dict[str, nn.Parameter]:
    """The weights and biases of the convolutions that run after a state, by their name in the network."""
    parameters = {
        f"{place}.{name}": parameter
        for place, module in generator.module.named_modules()
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.numel() > 1 and any(own.ndim == 4 for own in module.parameters(recurse=False))
    }
    for parameter in parameters.values():
        parameter.requires_grad_(True)
    with torch.enable_grad():
        brightness = generator.stopping.resume(state).square().mean()
        reaches = torch.autograd.grad(brightness, list(parameters.values()), allow_unused=True)
    for parameter in parameters.values():
        parameter.requires_grad_(False)
    return {
        name: parameter
        for (name, parameter), gradient in zip(parameters.items(), reaches, strict=True)
        if gradient is not None and bool(gradient.any())
    }


class Others:
    """The generator's own pictures, drawn beside the photo to see what an adaptation does to them.

    They are drawn as they were when their turn comes, and kept: all at once take gigabytes at 256 pixels.

    Args:
        canvas: The generator as it was.
        generator: The copy that is adapted.
        count: How many are drawn with the photo at every step.
    """

    def __init__(self, canvas: Canvas, generator: Generator, count: int = 2) -> None:
        self._canvas, self._generator = canvas, generator
        self._latents = canvas.own_latents.split(count)
        self._kept: dict[int, tuple[SynthesisState, Tensor]] = {}
        self._turn = -1
        self._drawn = canvas.target[:0]

    def draw(self, state: SynthesisState) -> Float[Tensor, "1 3 size size"]:
        """The photo's picture by the adapted copy; the next few others are drawn with it."""
        self._turn = (self._turn + 1) % len(self._latents)
        others, _ = self._before()
        images = self._canvas.drawn(_joined(state, others), self._generator)
        self._drawn = images[1:]
        return images[:1]

    def change(self) -> Tensor:
        """By how much the others drawn last differ from what they were."""
        return self._drawn - self._before()[1]

    @torch.no_grad()
    def _before(self) -> tuple[SynthesisState, Tensor]:
        """The states of the others whose turn it is, and their pictures by the generator as it was."""
        if self._turn not in self._kept:
            states = self._canvas.state(self._latents[self._turn])
            self._kept[self._turn] = states, self._canvas.drawn(states)
        return self._kept[self._turn]


def _joined(state: SynthesisState, others: SynthesisState) -> SynthesisState:
    """A state and a batch of others, as one batch."""

    def both(one: Tensor | None, more: Tensor | None) -> Tensor | None:
        return None if one is None or more is None else torch.cat([one, more])

    return replace(
        state,
        features=torch.cat([state.features, others.features]),
        rgb=both(state.rgb, others.rgb),
        w=torch.cat([state.w, others.w]),
        whole=both(state.whole, others.whole),
    )
