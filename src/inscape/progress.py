"""Progress objects, which also carry the request to stop.

Long work opens a task and advances it between batches. `Task.advance` raises `CancelledError` when the
person asked to stop, so that stopping needs no code of its own in any algorithm.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

from inscape.errors import CancelledError
from inscape.types import JsonObject

T = TypeVar("T")
_GLANCE_SECONDS = 0.05


class Task(Protocol):
    """A task in progress."""

    def advance(self, count: int = 1) -> None:
        """Advance the task by `count` units.

        Raises:
            CancelledError: The person cancelled.
        """


class Progress(Protocol):
    """Receives the progress of long work."""

    def task(self, name: str, total: int | None = None, unit: str = "") -> AbstractContextManager[Task]:
        """Open a task of `total` units; `None` where the total is not known."""


class _SilentTask:
    def advance(self, count: int = 1) -> None:
        """Nothing to show."""


class SilentProgress:
    """Shows nothing and never stops the work. The default of every function."""

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a task that shows nothing."""
        yield _SilentTask()


class _CallbackTask:
    def __init__(self, owner: CallbackProgress, name: str, total: int | None, unit: str) -> None:
        self._owner, self._name, self._total, self._unit = owner, name, total, unit
        self._done = 0
        self._started = time.monotonic()

    def advance(self, count: int = 1) -> None:
        self._done += count
        self.report()
        if self._owner.cancelled.is_set():
            raise CancelledError

    def report(self) -> None:
        elapsed = time.monotonic() - self._started
        left = None
        if self._total and self._done:
            left = max(0.0, elapsed * (self._total - self._done) / self._done)
        self._owner.callback(
            {
                "name": self._name,
                "done": self._done,
                "total": self._total,
                "unit": self._unit,
                "seconds": elapsed,
                "seconds_left": left,
            }
        )


class CallbackProgress:
    """Calls a function at every step. The studio sends progress to the page with it.

    Args:
        callback: Called with `{name, done, total, unit, seconds, seconds_left}` at every step.
    """

    def __init__(self, callback: Callable[[JsonObject], None]) -> None:
        self.callback = callback
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self.cancelled.set()

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a task that reports to the callback."""
        task = _CallbackTask(self, name, total, unit)
        task.report()
        yield task


class _HeardTask:
    def __init__(self, whole: Task) -> None:
        self._whole = whole

    def advance(self, count: int = 1) -> None:
        self._whole.advance(0)


class PartOfWhole:
    """Joins the tasks of several pieces of work into one task with one time left.

    Args:
        whole: The task; its total is that of all the pieces.
        unit: Tasks in this unit count; others only receive the request to stop.
    """

    def __init__(self, whole: Task, unit: str) -> None:
        self._whole, self._unit = whole, unit

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """A task whose steps are steps of the whole."""
        yield self._whole if unit == self._unit else _HeardTask(self._whole)


def stoppable(function: Callable[[], T], name: str, progress: Progress | None = None) -> T:
    """The result of a function that cannot be stopped itself; whoever cancels does not wait for it.

    Args:
        function: It must change nothing, for it may run on by itself in its own thread.
        name: Of the task.
        progress: Shows it, and stops waiting for it; without, the function runs in this thread.

    Raises:
        CancelledError: The person cancelled.
    """
    if progress is None:
        return function()
    found: Future[T] = Future()

    def run() -> None:
        try:
            found.set_result(function())
        except BaseException as error:  # handed to whoever waits
            found.set_exception(error)

    threading.Thread(target=run, name=f"inscape {name}", daemon=True).start()
    with progress.task(name) as task:
        while not wait([found], _GLANCE_SECONDS).done:
            task.advance(0)
    return found.result()


class _RichTask:
    def __init__(self, bar: Any, identifier: Any) -> None:
        self._bar, self._identifier = bar, identifier

    def advance(self, count: int = 1) -> None:
        self._bar.advance(self._identifier, count)


class TerminalProgress:
    """Shows a bar with the time left on standard error, or plain lines if that is not a terminal."""

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a task that draws a bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        console = Console(file=sys.stderr)
        if not console.is_terminal:
            console.print(f"{name} ({total} {unit})" if total else name, highlight=False)
            yield _SilentTask()
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=console, transient=True) as bar:
            yield _RichTask(bar, bar.add_task(name, total=total))
