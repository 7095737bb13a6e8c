"""From what every unit adds to the parts that are shown: chosen, named, and placed on the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.dissection.evidence_parts import Part, Place, Unseen
from inscape.errors import UsageError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from inscape.dissection.report import DissectionReport

NAMES = 3
_SHARE = 0.05
"""Of a picture that is above a unit's threshold where no report of the maps says which threshold that is."""
_EVERY = 4
"""Rows and columns between those that this threshold is read on."""
_OFF = 0.25
"""A unit is off where its activation is below this share of its usual one."""


@dataclass(frozen=True, eq=False)
class Added:
    """What every unit of a layer adds to one number.

    Attributes:
        layer: What the units are called after: that of the maps where there are some.
        contributions: Of every unit.
        activations: Pooled, of every unit.
        maps: Where each is active; None where the layer has no places.
        weights: Of one class; None where the number is not linear in the units.
        all_weights: Of all classes.
        classes: Their names.
        size: Height and width of the picture.
        mean: Whether activations are means over the places of the maps, as a report of their layer has them.
    """

    layer: str
    contributions: Float[np.ndarray, "unit"]
    activations: Float[np.ndarray, "unit"]
    maps: Float[Tensor, "unit height width"] | None
    size: int
    weights: Float[np.ndarray, "unit"] | None = None
    all_weights: Float[Tensor, "class unit"] | None = None
    classes: tuple[str, ...] = ()
    mean: bool = True


@dataclass(frozen=True, eq=False)
class Naming:
    """What is known of the units.

    Attributes:
        added: What they add.
        report: A dissection of their layer; None where there is none.
    """

    added: Added
    report: DissectionReport | None

    @classmethod
    def checked(
        cls, added: Added, report: DissectionReport | None, model: str, layers: Sequence[str]
    ) -> Naming:
        """With a report that must be one of these units.

        Args:
            added: What they add.
            report: The report.
            model: Name of the model.
            layers: The layers that have these units.

        Raises:
            UsageError: The report is of another model or layer.
        """
        if report is not None:
            units = len(added.contributions)
            if report.model != model or report.layer not in layers or len(report.findings) != units:
                raise UsageError(
                    f"The report is of {len(report.findings)} units of {report.layer!r} of {report.model!r}; "
                    f"expected one of {units} units of {' or '.join(map(repr, layers))} of {model!r}.",
                    f"Make one with `inscape dissect {model} --layer {layers[0]}`.",
                )
        return cls(added, report)

    def concept(self, unit: int) -> str | None:
        """What the report names a unit after."""
        if self.report is None:
            return None
        finding = self.report.findings[unit]
        return finding.concept_best if finding.counts else None

    def weighs_for(self, unit: int) -> tuple[str, ...]:
        """The classes that a unit weighs most for."""
        if self.added.all_weights is None:
            return ()
        first = self.added.all_weights[:, unit].topk(min(NAMES, len(self.added.all_weights))).indices
        return tuple(self.added.classes[number] for number in first.tolist())

    @cached_property
    def usual(self) -> Float[np.ndarray, "unit"] | None:
        """What each unit's activation usually is: in the report, else that of the units here in the mean.

        None where activations are those of a token, and no report is of that token.
        """
        if not self.added.mean and (self.report is None or self.report.layer == self.added.layer):
            return None
        if self.report is None:
            return np.full(len(self.added.activations), max(0.0, float(self.added.activations.mean())))
        return self.report.values.mean.double().numpy()

    def unseen(self, count: int) -> tuple[Unseen, ...]:
        """Units that usually speak for the class, and are off here; the weightiest first."""
        weights, activations = self.added.weights, self.added.activations
        if weights is None or self.usual is None:
            return ()
        usual = weights * self.usual
        off = (usual > 0) & (activations < _OFF * self.usual)
        order = np.argsort(-np.where(off, usual, 0), kind="stable")[:count]
        return tuple(
            Unseen(
                int(unit),
                self.concept(unit),
                float(usual[unit]),
                float(self.added.contributions[unit]),
                self.weighs_for(unit),
            )
            for unit in order.tolist()
            if off[unit]
        )

    def parts(self, top: int) -> tuple[tuple[Part, ...], Bool[np.ndarray, "part size size"] | None]:
        """The parts that speak for it and half as many against it, and their regions."""
        contributions = self.added.contributions
        order = np.argsort(-contributions, kind="stable")
        speaking = [unit for unit in order[:top].tolist() if contributions[unit] > 0]
        against = [unit for unit in order[::-1][: (top + 1) // 2].tolist() if contributions[unit] < 0]
        units = [*speaking, *reversed(against)]
        places, masks = self._places(units)
        parts = tuple(
            Part(
                unit,
                self.concept(unit),
                float(contributions[unit]),
                place,
                float(self.added.activations[unit]),
                self.weighs_for(unit),
            )
            for unit, place in zip(units, places, strict=True)
        )
        return parts, masks

    def _places(
        self, units: list[int]
    ) -> tuple[list[Place | None], Bool[np.ndarray, "part size size"] | None]:
        maps, size = self.added.maps, self.added.size
        if maps is None or not units:
            return [None] * len(units), None
        values = torch.nn.functional.interpolate(
            maps[None, units].float(), (size, size), mode="bilinear", align_corners=False
        )[0]
        masks = self._inside(units, values).numpy()
        return [_place(value, mask) for value, mask in zip(values.numpy(), masks, strict=True)], masks

    def _inside(
        self, units: list[int], values: Float[Tensor, "part size size"]
    ) -> Bool[Tensor, "part size size"]:
        """The top share of the report's pictures, or of this one where there is no report of these maps."""
        if self.report is not None and self.report.layer == self.added.layer:
            found = [self.report.findings[unit] for unit in units]
            # a unit that saturates in more than its top share is nowhere above that threshold
            levels = torch.tensor([each.threshold if each.iou > 0 else each.threshold_best for each in found])
            return values > levels[:, None, None]
        flat = values[:, ::_EVERY, ::_EVERY].flatten(1)
        rank = flat.shape[1] - max(1, int(_SHARE * flat.shape[1])) + 1
        levels = flat.kthvalue(rank, dim=1).values
        return (values >= levels[:, None, None]) & (values > 0)


def _place(values: Float[np.ndarray, "size size"], inside: Bool[np.ndarray, "size size"]) -> Place | None:
    if not inside.any():
        return None
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    y, x = np.unravel_index(int(values.argmax()), values.shape)
    left, top = int(columns[0]), int(rows[0])
    box = (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
    return Place(box, float(inside.mean()), (int(x), int(y)))
