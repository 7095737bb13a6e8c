"""What the page Rewrite and the studio say to each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from inscape.editing.rule_settings import ERASED_UNITS, Method, RuleSettings, Solver
from inscape.studio.jobs import Result
from inscape.studio.paintings import Former
from inscape.studio.shapes import Identifier, Label, Message, Name, RegionBox, RegionMask, Seed
from inscape.studio.works import EditInfo, Stack, StackState, StepMessage

MOST_PICTURES = 256
Interval = tuple[float, float]
Seeds = Annotated[list[Seed], Field(max_length=MOST_PICTURES)]


class Selection(Message):
    """A picture and where in it."""

    seed: Seed
    region: RegionMask | RegionBox


class PasteGoal(Message):
    """Copy what is under the first selection and paste it where the second one is."""

    kind: Literal["paste"] = "paste"
    source: Selection
    target: Selection
    scale: float = Field(default=1.0, ge=0.125, le=8)


class EraseGoal(Message):
    """Draw a place as if the units that speak for the context were silent."""

    kind: Literal["erase"] = "erase"
    target: Selection
    units: int = Field(default=ERASED_UNITS, ge=1, le=100_000)


RuleGoal = Annotated[PasteGoal | EraseGoal, Field(discriminator="kind")]
Places = Annotated[list[Selection], Field(max_length=64)]


class RuleChoices(Message):
    """How a rule is made; what a number may be depends on the layer, and its check says so."""

    layer: Name
    rank: int = Field(default=RuleSettings.rank, ge=1, le=100_000)
    ridge: float = Field(default=RuleSettings.ridge, ge=0, le=1e6)
    method: Method = RuleSettings.method
    solver: Solver = RuleSettings.solver
    steps: int | None = Field(
        default=RuleSettings.steps, ge=1, le=100_000, description="Number of steps. [default: the solver's]"
    )
    halo: int = Field(default=RuleSettings.halo, ge=0, le=100)


class WorkState(StackState):
    """Everything on the page that undo takes back."""

    context: Places = Field(default_factory=list)
    protect: Places = Field(default_factory=list, description="Places that must stay as they are.")
    goal: Literal["paste", "erase"] = "paste"
    copied: Selection | None = None
    pastes: Annotated[list[PasteGoal], Field(max_length=16)] = Field(default_factory=list)
    another: bool = Field(
        default=False, description="The next paste is one more goal, not the last one moved."
    )
    erased: int = Field(
        default=ERASED_UNITS,
        ge=1,
        le=100_000,
        description="Number of units that the goal Erase switches off.",
    )
    making: Identifier | None = Field(
        default=None, description="The rule in the stack that the next rule replaces."
    )
    choices: RuleChoices

    def named(self) -> set[str]:
        """The stack, and the rule that the next one replaces."""
        return super().named() | ({self.making} if self.making else set())


class RuleInfo(EditInfo):
    """A rule that was made or loaded."""

    layer: str
    rank: int
    change: float | None = Field(
        description="Norm of the change of the weights, as a fraction of the norm of the weights."
    )
    former: Former = None
    picture: str | None = Field(
        default=None,
        description="Of a rule of a former version: before and after it, as a JPEG in a data URL.",
    )


class Work(Message):
    """What was made on the page with a model; `steps[cursor]` is what is shown."""

    model: str
    revision: int
    seeds: str = Field(description="Seeds on the wall, as typed.")
    steps: list[WorkState]
    cursor: int
    rules: list[RuleInfo]
    command_model: str = Field(description="Argument MODEL of the command line.")


class StepWork(StepMessage):
    """Steps, undo and redo on the page."""

    append: Annotated[list[WorkState], Field(max_length=1000)] = Field(default_factory=list)
    seeds: Annotated[str, StringConstraints(max_length=2000)] = ""


class RuleLayer(Message):
    """A layer and whether a rule can be written into it."""

    name: str
    size: int
    inputs: int | None = Field(description="Size of a key; None where it cannot be rewritten.")
    largest_rank: int
    reason: str = Field(default="", description="Why it cannot be rewritten.")


class RuleLayers(Message):
    """The layers of a model, lowest first."""

    layers: list[RuleLayer]
    concepts: list[str] = Field(description="Concepts of its segmenter. Empty if it has none.")


class PrepareRequest(Message):
    """Get ready to rewrite a layer, and to draw pictures with it rewritten."""

    layer: Name
    seeds: Seeds = Field(default_factory=list)


class WallRequest(Message):
    """Draw pictures with rules on."""

    seeds: Seeds
    edits: Stack = Field(default_factory=list)
    size: int | None = Field(default=None, ge=16, le=1024)


class WallPicture(Message):
    """A picture of the wall."""

    seed: Seed
    image: str = Field(description="A JPEG as data URL.")


class WallPictures(Message):
    """Pictures in the order in which they were asked for."""

    pictures: list[WallPicture]
    milliseconds: float


class RuleSearch(Message):
    """Ask which pictures have a context; with `seeds`, only where in those."""

    layer: Name
    context: Places
    seeds: Seeds = Field(default_factory=list)
    top: int = Field(default=16, ge=1, le=MOST_PICTURES)
    pictures: int = Field(default=1000, ge=1, le=100_000)


class RuleRequest(Message):
    """Ask for a rule."""

    name: Label = ""
    context: Places = Field(default_factory=list)
    protect: Places = Field(default_factory=list, description="Places that must stay as they are.")
    goals: Annotated[list[RuleGoal], Field(max_length=64)]
    choices: RuleChoices
    over: Stack = Field(default_factory=list, description="Rules that are active while it is made.")


class AuditRequest(Message):
    """Ask what rules reach, and what else they change."""

    edits: Stack
    context: Name
    goal: Name | None = Field(default=None, description="None accepts any other concept.")
    images: int = Field(default=200, ge=2, le=100_000)


class AdviceRequest(RuleRequest):
    """Ask which layer and rank suit a rule."""

    concept: Name
    becomes: Name | None = None
    images: int = Field(default=64, ge=2, le=10_000)
    layers: Annotated[list[Name], Field(max_length=64)] = Field(default_factory=list)
    ranks: Annotated[list[Annotated[int, Field(ge=1, le=30)]], Field(min_length=1, max_length=8)] = Field(
        default_factory=lambda: [1, 3, 10]
    )


class KeysResult(Result):
    """A layer that is ready to be rewritten."""

    kind: Literal["keys"] = "keys"
    layer: str
    inputs: int


class MatchInfo(Message):
    """A picture that has the context, and where."""

    seed: int
    score: float
    region: RegionMask | RegionBox


class SearchResult(Result):
    """Where a context is."""

    kind: Literal["search"] = "search"
    pictures: int = Field(description="Number of pictures searched.")
    matches: list[MatchInfo] = Field(description="Best first.")


class RuleResult(Result):
    """A rule that was made and kept."""

    kind: Literal["rule"] = "rule"
    rule: RuleInfo
    seconds: float


class ChangeInfo(Message):
    """What an edit changed; intervals are those of 95 % over resampled pictures."""

    reach: float = Field(description="Fraction of the context's pixels that became the goal.")
    reach_interval: Interval
    leak: float = Field(description="Fraction of all other pixels that changed.")
    leak_interval: Interval
    harmonic: float = Field(description="Harmonic mean of reach and 1 - leak.")
    pictures: int
    with_context: int


class AuditResult(ChangeInfo, Result):
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


class AdviceResult(Result):
    """Layers and ranks that were tried."""

    kind: Literal["advice"] = "advice"
    rows: list[AdviceRow]
    best: int = Field(description="Number of the row with the highest harmonic mean.")
    images: int
