"""Adapting a generator to one photo after it was painted on, for the final quality.

Semantic Photo Manipulation (Bau et al., SIGGRAPH 2019), section 3.3: a small network, as in Deep Image Prior
(Ulyanov et al., CVPR 2018), makes the gains of finer layers from fixed noise. It is fitted outside what was
painted only, so what it learns there about colours and textures carries on into the painted part. Objective
and weights are the authors': mean absolute difference outside the mask, plus 0.1 for the mean squared gain
of each layer; the mask is what was painted, grown by a sixteenth of the picture and blurred by a quarter of
that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Unpack

import torch
from torch import nn
from torch.nn import functional

from inscape.photos._descent import Bounds, Clock, Pace, descend
from inscape.photos._outside import Outside
from inscape.photos.gains import Gains
from inscape.pictures import to_tensor, to_uint8
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Edit
    from inscape.photos._descent import Following
    from inscape.photos.session import PhotoSession

SECONDS = 30.0
STEPS = 1000
_RATE = 0.03
_COST = 0.1
_NOISE_CHANNELS = 32
_WIDTHS = (16, 24, 32)


class GainNetwork(nn.Module):
    """From fixed noise to the gains of some layers: down, and up again with what each level had seen.

    Args:
        layers: Units and size of each layer, by name; sizes are the picture's, halved some times.
        size: Height and width of the picture.
        seed: Of the noise and the first weights; the global random state is left alone.
    """

    def __init__(self, layers: Mapping[str, tuple[int, int]], size: int, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._build(layers)
            noise = torch.rand(1, _NOISE_CHANNELS, size, size) * 0.1
        self.register_buffer("noise", noise)
        self.noise: Tensor
        self._sizes = {name: width for name, (_, width) in layers.items()}

    def _build(self, layers: Mapping[str, tuple[int, int]]) -> None:
        before = (_NOISE_CHANNELS, *_WIDTHS)
        self.down = nn.ModuleList(_convolution(*pair) for pair in zip(before, _WIDTHS, strict=False))
        self.up = nn.ModuleList(_convolution(below + width, width) for width, below in pairwise(_WIDTHS))
        heads = {}
        for name, (units, _) in layers.items():
            head = nn.Conv2d(_WIDTHS[0], units, 1)
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]
            heads[name] = head
        self.heads = nn.ModuleDict(heads)

    def forward(self) -> dict[str, Float[Tensor, "unit height width"]]:
        """The gains of every layer; all 0 at first."""
        features, seen = self.noise, []
        for number, block in enumerate(self.down):
            features = block(functional.avg_pool2d(features, 2) if number else features)
            seen.append(features)
        for level in reversed(range(len(self.up))):
            wide = functional.interpolate(features, seen[level].shape[2:], mode="bilinear")
            features = self.up[level](torch.cat([seen[level], wide], 1))
        return {
            name: self.heads[name](functional.adaptive_avg_pool2d(features, self._sizes[name]))[0]
            for name in self.heads
        }


def _convolution(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"),
        nn.GroupNorm(8, outputs),
        nn.LeakyReLU(0.2),
    )


def adapt_after(
    session: PhotoSession,
    edits: Sequence[Edit],
    *,
    seconds: float = SECONDS,
    seed: int = 0,
    **following: Unpack[Following],
) -> NDArray[np.uint8]:
    """Fit gains to the photo with edits, for the final quality.

    Args:
        session: Of the photo.
        edits: As for `PhotoSession.render`.
        seconds: Time for the search. The best result by then is returned.
        seed: Of the noise and the first weights.
        following: `progress=`, `watch=` and `stop=`; see `Following`.

    Returns:
        The picture, uint8 `[size, size, 3]`, for `PhotoSession.compose(..., after=...)`.

    Raises:
        LayerError: An edit is of a layer below the inversion's.
        UnsupportedError: An edit is not of units.
        CancelledError: The person cancelled.
    """
    generator, state = session.generator, session.edited_state(edits)
    names = list(generator.layers)
    above = [generator.layer(name) for name in names[names.index(session.inversion.layer) + 1 :]]
    network = GainNetwork(
        {each.name: (each.units, each.size) for each in above}, generator.image_size, seed=seed
    ).to(generator.device)
    target = to_tensor(session.inversion.target[None].copy()).to(generator.device)
    outside = Outside(target, session.painted(edits))
    gains: dict[str, Tensor] = {}

    def draw() -> Tensor:
        gains.update(network())
        with Gains(gains).applied(generator):
            images = generator.stopping.resume(state)
        return outside.covered(images)

    def objective(images: Tensor) -> Tensor:
        cost = torch.stack([gain.square().mean() for gain in gains.values()]).sum()
        return outside.difference(images) + _COST * cost

    progress, pace = following.get("progress") or SilentProgress(), Pace("adapted", STEPS, _RATE)
    with progress.task("Adapting to the edit", STEPS, "steps") as task:
        bounds = Bounds(Clock(seconds, task, following), seconds)
        descend(list(network.parameters()), draw, objective, target, pace, bounds)
    with torch.no_grad():
        draw()
        picture: NDArray[np.uint8] = to_uint8(outside.drawn)[0]
    return picture
