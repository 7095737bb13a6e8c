from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.photo_parts.pivotal import PivotalSettings, pivotal_tuning

import inscape
from inscape.editing import UnitEdit
from inscape.errors import LatentError, LayerError, RegionError, UnsupportedError
from inscape.models import Generator
from inscape.painting import PaintSession
from inscape.photos import (
    Gains,
    Inversion,
    Photo,
    PhotoSession,
    adapt_after,
)
from inscape.pictures import Latent
from photos.painted_photo import difference, inverted, some_photo
from small_generators import small_generator

Case = tuple[Generator, Photo, Inversion, PhotoSession]


@pytest.fixture(scope="module")
def case() -> Case:
    generator, photo, found = inverted()
    return generator, photo, found, PhotoSession(generator, found)


def stroke(layer: str = "layer16a", x: float = 4.0, strength: float = 1.0) -> UnitEdit:
    return UnitEdit(layer, (0, 2, 3), np.float32([-5, -5, -5]), inscape.box(x, 12, 8, 8), strength=strength)


def test_without_edits_it_draws_the_photo(case: Case):
    _, _, found, session = case
    assert (session.render(session.latent) == found.pictures["adapted"]).all()
    assert difference(session.render(session.latent), found.target) < difference(found.picture, found.target)


def test_where_one_paints_the_generator_draws_without_gains(case: Case):
    generator, _, found, session = case
    everywhere = UnitEdit("layer16a", (0, 2, 3), np.float32([-5, -5, -5]))
    assert (session.render(session.latent, [everywhere]) == session.unadapted([everywhere])).all()
    plain = PaintSession(found.adapted(generator))
    assert plain.generator is not generator


def test_far_from_a_stroke_little_changes_and_under_it_much(case: Case):
    _, _, _, session = case
    before, after = session.render(session.latent), session.render(session.latent, [stroke()])
    assert difference(before[12:20, 4:12], after[12:20, 4:12]) > 10
    assert (before[:, 24:] == after[:, 24:]).all()


def test_strokes_one_by_one_draw_what_all_at_once_draw(case: Case):
    _, _, _, session = case
    edits = [stroke(), stroke(x=16), stroke("layer32a", x=2)]
    fresh = PhotoSession(case[0], case[2])
    for count in (1, 2, 3, 2, 0, 3):
        one = session.render(session.latent, edits[:count])
        assert (one == fresh.render(fresh.latent, edits[:count])).all()


def test_the_generator_of_a_session_is_its_own(case: Case):
    generator, _, _, session = case
    before = generator.sample(1).pixels
    session.render(session.latent, [stroke()])
    assert (generator.sample(1).pixels == before).all()
    assert not any(module._forward_hooks for module in session.generator.module.modules())


def test_edits_below_the_photos_features_are_refused(case: Case):
    _, _, _, session = case
    with pytest.raises(LayerError, match="Invert it again with --layer layer8b"):
        session.render(session.latent, [stroke("layer8b")])
    with pytest.raises(LatentError, match="its own latent only"):
        session.render(Latent("w", np.zeros(8, np.float32)))
    with pytest.raises(UnsupportedError, match="unit edits only"):
        session.render(session.latent, [Gains({})])
    with pytest.raises(LayerError, match="layer8a"):
        session.activity(session.latent, inscape.box(0, 0, 8, 8), "layer8a")


def test_units_that_fire_under_a_region_of_the_photo_are_those_of_its_features(case: Case):
    _, _, found, session = case
    region = inscape.box(4, 12, 8, 8)
    rows = session.activity(session.latent, region, found.layer, top=8)
    mask = region.mask(16, 16, image_size=32).numpy()
    means = (found.features.numpy() * mask).sum((1, 2)) / mask.sum()
    assert {row.unit: pytest.approx(row.mean, abs=1e-4) for row in rows} == dict(enumerate(means))
    assert len(session.activity(session.latent, region, "layer32a", top=3)) == 3


def test_outside_the_influence_the_photo_keeps_its_bytes(case: Case):
    _, photo, found, session = case
    composed = session.compose(photo, [stroke()])
    assert composed.shape == photo.pixels.shape
    influence = session.influence([stroke()])
    changed = (composed != photo.pixels).any(2)
    assert changed.any()
    fit, size = found.fit, found.size
    rows, columns = np.nonzero(changed)
    cells_y = np.clip((rows + 0.5 - fit.y) / fit.height * size, 0, size - 1).astype(int)
    cells_x = np.clip((columns + 0.5 - fit.x) / fit.width * size, 0, size - 1).astype(int)
    from scipy.ndimage import binary_dilation

    near = binary_dilation(influence.weights > 0, iterations=2)
    assert near[cells_y, cells_x].all()
    assert (session.compose(photo, []) == photo.pixels).all()


def test_an_island_that_is_not_wanted_stays_the_photo(case: Case):
    _, photo, _, session = case
    edits = [stroke(x=0), stroke(x=22)]
    count = len(session.influence(edits).parts)
    assert count >= 1
    assert (session.compose(photo, edits, without=range(1, count + 1)) == photo.pixels).all()
    kept = inscape.Region.from_mask(np.float32([[1, 0]]))
    half = session.compose(photo, edits, kept=kept)
    left = round(photo.fit.x + photo.fit.width / 2) - 4
    assert (half[:, :left] == photo.pixels[:, :left]).all()
    assert (half != photo.pixels).any()


def test_another_photo_is_refused(case: Case):
    with pytest.raises(UnsupportedError, match="not the photo that was inverted"):
        case[3].compose(some_photo(seed=6), [stroke()])


def test_gains_multiply_and_are_left_out_where_one_paints():
    generator = small_generator()
    gain = torch.full((8, 16, 16), 0.5)
    painted = torch.zeros(32, 32)
    painted[:, 16:] = 1
    w = generator.w_of_seeds([0])
    with inscape_record(generator) as plain:
        generator.images(w)
    with Gains({"layer16a": gain}, painted).applied(generator), inscape_record(generator) as multiplied:
        generator.images(w)
    one, other = plain.outputs["layer16a"], multiplied.outputs["layer16a"]
    assert torch.allclose(other[..., :8], 1.5 * one[..., :8]) and torch.equal(other[..., 8:], one[..., 8:])


def inscape_record(generator: Generator):
    from inscape.activations import record

    return record(generator, ["layer16a"])


def test_adapting_after_the_edit_comes_closer_outside_and_keeps_the_edit(case: Case):
    _, _, found, session = case
    edits = [stroke()]
    finished = adapt_after(session, edits, seconds=4)
    outside = np.ones((32, 32), bool)
    outside[8:24, :16] = False
    plain = session.unadapted(edits)
    assert difference(finished[outside], found.target[outside]) < difference(
        plain[outside], found.target[outside]
    )
    assert difference(finished[12:20, 4:12], session.render(session.latent)[12:20, 4:12]) > 10
    assert session.compose(case[1], edits, after=finished).shape == case[1].pixels.shape
    with pytest.raises(LayerError, match="layer16a"):
        adapt_after(session, [stroke("layer32a")], seconds=1)


def test_pivotal_tuning_changes_a_copy_until_one_w_draws_the_photo():
    generator, photo = small_generator(), some_photo()
    before = generator.sample(1).pixels
    settings = PivotalSettings(pivot_steps=25, steps=40, rate=3e-3)
    tuned = pivotal_tuning(generator, photo, settings=settings)
    drawn = tuned.generator.render(tuned.latent).pixels
    assert (tuned.latent.values == tuned.latent.values[:1]).all()
    pivot = generator.render(tuned.latent).pixels
    target = photo.seen(32)
    assert difference(drawn, target) < 0.9 * difference(pivot, target)
    assert (generator.sample(1).pixels == before).all()


def test_a_box_of_the_photo_becomes_a_box_of_the_square():
    fit = some_photo().fit
    whole = fit.placed((fit.x, fit.y, fit.width, fit.height), 32)
    assert whole.rectangle == pytest.approx((0, 0, 32, 32))
    part = fit.placed((fit.x - 5, fit.y + fit.height / 2, 5 + fit.width / 4, fit.height), 32)
    assert part.rectangle == pytest.approx((0, 16, 8, 16))
    with pytest.raises(RegionError, match="outside the part of the photo"):
        fit.placed((0, 0, fit.x, 5), 32)
