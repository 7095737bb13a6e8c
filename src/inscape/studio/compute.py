"""The one thread in which networks run: what a person waits for goes before long work.

Small pictures that a page shows beside what is worked on (`run_beside`) come after strokes and before long
work. Long work (`submit_long`) calls `give_way` between its batches, which runs whatever else waits; a stroke
during a dissection therefore waits for one batch, not for the dissection, and for one small picture, not for
a strip of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from inscape.errors import CancelledError

T = TypeVar("T")
_PATIENCE_SECONDS = 15.0
_GLANCE_SECONDS = 0.25
Piece = tuple["Future[Any]", Callable[[], object]]


class Compute:
    """A single worker thread with three queues: urgent, beside and long.

    Args:
        before: Called in the thread before every function.
    """

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self._before = before
        self._urgent: deque[Piece] = deque()
        self._beside: deque[Piece] = deque()
        self._long: deque[Piece] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="inscape-compute", daemon=True)
        self._thread.start()

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Run a function before all long work; its result comes as a future."""
        return self._put(self._urgent, function)

    def submit_long(self, function: Callable[[], T]) -> Future[T]:
        """Run a function when nothing urgent waits; it must call `give_way` now and then."""
        return self._put(self._long, function)

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function before all else, and wait for it without blocking the event loop."""
        return await asyncio.wrap_future(self.submit(function))

    async def run_beside(self, function: Callable[[], T], gone: Callable[[], Awaitable[bool]]) -> T:
        """Run a function when nothing urgent waits, before all long work.

        Args:
            function: What to run.
            gone: Says whether nobody waits for it any more; where it has not begun by then, it never does.

        Raises:
            CancelledError: Nobody waits for it any more.
        """
        answer = asyncio.wrap_future(self._put(self._beside, function))
        while not (await asyncio.wait({answer}, timeout=_GLANCE_SECONDS))[0]:
            if await gone():
                answer.cancel()
                raise CancelledError("The page has moved on.")
        return answer.result()

    def give_way(self) -> None:
        """Run everything else that waits; called by long work, in the compute thread."""
        while True:
            with self._changed:
                waiting = self._urgent or self._beside
                if not waiting:
                    return
                piece = waiting.popleft()
            self._run(piece)

    def close(self) -> None:
        """Take no more work, drop what waits, and wait a little for what runs to end."""
        with self._changed:
            self._closed = True
            for future, _ in (*self._urgent, *self._beside, *self._long):
                future.cancel()
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE_SECONDS)

    def _put(self, queue: deque[Piece], function: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                future.cancel()
            queue.append((future, function))
            self._changed.notify_all()
        return future

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._urgent or self._beside or self._long or self._closed):
                    self._changed.wait()
                if self._closed:
                    return
                piece = (self._urgent or self._beside or self._long).popleft()
            self._run(piece)

    def _run(self, piece: Piece) -> None:
        future, function = piece
        if not future.set_running_or_notify_cancel():
            return
        try:
            self._before()
            future.set_result(function())
        except BaseException as error:  # handed to whoever waits, KeyboardInterrupt and MemoryError too
            future.set_exception(error)
