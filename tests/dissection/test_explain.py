"""The evidence for an output: sums, names, regions, curves, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import inscape
from inscape.activations import edited
from inscape.cli.main import run
from inscape.dissection.evidence import Evidence
from inscape.dissection.evidence_curves import Orders
from inscape.dissection.linear_head import find_head
from inscape.errors import LayerError, NotFoundError, UnitError, UnsupportedError, UsageError
from inscape.sources import FolderPictures

NAMES = ("red thing", "green thing", "blue thing")


class Colours(nn.Module):
    """Four units: red, green, blue and dark; three classes of fixed weights."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.act, self.head = nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Linear(4, 3)
        with torch.no_grad():
            weight = torch.tensor([[2.0, -1, -1], [-1, 2, -1], [-1, -1, 2], [-1, -1, -1]])
            self.look.weight.copy_(weight[:, :, None, None])
            self.look.bias.zero_()
            self.head.weight.copy_(torch.tensor([[3.0, -1, 0, 0.5], [-1, 2, 0, 0.5], [0, -1, 2, -0.5]]))
            self.head.bias.copy_(torch.tensor([0.1, 0.2, 0.3]))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.act(self.look(images)).mean((2, 3)))
        return logits


class Curved(Colours):
    """The same with a head that is not linear."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).square()


class OfAToken(Colours):
    """Reads a token that is put before those of 16 patches, as vision transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.norm = nn.Identity(), nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        maps = nn.functional.avg_pool2d(self.act(self.look(images)), 8).flatten(2).transpose(1, 2)
        tokens = self.tokens(torch.cat([maps.mean(1, keepdim=True) * 8, maps], 1))
        logits: Tensor = self.head(self.norm(tokens[:, 0]))
        return logits


CARD = {"image_size": 32, "name": "colours", "classes": list(NAMES)}


@pytest.fixture(scope="module")
def model() -> inscape.Model:
    return inscape.open(Colours(), card=CARD, device="cpu")


@pytest.fixture(scope="module")
def curved() -> inscape.Model:
    return inscape.open(Curved(), card=CARD, device="cpu")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red on the left, green on the right, black below."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:24, :20, 0], pixels[:24, 20:, 1] = 255, 255
    path = tmp_path_factory.mktemp("photos") / "flag.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def report(model, squares):
    """A dissection over these pictures."""
    return inscape.dissect(model, "act", source=squares, top=1, quantile=0.3)


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """Pictures of red, green and blue squares, with label maps."""
    folder, random = tmp_path_factory.mktemp("squares"), np.random.default_rng(0)
    for number in range(24):
        values = random.integers(0, 4, (8, 8)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
        colours = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)], np.uint8)
        Image.fromarray(colours[values]).save(folder / f"{number}.bmp")
        Image.fromarray(values).save(folder / f"{number}.png")
    (folder / "concepts.txt").write_text("red\ngreen\nblue\n\n")
    return FolderPictures(folder, size=32, labels=folder)


def test_the_head_and_the_maps_before_it_are_found_by_running(model, curved):
    head = find_head(model)
    assert head is not None and head.maps is not None and head.vector is not None
    assert (head.path, head.maps.name, head.vector.name, head.layer) == ("head", "act", "head.input", "act")
    assert find_head(model).maps == head.maps and find_head(curved) is None


def test_parts_and_remainder_are_the_logit_and_all_parts_leave_the_bias(model, photo):
    found = inscape.explain(model, photo, of="red thing", top=4)
    logits = model.module(torch.from_numpy(found.pixels).permute(2, 0, 1)[None] / 127.5 - 1)[0]
    total = sum(part.contribution for part in found.parts)
    assert found.method == "linear" and found.logit == pytest.approx(float(logits[0]), abs=1e-5)
    assert total + found.remainder == pytest.approx(float(logits[0]), abs=1e-5)
    assert found.remainder == pytest.approx(0.1, abs=1e-5)
    assert [part.unit for part in found.parts] == [0, 3, 1]  # red, dark, and green against it
    assert [part.contribution > 0 for part in found.parts] == [True, True, False]
    assert found.classes[0][0] == inscape.explain(model, photo).class_name
    assert found.parts[0].weighs_for == ("red thing", "blue thing", "green thing")


def test_regions_lie_where_the_units_of_a_report_are_active(model, photo, report):
    found = inscape.explain(model, photo, of=0, report=report)
    named = {part.unit: part for part in found.parts}
    assert (named[0].concept, named[1].concept) == ("red", "green")
    red, green = named[0].region, named[1].region
    assert red is not None and green is not None and found.masks is not None
    assert red.box[0] == 0 and red.box[2] <= 21 and green.box[0] >= 19
    assert red.peak[0] < 20 <= green.peak[0]
    assert found.named_by is not None and "red +" in found.sentence()
    blue = inscape.explain(model, photo, of="blue thing", report=report)
    assert [(each.unit, each.concept) for each in blue.unseen] == [(2, "blue")]
    assert blue.unseen[0].usual > 0.1 and blue.unseen[0].contribution == 0


def test_thresholds_of_the_pooled_layer_are_not_those_of_its_maps(model, photo, squares):
    pooled = inscape.dissect(model, "head.input", source=squares, top=1, quantile=0.3)
    plain = inscape.explain(model, photo, of=0)
    found = inscape.explain(model, photo, of=0, report=pooled)
    assert [part.region for part in found.parts] == [part.region for part in plain.parts]
    assert np.array_equal(found.masks, plain.masks) and found.named_by is not None


def test_what_a_token_usually_is_is_not_read_off_the_patches(photo, squares):
    model = inscape.open(OfAToken(), card=CARD, device="cpu")
    head = find_head(model)
    assert head is not None and head.maps is not None and head.maps.name == "tokens" and not head.mean
    blue = {"of": "blue thing"}
    assert inscape.explain(model, photo, **blue).unseen == ()
    patches = inscape.dissect(model, "tokens", source=squares, top=1, quantile=0.3)
    assert inscape.explain(model, photo, report=patches, **blue).unseen == ()
    token = inscape.dissect(model, head.vector.name, source=squares, top=1, quantile=0.3)
    (unit,) = inscape.explain(model, photo, report=token, **blue).unseen
    assert unit.unit == 2 and unit.usual == pytest.approx(2 * float(token.values.mean[2]), rel=1e-5)


def test_a_layer_of_one_unit_has_parts_and_no_curves(photo):
    one = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    model = inscape.open(one, card={"image_size": 32}, device="cpu")
    for method in ("linear", "gradients", "ablation"):
        found = inscape.explain(model, photo, method=method, layer=None if method == "linear" else "1")
        assert found.deletion == found.insertion == () and found.figure() == ""
        assert "Deletion" not in found.page(lambda name: name).body


def test_units_that_are_off_change_the_answer_as_they_do_in_the_network(model, photo):
    from inscape.editing import UnitEdit

    found = inscape.explain(model, photo, of="red thing", off=[0])
    pixels = torch.from_numpy(found.pixels).permute(2, 0, 1)[None] / 127.5 - 1
    with model.edited([UnitEdit("act", (0,), mode="remove")]):
        logits = model.module(pixels)[0]
    assert found.logit == pytest.approx(float(logits[0]), abs=1e-5)
    assert found.classes[0][0] == NAMES[int(logits.argmax())] and 0 not in [p.unit for p in found.parts]
    with pytest.raises(UnitError):
        inscape.explain(model, photo, off=[4])


@pytest.mark.parametrize("method", ["gradients", "ablation"])
def test_a_head_that_is_not_linear_says_its_method(curved, photo, method):
    found = inscape.explain(curved, photo, of="red thing", method=method, layer="act", top=4)
    pixels = torch.from_numpy(found.pixels).permute(2, 0, 1)[None] / 127.5 - 1
    logit = float(curved.module(pixels)[0, 0])
    assert found.method == method and found.logit == pytest.approx(logit, abs=1e-5)
    total = sum(part.contribution for part in found.parts)
    assert total + found.remainder == pytest.approx(logit, abs=1e-5)
    assert found.parts[0].unit == 0 and found.parts[0].region is not None
    if method == "gradients":
        assert found.remainder == pytest.approx(
            0.01, abs=1e-4
        )  # what it says without any unit: its bias squared
    assert found.deletion[0].best < logit
    named = "integrated gradients" if method == "gradients" else "each unit alone off"
    assert named in found.sentence()


def test_parts_and_curves_are_those_of_whole_runs_of_the_network(curved, photo):
    """The plain reference: the network runs anew for every set of units and every point of the path."""
    layer = curved.layer("look")
    found = inscape.explain(curved, photo, of=0, method="ablation", layer="look", top=4)
    pixels = torch.from_numpy(found.pixels).permute(2, 0, 1)[None] / 127.5 - 1

    def logit(scale: Tensor) -> Tensor:
        with edited(curved, "look", lambda value: value * scale[:, None, None]):
            return curved.module(pixels)[0, 0]

    ones = torch.ones(layer.units)
    for part in found.parts:
        off = ones.clone()
        off[part.unit] = 0
        assert part.contribution == pytest.approx(float(logit(ones) - logit(off)), abs=1e-5)
    best = max(found.parts, key=lambda part: part.contribution).unit
    alone = torch.eye(layer.units)[best]
    assert found.deletion[0].best == pytest.approx(float(logit(ones - alone)), abs=1e-5)
    assert found.insertion[0].best == pytest.approx(float(logit(alone)), abs=1e-5)
    assert found.deletion[0].random[1] <= found.deletion[0].random[0] <= found.deletion[0].random[2]
    slopes = torch.zeros(layer.units)
    for step in (torch.arange(16) + 0.5) / 16:
        scale = (ones * step).requires_grad_()
        slopes += torch.autograd.grad(logit(scale), scale)[0] / 16
    gradients = inscape.explain(curved, photo, of=0, method="gradients", layer="look", top=4)
    assert len(gradients.parts) > 2
    for part in gradients.parts:
        assert part.contribution == pytest.approx(float(slopes[part.unit]), abs=1e-4)


def test_integrated_gradients_of_a_linear_head_are_its_parts(model, photo):
    linear = inscape.explain(model, photo, of=0, top=4)
    gradients = inscape.explain(model, photo, of=0, top=4, method="gradients", layer="act")
    exact = {part.unit: part.contribution for part in linear.parts}
    assert {part.unit: pytest.approx(part.contribution, abs=1e-4) for part in gradients.parts} == exact


def test_curves_take_the_best_units_beside_random_and_equally_active_ones():
    random = np.random.default_rng(0)
    activations = random.random(200)
    contributions = activations * random.standard_normal(200)
    orders = Orders.of(contributions, activations, 30, 20)
    assert np.array_equal(orders.best, np.argsort(-contributions)[:30])
    for row in orders.active:
        assert len(set(row)) == 30 and not set(row) & set(orders.best)
    near = np.abs(activations[orders.active] - activations[orders.best])
    assert near.mean() < 0.1 < np.abs(activations[orders.random] - activations[orders.best]).mean()


def test_a_saved_explanation_reads_as_it_was_and_shows_itself(model, photo, report, tmp_path):
    found = inscape.explain(model, photo, report=report)
    found.save(tmp_path / "evidence")
    again = inscape.load_report(tmp_path / "evidence")
    assert isinstance(again, Evidence) and again.to_json() == found.to_json()
    assert np.array_equal(again.masks, found.masks) and np.array_equal(again.pixels, found.pixels)
    html = (tmp_path / "evidence" / "index.html").read_text()
    assert "What spoke against" in html and f"unit {found.parts[0].unit}" in html
    assert all((tmp_path / "evidence" / name).is_file() for name in found.files())


def test_the_command_line_prints_the_keys_of_the_design(photo, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    line = ["explain", "test_explain:Colours", str(photo), "--class", "1", "--device", "cpu", "--json"]
    assert run([*line, "--out", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"class", "logit", "parts", "remainder", "unseen"} <= told.keys() and told["class"] == "class 1"
    assert {"unit", "concept", "contribution", "region"} <= told["parts"][0].keys()
    total = sum(part["contribution"] for part in told["parts"])
    assert total + told["remainder"] == pytest.approx(told["logit"], abs=1e-5)
    assert (tmp_path / "out" / "index.html").is_file()


def test_what_cannot_be_explained_is_one_sentence(model, photo, report):
    with pytest.raises(NotFoundError, match="did you mean 'red thing'"):
        inscape.explain(model, photo, of="red think")
    with pytest.raises(LayerError, match="no layer 'actt'"):
        inscape.explain(model, photo, layer="actt")
    with pytest.raises(UnsupportedError, match="no sum over units of 'look'"):
        inscape.explain(model, photo, layer="look", method="linear")
    with pytest.raises(UsageError, match="The report is of 4 units of 'act' of 'colours'; expected one of"):
        inscape.explain(model, photo, layer="look", report=report)
    with pytest.raises(UnsupportedError, match="'town' is a generator, and only a classifier says"):
        inscape.explain(inscape.open("town"), photo)
    maps = inscape.open(nn.Sequential(nn.Conv2d(3, 2, 1)), card={"image_size": 16}, device="cpu")
    with pytest.raises(UnsupportedError, match=r"gives no logit for each class: .* got \[1, 2, 16, 16\]"):
        inscape.explain(maps, photo)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name a photo for a classifier, or --seed for a generator"),
        (["PHOTO", "--seed", "3"], "exclude each other"),
        (["PHOTO", "--box", "1,2,3,4"], "Name the picture with --seed"),
        (["PHOTO", "--method", "linera"], "did you mean 'linear'"),
    ],
)
def test_wrong_usage_is_one_sentence(photo, capsys, arguments, words):
    line = ["explain", "town", *(str(photo) if word == "PHOTO" else word for word in arguments)]
    assert run(line) == 2
    assert words in capsys.readouterr().err


def test_the_units_that_drew_a_region_change_it_most_when_they_are_off():
    model = inscape.open("town", device="cpu")
    found = inscape.explain_drawn(model, 7, region=inscape.box(0, 0, 64, 16), top=8)
    assert found.class_name in model.card.vocabulary.names and found.method == "gradients"
    total = sum(part.contribution for part in found.parts)
    assert total + found.remainder == pytest.approx(found.logit, abs=1e-5)
    last = found.deletion[-1]
    assert last.best < last.random[0] and found.box == (0, 0, 64, 16)
    with pytest.raises(NotFoundError, match="no concept 'skyy'"):
        inscape.explain_drawn(model, 7, of="skyy")
