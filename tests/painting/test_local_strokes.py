"""Pictures for the canvas: only what a stroke can have changed is drawn again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import inscape
from inscape.editing import EditStack, UnitEdit
from inscape.models import Generator
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.generator_card import generator_card
from inscape.painting import PaintSession
from models.foreign import small_stylegan3
from small_generators import small_generator

LOWER, HIGHER = "layer16a", "layer32a"


def dab(number, layer=LOWER):
    """A small stroke somewhere."""
    random = np.random.RandomState(number)
    x, y = (int(at) for at in random.randint(0, 29, 2))
    units = tuple(int(unit) for unit in random.choice(6, 3, replace=False))
    return UnitEdit(layer, units, 3 * random.standard_normal(3), inscape.box(x, y, 3, 3))


def small_progan():
    torch.manual_seed(2)
    network = ProGAN(ProGANConfig(8, (12, 10, 8, 6))).eval().requires_grad_(False)
    for block in network.synthesis.children():
        block.conv.weight.normal_()
    return Generator(network, generator_card(network, "progan", name="progan"))


def local(model):
    """A session that draws locally however small the picture is."""
    return PaintSession(model, least_unchanged=1)


def levels_between(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max()


def layers_that_run(model):
    ran = []
    for name, layer in model.layers.items():
        note = lambda module, inputs, output, name=name: ran.append((name, tuple(output.shape[2:])))  # noqa: E731
        model.module_of(layer).register_forward_hook(note)
    return ran


@pytest.mark.parametrize("make", [small_generator, small_progan])
def test_strokes_and_undos_in_any_order_are_within_a_grey_level(make):
    model = make()
    layer = model.layer().name
    session, latent = local(model), model.sample(0).latent
    strokes = [dab(number, layer) for number in range(10)]
    for count in (*range(11), *reversed(range(11)), 4, 10, 0, 6):
        shown = session.render(latent, strokes[:count], exact=False)
        assert levels_between(shown, model.render(latent, strokes[:count]).pixels) <= 1
    hidden = [each for number, each in enumerate(strokes) if number != 2]
    shown = session.render(latent, hidden, exact=False)
    assert levels_between(shown, model.render(latent, hidden).pixels) <= 1


def test_exact_pictures_in_between_are_those_of_a_full_pass():
    model = small_generator()
    session, latent = local(model), model.sample(1).latent
    for count in range(6):
        strokes = [dab(number) for number in range(count)]
        session.render(latent, strokes, exact=False)
        assert session.render(latent, strokes).tobytes() == model.render(latent, strokes).pixels.tobytes()


def test_a_stroke_runs_the_layers_on_crops():
    model = small_generator()
    session, latent = local(model), model.sample(0).latent
    corner = UnitEdit(LOWER, (0, 1), np.ones(2), inscape.box(0, 0, 2, 2))
    ran = layers_that_run(model)
    session.render(latent, exact=False)
    ran.clear()
    session.render(latent, [corner], exact=False)
    assert ran == [("layer16b", (3, 3)), ("layer32a", (8, 8)), ("layer32b", (8, 8))]
    ran.clear()
    session.render(latent, [corner], exact=False)
    assert ran == []


def test_a_stroke_that_reaches_most_of_the_picture_is_drawn_whole_and_exactly():
    model = small_generator()
    session, latent = local(model), model.sample(0).latent
    ran = layers_that_run(model)
    session.render(latent, exact=False)
    everywhere = UnitEdit(LOWER, (0, 1), np.ones(2))
    ran.clear()
    shown = session.render(latent, [everywhere], exact=False)
    assert ran == [("layer16b", (16, 16)), ("layer32a", (32, 32)), ("layer32b", (32, 32))]
    assert (shown == model.render(latent, [everywhere]).pixels).all()


def test_small_pictures_are_always_exact_and_nothing_is_kept_for_them():
    model = small_generator()
    session, latent = PaintSession(model), model.sample(0).latent
    for count in range(4):
        strokes = [dab(number) for number in range(count)]
        assert (session.render(latent, strokes, exact=False) == model.render(latent, strokes).pixels).all()
    assert session._drawn is None


def test_another_picture_and_another_layer_start_anew():
    model = small_generator()
    session = local(model)
    for seed, layer in ((0, LOWER), (1, LOWER), (1, HIGHER), (0, LOWER), (0, HIGHER)):
        latent = model.sample(seed).latent
        for count in (1, 2):
            strokes = [dab(number, layer) for number in range(count)]
            shown = session.render(latent, strokes, exact=False)
            assert levels_between(shown, model.render(latent, strokes).pixels) <= 1


def test_edits_of_several_layers_and_other_kinds_are_drawn_exactly():
    model = small_generator()
    session, latent = local(model), model.sample(0).latent
    session.render(latent, [dab(0)], exact=False)
    both = [dab(0), dab(1, HIGHER)]
    assert (session.render(latent, both, exact=False) == model.render(latent, both).pixels).all()
    stacked = [EditStack(both)]
    assert (session.render(latent, stacked, exact=False) == model.render(latent, stacked).pixels).all()


def test_an_architecture_without_a_tail_is_drawn_exactly():
    torch.manual_seed(0)
    network = small_stylegan3().eval().requires_grad_(False)
    model = Generator(network, generator_card(network, "stylegan3", name="filters"))
    session, latent = local(model), model.sample(0).latent
    edit = UnitEdit(model.layer().name, (0,), np.ones(1), inscape.box(2, 2, 3, 3))
    for edits in ([], [edit]):
        assert (session.render(latent, edits, exact=False) == model.render(latent, edits).pixels).all()


def test_what_fails_halfway_is_not_drawn_from_again():
    model = small_generator()
    session, latent = local(model), model.sample(0).latent
    session.render(latent, exact=False)
    broken = model.module.synthesis.b32.conv1.register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError, match="division"):
        session.render(latent, [dab(0)], exact=False)
    broken.remove()
    shown = session.render(latent, [dab(0)], exact=False)
    assert (shown == model.render(latent, [dab(0)]).pixels).all()


def test_clearing_forgets_the_picture_drawn_last():
    model = small_generator()
    session, latent = local(model), model.sample(0).latent
    session.render(latent, [dab(0)], exact=False)
    model.module.synthesis.b32.conv1.bias.add_(1)
    session.clear()
    shown = session.render(latent, [dab(0)], exact=False)
    assert (shown == model.render(latent, [dab(0)]).pixels).all()
