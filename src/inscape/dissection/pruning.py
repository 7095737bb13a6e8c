"""Copies of a network without some of its weights (Han et al., NeurIPS 2015)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from inscape.errors import ValueRangeError
from inscape.models import Model

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Pruned:
    """A copy without some weights.

    Attributes:
        model: The copy.
        kept: Which weights remain, by the names of the network's parameters.
        share: Share of the weights that is gone.
    """

    model: Model
    kept: dict[str, Tensor]
    share: float

    @torch.no_grad()
    def hold(self) -> None:
        """Set what is gone to 0 again, as after a step of training."""
        for name, parameter in self.model.module.named_parameters():
            if name in self.kept:
                parameter.mul_(self.kept[name])


def pruned(model: Model, share: float, *, random: int | None = None) -> Pruned:
    """A copy of a model whose smallest weights are 0, over all its convolutions and linear maps together.

    Args:
        model: Stays as it is.
        share: How many of the weights go, from 0 to below 1. Biases and normalizations stay.
        random: A seed: random weights go instead, in each layer as many as of the smallest.

    Raises:
        ValueRangeError: The share is out of range.
    """
    if not 0 <= share < 1:
        raise ValueRangeError(f"A share of weights is from 0 to below 1, got {share:g}.")
    module = copy.deepcopy(model.module)
    weights = {
        f"{name}.weight": each.weight.detach()
        for name, each in module.named_modules()
        if isinstance(each, nn.Conv2d | nn.Linear)
    }
    flat = torch.cat([weight.abs().flatten() for weight in weights.values()])
    gone = round(share * len(flat))
    least = flat.sort(stable=True).values[gone - 1] if gone else flat.new_tensor(-1.0)
    kept = {name: (weight.abs() > least).to(weight.dtype) for name, weight in weights.items()}
    if random is not None:
        drawn = torch.Generator().manual_seed(random)
        kept = {name: _shuffled(mask, drawn) for name, mask in kept.items()}
    how = "pruned" if random is None else "pruned at random"
    card = model.card.model_copy(update={"name": f"{model.name}, {100 * share:g} % {how}"})
    found = Pruned(Model(module, card), kept, share)
    found.hold()
    return found


def _shuffled(mask: Tensor, drawn: torch.Generator) -> Tensor:
    order = torch.randperm(mask.numel(), generator=drawn).to(mask.device)
    return mask.flatten()[order].view_as(mask)
