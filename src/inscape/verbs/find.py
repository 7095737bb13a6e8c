"""`inscape find`: units for a concept of one's own, which no segmenter knows."""

from __future__ import annotations

import runpy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import UsageError, unknown_name
from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, FreshSeed, Layer, ModelName
from inscape.verbs._parameters import Option
from inscape.verbs._reports import Folder, Html, check_places, write_report
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.dissection.concept_search import Predicate, Shown, UnitSearch
    from inscape.models import Generator
    from inscape.progress import Progress
    from inscape.regions import Region

WAYS = ("predicate", "strokes", "examples")


@dataclass(frozen=True)
class FindRequest(Request):
    """Find the units for a concept of your own, without a segmenter.

    A predicate is a Python function of yours. It takes pictures, uint8 [picture, height, width, 3], and
    returns for each whether it shows the concept. Inscape runs the file that holds it.
    """

    model: ModelName
    by: Annotated[str, Option("How you show the concept: predicate, strokes or examples.")]
    show: Annotated[
        str,
        Option(
            "What shows the concept: FILE.py:FUNCTION for a predicate, SEED:X,Y,W,H with spaces between for "
            "strokes, or seeds such as 3,17,40-42 for examples."
        ),
    ]
    layer: Layer = None
    images: Annotated[int, Option("Number of pictures to search."), Ge(2)] = 1000
    seed: FreshSeed = 1_000_000
    classes: Classes = None
    out: Folder = None
    html: Html = None
    device: Device = "auto"

    def check(self) -> None:
        """Refuse a way that there is not, and strokes and seeds that cannot be parsed."""
        if self.by not in WAYS:
            raise UsageError(*unknown_name("way to show a concept", self.by, WAYS))
        if self.by != "predicate":
            self.shown()
        elif not all(self.show.rpartition(":")):
            raise UsageError(f"A predicate is FILE.py:FUNCTION, got {self.show!r}.")

    def shown(self) -> Shown:
        """What shows the concept; the file of a predicate is run."""
        from inscape.pictures import parse_seeds

        if self.by == "examples":
            return parse_seeds(self.show)
        return _predicate(self.show) if self.by == "predicate" else _strokes(self.show)


@dataclass(frozen=True)
class FindResult:
    """The units, the best first."""

    report: UnitSearch

    def to_json(self) -> Document:
        """The document that `--json` prints: of every unit its average precision."""
        units = [[found.unit, found.precision] for found in self.report.units]
        return {**self.report.to_json(), "units": units}

    def text(self) -> str:
        """What a person reads."""
        best = ", ".join(f"{each.unit} ({each.precision:.2f})" for each in self.report.units[:10])
        return f"{self.report.facts()} Best (chance {self.report.chance:.2f}): {best}"


def run(request: FindRequest, progress: Progress) -> FindResult:
    """Open the model and search its units.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator.
        LayerError: It has no such layer.
        UsageError: The file of a predicate cannot be run, or has no such function.
        ValueRangeError: No picture shows the concept, or all do.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    check_places(request.out, request.html)
    shown = request.shown()
    generator = open_generator(request.model, request.device, "find", request.classes, progress=progress)
    return FindResult(search_opened(generator, request, shown, progress))


def search_opened(generator: Generator, request: FindRequest, shown: Shown, progress: Progress) -> UnitSearch:
    """Search the units of a generator that is open already; errors are those of `run`.

    Args:
        generator: With the layer that the request names.
        request: Everything else.
        shown: What `request.shown()` gave: the file of a predicate is run once.
        progress: Told about pictures as they are done.
    """
    from inscape.dissection.concept_search import search_units

    found = search_units(
        generator, shown, layer=request.layer, images=request.images, seed=request.seed, progress=progress
    )
    write_report(found, request.out, request.html)
    return found


def _strokes(text: str) -> dict[int, Region]:
    from inscape.pictures import parse_seeds
    from inscape.regions import parse_box

    strokes: dict[int, Region] = {}
    for part in text.split():
        seed, _, where = part.partition(":")
        strokes |= dict.fromkeys(parse_seeds(seed), parse_box(where))
    return strokes


def _predicate(text: str) -> Predicate:
    path, _, name = text.rpartition(":")
    try:
        function = runpy.run_path(path).get(name)
    except Exception as error:
        raise UsageError(f"{path} cannot be run: {type(error).__name__}: {error}.") from error
    if not callable(function):
        raise UsageError(f"{path} has no function {name!r}.")
    predicate: Predicate = function
    return predicate
