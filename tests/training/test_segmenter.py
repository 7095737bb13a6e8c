from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inscape.errors import CancelledError, FormatError
from inscape.models import open_model
from inscape.progress import Task
from inscape.segmenters import open_segmenter
from inscape.storage import load_tensors
from inscape.training._segmenter_loss import plane_loss
from inscape.training._segmenter_noise import SPOILS, NoiseOptions, bend, bending, disturb
from inscape.training._segmenter_scenes import SceneCache
from inscape.training.segmenter import SegmenterOptions, train_segmenter
from small_worlds import VOCABULARY, SmallWorld

TINY = SegmenterOptions(size=16, steps=6, scenes=40, batch=4, channels=(6, 8), check=8, save_every=2)


class StopAfter:
    """Progress whose person asks to stop after some training steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        yield self if name.startswith("Training") else _Quiet()

    def advance(self, count: int = 1) -> None:
        self._left -= 1
        if self._left < 0:
            raise CancelledError


class _Quiet:
    def advance(self, count: int = 1) -> None:
        pass


def train(out: Path, options: SegmenterOptions = TINY, **more):
    return train_segmenter(SmallWorld(), 1.0, out, device="cpu", options=options, **more)


def state(out: Path) -> dict[str, torch.Tensor]:
    return load_tensors(out / "state.safetensors")[0]


def test_a_stopped_and_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path):
    whole = train(tmp_path / "whole")
    with pytest.raises(CancelledError, match="Stopped"):
        train(tmp_path / "parts", progress=StopAfter(3))
    resumed = train(tmp_path / "parts")
    assert resumed.step == whole.step == 6
    assert resumed.images == 24
    expected, found = state(tmp_path / "whole"), state(tmp_path / "parts")
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    assert resumed.scores == whole.scores


def test_a_killed_training_goes_on_from_the_last_saved_state(tmp_path):
    class Killed(Exception):
        pass

    class Kill(StopAfter):
        def advance(self, count: int = 1) -> None:
            self._left -= 1
            if self._left == 0:
                kept = (tmp_path / "killed/state.safetensors").read_bytes()
                raise Killed(kept)

    whole = train(tmp_path / "whole")
    with pytest.raises(Killed) as killed:
        train(tmp_path / "killed", progress=Kill(6))
    # A kill leaves what was saved after step 4; nothing was saved since.
    (tmp_path / "killed/state.safetensors").write_bytes(killed.value.args[0])
    train(tmp_path / "killed")
    expected, found = state(tmp_path / "whole"), state(tmp_path / "killed")
    assert all(torch.equal(tensor, found[name]) for name, tensor in expected.items())
    assert train(tmp_path / "killed").scores == whole.scores


def test_what_was_trained_opens_as_a_segmenter_with_its_card(tmp_path):
    result = train(tmp_path)
    model = open_model(tmp_path, device="cpu")
    assert model.card.vocabulary == VOCABULARY
    assert model.card.world == "small" and model.card.world_hash == SmallWorld().hash()
    assert model.card.training["steps"] == 6 and model.card.training["images"] == result.images
    assert [layer.name for layer in model.card.layers] == ["level16", "level8"]
    assert all(path.exists() for path in result.files)
    labels = open_segmenter(tmp_path, device="cpu").segment(torch.zeros(2, 3, 16, 16))
    assert labels.shape == (2, 3, 16, 16)


def test_a_few_seconds_of_training_learn_to_read_the_small_world(tmp_path):
    options = SegmenterOptions(
        size=32, steps=120, scenes=300, batch=8, channels=(12, 16), check=40, average=0.9, rate=1e-2,
        noise=NoiseOptions(clean=0.8),
    )  # fmt: skip
    result = train_segmenter(SmallWorld(), 1.0, tmp_path, device="cpu", options=options)
    assert result.scores["sky"] > 0.95 and result.scores["house"] > 0.9 and result.scores["ball"] > 0.75


def test_another_seed_in_the_same_folder_is_refused(tmp_path):
    train(tmp_path)
    with pytest.raises(FormatError, match="another world, size, seed or other options"):
        train(tmp_path, replace(TINY, seed=1))


def test_a_damaged_state_is_refused(tmp_path):
    train(tmp_path)
    path = tmp_path / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        train(tmp_path)


def test_scenes_are_drawn_once(tmp_path):
    train(tmp_path)
    files = sorted((tmp_path / "scenes").iterdir())
    before = [path.stat().st_mtime_ns for path in files]
    train(tmp_path, replace(TINY, steps=8))
    assert [path.stat().st_mtime_ns for path in files] == before
    assert sorted((tmp_path / "scenes").iterdir()) == files


def test_the_loss_equals_cross_entropy_and_dice_and_so_does_its_gradient():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(60, 7, dtype=torch.float64, generator=random).requires_grad_()
    targets = torch.randint(0, 5, (60,), generator=random)
    weights = torch.rand(7, dtype=torch.float64, generator=random) + 0.1
    entropy = torch.nn.functional.cross_entropy(logits, targets, weight=weights)
    shares, right = logits.softmax(1), torch.nn.functional.one_hot(targets, 7).double()
    dice = (2 * (shares * right).sum(0) + 1) / (shares.sum(0) + right.sum(0) + 1)
    expected = entropy + 0.7 * (1 - dice[right.sum(0) > 0]).mean()
    (slope,) = torch.autograd.grad(expected, logits)
    loss = plane_loss(logits, targets, weights, 0.7)
    (found,) = torch.autograd.grad(3 * loss, logits)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(found, 3 * slope)


def coloured(labels: torch.Tensor) -> torch.Tensor:
    """Pictures whose colour says what the label is."""
    palette = torch.linspace(-0.9, 0.9, 8)
    return palette[labels.long()].unsqueeze(1).expand(-1, 3, -1, -1).contiguous()


def test_bending_moves_picture_and_labels_alike():
    labels = torch.from_numpy(SmallWorld().batch(range(16), 64)[1])
    grid = bending(16, 64, 64, torch.Generator().manual_seed(2))
    images, moved = bend(coloured(labels[:, 0]), labels, grid)
    assert (moved != labels).any()
    # Away from edges, where bilinear reading mixes two colours, the colour still names the label.
    away = (images[:, 0] - coloured(moved[:, 0])[:, 0]).abs() < 0.05
    assert away.float().mean() > 0.93


def test_clean_pictures_are_only_mirrored():
    labels = torch.from_numpy(SmallWorld().batch(range(12), 32)[1])
    images = coloured(labels[:, 0])
    options = NoiseOptions(clean=1.0)
    found, moved = disturb(images, labels, torch.Generator().manual_seed(0), options)
    mirrored = [not torch.equal(a, b) for a, b in zip(found, images, strict=True)]
    assert 0 < sum(mirrored) < 12
    for number, flipped in enumerate(mirrored):
        assert torch.equal(found[number], images[number].flip(2) if flipped else images[number])
        assert torch.equal(moved[number], labels[number].flip(2) if flipped else labels[number])


def test_pictures_are_disturbed_alike_where_the_network_runs_in_half_the_precision():
    images, labels = torch.rand(32, 3, 16, 16) * 2 - 1, torch.zeros(32, 1, 16, 16, dtype=torch.uint8)
    options = NoiseOptions(clean=0.0)
    plain, _ = disturb(images, labels, torch.Generator().manual_seed(0), options)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half, _ = disturb(images, labels, torch.Generator().manual_seed(0), options)
    assert torch.equal(plain, half)


def test_the_same_random_state_disturbs_alike_and_the_inputs_are_left_alone():
    pictures, labels = SmallWorld().batch(range(12), 32)
    images, labels = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1, torch.from_numpy(labels)
    before = images.clone()
    first, second = (disturb(images, labels, torch.Generator().manual_seed(4), NoiseOptions()) for _ in "ab")
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    assert torch.equal(images, before)
    assert float(first[0].abs().max()) <= 1
    assert not torch.equal(first[0], images)


@pytest.mark.parametrize("spoil", [spoil for _, spoil in SPOILS], ids=lambda spoil: spoil.__name__)
def test_every_spoil_changes_a_picture_but_not_beyond_recognition(spoil):
    pictures, _ = SmallWorld().batch(range(6), 32)
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1
    spoiled = spoil(images, 1.0, torch.Generator().manual_seed(0))
    change = (spoiled - images).square().mean((1, 2, 3)).sqrt()
    assert spoiled.shape == images.shape
    assert (change > 1e-4).all() and (change < 0.35).all()
    both = np.corrcoef(spoiled.flatten().numpy(), images.flatten().numpy())[0, 1]
    assert both > 0.8


def test_scenes_with_rare_objects_are_read_more_often(tmp_path):
    class Rare(SmallWorld):
        def batch(self, seeds, size=64, rules=True):
            pictures, labels = super().batch(seeds, size, rules)
            for seed, label in zip(seeds, labels, strict=True):
                if seed % 10:
                    label[0][label[0] == 3] = 1  # a ball in one scene of ten
            return pictures, labels

    scenes = SceneCache(tmp_path, Rare(), 16, range(100), 0.5)
    scenes.prepare()
    chances = scenes.chances(VOCABULARY)
    rare = np.arange(100) % 10 == 0
    assert chances.sum() == pytest.approx(1)
    assert chances[rare].min() > 2.5 * chances[~rare].max()
