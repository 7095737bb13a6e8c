"""The result of reading a file, the same for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inscape.types import JsonObject

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

    from inscape.models.card import Card


@dataclass(frozen=True)
class Found:
    """A network in a file.

    Attributes:
        architecture: Which one it is, by the name that cards use.
        config: Its sizes, as a card has them.
        tensors: Its weights under our names. Each is a view of the file in the shape that we use: what is
            written into it goes into the file's place.
        gains: What the file's numbers are larger by, where they are.
        source: Where such files come from, for the card.
        average_missing: Whether the file has no average of w.
        note: What the file does not say, and what was taken instead; empty where there is nothing to say.
        absent: Names of those weights that are not in the file, and have a default instead.
        card: The card, where the file carries it; a network without one is taken for a generator.
        tokenizer: Of a language model, where the file has one.
        halves: Names of those weights that the file holds as float16, though they are more precise here.
    """

    architecture: str
    config: JsonObject
    tensors: Mapping[str, Tensor]
    source: str
    gains: Mapping[str, float] = field(default_factory=dict)
    average_missing: bool = False
    note: str = ""
    absent: frozenset[str] = frozenset()
    card: Card | None = None
    tokenizer: Tokenizer | None = None
    halves: frozenset[str] = frozenset()

    def weights(self) -> dict[str, Tensor]:
        """The weights without those gains."""
        return {
            name: tensor / self.gains[name] if name in self.gains else tensor
            for name, tensor in self.tensors.items()
        }
