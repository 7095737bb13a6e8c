"""The page Facts: what a language model says next, and which of its states carry a fact.

Its jobs run requests of the verb `fact trace`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field, StringConstraints

from inscape.errors import UnsupportedError
from inscape.facts.restoring import KINDS
from inscape.models import open_model
from inscape.models.card import Card
from inscape.models.language import LanguageModel
from inscape.progress import Progress
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.page import ERRORS, Page, state_of
from inscape.studio.shapes import Message, field_of
from inscape.studio.studio import State, Studio
from inscape.verbs.fact_trace import FactTraceRequest, trace_opened

router = APIRouter(prefix="/api/models/{model}/facts")
_WORDS = 8
_MOST_TRACED = 40
"""Tokens of a prompt that is traced here: the time grows with their square."""

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class Written(Message):
    """What has been written of a prompt."""

    prompt: Prompt


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
    object: Annotated[str, StringConstraints(max_length=400)] | None = Field(
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


class Facts(State):
    """The language models that are open.

    Args:
        studio: What all pages share.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._open: dict[str, LanguageModel] = {}

    def card(self, name: str) -> Card:
        """The card of a language model.

        Raises:
            ModelNotFoundError: The studio offers no such model.
            UnsupportedError: It is another kind of model.
        """
        card = self.studio.library.card(name)
        if card.kind != "language":
            raise UnsupportedError(f"{name!r} is {card.noun}; facts are kept by language models.")
        return card

    def model(self, name: str) -> LanguageModel:
        """The opened model; called in the compute thread."""
        self.card(name)
        if name not in self._open:
            library = self.studio.library
            opened = open_model(library.argument(name), device=library.device)
            assert isinstance(opened, LanguageModel)
            self._open[name] = opened
        return self._open[name]

    def drop(self, model: str) -> None:
        """Close a model whose files have changed, or that is offered no more."""
        self._open.pop(model, None)


FactsOf = Annotated[Facts, Depends(state_of(Facts))]


@router.post("/next", operation_id="nextWords", responses=ERRORS)
async def next_words(model: str, written: Written, page: FactsOf, request: Request) -> Continuation:
    """The tokens of a prompt, and the words that may come next."""
    page.card(model)
    work = partial(_next, page, model, written.prompt)
    return await page.studio.compute.run_beside(work, request.is_disconnected)


def _next(page: Facts, name: str, prompt: str) -> Continuation:
    model = page.model(name)
    (likely,) = model.likeliest([prompt], _WORDS)
    words = [NextWord(text=text, probability=probability) for text, probability in likely]
    return Continuation(tokens=model.texts(prompt), words=words)


@router.post("/traces", operation_id="startTrace", status_code=202, responses=ERRORS)
def start_trace(model: str, request: NewTrace, page: FactsOf) -> JobInfo:
    """Find the states that carry a fact; the same that waits or runs already is joined."""
    page.card(model)
    asked = FactTraceRequest(model, **request.model_dump())
    asked.fact()
    work = partial(_trace, page, model, asked)
    return page.studio.jobs.start("trace", f"Trace {request.subject!r}", work, model=model, asked=request)


def _trace(page: Facts, name: str, asked: FactTraceRequest, progress: Progress) -> TraceResult:
    model = page.model(name)
    if (count := len(model.encode(asked.fact().text).tokens)) > _MOST_TRACED:
        raise UnsupportedError(
            f"The studio traces prompts of at most {_MOST_TRACED} tokens, got {count}.",
            "`inscape fact trace` takes longer ones.",
        )
    found = trace_opened(model, asked, progress).trace
    return TraceResult(
        prompt=asked.fact().text,
        tokens=list(found.tokens),
        subject=found.subject,
        answer=found.answer,
        said=found.said,
        clean=found.clean,
        corrupted=found.corrupted,
        effect=Maps(**{kind: found.effect[kind].tolist() for kind in KINDS}),
        window=found.window,
    )


PAGE = Page(router, Facts)
