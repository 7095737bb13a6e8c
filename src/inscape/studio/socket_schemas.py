"""What is said over the WebSocket that paints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inscape.studio.photo_schemas import InfluenceInfo
from inscape.studio.schemas import (
    MOST_STROKES,
    ClassIndex,
    Message,
    Name,
    PhotoName,
    Problem,
    Seed,
    Stroke,
    StrokeSettings,
    Truncation,
)


class PaintGround(Message):
    """Text message to `/api/paint`: what the next strokes are painted on.

    The strokes become `strokes[:keep] + strokes`, of those that this connection last had; hidden strokes
    are left out. Another model, seed, class or photo needs keep=0. Nothing is answered unless it is wrong.
    """

    type: Literal["ground"] = "ground"
    model: Name
    seed: Seed
    photo: PhotoName = None
    truncation: Truncation = 1.0
    class_index: ClassIndex = None
    keep: int = Field(default=0, ge=0)
    strokes: list[Stroke] = Field(default_factory=list, max_length=MOST_STROKES)


class LiveStroke(StrokeSettings):
    """The stroke under the pointer: its mask's bytes follow the header."""

    height: int = Field(ge=1, le=1024)
    width: int = Field(ge=1, le=1024)


class PaintRequest(Message):
    """Header of a binary message to `/api/paint`: draw the ground, and the stroke on it where there is one.

    Frame: uint32 little endian length of this JSON, this JSON in UTF-8, then height x width bytes of mask
    (0 to 255, whole picture, row by row) where `stroke` is given. Only the newest waiting request is drawn.
    """

    seq: int = Field(ge=0)
    final: bool = False
    stroke: LiveStroke | None = None


class PaintFrame(Message):
    """Header of a binary answer, framed the same way; the bytes that follow are a JPEG.

    While the pointer moves on a photo they are a PNG of the square as the generator draws it, clear where
    the photo stays; the final picture has the photo's own detail.
    """

    seq: int
    final: bool
    width: int
    height: int
    units: list[int] = Field(description="Units that the stroke set.")
    milliseconds: float = Field(description="Time in the model and the encoder.")
    box: tuple[float, float, float, float] | None = Field(
        default=None,
        description="On a photo, what the picture covers: x, y, width, height in parts of the photo. "
        "Everything else is the photo's own; a box without area says that all of it is.",
    )
    influence: InfluenceInfo | None = None


class PaintError(Problem):
    """Text answer: what was asked with `seq` (None: the ground) cannot be drawn."""

    type: Literal["error"] = "error"
    seq: int | None
