"""Rules: made, searched for, measured and drawn; kept at every step, read and written as files."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, PlainTextResponse

from inscape.studio.job_schemas import JobInfo
from inscape.studio.routes._common import ERRORS, StudioOf
from inscape.studio.rule_files import file_name, parse_stack, sent
from inscape.studio.rule_schemas import (
    AdviceRequest,
    AuditRequest,
    Identifier,
    PrepareRequest,
    RuleInfo,
    RuleLayers,
    RuleRequest,
    RuleSearch,
    StackEntry,
    StepWork,
    WallPictures,
    WallRequest,
    Work,
)
from inscape.studio.rules import FORMATS
from inscape.studio.schemas import Kept

router = APIRouter(prefix="/api/models/{model}/rewriting", tags=["rewriting"])
RuleInPath = Annotated[Identifier, Path()]
StrengthInQuery = Annotated[float, Query(ge=0, le=4)]
NameInQuery = Annotated[str, Query(max_length=120)]
StackInQuery = Annotated[str, Query(max_length=8000, description="`rule:strength` of each, by commas.")]
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_BINARY = {200: {"content": _FILE}} | ERRORS


@router.get("", operation_id="getWork", responses=ERRORS)
def get_work(model: str, studio: StudioOf) -> Work:
    """What was made with a model; empty at first."""
    studio.library.paintable(model)
    return studio.works.get(model, command_model=str(studio.painter.folder(model) or model))


@router.patch("", operation_id="stepWork", responses=ERRORS)
def step_work(model: str, request: StepWork, studio: StudioOf) -> Kept:
    """Steps, undo and redo; 409 where another tab has changed it since."""
    studio.library.paintable(model)
    return studio.works.step(model, request)


@router.get("/layers", operation_id="listRuleLayers", responses=ERRORS)
async def list_rule_layers(model: str, studio: StudioOf) -> RuleLayers:
    """Which layers can be rewritten, and up to what rank."""
    return await studio.compute.run(lambda: studio.rules.layers(model))


@router.post("/preparation", operation_id="prepareLayer", status_code=202, responses=ERRORS)
def prepare_layer(model: str, request: PrepareRequest, studio: StudioOf) -> JobInfo:
    """Get ready to rewrite a layer, so that the first rule need not wait."""
    return studio.rule_jobs.prepare(model, request)


@router.post("/wall", operation_id="drawWall", responses=ERRORS)
async def draw_wall(model: str, request: WallRequest, studio: StudioOf) -> WallPictures:
    """Pictures with rules on."""
    return await studio.compute.run(lambda: studio.rules.wall(model, request))


@router.post("/search", operation_id="searchContext", status_code=202, responses=ERRORS)
def search_context(model: str, request: RuleSearch, studio: StudioOf) -> JobInfo:
    """Which pictures have a context, and where."""
    return studio.rule_jobs.search(model, request)


@router.post("/rules", operation_id="makeRule", status_code=202, responses=ERRORS)
def make_rule(model: str, request: RuleRequest, studio: StudioOf) -> JobInfo:
    """Make a rule; the job's result holds it."""
    return studio.rule_jobs.make(model, request)


@router.post("/task", operation_id="writeTask", response_class=PlainTextResponse, responses=ERRORS)
async def write_task(model: str, request: RuleRequest, studio: StudioOf) -> PlainTextResponse:
    """The rule as a task for `inscape rewrite --task`, as TOML."""
    text = await studio.compute.run(lambda: studio.rules.task(model, request))
    return PlainTextResponse(text, media_type="application/toml")


@router.post(
    "/rules/import",
    operation_id="importRule",
    status_code=201,
    responses=ERRORS,
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def import_rule(
    model: str, request: Request, studio: StudioOf, transfer: Annotated[bool, Query()] = False
) -> RuleInfo:
    """A rule from a file, whose bytes are the body; 409 where it was made for other weights."""
    data = await request.body()
    return await studio.compute.run(lambda: studio.rules.take(model, data, transfer=transfer))


@router.get("/rules/{rule}/file", operation_id="getRuleFile", response_class=FileResponse, responses=_BINARY)
async def get_rule_file(
    model: str, rule: RuleInPath, studio: StudioOf, name: NameInQuery = "", strength: StrengthInQuery = 1.0
) -> FileResponse:
    """A rule as `.edit.safetensors`, with the name and strength that it has in the stack."""
    entry = StackEntry(rule=rule, name=name, strength=strength)
    shown = f"{file_name(name or 'rule')}.edit.safetensors"
    write = partial(studio.rules.write_edit, model, entry)
    return await sent(studio.compute, studio.exports, shown, write)


@router.get("/export", operation_id="exportEdited", response_class=FileResponse, responses=_BINARY)
async def export_edited(
    model: str, studio: StudioOf, edits: StackInQuery = "", format: Annotated[str, Query()] = "safetensors"
) -> FileResponse:
    """The model with the rules in it, as a checkpoint."""
    shown = f"{file_name(model)}-edited.{FORMATS.get(format, 'safetensors')}"
    write = partial(studio.rules.write_model, model, parse_stack(edits), kind=format)
    return await sent(studio.compute, studio.exports, shown, write)


@router.post("/audit", operation_id="startAudit", status_code=202, responses=ERRORS)
async def start_audit(model: str, request: AuditRequest, studio: StudioOf) -> JobInfo:
    """Measure what rules reach, and what else they change."""
    return await run_in_threadpool(studio.rule_jobs.audit, model, request)


@router.post("/advice", operation_id="startAdvice", status_code=202, responses=ERRORS)
async def start_advice(model: str, request: AdviceRequest, studio: StudioOf) -> JobInfo:
    """Find out which layer and rank suit a rule."""
    return await run_in_threadpool(studio.rule_jobs.advise, model, request)
