"""Strokes on a picture, and the operations that a painting's history is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from inscape.brush_kinds import Kind
from inscape.errors import UsageError
from inscape.studio.shapes import Message, Name, RegionBox, RegionMask, Seed

ClassIndex = Annotated[
    int | None,
    Field(
        ge=0,
        lt=2**31,
        description="Class that a conditional generator draws. Null uses the class of the seed.",
    ),
]
PhotoName = Annotated[
    str | None,
    Field(pattern=r"^[0-9a-f]{16}$", description="Photo to paint on instead of the picture of a seed."),
]
MOST_STROKES = 2000
MOST_OPERATIONS = 10_000


@dataclass(frozen=True)
class Place:
    """The picture that is painted on: that of a seed, or a photo."""

    model: str
    seed: int
    truncation: float = 1.0
    class_index: int | None = None
    photo: str | None = None


class Pictured(Message):
    """Base of what is about a picture of a model."""

    seed: Seed = Field(description="0 on a photo.")
    photo: PhotoName = None
    truncation: float = Field(default=1.0, ge=-2, le=2)
    class_index: ClassIndex = None

    def place(self, model: str) -> Place:
        """The picture."""
        return Place(model, self.seed, self.truncation, self.class_index, self.photo)


class StrokeSettings(Message):
    """What a stroke does, without where."""

    layer: Name
    concept: Name | None = Field(
        default=None, description="Concept of the brush. None if units were picked by number."
    )
    units: list[int] = Field(
        default_factory=list, max_length=4096, description="Units picked by number. Empty uses the brush's."
    )
    top: int = Field(default=20, ge=1, le=4096, description="Number of the brush's units.")
    mode: Literal["draw", "remove", "keep", "drop"] = Field(
        default="draw",
        description="On a photo also: keep the photo under the region, or drop the island that the region "
        "covers out of what the other strokes influence. Those two have no units.",
    )
    kind: Kind = Field(
        default="causal",
        description="Of the brush. Learned and obedient ones add to the units; they only draw.",
    )
    strength: float = Field(default=1.0, ge=0, le=1)
    value: Literal["mean", "quantile"] = "quantile"
    values: list[float] = Field(
        default_factory=list,
        max_length=4096,
        description="What each of `units` becomes; filled in where a stroke is kept, so it never drifts.",
    )

    @property
    def limits(self) -> bool:
        """Whether it sets no units but limits what other strokes influence."""
        return self.mode in ("keep", "drop")


class Stroke(StrokeSettings):
    """A stroke."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    region: RegionMask | RegionBox


class AddStroke(Message):
    """A stroke was painted."""

    kind: Literal["stroke"] = "stroke"
    stroke: Stroke


class HideStroke(Message):
    """A stroke was hidden, or shown again."""

    kind: Literal["hide"] = "hide"
    stroke: str
    hidden: bool


class DeleteStroke(Message):
    """A stroke was deleted from the history."""

    kind: Literal["delete"] = "delete"
    stroke: str


class Reset(Message):
    """All strokes were taken away; undo brings them back."""

    kind: Literal["reset"] = "reset"


Operation = Annotated[AddStroke | HideStroke | DeleteStroke | Reset, Field(discriminator="kind")]
Operations = Annotated[list[Operation], Field(max_length=MOST_OPERATIONS)]


def visible_strokes(operations: Sequence[Operation], cursor: int) -> list[Stroke]:
    """The strokes that are to be drawn after the first `cursor` operations, in order."""
    strokes: dict[str, Stroke] = {}
    hidden: set[str] = set()
    for operation in operations[:cursor]:
        match operation:
            case AddStroke():
                strokes[operation.stroke.id] = operation.stroke
            case HideStroke():
                (hidden.add if operation.hidden else hidden.discard)(operation.stroke)
            case DeleteStroke():
                strokes.pop(operation.stroke, None)
            case Reset():
                strokes.clear()
    return [stroke for name, stroke in strokes.items() if name not in hidden]


def check_history(operations: Sequence[Operation], cursor: int) -> None:
    """Refuse a history that does not hang together.

    Raises:
        UsageError: The cursor lies outside, two strokes share a name, or an operation names no stroke.
    """
    if not 0 <= cursor <= len(operations):
        raise UsageError(f"The undo cursor lies between 0 and {len(operations)}, got {cursor}.")
    known: set[str] = set()
    for number, operation in enumerate(operations):
        if isinstance(operation, AddStroke):
            if operation.stroke.id in known:
                raise UsageError(f"Operation {number} adds the stroke {operation.stroke.id!r} a second time.")
            known.add(operation.stroke.id)
        elif isinstance(operation, HideStroke | DeleteStroke) and operation.stroke not in known:
            raise UsageError(f"Operation {number} names a stroke that was not painted before it.")
