"""Long work: dissections and effects as named jobs with progress, time left, and a way to stop them."""

from __future__ import annotations

from fastapi import APIRouter

from inscape.studio.job_schemas import DissectionRequest, EffectsRequest, JobInfo, JobList
from inscape.studio.routes._common import ERRORS, StudioOf

router = APIRouter(prefix="/api", tags=["jobs"])


@router.post(
    "/models/{model}/layers/{layer}/dissection",
    operation_id="startDissection",
    status_code=202,
    responses=ERRORS,
)
def start_dissection(model: str, layer: str, request: DissectionRequest, studio: StudioOf) -> JobInfo:
    """Dissect a layer; a dissection of it that waits or runs already is joined."""
    return studio.start_dissection(model, layer, request)


@router.post("/models/{model}/effects", operation_id="startEffects", status_code=202, responses=ERRORS)
def start_effects(model: str, request: EffectsRequest, studio: StudioOf) -> JobInfo:
    """Measure what switching units off does to a concept, beside random units."""
    return studio.start_effects(model, request)


@router.get("/jobs", operation_id="listJobs", responses=ERRORS)
def list_jobs(studio: StudioOf) -> JobList:
    """All jobs of this launch."""
    return JobList(jobs=studio.jobs.all())


@router.get("/jobs/{job}", operation_id="getJob", responses=ERRORS)
def get_job(job: str, studio: StudioOf) -> JobInfo:
    """One job, with its result when it is done."""
    return studio.jobs.get(job)


@router.delete("/jobs/{job}", operation_id="cancelJob", responses=ERRORS)
def cancel_job(job: str, studio: StudioOf) -> JobInfo:
    """Stop a job between two batches; one that has ended leaves the list."""
    return studio.jobs.cancel(job)
