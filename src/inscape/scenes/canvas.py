"""Draw once: the picture with anti-aliasing, the labels without, from the same shapes.

Every labelled shape sets all planes at once, so the labels need one surface: it holds the number of a
label tuple per pixel, and a table turns the numbers into planes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import skia

from inscape.concepts import Vocabulary
from inscape.scenes.scene import Factor, Pixels, SceneObject

Color: TypeAlias = tuple[float, float, float]
Point: TypeAlias = tuple[float, float]
Label: TypeAlias = tuple[str, ...]


def mix(first: Color, second: Color, share: float) -> Color:
    """A colour on the way from the first (share 0) to the second (share 1)."""
    keep = 1.0 - share
    return (
        first[0] * keep + second[0] * share,
        first[1] * keep + second[1] * share,
        first[2] * keep + second[2] * share,
    )


def scaled(color: Color, factor: float) -> Color:
    """A colour made brighter or darker, cut at white."""
    return (min(color[0] * factor, 1.0), min(color[1] * factor, 1.0), min(color[2] * factor, 1.0))


def _color(color: Color, alpha: float = 1.0) -> int:
    """Eight bits per channel, rounded by us, as Skia's ARGB integer."""
    red, green, blue = int(color[0] * 255.0 + 0.5), int(color[1] * 255.0 + 0.5), int(color[2] * 255.0 + 0.5)
    if not (0 <= red <= 255 and 0 <= green <= 255 and 0 <= blue <= 255):
        red, green, blue = (min(max(channel, 0), 255) for channel in (red, green, blue))
    return int(alpha * 255.0 + 0.5) << 24 | red << 16 | green << 8 | blue


def polygon(points: list[Point]) -> skia.Path:
    """A closed path through the points."""
    return polygons([points])


def polygons(each: Iterable[Sequence[Point]]) -> skia.Path:
    """Closed lines, each through some points."""
    path = skia.Path()
    for points in each:
        path.moveTo(*points[0])
        for x, y in points[1:]:
            path.lineTo(x, y)
        path.close()
    return path


def outline(start: Point, *steps: tuple[float, ...]) -> skia.Path:
    """A closed path: two numbers go straight to a point, six on a cubic curve with two control points."""
    path = skia.Path()
    path.moveTo(*start)
    for step in steps:
        (path.lineTo if len(step) == 2 else path.cubicTo)(*step)
    path.close()
    return path


def lines(*each: list[Point]) -> skia.Path:
    """Open lines, each through some points."""
    path = skia.Path()
    for points in each:
        path.addPoly([skia.Point(x, y) for x, y in points], False)
    return path


def rectangle(x: float, y: float, width: float, height: float) -> skia.Path:
    """A rectangle; y grows downwards."""
    path = skia.Path()
    path.addRect(skia.Rect.MakeXYWH(x, y, width, height))
    return path


def oval(x: float, y: float, radius_x: float, radius_y: float) -> skia.Path:
    """An ellipse about (x, y)."""
    return ovals([(x, y, radius_x, radius_y)])


def ovals(each: Iterable[tuple[float, float, float, float]]) -> skia.Path:
    """Ellipses, each given by its centre and its two radii."""
    path = skia.Path()
    for x, y, radius_x, radius_y in each:
        path.addOval(skia.Rect.MakeLTRB(x - radius_x, y - radius_y, x + radius_x, y + radius_y))
    return path


class Canvas:
    """A picture and its labels under construction, in coordinates from 0 to 1, y downwards.

    Args:
        size: Height and width in pixels.
        vocabulary: What the labels are written in.
    """

    def __init__(self, size: int, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._pixels = np.zeros((size, size, 4), np.uint8)
        self._numbers = np.zeros((size, size, 4), np.uint8)
        info = skia.ImageInfo.Make(size, size, skia.kRGBA_8888_ColorType, skia.kOpaque_AlphaType)
        self._surfaces = (
            skia.Surface.MakeRasterDirect(info, self._pixels),
            skia.Surface.MakeRasterDirect(info, self._numbers),
        )
        self._picture = self._surfaces[0].getCanvas()
        self._marks = self._surfaces[1].getCanvas()
        self.size = size
        self._size = float(size)
        self._fill = skia.Paint(AntiAlias=True)
        self._shade = skia.Paint(AntiAlias=True, Dither=False)
        self._line = skia.Paint(
            AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeCap=skia.Paint.kRound_Cap
        )
        self._mark = skia.Paint(AntiAlias=False)
        self._known: dict[Label, int] = {}
        self._rows: list[list[int]] = []
        self.objects: list[SceneObject] = []
        self.reset()

    def reset(self) -> None:
        """Begin anew; everything is overdrawn by the next sky."""
        for canvas in (self._picture, self._marks):
            canvas.restoreToCount(1)
            canvas.resetMatrix()
            canvas.scale(self._size, self._size)
        self._marks.clear(0xFF000000)
        self._picture.clear(0xFF808080)
        self._known = {(): 0}
        self._rows = [[0] * len(self.vocabulary.planes)]
        self.objects = []

    def _number(self, label: Label) -> int:
        number = self._known.get(label)
        if number is None:
            number = self._known[label] = len(self._rows)
            assert number < 256, "a scene has at most 255 different labels"
            row = [0] * len(self.vocabulary.planes)
            for name in label:
                row[self.vocabulary.plane_of(name)] = self.vocabulary.index(name)
            self._rows.append(row)
        return number

    def mark(self, path: skia.Path, label: Label) -> None:
        """Label a shape: its concepts, at most one per plane; the other planes become none."""
        self._mark.setColor(0xFF000000 | self._number(label) << 16)
        self._marks.drawPath(path, self._mark)

    def fill(self, path: skia.Path, color: Color, label: Label | None = None, alpha: float = 1.0) -> None:
        """Fill a shape, and label it unless it is only shading."""
        self._fill.setColor(_color(color, alpha))
        self._picture.drawPath(path, self._fill)
        if label is not None:
            self.mark(path, label)

    def shade(
        self,
        path: skia.Path,
        line: tuple[Point, Point],
        colors: tuple[Color, ...],
        label: Label | None = None,
        alphas: tuple[float, ...] | None = None,
    ) -> None:
        """Fill a shape with a linear gradient between two points."""
        levels = alphas or (1.0,) * len(colors)
        packed = [_color(color, alpha) for color, alpha in zip(colors, levels, strict=True)]
        self._shade.setShader(
            skia.GradientShader.MakeLinear([skia.Point(*line[0]), skia.Point(*line[1])], packed)
        )
        self._picture.drawPath(path, self._shade)
        if label is not None:
            self.mark(path, label)

    def backdrop(self, line: tuple[Point, Point], colors: tuple[Color, ...], label: Label) -> None:
        """Fill everything with an upright gradient: one narrow strip is drawn, then repeated."""
        strip = skia.Path()
        strip.addRect(skia.Rect.MakeXYWH(0, 0, 1 / self.size, 1))
        self.shade(strip, line, colors)
        self._pixels[:, 1:] = self._pixels[:, :1]
        self._numbers[..., 0] = self._number(label)

    def glow(self, centre: Point, radius: float, color: Color, alpha: float) -> None:
        """A soft round light, strongest in the middle."""
        self._shade.setShader(
            skia.GradientShader.MakeRadial(
                skia.Point(*centre), radius, [_color(color, alpha * share) for share in (1.0, 0.3, 0.0)]
            )
        )
        self._picture.drawCircle(centre[0], centre[1], radius, self._shade)

    def stroke(self, path: skia.Path, color: Color, width: float, alpha: float = 1.0) -> None:
        """Draw a line along a path; it is never labelled."""
        self._line.setColor(_color(color, alpha))
        self._line.setStrokeWidth(width)
        self._picture.drawPath(path, self._line)

    @contextmanager
    def inside(self, path: skia.Path) -> Iterator[None]:
        """Cut what is shaded meanwhile at a shape; labels are not cut."""
        self._picture.save()
        self._picture.clipPath(path, doAntiAlias=True)
        yield
        self._picture.restore()

    @contextmanager
    def at(
        self,
        x: float,
        y: float,
        scale: float = 1.0,
        *,
        flip: bool = False,
        rise: float = 0.0,
        turn: float = 0.0,
    ) -> Iterator[None]:
        """Move the origin: mirrored left to right, skewed upwards to the right, or turned, in degrees."""
        matrix = skia.Matrix.MakeAll(-scale if flip else scale, 0, x, -rise * scale, scale, y, 0, 0, 1)
        if turn:
            matrix.preRotate(turn)
        for canvas in (self._picture, self._marks):
            canvas.save()
            canvas.concat(matrix)
        yield
        for canvas in (self._picture, self._marks):
            canvas.restore()

    def place(self, concept: str, bounds: skia.Rect, **attributes: Factor) -> None:
        """Enter a thing into the list of objects, by its bounds in the present coordinates."""
        mapped = self._picture.getTotalMatrix().mapRect(bounds)
        edges = (mapped.left(), mapped.top(), mapped.right(), mapped.bottom())
        left, top, right, bottom = (min(max(edge / self._size, 0.0), 1.0) for edge in edges)
        if right - left > 0.002 and bottom - top > 0.002:
            self.objects.append(SceneObject(concept, (left, top, right, bottom), dict(attributes)))

    @property
    def scale(self) -> float:
        """How long one unit of the present coordinates is, as a fraction of the picture's height."""
        return float(abs(self._picture.getTotalMatrix().getScaleY())) / self._size

    def finish(self, picture: Pixels, labels: Pixels) -> None:
        """Write picture `[height, width, 3]` and labels `[plane, height, width]` into the arrays given."""
        for channel in range(3):
            picture[..., channel] = self._pixels[..., channel]
        self.label(labels)

    def label(self, labels: Pixels) -> None:
        """Write the labels `[plane, height, width]` into the array given."""
        numbers = self._numbers[..., 0].tobytes()
        for plane in range(labels.shape[0]):
            table = bytes(row[plane] for row in self._rows).ljust(256, b"\0")
            labels[plane] = np.frombuffer(numbers.translate(table), np.uint8).reshape(labels.shape[1:])
