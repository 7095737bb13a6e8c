"""What an MLP has to add at a subject's last token so that a model says another object.

Locating and Editing Factual Associations in GPT (Meng et al., NeurIPS 2022, equation 4): the mean over
several texts of −log P(object), plus a divergence that keeps what the subject is, plus a decay. The vector is
added to what the MLP puts out in each text, and written at the keys of the same texts, so that keys and value
belong together (the fault that r-ROME mends, Gupta et al., 2024).

Facts are independent of each other, so several run as one batch; a fact that has reached its loss leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from inscape.errors import ValueRangeError
from inscape.facts.anchored import AnchoredRows, Line, line
from inscape.progress import Progress, SilentProgress, Task

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from inscape.facts.fact import Fact
    from inscape.models.language import LanguageModel

PREFIXES = ("", "The weather was cold.")
"""What stands before the prompt, so that the edit does not depend on it. Four were no better than two."""
_ESSENCE = "{} is a"
_BATCH = 8
_MOMENTUM, _MEMORY, _TINY = 0.5, 0.9, 1e-8


@dataclass(frozen=True)
class TargetSettings:
    """How the vector is looked for.

    Attributes:
        steps: The most steps.
        rate: Norm of the first step, as a fraction of what the MLP puts out.
        enough: The mean of −log P(object) at which to stop.
        essence: Weight of the divergence of what follows "{} is a".
        decay: Weight of the norm of the vector, by the squared norm of what the MLP puts out.
        most: The largest norm of the vector, in those of what the MLP puts out.
    """

    steps: int = 20
    rate: float = 0.6
    enough: float = 0.05
    essence: float = 0.0625
    decay: float = 0.5
    most: float = 4.0

    def __post_init__(self) -> None:
        """Refuse what finds nothing.

        Raises:
            ValueRangeError: A number is out of range.
        """
        if self.steps < 1:
            raise ValueRangeError(f"The number of steps must be at least 1, got {self.steps}.")
        for name in ("rate", "enough", "most"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueRangeError(f"`{name}` must be above 0, got {getattr(self, name)}.")


@dataclass(frozen=True)
class Target:
    """What is to be written for a fact.

    Attributes:
        fact: The fact.
        keys: The input of the MLP's last projection at the subject, in each of the texts.
        added: What its output is to have in addition, `[d]`.
        steps: Gradients that were taken.
        loss: Mean of −log P(object) before and at the end.
    """

    fact: Fact
    keys: Float[Tensor, "text units"]
    added: Float[Tensor, "d"]
    steps: int
    loss: tuple[float, float]


def fact_lines(model: LanguageModel, fact: Fact) -> list[Line]:
    """The prompt of a fact with its new object, behind each of the prefixes.

    Raises:
        ValueRangeError: There is no new object, or it cannot be told from the subject.
    """
    if not fact.new:
        raise ValueRangeError(
            f"The fact {fact.text!r} has no new object.", "Say what the model is to say instead."
        )
    lines = []
    for prefix in PREFIXES:
        before = f"{prefix} " if prefix else ""
        first, end = (len(before) + place for place in fact.span)
        lines.append(line(model, before + fact.text, (first, end), fact.new))
    return lines


def find_targets(
    model: LanguageModel,
    facts: Sequence[Fact],
    block: int,
    settings: TargetSettings | None = None,
    *,
    progress: Progress | None = None,
) -> list[Target]:
    """Find what the MLP of a block has to add for each of some facts, each alone.

    Args:
        model: The model, with the edits that are on it.
        facts: With their new objects.
        block: Number of the block.
        settings: How.
        progress: Shows it, and stops it between passes.

    Raises:
        ValueRangeError: A fact has no new object, or a prompt is longer than the model reads at once.
        UnsupportedError: The model came without a tokenizer, or its network only runs as a whole.
    """
    settings = settings or TargetSettings()
    lines = [fact_lines(model, fact) for fact in facts]
    order = sorted(range(len(facts)), key=lambda number: len(lines[number][0].tokens) - lines[number][0].last)
    found: dict[int, Target] = {}
    with (progress or SilentProgress()).task("targets", len(facts), "facts") as task:
        for start in range(0, len(order), _BATCH):
            numbers = order[start : start + _BATCH]
            search = _Search(model, [(facts[n], lines[n]) for n in numbers], block, settings)
            task.advance(0)
            for _ in range(settings.steps):
                task.advance(search.step(task))
                if not search.active:
                    break
            task.advance(search.give_up())
            found |= dict(zip(numbers, search.targets(), strict=True))
    return [found[number] for number in range(len(facts))]


class _Search:
    """The search for some facts at once.

    Letters of shapes: f facts that still run, r their rows, w wanted tokens, d units.
    """

    def __init__(
        self,
        model: LanguageModel,
        facts: Sequence[tuple[Fact, list[Line]]],
        block: int,
        settings: TargetSettings,
    ) -> None:
        self._settings, self._facts = settings, [fact for fact, _ in facts]
        self._lines: list[tuple[int, Line]] = []
        for number, (fact, lines) in enumerate(facts):
            essence = line(model, _ESSENCE.format(fact.subject), (0, len(fact.subject)))
            self._lines += [(number, each) for each in (*lines, essence)]
        self._rows = AnchoredRows(model, [each for _, each in self._lines], block)
        count, each = len(facts), len(PREFIXES) + 1
        keys, values = (
            part.unflatten(0, (count, each))[:, :-1] for part in (self._rows.keys, self._rows.values)
        )
        self._keys = keys
        self._size: Float[Tensor, "f"] = values.norm(dim=-1).mean(1)
        self.active = list(range(count))
        self._added = torch.zeros(count, values.shape[-1], device=values.device)
        self._mean, self._square = torch.zeros_like(self._added), torch.zeros_like(self._added)
        self._first: Tensor | None = None
        self._taken = 0
        self._loss: list[list[float]] = [[] for _ in range(count)]
        self._done: dict[int, tuple[Tensor, int]] = {}
        self._line_up()

    def _line_up(self) -> None:
        """Where the rows that still run are read, and which tokens they should give."""
        device = self._added.device
        places: list[tuple[int, int]] = []
        wanted: list[int] = []
        owners: list[int] = []
        essence: list[tuple[int, int]] = []
        for row, (number, each) in enumerate(self._lines):
            here = self._rows.positions(row, each)
            if each.wanted:
                places += here
                wanted += each.wanted
                owners += [self.active.index(number)] * len(here)
            else:
                essence += here
        self._where: Int[Tensor, "_ 2"] = torch.tensor(places + essence, device=device)
        self._wanted, self._owners = torch.tensor(wanted, device=device), torch.tensor(owners, device=device)
        self._of_row = torch.tensor([self.active.index(number) for number, _ in self._lines], device=device)

    def _losses(self, added: Float[Tensor, "f d"]) -> tuple[Float[Tensor, "f"], Float[Tensor, "f"]]:
        """−log P(object), and how far what the subject is has gone from what it was."""
        count, size = len(self._wanted), len(self.active)
        found = self._rows.log_probabilities(added[self._of_row], self._where)
        each = -found[torch.arange(count, device=added.device), self._wanted]
        missing = added.new_zeros(size).index_add(0, self._owners, each)
        essence = found[count:]
        if self._first is None:
            self._first = essence.detach()
        divergence = (self._first.exp() * (self._first - essence)).sum(-1)
        return missing / torch.bincount(self._owners, minlength=size), divergence

    def step(self, task: Task) -> int:
        """Take one step for each fact that has not reached its loss. Returns how many reached it now.

        Args:
            task: Asked between the pass forward and the pass back whether to stop.
        """
        by, added = self._settings, self._added.requires_grad_()
        missing, divergence = self._losses(added)
        task.advance(0)
        for number, value in zip(self.active, missing.tolist(), strict=True):
            self._loss[number].append(value)
        reached, before = missing.detach() < by.enough, added.detach().clone()
        if not bool(reached.all()):
            decay = by.decay * added.norm(dim=-1) / self._size.square()
            total = (missing + by.essence * divergence + decay).sum()
            (slope,) = torch.autograd.grad(total, added)
            self._move(slope)
        self._added = added.detach()
        self._added[reached] = before[reached]
        return self._leave(reached)

    @torch.no_grad()
    def _move(self, slope: Float[Tensor, "f d"]) -> None:
        """A step of Adam, scaled to the size of what the MLP puts out."""
        self._taken += 1
        self._mean = _MOMENTUM * self._mean + (1 - _MOMENTUM) * slope
        self._square = _MEMORY * self._square + (1 - _MEMORY) * slope.square()
        mean = self._mean / (1 - _MOMENTUM**self._taken)
        spread = (self._square / (1 - _MEMORY**self._taken)).sqrt() + _TINY
        scale = self._settings.rate * self._size / slope.shape[-1] ** 0.5
        moved = self._added - scale[:, None] * mean / spread
        norms = moved.norm(dim=-1, keepdim=True).clamp_min(_TINY)
        self._added.data = moved * (self._settings.most * self._size[:, None] / norms).clamp(max=1)

    def _leave(self, gone: Tensor) -> int:
        """Take facts out of the batch."""
        for place in gone.nonzero().flatten().tolist():
            self._done[self.active[place]] = self._added[place].clone(), self._taken
        if not bool(gone.any()):
            return 0
        stay = ~gone
        rows = stay[self._of_row]
        assert self._first is not None
        self.active = [number for number, stays in zip(self.active, stay.tolist(), strict=True) if stays]
        if self.active:
            self._rows.keep(rows)
            self._lines = [each for each, stays in zip(self._lines, rows.tolist(), strict=True) if stays]
            self._added, self._mean, self._square = (
                each[stay] for each in (self._added, self._mean, self._square)
            )
            self._size, self._first = self._size[stay], self._first[stay]
            self._line_up()
        return int(gone.sum())

    def give_up(self) -> int:
        """Take what there is for the facts that have not reached their loss. Returns how many."""
        if not self.active:
            return 0
        with torch.no_grad():
            for number, value in zip(self.active, self._losses(self._added)[0].tolist(), strict=True):
                self._loss[number].append(value)
        return self._leave(torch.ones(len(self.active), dtype=torch.bool, device=self._added.device))

    def targets(self) -> list[Target]:
        """What was found, in the order of the facts."""
        return [
            Target(fact, self._keys[number], *self._done[number], (losses[0], losses[-1]))
            for number, (fact, losses) in enumerate(zip(self._facts, self._loss, strict=True))
        ]
