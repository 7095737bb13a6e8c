"""The report of an atlas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from inscape.reports import Link, Page, Report, escape, percent
from inscape.reports.plots import Axes, Curve, plot
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame

_SHOWN = 24
"""Concepts in the table of the page, the most frequent first."""


class AtlasRow(NamedTuple):
    """A layer of a model.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: How many it has.
        concepts: How many of them detect each concept.
        control: How many units detect anything where label maps are shuffled between pictures.
        accuracy: Share of the pictures that the model tells right, where their classes are its own.
        place: Where the model stands along the axis of the plots.
        line: Models of one line are joined in the plots.
        labels: The concept that each unit detects.
    """

    model: str
    layer: str
    units: int
    concepts: dict[str, int]
    control: float
    accuracy: float | None
    place: float | None
    line: str
    labels: list[str | None]

    @property
    def detectors(self) -> int:
        """How many units detect a concept."""
        return sum(self.concepts.values())


class Change(NamedTuple):
    """What became of the units of a layer from one model to another.

    Attributes:
        before: Name of the first model.
        after: Name of the second.
        layer: The layer.
        units: How many it has.
        kept: Units that detect the same concept in both.
        switched: Units that detect another concept.
        born: Units that detect something only in the second.
        died: Units that detected something only in the first.
        from_to: `(before, after, units)` of the switched, the most frequent first.
    """

    before: str
    after: str
    layer: str
    units: int
    kept: int
    switched: int
    born: int
    died: int
    from_to: list[tuple[str, str, int]]

    @classmethod
    def between(cls, first: AtlasRow, second: AtlasRow) -> Change:
        """Compare the units of two rows with as many units, by number."""
        pairs = list(zip(first.labels, second.labels, strict=True))
        switches = Counter((old, new) for old, new in pairs if old and new and old != new)
        return cls(
            before=first.model,
            after=second.model,
            layer=first.layer,
            units=first.units,
            kept=sum(old is not None and old == new for old, new in pairs),
            switched=sum(switches.values()),
            born=sum(old is None and new is not None for old, new in pairs),
            died=sum(old is not None and new is None for old, new in pairs),
            from_to=[(old, new, count) for (old, new), count in switches.most_common()],
        )

    def frequent(self, count: int = 3) -> str:
        """The most frequent switches, as a person reads them."""
        return ", ".join(f"{old} → {new} {units}" for old, new, units in self.from_to[:count])

    @property
    def changed(self) -> int:
        """Units whose concept is another one, or that detect something in one of the models alone."""
        return self.switched + self.born + self.died


@dataclass(frozen=True)
class AtlasReport(Report):
    """What the units of several models or layers detect, side by side.

    Attributes:
        source: What the models were shown.
        images: Number of pictures.
        seed: Seed or number of the first.
        along: What the places of the rows are; empty where they have none.
        planes: The plane of each concept.
        rows: A layer of a model each.
        changes: What became of the units between models with the same layer.
    """

    kind: ClassVar[str] = "atlas"

    source: str
    images: int
    seed: int
    along: str
    planes: dict[str, str] = field(repr=False)
    rows: list[AtlasRow]
    changes: list[Change]

    def to_json(self) -> JsonObject:
        """The content of `report.json`."""
        document = super().to_json()
        document["rows"] = [row._asdict() for row in self.rows]
        document["changes"] = [change._asdict() for change in self.changes]
        return document

    def table(self) -> DataFrame:
        """A row per model and layer: detectors, those of the control, concepts, and detectors by plane."""
        from pandas import DataFrame

        return DataFrame(
            [
                {
                    "model": row.model,
                    "layer": row.layer,
                    "units": row.units,
                    "detectors": row.detectors,
                    "control": row.control,
                    "concepts": len(row.concepts),
                    **({} if row.accuracy is None else {"accuracy": row.accuracy}),
                    **{plane: self._of_plane(row, plane) for plane in self._planes},
                }
                for row in self.rows
            ]
        )

    def concept_table(self) -> DataFrame:
        """A row per concept, a column per model and layer: how many units detect it."""
        from pandas import DataFrame

        names = [f"{row.model} · {row.layer}" for row in self.rows]
        totals = Counter[str]()
        for row in self.rows:
            totals.update(row.concepts)
        order = [name for name, _ in totals.most_common()]
        columns = {
            name: [row.concepts.get(each, 0) for each in order]
            for name, row in zip(names, self.rows, strict=True)
        }
        return DataFrame({"concept": order, "plane": [self.planes[each] for each in order], **columns})

    @property
    def _planes(self) -> list[str]:
        """The planes with a detector anywhere, in the vocabulary's order."""
        met = {self.planes[name] for row in self.rows for name in row.concepts}
        return [plane for plane in dict.fromkeys(self.planes.values()) if plane in met]

    def _of_plane(self, row: AtlasRow, plane: str) -> int:
        return sum(count for name, count in row.concepts.items() if self.planes[name] == plane)

    def heading(self) -> str:
        """How much is compared."""
        models = len(dict.fromkeys(row.model for row in self.rows))
        layers = len(self.rows)
        return (
            f"Atlas of {models} model{'s' if models > 1 else ''}, {layers} layer{'s' if layers > 1 else ''}"
        )

    def facts(self) -> str:
        """The main figures in one line."""
        detectors = [row.detectors for row in self.rows]
        highest = max(row.control for row in self.rows)
        return (
            f"{min(detectors)} to {max(detectors)} detectors, with shuffled label maps at most {highest:g} · "
            f"{self.images} pictures of {self.source}"
        )

    def sentence(self) -> str:
        """A line for each row."""
        lines = []
        for row in self.rows:
            most = sorted(row.concepts.items(), key=lambda pair: -pair[1])[:4]
            named = ", ".join(f"{concept} {count}" for concept, count in most)
            right = "" if row.accuracy is None else f", accuracy {percent(row.accuracy)}"
            counted = f"{row.detectors} of {row.units} units, control {row.control:g}{right}"
            lines.append(f"{row.model} {row.layer}: {counted}: {named}")
        return "\n".join(lines)

    def figure(self) -> str:
        """Detectors along the rows, by line or by plane."""
        lines = self._lines()
        if len(lines) == 1:
            ((_, rows),) = lines.items()
            curves = [
                *(
                    Curve(plane, self._points(rows, partial(self._of_plane, plane=plane)))
                    for plane in self._planes
                ),
                Curve("all", self._points(rows, lambda row: row.detectors)),
                Curve("shuffled label maps", self._points(rows, lambda row: row.control), dashed=True),
            ]
        else:
            curves = [
                Curve(name, self._points(rows, lambda row: row.detectors)) for name, rows in lines.items()
            ]
            chance: dict[float, float] = {}
            for rows in lines.values():
                for place, value in self._points(rows, lambda row: row.control):
                    chance[place] = max(value, chance.get(place, 0.0))
            named = "shuffled label maps, the most of all lines"
            curves.append(Curve(named, sorted(chance.items()), dashed=True))
        return plot("Detectors", curves, self._axes("detectors"))

    def _lines(self) -> dict[str, list[AtlasRow]]:
        """The rows that are joined, by the name of their line."""
        found: dict[str, list[AtlasRow]] = {}
        for row in self.rows:
            found.setdefault(row.line, []).append(row)
        return found

    def _points(
        self, rows: Sequence[AtlasRow], value: Callable[[AtlasRow], float | None]
    ) -> list[tuple[float, float]]:
        found = [
            (float(number if row.place is None else row.place), value(row))
            for number, row in enumerate(rows, 1)
        ]
        return sorted((place, float(each)) for place, each in found if each is not None)

    def _axes(self, said: str) -> Axes:
        places = [row.place for row in self.rows if row.place is not None]
        wide = bool(places) and max(places) > 1000
        return Axes(self.along or "row of the table", said, wide, bottom=0.0)

    def page(self, link: Link) -> Page:
        """Plots, the table, what became of units, and the concepts side by side."""
        figure = self.figure()
        right = [
            Curve(name or "accuracy", self._points(rows, lambda row: row.accuracy))
            for name, rows in self._lines().items()
        ]
        right = [curve for curve in right if len(curve.points) > 1]
        accuracy = plot("Accuracy", right, self._axes("accuracy")) if right else ""
        table = self.table().round(4).to_html(escape=True, index=False, border=0, na_rep="–")
        concepts = self.concept_table().head(_SHOWN).to_html(escape=True, index=False, border=0)
        body = (
            f'{figure}{accuracy}<div class="table">{table}</div>{self._changes()}'
            f'<h2>Units by concept</h2><div class="table">{concepts}</div>'
        )
        return Page(self.heading(), self.facts(), figure, body)

    def _changes(self) -> str:
        if not self.changes:
            return ""
        head = "".join(
            f"<th>{name}</th>"
            for name in ("from", "to", "layer", "same", "switched", "born", "died", "most frequent switches")
        )
        rows = "".join(
            f"<tr><td>{escape(each.before)}</td><td>{escape(each.after)}</td><td>{escape(each.layer)}</td>"
            f"<td>{each.kept}</td><td>{each.switched}</td><td>{each.born}</td><td>{each.died}</td>"
            f"<td>{escape(each.frequent())}</td></tr>"
            for each in self.changes
        )
        return (
            f'<h2>What became of the units</h2><div class="table"><table><tr>{head}</tr>{rows}</table></div>'
        )
