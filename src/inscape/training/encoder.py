"""Train an encoder of pictures for a generator, layer by layer (after Bau et al., ICCV 2019).

Three phases. First every stage alone learns to go back one resolution, given the generator's true features.
Then the whole chain learns to go back from the generator's own pictures to their latents. Last, scenes of
the generator's world come into every batch: nothing is known of them but how they look, so the chain learns
to find latents that draw them, near those that the mapping network gives; own pictures stay in the batch, so
that they are not forgotten. The generator never changes.
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
from inscape.training._network_run import NetworkOptions, NetworkResult, NetworkRun
from inscape.training._network_state import NetworkState
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training._seeded import seeded
from inscape.types import JsonObject

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.architectures.unet import UNet

FIRST_SEED = 20_000_000
"""Training scenes count up from here. Rules of places are learned from the first thousand; no figure is
measured on any of them."""


@dataclass(frozen=True)
class EncoderOptions(NetworkOptions):
    """How an encoder is trained, besides `NetworkOptions`.

    Attributes:
        scenes: Scenes drawn beforehand.
        stages_until: Part of the training after which the stages are no longer trained alone.
        own_until: Part of the training after which scenes come into every batch.
        scene_share: Their fraction of a batch then.
        mixing: Fraction of own pictures whose upper layers take another latent.
        widest: See `PictureEncoderConfig.fitting`.
        weights: How much each loss counts.
        sample_every: Steps between sample grids.
        check: Unseen pictures, and as many scenes, that judge the result.
    """

    scenes: int = 12_000
    stages_until: float = 0.25
    own_until: float = 0.45
    scene_share: float = 0.5
    mixing: float = 0.3
    widest: int = 96
    weights: EncoderWeights = field(default_factory=EncoderWeights)
    sample_every: int = 400
    check: int = 256


def train_encoder(
    generator: str | Path | Generator = "town",
    minutes: float = 60.0,
    out: Path | str = "encoder",
    *,
    device: str | torch.device | None = "auto",
    options: EncoderOptions | None = None,
    progress: Progress | None = None,
) -> NetworkResult:
    """Train an encoder for a generator, or continue with the training that is in `out`.

    Where the generator's card names a world, its scenes are trained on too; where it names a segmenter,
    pictures are also compared in that segmenter's features.

    Args:
        generator: A StyleGAN2, opened or by name.
        minutes: How long training takes altogether, earlier runs in `out` included; drawing scenes and
            judging the result come on top.
        out: Folder for the state, the scenes, the log, sample grids, `card.json` and `weights.safetensors`.
        device: Where to train; an opened generator stays where it is.
        options: The rest.
        progress: Where to say how far it is.

    Raises:
        UnsupportedError: The generator is not a StyleGAN2.
        FormatError: `out` holds a training with other options.
        StorageError: `out` cannot be written.
        CancelledError: The person cancelled; the state is kept.
    """
    chosen = resolve_device(device)
    model = generator if isinstance(generator, Generator) else open_model(generator, device=chosen)
    if not isinstance(model, Generator) or not isinstance(model.module, StyleGAN2):
        raise UnsupportedError(
            f"Encoders are trained for generators of architecture 'stylegan2'; {model.name!r} is "
            f"{model.card.noun} of architecture {model.card.architecture!r}."
        )
    run = _Run(model, model.module, Path(out), options or EncoderOptions())
    shown = progress or SilentProgress()
    if run.scenes is not None:
        run.scenes.draw(run.options.scenes, progress=shown)
    run.train(minutes * 60, shown)
    return run.finish({"generator_hash": run.generator_hash})


class _Run(NetworkRun[PictureEncoder]):
    """One run: the generator, the scenes, and what judges them."""

    options: EncoderOptions

    def __init__(self, model: Generator, generator: StyleGAN2, out: Path, options: EncoderOptions) -> None:
        self.generator, self.options, self.described = generator, options, model.card
        generator.requires_grad_(False)
        self.generator_hash = weights_hash(generator)
        self.config = PictureEncoderConfig.fitting(generator.config, widest=options.widest)
        first = self._first(options.seed, model.device)
        parts = (options.batch, options.scenes, options.mixing, asdict(options.weights))
        key = storage.content_key(
            self.generator_hash, self.described.world_hash, options.seed, self.config.to_json(), parts
        )
        state = NetworkState(lambda: copy.deepcopy(first), "encoder", model.device)
        super().__init__(state, out, self.config.resolution, options, key)
        self.scenes = self._scenes()
        self.judge = Judge(options.weights, Whitening(generator, options.seed), self._segmenter())
        self.check = EncoderCheck(generator, self.described.world, options.check)

    def _first(self, seed: int, device: torch.device) -> PictureEncoder:
        """The encoder before training; the global random state is left alone."""
        with seeded(seed):
            encoder = PictureEncoder(self.config).to(device)
        measure_generator(encoder, self.generator, seed)
        return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _scenes(self) -> ScenesAhead | None:
        world, count = self.described.world, self.options.scenes
        if world is None:
            return None
        return ScenesAhead(self.out, world=world, size=self.size, count=count, first_seed=FIRST_SEED)

    def _segmenter(self) -> UNet | None:
        if self.described.segmenter is None:
            return None
        segmenter = open_segmenter(self.described.segmenter, device=self.state.device)
        if not isinstance(segmenter, SceneSegmenter):
            return None
        network: UNet = segmenter.network.requires_grad_(False)
        return network

    def losses(self, done: float) -> dict[str, Tensor]:
        options, encoder, synthesis = self.options, self.state.network, self.generator.synthesis
        with_scenes = self.scenes is not None and done >= options.own_until
        count = round(options.scene_share * options.batch) if with_scenes else 0
        random = torch.Generator(self.state.device).manual_seed(self.seed * 1_000_003 + self.state.step)
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
        return to_tensor(self.scenes.pictures(chosen)).to(self.state.device)

    def after_step(self) -> None:
        if self.state.step % self.options.sample_every == 0:
            self.check.sample(self.state.average, self.out / "samples" / f"{self.state.images:08d}.png")

    def scores(self, average: PictureEncoder) -> dict[str, float]:
        return self.check.scores(average)

    def card(self, average: PictureEncoder, training: JsonObject) -> Card:
        layers = tuple(
            Layer(name=layer, units=self.config.channels[size], size=size, module=f"s{2 * size}.leave")
            for size, layer in self.config.layers.items()
        )
        of = self.described
        return Card(
            name=f"{of.name}-encoder",
            kind="encoder",
            architecture="picture_encoder",
            config=self.config.to_json(),
            layers=layers,
            image_size=self.size,
            world=of.world,
            world_hash=of.world_hash,
            parameters=sum(weight.numel() for weight in average.parameters()),
            training={"generator": of.name, "generator_hash": self.generator_hash, **training},
            source=f"Trained for the generator {of.name!r} by inscape.training.encoder.",
            licence="MIT",
            description=f"Estimates with what latents and features {of.name!r} would draw a picture.",
        )
