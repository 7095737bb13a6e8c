"""One way down for every stage: Adam with a falling rate, within seconds, the best so far kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np
import torch

from inscape.pictures import to_uint8

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.progress import Progress, Task

Stage = Literal["encoder", "latent", "features", "adapted"]
STAGES: tuple[Stage, ...] = ("encoder", "latent", "features", "adapted")
_WARM_UP = 0.05
_COOL_DOWN = 0.4
_SHOWN_EVERY = 0.25


@dataclass(frozen=True)
class Snapshot:
    """How far an inversion is.

    Attributes:
        stage: What is being looked for.
        seconds: Since the start.
        psnr: Of the best picture so far, in dB, at the generator's resolution.
        picture: That picture, uint8 `[size, size, 3]`.
        fraction: How much of the seconds is used up, 0 to 1.
    """

    stage: Stage
    seconds: float
    psnr: float
    picture: NDArray[np.uint8]
    fraction: float


class Following(TypedDict, total=False):
    """Who follows a search, and may end it.

    Attributes:
        progress: Reports the steps done; cancelling it discards the result.
        watch: Receives the best picture so far, a few times a second.
        stop: Asked between steps; once it returns True the best so far is returned.
    """

    progress: Progress | None
    watch: Callable[[Snapshot], None] | None
    stop: Callable[[], bool] | None


class Clock:
    """The seconds of an inversion, and who is told about them.

    Args:
        seconds: For everything together.
        task: Advanced at every step.
        following: Who sees the pictures, and may end it.
    """

    def __init__(self, seconds: float, task: Task, following: Following) -> None:
        self._started = time.monotonic()
        self.seconds = seconds
        self._task, self._watch, self._stop = task, following.get("watch"), following.get("stop")
        self._shown = -1.0
        self.stopped = False

    @property
    def used(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def asked_to_stop(self) -> bool:
        """Whether a person wants what there is."""
        self.stopped = self.stopped or (self._stop is not None and self._stop())
        return self.stopped

    def step(self) -> None:
        """Say that a step is done.

        Raises:
            CancelledError: The person cancelled.
        """
        self._task.advance()

    def show(self, stage: Stage, psnr: float, images: Tensor, *, now: bool = False) -> None:
        """Show a picture, unless one was shown a moment ago."""
        used = self.used
        if self._watch is None or (used - self._shown < _SHOWN_EVERY and not now):
            return
        self._shown = used
        picture = to_uint8(images)[0]
        self._watch(Snapshot(stage, used, psnr, picture, min(1.0, used / self.seconds)))


@dataclass(frozen=True)
class Bounds:
    """What ends a stage, and which of its pictures are worth showing.

    Attributes:
        clock: Stops the work.
        until: Second of the clock at which to end.
        floor: PSNR of the best picture so far; only better ones are shown.
    """

    clock: Clock
    until: float
    floor: float = -np.inf


@dataclass(frozen=True)
class Pace:
    """How far and how fast a stage goes.

    Attributes:
        stage: For what is shown.
        steps: At most.
        rate: Of Adam, for all variables or for each; it rises in the first 5 % and falls in the last 40 %.
    """

    stage: Stage
    steps: int
    rate: float | Sequence[float]


def psnr_of(images: Float[Tensor, "1 3 height width"], target: Float[Tensor, "1 3 height width"]) -> float:
    """Peak signal-to-noise ratio in dB of a picture in [-1, 1], clipped as it is shown."""
    error = (images.detach().clamp(-1, 1) - target).square().mean().item() / 4
    return float(-10 * np.log10(max(error, 1e-10)))


def descend(
    variables: Sequence[Tensor],
    draw: Callable[[], Tensor],
    objective: Callable[[Tensor], Tensor],
    target: Float[Tensor, "1 3 height width"],
    pace: Pace,
    bounds: Bounds,
) -> float:
    """Change variables in place until the picture drawn from them is close to the target.

    The variables end as they were for the picture with the highest PSNR, which may be the first.

    Args:
        variables: Leaves that `draw` uses.
        draw: From the variables to the picture.
        objective: From the picture to the loss, penalties included.
        target: The picture that is wanted.
        pace: Steps and learning rate.
        bounds: When to end.

    Returns:
        The PSNR that was reached.

    Raises:
        CancelledError: The person cancelled.
    """
    clock, steps, rate = bounds.clock, pace.steps, pace.rate
    rates = [rate] * len(variables) if isinstance(rate, float | int) else list(rate)
    adam = torch.optim.Adam(
        [{"params": [each], "lr": own} for each, own in zip(variables, rates, strict=True)], betas=(0.9, 0.99)
    )
    for each in variables:
        each.requires_grad_(True)
    started, allowed = clock.used, max(bounds.until - clock.used, 1e-3)
    best, kept = -np.inf, [each.detach().clone() for each in variables]
    for step in range(steps + 1):
        done = 1.0 if step == steps else max(step / steps, _coarse((clock.used - started) / allowed))
        images = draw()
        reached = psnr_of(images, target)
        if reached > best:
            best, kept = reached, [each.detach().clone() for each in variables]
            if best >= bounds.floor:
                clock.show(pace.stage, best, images)
        if done >= 1 or clock.asked_to_stop():
            break
        adam.zero_grad(set_to_none=True)
        objective(images).backward()
        factor = min(1.0, done / _WARM_UP + 0.1) * min(1.0, (1 - done) / _COOL_DOWN)
        for group, own in zip(adam.param_groups, rates, strict=True):
            group["lr"] = own * factor
        adam.step()
        clock.step()
    with torch.no_grad():
        for each, value in zip(variables, kept, strict=True):
            each.requires_grad_(False).copy_(value)
    return float(best)


def _coarse(share: float) -> float:
    """A share of time in eighths: where steps end first, results do not depend on the clock."""
    return int(share * 8) / 8
