"""What messages between the studio and its pages are made of; `web/openapi.json` is written from messages."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from inscape.regions import Region
from inscape.verbs import Request, parameters_of

Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Label = Annotated[str, StringConstraints(max_length=120)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Message(BaseModel):
    """Base of everything that is sent: unknown fields are refused, numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Problem(Message):
    """The one shape of every error; the status is decided by the class of the error."""

    title: str
    detail: str
    hint: str = ""


class Kept(Message):
    """A painting was kept; the next change is made from this revision."""

    id: str
    revision: int


class Command(Message):
    """The lines that do the same without the studio."""

    cli: str
    python: str


class RegionBox(Message):
    """A rectangle in pixels of the picture: x, y, width, height."""

    box: tuple[float, float, float, float]


class RegionMask(Message):
    """Weights 0 to 255 over the whole picture, row by row from the top: deflated (zlib), then base64."""

    mask: Annotated[str, StringConstraints(max_length=1_500_000)]
    height: int = Field(ge=1, le=1024)
    width: int = Field(ge=1, le=1024)


def region_of(region: RegionMask | RegionBox) -> Region:
    """The region of a message.

    Raises:
        FormatError, RegionError: It cannot be read.
    """
    return Region.from_json(region.model_dump())


def field_of(
    request: type[Request], name: str, *, least: float | None = None, most: float | None = None
) -> Any:
    """A field of a message with the default, the range and the help of a field of a verb's request.

    Args:
        request: The verb's request.
        name: Of the field there.
        least: The lowest value that the studio takes; the request's own unless given.
        most: The highest.
    """
    (parameter,) = (each for each in parameters_of(request) if each.name == name)
    return Field(
        default=parameter.default,
        ge=parameter.least if least is None else least,
        le=parameter.most if most is None else most,
        description=parameter.option.help,
    )
