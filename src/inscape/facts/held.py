"""Which facts a model holds: a fact that it does not hold can be neither traced nor edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inscape.facts.fact import Fact
from inscape.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from inscape.models.language import LanguageModel

_BATCH = 32


@dataclass(frozen=True)
class Held:
    """Facts, told apart by what a model says.

    Attributes:
        facts: Those that it holds: the most probable token behind the prompt is the first of the true object.
        missed: The others, each with the token that the model says instead.
    """

    facts: tuple[Fact, ...]
    missed: tuple[tuple[Fact, str], ...]

    def __str__(self) -> str:
        """How many of how many."""
        return f"{len(self.facts)} of {len(self.facts) + len(self.missed)} facts are held"


def object_tokens(model: LanguageModel, text: str, object: str) -> tuple[int, ...]:
    """The tokens of an object behind a text, with the space between them."""
    found = model.encode(f"{text} {object}")
    first, last = found.covering(len(text), len(text) + 1 + len(object))
    return found.tokens[first : last + 1]


def held_facts(model: LanguageModel, facts: Sequence[Fact], *, progress: Progress | None = None) -> Held:
    """Ask a model for facts, and keep those that it holds.

    Args:
        model: The model.
        facts: With their true objects.
        progress: Shows it, fact by fact.

    Raises:
        ValueRangeError: A fact has no true object, or a prompt is longer than the model reads at once.
        UnsupportedError: The model came without a tokenizer.
    """
    wanted = [object_tokens(model, fact.text, fact.needs_true())[0] for fact in facts]
    order = sorted(range(len(facts)), key=lambda number: len(facts[number].text))
    said: dict[int, int] = {}
    with (progress or SilentProgress()).task("facts", len(facts), "facts") as task:
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            tokens = model.next([facts[number].text for number in batch]).argmax(-1).tolist()
            said |= dict(zip(batch, tokens, strict=True))
            task.advance(len(batch))
    return Held(
        tuple(fact for number, fact in enumerate(facts) if said[number] == wanted[number]),
        tuple(
            (fact, model.decode([said[number]]))
            for number, fact in enumerate(facts)
            if said[number] != wanted[number]
        ),
    )
