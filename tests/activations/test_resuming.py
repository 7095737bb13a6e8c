from __future__ import annotations

import pytest
import torch
from torch import nn

import inscape
from inscape.activations import edited, resumable
from inscape.errors import LayerError, ShapeError


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
