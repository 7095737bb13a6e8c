"""A canvas that also keeps what the light needs: the face of each pixel, shadows, what shines, mirrors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import skia
from numpy.typing import NDArray

from inscape.concepts import Vocabulary
from inscape.scenes.canvas import Canvas, Color, Label, Point, scaled
from inscape.scenes.room.geometry import Box, Camera, Face
from inscape.scenes.scene import Pixels

Halves: TypeAlias = NDArray[np.float16]

LAMPS = 3
"""Lamps that a room has at most."""
_WHITE, _BLACK = 0xFFFFFFFF, 0xFF000000


class Stage(Canvas):
    """Everything about a room that can be drawn once, whichever lights are on.

    Beside the picture, which here holds the colours of surfaces in even white light, and the labels, it has

    - faces: the number of the flat surface at each quarter of a pixel, for the light;
    - shadows: how much of the light of each lamp arrives (red, green, blue), and of all light (alpha);
    - view: what is seen through windows and in mirrors of them, as the square root of its strength;
    - glow: the same for the three lamps (red, green, blue), as strengths;
    - in the marks, green: 1 where a pixel mirrors a window; blue: which lamp a pixel belongs to, 1 to 3, and
      the lamps that it mirrors, 4, 8 and 16 in sum.

    A labelled shape hides all of these behind it.
    """

    camera: Camera

    def __init__(self, size: int, vocabulary: Vocabulary) -> None:
        self._shadows = np.zeros((size, size, 4), np.uint8)
        self._view = np.zeros((size, size, 4), np.float16)
        self._glow = np.zeros((size, size, 4), np.float16)
        self._faces = np.zeros((size * 2, size * 2), np.uint8)
        clear, bytes_, halves = skia.kPremul_AlphaType, skia.kRGBA_8888_ColorType, skia.kRGBA_F16_ColorType
        kinds = ((self._shadows, bytes_), (self._view, halves), (self._glow, halves))
        self._extra = [
            skia.Surface.MakeRasterDirect(skia.ImageInfo.Make(size, size, kind, clear), array)
            for array, kind in kinds
        ]
        info = skia.ImageInfo.Make(size * 2, size * 2, skia.kAlpha_8_ColorType, clear)
        self._extra.append(skia.Surface.MakeRasterDirect(info, self._faces))
        self._shadow, self._views, self._glows, self._sides = (one.getCanvas() for one in self._extra)
        self._face_paint = skia.Paint(AntiAlias=False, BlendMode=skia.BlendMode.kSrc)
        self._clean = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kSrc)
        self._bits = skia.Paint(AntiAlias=False, BlendMode=skia.BlendMode.kPlus)
        self.faces: list[Face] = []
        super().__init__(size, vocabulary)

    def reset(self) -> None:
        """Begin anew."""
        super().reset()
        for canvas, scale, color in (
            (self._shadow, self._size, _WHITE),
            (self._views, self._size, _BLACK),
            (self._glows, self._size, _BLACK),
            (self._sides, self._size * 2, 0),
        ):
            canvas.restoreToCount(1)
            canvas.resetMatrix()
            canvas.scale(scale, scale)
            canvas.clear(color)
        self.faces = []
        self._shaded, self._shining = _Places(), _Places()

    def on(self, face: Face) -> None:
        """What is drawn from now on lies on this face."""
        assert len(self.faces) < 255, "a room has at most 255 faces"
        self.faces.append(face)
        self._face_paint.setAlpha(len(self.faces) - 1)

    def mark(self, path: skia.Path, label: Label) -> None:
        """Label a shape, and hide what shines or is in shadow behind it."""
        super().mark(path, label)
        self._sides.drawPath(path, self._face_paint)
        bounds = path.getBounds()
        if self._shaded.hides(bounds):
            self._clean.setColor(_WHITE)
            self._shadow.drawPath(path, self._clean)
        if self._shining.hides(bounds):
            self._clean.setColor(_BLACK)
            self._views.drawPath(path, self._clean)
            self._glows.drawPath(path, self._clean)

    def solid(self, box: Box, color: Color, label: Label) -> None:
        """A box of one colour."""
        for face, corners in box.faces(self.camera):
            self.on(face)
            self.fill(self.camera.path(corners), color, label)

    def flat(self, path: skia.Path, color: Color, label: Label, z: float) -> None:
        """A round or thin thing at a distance."""
        self.on(self.camera.upright(z))
        self.fill(path, color, label)

    def dim(self, path: skia.Path, share: float, blur: float, lamp: int | None = None) -> None:
        """Let only a share of the light of a lamp, or of all light, fall on a shape with soft edges."""
        levels = [1.0, 1.0, 1.0, 1.0]
        if lamp is None:
            levels[3] = share
        else:
            levels[lamp] = share
        paint = _paint(blur, skia.BlendMode.kModulate)
        paint.setColor4f(skia.Color4f(*levels))
        self._shadow.drawPath(path, paint)
        self._shaded.add(path.getBounds(), blur)

    @contextmanager
    def mirror(self, surface: skia.Path) -> Iterator[None]:
        """Cut what shines and what is marked as mirrored meanwhile at a surface."""
        for canvas in (self._views, self._glows):
            canvas.save()
            canvas.clipPath(surface, doAntiAlias=True)
        self._marks.save()
        self._marks.clipPath(surface, doAntiAlias=False)
        yield
        for canvas in (self._views, self._glows, self._marks):
            canvas.restore()

    def mirrors(self, path: skia.Path, source: int) -> None:
        """Mark where a surface mirrors a source: 0 the windows, 1 to 3 the lamps, once each."""
        if source:
            self._bits.setColor(0xFF000000 | 2 << source)
        else:
            self._bits.setColor(0xFF000100)  # images of windows may lie on one another: green is 1, not a sum
            self._bits.setBlendMode(skia.BlendMode.kLighten)
        self._marks.drawPath(path, self._bits)
        self._bits.setBlendMode(skia.BlendMode.kPlus)

    def unmirror(self, path: skia.Path, *, marked: bool = True) -> None:
        """Something that does not shine stands before what is mirrored; thin bars change no marks."""
        self._clean.setColor(_BLACK)
        self._views.drawPath(path, self._clean)
        self._glows.drawPath(path, self._clean)
        if not marked:
            return
        self._bits.setColor(0xFFFF0000)
        self._bits.setBlendMode(skia.BlendMode.kModulate)
        self._marks.drawPath(path, self._bits)
        self._bits.setBlendMode(skia.BlendMode.kPlus)

    def view(self, path: skia.Path, line: tuple[Point, Point], colors: Iterable[Color], blur: float) -> None:
        """What is seen of the world outside, as strengths from 0 to 1 along a line."""
        paint = _paint(blur, skia.BlendMode.kSrcOver)
        paint.setShader(_gradient(line, colors))
        self._views.drawPath(path, paint)
        self._shining.add(path.getBounds(), blur)

    def glowing(
        self,
        path: skia.Path,
        lamp: int,
        line: tuple[Point, Point],
        strengths: tuple[float, ...],
        blur: float = 0.0,
    ) -> None:
        """A lamp's own shine when it is on, as strengths from 0 to 1 along a line."""
        channels = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))[lamp]
        paint = _paint(blur, skia.BlendMode.kLighten)
        paint.setShader(_gradient(line, [scaled(channels, level) for level in strengths]))
        self._glows.drawPath(path, paint)
        self._shining.add(path.getBounds(), blur)

    def belongs(self, path: skia.Path, lamp: int) -> None:
        """Mark the pixels of a lamp that shines or does not."""
        self._bits.setColor(0xFF000000 | lamp + 1)
        self._marks.drawPath(path, self._bits)

    @property
    def colors(self) -> Pixels:
        """Colours of the surfaces, sRGB, uint8 `[height, width, 4]`."""
        return self._pixels

    @property
    def layers(self) -> tuple[Pixels, Pixels]:
        """Faces `[2 height, 2 width]` and shadows `[height, width, 4]`."""
        return self._faces, self._shadows

    @property
    def shining(self) -> tuple[Halves, Halves]:
        """View and glow, the square roots of strengths, float16 `[height, width, 4]`."""
        return self._view, self._glow

    @property
    def bits(self) -> Pixels:
        """Bits of the sources that each pixel mirrors: 1 the windows; 2, 4 and 8 the lamps."""
        green, blue = self._numbers[..., 1], self._numbers[..., 2]
        return np.asarray(green | blue >> 2 << 1, np.uint8)

    @property
    def lamps(self) -> Pixels:
        """1 to 3 where a pixel is the shade of a lamp, else 0."""
        return np.asarray(self._numbers[..., 2] & 3, np.uint8)

    def tables(self) -> tuple[NDArray[np.float32], ...]:
        """Plane, normal and corners of all faces, float32 `[3, faces]` each."""
        return tuple(
            np.array([getattr(face, name) for face in self.faces], np.float32).T.copy()
            for name in Face._fields
        )


class _Places:
    """Where something was drawn, as rectangles."""

    def __init__(self) -> None:
        self._each: list[skia.Rect] = []
        self._all = skia.Rect.MakeEmpty()

    def add(self, bounds: skia.Rect, blur: float) -> None:
        """Enter a shape with soft edges."""
        grown = bounds.makeOutset(blur * 3, blur * 3)
        self._each.append(grown)
        self._all.join(grown)

    def hides(self, bounds: skia.Rect) -> bool:
        """Whether a shape with these bounds may lie before some of it."""
        intersects = skia.Rect.Intersects
        return bool(intersects(bounds, self._all)) and any(intersects(bounds, one) for one in self._each)


def _paint(blur: float, mode: skia.BlendMode) -> skia.Paint:
    paint = skia.Paint(AntiAlias=True, BlendMode=mode)
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def _gradient(line: tuple[Point, Point], colors: Iterable[Color]) -> skia.Shader:
    """Strengths from 0 to 1 along a line."""
    packed = [_coded(color) for color in colors]
    return skia.GradientShader.MakeLinear([skia.Point(*line[0]), skia.Point(*line[1])], packed)


def _coded(color: Color) -> int:
    """Strengths from 0 to 1 by their square roots, eight bits each, so that faint ones stay exact."""
    red, green, blue = (int(min(max(level, 0.0), 1.0) ** 0.5 * 255.0 + 0.5) for level in color)
    return 0xFF000000 | red << 16 | green << 8 | blue
