from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from inscape.activations import edited, read, record, stop_after
from inscape.errors import LayerError, ShapeError
from inscape.models import Card, Layer, Model


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        self.second = nn.Linear(4, 2)
        self.unused = nn.Linear(1, 1)
        self.pair = Pair()
        self.finished = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = self.pair(self.first(x))
        y = self.second(left + right)
        self.finished += 1
        return y


class Pair(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, 2 * x


def opened(module: nn.Module) -> Model:
    """A model with a layer name of its own."""
    layer = Layer(name="layer1", units=4, size=0, module="first")
    return Model(module, Card(name="small", kind="classifier", architecture="small", layers=(layer,)))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Small()


X = torch.arange(6.0).reshape(2, 3) / 6


def hooks(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in network.modules())


def test_a_recording_holds_what_the_layers_compute(network):
    with record(network, ["first", "second", "pair"], inputs=True) as recording:
        y = network(X)
    first = network.first(X)
    assert torch.equal(recording.outputs["first"], first)
    assert torch.equal(recording.outputs["second"], y)
    assert torch.equal(recording.outputs["pair"][1], 2 * first)
    assert torch.equal(recording.inputs["second"][0], 3 * first)
    assert not recording.outputs["first"].requires_grad
    assert recording.runs == {"first": 1, "second": 1, "pair": 1}
    assert hooks(network) == 0


def test_a_recording_keeps_gradients_when_asked(network):
    with record(network, "first", detach=False) as recording:
        network(X)
    recording.outputs["first"].sum().backward()
    assert network.first[0].weight.grad is not None


def test_a_copied_recording_outlives_in_place_changes(network):
    def overwrite(features):
        with torch.no_grad():
            features.zero_()

    with (
        torch.no_grad(),
        record(network, "first.0", copy=True) as recording,
        edited(network, "first.0", overwrite),
    ):
        network(X)
    assert recording.outputs["first.0"].abs().sum() > 0


def test_threads_that_run_one_network_each_record_their_own(network):
    both, inputs = threading.Barrier(2, timeout=60), torch.randn(2, 5, 3)

    def run(number: int) -> torch.Tensor:
        with record(network, "first", own_thread=True) as recording:
            both.wait()  # both record by now
            for _ in range(50):
                network(inputs[number])
                assert torch.equal(recording.outputs["first"], network.first(inputs[number]))
            both.wait()
        assert recording.runs == {"first": 100}
        return recording.outputs["first"]

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, range(2)))
    assert not torch.equal(*found)


def test_an_edit_changes_what_follows_and_is_gone_afterwards(network):
    before = network(X)
    with edited(network, "first", lambda features: features * 0):
        assert torch.equal(network(X), network.second.bias.expand(2, 2))
    assert torch.equal(network(X), before)


def test_edits_nest_from_the_outermost_in(network):
    with (
        edited(network, "second", lambda y: y * 0 + 1),
        edited(network, "second", lambda y: y * 3),
        edited(network, "second", lambda y: None),
        record(network, "second") as recording,
    ):
        y = network(X)
    assert (y == 3).all() and (recording.outputs["second"] == 3).all()


@pytest.mark.parametrize("context", ["record", "edited", "stop_after"])
def test_the_network_is_restored_after_an_error(network, context):
    blocks = {
        "record": lambda: record(network, ["first", "second"]),
        "edited": lambda: edited(network, "first", lambda features: 1 / 0),
        "stop_after": lambda: stop_after(network, "second"),
    }
    with pytest.raises(ZeroDivisionError), blocks[context]():
        if context == "edited":
            network(X)
        raise ZeroDivisionError
    assert hooks(network) == 0
    network(X)


def test_stopping_computes_nothing_behind_the_layer(network):
    with stop_after(network, "first") as stopped:
        network(X)
        raise AssertionError("the block goes on")
    assert torch.equal(stopped.output, network.first(X))
    assert network.finished == 0
    assert hooks(network) == 0


def test_stops_nest_and_each_ends_its_own_block(network):
    with stop_after(network, "second") as outer:
        with stop_after(network, "first") as inner:
            network(X)
        network(X)
    assert torch.equal(inner.output, network.first(X))
    assert outer.output.shape == (2, 2)


def test_reading_sees_the_edits_around_it(network):
    with edited(network, "first", lambda features: features + 1):
        assert torch.equal(read(network, "first", X), network.first[1](network.first[0](X)) + 1)
    assert torch.equal(read(opened(network), "layer1", X), network.first(X))


def test_an_opened_model_goes_by_its_layer_names(network):
    with record(opened(network), "layer1") as recording:
        network(X)
    assert torch.equal(recording.outputs["layer1"], network.first(X))


def test_unknown_layers_are_answered_with_near_names(network):
    with (
        pytest.raises(LayerError, match="no layer 'frist' in Small; did you mean 'first'"),
        record(network, ["frist"]),
    ):
        pass
    with pytest.raises(LayerError, match="did you mean 'second'"), edited(network, "secnd", lambda y: y):
        pass


def test_layers_that_did_not_run_say_so(network):
    with record(network, ["first"]) as recording:
        pass
    with pytest.raises(LayerError, match="'first' has not run yet"):
        recording.outputs["first"]
    with pytest.raises(LayerError, match="'second' is not recorded here; recorded: first"):
        recording.outputs["second"]
    with pytest.raises(LayerError, match="'unused' did not run"):
        read(network, "unused", X)


def test_an_edit_of_another_shape_is_refused(network):
    message = r"'second' must keep the shape \(2, 2\), got \(2,\)"
    with pytest.raises(ShapeError, match=message), edited(network, "second", lambda y: y[:, 0]):
        network(X)
