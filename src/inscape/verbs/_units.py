"""The units that a verb uses: those of a concept, or hand-picked ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.errors import LayerError, NotFoundError, UsageError
from inscape.verbs._generators import parse_numbers

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport, UnitSet
    from inscape.dissection.insertion import Value
    from inscape.models import Generator


@dataclass(frozen=True)
class Choice:
    """The options that choose units.

    Args:
        concept: The concept whose best units are used if no units are named.
        units: Hand-picked units, as typed.
        top: Number of units of the concept.
        layer: The layer asked for; the report's own where none is.
        report: The folder of a dissection; the one beside the model's weights where none is.
        rank: What the concept's units are ordered by, as typed; see `order_units`.
    """

    concept: str | None
    units: str | None
    top: int
    layer: str | None
    report: Path | None
    rank: str | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, before anything is opened."""
        if self.units is None and self.concept is None:
            raise UsageError(
                "A concept or units are needed, got neither. Name --concept door or --units 3,17."
            )
        if self.units is not None:
            parse_numbers(self.units, "Units")
        if self.rank is not None:
            from inscape.dissection.ordering import check_rank

            check_rank(self.rank)

    def take(self, generator: Generator, source: str, *, values: bool) -> UnitSet:
        """The units.

        Args:
            generator: The opened model.
            source: How the person named it.
            values: Whether they will be drawn with; hand-picked units that are only switched off need no
                dissection.

        Raises:
            LayerError, ConceptError, UnitError: A name or number that the model does not have, or a concept
                that no unit counts for.
            NotFoundError: A dissection is needed, and the model has none.
            FormatError: The report is damaged.
        """
        numbers = None if self.units is None else parse_numbers(self.units, "Units")
        if numbers is not None and not values and self.report is None:
            from inscape.dissection.variants import bare_units

            return bare_units(generator, self.layer, numbers)
        from inscape.dissection.ordering import check_rank
        from inscape.painting import concept_units

        report = find_report(generator, source, self.layer, self.report)
        if numbers is not None:
            return report.unit_set(numbers)
        assert self.concept is not None
        return concept_units(report, self.concept, self.top, rank=check_rank(self.rank))


def parse_value(text: str) -> Value:
    """Parse the value of units that are switched on.

    Raises:
        UsageError: It is neither mean nor quantile nor a number.
    """
    known: dict[str, Value] = {"mean": "mean", "quantile": "quantile"}
    if text in known:
        return known[text]
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"The value is mean, quantile or a level such as 0.995, got {text!r}.") from error


def segmenter_for(generator: Generator, given: str | None, report: Path | None) -> str | None:
    """The name of a generator's segmenter: as given, else the card's, else the report's."""
    named = given or generator.card.segmenter
    if named is not None or report is None:
        return named
    from inscape.reports import read_report_json

    kept = read_report_json(report).get("segmenter")
    return kept if isinstance(kept, str) else None


def find_report(
    generator: Generator, source: str, layer: str | None, folder: Path | None
) -> DissectionReport:
    """The dissection that a verb takes its units from.

    Args:
        generator: The opened model.
        source: How the person named it.
        layer: The layer asked for; the report's own where none is.
        folder: The report asked for; otherwise the one beside the model's weights.

    Raises:
        LayerError: The model has no such layer, or the report is of another one.
        NotFoundError: The model has no report.
        FormatError: The folder holds no whole report.
    """
    from inscape.dissection import DissectionReport
    from inscape.models import folder_of, names

    if layer is not None:
        generator.layer(layer)
    if folder is None:
        folder = (folder_of(source) if source in names() else Path(source)) / "report"
        if not (folder / "report.json").is_file():
            labels = "" if generator.card.segmenter else " --segmenter NAME"
            raise NotFoundError(
                f"Model {source!r} has no dissection report, which matches units with concepts.",
                f"Make one with `inscape dissect {source}{labels} --out report`, then add --report report.",
            )
    report = DissectionReport.load(folder)
    if layer is not None and report.layer != layer:
        raise LayerError(
            f"The dissection in {folder} is of {report.layer!r}, not of {layer!r}.",
            f"Make one: `inscape dissect {source} --layer {layer} --out report`, then add --report report.",
        )
    return report
