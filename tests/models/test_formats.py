from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import inscape
from inscape.cli.main import run
from inscape.errors import FormatError, UnsupportedError, ValueRangeError
from models.foreign import nvidia, record, rosinality, small_stylegan2

DATA = os.environ.get("INSCAPE_TEST_DATA")
Z = torch.from_numpy(np.random.RandomState(1).standard_normal((2, 12))).float()


def pictures(network, **options) -> torch.Tensor:
    with torch.inference_mode():
        return network(Z, **options)


@pytest.mark.skipif(DATA is None, reason="INSCAPE_TEST_DATA is not set: checkpoints of the original code")
@pytest.mark.parametrize("name", ["nvidia-depth8.pkl", "nvidia-depth2-conditional.pkl", "rosinality-8px.pt"])
def test_pictures_are_those_of_the_original_code(name):
    path = Path(DATA) / "checkpoints" / name
    model, expected = inscape.open(path, device="cpu"), np.load(path.with_suffix(".expected.npz"))
    classes = torch.from_numpy(expected["c"]).float() if "c" in expected.files else None
    for key, psi in (("image", 1.0), ("image_truncation_0_5", 0.5)):
        with torch.inference_mode():
            drawn = model.module(torch.from_numpy(expected["z"]).float(), classes, truncation_psi=psi).numpy()
        assert np.abs(drawn - expected[key]).max() <= 1e-5 * np.ptp(expected[key])


def test_a_conditional_generator_needs_classes(tmp_path):
    network = small_stylegan2(c_dim=3)
    model = inscape.open(nvidia(network, tmp_path / "g.pkl"), device="cpu")
    drawn = model.images(model.to_w(Z, classes=[2, 0]))
    assert torch.allclose(drawn, pictures(network, c=torch.eye(3)[[2, 0]]), atol=1e-6)
    with pytest.raises(UnsupportedError, match="one of 3 classes: pass classes="):
        model.sample(seed=7)
    for wrong in ([2], [0, 3], [0, -1]):
        with pytest.raises(ValueRangeError, match="a class from 0 to 2 for each of 2 latents"):
            model.to_w(Z, classes=wrong)
    plain = inscape.open(nvidia(small_stylegan2(), tmp_path / "p.pkl"), device="cpu")
    with pytest.raises(UnsupportedError, match="no classes"):
        plain.to_w(Z, classes=[0, 0])


@pytest.mark.skipif(DATA is None, reason="INSCAPE_TEST_DATA is not set: checkpoints of the original code")
@pytest.mark.parametrize("name", ["stylegan3-t.pkl", "stylegan3-r.pkl"])
def test_a_network_that_is_not_opened_yet_is_named(name):
    with pytest.raises(UnsupportedError, match=rf"{name} cannot be opened: .* StyleGAN3"):
        inscape.open(Path(DATA) / "checkpoints" / name)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"c_dim": 3},
        {"conv_clamp": 0.5},
        {"mapping_layers": 8},
        {"resolution": 8, "channels": {4: 3, 8: 5}},
    ],
)
def test_a_pickle_of_nvidia_gives_every_tensor_back(tmp_path, changes):
    network = small_stylegan2(**changes)
    model = inscape.open(nvidia(network, tmp_path / "church.pkl"), device="cpu")
    assert model.module.config == network.config and model.name == "church"
    for name, value in network.state_dict().items():
        assert torch.equal(model.module.state_dict()[name], value), name


@pytest.mark.parametrize("kept", ["alone", "ema", "run", "legacy"])
def test_a_checkpoint_of_rosinality_draws_the_same(tmp_path, kept):
    network = small_stylegan2()
    weights, path = rosinality(network), tmp_path / "550000.pt"
    run_of = {"g": weights, "g_ema": weights, "args": argparse.Namespace(size=16, r1=10.0), "ada_aug_p": 0.25}
    value = {"alone": weights, "ema": {"g_ema": weights, "latent_avg": network.mapping.w_avg}, "run": run_of}
    torch.save(value.get(kept, run_of), path, _use_new_zipfile_serialization=kept != "legacy")
    opened = inscape.open(path, device="cpu").module
    assert torch.allclose(pictures(opened), pictures(network), atol=1e-6)
    if kept == "ema":
        assert torch.equal(opened.mapping.w_avg, network.mapping.w_avg)
    else:
        z = torch.from_numpy(np.random.RandomState(5).standard_normal((4096, 12))).float()
        assert torch.allclose(opened.mapping.w_avg, network.mapping.single(z).mean(0), atol=0.1)


def test_the_suffix_says_nothing(tmp_path):
    path = nvidia(small_stylegan2(), tmp_path / "picture.jpg")
    assert inscape.open(path, device="cpu").layer("layer16a").units == 4


def test_the_card_says_what_was_opened(tmp_path):
    card = inscape.open(nvidia(small_stylegan2(), tmp_path / "g.pkl"), device="cpu").card
    assert (card.kind, card.image_size, card.default_layer) == ("generator", 16, "layer16b")
    assert card.latent == {"z_dim": 12, "w_dim": 12, "num_ws": 6} and "NVIDIA" in card.source


def test_the_command_line_takes_a_file(tmp_path, capsys):
    path, out = nvidia(small_stylegan2(), tmp_path / "g.pkl"), tmp_path / "pictures"
    assert run(["sample", str(path), "--seeds", "0,1", "--out", str(out), "--json"]) == 0
    files = json.loads(capsys.readouterr().out.splitlines()[-1])["files"]
    assert Image.open(files[0]).size[0] >= 16


def _changed(change) -> dict[str, torch.Tensor]:
    tensors = rosinality(small_stylegan2())
    change(tensors)
    return tensors


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        (lambda t: t.pop("conv1.conv.weight"), "no blocks"),
        (lambda t: t.pop("convs.1.activate.bias"), "lacks 'synthesis.b8.conv1.bias'"),
        (lambda t: t.pop("style.1.bias"), "lacks 'mapping.fc0.bias'"),
        (lambda t: t.update({"convs.0.conv.weight": torch.zeros(1, 6, 9, 3, 3)}), r"float32 \[6, 9, 3, 3\]"),
        (lambda t: t.update({"style.1.weight": torch.full((12, 12), float("nan"))}), "not finite"),
        (lambda t: t.update({"style.1.weight": torch.full((12, 12), float("inf"))}), "not finite"),
        (lambda t: t.update({"style.1.weight": torch.zeros(12)}), "no mapping network"),
        (lambda t: t.update({"style.1.bias": torch.zeros(12, dtype=torch.int64)}), r"int64 \[12\]"),
        (lambda t: t.update({"style.1.bias": torch.zeros(12, dtype=torch.bool)}), r"bool \[12\]"),
        (lambda t: t.update({"style.1.bias": 7}), "'style.1.bias' does not belong"),
        (lambda t: t.update({"final.weight": torch.zeros(1)}), "'final.weight' does not belong"),
        (lambda t: t.update({"to_rgbs.7.bias": torch.zeros(1, 3, 1, 1)}), "does not belong"),
        (lambda t: t.update({"synthesis.b4.const": torch.zeros(8, 4, 4)}), "does not belong"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, trouble):
    path = tmp_path / "g.pt"
    torch.save(_changed(change), path)
    with pytest.raises(FormatError, match=trouble) as caught:
        inscape.open(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", [{}, [], 7, None, {"weight": 1}, {"state_dict": {}}, {3: 4}])
def test_what_is_no_network_is_described(tmp_path, value):
    path = tmp_path / "x.pt"
    torch.save(value, path)
    with pytest.raises(FormatError, match="it cannot be told what network it is"):
        inscape.open(path)


def test_two_formats_in_one_file_are_refused(tmp_path):
    network = small_stylegan2()
    path = nvidia(network, tmp_path / "both.pkl", **rosinality(network))
    with pytest.raises(FormatError, match="is of several formats at once"):
        inscape.open(path)


def test_another_architecture_of_the_same_code_is_named(tmp_path):
    network = small_stylegan2()
    made = record(network)
    block = made.meta["state"]["_modules"]["synthesis"].meta["state"]["_modules"]["b8"]
    block.meta["state"]["architecture"] = "resnet"
    from models import foreign

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(foreign, "record", lambda _: made)
        path = nvidia(network, tmp_path / "g.pkl")
    with pytest.raises(UnsupportedError, match="resnet"):
        inscape.open(path)
