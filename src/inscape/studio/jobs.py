"""Long work as named jobs: one at a time, with progress, time left, and a way to stop."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import BaseModel, Field, GetJsonSchemaHandler, SerializeAsAny, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from inscape.errors import CancelledError, NotFoundError, ValueRangeError
from inscape.progress import CallbackProgress
from inscape.studio.compute import Compute
from inscape.studio.problems import problem_of
from inscape.studio.shapes import Message, Problem
from inscape.types import JsonObject

_MOST_WAITING = 20
_MOST_ENDED = 50


class Result(Message):
    """Base of what jobs end with; a page's own classes tell themselves apart by `kind`.

    The page that has such a class has that kind of jobs; `job` is its name where it is another one.
    """

    job: ClassVar[str] = ""
    kind: str


def _results(kind: type[Result] = Result) -> Iterator[type[Result]]:
    """What jobs of the pages that are there can end with, by their kinds."""
    for each in sorted(kind.__subclasses__(), key=lambda each: (each.__name__, each.__module__)):
        yield each
        yield from _results(each)


class _OfPages:
    """Describes, in OpenAPI, a field by what the pages that are there put into it."""

    def __init__(self, union: Callable[[], Any]) -> None:
        self._union = union

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(TypeAdapter(self._union()).core_schema)


def _kinds() -> object:
    return Literal[tuple(each.job or each.model_fields["kind"].default for each in _results())]


def _union() -> object:
    return Annotated[Union[tuple(_results())], Field(discriminator="kind")]  # noqa: UP007


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
    kind: Annotated[str, _OfPages(_kinds)]
    name: str = Field(description="Key of the job. A second request with the same key joins the first.")
    model: str
    layer: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    created: float = Field(description="Seconds since 1970.")
    finished: float | None = None
    progress: JobProgress | None = None
    error: Problem | None = None
    result: Annotated[SerializeAsAny[Result], _OfPages(_union)] | None = Field(
        default=None, description="Result so far of a running job. The list of jobs leaves it out."
    )


class JobList(Message):
    """All jobs of this launch, oldest first."""

    jobs: list[JobInfo]


class Told(CallbackProgress):
    """Progress that also takes what a job has found so far.

    Args:
        callback: Called at every step.
        found: Called with the result so far.
    """

    def __init__(self, callback: Callable[[JsonObject], None], found: Callable[[Result], None]) -> None:
        super().__init__(callback)
        self.found = found


Work = Callable[[Told], Result | None]


@dataclass(eq=False)
class _Job:
    """A job, and what only the studio knows of it: what was asked for, and how to stop it."""

    info: JobInfo
    asked: str
    progress: Told

    @property
    def active(self) -> bool:
        return self.info.finished is None


class Jobs:
    """All jobs of a launch.

    Args:
        compute: Where they run.
    """

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.RLock()

    def all(self) -> list[JobInfo]:
        """Every job, oldest first, without results."""
        with self._lock:
            return [job.info.model_copy(update={"result": None}) for job in self._jobs.values()]

    def get(self, identifier: str) -> JobInfo:
        """The job of that identifier.

        Raises:
            NotFoundError: There is none.
        """
        with self._lock:
            if identifier not in self._jobs:
                raise NotFoundError(
                    f"there is no job {identifier[:40]!r}.", "It ended, or the studio was restarted."
                )
            return self._jobs[identifier].info

    def active(self, identifier: str) -> bool:
        """Whether a job waits or runs."""
        with self._lock:
            return identifier in self._jobs and self._jobs[identifier].active

    def start(
        self, kind: str, name: str, work: Work, *, model: str, layer: str = "", asked: BaseModel | None = None
    ) -> JobInfo:
        """Queue a job; where the same waits or runs already, that one is returned.

        Args:
            kind: What it does: that of a class of `Result`.
            name: What people see.
            work: Called in the compute thread with the progress; what it returns is the job's result.
            model: For the page.
            layer: For the page.
            asked: The request; jobs are the same that have one model, one name and one request.

        Raises:
            ValueRangeError: Too many jobs wait already.
        """
        whole = f"{model} {name} {'' if asked is None else asked.model_dump_json()}"
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.active]
            for job in waiting:
                if job.asked == whole and not job.progress.cancelled.is_set():
                    return job.info
            if len(waiting) >= _MOST_WAITING:
                raise ValueRangeError(f"{len(waiting)} jobs wait already.", "Cancel some, or wait.")
            new = uuid.uuid4().hex[:16]
            info = JobInfo(
                id=new, kind=kind, name=name, model=model, layer=layer, state="waiting", created=time.time()
            )
            progress = Told(partial(self._step, new), partial(self._found, new))
            self._jobs[new] = _Job(info, whole, progress)
        self._compute.submit_long(lambda: self._run(new, work))
        return info

    def cancel(self, identifier: str) -> JobInfo:
        """Stop a job that waits or runs; take one that has ended off the list.

        Raises:
            NotFoundError: There is none.
        """
        with self._lock:
            info = self.get(identifier)
            self._jobs[identifier].progress.cancel()
            if info.state == "waiting":
                return self._change(identifier, state="cancelled", finished=time.time())
            if info.state != "running":
                del self._jobs[identifier]
            return info

    def close(self) -> None:
        """Ask every job to stop."""
        with self._lock:
            for job in self._jobs.values():
                job.progress.cancel()

    def _step(self, identifier: str, step: JsonObject) -> None:
        self._change(identifier, progress=JobProgress(**step))
        self._compute.give_way()

    def _found(self, identifier: str, result: Result) -> None:
        self._change(identifier, result=result)

    def _change(self, identifier: str, **update: object) -> JobInfo:
        with self._lock:
            job = self._jobs[identifier]
            job.info = job.info.model_copy(update=update)
            ended = [job.info.id for job in self._jobs.values() if not job.active]
            for oldest in ended[:-_MOST_ENDED]:
                del self._jobs[oldest]
            return job.info

    def _run(self, identifier: str, work: Work) -> None:
        with self._lock:
            if not self.active(identifier):
                return
            job = self._jobs[identifier]
            self._change(identifier, state="running")
        try:
            update: dict[str, object] = {"state": "done", "result": work(job.progress)}
        except CancelledError:
            update = {"state": "cancelled"}
        except Exception as error:
            update = {"state": "failed", "error": problem_of(error)[0]}
        self._change(identifier, finished=time.time(), **update)
