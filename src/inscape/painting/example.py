"""The painted example of a model: the first picture that the studio shows. It is kept beside the weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inscape import storage
from inscape.brush_kinds import Kind
from inscape.errors import FormatError
from inscape.painting.brush import DEFAULT_UNITS, concept_units
from inscape.painting.learned_brush import BrushSet
from inscape.painting.paint import paint
from inscape.regions import box

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport
    from inscape.editing import UnitEdit

FILE = "example.json"
Pixels = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ExampleStroke(BaseModel):
    """A stroke of an example.

    Attributes:
        concept: Concept that is painted.
        layer: Layer whose units paint it.
        top: Number of the concept's best units, of a causal brush.
        kind: Of the brush.
        box: Where: x, y, width, height in pixels of the picture.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    concept: str
    layer: str
    top: int = Field(default=DEFAULT_UNITS, ge=1)
    kind: Kind = "causal"
    box: tuple[Pixels, Pixels, Pixels, Pixels]

    def edit(self, report: DissectionReport, brushes: BrushSet) -> UnitEdit:
        """What the stroke changes.

        Args:
            report: Of its layer, for a causal brush.
            brushes: The learned brushes of the model.

        Raises:
            ConceptError: No unit of the layer matches the concept.
            NotFoundError: The model has no such brush.
        """
        if self.kind != "causal":
            return brushes.find(self.concept, self.kind).draw(box(*self.box))
        return paint(concept_units(report, self.concept, self.top), box(*self.box))


class Example(BaseModel):
    """A picture of a model and strokes on it. `scripts/choose_example.py` ranks what may be chosen.

    Attributes:
        seed: Seed of the picture.
        strokes: In the order in which they are painted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, lt=2**32)
    strokes: tuple[ExampleStroke, ...] = Field(min_length=1)

    @classmethod
    def beside(cls, folder: Path) -> Example | None:
        """The example in the folder of a model; None where it has none.

        Raises:
            FormatError: The file is not an example.
        """
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            return cls.model_validate(storage.read_json(path))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise FormatError(f"{path} is not a painted example: {place}: {first['msg']}.") from error

    def write(self, folder: Path) -> Path:
        """Keep it in the folder of a model."""
        return storage.write_json(folder / FILE, self.model_dump(mode="json"))
