"""Everything that training a generator keeps from one step to the next, and how it is written and read.

A checkpoint is one safetensors file, replaced as a whole: a kill at any moment leaves the one before. Random
numbers belong to steps, so the step's number is all the state that they have.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from inscape import storage
from inscape.errors import FormatError
from inscape.models.architectures.discriminator import Discriminator, DiscriminatorConfig
from inscape.models.architectures.stylegan2 import StyleGAN2, StyleGAN2Config
from inscape.training._gan_step import GanNetworks, ShardGradients
from inscape.training.recipes import GanRecipe

KIND = "inscape-gan-training"


def generator_config(recipe: GanRecipe) -> StyleGAN2Config:
    """The generator that a recipe trains."""
    channels = {size: units for size, units in recipe.channels.items() if size <= recipe.size}
    return StyleGAN2Config(
        resolution=recipe.size,
        z_dim=recipe.z_dim,
        w_dim=recipe.w_dim,
        mapping_layers=recipe.mapping_layers,
        channels=channels,
        lr_multiplier=recipe.mapping_rate,
        resample_filter=recipe.resample_filter,
    )


def discriminator_config(recipe: GanRecipe) -> DiscriminatorConfig:
    """The discriminator that a recipe trains."""
    channels = {size: units for size, units in recipe.discriminator_channels.items() if size <= recipe.size}
    return DiscriminatorConfig(resolution=recipe.size, channels=channels, from_rgb=(recipe.size,))


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
        path_mean: Running mean of the path length.
    """

    step: int = 0
    images: int = 0
    seconds: float = 0.0
    path_mean: float = 0.0


class GanState:
    """Networks, the moving average of the generator, optimizers and counters.

    Args:
        recipe: Learning rates and half-lives.
        generator: Raw weights.
        discriminator: Judges pictures of the generator's size.
        average: Moving average of the generator; a copy of it by default.
        device: Where to train.
    """

    def __init__(
        self,
        recipe: GanRecipe,
        generator: StyleGAN2,
        discriminator: Discriminator,
        *,
        average: StyleGAN2 | None = None,
        device: torch.device | None = None,
    ) -> None:
        device = device or torch.device("cpu")
        self.recipe = recipe
        self.networks = GanNetworks(generator, discriminator)
        for module in (generator, discriminator):
            module.to(device).train().requires_grad_(True)
        self.average = (average or copy.deepcopy(generator)).to(device).eval().requires_grad_(False)
        self.counters = Counters()
        rate, penalty = recipe.learning_rate_at(self.size), recipe.r1_weight_at(self.size)
        lazy = recipe.r1_every / (recipe.r1_every + 1) if penalty else 1.0
        self.optimizers = {
            "generator": _adam(generator.parameters(), rate, 1.0),
            "discriminator": _adam(discriminator.parameters(), rate, lazy),
        }

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.networks.generator.parameters()).device

    @property
    def size(self) -> int:
        """Height and width of the pictures."""
        return self.networks.generator.config.resolution

    def apply(self, shards: list[ShardGradients], pool: Executor | None = None) -> None:
        """Take one step with the mean of the shards' gradients, and move the average.

        Args:
            shards: Of one step.
            pool: Where both networks take their step at the same time.
        """
        steps = [partial(self._step, name, shards) for name in self.optimizers]
        for _ in map(_call, steps) if pool is None else pool.map(_call, steps):
            pass
        self.networks.generator.mapping.track(torch.stack([shard.w_mean for shard in shards]))
        self.counters.step += 1
        self.counters.images += self.recipe.batch
        self._average()

    def _step(self, name: str, shards: list[ShardGradients]) -> None:
        """Let one network take its step."""
        parts = [getattr(shard, name) for shard in shards]
        module: nn.Module = getattr(self.networks, name)
        for weight, *gradients in zip(module.parameters(), *parts, strict=True):
            weight.grad = _mean(gradients)
        self.optimizers[name].step()

    @torch.no_grad()
    def _average(self) -> None:
        half_life = min(self.recipe.average_images, self.counters.images * self.recipe.average_warm_up)
        keep = 0.5 ** (self.recipe.batch / max(half_life, 1e-8))
        averaged: list[Tensor] = list(self.average.parameters())
        raw: list[Tensor] = list(self.networks.generator.parameters())
        torch._foreach_lerp_(averaged, raw, 1 - keep)
        for old, new in zip(self.average.buffers(), self.networks.generator.buffers(), strict=True):
            old.copy_(new)

    def save(self, path: Path, *, moments: bool = True, dtype: torch.dtype = torch.float32) -> Path:
        """Write a checkpoint, whole or not at all.

        Args:
            path: A safetensors file.
            moments: Whether Adam's second moments go in; its first ones are never used (beta is 0).
            dtype: Half precision makes a smaller file, from which training goes on, if not exactly so.
        """
        tensors: dict[str, Tensor] = {}
        modules = {
            "generator": self.networks.generator,
            "average": self.average,
            "discriminator": self.networks.discriminator,
        }
        for prefix, module in modules.items():
            tensors |= {f"{prefix}.{name}": value.to(dtype) for name, value in module.state_dict().items()}
        if moments:
            for prefix, optimizer in self.optimizers.items():
                for name, weight in modules[prefix].named_parameters():
                    if kept := optimizer.state.get(weight):
                        wide = dtype if dtype == torch.float32 else torch.bfloat16
                        tensors[f"adam.{prefix}.{name}"] = kept["exp_avg_sq"].to(wide)
        metadata = {
            "kind": KIND,
            "generator": json.dumps(self.networks.generator.config.to_json()),
            "discriminator": json.dumps(self.networks.discriminator.config.to_json()),
            "counters": json.dumps(vars(self.counters)),
            "adam_steps": json.dumps({name: _steps(adam) for name, adam in self.optimizers.items()}),
            "recipe": json.dumps(self.recipe.to_json()),
        }
        return storage.save_tensors(path, tensors, metadata)

    @classmethod
    def load(cls, path: Path, recipe: GanRecipe, device: torch.device) -> GanState:
        """Read a checkpoint.

        Args:
            path: What `save` wrote.
            recipe: Rates and weights of the losses to go on with; sizes come from the file.
            device: Where to train.

        Raises:
            FormatError: It is no such file, or it is damaged.
        """
        tensors, metadata = storage.load_tensors(path)
        if metadata.get("kind") != KIND:
            raise FormatError(f"{path} is not a checkpoint of training a generator.")
        generator = StyleGAN2(StyleGAN2Config.from_json(json.loads(metadata["generator"])))
        discriminator = Discriminator(DiscriminatorConfig.from_json(json.loads(metadata["discriminator"])))
        average = StyleGAN2(generator.config)
        modules = {"generator": generator, "average": average, "discriminator": discriminator}
        for prefix, module in modules.items():
            _fill(module, _under(tensors, prefix), path)
        state = cls(recipe, generator, discriminator, average=average, device=device)
        state.counters = replace(Counters(), **json.loads(metadata["counters"]))
        steps = json.loads(metadata.get("adam_steps", "{}"))
        for prefix, optimizer in state.optimizers.items():
            moments = _under(tensors, f"adam.{prefix}")
            taken = float(steps.get(prefix, state.counters.step))
            for name, weight in modules[prefix].named_parameters():
                if name in moments:
                    second = moments[name].to(weight.device, torch.float32)
                    optimizer.state[weight] = {
                        "step": torch.tensor(taken, device=weight.device),
                        "exp_avg": torch.zeros_like(weight),
                        "exp_avg_sq": second.contiguous(),
                    }
        return state


def _adam(weights: Iterable[Tensor], rate: float, lazy: float) -> torch.optim.Adam:
    """Adam without first moment; `lazy` corrects for the extra steps of a lazy penalty (Karras 2020)."""
    return torch.optim.Adam(weights, lr=rate * lazy, betas=(0.0, 0.99**lazy), eps=1e-8, fused=True)


def _steps(optimizer: torch.optim.Adam) -> int:
    """Steps that an optimizer has taken: fewer than the training's where it began anew."""
    return max((int(kept["step"]) for kept in optimizer.state.values()), default=0)


def _call(step: Callable[[], None]) -> None:
    step()


def _mean(gradients: list[Tensor | None]) -> Tensor | None:
    present = [gradient for gradient in gradients if gradient is not None]
    if not present:
        return None
    total = present[0] / len(gradients)
    for gradient in present[1:]:
        total.add_(gradient, alpha=1 / len(gradients))
    return torch.nan_to_num_(total, nan=0.0, posinf=1e5, neginf=-1e5)


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
