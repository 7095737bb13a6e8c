"""Steps, averages, checkpoints and growing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.training.small_recipe import RECIPE, small_state

from inscape import storage
from inscape.errors import FormatError, UnsupportedError
from inscape.training._gan_start import first_state, grown
from inscape.training._gan_state import GanState, rescale_mapping
from inscape.training._gan_step import ShardGradients, shard_generator, shard_gradients

CPU = torch.device("cpu")


def gradients(state: GanState, step: int = 0) -> list[ShardGradients]:
    real = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(step)) * 2 - 1
    return [
        shard_gradients(
            state.networks, RECIPE, real, shard_generator(RECIPE, step, shard, CPU), step=step, path_mean=0.0
        )
        for shard in range(2)
    ]


def test_a_step_takes_the_mean_of_the_shards_and_adam_without_momentum() -> None:
    state = small_state()
    name, weight = next(iter(state.networks.discriminator.named_parameters()))
    before = weight.detach().clone()
    parts = gradients(state)
    mean = torch.stack([part.discriminator[0] for part in parts if part.discriminator[0] is not None]).mean(
        dim=0
    )
    state.apply(parts)
    rate = RECIPE.learning_rate * RECIPE.r1_every / (RECIPE.r1_every + 1)
    assert name == "b16.fromrgb.weight"
    assert torch.allclose(weight.detach(), before - rate * mean / (mean.abs() + 1e-8), atol=1e-6)


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
    for step in range(2):
        state.apply(gradients(state, step))
    state.save(tmp_path / "a.safetensors")
    read = GanState.load(tmp_path / "a.safetensors", RECIPE, CPU)
    assert read.counters == state.counters
    for one in (state, read):
        one.apply(gradients(one, 2))
    for name in ("generator", "discriminator"):
        first, second = getattr(state.networks, name).state_dict(), getattr(read.networks, name).state_dict()
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert all(
        torch.equal(a, b) for a, b in zip(state.average.parameters(), read.average.parameters(), strict=True)
    )


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
    half = state.save(tmp_path / "half.safetensors", moments=False, dtype=torch.float16)
    assert half.stat().st_size < 0.45 * full.stat().st_size
    read = GanState.load(half, RECIPE, CPU)
    z = torch.randn(2, RECIPE.z_dim)
    assert torch.allclose(read.average(z), state.average(z), atol=0.02)
    read.apply(gradients(read, 1))


def test_growing_keeps_the_picture_and_the_judgement() -> None:
    recipe = replace(RECIPE, size=32)
    small = small_state()
    small.apply(gradients(small))
    large = grown(
        GanState(recipe, small.networks.generator, small.networks.discriminator, average=small.average), CPU
    )
    z = torch.randn(3, RECIPE.z_dim)
    with torch.no_grad():
        for one, other in (
            (small.networks.generator, large.networks.generator),
            (small.average, large.average),
        ):
            picture, enlarged = one.eval()(z), other.eval()(z)
            assert enlarged.shape == (3, 3, 32, 32)
            assert torch.allclose(torch.nn.functional.avg_pool2d(enlarged, 2), picture, atol=0.35)
            from inscape.models.architectures._fir import separable_filter, upsample

            assert torch.allclose(enlarged, upsample(picture, separable_filter()), atol=1e-5)
        seen = torch.rand(4, 3, 32, 32) * 2 - 1
        before = small.networks.discriminator(torch.nn.functional.avg_pool2d(seen, 2))
        assert torch.allclose(large.networks.discriminator(seen), before, atol=1e-5)


def test_a_grown_pair_goes_on_learning() -> None:
    recipe = replace(RECIPE, size=32)
    small = small_state()
    large = grown(GanState(recipe, small.networks.generator, small.networks.discriminator), CPU)
    before = large.networks.generator.synthesis.b32.torgb.weight.detach().clone()
    zero = large.networks.discriminator.b32.skip.weight.detach().clone()
    real = torch.rand(4, 3, 32, 32) * 2 - 1
    large.apply(
        [
            shard_gradients(
                large.networks, recipe, real, shard_generator(recipe, 0, 0, CPU), step=0, path_mean=0.0
            )
        ]
    )
    assert not torch.equal(large.networks.generator.synthesis.b32.torgb.weight, before)
    assert not torch.equal(large.networks.discriminator.b32.skip.weight, zero)


def test_a_run_of_half_the_size_is_grown_at_the_start(tmp_path: Path) -> None:
    small_state().save(tmp_path / "checkpoint.safetensors")
    assert first_state(replace(RECIPE, size=32), tmp_path, CPU).networks.generator.config.resolution == 32
    with pytest.raises(UnsupportedError, match="cannot shrink"):
        first_state(replace(RECIPE, size=8), tmp_path, CPU)


def test_another_multiplier_of_the_mapping_draws_the_same() -> None:
    average = small_state().average
    from inscape.models.architectures.stylegan2 import StyleGAN2

    other = StyleGAN2(replace(average.config, lr_multiplier=0.01)).eval()
    other.load_state_dict(rescale_mapping(average.state_dict(), average.config.lr_multiplier / 0.01))
    z = torch.randn(2, RECIPE.z_dim)
    assert torch.allclose(other(z), average(z), atol=1e-5)


def test_files_that_are_no_checkpoints_are_refused(tmp_path: Path) -> None:
    other = storage.save_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(2)})
    with pytest.raises(FormatError, match="not a checkpoint of training"):
        GanState.load(other, RECIPE, CPU)
    state = small_state()
    path = state.save(tmp_path / "a.safetensors")
    tensors, metadata = storage.load_tensors(path)
    del tensors["discriminator.b4.out.bias"]
    storage.save_tensors(path, tensors, metadata)
    with pytest.raises(FormatError, match=r"b4\.out\.bias"):
        GanState.load(path, RECIPE, CPU)
    with pytest.raises(FormatError, match="There is no file"):
        first_state(RECIPE, tmp_path / "missing", CPU)


def test_small_pictures_may_have_a_rate_and_a_penalty_of_their_own() -> None:
    recipe = replace(RECIPE, growth={8: 24}, small_learning_rate=0.01, small_r1_weight=0.0)
    state, rates = small_state(recipe), []
    real = torch.rand(4, 3, 16, 16) * 2 - 1
    for penalized, size in ((False, 8), (True, 16)):
        assert state.size == size
        random = shard_generator(recipe, 0, 0, CPU)
        images = torch.nn.functional.adaptive_avg_pool2d(real, size)
        found = shard_gradients(state.networks, recipe, images, random, step=0, path_mean=0.0)
        assert ("r1" in found.numbers) == penalized
        rates.append([adam.param_groups[0]["lr"] for adam in state.optimizers.values()])
        state = grown(state, CPU)
    lazy = RECIPE.r1_every / (RECIPE.r1_every + 1)
    assert rates[0] == [0.01, 0.01]
    assert rates[1] == pytest.approx([RECIPE.learning_rate, RECIPE.learning_rate * lazy])
