"""The report of roles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from inscape.reports import Link, Page, Report, bars, escape, percent
from inscape.reports.plots import Axes, Curve, plot
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame

CHANCE = 0.5
"""Balanced accuracy of a guess."""
NEAR = 0.05
"""A class is at chance where its balanced accuracy is no further above it."""


class Carried(NamedTuple):
    """What a class loses with one unit off alone.

    Attributes:
        unit: The unit.
        lost: Balanced accuracy of the class that is lost.
        margin: How much of the class's lead over the best other class is lost, in logits.
    """

    unit: int
    lost: float
    margin: float


class CurvePoint(NamedTuple):
    """Balanced accuracy of a class with several units off.

    Attributes:
        off: How many.
        accuracy: With the units off that carry most.
        random: Mean over random sets.
        interval: What 95 % of the random sets leave.
        least: With the units off that carry least.
    """

    off: int
    accuracy: float
    random: float
    interval: tuple[float, float]
    least: float


@dataclass(frozen=True)
class AttackFinding:
    """What a targeted attack moves.

    Attributes:
        pictures: How many pictures of other classes were attacked.
        size: The largest change of a value, in grey levels of 255.
        reached: Share of them that are then taken for the class.
        correlation: Rank correlation, over units, of how far their mean is moved with what they carry of the
            class and of the classes that the pictures were of.
        target: The same with what they carry of the class alone.
        peaks: The first with how far their largest value is moved, as in the paper.
        shuffled: Mean of `correlation` where units are shuffled.
        shuffled_high: Its size stays below this in 95 % of shuffles.
        moved: Units and the mean size of the change of their mean, most first.
        signed: By unit, the mean change with its sign.
        carried: By unit, what it carries of these classes: how much of their leads is lost without it.
    """

    pictures: int
    size: float
    reached: float
    correlation: float
    target: float
    peaks: float
    shuffled: float
    shuffled_high: float
    moved: list[tuple[int, float]]
    signed: list[float]
    carried: list[float]


@dataclass(frozen=True)
class RolesReport(Report):
    """Which units carry one class, and which an attack towards it moves.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        name: The class.
        source: What the model was shown.
        images: Number of pictures that have a class.
        seed: Seed or number of the first.
        controls: Random sets of each size.
        before: Balanced accuracy of the class with no unit off.
        whole: Share of the pictures whose class is right, over all classes.
        carried: Every unit, those that carry most first, chosen on one half of the pictures.
        accuracy: Curves over how many units are off, measured on the other half.
        attack: What an attack moves; None where none was made.
    """

    kind: ClassVar[str] = "roles"

    model: str
    layer: str
    name: str
    source: str
    images: int
    seed: int
    controls: int
    before: float
    whole: float
    carried: list[Carried]
    accuracy: list[CurvePoint]
    attack: AttackFinding | None

    @property
    def enough(self) -> CurvePoint | None:
        """The fewest units that bring the class to within 5 points of chance; None where no set does."""
        return next((point for point in self.accuracy if point.accuracy <= CHANCE + NEAR), None)

    def to_json(self) -> JsonObject:
        """The content of `report.json`; the class is under "class"."""
        document = super().to_json()
        document["class"] = document.pop("name")
        points = self.accuracy
        document["accuracy"] = [
            [each.off, each.accuracy, each.random, list(each.interval)] for each in points
        ]
        document["least"] = [[each.off, each.least] for each in points]
        return document

    @classmethod
    def read(cls, document: JsonObject, folder: Path) -> Self:
        """The report of a `report.json`."""
        document = {**document, "name": document["class"]}
        least = [value for _, value in document.pop("least")]
        del document["class"]
        document["accuracy"] = [[*row, value] for row, value in zip(document["accuracy"], least, strict=True)]
        return super().read(document, folder)

    def table(self) -> DataFrame:
        """A row per unit: what the class loses without it, and how far an attack moves it."""
        from pandas import DataFrame

        moved = dict(self.attack.moved) if self.attack else {}
        signed = dict(enumerate(self.attack.signed)) if self.attack else {}
        return DataFrame(
            [
                {**each._asdict(), "moved": moved.get(each.unit), "change": signed.get(each.unit)}
                for each in self.carried
            ]
        )

    def heading(self) -> str:
        """Class, layer and model."""
        return f"Units of {self.layer} of {self.model} that carry {self.name!r}"

    def facts(self) -> str:
        """The main figures in one line."""
        said = [f"Balanced accuracy {percent(self.before)} ({self.images} pictures of {self.source})"]
        last = self.enough or self.accuracy[-1]
        low, high = last.interval
        said.append(
            f"{percent(last.accuracy)} with the best {last.off} units off, random units "
            f"{percent(low)} to {percent(high)}"
        )
        if self.attack is not None:
            said.append(
                f"rank correlation of carried and moved by an attack {self.attack.correlation:.2f}, shuffled "
                f"{self.attack.shuffled:.2f}"
            )
        return "; ".join(said)

    def figure(self) -> str:
        """The curves."""
        points = [each for each in self.accuracy if each.off]
        curves = [
            Curve("units that carry most", [(each.off, each.accuracy) for each in points]),
            Curve("units that carry least", [(each.off, each.least) for each in points]),
            Curve(
                f"{self.controls} random sets, 95 %",
                [(each.off, each.random) for each in points],
                [each.interval for each in points],
                dashed=True,
            ),
        ]
        axes = Axes("units off", f"balanced accuracy of {self.name}", True, bottom=0.45, top=1.0)
        return plot(f"Accuracy of {self.name} with units of {self.layer} off", curves, axes)

    def page(self, link: Link) -> Page:
        """The curves, the units that carry most, the attack and the table."""
        figure, table = self.figure(), self.table().to_html(escape=True, index=False, border=0)
        most = max(abs(each.margin) for each in self.carried) or 1.0
        rows = bars(
            (f"unit {each.unit}", each.margin / most, f"{100 * each.lost:.1f} points, lead {each.margin:.2f}")
            for each in self.carried[:20]
        )
        said = (
            "Balanced accuracy, and how much of its lead over the best other class the class loses on its "
            "pictures, in logits."
        )
        body = (
            f'{figure}<h2>Lost with one unit off</h2><p class="note">{said}</p>{rows}{self._attack()}'
            f'<h2>All units</h2><div class="table">{table}</div>'
        )
        return Page(self.heading(), self.facts(), figure, body)

    def _attack(self) -> str:
        found = self.attack
        if found is None:
            return ""
        return (
            f"<h2>An attack towards {escape(self.name)}</h2>"
            f"<p>{found.pictures} pictures of other classes, changed by at most {found.size:g} grey levels "
            f"(projected gradient descent): {percent(found.reached)} are then taken for {escape(self.name)}. "
            f"Rank correlation of how far units move with what they carry of this class and of those "
            f"that the pictures were of: <b>{found.correlation:.2f}</b>; of this class alone "
            f"{found.target:.2f}; of largest values instead of means {found.peaks:.2f}. With units shuffled "
            f"{found.shuffled:.2f} on average, in 95 % of shuffles at most "
            f"{found.shuffled_high:.2f} from 0.</p>{self._cloud()}"
        )

    def _cloud(self) -> str:
        """How far units are moved, by their place in the order of what they carry, in equal groups."""
        assert self.attack is not None
        moved, carried = dict(self.attack.moved), self.attack.carried
        order = sorted(moved, key=lambda unit: -carried[unit])
        size = max(1, len(order) // 16)
        groups = [order[start : start + size] for start in range(0, len(order) - size + 1, size)]
        means = [sum(moved[unit] for unit in group) / size for group in groups]
        flat = sum(moved.values()) / len(moved)
        places = [start * size + size / 2 for start in range(len(groups))]
        curves = [
            Curve("by what they carry", list(zip(places, means, strict=True))),
            Curve("mean of all units", [(place, flat) for place in places], dashed=True),
        ]
        axes = Axes("place in the order of what units carry", "mean change", bottom=0.0)
        return plot(f"Units that an attack towards {self.name} moves", curves, axes)
