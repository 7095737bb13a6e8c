from __future__ import annotations

import numpy as np
import pytest

from inscape.concepts import Concept, Vocabulary
from inscape.scenes.canvas import Canvas, mix, oval, polygon, rectangle, scaled
from inscape.scenes.scene import Pixels

WHITE, BLACK, RED = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)
SMALL = Vocabulary([Concept("sky", "object"), Concept("ball", "object"), Concept("cloth", "material")])


def drawn(canvas: Canvas) -> tuple[Pixels, Pixels]:
    picture = np.empty((canvas.size, canvas.size, 3), np.uint8)
    labels = np.empty((2, canvas.size, canvas.size), np.uint8)
    canvas.finish(picture, labels)
    return picture, labels


def test_a_rectangle_covers_exactly_its_pixels_in_picture_and_labels() -> None:
    canvas = Canvas(32, SMALL)
    canvas.backdrop(((0, 0), (0, 1)), (BLACK, BLACK), ("sky",))
    canvas.fill(rectangle(0.25, 0.5, 0.5, 0.25), RED, ("ball", "cloth"))
    picture, labels = drawn(canvas)
    inside = np.zeros((32, 32), bool)
    inside[16:24, 8:24] = True
    assert (labels[0] == np.where(inside, 2, 1)).all()
    assert (labels[1] == np.where(inside, 3, 0)).all()
    assert (picture == np.where(inside[..., None], (255, 0, 0), (0, 0, 0))).all()


def test_the_picture_is_smooth_at_edges_and_the_labels_are_not() -> None:
    canvas = Canvas(64, SMALL)
    canvas.backdrop(((0, 0), (0, 1)), (BLACK, BLACK), ("sky",))
    canvas.fill(oval(0.5, 0.5, 0.31, 0.27), WHITE, ("ball",))
    picture, labels = drawn(canvas)
    between = (picture[..., 0] > 0) & (picture[..., 0] < 255)
    assert between.sum() > 40
    assert set(np.unique(labels[0])) == {1, 2}
    y, x = (np.mgrid[:64, :64] + 0.5) / 64
    exact = ((x - 0.5) / 0.31) ** 2 + ((y - 0.5) / 0.27) ** 2 < 1
    assert ((labels[0] == 2) != exact).mean() < 0.01


def test_shading_lines_and_glow_leave_the_labels_alone() -> None:
    canvas = Canvas(32, SMALL)
    canvas.backdrop(((0, 0), (0, 1)), (BLACK, BLACK), ("sky",))
    canvas.fill(rectangle(0, 0, 1, 1), RED, alpha=0.5)
    canvas.stroke(rectangle(0.2, 0.2, 0.5, 0.5), WHITE, 0.05)
    canvas.glow((0.5, 0.5), 0.3, WHITE, 0.5)
    picture, labels = drawn(canvas)
    assert (labels[0] == 1).all()
    assert picture.max() > 100


def test_the_backdrop_equals_the_gradient_over_the_whole_picture() -> None:
    line, colors = ((0.5, 0.0), (0.5, 0.7)), ((0.1, 0.2, 0.9), (0.4, 0.8, 0.9), (0.9, 0.7, 0.5))
    canvas = Canvas(64, SMALL)
    canvas.backdrop(line, colors, ("sky",))
    fast = drawn(canvas)
    canvas.reset()
    canvas.shade(rectangle(0, 0, 1, 1), line, colors, ("sky",))
    slow = drawn(canvas)
    assert (fast[0] == slow[0]).all() and (fast[1] == slow[1]).all()


def test_places_move_scale_and_mirror_together_with_shapes() -> None:
    canvas = Canvas(40, SMALL)
    canvas.backdrop(((0, 0), (0, 1)), (BLACK, BLACK), ("sky",))
    shape = polygon([(0, 0), (0.5, 0), (0.5, -0.5), (0, -0.5)])
    with canvas.at(0.5, 0.75, 0.5, flip=True):
        canvas.fill(shape, WHITE, ("ball",))
        canvas.place("ball", shape.getBounds(), kind="mirrored")
        assert canvas.scale == pytest.approx(0.5)
    labels = drawn(canvas)[1]
    rows, columns = np.nonzero(labels[0] == 2)
    assert (columns.min() / 40, rows.min() / 40) == pytest.approx((0.25, 0.5))
    assert ((columns.max() + 1) / 40, (rows.max() + 1) / 40) == pytest.approx((0.5, 0.75))
    assert canvas.objects[0].box == pytest.approx((0.25, 0.5, 0.5, 0.75))
    assert canvas.objects[0].attributes == {"kind": "mirrored"}


def test_things_outside_the_picture_are_not_listed() -> None:
    canvas = Canvas(32, SMALL)
    canvas.place("ball", rectangle(1.1, 0.2, 0.2, 0.2).getBounds())
    assert canvas.objects == []


def test_a_reset_canvas_forgets_everything() -> None:
    canvas = Canvas(32, SMALL)
    canvas.fill(rectangle(0, 0, 1, 1), RED, ("ball",))
    canvas.place("ball", rectangle(0, 0, 1, 1).getBounds())
    canvas.reset()
    assert (drawn(canvas)[1] == 0).all()
    assert canvas.objects == []


def test_colours_mix_and_scale_channel_by_channel() -> None:
    assert mix((0.0, 0.5, 1.0), (1.0, 0.5, 0.0), 0.25) == pytest.approx((0.25, 0.5, 0.75))
    assert scaled((0.2, 0.4, 0.8), 1.5) == pytest.approx((0.3, 0.6, 1.0))
