"""How label maps are shuffled between pictures: blocks of pictures, and ways to deal label maps to them.

See `_shuffles` for what the shuffles are put together from. Where pictures form groups, label maps move only
inside a group: pictures of one group look alike, and a label map of another group would make chance too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

TABLES = 64
"""At most so many counts of a block in one way are held of each half."""

_PAIRS = 320  # of a picture and another one's label map, from which the shuffles of a half are put together
_WAYS = 3, 5  # at least, and at most: many for few pictures, whose blocks are worth more pairs

Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Dealing:
    """How the shuffles of one half of the pictures are put together.

    Attributes:
        groups: The pictures of each group, as numbers in the half; one group of all where there are none.
        blocks: The pictures of each block, likewise; round by round.
        ways: For each block the place in it whose label map each of its pictures gets, a row for each way.
        first: How many blocks the first round has.
        others: Pictures of the half that are in no block of the first round.
        picks: The way that each shuffle takes in each block; -1 in the rounds that it does not take part in.
        scale: What deviations are multiplied by.
    """

    groups: list[Numbers]
    blocks: list[Numbers]
    ways: list[Int[np.ndarray, "way picture"]]
    first: int
    others: Numbers
    picks: Int[np.ndarray, "shuffle block"]
    scale: float

    @property
    def grouped(self) -> bool:
        """Whether label maps stay inside groups."""
        return len(self.groups) > 1


def deal(
    random: np.random.Generator, shuffles: int, pictures: int, groups: Sequence[int] | None = None
) -> Dealing:
    """Draw the blocks, ways and picks of one half.

    Args:
        random: Draws them.
        shuffles: How many there are to be.
        pictures: Of the half.
        groups: The number of each picture's group; one group of all unless given.
    """
    number = np.zeros(pictures, dtype=np.intp) if groups is None else np.asarray(groups)
    members = [np.flatnonzero(number == each) for each in np.unique(number)]
    ways = max(1, min(pictures - 1, max(_WAYS[0], min(_WAYS[1], _PAIRS // pictures))))
    dealt = max(1, min(pictures, _PAIRS // ways))
    rounds = max(1, _PAIRS // (ways * dealt))
    size = max(ways + 1, -(-rounds * dealt * ways // TABLES))
    drawn = [_round(random, members, dealt, size) for _ in range(rounds)]
    first = min(map(len, drawn))
    pieces = [block for each in drawn for block in each[:first]]
    blocks = [np.concatenate(block) for block in pieces]
    dealt_ways = [_ways(random, [len(piece) for piece in block], ways) for block in pieces]
    mine = np.arange(len(blocks)) // first == random.integers(0, rounds, shuffles)[:, None]
    picks = np.where(mine, random.integers(0, ways, mine.shape), -1)
    spread = sum(_spread(each) for each in dealt_ways) / rounds
    scale = float(np.sqrt(sum(len(each) - 1 for each in members) / spread)) if spread > 0 else 0.0
    others = np.setdiff1d(np.arange(pictures), np.concatenate(blocks[:first]))
    return Dealing(members, blocks, dealt_ways, first, others, picks, scale)


def _round(random: np.random.Generator, groups: list[Numbers], dealt: int, size: int) -> list[list[Numbers]]:
    """The blocks of a round: pieces of groups, at least `size` pictures together, `dealt` in all."""
    pieces = []
    for members in groups:
        order = random.permutation(members)
        few = min(dealt, len(order))
        edges = [*range(0, max(1, few - size + 1), size), few]  # what is left joins the last piece
        pieces += [order[start:end] for start, end in pairwise(edges)]
    if len(groups) > 1:
        pieces = [pieces[place] for place in random.permutation(len(pieces))]
    blocks: list[list[Numbers]] = [[]]
    left = dealt
    for piece in pieces:
        if left <= 0:
            break
        if sum(map(len, blocks[-1])) >= size:
            blocks.append([])
        blocks[-1].append(piece)
        left -= len(piece)
    return blocks


def _ways(random: np.random.Generator, pieces: list[int], ways: int) -> Int[np.ndarray, "way picture"]:
    """Ways to deal the label maps of pieces that stand one behind the other: each is shifted in itself.

    No picture of a piece keeps its own label map while there are as many other shifts as ways. A smaller
    piece takes every shift, its own included, in turn: these have the variance of all its shuffles.
    """
    columns, start = [], 0
    for count in pieces:
        if count > ways:
            shifts = 1 + random.permutation(max(1, count - 1))[:ways]
        else:
            shifts = np.resize(random.permutation(count), ways)
        columns.append(start + (np.arange(count) - shifts[:, None]) % count)
        start += count
    return np.concatenate(columns, axis=1)


def _spread(ways: Int[np.ndarray, "way picture"]) -> float:
    """The variance of a pick among the ways of a block, in variances of one interaction."""
    pairs = np.sort(ways, axis=0)
    total = 0.0
    for column in pairs.T:
        _, counts = np.unique(column, return_counts=True)
        total += 1.0 - float(((counts / len(pairs)) ** 2).sum())
    return total
