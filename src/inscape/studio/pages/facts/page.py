"""The page Facts: what a language model says, which of its states carry a fact, and edits that change it.

Its jobs run requests of the verbs `fact trace`, `fact edit` and `fact judge`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse

from inscape.errors import UnsupportedError, ValueRangeError
from inscape.facts import FactSet, write_facts
from inscape.facts.restoring import KINDS
from inscape.models import open_model
from inscape.models.card import Card
from inscape.models.language import LanguageModel
from inscape.progress import Progress
from inscape.studio.files import file_name, sent
from inscape.studio.jobs import JobInfo
from inscape.studio.page import BINARY, ERRORS, UPLOAD, Page, state_of
from inscape.studio.pages.facts.edited import EditedFacts, examples, fact_of, shipped_record, words_behind
from inscape.studio.pages.facts.shapes import (
    Continuation,
    FactEditInfo,
    FactsWork,
    Maps,
    NewComparison,
    NewFactEdit,
    NewJudgement,
    NewTrace,
    ShippedFacts,
    StepFacts,
    SubjectOfPrompt,
    TraceResult,
    Written,
)
from inscape.studio.pages.facts.works import FactWorks
from inscape.studio.shapes import Identifier, Kept, Label
from inscape.studio.studio import State, Studio
from inscape.studio.works import StackEntry, Strength
from inscape.verbs.fact_trace import FactTraceRequest, trace_opened

router = APIRouter(prefix="/api/models/{model}/facts")
_WORDS = 8
_MOST_TRACED = 40
"""Tokens of a prompt that is traced here: the time grows with their square."""


class Facts(State):
    """The language models that are open, and their edits.

    Args:
        studio: What all pages share.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._open: dict[str, LanguageModel] = {}
        folder = studio.settings.folder
        self.works = FactWorks(folder / "facts.sqlite", folder / "facts")
        self.edited = EditedFacts(self.model, self.works)

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
        self.edited.drop(model)

    def forget(self, model: str) -> None:
        """Remove the edits of a model that is offered no more."""
        self.works.forget(model)


FactsOf = Annotated[Facts, Depends(state_of(Facts))]
EditInPath = Annotated[Identifier, Path()]


@router.get("", operation_id="getFactsWork", responses=ERRORS)
def get_work(model: str, page: FactsOf) -> FactsWork:
    """What was made with a model; empty at first."""
    page.card(model)
    held = page.works.get(model)
    return FactsWork(
        model=model,
        revision=held.revision,
        draft=held.note,
        steps=held.steps,
        cursor=held.cursor,
        edits=held.edits,
    )


@router.patch("", operation_id="stepFactsWork", responses=ERRORS)
def step_work(model: str, request: StepFacts, page: FactsOf) -> Kept:
    """Steps, undo and redo; 409 where another tab has changed it since."""
    page.card(model)
    return page.works.step(model, request, request.append, request.draft)


@router.get("/examples", operation_id="listExampleFacts", responses=ERRORS)
def list_examples(model: str, page: FactsOf) -> ShippedFacts:
    """A few facts to begin with."""
    page.card(model)
    return ShippedFacts(facts=examples())


@router.post("/shipped", operation_id="findShippedFact", responses=ERRORS)
def find_shipped(model: str, request: SubjectOfPrompt, page: FactsOf) -> ShippedFacts:
    """The fact that ships with a prompt and subject; none where there is no such fact."""
    page.card(model)
    return ShippedFacts(facts=shipped_record(request.prompt, request.subject))


@router.post("/next", operation_id="nextWords", responses=ERRORS)
async def next_words(model: str, written: Written, page: FactsOf, request: Request) -> Continuation:
    """The tokens of a prompt, and the words that may come next."""
    page.card(model)
    work = partial(_next, page, model, written)
    return await page.studio.compute.run_beside(work, request.is_disconnected)


def _next(page: Facts, name: str, written: Written) -> Continuation:
    with page.edited.said_by(name, written.edits) as model:
        (words,) = words_behind(model, [written.prompt], _WORDS)
        return Continuation(tokens=model.texts(written.prompt), words=words)


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


@router.post("/edits", operation_id="editFact", status_code=202, responses=ERRORS)
def edit_fact(model: str, request: NewFactEdit, page: FactsOf) -> JobInfo:
    """Make an edit that changes a fact; the job's result holds it."""
    page.card(model)
    if not fact_of(request.fact).new:
        raise ValueRangeError("The new object is empty.", "Write what the model is to say instead.")
    work = partial(page.edited.make, model, request)
    name = f"Change what {model} says of {request.fact.subject!r} to {request.fact.new!r}"
    return page.studio.jobs.start("fact-edit", name, work, model=model, asked=request)


@router.post(
    "/edits/import",
    operation_id="importFactEdit",
    status_code=201,
    responses=ERRORS,
    openapi_extra=UPLOAD,
)
async def import_edit(
    model: str, request: Request, page: FactsOf, transfer: Annotated[bool, Query()] = False
) -> FactEditInfo:
    """An edit from a file, whose bytes are the body; 409 where it was made for other weights."""
    page.card(model)
    data = await request.body()
    return await page.studio.compute.run(lambda: page.edited.take(model, data, transfer=transfer))


@router.get(
    "/edits/{edit}/file", operation_id="getFactEditFile", response_class=FileResponse, responses=BINARY
)
async def get_edit_file(
    model: str,
    edit: EditInPath,
    page: FactsOf,
    name: Annotated[Label, Query()] = "",
    strength: Annotated[Strength, Query()] = 1.0,
) -> FileResponse:
    """An edit as `.edit.safetensors`, with the name and strength that it has in the stack."""
    page.card(model)
    entry = StackEntry(rule=edit, name=name, strength=strength)
    shown = f"{file_name(name)}.edit.safetensors"
    write = partial(page.works.write, model, entry)
    return await sent(page.studio.compute, page.studio.exports, shown, write)


@router.post("/comparison", operation_id="compareFacts", status_code=202, responses=ERRORS)
def compare(model: str, request: NewComparison, page: FactsOf) -> JobInfo:
    """What the model says next and writes, with edits and without."""
    page.card(model)
    work = partial(page.edited.compare, model, request)
    name = f"Compare {model} with edits and without"
    return page.studio.jobs.start("fact-comparison", name, work, model=model, asked=request)


@router.post("/judgement", operation_id="judgeFacts", status_code=202, responses=ERRORS)
def judge(model: str, request: NewJudgement, page: FactsOf) -> JobInfo:
    """How edits did at the facts that they changed."""
    page.card(model)
    work = partial(page.edited.judge, model, request)
    return page.studio.jobs.start("fact-judge", f"Judge edits of {model}", work, model=model, asked=request)


@router.post("/judgement/facts", operation_id="getJudgedFacts", response_class=FileResponse, responses=BINARY)
async def get_judged_facts(model: str, request: NewJudgement, page: FactsOf) -> FileResponse:
    """The facts that edits are judged at, as a file for `inscape fact judge`."""
    page.card(model)

    def write(path: File) -> None:
        write_facts(path, FactSet(page.edited.judged(model, request)[1]))

    return await sent(page.studio.compute, page.studio.exports, "facts.json", write)


PAGE = Page(router, Facts)
