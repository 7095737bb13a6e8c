"""What the page asks of long work, and what it is told of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inscape.studio.fields import field_of
from inscape.studio.results import JobResult
from inscape.studio.schemas import Message, Name, Problem
from inscape.verbs.dissect import DissectRequest
from inscape.verbs.effect import EffectRequest

JobKind = Literal["dissection", "effects", "keys", "search", "rule", "audit", "advice", "inversion"]


class DissectionRequest(Message):
    """Ask for a dissection."""

    images: int = field_of(DissectRequest, "images", least=20, most=100_000)
    segmenter: Name | None = Field(default=None, description="A shipped one; the model's own if null.")


class EffectsRequest(Message):
    """Ask what switching units off does."""

    layer: Name
    units: list[int] = Field(min_length=1, max_length=512)
    concept: Name
    images: int = field_of(EffectRequest, "images", least=10, most=10_000)
    insert: bool = field_of(EffectRequest, "insert")


class JobProgress(Message):
    """How far a job is."""

    name: str
    done: int
    total: int | None
    unit: str
    seconds: float
    seconds_left: float | None


class JobInfo(Message):
    """A named piece of long work."""

    id: str
    kind: JobKind
    name: str = Field(description="Unique among waiting and running jobs: a second request joins the first.")
    model: str
    layer: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    created: float = Field(description="Seconds since 1970.")
    finished: float | None = None
    progress: JobProgress | None = None
    error: Problem | None = None
    result: JobResult | None = Field(
        default=None, description="While the job runs, what was found so far. Left out of the list of jobs."
    )


class JobList(Message):
    """All jobs of this launch, oldest first."""

    jobs: list[JobInfo]
