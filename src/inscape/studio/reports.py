"""Reports of layers, shipped with a model or made here and kept, and brushes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import inscape
from inscape import storage
from inscape.brush_kinds import FILE
from inscape.errors import FormatError, ModelNotFoundError, NotDissectedError, UnitError
from inscape.reports import read_report_json
from inscape.studio.library import Library, Stamp, paints, stamp_of
from inscape.types import JsonObject

if TYPE_CHECKING:
    from inscape.painting import BrushSet


class Reports:
    """Where reports are and what they say.

    Args:
        library: The models.
        folder: Where reports made here are kept.
        given: Folders of further reports, which the person who started the studio named.
    """

    def __init__(self, library: Library, folder: Path, given: Sequence[Path] = ()) -> None:
        self._library, self._folder, self._given = library, folder, tuple(given)

    def check_given(self) -> None:
        """Refuse folders that were named at the start and would never be shown.

        Raises:
            FormatError: A folder holds no report.
            ModelNotFoundError: A report is of a model that the studio does not offer.
            LayerError: The model has no such layer.
        """
        for folder in self._given:
            document, offered = _document(folder), self._library.names()
            model, layer = str(document.get("model")), str(document.get("layer"))
            if model not in offered:
                raise ModelNotFoundError(
                    f"The report in {folder} is of the model {model!r}, which the studio does not offer. It "
                    f"offers {', '.join(offered)}.",
                    "Name the model too, with --model.",
                )
            self._library.card(model).layer(layer)

    def kept_at(self, model: str, layer: str) -> Path:
        """The folder for a report that is made here; another for other weights of the same name."""
        self._library.card(model).layer(layer)
        return self._folder / self.key_of(model) / layer

    def key_of(self, model: str) -> str:
        """What tells a model and its weights from others, for the name of a folder."""
        weights = self._library.folder(model) / "weights.safetensors"
        key = _hash_of(weights, stamp_of(weights))[:12] if weights.is_file() else "none"
        return f"{storage.content_key(model)[:8]}-{key}"

    def find(self, model: str, layer: str) -> Path | None:
        """The folder of a layer's report; `None` where it has not been dissected.

        Raises:
            ModelNotFoundError, LayerError: There is no such model or layer.
        """
        for folder in self._given:
            with suppress(FormatError):  # gone or damaged since the start: it spoils no other report
                document = _document(folder)
                if (document.get("model"), document.get("layer")) == (model, layer):
                    return folder
        shipped = self._library.folder(model) / "report"
        for folder in (self.kept_at(model, layer), shipped / layer, shipped):
            if (folder / "report.json").is_file() and _document(folder).get("layer") == layer:
                return folder
        return None

    def has(self, model: str, layer: str) -> bool:
        """Whether a layer has been dissected."""
        return self.find(model, layer) is not None

    def load(self, model: str, layer: str) -> inscape.DissectionReport:
        """The whole report; called in the compute thread.

        Raises:
            NotDissectedError: The layer has not been dissected.
        """
        folder = self._need(model, layer)
        return _loaded(folder, stamp_of(folder / "report.json"))

    def document(self, model: str, layer: str) -> JsonObject:
        """Its `report.json`.

        Raises:
            NotDissectedError: The layer has not been dissected.
        """
        return _document(self._need(model, layer))

    def brushes(self, model: str) -> BrushSet:
        """The brushes that lie beside a model's weights; none where it has no file of them.

        Raises:
            FormatError: The file is damaged.
        """
        from inscape.painting import BrushSet

        path = self._library.folder(model) / FILE
        return _brushes(path, stamp_of(path)) if path.is_file() else BrushSet(model, "")

    def strip(self, model: str, layer: str, unit: int) -> bytes:
        """The strip of a unit's top pictures, a WebP file.

        Raises:
            UnitError: There is no such unit.
            NotDissectedError: The layer has not been dissected.
        """
        self.check_unit(model, layer, unit)
        path = self._need(model, layer) / "thumbnails" / f"unit-{unit:04d}.webp"
        try:
            return path.read_bytes()
        except OSError as error:
            raise FormatError(
                f"{path} cannot be read: {error.strerror}.", "Dissect the layer again."
            ) from error

    def check_unit(self, model: str, layer: str, unit: int) -> None:
        """Refuse a unit that a layer does not have.

        Raises:
            UnitError: There is no such unit.
        """
        count = self._library.card(model).layer(layer).units
        if not 0 <= unit < count:
            raise UnitError(f"layer {layer!r} has units 0 to {count - 1}, got {unit}.")

    def _need(self, model: str, layer: str) -> Path:
        folder = self.find(model, layer)
        if folder is None:
            raise NotDissectedError(
                f"layer {layer!r} of {model!r} has not been dissected yet.",
                "Start its dissection on the page Units."
                if paints(self._library.card(model))
                else "Run `inscape dissect MODEL --source FOLDER`, and start the studio with --report.",
            )
        return folder


def _document(folder: Path) -> JsonObject:
    return _read(folder, stamp_of(folder / "report.json"))


@lru_cache(maxsize=64)
def _read(folder: Path, stamp: Stamp) -> JsonObject:
    """`report.json`, once per state of the file."""
    return read_report_json(folder)


@lru_cache(maxsize=64)
def _loaded(folder: Path, stamp: Stamp) -> inscape.DissectionReport:
    """The whole report, once per state of the file."""
    return inscape.DissectionReport.load(folder)


@lru_cache(maxsize=64)
def _brushes(path: Path, stamp: Stamp) -> BrushSet:
    """The brushes, once per state of the file."""
    from inscape.painting import BrushSet

    return BrushSet.load(path)


@lru_cache(maxsize=64)
def _hash_of(path: Path, stamp: Stamp) -> str:
    return storage.file_hash(path)
