from __future__ import annotations

import pytest
import torch
from torch import nn

import inscape
from inscape.activations import edited, resumable
from inscape.errors import LayerError, ShapeError
from inscape.models.card import Layer
from inscape.models.hub import Pictures


class Shared(nn.Module):
    """One rectifier called three times, in place, and a connection around the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(n, 4, 3, padding=1) for n in (3, 4, 4))
        self.act = nn.ReLU(inplace=True)
        self.classify = nn.Linear(4, 5)
        self.ran: list[str] = []
        for name in ("first", "second", "third"):
            getattr(self, name).register_forward_hook(lambda *_, name=name: self.ran.append(name))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.first(x))
        y = self.act(self.second(x))
        y += x
        return self.classify(self.act(self.third(y)).mean((2, 3)))


class Said(dict):
    """What transformers' networks give: a dict that is read by attribute."""

    def __getattr__(self, name: str) -> object:
        return self[name]


class Body(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> Said:
        return Said(maps=self.norm(x))


class InPlace(nn.Module):
    """A network of another library, which adds in place below the layers and above them, around them too."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(n, 4, 3, padding=1) for n in (3, 4, 4))
        self.body = Body()
        self.classify = nn.Linear(4, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images.mul_(2)
        x = self.first(images)
        y = self.body(x).maps
        y += x
        z = self.second(y)
        z += y
        return self.classify((self.third(z) + z + y).mean((2, 3)))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return inscape.open(Shared(), card={"image_size": 8})


@pytest.fixture(scope="module")
def pictures():
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def test_a_pass_that_is_taken_up_gives_what_a_whole_one_with_the_edit_gives(model, pictures):
    for layer in model.layers.values():
        with resumable(model, layer.name) as resume:
            plain = model.module(pictures)
        assert torch.equal(resume.output, plain)
        for factor in (0.0, 2.0):
            with edited(model, layer.name, lambda value, factor=factor: value * factor):
                whole = model.module(pictures)
            assert torch.allclose(resume(resume.features * factor), whole, atol=1e-6), layer.name
        assert torch.allclose(resume(resume.features), plain, atol=1e-6), layer.name


@torch.inference_mode()
def test_a_network_that_works_in_place_gives_the_same_each_time_it_is_taken_up(pictures):
    torch.manual_seed(0)
    wrapped = inscape.open(Pictures(InPlace(), (0.5,) * 3, (0.5,) * 3), card={"image_size": 8}, device="cpu")
    for layer in wrapped.layers.values():
        with resumable(wrapped, layer) as resume:
            plain = wrapped.module(pictures)
        for _ in range(3):
            assert torch.allclose(resume(resume.features), plain, atol=1e-5), layer.name
        with edited(wrapped, layer.name, lambda value: value * 0.5):
            whole = wrapped.module(pictures)
        assert torch.allclose(resume(resume.features * 0.5), whole, atol=1e-5), layer.name


def test_a_layer_that_is_all_calls_of_a_module_is_refused(model, pictures):
    every = Layer(name="act", units=4, size=8, module="act")
    with torch.inference_mode(), resumable(model, every) as resume:
        model.module(pictures)
    with pytest.raises(LayerError, match="'act' of layer 'act' runs 3 times in a pass"):
        resume.features  # noqa: B018


def test_what_is_below_the_layer_does_not_run_again(model, pictures):
    with resumable(model, "second") as resume:
        model.module(pictures)
    model.module.ran.clear()
    resume(resume.features * 0)
    assert "third" in model.module.ran and "first" in model.module.ran  # its hooks run, its forward does not
    with torch.no_grad():
        before = resume(resume.features)
        model.module.first.weight.mul_(3)
        after = resume(resume.features)
        model.module.first.weight.div_(3)
    assert torch.equal(before, after)


def test_the_network_is_left_as_it_was_also_when_a_pass_fails(model, pictures):
    with pytest.raises(RuntimeError), resumable(model, "second"):
        model.module(pictures[:, :2])
    assert all("forward" not in module.__dict__ for module in model.module.modules())


def test_a_layer_that_has_not_run_and_another_shape_are_refused(model, pictures):
    with resumable(model, "second") as resume:
        pass
    with pytest.raises(LayerError, match="Layer 'second' has not run yet"):
        resume(pictures)
    with resumable(model, "second") as resume:
        model.module(pictures)
    with pytest.raises(ShapeError, match=r"has the shape \(3, 4, 8, 8\), got \(3, 3, 8, 8\)"):
        resume(pictures)
