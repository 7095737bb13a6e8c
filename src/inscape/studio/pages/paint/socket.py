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
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field, ValidationError

from inscape.errors import InscapeError, UsageError
from inscape.regions import Region
from inscape.studio.encoding import clear_png, jpeg
from inscape.studio.page import StudioOf
from inscape.studio.painter import Box, InfluenceInfo, Mark, Painter
from inscape.studio.problems import problem_of
from inscape.studio.shapes import Message, Name, Problem
from inscape.studio.strokes import MOST_STROKES, Pictured, Place, Stroke, StrokeSettings
from inscape.studio.studio import Studio

if TYPE_CHECKING:
    from numpy.typing import NDArray

router = APIRouter()
_LENGTH = struct.Struct("<I")
_LONGEST_HEADER = 64 * 1024


class PaintGround(Pictured):
    """Text message to `/api/paint`: what the next strokes are painted on.

    The strokes become `strokes[:keep] + strokes`, of those that this connection last had; hidden strokes
    are left out. Another model, seed, class or photo needs keep=0. Nothing is answered unless it is wrong.
    """

    type: Literal["ground"] = "ground"
    model: Name
    keep: int = Field(default=0, ge=0)
    strokes: list[Stroke] = Field(default_factory=list, max_length=MOST_STROKES)


class LiveStroke(StrokeSettings):
    """The stroke under the pointer: its mask's bytes follow the header."""

    height: int = Field(ge=1, le=1024)
    width: int = Field(ge=1, le=1024)


class PaintRequest(Message):
    """Header of a binary message to `/api/paint`: draw the ground, and the stroke on it where there is one.

    Frame: uint32 little endian length of this JSON, this JSON in UTF-8, then height x width bytes of mask
    (0 to 255, whole picture, row by row) where `stroke` is given. Only the newest waiting request is drawn.
    """

    seq: int = Field(ge=0)
    final: bool = False
    stroke: LiveStroke | None = None


class PaintFrame(Message):
    """Header of a binary answer, framed the same way; the bytes that follow are a JPEG.

    While the pointer moves on a photo they are a PNG of the square as the generator draws it, clear where
    the photo stays; the final picture has the photo's own detail.
    """

    seq: int
    final: bool
    width: int
    height: int
    units: list[int] = Field(description="Units that the stroke changed.")
    milliseconds: float = Field(description="Milliseconds in the model and the image encoder.")
    box: Box | None = Field(
        default=None,
        description="On a photo, what the picture covers: x, y, width, height in parts of the photo. "
        "Everything else is the photo's own; a box without area says that all of it is.",
    )
    influence: InfluenceInfo | None = None


class PaintError(Problem):
    """Text answer: what was asked with `seq` (None: the ground) cannot be drawn."""

    type: Literal["error"] = "error"
    seq: int | None


M = TypeVar("M", PaintGround, PaintRequest)


@dataclass(frozen=True)
class Ground:
    """What is painted on: a picture, and the strokes that are on it already, made ready when first drawn."""

    place: Place | None = None
    strokes: tuple[Callable[[], Mark], ...] = ()

    def changed(self, message: PaintGround, painter: Painter) -> Ground:
        """The ground after a message.

        Raises:
            UsageError: It keeps strokes that are not there, or of another picture, or there are too many.
        """
        place = message.place(message.model)
        if message.keep and (place != self.place or message.keep > len(self.strokes)):
            raise UsageError(
                f"There are {len(self.strokes)} strokes on this picture; keep={message.keep} does not fit.",
                "Send the whole ground with keep=0.",
            )
        new: list[Callable[[], Mark]] = [
            cache(partial(_mark, painter, message.model, stroke)) for stroke in message.strokes
        ]
        strokes = (*self.strokes[: message.keep], *new)
        if len(strokes) > MOST_STROKES:
            raise UsageError(
                f"A ground holds at most {MOST_STROKES} strokes.", "Export the picture and go on from there."
            )
        return Ground(place, strokes)


def _mark(painter: Painter, model: str, stroke: Stroke) -> Mark:
    return painter.marks(model, [stroke])[0]


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
                    message_read = _parsed(PaintGround, text.encode())
                    self._ground = self._ground.changed(message_read, self._studio.painter)
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
    place, live = wish.ground.place, wish.request.stroke
    assert place is not None
    marks = [stroke() for stroke in wish.ground.strokes]
    units: list[int] = []
    if live is not None and wish.mask is not None:
        mark = painter.mark(place.model, live, Region.from_mask(wish.mask))
        units = [] if mark.edit is None else list(mark.edit.units)
        marks.append(mark)
    drawn = painter.canvas(place).preview(marks, final=wish.request.final)
    height, width, channels = drawn.pixels.shape
    data = clear_png(drawn.pixels) if channels == 4 else jpeg(drawn.pixels)
    header = PaintFrame(
        seq=wish.request.seq,
        final=wish.request.final,
        width=width,
        height=height,
        units=units,
        milliseconds=(time.perf_counter() - started) * 1000,
        box=drawn.box,
        influence=drawn.influence,
    )
    return join(header.model_dump_json().encode(), data)


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
async def paint(socket: WebSocket, studio: StudioOf) -> None:
    """Previews and final pictures of a painting."""
    await socket.accept()
    await PaintSocket(socket, studio).serve()
