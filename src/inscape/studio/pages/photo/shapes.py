"""What the page Photo and the studio say to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from inscape.studio.jobs import Result
from inscape.studio.shapes import Message, Name, field_of
from inscape.verbs.invert import InvertRequest

if TYPE_CHECKING:
    from inscape.photos import Fit

Stage = Literal["encoder", "latent", "features", "adapted"]
STAGES: tuple[Stage, ...] = ("encoder", "latent", "features", "adapted")
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
Length = Annotated[float, Field(ge=1, le=1e6)]


class FitInfo(Message):
    """Which rectangle of the photo becomes the generator's square, in pixels of the photo."""

    mode: Literal["crop", "pad", "stretch"] = Field(description="How the fit was chosen.")
    x: Coordinate
    y: Coordinate
    width: Length
    height: Length

    @property
    def square(self) -> Fit:
        """The same as the library has it."""
        from inscape.photos import Fit

        return Fit(self.x, self.y, self.width, self.height)


class InversionRequest(Message):
    """Ask a generator to draw a photo."""

    model: Name
    layer: Name | None = Field(default=None, description="Layer to paint in. Null uses the default layer.")
    seconds: float = field_of(InvertRequest, "seconds", least=1, most=600)
    start: Literal["encoder", "average"] = field_of(InvertRequest, "start")
    fit: FitInfo


class StageInfo(Message):
    """What a stage of the inversion came to."""

    stage: Stage
    psnr: float | None = Field(description="In dB. Null if the stage did not run.")
    seconds: float | None
    picture: str | None = Field(description="Address of the generator's picture after the stage.")


class RunningInversion(Message):
    """An inversion while it is made."""

    job: str
    step: int = Field(description="Counts the pictures; 0 before the first.")
    stage: Stage | None
    fraction: float = Field(description="Fraction of the allowed time, 0 to 1.")
    psnr: float | None
    picture: str | None = Field(description="Address of the best picture so far.")
    curve: list[tuple[float, float]] = Field(description="Seconds and PSNR of every picture so far.")
    stages: list[StageInfo] = Field(description="The best of each stage so far.")
    stopping: bool = Field(description="Whether a person asked for the best picture so far.")


class LostConceptInfo(Message):
    """A concept of the photo that the generator did not draw everywhere; all areas in parts of the square."""

    concept: str
    colour: str
    area_photo: float
    area_inversion: float
    lost: float


class LostInfo(Message):
    """What the generator cannot see."""

    share: float = Field(description="Fraction of the square.")
    concepts: list[LostConceptInfo]
    size: int
    map: str = Field(
        description="One byte per pixel, deflated, base64: 0, or 1 + the number of the lost concept in the "
        "list; 255 where the concept is not in the list."
    )


class InversionInfo(Message):
    """The generator's version of a photo, as it was kept."""

    model: str
    layer: str
    size: int
    psnr: float = Field(description="PSNR of the best stage in dB, at the generator's resolution.")
    stages: list[StageInfo]
    lost: LostInfo | None = Field(description="Null if the card names no segmenter.")
    stopped: bool = Field(description="Whether a person stopped it early.")
    bytes: int


class PhotoRow(Message):
    """Base of what is said of a photo."""

    id: str
    name: str
    width: int
    height: int
    state: Literal["new", "inverting", "ready"]
    small: str
    updated: float


class PhotoInfo(PhotoRow):
    """A photo, and what was made of it."""

    fit: FitInfo
    asked: InversionRequest | None = Field(description="The last request.")
    running: RunningInversion | None
    inversion: InversionInfo | None
    painting: str | None = Field(description="The painting on it.")
    picture: str
    created: float


class PhotoSummary(PhotoRow):
    """A row of the list of photos."""

    model: str | None
    psnr: float | None


class PhotoList(Message):
    """All photos, the latest first."""

    photos: list[PhotoSummary]
    largest: int = Field(description="Largest size of a photo, in bytes.")


class InversionResult(Result):
    """A photo that was inverted; what was found is kept with it."""

    kind: Literal["inversion"] = "inversion"
    photo: str
    psnr: float
