"""Steps, averages, checkpoints and growing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.training.small_recipe import GROWING, RECIPE, gradients, random_pictures, small_state

from inscape import storage
from inscape.errors import FormatError, UnsupportedError
from inscape.models.architectures._fir import separable_filter, upsample
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.training._gan_start import first_state, grown, grown_to
from inscape.training._gan_state import GanState, rescale_mapping
from inscape.training.recipes import Stage

CPU = torch.device("cpu")


def equal(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_a_step_is_one_of_adam_without_momentum_with_the_rate_of_each_network() -> None:
    state = small_state()
    found = gradients(state)
    for name, rate in (("generator", RECIPE.generator_rate), ("discriminators", RECIPE.discriminator_rate)):
        weights = list(state.trained(name).parameters())
        wanted = [
            weight.detach()
            if gradient is None
            else weight.detach() - rate * gradient / (gradient.abs() + 1e-8)
            for weight, gradient in zip(weights, getattr(found, name), strict=True)
        ]
        setattr(found, f"wanted_{name}", wanted)
    state.apply(found)
    for name in ("generator", "discriminators"):
        pairs = zip(state.trained(name).parameters(), getattr(found, f"wanted_{name}"), strict=True)
        assert all(torch.allclose(weight, wanted, atol=1e-5) for weight, wanted in pairs)


def test_what_is_frozen_never_changes() -> None:
    state = small_state()
    adversary = state.networks.adversary
    before = {name: value.clone() for name, value in adversary.mixing.state_dict().items()}
    features = [weight.clone() for weight in adversary.features.parameters()]
    state.apply(gradients(state))
    assert all(torch.equal(value, before[name]) for name, value in adversary.mixing.state_dict().items())
    assert all(torch.equal(a, b) for a, b in zip(adversary.features.parameters(), features, strict=True))


def test_the_average_follows_the_weights_with_its_half_life() -> None:
    state = small_state()
    raw = state.networks.generator.synthesis.b4.const
    average = state.average.synthesis.b4.const
    expected = average.clone()
    for step in range(3):
        state.apply(gradients(state, step))
        half_life = min(RECIPE.average_images, (step + 1) * RECIPE.batch * RECIPE.average_warm_up)
        keep = 0.5 ** (RECIPE.batch / half_life)
        expected = keep * expected + (1 - keep) * raw.detach()
        assert torch.allclose(average, expected, atol=1e-6)
    assert torch.equal(state.average.mapping.w_avg, state.networks.generator.mapping.w_avg)
    assert state.counters.step == 3 and state.counters.images == 3 * RECIPE.batch


def test_a_checkpoint_holds_everything_that_the_next_step_needs(tmp_path: Path) -> None:
    state = small_state()
    state.networks.adversary.mixing.calibrate(state.networks.adversary.features(random_pictures(9)))
    for step in range(2):
        state.apply(gradients(state, step))
    state.save(tmp_path / "a.safetensors")
    read = GanState.load(tmp_path / "a.safetensors", RECIPE, CPU)
    assert read.counters == state.counters
    for one in (state, read):
        one.apply(gradients(one, 2))
    for module in ("generator", "adversary"):
        assert equal(getattr(state.networks, module), getattr(read.networks, module))
    assert equal(state.average, read.average)


def test_a_kill_while_a_checkpoint_is_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, path = small_state(), tmp_path / "a.safetensors"
    state.save(path)
    state.apply(gradients(state))
    saved: list[str] = []

    def killed(tensor: torch.Tensor) -> torch.Tensor:
        saved.append("one")
        if len(saved) > 5:
            raise KeyboardInterrupt
        return cpu(tensor)

    cpu = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", killed)
    with pytest.raises(KeyboardInterrupt, match="^$"):
        state.save(path)
    monkeypatch.undo()
    assert GanState.load(path, RECIPE, CPU).counters.step == 0
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_half_precision_keeps_what_training_needs(tmp_path: Path) -> None:
    state = small_state()
    state.apply(gradients(state))
    full = state.save(tmp_path / "full.safetensors")
    half = state.save(tmp_path / "half.safetensors", half=True)
    assert half.stat().st_size < 0.75 * full.stat().st_size
    read = GanState.load(half, RECIPE, CPU)
    z = torch.randn(2, RECIPE.z_dim)
    assert torch.allclose(read.average(z), state.average(z), atol=0.02)
    for one in (state, read):
        one.apply(gradients(one, 1))
    assert read.counters == state.counters
    pairs = zip(state.networks.generator.parameters(), read.networks.generator.parameters(), strict=True)
    assert all(torch.allclose(one, other, atol=0.02) for one, other in pairs)


def test_growing_keeps_the_picture_the_discriminators_and_what_adam_knew() -> None:
    small = small_state(GROWING)
    small.apply(gradients(small))
    random = torch.get_rng_state()
    large = grown(small)
    assert torch.equal(random, torch.get_rng_state())
    z = torch.randn(3, RECIPE.z_dim)
    with torch.no_grad():
        for one, other in (
            (small.networks.generator, large.networks.generator),
            (small.average, large.average),
        ):
            enlarged = other.eval()(z)
            assert enlarged.shape == (3, 3, 32, 32)
            assert torch.allclose(enlarged, upsample(one.eval()(z), separable_filter()), atol=1e-5)
    assert equal(small.networks.adversary.discriminators, large.networks.adversary.discriminators)
    assert equal(small.networks.adversary.mixing, large.networks.adversary.mixing)
    kept = {(prefix, name): (second, steps) for prefix, name, second, steps in large.moments()}
    for prefix, name, second, steps in small.moments():
        assert torch.equal(kept[prefix, name][0], second) and kept[prefix, name][1] == steps
    assert large.counters == small.counters


def test_a_grown_state_goes_on_learning_and_is_read_again(tmp_path: Path) -> None:
    large = grown(small_state(GROWING))
    before = large.networks.generator.synthesis.b32.torgb.weight.detach().clone()
    large.apply(gradients(large))
    assert not torch.equal(large.networks.generator.synthesis.b32.torgb.weight, before)
    read = GanState.load(large.save(tmp_path / "a.safetensors"), GROWING, CPU)
    assert read.size == 32 and equal(read.networks.generator, large.networks.generator)


def test_a_stage_has_a_penalty_and_taps_of_its_own() -> None:
    stages = (Stage(16, until=24, penalty=5.0), Stage(32, penalty=40.0, taps=(1, 3, 6, 12)))
    small = small_state(replace(RECIPE, stages=stages))
    small.networks.adversary.mixing.calibrate(small.networks.adversary.features(random_pictures(0)))
    large = grown(small)
    assert large.networks.adversary.config.inputs == (24, 40, 80, 192)
    assert small.networks.adversary.mixing.is_calibrated
    assert not large.networks.adversary.mixing.is_calibrated
    found = {}
    for penalty in (0.0, 40.0):
        large.recipe = replace(small.recipe, stages=(stages[0], replace(stages[1], penalty=penalty)))
        found[penalty] = gradients(large).discriminators[0]
    assert not torch.allclose(found[0.0], found[40.0])


def test_a_larger_run_does_not_shrink(tmp_path: Path) -> None:
    small_state().save(tmp_path / "checkpoint.safetensors")
    state = first_state(replace(RECIPE, stages=(Stage(8),)), tmp_path, CPU)
    with pytest.raises(UnsupportedError, match="cannot shrink"):
        grown_to(state, 8)


def test_another_multiplier_of_the_mapping_draws_the_same() -> None:
    average = small_state().average
    other = StyleGAN2(replace(average.config, lr_multiplier=0.01)).eval()
    other.load_state_dict(rescale_mapping(average.state_dict(), average.config.lr_multiplier / 0.01))
    z = torch.randn(2, RECIPE.z_dim)
    assert torch.allclose(other(z), average(z), atol=1e-5)


def test_files_that_are_no_checkpoints_are_refused(tmp_path: Path) -> None:
    other = storage.save_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(2)})
    with pytest.raises(FormatError, match="not a checkpoint of training"):
        GanState.load(other, RECIPE, CPU)
    storage.save_tensors(other, {"a": torch.zeros(2)}, {"kind": "inscape-gan-training"})
    with pytest.raises(FormatError, match="discriminator judged pixels.*from scratch"):
        GanState.load(other, RECIPE, CPU)
    state = small_state()
    path = state.save(tmp_path / "a.safetensors")
    tensors, metadata = storage.load_tensors(path)
    del tensors["discriminators.levels.0.judge.bias"]
    storage.save_tensors(path, tensors, metadata)
    with pytest.raises(FormatError, match=r"levels\.0\.judge\.bias"):
        GanState.load(path, RECIPE, CPU)
    with pytest.raises(FormatError, match="There is no file"):
        first_state(RECIPE, tmp_path / "missing", CPU)
