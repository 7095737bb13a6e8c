"""Modules, factories and plug-ins are opened; a broken plug-in warns and breaks nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import inscape
from inscape import segmenters
from inscape.activations import edited, record
from inscape.editing import UnitEdit
from inscape.errors import FormatError, LayerError, ModelNotFoundError, UnsupportedError
from inscape.models import Card, Generator, Layer, write_model
from inscape.models.building import OWN, architecture, architectures, built
from inscape.models.formats import OWN_FORMATS, formats
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
    assert found == [
        ("first", 4, 16),
        ("rectifier@0", 4, 16),
        ("second", 6, 8),
        ("rectifier@1", 6, 8),
        ("head.input", 6, 0),
        ("head", 2, 0),
    ]
    assert (model.card.kind, model.card.default_layer, model.name) == ("classifier", "rectifier@1", "faces")
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


def test_a_generator_that_cannot_stop_is_run_whole_and_keeps_no_hook():
    known = {"kind": "generator", "latent": {"z_dim": 6}}
    model = inscape.open(Drawer(as_map=False), card=known, device="cpu")
    assert not model.stops
    w = model.to_w(model.latents([3, 4]))
    state = model.run_until(w, "first")
    changed = replace(state, features=state.features * 2)
    with edited(model, "first", lambda output: output * 2):
        expected = model.images(w)
    assert torch.equal(model.resume(changed), expected)
    assert not any(part._forward_hooks for part in model.module.modules())
    outside = Layer(name="before", units=6, size=0, module="mapping")
    card = model.card.model_copy(update={"layers": (*model.card.layers, outside)})
    with pytest.raises(LayerError, match="not part of the synthesis from w"):
        Generator(model.module, card).run_until(w, "before")


def test_a_factory_is_imported_and_called(package):
    model = inscape.open("inscape_example:faces", device="cpu")
    assert model.name == "faces" and list(model.layers)[-2:] == ["head.input", "head"]
    for wrong in ("inscape_example:nobody", "inscape_absent:faces"):
        with pytest.raises(ModelNotFoundError, match="There is no"):
            inscape.open(wrong)
    with pytest.raises(UnsupportedError, match="got a dict"):
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


def stripes(folder: Path) -> Path:
    """A checkpoint of the example package's generator."""
    from inscape_example import Stripes, StripesConfig

    torch.manual_seed(3)
    torch.save(Stripes(StripesConfig(z_dim=5, units=7)).state_dict(), folder / "s.pth")
    return folder / "s.pth"


@pytest.mark.filterwarnings(BROKEN)
def test_architectures_of_plug_ins_open_from_their_files_and_from_ours(package, tmp_path):
    model = inscape.open(stripes(tmp_path), device="cpu")
    assert (model.card.architecture, model.image_size) == ("stripes", 8)
    assert model.card.description == "A Stripes of 8 pixels, opened from a file."
    assert [(layer.name, layer.units, layer.size) for layer in model.layers.values()] == [("0", 7, 4)]
    w = model.to_w(model.latents([3]))
    assert torch.equal(model.resume(model.run_until(w, "0")), model.images(w))
    written = write_model(model, tmp_path / "again.safetensors")
    assert (written.format, written.max_difference) == ("safetensors", 0.0)
    again = inscape.open(tmp_path / "again.safetensors", device="cpu")
    assert torch.equal(again.images(w), model.images(w)) and again.card.layers == model.card.layers
    assert inscape.open(tmp_path / "s.pth", device="cpu").card == model.card  # from the converted cache


@pytest.mark.filterwarnings(BROKEN)
def test_a_format_of_a_plug_in_is_asked_for_by_its_ending_and_writes(package, tmp_path):
    model = inscape.open(stripes(tmp_path), device="cpu")
    model.origin = None
    assert write_model(model, tmp_path / "new.stripes").format == "stripes"
    assert write_model(model, tmp_path / "new").format == "safetensors"
    small = inscape.open(nvidia(small_stylegan2(), tmp_path / "g.pkl"), device="cpu")
    assert write_model(small, tmp_path / "g.stripes").format == "nvidia"  # the ending is for its networks
    with pytest.raises(FormatError, match="Known formats: .*; state dicts of Stripes"):
        torch.save({}, tmp_path / "nothing.pth")
        inscape.open(tmp_path / "nothing.pth")


@pytest.mark.filterwarnings(BROKEN)
def test_an_architecture_that_cannot_be_had_is_one_sentence(package):
    assert {"stripes", "stylegan2", "town"} <= set(architectures())
    with (
        pytest.warns(RuntimeWarning, match="'town' .* cannot be loaded"),
        pytest.raises(FormatError, match="no architecture 'town'"),
    ):
        built("town", {}, {})
    with pytest.raises(UnsupportedError, match="must give an Architecture, got a function"):
        built("wrong", {}, {})
    with pytest.warns(RuntimeWarning, match="'wrong' must give a Format, got a function"):
        assert {*OWN_FORMATS, "example", "stripes"} == formats().keys()


def test_titles_of_formats_and_names_of_architectures_load_no_torch():
    code = (
        "import sys; from inscape.models.formats import OWN_FORMATS; "
        "from inscape.models.building import architectures; architectures(); "
        "assert all(each.title for each in OWN_FORMATS.values()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("name", OWN)
def test_every_architecture_of_inscape_registers_itself(name):
    known = architecture(name)
    assert known.title and known.config.__name__ == f"{known.network.__name__}Config"


def test_a_segmenter_of_another_package_is_opened_by_its_kind(package):
    segmenter = segmenters.open("halves:0.25")
    labels = segmenter.segment(torch.zeros(1, 3, 4, 8))
    assert labels[0, 0, 0].tolist() == [1, 1, 2, 2, 2, 2, 2, 2]
    with pytest.raises(ModelNotFoundError, match="halves"):
        segmenters.open("halvess")
