"""Fine-tuning of one MLP's last projection on facts, for comparison.

FT follows the gradient of −log P(object) of the prompt alone; FT+L (Zhu et al., 2020) keeps every weight
within a limit of what it was. Both as ROME's code has them (Meng et al., NeurIPS 2022, appendix E.1): Adam,
at most 25 steps. What lies below the projection is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from inscape.activations import record
from inscape.errors import ValueRangeError
from inscape.facts.anchored import LinedUp, line
from inscape.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.facts.fact import Fact
    from inscape.models.language import LanguageModel


@dataclass(frozen=True)
class TuningSettings:
    """How it is fine-tuned.

    Attributes:
        steps: The most steps of Adam.
        rate: Of Adam.
        enough: The mean of −log P(object) at which to stop.
        limit: How far a weight may go from what it was; any unless given.
    """

    steps: int = 25
    rate: float = 5e-4
    enough: float = 0.01
    limit: float | None = None

    def __post_init__(self) -> None:
        """Refuse what changes nothing.

        Raises:
            ValueRangeError: A number is not positive.
        """
        if min(self.steps, self.rate, self.enough, self.limit if self.limit is not None else 1) <= 0:
            raise ValueRangeError("Steps, rate, loss and limit of fine-tuning must be above 0.")


def fine_tuned(
    model: LanguageModel,
    facts: Sequence[Fact],
    block: int,
    settings: TuningSettings,
    *,
    alone: bool = False,
    progress: Progress | None = None,
) -> Float[Tensor, "_ output input"]:
    """What is added to the weights of an MLP's last projection.

    Args:
        model: The model, with the edits that are on it.
        facts: With their new objects.
        block: Number of the block.
        settings: How.
        alone: A change for each fact alone; otherwise one for all together.
        progress: Shows it, and stops it between steps.

    Raises:
        ValueRangeError: A prompt is longer than the model reads at once.
    """
    decoder, part = model.decoder, model.parts.blocks[block]
    lines = [line(model, fact.text, fact.span, fact.new) for fact in facts]
    batch = LinedUp.of(model, lines)
    with torch.no_grad(), record(model, part.neurons) as seen:
        reading = decoder.reading(batch.tokens, batch.valid)
        below = decoder.through(decoder.embed(batch.tokens, reading), reading, last=block + 1)
        keys = seen.outputs[part.neurons]
    places: list[tuple[int, int]] = []
    wanted: list[int] = []
    for row, each in enumerate(lines):
        end = batch.start + len(each.tokens) - each.last
        places += [(row, end - back) for back in range(len(each.wanted), 0, -1)]
        wanted += each.wanted
    rows, columns = torch.tensor(places, device=model.device).t()
    share = 1 / torch.bincount(rows)[rows]
    change = torch.zeros(len(facts) if alone else 1, below.shape[-1], keys.shape[-1], device=model.device)
    adam = torch.optim.Adam([change.requires_grad_()], lr=settings.rate)
    with (progress or SilentProgress()).task("fine-tuning", settings.steps, "steps") as task:
        for _ in range(settings.steps):
            x = decoder.through(below + keys @ change.transpose(1, 2), reading, first=block + 1)
            found = decoder.logits(x[rows, columns]).log_softmax(-1)
            missing = -found[torch.arange(len(wanted)), wanted] * share
            losses = missing.new_zeros(len(facts)).index_add(0, rows, missing)
            losses = losses if alone else losses.mean(0, keepdim=True)
            left = losses.detach() >= settings.enough
            if not bool(left.any()):
                break
            adam.zero_grad()
            losses.sum().backward()
            before, limit = change.detach().clone(), settings.limit or float("inf")
            adam.step()
            with torch.no_grad():
                change.clamp_(-limit, limit)
                change[~left] = before[~left]
            task.advance()
    return change.detach()
