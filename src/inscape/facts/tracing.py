"""Causal tracing: which states of a language model carry a fact (Meng et al., NeurIPS 2022, section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.errors import ValueRangeError
from inscape.facts.fact import Fact
from inscape.facts.held import object_tokens
from inscape.facts.records import shipped_facts
from inscape.facts.restoring import KINDS, Kind, NoisyRuns, Restoration
from inscape.progress import Progress, SilentProgress
from inscape.types import Array, JsonObject

if TYPE_CHECKING:
    from inscape.models.language import LanguageModel

_WINDOW = 6
"""A window is the sixth part of the blocks; the paper's is 10 of 48."""
_PILOT = 2
"""Runs that every state is put back in."""
_STILL = 0.02
"""A state that changes the probability by no more in any of them is left at that."""


@dataclass(frozen=True)
class TraceSettings:
    """How a fact is traced.

    Attributes:
        noise: Standard deviation of the noise on the subject, in those of the embeddings of subjects.
        runs: Noisy runs that are averaged.
        window: Blocks whose MLPs, or attention, are put back together around each block; a sixth of all
            blocks unless given.
        seed: Of the noise.
    """

    noise: float = 3.0
    runs: int = 10
    window: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be traced with.

        Raises:
            ValueRangeError: A number is too small.
        """
        if not 0 < self.noise < float("inf"):
            raise ValueRangeError(f"The noise of a trace must be above 0, got {self.noise}.")
        for what, number in (("runs", self.runs), ("blocks in a window", self.window)):
            if number is not None and number < 1:
                raise ValueRangeError(f"The number of {what} must be at least 1, got {number}.")


@dataclass(frozen=True)
class Trace:
    """What was found.

    Attributes:
        tokens: The prompt's, as text.
        subject: The first and the last token of the subject.
        answer: The token whose probability was followed, as text.
        said: The token that the model says itself.
        clean: Its probability.
        corrupted: Its probability with noise on the subject, mean over the runs.
        effect: By kind of state, and at [token, layer], by how much the mean probability rises above
            `corrupted` when that state is put back.
        window: Blocks that were put back together, of MLPs and of attention.
    """

    tokens: tuple[str, ...]
    subject: tuple[int, int]
    answer: str
    said: str
    clean: float
    corrupted: float
    effect: Mapping[Kind, Array]
    window: int

    def to_json(self) -> JsonObject:
        """The document that `inscape fact trace --json` prints."""
        return {
            "tokens": list(self.tokens),
            "subject": list(self.subject),
            "clean": self.clean,
            "corrupted": self.corrupted,
            "effect": {kind: self.effect[kind].tolist() for kind in KINDS},
            "window": self.window,
        }

    def peak(self, kind: Kind) -> tuple[int, int, float]:
        """Token and layer where putting back does most, and the effect there."""
        values = self.effect[kind]
        token, layer = np.unravel_index(int(values.argmax()), values.shape)
        return int(token), int(layer), float(values[token, layer])


def trace(
    model: LanguageModel,
    fact: Fact,
    settings: TraceSettings | None = None,
    *,
    progress: Progress | None = None,
) -> Trace:
    """Find the states that carry a fact.

    Noise on the subject hides the fact. A state of the clean run that is put back, at one token and in one
    layer, brings some of it back.

    Args:
        model: The model.
        fact: Its prompt and subject. The first token of the true object is followed; where the fact has none,
            the token that the model says itself.
        settings: How.
        progress: Shows it, and stops it between blocks.

    Raises:
        ValueRangeError: The prompt is longer than the model reads at once.
        UnsupportedError: The model came without a tokenizer, or its network only runs as a whole.
    """
    settings, blocks = settings or TraceSettings(), len(model.parts.blocks)
    window = min(blocks, settings.window or max(1, blocks // _WINDOW))
    encoded = model.encode(fact.text)
    first, last = encoded.covering(*fact.span)
    runs = noisy_runs(model, fact, settings)
    count = len(encoded.tokens)
    cells = [
        Restoration(kind, (token,), _blocks(kind, layer, window, blocks))
        for kind in KINDS
        for token in range(first, count)  # before the subject, the noisy runs are as the clean one
        for layer in range(blocks)
    ]
    found = _effects(runs, cells, progress or SilentProgress())
    effect = {kind: np.zeros((count, blocks)) for kind in KINDS}
    for kind, values in zip(KINDS, found.reshape(len(KINDS), -1, blocks), strict=True):
        effect[kind][first:] = values
    return Trace(
        tuple(model.texts(fact.text)),
        (first, last),
        model.decode([runs.answer]),
        model.decode([runs.said]),
        runs.clean,
        float(runs.corrupted.double().mean()),
        effect,
        window,
    )


def _effects(runs: NoisyRuns, cells: Sequence[Restoration], progress: Progress) -> Array:
    """By how much the probability rises with each cell.

    Few states carry a fact. Cells that change next to nothing in the first runs are not run further: their
    mean is known well enough.
    """
    count = len(runs.corrupted)
    parts = [range(min(count, _PILOT)), range(min(count, _PILOT), count)]
    sums, made = torch.zeros(len(cells), dtype=torch.float64), torch.zeros(len(cells), dtype=torch.float64)
    left = list(range(len(cells)))
    for part, name in zip(parts, ("trace", "trace further"), strict=True):
        if not part:
            break
        with progress.task(name, len(left), "states") as task:
            rises = runs.restored([cells[number] for number in left], part, task) - runs.corrupted[part]
        sums[left] += rises.double().sum(1)
        made[left] += len(part)
        left = [number for number, moved in zip(left, rises.abs().amax(1), strict=True) if moved > _STILL]
    found: Array = (sums / made).numpy()
    return found


def noisy_runs(model: LanguageModel, fact: Fact, settings: TraceSettings) -> NoisyRuns:
    """The clean run of a fact's prompt, and those with noise on its subject; errors are those of `trace`."""
    encoded = model.encode(fact.text)
    first, last = encoded.covering(*fact.span)
    drawn = np.random.RandomState(settings.seed).standard_normal(
        (settings.runs, last + 1 - first, model.decoder.config.width)
    )
    noise = torch.from_numpy(drawn).float().to(model.device) * (settings.noise * subject_spread(model))
    answer = object_tokens(model, fact.text, fact.true)[0] if fact.true else None
    return NoisyRuns(model, encoded.tokens, first, noise, answer)


def subject_spread(model: LanguageModel) -> float:
    """Standard deviation of all numbers in the embeddings of tokens of subjects: those of shipped facts."""
    subjects = dict.fromkeys(fact.subject for fact in shipped_facts())
    tokens = [token for subject in subjects for token in model.encode(subject).tokens]
    return float(model.decoder.embedding.weight[tokens].std())


def _blocks(kind: Kind, layer: int, window: int, blocks: int) -> tuple[int, int]:
    """The blocks that are put back around one."""
    if kind == "hidden":
        return layer, layer + 1
    return max(0, layer - window // 2), min(blocks, layer + (window + 1) // 2)
