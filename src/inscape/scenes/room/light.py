"""The light of a room: what falls on each pixel from each source, added up, and shown on a display.

Everything is linear in the sources. The irradiance of a lamp is that of a point with soft falloff; that of a
window is Lambert's law for a small area; both have a constant share for what walls throw back. Corners and
marked shadows dim them. The camera's exposure follows the hour, never the lamps.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inscape.errors import NotFoundError, unknown_name
from inscape.scenes.canvas import Color
from inscape.scenes.room.geometry import Camera, Spot
from inscape.scenes.room.stage import Halves, Stage
from inscape.scenes.scene import Pixels

Map = NDArray[np.float32]

DAYLIGHT = "daylight"
VIEW = 2.6
"""How bright the brightest view through a window is; a white wall in good light is 1."""
GLOW = 2.1
"""How bright the brightest spot of a lit lamp is."""
_ROWS = 64
_WRAP = 0.16
_CORNER, _REACH = 0.34, 3.2


class Opening(NamedTuple):
    """A window as a source of light: its middle, which way it faces, its area in square metres."""

    middle: Spot
    inward: Spot
    area: float


class Bulb(NamedTuple):
    """A lamp as a source of light.

    Args:
        name: "ceiling lamp", "table lamp" or "standing lamp".
        place: Where its light comes from.
        power: How strong it is.
        spread: Share of the light that goes sideways, upwards and downwards besides.
        tint: Its colour, linear.
    """

    name: str
    place: Spot
    power: float
    spread: tuple[float, float, float]
    tint: Color


@dataclass(frozen=True)
class Sources:
    """All that can shine in a room.

    Args:
        openings: Windows; none in a room without daylight.
        day: Colour and strength of the daylight, linear.
        bulbs: At most three lamps.
        exposure: Of the camera.
        low: The room's left, lowest and nearest point; it has no wall behind us, so the last is -inf.
        high: Its right, highest and farthest point.
    """

    openings: tuple[Opening, ...]
    day: Color
    bulbs: tuple[Bulb, ...]
    exposure: float
    low: Spot
    high: Spot

    @property
    def names(self) -> tuple[str, ...]:
        """The sources by name, daylight first."""
        return (*((DAYLIGHT,) if self.openings else ()), *(bulb.name for bulb in self.bulbs))


@dataclass(frozen=True)
class Lighting:
    """A room under all of its lights, one by one, pixel by pixel.

    Args:
        names: The sources, daylight first.
        tints: Their colours, linear, float32 `[source, 3]`.
        maps: How much light of each falls on each pixel, float32 `[source, height, width]`; 1 on a white
            surface is a well lit wall.
        surface: Colours of the surfaces, linear, float32 `[height, width, 3]`.
        exposure: Of the camera.
        view: Pixels (counted row by row) that show the world outside, through a window or in a mirror, and
            how strongly, `[pixel, 3]`.
        glow: Pixels that show a lamp or its image in a mirror, and how strongly each, `[pixel, lamp]`.
    """

    names: tuple[str, ...]
    tints: Map
    maps: Map
    surface: Map
    exposure: float
    view: tuple[NDArray[np.intp], Map]
    glow: tuple[NDArray[np.intp], Map]

    def linear(self, lights: Collection[str]) -> Map:
        """The picture under some of the lights, before exposure and display: the sum of their parts.

        Args:
            lights: Names of sources.

        Raises:
            NotFoundError: The room has no such light.
        """
        check_lights(lights, self.names, where="in this room")
        on = [number for number, name in enumerate(self.names) if name in lights]
        falling = self.maps.reshape(len(self.maps), -1)[on].T @ self.tints[on]
        linear = self.surface * falling.reshape(self.surface.shape)
        flat = linear.reshape(-1, 3)
        if DAYLIGHT in self.names and DAYLIGHT in lights:
            where, strengths = self.view
            flat[where] += strengths * np.float32(VIEW)
        where, strengths = self.glow
        offset = int(DAYLIGHT in self.names)
        lit = [number - offset for number in on if number >= offset]
        if lit:
            flat[where] += strengths[:, lit] @ (
                self.tints[[number + offset for number in lit]] * np.float32(GLOW)
            )
        return linear

    def picture(self, lights: Collection[str]) -> Pixels:
        """The picture under some of the lights, sRGB uint8 `[height, width, 3]`.

        Raises:
            NotFoundError: The room has no such light.
        """
        return display(self.linear(lights), self.exposure)


def check_lights(lights: Collection[str], names: Collection[str], *, where: str) -> None:
    """Refuse lights that a room does not have.

    Args:
        lights: What was asked for.
        names: The sources of the room.
        where: The room, for the error: "in room 7".

    Raises:
        NotFoundError: One of the lights is no source of the room.
    """
    for name in lights:
        if name not in names:
            raise NotFoundError(*unknown_name("light", name, names, where=where))


def light(stage: Stage, sources: Sources) -> Lighting:
    """Light a room that has been drawn."""
    faces, shadows = stage.layers
    view, glow = stage.shining
    size = stage.size
    irradiance = _Irradiance(stage.camera, sources, stage.tables())
    maps = np.empty((len(sources.names), size, size), np.float32)
    columns = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    for start in range(0, size, _ROWS):
        rows = columns[start : start + _ROWS]
        ids = faces[2 * start + 1 : 2 * (start + len(rows)) : 2, 1::2]
        maps[:, start : start + len(rows)] = irradiance.falls(ids, columns[None], rows[:, None])
    _smooth(maps, faces, irradiance)
    offset = len(sources.names) - len(sources.bulbs)
    where = np.flatnonzero(shadows.view(np.uint32) != 0xFFFFFFFF)
    arrives = shadows.reshape(-1, 4)[where].T * np.float32(1 / 255)
    flat = maps.reshape(len(maps), -1)
    for number in range(len(sources.bulbs)):
        flat[offset + number, where] *= arrives[number]
    if offset:
        flat[0, where] *= arrives[3]
    tints = np.array([sources.day, *(bulb.tint for bulb in sources.bulbs)], np.float32)[1 - offset :]
    surface = np.take(_COLORS, stage.colors[..., :3], mode="clip")
    return Lighting(sources.names, tints, maps, surface, sources.exposure, _strengths(view), _strengths(glow))


def _strengths(roots: Halves) -> tuple[NDArray[np.intp], Map]:
    """Where something shines, and the strengths behind the square roots."""
    where = np.flatnonzero(roots.view(np.uint64) & _RGB)
    strengths = roots.reshape(-1, 4)[where, :3].astype(np.float32)
    strengths *= strengths
    return where, strengths


def _smooth(maps: Map, faces: Pixels, irradiance: _Irradiance) -> None:
    """Where a pixel shows more than one face, take the mean of its quarters."""
    size = maps.shape[1]
    quarters = [faces[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    edges = quarters[0] != quarters[3]
    for quarter in quarters[1:3]:
        edges |= quarter != quarters[3]
    rows, columns = np.nonzero(edges)
    ids = np.stack([quarter[rows, columns] for quarter in quarters])
    across, down = (
        np.array(shift, np.float32)[:, None] for shift in ((0.25, 0.75, 0.25, 0.75), (0.25, 0.25, 0.75, 0.75))
    )
    x = (columns.astype(np.float32) + across) / np.float32(size)
    y = (rows.astype(np.float32) + down) / np.float32(size)
    maps[:, rows, columns] = irradiance.falls(ids, x, y).mean(1)


class _Irradiance:
    """Irradiance of every source at points of the picture."""

    def __init__(self, camera: Camera, sources: Sources, tables: tuple[Map, ...]) -> None:
        self._camera, self._sources = camera, sources
        self._planes, self._normals, self._corners = tables

    def falls(self, ids: Pixels, x: Map, y: Map) -> Map:
        """Light from each source `[source, ...]` on the faces `ids` seen at (x, y)."""
        camera, sources = self._camera, self._sources
        ray_x = (x - np.float32(camera.vanish_x)) * np.float32(1 / camera.focal)
        ray_y = (np.float32(camera.vanish_y) - y) * np.float32(1 / camera.focal)
        ids = np.ascontiguousarray(ids)
        a, b, c = (np.take(row, ids, mode="clip") for row in self._planes)
        a *= ray_x
        b *= ray_y
        a += b
        a += c
        depth = np.float32(1) / np.maximum(a, np.float32(0.02))
        point = (ray_x * depth + np.float32(camera.eye_x), ray_y * depth + np.float32(camera.eye_y), depth)
        normal = tuple(np.take(row, ids, mode="clip") for row in self._normals)
        open_ = self._corner(ids, point)
        falls = np.empty((len(sources.names), *ids.shape), np.float32)
        number = 0
        if sources.openings:
            falls[0] = np.float32(sum(one.area for one in sources.openings) * _BOUNCE)
            for opening in sources.openings:
                falls[0] += _from_opening(opening, point, normal)
            number = 1
        for bulb in sources.bulbs:
            falls[number] = _from_bulb(bulb, point, normal)
            number += 1
        falls *= open_
        return falls

    def _corner(self, ids: Pixels, point: tuple[Map, ...]) -> Map:
        """How open the room is at a point: less in its corners."""
        open_ = np.ones(ids.shape, np.float32)
        sources = self._sources
        for axis, (value, low, high) in enumerate(zip(point, sources.low, sources.high, strict=True)):
            gap = np.minimum(value - np.float32(low), np.float32(high) - value)
            gap *= np.float32(_REACH)
            gap *= gap
            gap += np.float32(1)
            shut = np.take(self._corners[axis], ids, mode="clip") * np.float32(_CORNER)
            shut /= gap
            open_ *= np.float32(1) - shut
        return open_


def _toward(
    place: Spot, point: tuple[Map, ...], normal: tuple[Map, ...]
) -> tuple[Map, Map, tuple[Map, ...], Map]:
    """Squared distance to a place, its inverse root, the way to it, and how squarely light from it falls."""
    way: tuple[Map, ...] = tuple(map(np.subtract, np.array(place, np.float32), point))
    square: Map = way[0] * way[0]
    square += way[1] * way[1]
    square += way[2] * way[2]
    inverse: Map = np.float32(1) / np.sqrt(square + np.float32(1e-3))
    facing: Map = way[0] * normal[0]
    facing += way[1] * normal[1]
    facing += way[2] * normal[2]
    facing *= inverse
    np.maximum(facing, np.float32(0), out=facing)
    facing *= np.float32(1 - _WRAP)
    facing += np.float32(_WRAP)
    return square, inverse, way, facing


def _from_opening(opening: Opening, point: tuple[Map, ...], normal: tuple[Map, ...]) -> Map:
    """Lambert's law for a small area: cos cos area / (pi distance^2 + area)."""
    square, inverse, way, facing = _toward(opening.middle, point, normal)
    axis = 2 if opening.inward[2] else 0
    leaving = way[axis] * np.float32(-opening.inward[axis])
    leaving *= inverse
    np.maximum(leaving, np.float32(0), out=leaving)
    facing *= leaving
    square *= np.float32(np.pi / (opening.area * _DAY))
    square += np.float32(1 / _DAY)
    facing /= square
    return facing


def _from_bulb(bulb: Bulb, point: tuple[Map, ...], normal: tuple[Map, ...]) -> Map:
    """A point with soft falloff that shines more upwards or downwards than sideways."""
    square, inverse, way, facing = _toward(bulb.place, point, normal)
    side, up, down = bulb.spread
    rise = way[1] * inverse
    shape = np.maximum(rise, np.float32(0)) * np.float32(down)
    shape += np.minimum(rise, np.float32(0)) * np.float32(-up)
    shape += np.float32(side)
    facing *= shape
    square += np.float32(0.12)
    facing /= square
    facing += np.float32(_THROWN_BACK)
    facing *= np.float32(bulb.power)
    return facing


def display(linear: Map, exposure: float = 1.0) -> Pixels:
    """What a display shows of linear light: 1 - exp(-light), then the curve of sRGB.

    Args:
        linear: Any shape.
        exposure: Multiplies it.
    """
    roots = np.sqrt(linear * np.float32(exposure))
    roots *= np.float32(_STEPS)
    np.minimum(roots, np.float32(len(_SHOWN) - 1), out=roots)
    shown: Pixels = np.take(_SHOWN, (roots + np.float32(0.5)).astype(np.uint16), mode="clip")
    return shown


def _decoded(coded: NDArray[np.float64]) -> NDArray[np.float64]:
    """From sRGB, 0 to 1, to linear light."""
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """From linear light, 0 to 1, to sRGB."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


_BOUNCE, _DAY, _THROWN_BACK = 0.11, 5.5, 0.06
_STEPS = 1200
"""Steps of the table of the display curve for each unit of the square root of light."""
_RGB = np.array([0xFFFF, 0xFFFF, 0xFFFF, 0], np.uint16).view(np.uint64)
_COLORS = _decoded(np.arange(256) / 255).astype(np.float32)
_SHOWN = (_encoded(1 - np.exp(-((np.arange(4096) / _STEPS) ** 2))) * 255 + 0.5).astype(np.uint8)
