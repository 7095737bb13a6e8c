"""What verbs about facts share: which facts are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import ValueRangeError
from inscape.verbs._parameters import Option

if TYPE_CHECKING:
    from inscape.facts import Fact, Held
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress

SHIPPED = "shipped"
FactsFile = Annotated[
    str | None,
    Option("File of facts, of Inscape's form or CounterFact's, or `shipped` for those that ship."),
]
Count = Annotated[
    int | None, Option("Draw so many of the facts that the model holds. [default: all of them]"), Ge(1)
]


def facts_of(name: str) -> tuple[Fact, ...]:
    """The facts of a file.

    Raises:
        FormatError: It holds none.
    """
    from inscape.facts import read_facts, shipped_facts

    return (shipped_facts() if name == SHIPPED else read_facts(name)).facts


def held_of(
    model: LanguageModel, facts: tuple[Fact, ...], count: int | None, seed: int, progress: Progress
) -> Held:
    """The facts that a model holds; of a number of them drawn by seed, where one is asked for.

    Raises:
        ValueRangeError: It holds none of them, or fewer than are asked for.
    """
    import random

    from inscape.facts import Held, held_facts

    order = list(facts)
    if count is not None:
        random.Random(seed).shuffle(order)
    found, at = Held((), ()), 0
    while at < len(order) and (count is None or len(found.facts) < count):
        step = len(order) if count is None else max(16, count - len(found.facts))
        more = held_facts(model, order[at : at + step], progress=progress)
        found, at = Held(found.facts + more.facts, found.missed + more.missed), at + step
    wanted = 1 if count is None else count
    if len(found.facts) < wanted:
        raise ValueRangeError(
            f"{model.name!r} holds {len(found.facts)} of {len(order)} facts, and {wanted} are needed.",
            "A fact that a model does not hold can neither be edited nor judged.",
        )
    return Held(found.facts[: count or len(found.facts)], found.missed)
