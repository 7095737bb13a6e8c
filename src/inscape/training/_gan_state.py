"""Everything that training a generator keeps from one step to the next, and how it is written and read.

A checkpoint is one safetensors file, replaced as a whole: a kill at any moment leaves the one before. Random
numbers belong to steps, so the step's number is all the state that they have.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from inscape import storage
from inscape.errors import FormatError
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from inscape.training._adversary import Adversary, AdversaryConfig
from inscape.training._features import open_features
from inscape.training._gan_step import GanNetworks, StepGradients
from inscape.training.recipes import GanRecipe

KIND = "inscape-gan-training-2"
_FORMER_KIND = "inscape-gan-training"
_TRAINED = ("generator", "discriminators")


def generator_config(recipe: GanRecipe, size: int) -> StyleGAN2Config:
    """The generator that a recipe trains, for pictures of a size."""
    return StyleGAN2Config(
        resolution=size,
        z_dim=recipe.z_dim,
        w_dim=recipe.w_dim,
        mapping_layers=recipe.mapping_layers,
        channels={side: units for side, units in recipe.channels.items() if side <= size},
        lr_multiplier=recipe.mapping_rate,
        resample_filter=recipe.resample_filter,
    )


def rescale_mapping(state: dict[str, Tensor], factor: float) -> dict[str, Tensor]:
    """The same generator with another learning-rate multiplier: stored mapping weights times `old / new`."""
    return {name: value * factor if name.startswith("mapping.fc") else value for name, value in state.items()}


@dataclass
class Counters:
    """How far training is.

    Attributes:
        step: Steps done.
        images: Real pictures seen.
        seconds: Time spent training, over all runs.
    """

    step: int = 0
    images: int = 0
    seconds: float = 0.0


class GanState:
    """Networks, the moving average of the generator, optimizers and counters.

    Args:
        recipe: Learning rates and half-lives.
        generator: Raw weights.
        adversary: Judges pictures of the generator's size.
        average: Moving average of the generator; a copy of it by default.
        device: Where to train.
    """

    def __init__(
        self,
        recipe: GanRecipe,
        generator: StyleGAN2,
        adversary: Adversary,
        *,
        average: StyleGAN2 | None = None,
        device: torch.device | None = None,
    ) -> None:
        device = device or torch.device("cpu")
        self.recipe = recipe
        self.networks = GanNetworks(generator.to(device).train().requires_grad_(True), adversary.to(device))
        self.average = (average or copy.deepcopy(generator)).to(device).eval().requires_grad_(False)
        self.counters = Counters()
        rates = {"generator": recipe.generator_rate, "discriminators": recipe.discriminator_rate}
        self.optimizers = {
            name: torch.optim.Adam(
                self.trained(name).parameters(), lr=rate, betas=(0.0, 0.99), eps=1e-8, fused=True
            )
            for name, rate in rates.items()
        }

    def trained(self, name: str) -> nn.Module:
        """The generator's or the discriminators' module, which the optimizer of that name trains."""
        return self.networks.generator if name == "generator" else self.networks.adversary.discriminators

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.networks.generator.parameters()).device

    @property
    def size(self) -> int:
        """Height and width of the pictures."""
        return self.networks.generator.config.resolution

    def apply(self, gradients: StepGradients) -> None:
        """Take one step, and move the average."""
        for name, found in zip(_TRAINED, (gradients.generator, gradients.discriminators), strict=True):
            for weight, gradient in zip(self.trained(name).parameters(), found, strict=True):
                weight.grad = None if gradient is None else _like(weight, gradient)
            self.optimizers[name].step()
            self.optimizers[name].zero_grad()
        self.networks.generator.mapping.track(gradients.w)
        self.counters.step += 1
        self.counters.images += self.recipe.batch
        self._average()

    @torch.no_grad()
    def _average(self) -> None:
        half_life = min(self.recipe.average_images, self.counters.images * self.recipe.average_warm_up)
        keep = 0.5 ** (self.recipe.batch / max(half_life, 1e-8))
        averaged: list[Tensor] = list(self.average.parameters())
        raw: list[Tensor] = list(self.networks.generator.parameters())
        torch._foreach_lerp_(averaged, raw, 1 - keep)
        for old, new in zip(self.average.buffers(), self.networks.generator.buffers(), strict=True):
            old.copy_(new)

    def moments(self) -> Iterator[tuple[str, str, Tensor, Tensor]]:
        """Adam's second moments: name of the optimizer, name of the weight, moment, steps taken."""
        for prefix, optimizer in self.optimizers.items():
            for name, weight in self.trained(prefix).named_parameters():
                if kept := optimizer.state.get(weight):
                    yield prefix, name, kept["exp_avg_sq"], kept["step"]

    def restore_moment(self, optimizer: str, name: str, second: Tensor, steps: float) -> None:
        """Go on with what Adam knew of a weight; its first moment is never used (beta is 0)."""
        weight = self.trained(optimizer).get_parameter(name)
        self.optimizers[optimizer].state[weight] = {
            "step": torch.tensor(float(steps), device=weight.device),
            "exp_avg": torch.zeros_like(weight),
            "exp_avg_sq": second.to(weight.device, torch.float32).clone().contiguous(),
        }

    def save(self, path: Path, *, half: bool = False) -> Path:
        """Write a checkpoint atomically.

        Args:
            path: A safetensors file.
            half: Half the precision makes half the file; training continues from it, if not exactly so.
        """
        modules: dict[str, nn.Module] = {"generator": self.networks.generator, "average": self.average}
        modules |= {"discriminators": self.networks.adversary.discriminators}
        dtype = torch.float16 if half else torch.float32
        tensors = {
            f"{prefix}.{name}": value.to(dtype)
            for prefix, module in modules.items()
            for name, value in module.state_dict().items()
        }
        mixing = self.networks.adversary.mixing.state_dict()
        tensors |= {f"mixing.{name}": value for name, value in mixing.items()}
        steps: dict[str, int] = {}
        for prefix, name, second, taken in self.moments():
            tensors[f"adam.{prefix}.{name}"] = second.to(torch.bfloat16 if half else torch.float32)
            steps[f"{prefix}.{name}"] = int(taken)
        metadata = {
            "kind": KIND,
            "generator": json.dumps(self.networks.generator.config.to_json()),
            "adversary": json.dumps(self.networks.adversary.config.to_json()),
            "counters": json.dumps(vars(self.counters)),
            "adam_steps": json.dumps(steps),
            "recipe": json.dumps(self.recipe.to_json()),
        }
        return storage.save_tensors(path, tensors, metadata)

    @classmethod
    def load(cls, path: Path, recipe: GanRecipe, device: torch.device) -> GanState:
        """Read a checkpoint.

        Args:
            path: What `save` wrote.
            recipe: Rates and weights of the losses to continue with; sizes come from the file.
            device: Where to train.

        Raises:
            FormatError: It is no such file, or it is damaged.
            MissingExtraError: The package that carries the feature network is not installed.
        """
        tensors, metadata = storage.load_tensors(path)
        if metadata.get("kind") == _FORMER_KIND:
            raise FormatError(
                f"{path} is a state of the former training, whose discriminator judged pixels.",
                "Train from scratch into another --out.",
            )
        if metadata.get("kind") != KIND:
            raise FormatError(f"{path} is not a checkpoint of training a generator.")
        generator = StyleGAN2(StyleGAN2Config.from_json(json.loads(metadata["generator"])))
        average = StyleGAN2(generator.config)
        config = AdversaryConfig.from_json(json.loads(metadata["adversary"]))
        taps = recipe.stage_of(generator.config.resolution).taps
        adversary = Adversary(config, open_features(config.features, taps, device))
        modules: dict[str, nn.Module] = {"generator": generator, "average": average}
        modules |= {"discriminators": adversary.discriminators, "mixing": adversary.mixing}
        for prefix, module in modules.items():
            _fill(module, _under(tensors, prefix), path)
        state = cls(recipe, generator, adversary, average=average, device=device)
        state.counters = replace(Counters(), **json.loads(metadata["counters"]))
        for key, steps in json.loads(metadata["adam_steps"]).items():
            prefix, _, name = key.partition(".")
            state.restore_moment(prefix, name, tensors[f"adam.{key}"], steps)
        return state


def _like(weight: Tensor, gradient: Tensor) -> Tensor:
    """A finite gradient, laid out in memory as its weight is; fused Adam takes that for granted."""
    return torch.nan_to_num(gradient, nan=0.0, posinf=1e5, neginf=-1e5, out=torch.empty_like(weight))


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name[len(prefix) + 1 :]: value for name, value in tensors.items() if name.startswith(f"{prefix}.")
    }


def _fill(module: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    try:
        module.load_state_dict({name: value.float() for name, value in tensors.items()})
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise FormatError(f"{path} does not hold the whole network: {first}") from error
