"""A room in perspective: the camera, planes that face it, and boxes.

Lengths are metres: x to the right from the middle of the room, y up from the floor, z away from the camera.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import skia

from inscape.scenes.canvas import Point, polygons

Spot: TypeAlias = tuple[float, float, float]


class Face(NamedTuple):
    """A flat surface for the light.

    Args:
        plane: (a, b, c): it holds the points r / (a rx + b ry + c) of the rays r = (rx, ry, 1) from the eye.
        normal: Which way it faces the light, towards the eye.
        corners: By axis, 1 where walls across that axis darken it in their corner, else 0.
    """

    plane: Spot
    normal: Spot
    corners: Spot = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Camera:
    """A camera that looks along z, its lens shifted.

    Args:
        eye_x: Where it stands between the side walls.
        eye_y: How high.
        focal: Size in the picture of one metre at a distance of one metre.
        vanish_x: Where in the picture all lines along z meet.
        vanish_y: The height of that point, from above: the horizon.
    """

    eye_x: float
    eye_y: float
    focal: float
    vanish_x: float
    vanish_y: float

    def see(self, x: float, y: float, z: float) -> Point:
        """Where a point appears in the picture, (x, y) from its upper left corner."""
        scale = self.focal / z
        return self.vanish_x + (x - self.eye_x) * scale, self.vanish_y - (y - self.eye_y) * scale

    def path(self, *outlines: Iterable[Spot]) -> skia.Path:
        """Closed lines through points of the room."""
        return polygons([[self.see(*point) for point in points] for points in outlines])

    def face(self, normal: Spot, through: Spot, corners: Spot = (1.0, 1.0, 1.0)) -> Face:
        """The plane with this normal through a point."""
        x, y, z = through[0] - self.eye_x, through[1] - self.eye_y, through[2]
        distance = normal[0] * x + normal[1] * y + normal[2] * z
        plane = (normal[0] / distance, normal[1] / distance, normal[2] / distance)
        return Face(plane, normal, corners)

    def upright(self, z: float) -> Face:
        """A round or thin thing at a distance, as the light sees it: facing us and a little upwards."""
        return Face((0.0, 0.0, 1.0 / z), (0.0, 0.42, -0.88))


@dataclass(frozen=True)
class Box:
    """A box with its edges along the axes."""

    left: float
    right: float
    foot: float
    top: float
    near: float
    far: float

    def under(self, height: float) -> list[Spot]:
        """Its outline at a height, seen from above."""
        return [
            (self.left, height, self.near),
            (self.right, height, self.near),
            (self.right, height, self.far),
            (self.left, height, self.far),
        ]

    def faces(self, camera: Camera) -> list[tuple[Face, list[Spot]]]:
        """The faces that the camera can see, the front last."""
        left, right, foot, top, near, far = (
            self.left, self.right, self.foot, self.top, self.near, self.far,
        )  # fmt: skip
        seen: list[tuple[Face, list[Spot]]] = []
        if camera.eye_y > top:
            seen.append((camera.face((0.0, 1.0, 0.0), (left, top, near)), self.under(top)))
        elif camera.eye_y < foot:
            seen.append((camera.face((0.0, -1.0, 0.0), (left, foot, near)), self.under(foot)))
        side = left if camera.eye_x < left else right if camera.eye_x > right else None
        if side is not None:
            corners = [(side, foot, near), (side, foot, far), (side, top, far), (side, top, near)]
            out = -1.0 if side == left else 1.0
            seen.append((camera.face((out, 0.0, 0.0), (side, foot, near)), corners))
        front = [(left, foot, near), (right, foot, near), (right, top, near), (left, top, near)]
        seen.append((camera.face((0.0, 0.0, -1.0), (left, foot, near)), front))
        return seen


def hull(points: Iterable[Point]) -> list[Point]:
    """The convex hull of points in a plane, in order (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    chains = []
    for run in (ordered, ordered[::-1]):
        chain: list[Point] = []
        for x, y in run:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        chains.append(chain[:-1])
    return chains[0] + chains[1]


def mirrored(points: Iterable[Spot], height: float) -> list[Spot]:
    """Points as a level mirror at a height shows them."""
    return [(x, 2.0 * height - y, z) for x, y, z in points]


class Wall(NamedTuple):
    """A wall of the room: `place(a, b)` is the point `a` metres along it and `b` metres above the floor.

    Args:
        name: "back", "left" or "right".
        at: Its x for a side wall, its z for the back wall.
    """

    name: str
    at: float

    def place(self, along: float, height: float) -> Spot:
        """A point of the wall; along the back wall x is counted, along the others z."""
        return (along, height, self.at) if self.name == "back" else (self.at, height, along)

    @property
    def inward(self) -> Spot:
        """The normal that points into the room."""
        return {"back": (0.0, 0.0, -1.0), "left": (1.0, 0.0, 0.0), "right": (-1.0, 0.0, 0.0)}[self.name]

    def rectangle(self, left: float, right: float, foot: float, top: float) -> list[Spot]:
        """The corners of a rectangle on the wall."""
        place = self.place
        return [place(left, foot), place(right, foot), place(right, top), place(left, top)]
