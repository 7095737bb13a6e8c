"""The evidence for an output: the units that spoke for it and against it, and where they look."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from jaxtyping import UInt8

from inscape import storage
from inscape.dissection._evidence_page import DELETION, curve, curves, page
from inscape.dissection._sprites import marked
from inscape.dissection.evidence_parts import SAID, CurvePoint, EvidenceFields, Part, Place, Unseen
from inscape.pictures import Picture
from inscape.reports import Link, Page, Report
from inscape.reports.report import VALUES
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame
    from torch import Tensor

_PICTURE = "picture.png"


@dataclass(frozen=True, eq=False)
class Evidence(EvidenceFields, Report):
    """The evidence for one output on one picture; see `EvidenceFields` for its content."""

    kind: ClassVar[str] = "explain"

    def heading(self) -> str:
        """Class and picture."""
        return f"Why {self.class_name}? · {self.picture}"

    def facts(self) -> str:
        """The main figures in one line."""
        off = f", units {', '.join(map(str, self.off))} off" if self.off else ""
        return (
            f"{self.model} · {self.layer}{off} · logit {self.logit:.2f} · "
            f"{len(self.parts)} parts ({SAID[self.method]}), remainder {self.remainder:+.2f}"
        )

    def sentence(self) -> str:
        """What was seen, what spoke against, and what was not seen."""
        seen = [part for part in self.parts if part.contribution > 0][:6]
        against = [part for part in self.parts if part.contribution < 0][::-1][:3]
        lines = [f"{self.class_name}, logit {self.logit:.2f} ({SAID[self.method]})"]
        lines += [f"I saw: {', '.join(f'{part.name} {part.contribution:+.2f}' for part in seen)}"]
        if against:
            said = ", ".join(f"{part.name} {part.contribution:+.2f}" for part in against)
            lines.append(f"Against: {said}")
        if self.unseen:
            named = [f"unit {each.unit} {each.concept or ''}".strip() for each in self.unseen[:5]]
            lines.append(f"Not seen: {', '.join(named)}")
        return "\n".join(lines)

    def table(self) -> DataFrame:
        """A row per part."""
        from pandas import DataFrame

        return DataFrame(
            [
                {
                    "unit": part.unit,
                    "concept": part.concept,
                    "contribution": part.contribution,
                    "activation": part.activation,
                    "weighs_for": ", ".join(part.weighs_for),
                    "share": None if part.region is None else part.region.share,
                }
                for part in self.parts
            ]
        )

    def figure(self) -> str:
        """The curve of deletion."""
        return curve(self.deletion, *DELETION, self)

    def curves(self) -> str:
        """The curves of deletion and insertion, a figure each, as HTML that needs nothing beside it."""
        return curves(self)

    def page(self, link: Link) -> Page:
        """The first classes, the parts with their regions, what was not seen, and the curves."""
        return page(self, self.heading(), self.facts(), link)

    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """The picture, and a picture for each part that has a region."""
        found: dict[str, Callable[[], bytes]] = {_PICTURE: self.picture_file}
        for place in range(len(self.parts)):
            name = self.file_of(place)
            if name is not None:
                found[name] = partial(self.marked, place)
        return found

    def tensors(self) -> Mapping[str, Tensor]:
        """The regions."""
        import torch

        return {} if self.masks is None else {"masks": torch.from_numpy(self.masks.astype(np.uint8))}

    def picture_file(self) -> bytes:
        """The picture, a PNG file."""
        return Picture(self.pixels).png()

    def marked(self, place: int) -> bytes:
        """The picture with the region of a part in full brightness, a PNG file."""
        assert self.masks is not None
        return Picture(marked(self.pixels, self.masks[place])).png()

    def mask_file(self, place: int) -> bytes:
        """The region of a part alone: white on transparent, a PNG file."""
        assert self.masks is not None
        from PIL import Image

        inside, stream = self.masks[place].astype(np.uint8) * 255, io.BytesIO()
        Image.fromarray(np.dstack([np.full_like(inside, 255)] * 3 + [inside])).save(stream, "PNG")
        return stream.getvalue()

    def to_json(self) -> JsonObject:
        """The content of `report.json`."""
        parts = []
        for place, part in enumerate(self.parts):
            row = asdict(part)
            if row["region"] is not None:
                row["region"]["file"] = self.file_of(place)
            parts.append(row)
        return {
            "schema_version": self.versions[-1],
            "kind": self.kind,
            "model": self.model,
            "layer": self.layer,
            "method": self.method,
            "picture": self.picture,
            "class": self.class_name,
            "logit": self.logit,
            "classes": [list(row) for row in self.classes],
            "parts": parts,
            "remainder": self.remainder,
            "unseen": [asdict(each) for each in self.unseen],
            "deletion": [asdict(point) for point in self.deletion],
            "insertion": [asdict(point) for point in self.insertion],
            "off": list(self.off),
            "named_by": self.named_by,
            "box": None if self.box is None else list(self.box),
        }

    @classmethod
    def read(cls, document: JsonObject, folder: Path) -> Self:
        """The report of a `report.json`, and of the files beside it."""
        parts = []
        for row in document["parts"]:
            place = row["region"]
            if place is not None:
                place = Place(tuple(place["box"]), float(place["share"]), tuple(place["peak"]))
            parts.append(Part(**{**row, "region": place, "weighs_for": tuple(row["weighs_for"])}))
        held = (folder / VALUES).is_file()
        unseen = tuple(
            Unseen(**{**row, "weighs_for": tuple(row["weighs_for"])}) for row in document["unseen"]
        )
        box = document["box"]
        return cls(
            model=str(document["model"]),
            layer=str(document["layer"]),
            method=str(document["method"]),
            picture=str(document["picture"]),
            class_name=str(document["class"]),
            logit=float(document["logit"]),
            classes=tuple((str(name), float(one), float(two)) for name, one, two in document["classes"]),
            parts=tuple(parts),
            remainder=float(document["remainder"]),
            unseen=unseen,
            deletion=_points(document["deletion"]),
            insertion=_points(document["insertion"]),
            off=tuple(int(unit) for unit in document["off"]),
            named_by=document["named_by"],
            box=None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            pixels=_read(folder / _PICTURE),
            masks=storage.load_tensors(folder / VALUES)[0]["masks"].numpy() > 0 if held else None,
        )


def _points(rows: list[JsonObject]) -> tuple[CurvePoint, ...]:
    def band(values: list[float]) -> tuple[float, float, float]:
        mean, low, high = map(float, values)
        return mean, low, high

    return tuple(
        CurvePoint(int(row["units"]), float(row["best"]), band(row["random"]), band(row["active"]))
        for row in rows
    )


def _read(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    from PIL import Image

    with Image.open(io.BytesIO(path.read_bytes())) as image:
        return np.asarray(image.convert("RGB"))
