"""Previews while the pointer moves, over one WebSocket: the newest request wins, and none is queued.

The request that is being drawn is finished and sent; of those that came meanwhile only the newest is drawn.

What is sent, final pictures too, is for the eye: pictures of more than 128 pixels are computed again only
where a stroke can have changed them, and may differ by a grey level from the full pass that an export takes.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from inscape.errors import InscapeError, UsageError
from inscape.regions import Region
from inscape.studio.encoding import clear_png, jpeg
from inscape.studio.painter import Painter, Place, region_of
from inscape.studio.photo_marks import Mark
from inscape.studio.photo_schemas import InfluenceInfo
from inscape.studio.problems import problem_of
from inscape.studio.schemas import MOST_STROKES, Stroke
from inscape.studio.socket_schemas import PaintError, PaintFrame, PaintGround, PaintRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.editing import UnitEdit
    from inscape.studio.studio import Studio

router = APIRouter()
M = TypeVar("M", PaintGround, PaintRequest)
_LENGTH = struct.Struct("<I")
_LONGEST_HEADER = 64 * 1024


class GroundStroke:
    """A stroke of the ground, and its edit once it has been made; both in the compute thread."""

    def __init__(self, stroke: Stroke) -> None:
        self._stroke = stroke
        self._edit: UnitEdit | None = None
        self._mark: Mark | None = None

    def edit(self, painter: Painter, model: str) -> UnitEdit:
        """Its edit."""
        if self._edit is None:
            self._edit = painter.edit(model, self._stroke, region_of(self._stroke.region))
        return self._edit

    def mark(self, painter: Painter, model: str) -> Mark:
        """What it does on a photo."""
        if self._mark is None:
            stroke = self._stroke
            self._mark = painter.mark(model, stroke.id, stroke, region_of(stroke.region))
        return self._mark


@dataclass(frozen=True)
class Ground:
    """What is painted on: a picture, and the strokes that are on it already."""

    place: Place | None = None
    strokes: tuple[GroundStroke, ...] = ()

    def changed(self, message: PaintGround) -> Ground:
        """The ground after a message.

        Raises:
            UsageError: It keeps strokes that are not there, or of another picture, or there are too many.
        """
        place = Place(message.model, message.seed, message.truncation, message.class_index, message.photo)
        if message.keep and (place != self.place or message.keep > len(self.strokes)):
            raise UsageError(
                f"There are {len(self.strokes)} strokes on this picture; keep={message.keep} does not fit.",
                "Send the whole ground with keep=0.",
            )
        strokes = self.strokes[: message.keep] + tuple(GroundStroke(stroke) for stroke in message.strokes)
        if len(strokes) > MOST_STROKES:
            raise UsageError(
                f"A ground holds at most {MOST_STROKES} strokes.", "Export the picture and go on from there."
            )
        return replace(self, place=place, strokes=strokes)


@dataclass(frozen=True)
class Wish:
    """A picture that is asked for: on what ground, with which stroke, under which mask."""

    ground: Ground
    request: PaintRequest
    mask: NDArray[np.uint8] | None


class PaintSocket:
    """One connection.

    Args:
        socket: Accepted.
        studio: Where pictures are drawn.
    """

    def __init__(self, socket: WebSocket, studio: Studio) -> None:
        self._socket, self._studio = socket, studio
        self._ground = Ground()
        self._wish: Wish | None = None
        self._wanted = asyncio.Event()

    async def serve(self) -> None:
        """Read and draw until the other side leaves."""
        drawing = asyncio.create_task(self._draw_forever())
        try:
            await self._read_forever()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)

    async def _read_forever(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text, data = message.get("text"), message.get("bytes")
            try:
                if text is not None:
                    self._ground = self._ground.changed(_parsed(PaintGround, text.encode()))
                elif data is not None:
                    self._wish = self._read(data)
                    self._wanted.set()
            except InscapeError as error:
                await self._complain(error, _seq_in(data))

    def _read(self, data: bytes) -> Wish:
        header, mask = split(data)
        request = _parsed(PaintRequest, header)
        if self._ground.place is None:
            raise UsageError("No picture has been chosen yet.", "Send the ground first.")
        if request.stroke is None:
            return Wish(self._ground, request, None)
        height, width = request.stroke.height, request.stroke.width
        if len(mask) != height * width:
            raise UsageError(f"A mask of {height} × {width} has {height * width} bytes, got {len(mask)}.")
        return Wish(self._ground, request, np.frombuffer(mask, np.uint8).reshape(height, width))

    async def _draw_forever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            wish, self._wish = self._wish, None
            if wish is None:
                continue
            try:
                answer = await self._studio.compute.run(partial(draw, self._studio.painter, wish))
                await self._socket.send_bytes(answer)
            except (WebSocketDisconnect, RuntimeError, asyncio.CancelledError):
                raise
            except Exception as error:
                await self._complain(error, wish.request.seq)

    async def _complain(self, error: Exception, seq: int | None) -> None:
        problem, _ = problem_of(error)
        await self._socket.send_text(PaintError(**problem.model_dump(), seq=seq).model_dump_json())


def draw(painter: Painter, wish: Wish) -> bytes:
    """The answer to a wish: header and picture; called in the compute thread."""
    started = time.perf_counter()
    place = wish.ground.place
    assert place is not None
    drawn = _drawn(painter, place, wish) if place.photo is None else _patched(painter, place, wish)
    height, width = drawn.pixels.shape[:2]
    data = clear_png(drawn.pixels) if drawn.pixels.shape[2] == 4 else jpeg(drawn.pixels)
    header = PaintFrame(
        seq=wish.request.seq,
        final=wish.request.final,
        width=width,
        height=height,
        units=drawn.units,
        milliseconds=(time.perf_counter() - started) * 1000,
        box=drawn.box,
        influence=drawn.influence,
    )
    return join(header.model_dump_json().encode(), data)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What an answer holds; on a photo the pixels are only what strokes change."""

    pixels: NDArray[np.uint8]
    units: list[int]
    box: tuple[float, float, float, float] | None = None
    influence: InfluenceInfo | None = None


def _drawn(painter: Painter, place: Place, wish: Wish) -> _Drawn:
    edits = [stroke.edit(painter, place.model) for stroke in wish.ground.strokes]
    units: list[int] = []
    if wish.request.stroke is not None and wish.mask is not None:
        live = painter.edit(place.model, wish.request.stroke, Region.from_mask(wish.mask))
        units = list(live.units)
        edits.append(live)
    return _Drawn(painter.preview(place, edits), units)


def _patched(painter: Painter, place: Place, wish: Wish) -> _Drawn:
    assert place.photo is not None
    marks = [stroke.mark(painter, place.model) for stroke in wish.ground.strokes]
    units: list[int] = []
    if wish.request.stroke is not None and wish.mask is not None:
        live = painter.mark(place.model, "", wish.request.stroke, Region.from_mask(wish.mask))
        units = list(live.edit.units) if live.edit is not None else []
        marks.append(live)
    draw_photo = painter.photos.patch if wish.request.final else painter.photos.glimpse
    patch = draw_photo(place.photo, marks)
    return _Drawn(patch.pixels, units, patch.box, patch.influence)


def join(header: bytes, body: bytes) -> bytes:
    """A binary message: length of the header, header, body."""
    return _LENGTH.pack(len(header)) + header + body


def split(data: bytes) -> tuple[bytes, bytes]:
    """Header and body of a binary message.

    Raises:
        UsageError: It is shorter than it claims.
    """
    if len(data) < _LENGTH.size:
        raise UsageError("A binary message starts with the length of its header.")
    (length,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + length
    if length > _LONGEST_HEADER or end > len(data):
        raise UsageError(f"The header of a binary message claims {length} bytes, of {len(data)} in all.")
    return data[_LENGTH.size : end], data[end:]


def _parsed(kind: type[M], text: bytes) -> M:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{place!r}: {first['msg']}."[:500]) from error


def _seq_in(data: bytes | None) -> int | None:
    """The number of a request that cannot be read, where that much can be."""
    if data is None:
        return None
    try:
        seq = json.loads(split(data)[0])["seq"]
        return seq if type(seq) is int and seq >= 0 else None
    except (InscapeError, ValueError, KeyError, TypeError, RecursionError):
        return None


@router.websocket("/api/paint")
async def paint(socket: WebSocket) -> None:
    """Previews and final pictures of a painting."""
    await socket.accept()
    await PaintSocket(socket, socket.app.state.studio).serve()
