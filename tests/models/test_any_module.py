"""Modules, factories and plug-ins are opened; a broken plug-in warns and breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import inscape
from inscape.activations import record
from inscape.editing import UnitEdit
from inscape.errors import FormatError, ModelNotFoundError, UnsupportedError
from inscape.models import Card, Generator
from models.foreign import nvidia, small_stylegan2

EXAMPLE = str(Path(__file__).parent / "example_package")
BROKEN = "ignore:The plug-in:RuntimeWarning"


@pytest.fixture
def package(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)


class Drawer(nn.Module):
    """Latents to pictures, with no mapping network and no way to stop halfway."""

    def __init__(self, *, as_map: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.as_map = as_map
        self.first = nn.ConvTranspose2d(6, 5, 4)
        self.second = nn.ConvTranspose2d(5, 3, 4, 2, 1)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if self.as_map and z.ndim != 4:
            raise ValueError("expected [batch, 6, 1, 1]")
        return self.second(self.first(z.reshape(len(z), 6, 1, 1)).relu()).tanh()


def test_a_module_gets_its_card_by_running_once(package):
    from inscape_example import Faces

    module = Faces()
    model = inscape.open(module, card={"image_size": 32, "name": "faces"}, device="cpu")
    found = [(layer.name, layer.units, layer.size) for layer in model.card.layers]
    assert found == [("first", 4, 16), ("second", 6, 8), ("head", 2, 0)]
    assert (model.card.kind, model.card.default_layer, model.name) == ("classifier", "second", "faces")
    assert model.module is module and not module.training
    with record(model, ["second"]) as recording, torch.inference_mode():
        module(torch.zeros(1, 3, 32, 32))
    assert recording.outputs["second"].shape == (1, 6, 8, 8)


def test_a_language_model_is_run_on_tokens():
    module = nn.Sequential(nn.Embedding(10, 8), nn.Linear(8, 10))
    model = inscape.open(module, card={"kind": "language"}, device="cpu")
    assert [(layer.name, layer.units, layer.size) for layer in model.card.layers] == [
        ("0", 8, 0),
        ("1", 10, 0),
    ]


def test_a_whole_card_is_taken_as_it_is():
    card = Card(name="mine", kind="classifier", architecture="anything")
    assert inscape.open(nn.Linear(3, 2), card=card, device="cpu").card is card


@pytest.mark.parametrize("as_map", [False, True])
def test_any_generator_can_be_painted_with(as_map):
    model = inscape.open(
        Drawer(as_map=as_map), card={"kind": "generator", "latent": {"z_dim": 6}}, device="cpu"
    )
    assert isinstance(model, Generator) and model.image_size == 8
    assert list(model.layers) == ["first", "second"]
    w = model.to_w(model.latents([3]))
    state = model.run_until(w, "first")
    assert torch.equal(model.resume(state), model.images(w))
    edit = UnitEdit("first", (1, 2), mode="remove")
    changed = model.run_until(w, "first")
    painted = model.resume(type(changed)(changed.layer, edit.transform(changed.features, 8), None, w))
    assert torch.equal(painted, model.images(w, [edit])) and not torch.equal(painted, model.images(w))


def test_what_cannot_be_run_says_what_to_pass():
    with pytest.raises(UnsupportedError, match="Running the network once failed") as caught:
        inscape.open(nn.Linear(3, 2), device="cpu")
    assert "Pass card=" in str(caught.value)
    with pytest.raises(UnsupportedError, match="size of a generator's latent"):
        inscape.open(nn.Linear(3, 2), card={"kind": "generator"}, device="cpu")
    with pytest.raises(FormatError, match="kind"):
        inscape.open(nn.Sequential(nn.Conv2d(3, 2, 1)), card={"kind": "painter"}, device="cpu")


def test_a_factory_is_imported_and_called(package):
    model = inscape.open("inscape_example:faces", device="cpu")
    assert model.name == "faces" and list(model.layers) == ["first", "second", "head"]
    for wrong in ("inscape_example:nobody", "inscape_absent:faces"):
        with pytest.raises(ModelNotFoundError, match="There is no"):
            inscape.open(wrong)
    with pytest.raises(UnsupportedError, match="gives a dict"):
        inscape.open("inscape_example:broken")


@pytest.mark.filterwarnings(BROKEN)
def test_models_of_plug_ins_open_by_name(package):
    assert inscape.open("faces", device="cpu").layer("second").units == 6
    with pytest.raises(ModelNotFoundError, match="did you mean 'faces'"):
        inscape.open("face")
    with pytest.warns(RuntimeWarning, match="'lost' .* cannot be loaded"), pytest.raises(ModelNotFoundError):
        inscape.open("lost")
    assert inscape.open("town", device="cpu").name == "town"


@pytest.mark.filterwarnings(BROKEN)
def test_formats_of_plug_ins_open_and_write(package, tmp_path):
    value = {
        "example/first": {"weight": torch.randn(3, 5, 4, 4), "bias": torch.randn(3)},
        "example/second": {"weight": torch.randn(3, 3, 3, 3), "bias": torch.randn(3)},
        "example/out": {"weight": torch.randn(3, 3, 1, 1), "bias": torch.randn(3)},
    }
    torch.save(value, tmp_path / "e.pth")
    with pytest.warns(RuntimeWarning, match="'missing' .* cannot be loaded"):
        model = inscape.open(tmp_path / "e.pth", device="cpu")
    assert "example package" in model.card.source
    from inscape.models import write_model

    write_model(model, tmp_path / "again.pth")
    assert (tmp_path / "again.pth").read_bytes() == (tmp_path / "e.pth").read_bytes()
    assert inscape.open(nvidia(small_stylegan2(), tmp_path / "g.pkl"), device="cpu").image_size == 16


@pytest.mark.filterwarnings(BROKEN)
def test_a_format_that_fails_at_a_file_warns_and_hinders_nobody(package, tmp_path, monkeypatch):
    import inscape_example

    monkeypatch.setattr(inscape_example, "recognises", lambda value: 1 / 0)
    path = nvidia(small_stylegan2(), tmp_path / "g.pkl")
    with pytest.warns(RuntimeWarning, match="'example' failed: ZeroDivisionError"):
        assert inscape.open(path, device="cpu").image_size == 16
