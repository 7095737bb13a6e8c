from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from inscape.activations import edited
from inscape.dissection._class_pictures import ClassPictures, balanced
from inscape.dissection.attacks import AttackOptions, attacked
from inscape.dissection.moved import Moves, compare_moves
from inscape.dissection.roles import RolesOptions, find_roles
from inscape.errors import NotFoundError, UnsupportedError, UsageError, ValueRangeError
from inscape.models import open_model
from inscape.reports import load_report
from inscape.sources import FolderPictures
from planted_classes import CARRY, CLASSES, NOISE, Patches, colours


@pytest.fixture(scope="module")
def model():
    return colours()


@pytest.fixture(scope="module")
def found(model):
    attack = AttackOptions(images=24, size=120, steps=4)
    return find_roles(model, "red", Patches(), RolesOptions(images=200, seed=0, controls=6, attack=attack))


def test_the_units_that_carry_a_class_come_first_and_noise_carries_nothing(found):
    assert {each.unit for each in found.carried[:2]} == CARRY["red"]
    lost = {each.unit: each for each in found.carried}
    assert all(lost[unit].margin == pytest.approx(0, abs=1e-6) and lost[unit].lost == 0 for unit in NOISE)
    assert found.before == 1 and found.whole == 1


def test_without_its_units_a_class_is_at_chance_and_without_others_as_before(found):
    curve = {point.off: point for point in found.accuracy}
    assert list(curve) == [0, 1, 2, 4, 8]
    assert curve[2].accuracy == 0.5 and curve[2].least == 1
    assert found.enough is curve[2]
    low, high = curve[2].interval
    assert low <= curve[2].random <= high and curve[2].random > 0.6


def test_an_attack_moves_the_units_that_carry_the_class(found):
    attack = found.attack
    assert attack is not None and attack.reached == 1 and attack.pictures == 24
    assert {unit for unit, _ in attack.moved[:1]} <= CARRY["red"]
    assert all(attack.signed[unit] > 0 for unit in CARRY["red"])
    assert attack.correlation > 0.5 > attack.shuffled


def test_switching_units_off_together_is_what_an_edit_of_the_layer_does(model):
    pictures = ClassPictures.of(model, "units", Patches())
    (batch,) = pictures.batches(range(40), "test")
    sets = [[], [0], [0, 1], [2, 6]]
    for units, outputs in zip(sets, batch.without(sets), strict=True):

        def off(value, units=units):
            value = value.clone()
            value[:, units] = 0
            return value

        with torch.inference_mode(), edited(model, "units", off):
            assert torch.allclose(outputs, model.module(batch.pictures), atol=1e-6)


def test_balanced_accuracy_is_the_mean_of_both_shares():
    truth = np.array([0, 0, 0, 1, 2])
    read = np.array([[0, 0, 1, 0, 2], [1, 1, 1, 1, 1]])
    assert balanced(read, truth, 0) == pytest.approx([(2 / 3 + 1 / 2) / 2, 0.5])


def test_an_attack_stays_within_its_box_and_the_range_of_pixels(model):
    pictures = Patches().run(model, range(8)).inputs
    changed = attacked(model, pictures, 1, AttackOptions(size=16, steps=5))
    assert float((changed - pictures).abs().max()) <= 16 / 127.5 + 1e-6
    assert float(changed.abs().max()) <= 1
    before, after = (model.module(each).log_softmax(1)[:, 1] for each in (pictures, changed))
    assert bool((after > before).all())


def test_a_report_is_what_was_saved(found, tmp_path):
    kept = load_report(found.save(tmp_path / "report"))
    assert kept == found
    document = found.to_json()
    assert document["class"] == "red"
    off, accuracy, random, interval = document["accuracy"][2]
    assert (off, accuracy) == (2, 0.5) and interval[0] <= random <= interval[1]
    assert document["attack"]["moved"][0][0] in CARRY["red"]
    page = (tmp_path / "report" / "index.html").read_text()
    assert "units that carry least" in page and "text/csv" in page


def test_pooled_units_have_roles_too(model):
    found = find_roles(model, "blue", Patches(), RolesOptions("pooled", 60, 0, 2))
    assert {each.unit for each in found.carried[:2]} == CARRY["blue"]


def test_what_has_no_roles_is_refused(model, tmp_path):
    with pytest.raises(NotFoundError, match="no class 'rad' in model 'colours'"):
        find_roles(model, "rad", Patches())
    with pytest.raises(ValueRangeError, match="at least 16 pictures and 2 random sets, got 4 and 20"):
        find_roles(model, "red", Patches(), RolesOptions(images=4, seed=0))
    with pytest.raises(UnsupportedError, match="'town' is a generator"):
        find_roles(open_model("town", device="cpu"), "red", Patches())
    with pytest.raises(ValueRangeError, match="at least 1 step"):
        AttackOptions(steps=0)
    _photos(tmp_path, ("one.png", "two.png"))
    with pytest.raises(UsageError, match="have no classes"):
        find_roles(model, "red", FolderPictures(tmp_path, size=16))


def test_the_folders_of_a_source_are_classes_of_the_model(model, tmp_path):
    _photos(tmp_path, ("red/1.png", "reed/2.png"))
    with pytest.raises(NotFoundError, match="no class 'reed' in model 'colours'; did you mean 'red'"):
        find_roles(model, "red", FolderPictures(tmp_path, size=16))


def _photos(folder: Path, names: tuple[str, ...]) -> None:
    from PIL import Image

    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 16)).save(folder / name)


def test_classes_that_no_picture_has_are_named(model):
    class OnlyRed(Patches):
        def run(self, model, numbers):
            batch = super().run(model, numbers)
            return type(batch)(batch.inputs, batch.labels, (0,) * len(numbers))

    with pytest.raises(NotFoundError, match="every picture is of this class"):
        find_roles(model, CLASSES[0], OnlyRed(), RolesOptions(images=20, seed=0, controls=2))


def test_moves_are_compared_by_spearmans_correlation_with_shuffles_beside_it():
    random = np.random.default_rng(0)
    changes = random.standard_normal((9, 2, 64)).round(1)  # rounded: some ranks are shared
    found = Moves(changes, random.random(9) < 0.5, random.integers(0, 4, 9))
    margins = random.standard_normal((4, 64)).round(1)
    told = compare_moves(found, margins, 2, AttackOptions(), 7)
    moved, peaks = np.abs(changes).mean(0)
    both = margins.clip(0)[2] + margins.clip(0)[found.classes].mean(0)
    assert told.correlation == pytest.approx(spearmanr(both, moved).statistic)
    assert told.peaks == pytest.approx(spearmanr(both, peaks).statistic)
    assert told.target == pytest.approx(spearmanr(margins[2].clip(0), moved).statistic)
    order = np.random.RandomState(7)
    shuffled = [spearmanr(order.permutation(both), moved).statistic for _ in range(1000)]
    assert told.shuffled == pytest.approx(np.mean(shuffled))
    assert told.shuffled_high == pytest.approx(np.quantile(np.abs(shuffled), 0.95))
    nothing = compare_moves(found, margins * 0, 2, AttackOptions(), 7)
    assert nothing.correlation == nothing.shuffled == nothing.shuffled_high == 0
