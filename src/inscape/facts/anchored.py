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
from inscape.models.architectures.decoder import Cache, Reading

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
        part, batch = model.parts.blocks[block], LinedUp.of(model, lines)
        self._tokens, self._valid, self._start = batch.tokens, batch.valid, batch.start
        with torch.no_grad(), record(model, [part.neurons, part.down]) as seen:
            reading = self._decoder.reading(self._tokens, self._valid)
            x = self._decoder.embed(self._tokens, reading)
            x = self._decoder.through(x, reading, last=block + 1)
            self.keys: Float[Tensor, "r units"] = seen.outputs[part.neurons][:, self._start].clone()
            self.values: Float[Tensor, "r d"] = seen.outputs[part.down][:, self._start].clone()
        self._tail = x[:, self._start :].clone()
        self._before = self._above(x[:, : self._start])

    @torch.no_grad()
    def _above(self, x: Float[Tensor, "r _ d"]) -> dict[int, tuple[Tensor, Tensor]]:
        """Keys and values of the tokens before the subject's last, in the blocks above."""
        if not self._start:
            return {}
        cache = Cache()
        reading = self._decoder.reading(self._tokens[:, : self._start], self._valid[:, : self._start], cache)
        self._decoder.through(x, reading, first=self._block + 1)
        return cache.pairs

    def positions(self, row: int, line: Line) -> list[tuple[int, int]]:
        """Row, and token counted from the subject's last, behind which each wanted token is read.

        Behind the last token where none is wanted.
        """
        end = len(line.tokens) - 1 - line.last
        return [(row, end - back) for back in range(max(1, len(line.wanted)) - 1, -1, -1)]

    def reading(self) -> Reading:
        """What the blocks above share in one run."""
        tokens, cache = self._tokens[:, self._start :], Cache()
        cache.pairs = dict(self._before)
        valid = self._valid if self._before else self._valid[:, self._start :]  # above the last is no block
        return self._decoder.reading(tokens, valid, cache)

    def log_probabilities(
        self, added: Float[Tensor, "r d"], where: Int[Tensor, "_ 2"]
    ) -> Float[Tensor, "_ word"]:
        """Logarithms of the next token's probabilities, with something added at the subject.

        Args:
            added: To the hidden states behind the block, in each row.
            where: Rows and tokens, from `positions`.
        """
        first = (self._tail[:, 0] + added)[:, None]
        x = self._decoder.through(
            torch.cat((first, self._tail[:, 1:]), 1), self.reading(), first=self._block + 1
        )
        return self._decoder.logits(x[where[:, 0], where[:, 1]]).log_softmax(-1)

    def keep(self, rows: Bool[Tensor, "r"]) -> None:
        """Go on with some of the rows."""
        self._tokens, self._valid, self._tail = self._tokens[rows], self._valid[rows], self._tail[rows]
        self.keys, self.values = self.keys[rows], self.values[rows]
        self._before = {number: (k[rows], v[rows]) for number, (k, v) in self._before.items()}
