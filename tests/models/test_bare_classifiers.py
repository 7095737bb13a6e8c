"""State dicts of classifiers, built by a stand-in for timm, and by torchvision where that is installed."""

from __future__ import annotations

import sys
import types

import pytest
import torch

import inscape
from inscape.errors import MissingExtraError, UnsupportedError


class Block(torch.nn.Module):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(units, units, 3, padding=1)
        self.bn1 = torch.nn.BatchNorm2d(units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.bn1(self.conv1(x))


class ResNet(torch.nn.Module):
    def __init__(self, units: int, classes: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, units, 7, 4)
        self.layer1 = torch.nn.Sequential(Block(units))
        self.fc = torch.nn.Linear(units, classes)
        self.pretrained_cfg = {"input_size": (3, 64, 64), "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.2)}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.layer1(self.conv1(x)).mean((2, 3)))


@pytest.fixture
def timm(monkeypatch):
    made = types.ModuleType("timm")
    sizes = {"resnet8": 4, "resnet80": 8}
    made.list_models = lambda patterns: [*sizes, "resnet"] if "resnet*" in patterns else []

    def create_model(name: str, num_classes: int) -> ResNet:
        if name not in sizes:
            raise ValueError("it needs more options")
        return ResNet(sizes[name], num_classes)

    made.create_model = create_model
    monkeypatch.setitem(sys.modules, "timm", made)
    monkeypatch.setitem(sys.modules, "torchvision", None)


@pytest.mark.parametrize("holder", [None, "state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_state_dict_opens_as_the_network_that_has_its_shapes(tmp_path, timm, holder, prefix):
    torch.manual_seed(0)
    network = ResNet(8, 7).eval()
    weights = {prefix + name: value for name, value in network.state_dict().items()}
    torch.save({holder: weights, "epoch": 3} if holder else weights, tmp_path / "birds.pth")
    model = inscape.open(tmp_path / "birds.pth", device="cpu")
    assert (model.card.kind, model.card.name, model.card.image_size) == ("classifier", "birds", 64)
    assert "resnet80" in model.card.source and "layer1.0.conv1" in model.layers
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    mean = torch.tensor([0.5, 0.4, 0.3]).reshape(1, 3, 1, 1)
    with torch.inference_mode():
        expected = network(((images + 1) / 2 - mean) / 0.2)
        assert torch.allclose(model.module(images), expected, atol=1e-5)


def test_a_classifier_that_no_library_has_is_refused(tmp_path, timm, monkeypatch):
    torch.save(ResNet(9, 7).state_dict(), tmp_path / "birds.pth")
    with pytest.raises(UnsupportedError, match="a classifier like 'resnet', but no network"):
        inscape.open(tmp_path / "birds.pth", device="cpu")
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match="timm"):
        inscape.open(tmp_path / "birds.pth", device="cpu")


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenet_v2", "vgg11"])
def test_a_classifier_of_torchvision_opens(tmp_path, name):
    models = pytest.importorskip("torchvision", reason="torchvision is not installed").models
    network = models.get_model(name, weights=None, num_classes=5).eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    model = inscape.open(tmp_path / "weights.pth", device="cpu")
    images = torch.rand(1, 3, 224, 224) * 2 - 1
    with torch.inference_mode():
        assert torch.allclose(model.module(images), network(model.module.normalized(images)), atol=1e-4)
