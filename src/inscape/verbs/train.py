"""`inscape train`: train a shipped model again, or longer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.verbs._options import Device, Out, Seed
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.progress import Progress
    from inscape.training.result import TrainResult as Trained


@dataclass(frozen=True)
class TrainRequest(Request):
    """Train a shipped model again, or continue the run in --out.

    Ctrl-C stops after the current step and keeps the last checkpoint.
    """

    recipe: Annotated[
        str,
        Argument(
            "Recipe to train: a generator (town, room), its encoder (town-encoder, room-encoder), the "
            "segmenter of its world (town-segmenter, room-segmenter), or a classifier (town-classifier, "
            "town-classifier-vit, town-classifier-season).",
            metavar="RECIPE",
        ),
    ]
    out: Out
    minutes: Annotated[
        float,
        Option("Time in minutes: of this run for a generator, of all runs in --out for other models."),
        Ge(0.01),
    ] = 60
    size: Annotated[
        int | None,
        Option(
            "Height and width of the pictures: 64 or 128. [default: 128; the generator's for an encoder, 64 "
            "for a classifier]"
        ),
    ] = None
    images: Annotated[
        int | None,
        Option(
            "Stop a generator after this number of pictures over all runs; train another model on this "
            "number, whatever the minutes."
        ),
        Ge(1),
    ] = None
    start: Annotated[
        str,
        Option(
            "Start a generator from scratch, from the shipped state (shipped), or from the folder of a run; "
            "a classifier from scratch, or from the layers of a classifier: shipped, a name or a folder."
        ),
    ] = "scratch"
    measure: Annotated[bool, Option("Measure again which way of training a generator is fastest here.")] = (
        False
    )
    device: Device = "auto"
    seed: Seed = 0


@dataclass(frozen=True)
class TrainResult:
    """How far training is, and the folder that it is kept in."""

    done: Trained
    out: Path

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        files = [str(file) for file in self.done.files]
        return {"step": self.done.step, "images": self.done.images, "files": files}

    def text(self) -> str:
        """What a person reads."""
        return f"{self.done.images} pictures seen, {self.done.step} steps; see {self.out}"


def run(request: TrainRequest, progress: Progress) -> TrainResult:
    """Train until the time is over.

    Raises:
        NotFoundError: There is no such recipe, or nothing to start from.
        UsageError: The time is not a number of minutes.
        FormatError: What is in the folder is not a run of this recipe.
    """
    from inscape.training import train

    done = train(
        request.recipe,
        size=request.size,
        images=request.images,
        minutes=request.minutes,
        out=request.out,
        start=request.start,
        measure=request.measure,
        device=request.device,
        seed=request.seed,
        progress=progress,
    )
    return TrainResult(done, request.out)
