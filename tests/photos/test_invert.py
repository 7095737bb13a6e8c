from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from inscape import UnitEdit, storage
from inscape.errors import (
    CancelledError,
    ConflictError,
    FormatError,
    LayerError,
    UnsupportedError,
    UsageError,
    ValueRangeError,
)
from inscape.photos import (
    AdaptationSettings,
    Inversion,
    InversionSettings,
    PhotoSession,
    SearchSettings,
    Snapshot,
    find_inversion,
    invert,
    read_photo,
    segmenter_distance,
)
from inscape.photos._canvas import Canvas
from inscape.pictures import to_tensor
from inscape.progress import CallbackProgress
from inscape.segmenters import open_segmenter
from photos.painted_photo import QUICK, inverted, some_photo
from small_generators import small_generator

LATENT_ALONE = InversionSettings(
    search=SearchSettings(latent_steps=30, feature_steps=0),
    adaptation=AdaptationSettings(weight_steps=0, gain_steps=0),
    perceptual=0.0,
)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(one.astype(float) - other).mean() / 255**2))


def test_every_stage_comes_closer_than_the_one_before():
    _, _, found = inverted()
    reached = [found.psnr[stage] for stage in ("latent", "features", "adapted")]
    assert found.psnr["encoder"] is None
    assert reached[0] < reached[1] < reached[2]
    assert reached[2] > reached[1] + 3


def test_the_figures_are_those_of_the_pictures():
    _, photo, found = inverted()
    assert (found.target == photo.seen(32)).all()
    for stage, picture in found.pictures.items():
        assert found.psnr[stage] == pytest.approx(psnr(picture, found.target), abs=0.2)
    assert (found.picture == found.pictures["features"]).all()


def test_the_generator_stays_as_it_was():
    from inscape.models.weights import weights_hash

    generator, _, _ = inverted()
    assert weights_hash(generator.module) == weights_hash(small_generator().module)
    assert not any(parameter.requires_grad for parameter in generator.module.parameters())


def test_only_layers_above_the_edited_one_are_adapted():
    generator, _, found = inverted()
    names = list(generator.layers)
    above = names[names.index(found.layer) + 1 :]
    places = tuple(generator.layer(name).module for name in above)
    shared = ("synthesis.b16.torgb", *(place.rsplit(".", 1)[0] + ".torgb" for place in places))
    assert found.weights and all(name.startswith((*places, *shared)) for name in found.weights)
    assert set(found.gains) <= set(above)


def test_no_more_than_three_pictures_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch):
    generator, drawn, drawn_by = small_generator(), [], Canvas.drawn

    def counted(canvas, state, adapted=None):
        drawn.append(len(state.features))
        return drawn_by(canvas, state, adapted)

    monkeypatch.setattr(Canvas, "drawn", counted)
    search = SearchSettings(latent_steps=1, feature_steps=1)
    adaptation = AdaptationSettings(weight_steps=34, gain_steps=0)
    few = InversionSettings(search, adaptation, perceptual=0.0)
    invert(generator, some_photo(), settings=few, seconds=1e6)
    assert len(drawn) > 34 and max(drawn) == 3


def test_a_picture_of_the_generators_own_is_found_from_its_latent_alone():
    generator = small_generator()
    photo = read_photo(Image.fromarray(generator.sample(3).pixels))
    settings = replace(LATENT_ALONE, search=replace(LATENT_ALONE.search, latent_steps=200))
    found = invert(generator, photo, seconds=600, settings=settings)
    assert found.psnr["latent"] > 22


def test_stop_returns_the_best_so_far_and_cancel_returns_nothing():
    generator, photo = small_generator(), some_photo()
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 10

    found = invert(generator, photo, seconds=600, settings=QUICK, stop=stop)
    assert found.psnr["latent"] is not None
    assert found.psnr["features"] is None and found.psnr["adapted"] is None
    assert not found.gains and not found.weights

    progress = CallbackProgress(lambda step: progress.cancel() if step["done"] > 5 else None)
    with pytest.raises(CancelledError):
        invert(generator, photo, seconds=600, settings=QUICK, progress=progress)


def test_seconds_end_the_search_and_every_stage_has_its_share():
    generator, photo = small_generator(), some_photo()
    endless = InversionSettings(
        search=SearchSettings(latent_steps=10**6, feature_steps=10**6),
        adaptation=AdaptationSettings(weight_steps=10**6, gain_steps=10**6),
    )
    found = invert(generator, photo, seconds=3.0, settings=endless)  # a hang would take 10^6 steps
    assert all(found.psnr[stage] is not None for stage in ("latent", "features", "adapted"))


def test_the_picture_is_shown_as_it_improves():
    generator, photo = small_generator(), some_photo()
    shown: list[Snapshot] = []
    found = invert(generator, photo, seconds=600, settings=QUICK, watch=shown.append)
    order = ["encoder", "latent", "features", "adapted"]
    assert [order.index(each.stage) for each in shown] == sorted(order.index(each.stage) for each in shown)
    last = [each for each in shown if each.stage == "adapted"][-1]
    assert (last.picture == found.pictures["adapted"]).all()
    assert all(0 <= each.fraction <= 1 and each.picture.shape == (32, 32, 3) for each in shown)


def test_the_same_photo_gives_the_same_inversion():
    generator, photo, found = inverted()
    again = invert(generator, photo, seconds=600, settings=QUICK)
    assert (again.pictures["adapted"] == found.pictures["adapted"]).all()


@pytest.mark.parametrize(("weight_steps", "gain_steps"), [(0, 30), (6, 0), (0, 0)])
def test_each_phase_of_the_adaptation_can_be_left_out(weight_steps, gain_steps):
    adaptation = AdaptationSettings(weight_steps=weight_steps, gain_steps=gain_steps)
    settings = replace(QUICK, adaptation=adaptation)
    found = invert(small_generator(), some_photo(), seconds=600, settings=settings)
    assert bool(found.weights) == (weight_steps > 0) and bool(found.gains) == (gain_steps > 0)
    assert (found.psnr["adapted"] is None) == (weight_steps == gain_steps == 0)


def test_a_file_gives_back_the_same_inversion(tmp_path: Path):
    generator, _, found = inverted()
    path = found.save(tmp_path / "some.inversion.safetensors")
    again = Inversion.load(path)
    assert again.psnr == found.psnr and again.fit == found.fit and again.layer == found.layer
    assert (again.latent.values == found.latent.values).all()
    assert all(torch.equal(again.gains[name], value) for name, value in found.gains.items())
    assert all((again.pictures[stage] == value).all() for stage, value in found.pictures.items())
    again.check(generator)


def test_files_that_are_no_inversions_are_refused(tmp_path: Path):
    _, _, found = inverted()
    with pytest.raises(UsageError, match=r"\.inversion\.safetensors"):
        found.save(tmp_path / "some.safetensors")
    with pytest.raises(FormatError, match="nowhere"):
        Inversion.load(tmp_path / "nowhere.inversion.safetensors")
    other = tmp_path / "other.inversion.safetensors"
    storage.save_tensors(other, {"target": torch.zeros(3)}, {"inscape": "{}"})
    with pytest.raises(FormatError, match="holds no inversion"):
        Inversion.load(other)
    path = found.save(tmp_path / "some.inversion.safetensors")
    tensors, metadata = storage.load_tensors(path)
    for name, value in (("target", torch.zeros(4, 5, 3, dtype=torch.uint8)), ("features", torch.zeros(3))):
        storage.save_tensors(other, {**tensors, name: value}, metadata)
        with pytest.raises(FormatError, match="holds no inversion"):
            Inversion.load(other)


def test_other_weights_are_refused():
    _, _, found = inverted()
    with pytest.raises(UnsupportedError, match="other weights"):
        found.adapted(small_generator(seed=1))
    generator, _, _ = inverted()
    wrong = replace(found, weights={"synthesis.b64.conv0.weight": torch.zeros(1)})
    with pytest.raises(FormatError, match="b64"):
        wrong.adapted(generator)


@pytest.mark.parametrize("found", [find_inversion, invert])
def test_a_generator_with_edits_on_inverts_nothing(found):
    generator, photo = small_generator(), some_photo()
    with (
        generator.edited([UnitEdit("layer8a", (0,), mode="remove")]),
        pytest.raises(ConflictError, match=r"edits are on 'small' now \(1\)"),
    ):
        found(generator, photo, seconds=1, settings=QUICK)


def test_an_inversion_is_found_once(monkeypatch: pytest.MonkeyPatch):
    generator, photo = small_generator(), some_photo()
    first = find_inversion(generator, photo, seconds=600, settings=QUICK)
    monkeypatch.setattr("inscape.photos.found.invert", None)
    assert (find_inversion(generator, photo, seconds=600, settings=QUICK).target == first.target).all()


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"seconds": 0}, ValueRangeError, "more than 0 seconds"),
        ({"layer": "layr16a"}, LayerError, "layer16a"),
        ({"layer": "layer32b"}, LayerError, "is the last"),
        ({"settings": InversionSettings(segmenter="exact:town")}, UnsupportedError, "town-segmenter"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(arguments, kind, words):
    with pytest.raises(kind, match=words):
        invert(small_generator(), some_photo(), **arguments)


def test_a_segmenter_draws_no_photos():
    segmenter = open_segmenter("town-segmenter")
    from inscape import open as open_model

    assert segmenter.name == "town-segmenter"
    with pytest.raises(UnsupportedError, match="An inversion needs a generator"):
        invert(open_model("town-segmenter"), some_photo())


def test_unknown_ways_to_search_are_refused():
    with pytest.raises(ValueRangeError, match="'w' or 'w\\+'"):
        SearchSettings(space="z")  # type: ignore[arg-type]
    with pytest.raises(ValueRangeError, match="'encoder' or 'average'"):
        InversionSettings(start="middle")  # type: ignore[arg-type]


def test_one_w_for_all_layers_reaches_less_than_one_for_each():
    generator, photo = small_generator(), some_photo()
    settings = [replace(LATENT_ALONE, search=replace(LATENT_ALONE.search, space=s)) for s in ("w", "w+")]
    single, many = (invert(generator, photo, seconds=600, settings=each) for each in settings)
    assert single.psnr["latent"] < many.psnr["latent"]


def test_the_segmenters_distance_is_zero_for_the_same_picture_and_grows_with_blur():
    from inscape.segmenters.scene import SceneSegmenter

    segmenter = open_segmenter("town-segmenter")
    assert isinstance(segmenter, SceneSegmenter)
    image = Image.fromarray(small_generator().sample(3).pixels).resize((64, 64), Image.Resampling.NEAREST)
    blurred = [np.array(image.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 1, 3)]
    found = segmenter_distance(to_tensor(np.stack(blurred)), to_tensor(np.array(image)[None]), segmenter)
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert 0.001 < found[1] < found[2] < 4


@pytest.mark.parametrize("name", ["progan.pth", "stylegan3-t.pkl", "nvidia-depth2-conditional.pkl"])
def test_generators_of_other_kinds_are_adapted_too(test_data, name):
    from inscape import open as open_model

    generator = open_model(str(test_data / "checkpoints" / name))
    found = invert(generator, some_photo(), seconds=600, settings=QUICK)
    assert found.psnr["latent"] <= found.psnr["features"] < found.psnr["adapted"]
    session = PhotoSession(generator, found)
    assert (session.render(session.latent) == found.pictures["adapted"]).all()
