"""What jobs end with, a message for each kind; `kind` tells them apart."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from inscape.studio.rule_schemas import RuleInfo
from inscape.studio.schemas import Message, RegionBox, RegionMask

Interval = tuple[float, float]


class DissectionResult(Message):
    """How much of a layer was found out; the report is kept."""

    kind: Literal["dissection"] = "dissection"
    images: int
    units: int
    concepts: dict[str, int] = Field(description="How many units count for each.")


class EffectControl(Message):
    """The same of as many random units."""

    sets: int
    relative_change: float | None
    interval: Interval | None = Field(description="It holds 95 % of the sets.")
    each: list[float]


class EffectResult(Message):
    """What units cause: what `inscape effect --json` prints, and a picture of it."""

    kind: Literal["effect"] = "effect"
    schema_version: int
    model: str
    layer: str
    units: list[int]
    concept: str
    images: int
    seed: int
    area_before: float
    area_after: float
    relative_change: float | None = Field(description="-1 where nothing is left; null where nothing was.")
    interval: Interval | None
    control: EffectControl
    curve: list[tuple[int, float | None]] = Field(description="Units off, and the change then.")
    appears: dict[str, float] = Field(description="What stands where the concept was, in parts of that.")
    elsewhere: dict[str, float | None]
    concepts: dict[str, dict[str, float | None]]
    insertion: dict[str, Any] | None
    strip_seeds: list[int]
    classes: list[int]
    strip_image: str = Field(
        description="Pictures with more and more units off, a row for each, as a data URL."
    )


class KeysResult(Message):
    """A layer that is ready to be rewritten."""

    kind: Literal["keys"] = "keys"
    layer: str
    inputs: int


class MatchInfo(Message):
    """A picture that has the context, and where."""

    seed: int
    score: float
    region: RegionMask | RegionBox


class SearchResult(Message):
    """Where a context is."""

    kind: Literal["search"] = "search"
    pictures: int = Field(description="How many were looked through.")
    matches: list[MatchInfo] = Field(description="Best first.")


class RuleResult(Message):
    """A rule that was made and kept."""

    kind: Literal["rule"] = "rule"
    rule: RuleInfo
    seconds: float


class ChangeInfo(Message):
    """What an edit changed; intervals are those of 95 % over resampled pictures."""

    reach: float = Field(description="Share of the context's places that became the goal.")
    reach_interval: Interval
    leak: float = Field(description="Share of all other places that changed.")
    leak_interval: Interval
    harmonic: float = Field(description="Harmonic mean of reach and 1 - leak.")
    pictures: int
    with_context: int


class AuditResult(ChangeInfo):
    """What a stack of rules reaches and leaks."""

    kind: Literal["audit"] = "audit"
    context: str
    goal: str | None


class AdviceRow(ChangeInfo):
    """A rule made in one layer with one rank."""

    layer: str
    rank: int
    loss: float
    change: float


class AdviceResult(Message):
    """Layers and ranks that were tried."""

    kind: Literal["advice"] = "advice"
    rows: list[AdviceRow]
    best: int = Field(description="Number of the row with the highest harmonic mean.")
    images: int


class InversionResult(Message):
    """A photo that was inverted; what was found is kept with it."""

    kind: Literal["inversion"] = "inversion"
    photo: str
    psnr: float


JobResult = Annotated[
    DissectionResult
    | EffectResult
    | KeysResult
    | SearchResult
    | RuleResult
    | AuditResult
    | AdviceResult
    | InversionResult,
    Field(discriminator="kind"),
]
