"""Layers on maps, on tokens, on pooled vectors, and by the call of a module that is used in many places."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import inscape
from inscape.activations import as_maps, edited, read, record, stop_after
from inscape.editing import UnitEdit
from inscape.errors import FormatError, RegionError, ShapeError, UnsupportedError
from inscape.models import Card, Layer, Model
from inscape.rewriting.memories import memory_of


class Block(nn.Module):
    """A residual block as torchvision writes it: one rectifier, in place, for both of its calls."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(units, units, 3, padding=1) for _ in range(2))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv2(self.relu(self.conv1(x)))
        out += x
        result: Tensor = self.relu(out)
        return result


class Residual(nn.Module):
    """A small ResNet that pools by a function and not by a module."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 4, 4)
        self.block = Block(6)
        self.classify = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classify(self.block(self.stem(x)).mean((2, 3)))
        return logits


class Transformer(nn.Module):
    """Two blocks over the tokens of a text, with one activation for both, and a head on the first token."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.attend = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))
        self.act = nn.GELU()
        self.norm = nn.LayerNorm(8)
        self.classify = nn.Linear(8, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        for linear in self.attend:
            mixed = functional.softmax(x @ x.transpose(1, 2), -1) @ x
            x = x + self.act(linear(mixed))
        logits: Tensor = self.classify(self.norm(x)[:, 0])
        return logits


class ChannelsLast(nn.Module):
    """Maps with units last, as a Swin transformer has them."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 5, 8, 8)
        self.norm = nn.LayerNorm(5)
        self.act = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.act(self.norm(self.patches(x).permute(0, 2, 3, 1)))
        return maps


@pytest.fixture
def residual() -> Model:
    torch.manual_seed(0)
    return inscape.open(Residual(), card={"image_size": 32, "name": "residual"}, device="cpu")


@pytest.fixture
def transformer() -> Model:
    torch.manual_seed(0)
    return inscape.open(Transformer(), card={"kind": "language"}, device="cpu")


IMAGES = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32).sin()
TOKENS = torch.arange(10).reshape(2, 5)


def rows(model: Model) -> list[tuple[str, tuple[str, ...], int | None]]:
    return [(layer.name, layer.axes, layer.call) for layer in model.card.layers]


def test_a_shared_rectifier_is_a_layer_for_each_call_and_a_pooled_vector_one_too(residual):
    maps = ("unit", "height", "width")
    assert rows(residual) == [
        ("stem", maps, None),
        ("block.conv1", maps, None),
        ("block.relu@0", maps, 0),
        ("block.conv2", maps, None),
        ("block.relu@1", maps, 1),
        ("block", maps, None),
        ("classify.input", ("unit",), None),
        ("classify", ("unit",), None),
    ]
    pooled = residual.layer("classify.input")
    assert (pooled.units, pooled.size, pooled.module, pooled.input) == (6, 0, "classify", True)


def test_axes_are_those_of_tokens_and_of_maps_with_units_last(transformer):
    tokens = ("token", "unit")
    assert rows(transformer)[-3:] == [
        ("norm", tokens, None),
        ("classify.input", ("unit",), None),
        ("classify", ("unit",), None),
    ]
    assert [name for name, axes, call in rows(transformer) if call is not None] == ["act@0", "act@1"]
    model = inscape.open(ChannelsLast(), card={"image_size": 32}, device="cpu")
    last = ("height", "width", "unit")
    assert rows(model) == [
        ("patches", ("unit", "height", "width"), None),
        ("norm", last, None),
        ("act", last, None),
    ]
    assert [(layer.units, layer.size) for layer in model.card.layers] == [(5, 4)] * 3
    with record(model, "act") as recording, torch.inference_mode():
        out = model.module(IMAGES)
    assert torch.equal(recording.maps("act"), out.permute(0, 3, 1, 2))


def test_recordings_are_of_the_call_and_of_the_pooled_vector(residual):
    names = ["block.relu@0", "block.relu@1", "block.conv2", "classify.input"]
    network = residual.module
    with torch.no_grad():
        stem = network.stem(IMAGES)
        first = functional.relu(network.block.conv1(stem))
        inner = network.block.conv2(first)
        second = functional.relu(inner + stem)
    with record(residual, names, copy=True) as recording, torch.no_grad():
        network(IMAGES)
        network(IMAGES)  # a second pass begins to count again
    expected = dict(zip(names, (first, second, inner, second.mean((2, 3))), strict=True))
    for name, value in expected.items():
        assert torch.equal(recording.outputs[name], value), name
    assert set(recording.runs.values()) == {2}
    assert recording.maps("classify.input").shape == (2, 6, 1, 1)


def test_counting_begins_again_after_a_pass_that_was_left(residual):
    network = residual.module
    with record(residual, "block.relu@1") as recording, torch.no_grad():
        with stop_after(residual, "block.relu@0") as stopped:
            network(IMAGES)
        assert recording.runs["block.relu@1"] == 0 and stopped.output.min() == 0
        network(IMAGES)
    assert recording.runs["block.relu@1"] == 1
    with torch.no_grad():
        assert torch.equal(read(residual, "block.relu@1", IMAGES), recording.outputs["block.relu@1"])
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())


def test_threads_count_calls_of_their_own(residual):
    both = threading.Barrier(2, timeout=60)

    def run(number: int) -> Tensor:
        with record(residual, "block.relu@1", own_thread=True, copy=True) as recording:
            both.wait()
            for _ in range(20):
                residual.module(IMAGES[number : number + 1])
            both.wait()
        return recording.outputs["block.relu@1"]

    with ThreadPoolExecutor(2) as pool, torch.no_grad():
        found = list(pool.map(run, range(2)))
    with torch.no_grad():
        alone = [read(residual, "block.relu@1", IMAGES[number : number + 1]).clone() for number in range(2)]
    assert all(torch.equal(one, other) for one, other in zip(found, alone, strict=True))


def test_an_edit_of_one_call_leaves_the_other_alone(residual):
    network = residual.module
    edit, names = UnitEdit("block.relu@0", (0, 3), mode="remove"), ["block.relu@0", "block.relu@1"]
    with record(residual, names, copy=True) as plain, torch.no_grad():
        network(IMAGES)
    with residual.edited([edit]), record(residual, names, copy=True) as changed, torch.no_grad():
        network(IMAGES)
    first, second = (changed.outputs[f"block.relu@{call}"] for call in range(2))
    assert (first[:, [0, 3]] == 0).all() and plain.outputs["block.relu@0"][:, [0, 3]].max() > 0
    with torch.no_grad():
        expected = functional.relu(network.block.conv2(first) + network.stem(IMAGES))
    assert torch.equal(second, expected)


def test_an_edit_of_the_pooled_vector_is_what_the_head_sees(residual):
    edit = UnitEdit("classify.input", (1, 4), np.array([2.0, -1.0]))
    with torch.no_grad():
        pooled = read(residual, "classify.input", IMAGES).clone()
        with residual.edited([edit]):
            logits = residual.module(IMAGES)
        pooled[:, [1, 4]] = torch.tensor([2.0, -1.0])
        assert torch.equal(logits, residual.module.classify(pooled))


def test_an_edit_of_tokens_is_made_at_every_token_and_takes_no_region(transformer):
    edit = UnitEdit("act@1", (2, 7), np.array([1.5, 0.0]), strength=0.5)
    with record(transformer, "act@1", copy=True) as plain, torch.no_grad():
        transformer.module(TOKENS)
    with transformer.edited([edit]), torch.no_grad(), record(transformer, "act@1", copy=True) as changed:
        transformer.module(TOKENS)
    expected = plain.outputs["act@1"].clone()
    expected[:, :, [2, 7]] += 0.5 * (torch.tensor([1.5, 0.0]) - expected[:, :, [2, 7]])
    torch.testing.assert_close(changed.outputs["act@1"], expected)
    assert changed.maps("act@1").shape == (2, 8, 5, 1)
    with pytest.raises(RegionError, match="has tokens, and no height and width"):
        UnitEdit("norm", (1,), mode="remove", region=inscape.box(0, 0, 2, 2)).check(transformer)


def test_maps_are_views_of_what_came_and_other_axes_are_refused():
    tokens = torch.zeros(2, 5, 8)
    as_maps(tokens, ("token", "unit"))[:, 3] = 1
    assert (tokens[:, :, 3] == 1).all() and tokens.sum() == 10
    with pytest.raises(ShapeError, match=r"\[batch, unit\], got \[2, 5, 8\]"):
        as_maps(tokens, ("unit",))


def test_a_rule_is_not_written_into_one_call_or_an_input(residual):
    for layer in ("block.relu@0", "classify.input"):
        with pytest.raises(UnsupportedError, match="a rule changes the weights of a whole module"):
            memory_of(residual, layer)


def test_a_card_keeps_axes_and_calls_and_one_of_before_has_usual_ones(residual, tmp_path):
    residual.card.write(tmp_path / "card.json")
    assert Card.read(tmp_path / "card.json").layers == residual.card.layers
    assert Layer(name="a", units=2, size=4, module="a").axes == ("unit", "height", "width")
    assert Layer(name="a", units=2, size=0, module="a").axes == ("unit",)
    wrong = {"name": "a", "units": 2, "size": 4, "module": "a", "axes": ["height", "width"]}
    with pytest.raises(FormatError, match="one of them is 'unit'"):
        Card.parse({"name": "m", "kind": "encoder", "architecture": "m", "layers": [wrong]}, "It")


def test_a_bare_module_goes_by_its_names_in_every_call():
    network = Residual().eval()
    with record(network, "block.relu") as recording, torch.no_grad():
        network(IMAGES)
    assert recording.runs == {"block.relu": 2}
    with edited(network, "block.relu", lambda value: value * 0), torch.no_grad():
        assert torch.equal(network(IMAGES), network.classify.bias.expand(2, 4))
