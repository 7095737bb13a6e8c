"""Long work as named jobs: one at a time, with progress, time left, and a way to stop."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from inscape.errors import CancelledError, NotFoundError, ValueRangeError
from inscape.progress import CallbackProgress
from inscape.studio.compute import Compute
from inscape.studio.job_schemas import JobInfo, JobKind, JobProgress
from inscape.studio.problems import problem_of
from inscape.studio.results import JobResult


class Told(CallbackProgress):
    """Progress that also takes what a job has found so far.

    Args:
        callback: Called at every step.
        found: Called with the result so far.
    """

    def __init__(
        self, callback: Callable[[dict[str, Any]], None], found: Callable[[JobResult], None]
    ) -> None:
        super().__init__(callback)
        self.found = found


Work = Callable[[Told], JobResult | None]
_MOST_WAITING = 20
_MOST_ENDED = 50


class Jobs:
    """All jobs of a launch.

    Args:
        compute: Where they run.
    """

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._jobs: dict[str, JobInfo] = {}
        self._progress: dict[str, Told] = {}
        self._asked: dict[str, str] = {}
        self._lock = threading.Lock()

    def all(self) -> list[JobInfo]:
        """Every job, oldest first, without results."""
        with self._lock:
            return [job.model_copy(update={"result": None}) for job in self._jobs.values()]

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
            return self._jobs[identifier].model_copy()

    def active(self, identifier: str) -> bool:
        """Whether a job waits or runs."""
        with self._lock:
            job = self._jobs.get(identifier)
            return job is not None and job.state in ("waiting", "running")

    def start(
        self, kind: JobKind, name: str, work: Work, *, model: str, layer: str, asked: BaseModel | None = None
    ) -> JobInfo:
        """Queue a job; where the same waits or runs already, that one is returned.

        Args:
            kind: What it does.
            name: What people see.
            work: Called in the compute thread with the progress; what it returns is the job's result.
            model: For the page.
            layer: For the page.
            asked: The request; jobs are the same that have one name and one request.

        Raises:
            ValueRangeError: Too many jobs wait already.
        """
        whole = name if asked is None else f"{name} {asked.model_dump_json()}"
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.state in ("waiting", "running")]
            for job in waiting:
                if self._asked[job.id] == whole and not self._progress[job.id].cancelled.is_set():
                    return job.model_copy()
            if len(waiting) >= _MOST_WAITING:
                raise ValueRangeError(f"{len(waiting)} jobs wait already.", "Cancel some, or wait.")
            job = JobInfo(
                id=uuid.uuid4().hex[:16],
                kind=kind,
                name=name,
                model=model,
                layer=layer,
                state="waiting",
                created=time.time(),
            )
            self._jobs[job.id], self._asked[job.id] = job, whole
            self._progress[job.id] = Told(
                lambda step: self._step(job.id, step), lambda result: self._found(job.id, result)
            )
        self._compute.submit_long(lambda: self._run(job.id, work))
        return self.get(job.id)

    def cancel(self, identifier: str) -> JobInfo:
        """Stop a job that waits or runs; take one that has ended off the list.

        Raises:
            NotFoundError: There is none.
        """
        job = self.get(identifier)
        with self._lock:
            progress = self._progress.get(identifier)
            if progress is not None:
                progress.cancel()
            if job.state == "waiting":
                self._end(identifier, state="cancelled")
            elif job.state != "running":
                self._drop(identifier)
        return job if identifier not in self._jobs else self.get(identifier)

    def close(self) -> None:
        """Ask every job to stop."""
        with self._lock:
            for progress in self._progress.values():
                progress.cancel()

    def _step(self, identifier: str, step: dict[str, Any]) -> None:
        with self._lock:
            self._jobs[identifier] = self._jobs[identifier].model_copy(
                update={"progress": JobProgress(**step)}
            )
        self._compute.give_way()

    def _found(self, identifier: str, result: JobResult) -> None:
        with self._lock:
            self._jobs[identifier] = self._jobs[identifier].model_copy(update={"result": result})

    def _end(self, identifier: str, **update: Any) -> None:
        """Called with the lock held."""
        self._jobs[identifier] = self._jobs[identifier].model_copy(update={"finished": time.time(), **update})
        self._progress.pop(identifier, None)
        ended = [job.id for job in self._jobs.values() if job.finished is not None]
        for oldest in ended[:-_MOST_ENDED]:
            self._drop(oldest)

    def _drop(self, identifier: str) -> None:
        """Called with the lock held."""
        self._jobs.pop(identifier, None)
        self._asked.pop(identifier, None)

    def _run(self, identifier: str, work: Work) -> None:
        with self._lock:
            progress = self._progress.get(identifier)
            if progress is None or progress.cancelled.is_set():
                return
            self._jobs[identifier] = self._jobs[identifier].model_copy(update={"state": "running"})
        try:
            result = work(progress)
        except CancelledError:
            update: dict[str, Any] = {"state": "cancelled"}
        except Exception as error:
            update = {"state": "failed", "error": problem_of(error)[0]}
        else:
            update = {"state": "done", "result": result}
        with self._lock:
            self._end(identifier, **update)
