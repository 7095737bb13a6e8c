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
from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from models.foreign import (
    dcgan_weights,
    nvidia,
    progan_weights,
    record,
    rosinality,
    sequential,
    small_stylegan2,
    small_stylegan3,
)

DATA = os.environ.get("INSCAPE_TEST_DATA")
needs_originals = pytest.mark.skipif(
    DATA is None, reason="INSCAPE_TEST_DATA is not set: checkpoints of the original code"
)
Z = torch.from_numpy(np.random.RandomState(1).standard_normal((2, 12))).float()


def pictures(network, **options) -> torch.Tensor:
    with torch.inference_mode():
        return network(Z, **options)


@needs_originals
@pytest.mark.parametrize(
    "name",
    [
        *("nvidia-depth8.pkl", "nvidia-depth2-conditional.pkl", "stylegan3-t.pkl", "stylegan3-r.pkl"),
        *("rosinality-8px.pt", "progan.pth", "dcgan.pth"),
    ],
)
def test_pictures_are_those_of_the_original_code(name):
    path = Path(DATA) / "checkpoints" / name
    model, expected = inscape.open(path, device="cpu"), np.load(path.with_suffix(".expected.npz"))
    given = [torch.from_numpy(expected["c"]).float()] if "c" in expected.files else []
    for key, psi in (("image", 1.0), ("image_truncation_0_5", 0.5)):
        if key not in expected.files:
            continue
        options = {} if psi == 1.0 else {"truncation_psi": psi}
        with torch.inference_mode():
            drawn = model.module(torch.from_numpy(expected["z"]).float(), *given, **options).numpy()
        assert np.abs(drawn - expected[key]).max() <= 1e-5 * np.ptp(expected[key])


def test_a_conditional_generator_needs_classes(tmp_path):
    network = small_stylegan2(c_dim=3)
    model = inscape.open(nvidia(network, tmp_path / "g.pkl"), device="cpu")
    drawn = model.images(model.to_w(Z, classes=[2, 0]))
    assert torch.allclose(drawn, pictures(network, c=torch.eye(3)[[2, 0]]), atol=1e-6)
    with pytest.raises(UnsupportedError, match="one of 3 classes: pass classes="):
        model.to_w(Z)
    for wrong in ([2], [0, 3], [0, -1]):
        with pytest.raises(ValueRangeError, match="a class from 0 to 2 for each of 2 latents"):
            model.to_w(Z, classes=wrong)
    plain = inscape.open(nvidia(small_stylegan2(), tmp_path / "p.pkl"), device="cpu")
    with pytest.raises(UnsupportedError, match="no classes"):
        plain.to_w(Z, classes=[0, 0])


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
        (lambda t: t.update({"style.1.weight": torch.zeros(12)}), "2 axes were expected"),
        (lambda t: t.update({"style.1.bias": torch.zeros(12, dtype=torch.int64)}), r"int64 \[12\]"),
        (lambda t: t.update({"style.1.bias": torch.zeros(12, dtype=torch.bool)}), r"bool \[12\]"),
        (lambda t: t.update({"style.1.bias": 7}), "'style.1.bias', which does not belong"),
        (lambda t: t.update({"final.weight": torch.zeros(1)}), "'final.weight', which does not belong"),
        (lambda t: t.update({"to_rgbs.7.bias": torch.zeros(1, 3, 1, 1)}), "which the network does not"),
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
    with pytest.raises(FormatError, match="its network cannot be recognised"):
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


@pytest.mark.parametrize("split", [False, True])
def test_the_sequential_form_of_the_rewriting_code_draws_the_same(tmp_path, split):
    network = small_stylegan2()
    weights = sequential(network, split=split) | {"latents.latent_avg": network.mapping.w_avg}
    for name, value in network.named_buffers():
        if name.endswith("noise_const"):  # it draws its own, of every layer from the same seed
            drawn = np.random.RandomState(0).randn(value.numel()).reshape(value.shape)
            value.copy_(torch.from_numpy(drawn.astype(np.float32)))
    torch.save(weights, tmp_path / "church.pt")
    model = inscape.open(tmp_path / "church.pt", device="cpu")
    assert "rewriting" in model.card.source
    assert torch.equal(pictures(model.module), pictures(network))


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("channels", [(6,), (6, 5), (6, 6, 5, 4, 3)])
def test_a_progan_opens_under_both_kinds_of_names(tmp_path, old, channels):
    torch.manual_seed(0)
    network = ProGAN(ProGANConfig(7, channels)).eval()
    torch.save(progan_weights(network, old=old), tmp_path / "p.pth")
    model = inscape.open(tmp_path / "p.pth", device="cpu")
    assert (model.card.architecture, model.image_size) == ("progan", 2 << len(channels))
    assert list(model.layers)[:2] == ["layer1", "layer2"] and model.card.latent["num_ws"] == 1
    for name, value in network.state_dict().items():
        assert torch.equal(model.module.state_dict()[name], value), name


@pytest.mark.parametrize("holder", [None, "state_dict", "netG"])
@pytest.mark.parametrize("depth", [3, 4, 5])
def test_a_dcgan_opens_by_its_shapes(tmp_path, holder, depth):
    torch.manual_seed(0)
    network = DCGAN(DCGANConfig(20, tuple(range(12, 12 - depth, -1)), (True,) * (depth + 1))).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
    weights = dcgan_weights(network, "module.model.")
    torch.save({holder: weights, "epoch": 7} if holder else weights, tmp_path / "d.pth")
    model = inscape.open(tmp_path / "d.pth", device="cpu")
    assert (model.card.architecture, model.image_size) == ("dcgan", 4 << depth)
    assert model.layer().size == 16
    z = torch.randn(2, 20)
    with torch.inference_mode():
        assert torch.equal(model.module(z), network(z))


def test_a_dcgan_of_two_channels_and_a_discriminator_are_refused(tmp_path):
    network = DCGAN(DCGANConfig(20, (8, 6)))
    two = dcgan_weights(network) | {"main.6.weight": torch.zeros(6, 2, 4, 4)}
    torch.save(two, tmp_path / "two.pth")
    with pytest.raises(UnsupportedError, match="pictures of 2 channels"):
        inscape.open(tmp_path / "two.pth")
    layers = (torch.nn.Conv2d(3, 8, 4), torch.nn.BatchNorm2d(8), torch.nn.Conv2d(8, 16, 4))
    judge = torch.nn.Sequential(*layers, torch.nn.Conv2d(16, 1, 4))
    torch.save(judge.state_dict(), tmp_path / "d.pth")
    with pytest.raises(FormatError, match="its network cannot be recognised"):
        inscape.open(tmp_path / "d.pth")


@pytest.mark.parametrize("options", [{}, {"radial": True}, {"c_dim": 2}])
def test_a_stylegan3_opens_with_every_tensor(tmp_path, options):
    network = small_stylegan3(**options)
    model = inscape.open(nvidia(network, tmp_path / "s3.pkl"), device="cpu")
    assert model.module.config == network.config
    assert [(layer.name, layer.units, layer.size) for layer in model.card.layers] == [
        ("L0_16_6", 6, 8),
        ("L1_8_4", 4, 8),
    ]
    assert model.layer().name == "L1_8_4"
    for name, value in network.state_dict().items():
        assert torch.equal(model.module.state_dict()[name], value), name


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"padding": [1, 2, 3, 4]}, "the same in height and width"),
        ({"padding": [1 << 20, 0, 1 << 20, 0]}, "with the padding"),
        ({"up_factor": 1 << 40}, "'up_factor'"),
        ({"out_size": [16, 8]}, "'out_size'"),
        ({"down_factor": 3}, "gives"),
        ({"conv_clamp": -1.0}, "'conv_clamp'"),
    ],
)
def test_a_stylegan3_whose_sizes_make_no_sense_is_refused(tmp_path, change, trouble):
    made = record(small_stylegan3())
    synthesis = made.meta["state"]["_modules"]["synthesis"].meta["state"]
    synthesis["_modules"]["L0_16_6"].meta["state"].update(change)
    from models import foreign

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(foreign, "record", lambda _: made)
        path = nvidia(small_stylegan3(), tmp_path / "s3.pkl")
    with pytest.raises(FormatError, match=trouble) as caught:
        inscape.open(path)
    assert str(path) in str(caught.value)


def test_a_stylegan3_that_is_all_margin_is_refused(tmp_path):
    made = record(small_stylegan3())
    made.meta["state"]["_modules"]["synthesis"].meta["state"]["margin_size"] = 8
    from models import foreign

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(foreign, "record", lambda _: made)
        path = nvidia(small_stylegan3(), tmp_path / "s3.pkl")
    with pytest.raises(FormatError, match="all margin"):
        inscape.open(path)
