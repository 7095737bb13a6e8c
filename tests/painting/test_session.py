from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import inscape
from inscape.editing import EditStack, UnitEdit
from inscape.errors import LatentError, LayerError, RegionError, ShapeError
from inscape.painting import PaintSession
from inscape.painting import session as session_module
from inscape.pictures import Latent
from inscape.regions import Region
from small_generators import small_generator


def strokes(count, layers=("layer16a",), seed=0):
    random = np.random.RandomState(seed)
    edits = []
    for number in range(count):
        units = tuple(random.choice(6, 3, replace=False))
        mask = Region.from_mask((random.rand(8, 8) > 0.6).astype(np.float32))
        mode = "remove" if number % 3 == 2 else "draw"
        layer = layers[random.randint(len(layers))]
        edits.append(UnitEdit(layer, units, random.standard_normal(3) * 3, mask, random.rand(), mode))
    return edits


@pytest.mark.parametrize(
    "layers",
    [("layer4",), ("layer8b",), ("layer16a",), ("layer32b",), ("layer8a", "layer16a", "layer32b", "layer4")],
)
def test_a_session_draws_the_same_bytes_as_the_full_pass(layers):
    model = small_generator()
    session = PaintSession(model)
    for seed in range(3):
        latent = model.sample(seed).latent
        for count in (0, 1, 7):
            edits = strokes(count, layers, seed)
            assert session.render(latent, edits).tobytes() == model.render(latent, edits).pixels.tobytes()


def test_growing_and_shrinking_stacks_give_what_fresh_ones_give():
    model = small_generator()
    session, latent = PaintSession(model), model.sample(2).latent
    edits = strokes(12, ("layer16a", "layer16a", "layer32a"))
    shown = [model.render(latent, edits[:count]).pixels for count in range(13)]
    order = [*range(13), *reversed(range(13)), 5, 12, 0, 7]
    for count in order:
        assert (session.render(latent, edits[:count]) == shown[count]).all()
    hidden = [edit for number, edit in enumerate(edits) if number != 4]
    assert (session.render(latent, hidden) == model.render(latent, hidden).pixels).all()


def test_a_session_leaves_the_model_as_it_was():
    model = small_generator()
    latent, weights = model.sample(0).latent, [t.clone() for t in model.module.state_dict().values()]
    before = model.render(latent).pixels
    PaintSession(model).render(latent, strokes(5, ("layer8a", "layer32a")))
    assert (model.render(latent).pixels == before).all()
    after = model.module.state_dict().values()
    assert all(torch.equal(one, other) for one, other in zip(weights, after, strict=True))


def test_only_the_layers_above_the_brush_run_for_the_second_stroke():
    model = small_generator()
    session, latent = PaintSession(model), model.sample(0).latent
    ran = []
    for name, layer in model.layers.items():
        model.module_of(layer).register_forward_hook(lambda *_, name=name: ran.append(name))
    session.prepare(latent, "layer16a")
    ran.clear()
    session.render(latent, strokes(2))
    assert ran == ["layer16b", "layer32a", "layer32b"]


def test_few_pictures_are_kept_and_forgotten_ones_come_back_the_same():
    model = small_generator()
    session = PaintSession(model, capacity=2)
    pictures = [model.sample(seed) for seed in range(5)]
    for _ in range(2):
        for picture in pictures:
            assert (session.render(picture.latent) == picture.pixels).all()
    assert len(session._states._values) == 2


def test_what_is_kept_has_a_limit_in_bytes_and_what_was_dropped_comes_back_the_same(monkeypatch):
    monkeypatch.setattr(session_module, "_STEP_BYTES_KEPT", 1)
    model = small_generator()
    session, pictures = PaintSession(model), [model.sample(seed) for seed in range(3)]
    session._states._most_bytes = 1
    edits = strokes(6, ("layer16a",))
    for count in (6, 5, 2, 6):
        for picture in pictures:
            expected = model.render(picture.latent, edits[:count]).pixels
            assert (session.render(picture.latent, edits[:count]) == expected).all()
            assert sum(step.features is not None for step in session._steps) <= 2
            assert len(session._states._values) == 1


def test_edits_of_other_kinds_take_the_full_pass():
    model = small_generator()
    latent, edits = model.sample(1).latent, strokes(3)
    session = PaintSession(model)
    assert (session.render(latent, [EditStack(edits)]) == session.render(latent, edits)).all()


def test_threads_do_not_disturb_one_another():
    model = small_generator()
    session, wrong = PaintSession(model), []
    work = [(model.sample(seed).latent, strokes(3, ("layer8a", "layer32a"), seed)) for seed in range(4)]
    expected = [model.render(latent, edits).pixels for latent, edits in work]

    def paint(number):
        for _ in range(5):
            if (session.render(*work[number]) != expected[number]).any():
                wrong.append(number)

    threads = [threading.Thread(target=paint, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_preview_is_the_region_on_the_grid_of_the_layer():
    session = PaintSession(small_generator())
    preview = session.preview(inscape.box(0, 0, 3, 32), "layer16a")
    assert preview.shape == (16, 16) and preview.dtype == np.float32
    assert (preview[:, 0] == 1).all() and np.allclose(preview[:, 1], 0.5) and (preview[:, 2:] == 0).all()
    with pytest.raises(RegionError, match="outside the picture of 32"):
        session.preview(inscape.box(30, 0, 3, 3))
    with pytest.raises(LayerError, match="did you mean"):
        session.preview(inscape.box(0, 0, 3, 3), "layr16a")


def test_activity_ranks_the_units_that_fire_under_the_region():
    model = small_generator()
    latent = model.sample(0).latent
    region = inscape.box(8, 8, 4, 4)
    maps = model.run_until(model.w_of(latent), "layer16a").features[0].numpy()
    inside = maps[:, 4:6, 4:6]
    found = PaintSession(model).activity(latent, region, top=8)
    assert sorted(unit.unit for unit in found) == list(range(8))
    for unit in found:
        assert unit.mean == pytest.approx(inside[unit.unit].mean(), abs=1e-5)
        assert unit.peak == pytest.approx(inside[unit.unit].max(), abs=1e-5)
        assert unit.fired is None
    scores = [unit.score for unit in found]
    assert scores == sorted(scores, reverse=True)
    levels = np.full(8, np.median(inside.max((1, 2))), np.float32)
    fired = PaintSession(model).activity(latent, region, levels=levels, top=8)
    assert sum(bool(unit.fired) for unit in fired) == 4
    with pytest.raises(ShapeError, match="one value for each of 8 units"):
        PaintSession(model).activity(latent, region, levels=levels[:3])


def test_a_latent_of_another_generator_is_refused():
    with pytest.raises(LatentError, match="8 numbers"):
        PaintSession(small_generator()).render(Latent("z", np.zeros(4, np.float32)))


def test_what_takes_the_appearance_of_a_place_has_its_means():
    generator = small_generator()
    session, latent = PaintSession(generator), generator.latent_of(3)
    place = inscape.box(8, 8, 8, 8)
    values = session.means(latent, place)
    features = generator.run_until(generator.w_of(latent), "layer16a").features[0]
    assert np.allclose(values, features[:, 4:8, 4:8].mean((1, 2)), atol=1e-5)
    edit = UnitEdit("layer16a", tuple(range(len(values))), values, place)
    assert not (session.render(latent, [edit]) == session.render(latent)).all()
