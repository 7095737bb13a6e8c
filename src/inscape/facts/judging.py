"""Judge edits of facts, as CounterFact does (Meng et al., NeurIPS 2022, section 3.3).

Efficacy, paraphrase and neighbourhood are the shares of prompts at which the model prefers the object that it
should: the new one on the fact's own prompt and its paraphrases, the true one on its neighbours. Beside each
stands by how much more probable that object is, on average. Fluency and perplexity are in `fluency`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.errors import ValueRangeError
from inscape.progress import Progress, SilentProgress
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.facts.fact import Fact
    from inscape.models.language import LanguageModel

_TOKENS = 64
"""Of one batch of prompts; a person can stop between batches."""
_RESAMPLES, _WITHIN = 2000, 0.95


@dataclass(frozen=True)
class Preference:
    """What a model prefers on some prompts of one fact.

    Attributes:
        share: Of the prompts, those at which the right object is more probable than the other.
        difference: Its probability less that of the other, mean over the prompts.
    """

    share: float
    difference: float


@dataclass(frozen=True)
class FactScores:
    """What a model prefers at one fact; None where the fact has no such prompts."""

    efficacy: Preference
    paraphrase: Preference | None
    neighbourhood: Preference | None


@dataclass(frozen=True)
class Measured:
    """A mean over facts.

    Attributes:
        mean: The mean; None where no fact has such prompts.
        interval: Where it lies with 95 % when facts are drawn anew (percentile bootstrap).
        difference: The mean difference of probabilities.
    """

    mean: float | None
    interval: tuple[float, float] | None
    difference: float | None


@dataclass(frozen=True)
class Judgement:
    """How an edit of facts did.

    Attributes:
        facts: How many.
        efficacy: On their own prompts.
        paraphrase: On prompts in other words.
        neighbourhood: On prompts about other subjects.
        score: The harmonic mean of the three; of those that there are.
        interval: Of the score.
    """

    facts: int
    efficacy: Measured
    paraphrase: Measured
    neighbourhood: Measured
    score: float
    interval: tuple[float, float]

    def to_json(self) -> JsonObject:
        """Means by name, and under `intervals` and `differences` what stands beside them."""
        parts = {name: getattr(self, name) for name in KINDS}
        return {
            "facts": self.facts,
            **{name: part.mean for name, part in parts.items()},
            "score": self.score,
            "intervals": {name: _listed(part.interval) for name, part in parts.items()}
            | {"score": list(self.interval)},
            "differences": {name: part.difference for name, part in parts.items()},
        }


KINDS = tuple(each.name for each in fields(FactScores))


def _listed(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else list(pair)


@dataclass(frozen=True)
class _Asked:
    """A prompt with an object, as tokens: what is read, and what should follow at its end."""

    tokens: tuple[int, ...]
    wanted: tuple[int, ...]


def scores(
    model: LanguageModel, facts: Sequence[Fact], *, progress: Progress | None = None
) -> list[FactScores]:
    """What a model prefers at each of some facts, with the edits that are on it.

    Args:
        model: The model.
        facts: With true and new objects.
        progress: Shows it, and stops it between batches.

    Raises:
        ValueRangeError: There are none, one lacks an object, or a prompt is longer than the model reads at
            once.
    """
    if not facts:
        raise ValueRangeError("A judgement needs at least one fact, got none.")
    asked = [list(_prompts(fact)) for fact in facts]
    pairs = [
        [_asked(model, prompt, each) for each in (right, other)]
        for kinds in asked
        for prompts in kinds
        for prompt, right, other in prompts
    ]
    logs = iter(_log_probabilities(model, [each for pair in pairs for each in pair], progress))

    def preference(prompts: Sequence[object]) -> Preference | None:
        found = [(next(logs), next(logs)) for _ in prompts]
        if not found:
            return None
        right, other = np.array(found, np.float64).T
        return Preference(float((right > other).mean()), float((np.exp(right) - np.exp(other)).mean()))

    def one(kinds: Sequence[Sequence[object]]) -> FactScores:
        efficacy, paraphrase, neighbourhood = map(preference, kinds)
        assert efficacy is not None
        return FactScores(efficacy, paraphrase, neighbourhood)

    return [one(kinds) for kinds in asked]


def summarized(found: Sequence[FactScores]) -> Judgement:
    """The means over facts, with intervals.

    Args:
        found: Of at least one fact.
    """
    columns: dict[str, list[Preference]] = {
        name: [part for each in found if (part := getattr(each, name)) is not None] for name in KINDS
    }
    shares = {name: np.array([part.share for part in column]) for name, column in columns.items()}
    drawn = np.random.RandomState(0)
    resampled = {name: _resampled(values, drawn) for name, values in shares.items() if len(values)}
    parts = {
        name: Measured(
            float(shares[name].mean()),
            _interval(resampled[name]),
            float(np.mean([part.difference for part in column])),
        )
        if column
        else Measured(None, None, None)
        for name, column in columns.items()
    }
    score = float(_harmonic([shares[name].mean() for name in resampled]))
    return Judgement(len(found), **parts, score=score, interval=_interval(_harmonic([*resampled.values()])))


def _prompts(fact: Fact) -> Iterator[list[tuple[str, str, str]]]:
    """Prompt, the object that it should have, and the other, of the three kinds."""
    true = fact.needs_true()
    if not fact.new:
        raise ValueRangeError(f"The fact {fact.text!r} has no new object to judge an edit by.")
    yield [(fact.text, fact.new, true)]
    yield [(text, fact.new, true) for text in fact.paraphrases]
    yield [(near.prompt, near.true, fact.new) for near in fact.neighbours if near.true != fact.new]


def _asked(model: LanguageModel, prompt: str, wanted: str) -> _Asked:
    found = model.encode(f"{prompt} {wanted}")
    first = found.covering(len(prompt), len(prompt) + 1 + len(wanted))[0]
    if not first:
        raise ValueRangeError(f"No token stands before {wanted!r} in {prompt!r}.")
    return _Asked(found.tokens[:-1], found.tokens[first:])


def _log_probabilities(
    model: LanguageModel, asked: Sequence[_Asked], progress: Progress | None
) -> NDArray[np.float64]:
    """The mean of log P of the tokens that should follow; what is read twice is run once."""
    places: dict[tuple[int, ...], list[int]] = {}
    for number, each in enumerate(asked):
        places.setdefault(each.tokens, []).append(number)
    rows, found = sorted(places, key=len), np.zeros(len(asked))
    with (progress or SilentProgress()).task("judging", len(rows), "prompts") as task:
        for batch in _batches(rows):
            where = [
                (row, len(tokens) - back, number, asked[number].wanted[-back])
                for row, tokens in enumerate(batch)
                for number in places[tokens]
                for back in range(len(asked[number].wanted), 0, -1)
            ]
            logs = _next(model, batch, [(row, column) for row, column, *_ in where])
            for log, (*_, number, token) in zip(logs, where, strict=True):
                found[number] += float(log[token]) / len(asked[number].wanted)
            task.advance(len(batch))
    return found


def _batches(rows: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    """Rows of about the same length together."""
    start = 0
    while start < len(rows):
        count = max(1, _TOKENS // len(rows[min(start + 32, len(rows) - 1)]))
        yield list(rows[start : start + count])
        start += count


def _next(
    model: LanguageModel, rows: Sequence[tuple[int, ...]], places: Sequence[tuple[int, int]]
) -> torch.Tensor:
    """Logarithms of the next token's probabilities, at some places."""
    decoder = model.decoder
    tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = torch.tensor(row)
    tokens = tokens.to(model.device)
    with torch.inference_mode():
        reading = decoder.reading(tokens)
        hidden = decoder.through(decoder.embed(tokens, reading), reading)
        row, column = torch.tensor(places, device=model.device).t()
        return decoder.logits(hidden[row, column]).log_softmax(-1).cpu()


def _harmonic(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    values = np.maximum(np.array(parts, np.float64), 1e-12)
    mean: NDArray[np.float64] = len(values) / (1 / values).sum(0)
    return mean


def _resampled(values: NDArray[np.float64], drawn: np.random.RandomState) -> NDArray[np.float64]:
    picked = drawn.randint(0, len(values), (_RESAMPLES, len(values)))
    means: NDArray[np.float64] = values[picked].mean(1)
    return means


def _interval(means: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - _WITHIN) / 2, (1 + _WITHIN) / 2])
    return float(low), float(high)
