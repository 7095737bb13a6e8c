"""Texts of facts, lined up at the last token of their subjects, and run from a block on.

What an edit of an MLP adds at that token changes that token and those behind it, above the block. Everything
else is computed once: the hidden states behind the block, and the keys and values of the tokens before.

Letters of shapes: r rows, t tokens from the subject's last on, d units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from inscape.activations import record
from inscape.errors import ValueRangeError
from inscape.models.architectures.decoder import Cache

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from inscape.models.language import LanguageModel


_BATCH = 32


@dataclass(frozen=True)
class Line:
    """A text about a subject.

    Attributes:
        tokens: Its tokens, those included that are to follow, without the last.
        last: Where the last token of the subject is.
        wanted: The tokens that are to follow, at the end; none where only what comes next counts.
    """

    tokens: tuple[int, ...]
    last: int
    wanted: tuple[int, ...] = ()


def line(model: LanguageModel, text: str, span: tuple[int, int], wanted: str = "") -> Line:
    """A text about a subject as tokens.

    Args:
        model: The model.
        text: The text.
        span: The characters that are the subject, first and end.
        wanted: What is to follow, without the space before it; "" for nothing.

    Raises:
        ValueRangeError: No token holds the subject, or what is wanted.
    """
    found = model.encode(f"{text} {wanted}" if wanted else text)
    last = found.covering(*span)[1]
    if not wanted:
        return Line(found.tokens, last)
    first = found.covering(len(text), len(text) + 1 + len(wanted))[0]
    if first <= last:
        raise ValueRangeError(
            f"In {text!r} one token holds the end of the subject and the begin of {wanted!r}, so that no "
            "edit at the subject can tell them apart.",
            "Write the prompt so that words stand between them.",
        )
    return Line(found.tokens[:-1], last, found.tokens[first:])


@dataclass(frozen=True)
class LinedUp:
    """Lines as one batch, the last tokens of their subjects at one place.

    Attributes:
        tokens: Filled up with 0 on both sides.
        valid: Which of them are a line's.
        start: Where the last tokens of the subjects are.
    """

    tokens: Int[Tensor, "r _"]
    valid: Bool[Tensor, "r _"]
    start: int

    @classmethod
    def of(cls, model: LanguageModel, lines: Sequence[Line]) -> LinedUp:
        """The batch of at least one line, on the device of the model."""
        start = max(each.last for each in lines)
        behind = max(len(each.tokens) - each.last for each in lines)
        tokens = torch.zeros(len(lines), start + behind, dtype=torch.int64)
        valid = torch.zeros_like(tokens, dtype=torch.bool)
        for row, each in enumerate(lines):
            place = slice(start - each.last, start - each.last + len(each.tokens))
            tokens[row, place], valid[row, place] = torch.tensor(each.tokens), True
        return cls(tokens.to(model.device), valid.to(model.device), start)


def at_subject(
    model: LanguageModel, lines: Sequence[Line], block: int, above: int
) -> tuple[Float[Tensor, "r units"], Float[Tensor, "r d"]]:
    """The keys of the MLP of a block, and the hidden states behind another one, at the subjects.

    Args:
        model: The model, with the edits that are on it.
        lines: The texts.
        block: Whose last projection the keys go into.
        above: Number of the block behind which the hidden states are; at least `block`.
    """
    found, name = [], model.parts.blocks[block].neurons
    for first in range(0, len(lines), _BATCH):
        batch = LinedUp.of(model, lines[first : first + _BATCH])
        with torch.no_grad(), record(model, name) as seen:
            reading = model.decoder.reading(batch.tokens, batch.valid)
            x = model.decoder.through(model.decoder.embed(batch.tokens, reading), reading, last=above + 1)
        found.append((seen.outputs[name][:, batch.start].clone(), x[:, batch.start].clone()))
    keys, hidden = zip(*found, strict=True)
    return torch.cat(keys), torch.cat(hidden)


class AnchoredRows:
    """Lines, read up to a block, that can be run on with something added at the subject.

    Args:
        model: The model.
        lines: The texts; at least one.
        block: Number of the block whose MLP adds it.

    Attributes:
        keys: What goes into the MLP's last projection at the subject, `[r, units]`.
        values: What comes out there, `[r, d]`.
    """

    def __init__(self, model: LanguageModel, lines: Sequence[Line], block: int) -> None:
        self._decoder, self._block = model.decoder, block
        part, device = model.parts.blocks[block], model.device
        lengths = torch.tensor([len(each.tokens) for each in lines], device=device)
        texts = torch.arange(len(lines), device=device).repeat_interleave(lengths)
        begins = lengths.cumsum(0) - lengths
        positions = torch.arange(len(texts), device=device) - begins[texts]
        tokens = torch.tensor([token for each in lines for token in each.tokens], device=device)
        lasts = torch.tensor([each.last for each in lines], device=device)
        with torch.no_grad(), record(model, [part.neurons, part.down]) as seen:
            reading = self._decoder.packed((texts, positions))
            x = self._decoder.embed(tokens[None], reading)
            x = self._decoder.through(x, reading, last=block + 1)
            self.keys: Float[Tensor, "r units"] = seen.outputs[part.neurons][0, begins + lasts].clone()
            self.values: Float[Tensor, "r d"] = seen.outputs[part.down][0, begins + lasts].clone()
        tail = positions >= lasts[texts]
        self._tail, self._places = x[0, tail], (texts[tail], positions[tail])
        self._cached = texts[~tail], positions[~tail]
        self._before = self._above(x[:, ~tail])

    @torch.no_grad()
    def _above(self, x: Float[Tensor, "1 _ d"]) -> dict[int, tuple[Tensor, Tensor]]:
        """Keys and values of the tokens before the subjects' last, in the blocks above."""
        cache = Cache()
        if x.shape[1]:
            self._decoder.through(x, self._decoder.packed(self._cached, cache=cache), first=self._block + 1)
        return cache.pairs

    def positions(self, row: int, line: Line) -> list[tuple[int, int]]:
        """Row, and token counted from the subject's last, behind which each wanted token is read.

        Behind the last token where none is wanted.
        """
        end = len(line.tokens) - 1 - line.last
        return [(row, end - back) for back in range(max(1, len(line.wanted)) - 1, -1, -1)]

    def log_probabilities(
        self, added: Float[Tensor, "r d"], where: Int[Tensor, "_ 2"]
    ) -> Float[Tensor, "_ word"]:
        """Logarithms of the next token's probabilities, with something added at the subject.

        Args:
            added: To the hidden states behind the block, in each row.
            where: Rows and tokens, from `positions`.
        """
        cache = Cache()
        cache.pairs = dict(self._before)
        cached = self._cached if self._before else None
        reading = self._decoder.packed(self._places, cached, cache)
        firsts = self._firsts()
        x = self._tail.index_add(0, firsts, added)[None]
        x = self._decoder.through(x, reading, first=self._block + 1)[0]
        return self._decoder.logits(x[firsts[where[:, 0]] + where[:, 1]]).log_softmax(-1)

    def _firsts(self) -> Int[Tensor, "r"]:
        """Where the subjects' last tokens are in the tails, which lie behind each other."""
        lengths = torch.bincount(self._places[0])
        return lengths.cumsum(0) - lengths

    def keep(self, rows: Bool[Tensor, "r"]) -> None:
        """Go on with some of the rows."""
        numbers = rows.cumsum(0) - 1
        (own, positions), (other, earlier) = self._places, self._cached
        tail, before = rows[own], rows[other]
        self._places = numbers[own[tail]], positions[tail]
        self._cached = numbers[other[before]], earlier[before]
        self._tail = self._tail[tail]
        self._before = {
            number: (keys[:, :, before], values[:, :, before])
            for number, (keys, values) in self._before.items()
        }
        self.keys, self.values = self.keys[rows], self.values[rows]
