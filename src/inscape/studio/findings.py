"""What pages find out about the units of a model: kept by what was asked, with the pictures that show it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from inscape import storage
from inscape.errors import FormatError, NotFoundError
from inscape.studio.shapes import Identifier, Message
from inscape.studio.studio import State
from inscape.types import JsonObject

if TYPE_CHECKING:
    from inscape.dissection.unit_pictures import UnitPictures

PictureName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
SHOWN = 24
"""Units whose pictures are drawn."""

_MOST = 20
_FILE = "found.json"


class ShownUnit(Message):
    """A unit, and the pictures in which it is strongest."""

    unit: int
    seeds: list[int] = Field(description="Of the pictures, the strongest first.")
    strip: str = Field(description="Address of the pictures: above with its top 1 % marked, below plain.")


class Finding(Message):
    """What was found, and when."""

    id: Identifier
    model: str
    layer: str
    images: int
    created: float = Field(description="Seconds since 1970.")


F = TypeVar("F", bound=Finding)


class Findings(State, Generic[F]):
    """What a page has found; of each model the newest are kept.

    Attributes:
        name: Of the page, and of the folder.
        shape: What it finds.
    """

    name: ClassVar[str]
    shape: type[F]

    def all(self, model: str) -> list[F]:
        """What is kept of a model, the newest first; what another version wrote is left out."""
        folders = [path.parent for path in self._folder(model).glob(f"*/{_FILE}")]
        found = [one for folder in folders if (one := self.kept(model, folder.name)) is not None]
        return sorted(found, key=lambda one: -one.created)

    def kept(self, model: str, identifier: str) -> F | None:
        """A finding that is kept; None where there is none, or another version wrote it."""
        path = self._folder(model) / identifier / _FILE
        with suppress(FormatError, ValidationError):
            return self.shape.model_validate(storage.read_json(path)) if path.is_file() else None
        return None

    def keep(self, finding: F, pictures: Mapping[str, bytes]) -> None:
        """Keep a finding in place of an older one of the same identifier; the oldest of the model go."""
        folder = self._folder(finding.model)
        with storage.atomic_folder(folder / finding.id) as place:
            for name, data in pictures.items():
                storage.write_bytes(place / f"{name}.webp", data)
            storage.write_json(place / _FILE, finding.model_dump(mode="json"))
        for old in self.all(finding.model)[_MOST:]:
            shutil.rmtree(folder / old.id, ignore_errors=True)

    def picture(self, model: str, identifier: str, name: str) -> bytes:
        """A picture of a finding, a WebP file.

        Raises:
            NotFoundError: There is none.
        """
        try:
            return (self._folder(model) / identifier / f"{name}.webp").read_bytes()
        except OSError as error:
            raise NotFoundError(f"there is no picture {name!r} of {identifier}.", "Measure again.") from error

    def address(self, model: str, identifier: str, name: str) -> str:
        """Where the page finds a picture."""
        return f"api/models/{quote(model, safe='')}/{self.name}/{identifier}/{name}.webp"

    def shown(self, model: str, identifier: str, drawn: UnitPictures) -> JsonObject:
        """The fields of a `ShownUnit`."""
        strip = self.address(model, identifier, name_of(drawn.unit))
        return {"unit": drawn.unit, "seeds": list(drawn.seeds), "strip": strip}

    def _folder(self, model: str) -> Path:
        return self.studio.settings.folder / self.name / self.studio.reports.key_of(model)


def identifier_of(asked: BaseModel) -> str:
    """The same for the same request."""
    return storage.content_key(asked.model_dump(mode="json"))[:16]


def name_of(unit: int) -> str:
    """Of the strip of a unit."""
    return f"unit-{unit:04d}"


def strips_of(drawn: Iterable[UnitPictures]) -> dict[str, bytes]:
    """The strips of units, by their names."""
    return {name_of(each.unit): each.strip for each in drawn}
