"""What an explanation holds: the parts of a number, where they are, and what was not seen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, UInt8

SAID = {
    "linear": "exact: pooled features times class weights",
    "gradients": "integrated gradients",
    "ablation": "each unit alone off",
}
"""What people read of a method."""
SETS = {"linear": 20, "gradients": 4, "ablation": 4}
"""Random sets of a curve, and equally active ones, by method: all but the first run the network for each."""
MANY_SETS = 20
"""From how many sets on an interval holds 95 % of them; that of fewer is their range."""


@dataclass(frozen=True)
class Place:
    """Where a unit is active on the picture.

    Attributes:
        box: The smallest box around it: x, y, width and height in pixels of the picture.
        share: Of the picture that it covers, 0 to 1.
        peak: Where it is most active: x and y in pixels.
    """

    box: tuple[int, int, int, int]
    share: float
    peak: tuple[int, int]


@dataclass(frozen=True)
class Part:
    """What one unit adds.

    Attributes:
        unit: Counted from 0.
        concept: What a report names it after; None where it names none.
        contribution: What it adds to the logit; below 0 it speaks against.
        region: Where it is above its threshold; None where nowhere, or where the layer has no places.
        activation: Its pooled activation.
        weighs_for: The classes that it weighs most for; empty where the head is not linear.
    """

    unit: int
    concept: str | None
    contribution: float
    region: Place | None
    activation: float
    weighs_for: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people read: its concept, or the first classes that it weighs for."""
        if self.concept is not None:
            return f"unit {self.unit} {self.concept}"
        return f"unit {self.unit}" + (f" ({', '.join(self.weighs_for)})" if self.weighs_for else "")


@dataclass(frozen=True)
class Unseen:
    """A unit that usually speaks for the class, and is off here.

    Attributes:
        unit: Counted from 0.
        concept: What a report names it after.
        usual: What it usually adds.
        contribution: What it adds here.
        weighs_for: The classes that it weighs most for.
    """

    unit: int
    concept: str | None
    usual: float
    contribution: float
    weighs_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class CurvePoint:
    """The logit with so many units off, or only so many on.

    Attributes:
        units: How many.
        best: Those that contribute most.
        random: The mean of random sets, and the interval that 95 % of them are in, or their range where they
            are fewer than 20.
        active: The same of sets that are as active as the best ones.
    """

    units: int
    best: float
    random: tuple[float, float, float]
    active: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class EvidenceFields:
    """The evidence for one output on one picture.

    Parts and remainder add up to the logit.

    Attributes:
        model: Name of the model.
        layer: Whose units the parts are.
        method: "linear" where the parts are exact, else "gradients" (integrated) or "ablation".
        picture: What the picture is called.
        class_name: The class, or the concept of a generator's region.
        logit: Its logit; of a generator the mean probability of the concept in the region.
        classes: The first classes with their logits and probabilities.
        parts: Those that speak for it, the strongest first, then those against, the strongest last.
        remainder: The logit less the parts.
        unseen: Units that usually speak for it, and are off here.
        deletion: The logit as units are switched off.
        insertion: The logit as units are switched on, from none.
        off: Units that were off.
        named_by: The report that names the units: its model, layer and source.
        box: The region of a generator's picture; None for the whole picture.
        pixels: The picture, uint8 `[size, size, 3]`.
        masks: Where each part is above its threshold; None where the layer has no places.
    """

    model: str
    layer: str
    method: str
    picture: str
    class_name: str
    logit: float
    classes: tuple[tuple[str, float, float], ...]
    parts: tuple[Part, ...]
    remainder: float
    unseen: tuple[Unseen, ...]
    deletion: tuple[CurvePoint, ...]
    insertion: tuple[CurvePoint, ...]
    off: tuple[int, ...] = ()
    named_by: str | None = None
    box: tuple[float, float, float, float] | None = None
    pixels: UInt8[np.ndarray, "size size 3"] = field(
        default_factory=lambda: np.zeros((1, 1, 3), np.uint8), repr=False
    )
    masks: Bool[np.ndarray, "part size size"] | None = field(default=None, repr=False)

    def file_of(self, place: int) -> str | None:
        """The file that shows the region of a part; None where it has none."""
        part = self.parts[place]
        return None if part.region is None else f"regions/unit-{part.unit:04d}.png"
