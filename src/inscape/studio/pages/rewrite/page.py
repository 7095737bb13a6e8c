"""The page Rewrite: rules that are made, searched for, measured, drawn, kept, read and written."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse, PlainTextResponse

from inscape.errors import ConceptError, unknown_name
from inscape.studio.files import file_name, sent
from inscape.studio.jobs import JobInfo
from inscape.studio.page import BINARY, ERRORS, UPLOAD, Page, state_of
from inscape.studio.pages.rewrite.advice import advise
from inscape.studio.pages.rewrite.requests import parse_stack, task_text
from inscape.studio.pages.rewrite.rules import FORMATS, Rules
from inscape.studio.pages.rewrite.shapes import (
    AdviceRequest,
    AuditRequest,
    PrepareRequest,
    RuleInfo,
    RuleLayers,
    RuleRequest,
    RuleSearch,
    StepWork,
    WallPictures,
    WallRequest,
    Work,
)
from inscape.studio.pages.rewrite.works import RuleWorks
from inscape.studio.shapes import Identifier, Kept, Label
from inscape.studio.studio import State, Studio
from inscape.studio.works import StackEntry

router = APIRouter(prefix="/api/models/{model}/rewriting")
RuleInPath = Annotated[Identifier, Path()]
StrengthInQuery = Annotated[float, Query(ge=0, le=4)]
NameInQuery = Annotated[Label, Query()]
StackInQuery = Annotated[
    str, Query(max_length=8000, description="`rule:strength` of each rule, separated by commas.")
]


class Rewrite(State):
    """The page's state.

    Args:
        studio: Its models.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        folder = studio.settings.folder
        self.works = RuleWorks(folder / "rules.sqlite", folder / "rules")
        self.rules = Rules(studio.library, self.works)

    def forget(self, model: str) -> None:
        """Remove the work on a model that is offered no more."""
        self.works.forget(model)

    def drop(self, model: str) -> None:
        """Drop the network's keys, pictures and rules that are on it."""
        self.rules.drop(model)

    def layer(self, model: str, layer: str) -> str:
        """The name of a layer, before a job is queued.

        Raises:
            ModelNotFoundError, UnsupportedError, LayerError: There is no such layer.
        """
        return self.studio.library.paintable(model).layer(layer).name

    def check_concepts(self, model: str, *names: str | None) -> None:
        """Refuse concepts that a model's card does not know, before a job is queued.

        Raises:
            ConceptError: There is no such concept.
        """
        card = self.studio.library.paintable(model)
        known = list(card.vocabulary.names) if card.concepts else []
        for name in names:
            if known and name is not None and name not in known:
                raise ConceptError(*unknown_name("concept", name, known))


RewriteOf = Annotated[Rewrite, Depends(state_of(Rewrite))]


@router.get("", operation_id="getWork", responses=ERRORS)
def get_work(model: str, page: RewriteOf) -> Work:
    """What was made with a model; empty at first."""
    page.studio.library.paintable(model)
    held = page.works.get(model)
    return Work(
        model=model,
        revision=held.revision,
        seeds=held.note,
        steps=held.steps,
        cursor=held.cursor,
        rules=[page.rules.with_former(info) for info in held.edits],
        command_model=page.studio.library.argument(model),
    )


@router.patch("", operation_id="stepWork", responses=ERRORS)
def step_work(model: str, request: StepWork, page: RewriteOf) -> Kept:
    """Steps, undo and redo; 409 where another tab has changed it since."""
    page.studio.library.paintable(model)
    return page.works.step(model, request, request.append, request.seeds)


@router.get("/layers", operation_id="listRuleLayers", responses=ERRORS)
async def list_rule_layers(model: str, page: RewriteOf) -> RuleLayers:
    """Which layers can be rewritten, and up to what rank."""
    return await page.studio.compute.run(lambda: page.rules.layers(model))


@router.post("/preparation", operation_id="prepareLayer", status_code=202, responses=ERRORS)
def prepare_layer(model: str, request: PrepareRequest, page: RewriteOf) -> JobInfo:
    """Get ready to rewrite a layer, so that the first rule need not wait."""
    layer = page.layer(model, request.layer)
    work = partial(page.rules.prepare, model, layer, request.seeds)
    name = f"Prepare {layer} of {model}"
    return page.studio.jobs.start("keys", name, work, model=model, layer=layer, asked=request)


@router.post("/wall", operation_id="drawWall", responses=ERRORS)
async def draw_wall(model: str, request: WallRequest, page: RewriteOf) -> WallPictures:
    """Pictures with rules on."""
    return await page.studio.compute.run(lambda: page.rules.wall(model, request))


@router.post("/search", operation_id="searchContext", status_code=202, responses=ERRORS)
def search_context(model: str, request: RuleSearch, page: RewriteOf) -> JobInfo:
    """Which pictures have a context, and where."""
    layer, work = page.layer(model, request.layer), partial(page.rules.search, model, request)
    where = f"{len(request.seeds)} pictures on the wall" if request.seeds else f"{request.pictures} pictures"
    name = f"Search {where} of {model} at {layer}"
    return page.studio.jobs.start("search", name, work, model=model, layer=layer, asked=request)


@router.post("/rules", operation_id="makeRule", status_code=202, responses=ERRORS)
def make_rule(model: str, request: RuleRequest, page: RewriteOf) -> JobInfo:
    """Make a rule; the job's result holds it."""
    layer, work = page.layer(model, request.choices.layer), partial(page.rules.make, model, request)
    name = f"Make “{request.name or 'Rule'}” in {layer} of {model}"
    return page.studio.jobs.start("rule", name, work, model=model, layer=layer, asked=request)


@router.post("/task", operation_id="writeTask", response_class=PlainTextResponse, responses=ERRORS)
def write_task(model: str, request: RuleRequest, page: RewriteOf) -> PlainTextResponse:
    """The rule as a task for `inscape rewrite --task`, as TOML."""
    text = task_text(request, page.layer(model, request.choices.layer))
    return PlainTextResponse(text, media_type="application/toml")


@router.post(
    "/rules/import",
    operation_id="importRule",
    status_code=201,
    responses=ERRORS,
    openapi_extra=UPLOAD,
)
async def import_rule(
    model: str, request: Request, page: RewriteOf, transfer: Annotated[bool, Query()] = False
) -> RuleInfo:
    """A rule from a file, whose bytes are the body; 409 where it was made for other weights."""
    data = await request.body()
    return await page.studio.compute.run(lambda: page.rules.take(model, data, transfer=transfer))


@router.get("/rules/{rule}/file", operation_id="getRuleFile", response_class=FileResponse, responses=BINARY)
async def get_rule_file(
    model: str, rule: RuleInPath, page: RewriteOf, name: NameInQuery = "", strength: StrengthInQuery = 1.0
) -> FileResponse:
    """A rule as `.edit.safetensors`, with the name and strength that it has in the stack."""
    entry = StackEntry(rule=rule, name=name, strength=strength)
    shown = f"{file_name(name)}.edit.safetensors"
    write = partial(page.works.write, model, entry)
    return await sent(page.studio.compute, page.studio.exports, shown, write)


@router.get("/export", operation_id="exportEdited", response_class=FileResponse, responses=BINARY)
async def export_edited(
    model: str, page: RewriteOf, edits: StackInQuery = "", format: Annotated[str, Query()] = "safetensors"
) -> FileResponse:
    """The model with the rules in it, as a checkpoint."""
    shown = f"{file_name(model)}-edited.{FORMATS.get(format, 'safetensors')}"
    write = partial(page.rules.write_model, model, parse_stack(edits), format)
    return await sent(page.studio.compute, page.studio.exports, shown, write)


@router.post("/audit", operation_id="startAudit", status_code=202, responses=ERRORS)
def start_audit(model: str, request: AuditRequest, page: RewriteOf) -> JobInfo:
    """Measure what rules reach, and what else they change."""
    page.check_concepts(model, request.context, request.goal)
    concepts = f"{request.context} → {request.goal or 'anything else'}"
    name = f"Measure {concepts} ({request.images} pictures of {model})"
    work = partial(page.rules.measure, model, request)
    return page.studio.jobs.start("audit", name, work, model=model, asked=request)


@router.post("/advice", operation_id="startAdvice", status_code=202, responses=ERRORS)
def start_advice(model: str, request: AdviceRequest, page: RewriteOf) -> JobInfo:
    """Find out which layer and rank suit a rule."""
    page.check_concepts(model, request.concept, request.becomes)
    layers = [page.layer(model, layer) for layer in request.layers]
    name = f"Compare layers for {request.concept} → {request.becomes or 'anything else'} of {model}"
    work = partial(advise, page.rules, model, request, layers)
    return page.studio.jobs.start("advice", name, work, model=model, asked=request)


PAGE = Page(router, Rewrite)
