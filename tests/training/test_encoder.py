from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inscape import storage
from inscape.errors import CancelledError, FormatError, UnsupportedError
from inscape.models import Card, Generator, folder_of, open_model
from inscape.models.architectures.picture_encoder import PictureEncoder, PictureEncoderConfig
from inscape.models.weights import weights_hash
from inscape.progress import Task
from inscape.segmenters import open_segmenter
from inscape.training._drawn import Whitening, draw, measure_generator
from inscape.training._encoder_check import EncoderCheck, correlation, psnr
from inscape.training._encoder_loss import EncoderWeights, segmenter_distance, stage_losses
from inscape.training._latents import mixed_latents
from inscape.training._loss_log import LossLog
from inscape.training._network_run import NetworkResult
from inscape.training.encoder import EncoderOptions, train_encoder
from inscape.training.export import export_encoder
from small_generators import small_generator

TINY = EncoderOptions(
    steps=8,
    batch=6,
    scenes=12,
    stages_until=0.25,
    own_until=0.5,
    save_every=2,
    sample_every=4,
    check=8,
    widest=8,
)


def generator(*, world: bool = True) -> Generator:
    """The small generator, which claims to draw the world."""
    small = small_generator()
    known = {"world": "town", "world_hash": "0" * 64, "segmenter": "town-segmenter"} if world else {}
    return Generator(small.module, small.card.model_copy(update=known))


def train(out: Path, options: EncoderOptions = TINY, *, world: bool = True, **more) -> NetworkResult:
    return train_encoder(generator(world=world), 1.0, out, device="cpu", options=options, **more)


def state(out: Path) -> dict[str, torch.Tensor]:
    return storage.load_tensors(out / "state.safetensors")[0]


def losses(out: Path) -> list[float]:
    return json.loads(storage.load_tensors(out / "state.safetensors")[1]["inscape"])["losses"]


class StopAfter:
    """Progress whose person asks to stop after some training steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        self._counts = name.startswith("Training")
        yield self

    def advance(self, count: int = 1) -> None:
        self._left -= self._counts
        if self._left < 0:
            raise CancelledError


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, NetworkResult]:
    """A run through all three phases, uninterrupted."""
    out = tmp_path_factory.mktemp("whole")
    return out, train(out)


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_a_stopped_and_resumed_training_ends_where_an_uninterrupted_one_does(whole, tmp_path, steps):
    with pytest.raises(CancelledError, match="Stopped"):
        train(tmp_path, progress=StopAfter(steps))
    resumed = train(tmp_path)
    assert (resumed.step, resumed.images) == (whole[1].step, whole[1].images) == (8, 48)
    expected, found = state(whole[0]), state(tmp_path)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    assert resumed.scores == whole[1].scores


def test_a_killed_training_goes_on_from_the_last_saved_state(whole, tmp_path):
    class Kill(StopAfter):
        def advance(self, count: int = 1) -> None:
            self._left -= self._counts
            if self._left == 0:
                raise Killed((tmp_path / "state.safetensors").read_bytes())

    with pytest.raises(Killed) as killed:
        train(tmp_path, progress=Kill(6))
    # A kill leaves what was saved after step 4; nothing was saved since.
    (tmp_path / "state.safetensors").write_bytes(killed.value.args[0])
    train(tmp_path)
    expected, found = state(whole[0]), state(tmp_path)
    assert all(torch.equal(tensor, found[name]) for name, tensor in expected.items())


def test_what_was_trained_opens_as_an_encoder_with_its_card(whole):
    out, result = whole
    model = open_model(out, device="cpu")
    assert isinstance(model.module, PictureEncoder) and model.card.kind == "encoder"
    assert [layer.name for layer in model.card.layers] == ["layer16b", "layer8b", "layer4"]
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    _, normal = model.module.estimate(images)
    for layer in model.card.layers:
        seen: list[torch.Tensor] = []
        hook = model.module_of(layer).register_forward_hook(lambda *call, seen=seen: seen.append(call[2]))
        model.module(images)
        hook.remove()
        assert seen[0].shape == (2, layer.units, layer.size, layer.size)
        torch.testing.assert_close(seen[0], normal[layer.name])
    training = model.card.training
    assert training["scores"] == result.scores and training["images"] == 48
    assert training["generator"] == "small" and len(training["generator_hash"]) == 64
    assert {"psnr_own", "psnr_scenes", "correlation_layer4"} <= result.scores.keys()
    assert model.card.parameters == sum(p.numel() for p in model.module.parameters())


def test_only_an_encoder_for_the_shipped_weights_is_shipped(whole, tmp_path):
    run, model = tmp_path / "run", tmp_path / "model"
    shutil.copytree(whole[0], run, ignore=shutil.ignore_patterns("samples", "town-*"))
    with pytest.raises(FormatError, match="other weights than those of the shipped 'small'"):
        export_encoder(run, model)
    made = Card.read(run / "card.json")

    def claims(digest: str) -> None:
        training = {**made.training, "generator": "town", "generator_hash": digest}
        made.model_copy(update={"training": training}).write(run / "card.json")

    claims("0" * 64)
    with pytest.raises(FormatError, match="inscape train small-encoder"):
        export_encoder(run, model)
    claims(weights_hash(open_model("town", device="cpu").module))
    assert export_encoder(run, model) == model
    assert sorted(path.name for path in model.iterdir()) == ["card.json", "weights.safetensors"]
    assert storage.load_tensors(model / "weights.safetensors")[0]["mean_w"].dtype == torch.float16
    assert isinstance(open_model(model, device="cpu").module, PictureEncoder)
    with pytest.raises(FormatError, match="architecture 'unet', no encoder"):
        export_encoder(folder_of("town-segmenter"), model)


def test_a_run_leaves_grids_of_pictures_above_what_was_made_of_them(whole):
    grids = sorted((whole[0] / "samples").glob("*.png"))
    assert [path.name for path in grids] == ["00000024.png", "00000048.png"]
    assert set(grids) < set(whole[1].files)
    with Image.open(grids[0]) as picture:
        # Two rows of own pictures and one of scenes (only 8 were drawn), each above its reconstructions.
        assert picture.size == (8 * 32, 6 * 32)


@pytest.mark.parametrize(
    ("phase", "until"), [("stages", (1.0, 1.0)), ("own", (0.0, 1.0)), ("scenes", (0.0, 0.0))]
)
def test_the_loss_goes_down_in_each_phase(tmp_path, phase, until):
    options = replace(
        TINY, steps=60, batch=8, stages_until=until[0], own_until=until[1], rate=4e-3, sample_every=1000
    )
    train(tmp_path, options)
    found = losses(tmp_path)
    assert len(found) == 6
    assert np.mean(found[-2:]) < 0.9 * found[0]


def test_trained_alone_the_stages_find_the_features_of_the_generator(tmp_path):
    options = replace(TINY, steps=150, batch=16, stages_until=1.0, rate=6e-3, average=0.9, sample_every=1000)
    untrained = train(tmp_path / "start", replace(options, steps=1), world=False).scores
    scores = train(tmp_path / "end", options, world=False).scores
    for layer, reached in {"layer16b": 0.35, "layer8b": 0.35, "layer4": 0.55}.items():
        assert scores[f"correlation_{layer}"] > reached > 0.2 > untrained[f"correlation_{layer}"]
    assert "psnr_scenes" not in scores


def test_a_stage_alone_learns_nothing_from_the_others():
    model = generator()
    encoder = PictureEncoder(PictureEncoderConfig.fitting(model.module.config, widest=8))
    measure_generator(encoder, model.module, 0)
    w, _ = mixed_latents(model.module, 4, torch.Generator().manual_seed(0), mixing=1.0)
    drawn = draw(model.module.synthesis, w)
    for size in encoder.config.sizes:
        encoder.zero_grad()
        stage_losses(encoder, model.module.synthesis, drawn, EncoderWeights())[f"stage{size}"].backward()
        learned = {name.split(".")[0] for name, p in encoder.named_parameters() if p.grad is not None}
        assert learned == {f"s{size}"}


def test_drawing_keeps_the_features_of_every_resolution():
    model = generator()
    w = model.w_of_seeds(range(3))
    drawn = draw(model.module.synthesis, w)
    assert sorted(drawn.states) == [4, 8, 16, 32]
    torch.testing.assert_close(drawn.images, model.images(w).clamp(-1, 1))
    for state in drawn.states.values():
        torch.testing.assert_close(state.features, model.run_until(w, state.layer).features)


def test_normalised_features_of_own_pictures_have_mean_0_and_deviation_1():
    model = generator()
    encoder = PictureEncoder(PictureEncoderConfig.fitting(model.module.config, widest=8))
    measure_generator(encoder, model.module, 0)
    w = model.w_of_seeds(range(1500))
    drawn = draw(model.module.synthesis, w)
    for size, layer in encoder.config.layers.items():
        rows = encoder.normalised(layer, drawn.states[size].features).transpose(0, 1).flatten(1)
        deviation = rows.std(1)
        assert rows.mean(1).abs().max() < 0.15
        # A unit that is the same everywhere has no deviation; what it has is set to a hundredth of the mean.
        assert ((deviation - 1).abs() < 0.15).logical_or(deviation < 0.5).all()
        assert (deviation > 0.5).float().mean() > 0.7
    rows = (w[:, 0] - encoder.mean_w) / encoder.deviation_w
    assert rows.mean(0).abs().max() < 0.15 and (rows.std(0) - 1).abs().max() < 0.15


def test_latents_of_the_mapping_network_are_near_and_others_are_far():
    model = generator()
    whitening = Whitening(model.module, 0)
    w = model.w_of_seeds(range(4000))
    near = float(whitening.distance(w))
    assert 0.7 < near < 1.1
    assert float(whitening.distance(whitening.mean.expand(1, 8, -1))) == 0
    assert float(whitening.distance(whitening.mean + 3 * (w - whitening.mean))) == pytest.approx(
        9 * near, rel=1e-4
    )


def test_a_conditional_generator_is_drawn_in_all_of_its_classes(tmp_path):
    model = small_generator(classes=("day", "night"))
    random = torch.Generator().manual_seed(0)
    w, _ = mixed_latents(model.module, 200, random, mixing=0.0)
    z = torch.randn(400, 8, generator=torch.Generator().manual_seed(0))
    day = model.to_w(z, classes=[0] * 400)[:200]
    share = (w - day).abs().amax((1, 2)).lt(1e-5).float().mean()
    assert 0.3 < float(share) < 0.7
    options = replace(TINY, steps=2)
    assert train_encoder(model, 1.0, tmp_path, device="cpu", options=options).images == 12


def test_the_distance_of_a_segmenter_is_none_for_one_picture_and_pulls_towards_it():
    network = open_segmenter("town-segmenter", device="cpu").network.requires_grad_(False)
    wanted = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert float(segmenter_distance(network, wanted, wanted)) == 0
    found = (wanted * 0.3).requires_grad_()
    before = segmenter_distance(network, found, wanted)
    (slope,) = torch.autograd.grad(before, found)
    after = segmenter_distance(network, found.detach() - 1e-2 * slope / slope.norm(), wanted)
    assert 0 < float(after) < float(before.detach()) < 4


def test_psnr_and_correlation_equal_their_closed_forms():
    wanted = np.full((2, 4, 4, 3), 100, np.uint8)
    found = np.stack([wanted[0] + 5, wanted[1] + 50])
    assert psnr(found, wanted) == pytest.approx(np.mean(10 * np.log10(255**2 / np.array([25.0, 2500.0]))))
    rows = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    assert correlation(2 * rows + 7, rows) == pytest.approx(1)
    mixed = rows.clone()
    mixed[:, 0] *= -1
    assert correlation(mixed, rows) == pytest.approx(1 / 3)
    rows[:, 2] = 4.0
    assert correlation(mixed, rows) == pytest.approx(0)


def test_no_scene_that_judges_is_trained_on(whole):
    from inscape.training.encoder import FIRST_SEED

    check = EncoderCheck(generator().module, "town", 8)
    (folder,) = [path for path in whole[0].iterdir() if path.name.startswith("town-32-")]
    trained = np.fromfile(folder / "pictures.u8", np.uint8).reshape(12, 32, 32, 3)
    from inscape.scenes import world

    assert np.array_equal(trained, world("town").batch(range(FIRST_SEED, FIRST_SEED + 12), 32)[0])
    assert not any(np.array_equal(seen, unseen) for seen in trained for unseen in check._scenes)


def test_a_log_goes_on_where_the_last_state_was_saved(tmp_path):
    log = LossLog(tmp_path / "log.jsonl", 0)
    for number in range(1, 31):
        log.add({"loss": float(number)}, images=100 * number, seconds=number)
    log.write()
    assert [(line["images"], line["loss"]) for line in log.lines] == [(1000, 5.5), (2000, 15.5), (3000, 25.5)]
    resumed = LossLog(tmp_path / "log.jsonl", 2000)
    assert [line["images"] for line in resumed.lines] == [1000, 2000]


def test_other_options_in_the_same_folder_are_refused(tmp_path):
    options = replace(TINY, steps=1)
    train(tmp_path, options)
    with pytest.raises(FormatError, match="another world, size, seed or other options"):
        train(tmp_path, replace(options, seed=1))


def test_only_a_stylegan2_gets_an_encoder(tmp_path):
    with pytest.raises(UnsupportedError, match="'town-segmenter' is a classifier of architecture 'unet'"):
        train_encoder("town-segmenter", 1.0, tmp_path, device="cpu")
