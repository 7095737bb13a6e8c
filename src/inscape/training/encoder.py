"""Train an encoder of pictures for a generator, layer by layer (after Bau et al., ICCV 2019).

Three phases. First every stage alone learns to go back one resolution, given the generator's true features.
Then the whole chain learns to go back from the generator's own pictures to their latents. Last, scenes of
the generator's world come into every batch: nothing is known of them but how they look, so the chain learns
to find latents that draw them, near those that the mapping network gives; own pictures stay in the batch, so
that they are not forgotten. The generator never changes.

Training is a function of the options and the step alone: what a step draws depends on nothing else, so a
run that is killed and resumed ends where an uninterrupted one does.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import storage
from inscape.errors import UnsupportedError
from inscape.models import Card, Generator, Layer, open_model
from inscape.models.architectures.picture_encoder import PictureEncoder, PictureEncoderConfig
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.devices import resolve_device
from inscape.models.weights import weights_hash
from inscape.pictures import to_tensor
from inscape.progress import Progress, SilentProgress
from inscape.segmenters import open_segmenter
from inscape.segmenters.scene import SceneSegmenter
from inscape.training._drawn import Whitening, draw, measure_generator
from inscape.training._encoder_check import EncoderCheck
from inscape.training._encoder_loss import EncoderWeights, Judge, chain_losses, stage_losses
from inscape.training._latents import mixed_latents
from inscape.training._loss_log import LossLog
from inscape.training._machine import Way, fastest, taken
from inscape.training._network_state import Limit, NetworkState, one_cycle, train_network
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.result import TrainResult

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.architectures.unet import UNet

FIRST_SEED = 20_000_000
"""Training scenes count up from here; nothing else in Inscape draws scenes from these seeds."""


@dataclass(frozen=True)
class EncoderOptions:
    """How an encoder is trained.

    Attributes:
        steps: How many; as many as the minutes allow unless given.
        batch: Pictures in a step.
        scenes: Scenes drawn beforehand.
        stages_until: Part of the training after which the stages are no longer trained alone.
        own_until: Part of the training after which scenes come into every batch.
        scene_share: Their share of a batch then.
        mixing: Fraction of own pictures whose upper layers take another latent.
        rate: The highest learning rate of the one cycle.
        average: Decay of the moving average of the weights.
        widest: See `PictureEncoderConfig.fitting`.
        weights: How much each loss counts.
        save_every: Steps between saved states.
        sample_every: Steps between sample grids.
        check: Unseen pictures, and as many scenes, that judge the result.
    """

    steps: int | None = None
    batch: int = 32
    scenes: int = 12_000
    stages_until: float = 0.25
    own_until: float = 0.45
    scene_share: float = 0.5
    mixing: float = 0.3
    rate: float = 1e-3
    average: float = 0.995
    widest: int = 96
    weights: EncoderWeights = field(default_factory=EncoderWeights)
    save_every: int = 100
    sample_every: int = 400
    check: int = 256


@dataclass(frozen=True)
class EncoderResult(TrainResult):
    """What a training run left.

    Attributes:
        seconds: Time spent training, earlier runs included.
        scores: Figures on unseen pictures; see `EncoderCheck.scores`.
    """

    seconds: float
    scores: dict[str, float]


def train_encoder(
    generator: str | Path | Generator = "town",
    minutes: float = 60.0,
    out: Path | str = "encoder",
    *,
    seed: int = 0,
    device: str | torch.device | None = "auto",
    options: EncoderOptions | None = None,
    progress: Progress | None = None,
) -> EncoderResult:
    """Train an encoder for a generator, or go on with the training that is in `out`.

    Where the generator's card names a world, its scenes are trained on too; where it names a segmenter,
    pictures are also compared in that segmenter's features.

    Args:
        generator: A StyleGAN2, opened or by name.
        minutes: How long training takes altogether, earlier runs in `out` included; drawing scenes and
            judging the result come on top.
        out: Folder for the state, the scenes, the log, sample grids, `card.json` and `weights.safetensors`.
        seed: Of the first weights and of every draw.
        device: Where to train; an opened generator stays where it is.
        options: The rest.
        progress: Where to say how far it is.

    Raises:
        UnsupportedError: The generator is no StyleGAN2.
        FormatError: `out` holds a training with other options.
        StorageError: `out` cannot be written.
        CancelledError: The person asked to stop; what was reached is kept.
    """
    chosen = resolve_device(device)
    model = generator if isinstance(generator, Generator) else open_model(generator, device=chosen)
    if not isinstance(model, Generator) or not isinstance(model.module, StyleGAN2):
        raise UnsupportedError(
            f"Encoders are trained for generators of architecture 'stylegan2'; {model.name!r} is "
            f"{model.card.noun} of architecture {model.card.architecture!r}."
        )
    run = _Run(model, model.module, Path(out), seed, options or EncoderOptions())
    shown = progress or SilentProgress()
    if run.scenes is not None:
        run.scenes.draw(run.options.scenes, progress=shown)
    run.train(minutes * 60, shown)
    return run.finish()


class _Run:
    """One run: the generator, the encoder's state, the scenes, and what is written as it goes."""

    def __init__(
        self, model: Generator, generator: StyleGAN2, out: Path, seed: int, options: EncoderOptions
    ) -> None:
        self.model, self.generator, self.out, self.seed, self.options = model, generator, out, seed, options
        self.card, self.device = model.card, model.device
        generator.requires_grad_(False)
        self.config = PictureEncoderConfig.fitting(generator.config, widest=options.widest)
        first = self._first()
        self.state = NetworkState(lambda: copy.deepcopy(first), "encoder", self.device)
        parts = (options.batch, options.scenes, options.mixing, asdict(options.weights))
        self.key = storage.content_key(
            weights_hash(generator), self.card.world_hash, seed, self.config.to_json(), parts
        )
        if self._state_file.exists():
            self.state.load(self._state_file, run=self.key)
        self.scenes = self._scenes()
        self.judge = Judge(options.weights, Whitening(generator, seed), self._segmenter())
        self.log = LossLog(out / "log.jsonl", self.state.images)
        self.check = EncoderCheck(generator, self.card.world, options.check)

    @property
    def _state_file(self) -> Path:
        return self.out / "state.safetensors"

    def _first(self) -> PictureEncoder:
        """The encoder before training; the global random state is left alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            encoder = PictureEncoder(self.config).to(self.device)
        measure_generator(encoder, self.generator, self.seed)
        return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _scenes(self) -> ScenesAhead | None:
        if self.card.world is None:
            return None
        size, count = self.config.resolution, self.options.scenes
        return ScenesAhead(self.out, world=self.card.world, size=size, count=count, first_seed=FIRST_SEED)

    def _segmenter(self) -> UNet | None:
        if self.card.segmenter is None:
            return None
        segmenter = open_segmenter(self.card.segmenter, device=self.device)
        if not isinstance(segmenter, SceneSegmenter):
            return None
        network: UNet = segmenter.network.requires_grad_(False)
        return network

    def train(self, seconds: float, progress: Progress) -> None:
        """Go on until the seconds, or the steps of the options, are over."""
        limit = Limit(seconds, self.options.steps, self.options.save_every)
        self._way = fastest(
            lambda way: self.state.try_step(lambda: _total(self._losses(0.0, way))),
            self.out,
            size=self.config.resolution,
            device=self.device,
            progress=progress,
        )
        with taken(self._way):
            train_network(self.state, limit, self._step, self._keep, progress)

    def _keep(self) -> None:
        self.state.save(self._state_file, run=self.key)
        self.log.write()

    def _step(self, done: float) -> None:
        state, options = self.state, self.options
        losses = self._losses(done, self._way)
        loss = _total(losses)
        state.learn(loss, options.rate * one_cycle(done))
        state.images += options.batch
        state.follow(options.average)
        if state.step % 10 == 0:
            state.losses.append(round(float(loss.detach()), 4))
        numbers = {name: float(value.detach()) for name, value in losses.items()}
        self.log.add(numbers, images=state.images, seconds=state.seconds)
        if state.step % options.sample_every == 0:
            self.check.sample(state.average, self.out / "samples" / f"{state.images:08d}.png")

    def _losses(self, done: float, way: Way) -> dict[str, Tensor]:
        """The losses of a step; its pictures depend on the seed and the step alone."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=way.half):
            return self._drawn_losses(done)

    def _drawn_losses(self, done: float) -> dict[str, Tensor]:
        options, encoder, synthesis = self.options, self.state.network, self.generator.synthesis
        with_scenes = self.scenes is not None and done >= options.own_until
        count = round(options.scene_share * options.batch) if with_scenes else 0
        random = torch.Generator(self.device).manual_seed(self.seed * 1_000_003 + self.state.step)
        with torch.no_grad():
            w, _ = mixed_latents(self.generator, options.batch - count, random, mixing=options.mixing)
        drawn = draw(synthesis, w)
        if done < options.stages_until:
            return stage_losses(encoder, synthesis, drawn, options.weights)
        return chain_losses(encoder, synthesis, drawn, self._some_scenes(count), self.judge)

    def _some_scenes(self, count: int) -> Tensor | None:
        if self.scenes is None or not count:
            return None
        order = np.random.default_rng([self.seed, self.state.step])
        chosen = order.choice(self.options.scenes, count)
        return to_tensor(self.scenes.pictures(chosen)).to(self.device)

    def finish(self) -> EncoderResult:
        """Judge the moving average, as it will be stored, on unseen pictures; then write card and weights."""
        halved = {
            name: value.half().contiguous() if value.is_floating_point() else value
            for name, value in self.state.average.state_dict().items()
        }
        encoder = PictureEncoder(self.config).to(self.device).eval()
        encoder.load_state_dict(halved)
        scores = self.check.scores(encoder)
        files = [self.out / "card.json", self.out / "weights.safetensors", self._state_file]
        storage.save_tensors(files[1], halved, {"generator_hash": weights_hash(self.generator)})
        self._card(scores).write(files[0])
        files += sorted((self.out / "samples").glob("*.png"))
        state = self.state
        return EncoderResult(state.step, state.images, tuple(files), state.seconds, scores)

    def _card(self, scores: dict[str, float]) -> Card:
        layers = tuple(
            Layer(name=layer, units=self.config.channels[size], size=size, module=f"s{2 * size}.leave")
            for size, layer in self.config.layers.items()
        )
        training = {
            "generator": self.card.name,
            "generator_hash": weights_hash(self.generator),
            "seed": self.seed,
            "steps": self.state.step,
            "images": self.state.images,
            "seconds": round(self.state.seconds, 1),
            "options": asdict(self.options),
            "scores": scores,
        }
        return Card(
            name=f"{self.card.name}-encoder",
            kind="encoder",
            architecture="picture_encoder",
            config=self.config.to_json(),
            layers=layers,
            image_size=self.config.resolution,
            world=self.card.world,
            world_hash=self.card.world_hash,
            parameters=sum(weight.numel() for weight in self.state.average.parameters()),
            training=training,
            source=f"Trained for the generator {self.card.name!r} by inscape.training.encoder.",
            licence="MIT",
            description=f"Estimates with what latents and features {self.card.name!r} would draw a picture.",
        )


def _total(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()
