"""From a photo to a latent, and on to the features of a layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch

from inscape.errors import ValueRangeError
from inscape.photos._descent import Bounds, Pace, descend

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models.architectures.synthesis_state import SynthesisState
    from inscape.photos._canvas import Canvas

Space = Literal["w", "w+"]


@dataclass(frozen=True)
class SearchSettings:
    """How the latent and the features are looked for.

    Attributes:
        space: "w+" has a latent for each layer, "w" one for all.
        latent_steps: Steps in it.
        latent_rate: Learning rate there.
        togetherness: In w+, what the mean squared distance of the latents of the layers from their mean
            costs; latents that lie together draw less exactly what they are edited into more easily.
        feature_steps: Steps in the features of the layer.
        feature_rate: Learning rate there, in standard deviations of each unit.
        feature_cost: What the mean squared change of the features costs, in those deviations.
    """

    space: Space = "w+"
    latent_steps: int = 70
    latent_rate: float = 0.05
    togetherness: float = 1e-4
    feature_steps: int = 120
    feature_rate: float = 0.05
    feature_cost: float = 1e-3

    def __post_init__(self) -> None:
        """Check the space."""
        if self.space not in ("w", "w+"):
            raise ValueRangeError(f"The search space of a latent is 'w' or 'w+', got {self.space!r}.")


def average_latent(canvas: Canvas) -> Float[Tensor, "1 num_ws w_dim"]:
    """The mean w of the generator's own pictures: where a search starts without an encoder."""
    return canvas.own_latents.mean(0, keepdim=True).clone()


def refine_latent(
    canvas: Canvas,
    start: Float[Tensor, "1 num_ws w_dim"],
    settings: SearchSettings,
    bounds: Bounds,
) -> tuple[Float[Tensor, "1 num_ws w_dim"], float]:
    """Look for the latent that comes closest to the photo.

    Args:
        canvas: The generator and the photo.
        start: Where to begin.
        settings: The settings.
        bounds: When to end.

    Returns:
        The latents, and the PSNR of their picture.

    Raises:
        CancelledError: The person cancelled.
    """
    single = settings.space == "w"
    w = start.mean(1, keepdim=True).clone() if single else start.clone()
    count = start.shape[1]

    def objective(images: Tensor) -> Tensor:
        apart = (w - w.mean(1, keepdim=True)).square().mean()
        return canvas.unlikeness(images) + settings.togetherness * apart

    reached = descend(
        [w],
        lambda: canvas.drawn(canvas.state(w.expand(-1, count, -1))),
        objective,
        canvas.target,
        Pace("latent", settings.latent_steps, settings.latent_rate),
        bounds,
    )
    return w.expand(-1, count, -1).contiguous(), reached


def refine_features(
    canvas: Canvas,
    state: SynthesisState,
    start: Float[Tensor, "1 unit height width"],
    settings: SearchSettings,
    bounds: Bounds,
) -> tuple[SynthesisState, float]:
    """Look for the features of the layer that come closest to the photo; the latent stays.

    Args:
        canvas: The generator and the photo.
        state: What the latent gives at the layer.
        start: The features to begin with.
        settings: The settings.
        bounds: When to end.

    Returns:
        The state with those features, and the PSNR of its picture.

    Raises:
        CancelledError: The person cancelled.
    """
    change = (start - state.features) / canvas.spread
    base, scale = state.features, canvas.spread

    def changed() -> SynthesisState:
        return replace(state, features=base + change * scale)

    reached = descend(
        [change],
        lambda: canvas.drawn(changed()),
        lambda images: canvas.unlikeness(images) + settings.feature_cost * change.square().mean(),
        canvas.target,
        Pace("features", settings.feature_steps, settings.feature_rate),
        bounds,
    )
    with torch.no_grad():
        return changed(), reached
