"""Paintings of a former version of a shipped model: looked at as they were, and painted again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi.concurrency import run_in_threadpool

from inscape.errors import InscapeError, UnsupportedError
from inscape.studio.encoding import jpeg
from inscape.studio.paintings import NewPainting, Painting
from inscape.studio.strokes import AddStroke, Operation
from inscape.studio.studio import State, Studio

if TYPE_CHECKING:
    from inscape.studio.shapes import Kept

_QUIET_SECONDS = 1.0


class Pictures(State):
    """Keeps what paintings look like, for the day when another version of their model is installed.

    Args:
        studio: Where they are drawn.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(self, painting: Painting | Kept) -> None:
        """Draw a painting when a person has rested for a moment, and keep its picture."""
        task = asyncio.create_task(self._keep(painting.id, painting.revision))
        self._tasks.add(task)  # the loop itself holds no task
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, identifier: str, revision: int) -> None:
        studio = self.studio

        async def moved_on() -> bool:
            return studio.paintings.get(identifier).revision != revision

        with suppress(InscapeError, asyncio.CancelledError):  # gone by now, or the studio closes
            await asyncio.sleep(_QUIET_SECONDS)
            kept = await run_in_threadpool(studio.paintings.get, identifier)
            if kept.revision == revision:
                picture = await studio.compute.run_beside(lambda: drawn_jpeg(studio, kept), moved_on)
                await run_in_threadpool(studio.paintings.keep_picture, identifier, revision, picture)


def drawn_jpeg(studio: Studio, painting: Painting, size: int | None = None) -> bytes:
    """A painting as it stands; called in the compute thread."""
    canvas = studio.painter.canvas(painting.place(painting.model))
    return jpeg(canvas.screen(studio.painter.marks(painting.model, painting.strokes)), size)


def with_former(studio: Studio, painting: Painting) -> Painting:
    """The painting, with the version that drew it where another one is installed."""
    if painting.weights is None:
        return painting
    try:
        version = studio.library.card(painting.model).former.get(painting.weights)
    except InscapeError:  # the model is offered no more
        return painting
    return painting.model_copy(update={"former": version})


def current(studio: Studio, identifier: str) -> Painting:
    """A painting that the installed version draws.

    Raises:
        NotFoundError: There is no such painting.
        UnsupportedError: A former version drew it.
    """
    painting = with_former(studio, studio.paintings.get(identifier))
    if painting.former is not None:
        raise UnsupportedError(
            f"Version {painting.former} of {painting.model!r} drew this painting, and another version is "
            "installed: it would draw these strokes another way.",
            "Paint it again: My paintings, Paint again.",
        )
    return painting


def anew(painting: Painting) -> NewPainting:
    """The same painting for the version that is installed: strokes of a brush take its units anew."""
    operations: list[Operation] = []
    for operation in painting.operations:
        if isinstance(operation, AddStroke):
            stroke = operation.stroke
            units = stroke.units if stroke.concept is None else []
            stroke = stroke.model_copy(update={"units": units, "values": []})
            operations.append(AddStroke(stroke=stroke))
        else:
            operations.append(operation)
    kept = {"model", "name", "seed", "photo", "truncation", "class_index", "cursor"}
    known = painting.model_dump(include=kept)
    return NewPainting(**known, operations=operations)
