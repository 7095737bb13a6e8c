from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.errors import ShapeError
from inscape.photos import lost
from inscape.pictures import to_uint8
from small_worlds import VOCABULARY, SmallWorld

SKY, HOUSE, BALL = (VOCABULARY.index(name) for name in ("sky", "house", "ball"))


class ByColour:
    """Labels a pixel by its red: 50 per number. All planes but the objects are nonsense."""

    name = "by colour"
    vocabulary = VOCABULARY
    planes = VOCABULARY.planes

    def segment(self, images: torch.Tensor) -> torch.Tensor:
        objects = torch.from_numpy(to_uint8(images)[..., 0] // 50)
        return torch.stack([objects, 7 - objects, objects * 0], 1)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def painted(labels: np.ndarray) -> np.ndarray:
    return np.repeat((labels * 50 + 20).astype(np.uint8)[..., None], 3, 2)


def scene(*things: tuple[int, int, int, int, int]) -> np.ndarray:
    labels = np.full((40, 40), SKY)
    for number, x, y, width, height in things:
        labels[y : y + height, x : x + width] = number
    return labels


def test_a_thing_that_the_inversion_does_not_have_is_lost():
    photo, inversion = scene((HOUSE, 4, 4, 12, 10), (BALL, 25, 25, 6, 6)), scene((HOUSE, 4, 4, 12, 10))
    found = lost(painted(photo), painted(inversion), ByColour())
    assert np.array_equal(found.mask, photo == BALL)
    assert found.share == 36 / 1600
    assert np.array_equal(found.labels_photo, photo) and np.array_equal(found.labels_inversion, inversion)
    (ball,) = found.concepts
    assert (ball.name, ball.area_photo, ball.area_inversion, ball.lost) == ("ball", 36 / 1600, 0, 36 / 1600)
    assert found.to_json()["concepts"][0]["name"] == "ball"


def test_nothing_is_lost_between_equal_pictures():
    found = lost(painted(scene()), painted(scene()), ByColour())
    assert found.share == 0 and found.concepts == []


@pytest.mark.parametrize(("shift", "share"), [(1, 0.0), (3, (2 * 10 + 2 * 8) / 1600)])
def test_borders_that_moved_by_a_pixel_do_not_count(shift, share):
    photo, inversion = scene((HOUSE, 4, 4, 12, 10)), scene((HOUSE, 4 + shift, 4, 12, 10))
    assert lost(painted(photo), painted(inversion), ByColour()).share == share


def test_a_thing_of_one_pixel_is_lost_all_the_same():
    found = lost(painted(scene((BALL, 20, 2, 1, 30))), painted(scene()), ByColour())
    assert found.share == 30 / 1600


def test_what_the_inversion_invents_hides_what_the_photo_has():
    found = lost(painted(scene()), painted(scene((HOUSE, 4, 4, 12, 10))), ByColour())
    (sky,) = found.concepts
    assert (sky.name, sky.lost, sky.area_inversion) == ("sky", 10 * 8 / 1600, 1 - 120 / 1600)


def test_places_without_a_label_are_not_lost():
    found = lost(painted(scene((0, 4, 4, 12, 10))), painted(scene()), ByColour())
    assert found.share == 0 and found.concepts == []


def test_concepts_stand_in_the_order_of_their_loss():
    pictures, _ = SmallWorld().batch(range(2), 64)
    found = lost(pictures[0], pictures[1], ByColour())
    losses = [concept.lost for concept in found.concepts]
    assert losses == sorted(losses, reverse=True)
    assert sum(losses) == pytest.approx(found.share)


def test_the_overlay_marks_what_is_lost_and_nothing_else():
    photo = painted(scene((BALL, 25, 25, 6, 6)))
    found = lost(photo, painted(scene()), ByColour())
    picture = found.picture()
    assert picture.shape == photo.shape and picture.dtype == np.uint8
    coloured = np.ptp(picture.astype(int), axis=2) > 20
    assert np.array_equal(coloured, found.mask)


def test_pictures_of_different_sizes_are_refused():
    with pytest.raises(ShapeError, match="must have the same shape"):
        lost(painted(scene()), painted(scene())[:20], ByColour())


def test_the_shipped_segmenter_misses_what_a_scene_lacks():
    from inscape import segmenters
    from inscape.scenes import world

    segmenter = segmenters.open("town-segmenter")
    photo = world("town").scene(9005, 64).picture
    found = lost(photo, np.full_like(photo, photo[2, 2]), segmenter)
    assert found.share > 0.3
    assert {"car", "wall"} <= {concept.name for concept in found.concepts if concept.lost > 0.005}
