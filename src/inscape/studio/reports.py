"""Reports of layers as the page needs them: shipped with a model, or made here and kept."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import ConceptError, FormatError, NotDissectedError, UnitError, unknown_name
from inscape.reports import read_report_json
from inscape.studio.colours import colour_of
from inscape.studio.library import Library
from inscape.studio.schemas import BrushInfo, BrushList, ReportInfo, UnitInfo, UnitRow

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport

LEAST_IOU = 0.05
DEFAULT_TOP = 20


class Reports:
    """Where reports are and what they say.

    Args:
        library: The models.
        folder: Where reports made here are kept.
    """

    def __init__(self, library: Library, folder: Path) -> None:
        self._library = library
        self._folder = folder
        self._loaded: dict[Path, tuple[float, DissectionReport]] = {}

    def kept_at(self, model: str, layer: str) -> Path:
        """The folder for a report that is made here; another for other weights of the same name."""
        self._library.card(model).layer(layer)
        weights = self._library.folder(model) / "weights.safetensors"
        key = _hash_of(weights, weights.stat().st_mtime_ns)[:12] if weights.is_file() else "none"
        return self._folder / f"{storage.content_key(model)[:8]}-{key}" / layer

    def find(self, model: str, layer: str) -> Path | None:
        """The folder of a layer's report; `None` where it has not been dissected.

        Raises:
            ModelNotFoundError, LayerError: There is no such model or layer.
        """
        shipped = self._library.folder(model) / "report"
        for folder in (self.kept_at(model, layer), shipped / layer, shipped):
            if (folder / "report.json").is_file() and self._document(folder).get("layer") == layer:
                return folder
        return None

    def has(self, model: str, layer: str) -> bool:
        """Whether a layer has been dissected."""
        return self.find(model, layer) is not None

    def load(self, model: str, layer: str) -> DissectionReport:
        """The whole report; called in the compute thread.

        Raises:
            NotDissectedError: The layer has not been dissected.
        """
        from inscape.dissection import DissectionReport

        folder = self._need(model, layer)
        stamp = (folder / "report.json").stat().st_mtime
        if folder not in self._loaded or self._loaded[folder][0] != stamp:
            self._loaded[folder] = (stamp, DissectionReport.load(folder))
        return self._loaded[folder][1]

    def describe(self, model: str, layer: str) -> ReportInfo:
        """The report as the page shows it."""
        folder = self.find(model, layer)
        if folder is None:
            return ReportInfo(model=model, layer=layer, dissected=False)
        document = self._document(folder)
        names = [str(row["name"]) for row in document["vocabulary"]]
        return ReportInfo(
            model=model,
            layer=layer,
            dissected=True,
            images=document["images"],
            segmenter=document.get("segmenter"),
            units=[_row(model, layer, row) for row in document["units"]],
            rankings=document["rankings"],
            concepts=document["concepts"],
            colours={name: colour_of(name, number) for number, name in enumerate(names)},
            seconds=document["seconds"],
        )

    def unit(self, model: str, layer: str, unit: int) -> UnitInfo:
        """One unit in full; called in the compute thread.

        Raises:
            UnitError: There is no such unit.
        """
        report = self.load(model, layer)
        self._check_unit(model, layer, unit)
        values = report.values
        best = values.iou_best[:, unit].tolist()
        names = report.vocabulary.names
        ranked = sorted(zip(names, best, strict=True), key=lambda pair: -pair[1])
        means = values.conditional_mean[:, unit].tolist()
        return UnitInfo(
            row=_row(model, layer, self._document(self._need(model, layer))["units"][unit]),
            concepts=[(name, iou) for name, iou in ranked if iou > 0],
            conditional_mean=dict(zip(names, means, strict=True)),
            quantiles=list(zip(values.levels, values.quantiles[:, unit].tolist(), strict=True)),
            seeds=[int(seed) for seed in report.top.seeds[unit].tolist()],
        )

    def strip(self, model: str, layer: str, unit: int) -> bytes:
        """The strip of a unit's top pictures, a WebP file.

        Raises:
            UnitError: There is no such unit.
            NotDissectedError: The layer has not been dissected.
        """
        self._check_unit(model, layer, unit)
        path = self._need(model, layer) / "thumbnails" / f"unit-{unit:04d}.webp"
        try:
            return path.read_bytes()
        except OSError as error:
            raise FormatError(
                f"{path} cannot be read: {error.strerror}.", "Dissect the layer again."
            ) from error

    def brushes(self, model: str, layer: str | None) -> BrushList:
        """The concepts that units of a layer match, those with most units first."""
        name = (
            self._library.paintable(model).layer(layer or self._library.card(model).default_layer or "").name
        )
        folder = self.find(model, name)
        if folder is None:
            return BrushList(model=model, layer=name, dissected=False, brushes=[])
        document = self._document(folder)
        found = document.get("matches")  # reports of earlier versions have none
        counts: dict[str, int] = self.load(model, name).matches if found is None else found
        brushes = []
        for number, concept in enumerate(document["vocabulary"]):
            units = _best(document, str(concept["name"]))
            if counts.get(concept["name"]) and units:
                brushes.append(_brush(model, name, concept, number, units))
        brushes.sort(key=lambda brush: (brush.plane != "object", -counts[brush.concept]))
        objects = [str(each["name"]) for each in document["vocabulary"] if each["plane"] == "object"]
        absent = [concept for concept in objects if not counts.get(concept)]
        return BrushList(model=model, layer=name, dissected=True, brushes=brushes, absent=absent)

    def thumbnail(self, model: str, layer: str | None, concept: str) -> bytes:
        """The strongest picture of a brush's best unit, its region marked, as WebP.

        Raises:
            ConceptError: No unit matches that concept.
        """
        from PIL import Image

        name = (
            self._library.paintable(model).layer(layer or self._library.card(model).default_layer or "").name
        )
        document = self._document(self._need(model, name))
        units = _best(document, concept)
        if not units:
            raise ConceptError(*unknown_name("brush", concept[:120], document["rankings"]))
        size = int(document["thumbnails"]["size"])
        with Image.open(io.BytesIO(self.strip(model, name, units[0]))) as strip:
            stream = io.BytesIO()
            strip.crop((0, 0, size, size)).save(stream, "WEBP", quality=85)
        return stream.getvalue()

    def _need(self, model: str, layer: str) -> Path:
        folder = self.find(model, layer)
        if folder is None:
            raise NotDissectedError(
                f"layer {layer!r} of {model!r} has not been dissected yet.",
                "Start its dissection on the page Units.",
            )
        return folder

    def _check_unit(self, model: str, layer: str, unit: int) -> None:
        count = self._library.card(model).layer(layer).units
        if not 0 <= unit < count:
            raise UnitError(f"layer {layer!r} has units 0 to {count - 1}, got {unit}.")

    def _document(self, folder: Path) -> dict[str, Any]:
        return _read(folder, (folder / "report.json").stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(folder: Path, stamp: int) -> dict[str, Any]:
    """`report.json`, once per state of the file."""
    return read_report_json(folder)


@lru_cache(maxsize=64)
def _hash_of(path: Path, stamp: int) -> str:
    return storage.file_hash(path)


def _best(document: dict[str, Any], concept: str) -> list[int]:
    return [int(unit) for unit, iou in document["rankings"].get(concept, ()) if iou > 0][:64]


def _row(model: str, layer: str, row: dict[str, Any]) -> UnitRow:
    passes = row["concept_best"] is not None and row["iou_best"] > max(LEAST_IOU, row["chance"])
    return UnitRow(
        **row, passes=passes, strip=f"api/models/{model}/layers/{layer}/units/{row['unit']}/strip.webp"
    )


def _brush(model: str, layer: str, concept: dict[str, Any], number: int, units: list[int]) -> BrushInfo:
    name = str(concept["name"])
    return BrushInfo(
        concept=name,
        plane=str(concept["plane"]),
        colour=colour_of(name, number),
        layer=layer,
        units=units,
        top=min(DEFAULT_TOP, len(units)),
        thumbnail=f"api/models/{model}/brushes/{name}/thumbnail.webp?layer={layer}",
    )
