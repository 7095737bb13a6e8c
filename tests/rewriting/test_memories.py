from __future__ import annotations

import pytest
import torch

from inscape.editing import UnitEdit, WeightEdit
from inscape.errors import (
    ConflictError,
)
from inscape.models import Generator, Model
from inscape.models.any_module import card_of, layers_of
from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.generator_card import generator_card
from inscape.rewriting import (
    KeyBank,
    KeySpace,
    memory_of,
)
from inscape.rewriting.goals import bounds
from inscape.rewriting.memory import changed, read_latents
from inscape.rewriting.samples import key_moment
from inscape.statistics import SecondMoment
from models.foreign import small_stylegan3
from rewriting.small_rules import generator_of, random_edit
from small_generators import small_generator


@pytest.mark.parametrize("layer", ["layer4", "layer8a", "layer8b", "layer16a", "layer32b"])
@pytest.mark.parametrize("rank", [1, 4])
def test_values_from_coefficients_are_those_of_the_changed_layer(layer, rank):
    model = small_generator()
    memory = memory_of(model, layer)
    directions, coefficients = random_edit(memory, rank)
    w = model.to_w(model.latents([3]))
    reading = read_latents(memory, w)
    places = torch.arange(reading.values[0, 0].numel())
    predicted = memory.answer(reading, directions, places)(coefficients)
    edit = WeightEdit(layer, memory.parameter, directions.numpy(), coefficients.numpy())
    with model.edited([edit]):
        true = read_latents(memory, w).values[0].flatten(1)
    assert torch.allclose(predicted, true, atol=1e-5 * float(true.abs().max()))
    assert not torch.allclose(true, reading.values[0].flatten(1), atol=1e-2)


def test_the_gradient_in_closed_form_is_that_of_the_whole_layer():
    memory = memory_of(small_generator(), "layer16a")
    directions, coefficients = random_edit(memory, 3)
    reading = read_latents(memory, memory.model.to_w(memory.model.latents([3])))
    places = torch.arange(10, 40)
    towards = torch.randn(len(memory.weight), 30)
    slopes = []
    for answer in (
        memory.answer(reading, directions, places),
        lambda c: memory.forward(reading, memory.weight + changed(c, directions))[0].flatten(1)[:, places],
    ):
        variable = coefficients.clone().requires_grad_()
        slopes.append(torch.autograd.grad((answer(variable) * towards).sum(), variable)[0])
    assert torch.allclose(*slopes, atol=1e-4 * float(slopes[1].abs().max()))


@pytest.mark.parametrize(
    "network",
    [
        lambda: ProGAN(ProGANConfig(8, (8, 8, 6))),
        lambda: DCGAN(DCGANConfig(z_dim=8, channels=(8, 6, 4))),
    ],
)
def test_other_generators_are_memories_too(network):
    model = generator_of(network())
    for name in list(model.layers)[1:-1]:
        memory = memory_of(model, name)
        directions, coefficients = random_edit(memory, 2)
        w = model.to_w(model.latents([1]))
        reading = read_latents(memory, w)
        places = torch.arange(reading.values[0, 0].numel())
        predicted = memory.answer(reading, directions, places)(coefficients)
        edit = WeightEdit(
            name, memory.parameter, directions.numpy(), coefficients.numpy(), swapped=memory.swapped
        )
        with model.edited([edit]):
            true = read_latents(memory, w).values[0].flatten(1)
        assert torch.allclose(predicted, true, atol=1e-5 * float(true.abs().max())), name
        assert not torch.allclose(true, reading.values[0].flatten(1)), name


@pytest.mark.parametrize("radial", [False, True])
def test_layers_of_a_stylegan3_are_memories_of_what_the_picture_shows(radial):
    network = small_stylegan3(radial=radial)
    model = Generator(network, generator_card(network, "stylegan3", name="filters"))
    w = model.to_w(model.latents([1]))
    for name, place in model.layers.items():
        memory = memory_of(model, name)
        directions, coefficients = random_edit(memory, 2)
        reading = read_latents(memory, w)
        assert reading.values.shape[1:] == (place.units, place.size, place.size)
        assert reading.shown.shape[2] == reading.keys.shape[2] - 2 * reading.margin > 0
        sums = memory.linear(reading.keys, memory.weight)
        marks = memory.of_sums(torch.ones_like(reading.shown[:, 0]), reading)
        assert marks.shape[1:] == sums.shape[2:] and marks.sum() == reading.shown[0, 0].numel()
        assert torch.allclose(memory.forward(reading, memory.weight), reading.values, atol=1e-5)
        places = torch.arange(reading.values[0, 0].numel())
        predicted = memory.answer(reading, directions, places)(coefficients)
        edit = WeightEdit(name, memory.parameter, directions.numpy(), coefficients.numpy())
        with model.edited([edit]):
            true = read_latents(memory, w).values[0].flatten(1)
        assert torch.allclose(predicted, true, atol=1e-5 * float(true.abs().max())), name
        assert not torch.allclose(true, reading.values[0].flatten(1), atol=1e-2), name


def test_linear_maps_of_transformers_are_memories_too():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    linear = transformers.pytorch_utils.Conv1D(5, 4)
    network = torch.nn.Sequential(linear, torch.nn.GELU()).requires_grad_(False)
    tokens = torch.randn(3, 7, 4)
    layers, _ = layers_of(network, lambda: network(tokens))
    model = Model(network, card_of(network, layers, {"name": "tokens", "kind": "classifier"}))
    memory = memory_of(model, next(iter(model.layers)))
    assert torch.equal(memory.weight[:, :, 0, 0], linear.weight.t())
    reading = memory.read(lambda: network(tokens))
    assert torch.allclose(memory.forward(reading, memory.weight), reading.values, atol=1e-6)
    directions, coefficients = random_edit(memory, 2)
    edit = WeightEdit(
        memory.layer.name, memory.parameter, directions.numpy(), coefficients.numpy(), swapped=memory.swapped
    )
    predicted = memory.answer(reading.one(1), directions, torch.arange(7))(coefficients)
    with model.edited([edit]):
        true = memory.read(lambda: network(tokens)).values[1].flatten(1)
    assert torch.allclose(predicted, true, atol=1e-5)


def test_the_key_direction_of_one_place_is_the_inverse_moment_times_its_key():
    torch.manual_seed(0)
    keys = torch.randn(500, 6).double() @ torch.randn(6, 6).double()
    second = SecondMoment(6)
    second.add(keys)
    key = keys[:1]
    direction = KeySpace(second).directions(key, torch.ones(1), 1)[0].double()
    expected = torch.linalg.solve(second.moment(), key[0])
    assert torch.allclose(direction, expected / expected.norm(), atol=1e-5)


def test_directions_are_orthonormal_and_of_the_asked_rank():
    torch.manual_seed(0)
    keys = torch.randn(500, 6)
    second = SecondMoment(6)
    second.add(keys)
    space = KeySpace(second)
    for method, rank in (("whitened", 3), ("svd", 3), ("mean", 1), ("units", 2)):
        directions = space.directions(keys[:20] + 1, torch.ones(20), rank, method=method)
        assert torch.allclose(directions @ directions.t(), torch.eye(rank), atol=1e-5)


def test_the_singular_vectors_of_the_inverse_moment_times_the_keys_are_the_authors_other_directions():
    torch.manual_seed(0)
    keys, weights = torch.randn(500, 6) @ torch.randn(6, 6) + 1, torch.rand(20)
    second = SecondMoment(6)
    second.add(keys)
    found = KeySpace(second).directions(keys[:20], weights, 3, method="svd").double()
    rows = torch.linalg.solve(second.moment(), (weights[:, None] * keys[:20]).double().t())
    expected = torch.linalg.svd(rows)[0].t()[:3]
    assert torch.allclose((found @ expected.t()).abs(), torch.eye(3).double(), atol=1e-5)


def test_a_change_of_weights_is_the_product_of_coefficients_and_directions():
    directions, coefficients = torch.randn(2, 5), torch.randn(3, 2, 1, 1)
    edit = WeightEdit("l", "l.weight", directions.numpy(), coefficients.numpy(), swapped=True)
    expected = changed(coefficients, directions).transpose(0, 1)
    assert torch.allclose(edit.change(), expected)
    assert bounds(torch.eye(4)[1:3]) == (1, 0, 2, 2)


def test_keys_are_not_gathered_of_a_model_with_edits_on():
    model = small_generator()
    memory = memory_of(model, "layer8a")
    directions, coefficients = random_edit(memory, 1)
    edit = WeightEdit("layer8a", memory.parameter, directions.numpy(), coefficients.numpy())
    with model.edited([edit, UnitEdit("layer4", (0,), mode="remove")]):
        with pytest.raises(ConflictError, match=r"edits are on 'small' now \(2\)"):
            key_moment(memory, samples=8)
        with pytest.raises(ConflictError, match="A search goes through pictures of the model as it is"):
            KeyBank(memory, 8)
    assert KeyBank(memory, 8).latents == 8
