"""What the page Facts and the studio say to each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from inscape.studio.jobs import Result
from inscape.studio.shapes import Message, field_of
from inscape.studio.works import EditInfo, Stack, StackState, StepMessage
from inscape.verbs.fact_trace import FactTraceRequest

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Object = Annotated[str, StringConstraints(max_length=400)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Method = Literal["rome", "memit", "alphaedit"]


class Written(Message):
    """What has been written of a prompt."""

    prompt: Prompt
    edits: Stack = Field(default_factory=list)


class NextWord(Message):
    """A token that may come next."""

    text: str
    probability: float


class Continuation(Message):
    """How the model reads a prompt, and what may come next."""

    tokens: list[str]
    words: list[NextWord] = Field(description="The most probable first.")


class NewTrace(Message):
    """Ask which states carry a fact."""

    prompt: Prompt
    subject: Subject
    object: Object | None = Field(
        default=None, description="What is followed; what the model says itself if null."
    )
    runs: int = field_of(FactTraceRequest, "runs", most=50)


class Maps(Message):
    """By how much the probability rises, at [token][layer], when a state is put back."""

    hidden: list[list[float]]
    mlp: list[list[float]]
    attention: list[list[float]]


class TraceResult(Result):
    """The states that carry a fact."""

    kind: Literal["trace"] = "trace"
    prompt: str
    tokens: list[str]
    subject: tuple[int, int] = Field(description="Its first and its last token.")
    answer: str
    said: str = Field(description="What the model says itself.")
    clean: float
    corrupted: float
    effect: Maps
    window: int


class NearPrompt(Message):
    """A prompt about another subject, which an edit should leave as it is."""

    prompt: Prompt
    true: Object = Field(default="", description="Its object; what the model says by itself if empty.")


class AskedFact(Message):
    """A fact, as the page has it."""

    prompt: Prompt = Field(description="With {} in the subject's place, or with the subject in it.")
    subject: Subject
    true: Object = Field(default="", description="The true object; what the model says by itself if empty.")
    new: Object = ""
    paraphrases: Annotated[list[Prompt], Field(max_length=50)] = Field(default_factory=list)
    neighbours: Annotated[list[NearPrompt], Field(max_length=50)] = Field(default_factory=list)


class ShippedFacts(Message):
    """Facts that ship with Inscape."""

    facts: list[AskedFact]


class SubjectOfPrompt(Message):
    """Ask for the fact that ships with this prompt and subject."""

    prompt: Prompt
    subject: Subject


class FactEditInfo(EditInfo):
    """An edit of facts that was made or loaded."""

    method: str = Field(description="Empty where the file does not say.")
    layers: list[str]
    count: int | None = Field(description="Number of facts that it changed. None where nobody knows.")
    fact: AskedFact | None = Field(default=None, description="The fact, where it was typed on the page.")


class FactsState(StackState):
    """The edits, lowest first."""


class FactsWork(Message):
    """What was made on the page with a model; `steps[cursor]` is what is shown."""

    model: str
    revision: int
    draft: str = Field(description="What was typed, as the page wrote it.")
    steps: list[FactsState]
    cursor: int
    edits: list[FactEditInfo]


class StepFacts(StepMessage):
    """Steps, undo and redo on the page."""

    append: Annotated[list[FactsState], Field(max_length=1000)] = Field(default_factory=list)
    draft: Annotated[str, StringConstraints(max_length=100_000)] = ""


class NewFactEdit(Message):
    """Ask for an edit that changes a fact."""

    fact: AskedFact
    method: Method = "rome"
    layers: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="As the verb takes them. Empty for the usual ones."
    )
    over: Stack = Field(default_factory=list, description="Edits that are on while it is made.")


class FactEditResult(Result):
    """An edit that was made and kept."""

    kind: Literal["fact-edit"] = "fact-edit"
    edit: FactEditInfo
    seconds: float


class NewComparison(Message):
    """Ask what a model says with edits and without."""

    prompt: Prompt = Field(description="Text is written behind it too.")
    others: Annotated[list[Prompt], Field(max_length=100)] = Field(default_factory=list)
    edits: Stack
    length: int = Field(default=20, ge=1, le=100, description="Number of tokens that are written.")


class ComparedPrompt(Message):
    """The words that come next, the most probable first."""

    prompt: str
    before: list[NextWord]
    after: list[NextWord]


class FactComparisonResult(Result):
    """What a model says with edits and without; a part of it while it runs."""

    kind: Literal["fact-comparison"] = "fact-comparison"
    prompts: list[ComparedPrompt]
    before: str | None = Field(default=None, description="What it writes behind the prompt.")
    after: str | None = None


class NewJudgement(Message):
    """Ask how edits did at the facts that they changed."""

    edits: Stack
    fact: AskedFact | None = Field(
        default=None, description="In place of the fact of the same prompt and subject."
    )


class Figure(Message):
    """A mean over facts, and where it lies with 95 %."""

    mean: float
    low: float
    high: float


class JudgedRow(Message):
    """A figure before and after the edits; None where no fact has such prompts."""

    name: str
    before: Figure | None
    after: Figure | None


class JudgementResult(Result):
    """How edits did."""

    kind: Literal["fact-judge"] = "fact-judge"
    facts: int
    missed: int = Field(description="Facts that are left out because the model does not hold them.")
    rows: list[JudgedRow]
