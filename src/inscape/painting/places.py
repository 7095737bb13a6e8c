"""Where a concept may stand, and where it cannot: what brushes are taught and measured on.

A place is a box of cells on the grid of a layer. A world's rules are learned from its scenes alone: what
surrounds a concept there, and how high in the picture it stands. The generator has no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from inscape.dissection._values import cell_fractions
from inscape.errors import ConceptError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8
    from numpy.typing import NDArray

    from inscape.concepts import Vocabulary
    from inscape.scenes import World

ABSENT, PRESENT = 0.05, 0.3
"""A place has no object below the first fraction of its box, and shows one from the second on."""

_LEGAL, _ILLEGAL = 0.2, 0.005
"""Fractions of the real places that look less likely than any legal one, and than any forbidden one."""
_EXAMPLES = 6000
_FEWEST = 40
_WEIGHT_DECAY = 1e-3


@dataclass(frozen=True, eq=False)
class Places:
    """Places in pictures, by their upper left cell.

    Attributes:
        box: Rows and columns of every place, in cells.
        legal: Where the concept may stand, and is not yet.
        illegal: Where it cannot stand.
    """

    box: tuple[int, int]
    legal: Bool[np.ndarray, "picture row column"]
    illegal: Bool[np.ndarray, "picture row column"]


class PlaceRule(Protocol):
    """Tells legal places from forbidden ones by label maps."""

    @property
    def concept(self) -> str:
        """What may stand there, or not."""
        ...

    @property
    def box(self) -> tuple[int, int]:
        """Rows and columns of a place, in cells."""
        ...

    def places(self, labels: UInt8[np.ndarray, "picture plane height width"], grid: int) -> Places:
        """The places of pictures on a grid of `grid` by `grid` cells."""
        ...


@dataclass(frozen=True)
class StandingOn:
    """A concept may stand where another one covers most of the box.

    Attributes:
        concept: That is drawn.
        on: What it stands on. Every other concept of the same plane is no place for it.
        box: Rows and columns of a place, in cells.
        vocabulary: Of the label maps.
        most: The least fraction of a box that tells what it stands on.
    """

    concept: str
    on: str
    box: tuple[int, int]
    vocabulary: Vocabulary
    most: float = 0.7

    def __post_init__(self) -> None:
        """Check both names.

        Raises:
            ConceptError: The vocabulary lacks one, or they belong to different planes.
        """
        planes = {self.vocabulary.plane_of(name) for name in (self.concept, self.on)}
        if len(planes) > 1 or self.concept == self.on:
            raise ConceptError(
                f"A place for {self.concept!r} is another concept of the same plane, got {self.on!r}.",
                f"Name one of {', '.join(_others(self.vocabulary, self.concept))}.",
            )

    def places(self, labels: UInt8[np.ndarray, "picture plane height width"], grid: int) -> Places:
        """The places of pictures on a grid of `grid` by `grid` cells."""
        names = _others(self.vocabulary, self.concept)
        covered = _covered(labels, grid, self.vocabulary, (self.concept, *names), self.box)
        free = covered[0] < ABSENT
        most = covered[1:] >= self.most
        here = names.index(self.on)
        elsewhere = np.delete(most, here, axis=0).any(0)
        return Places(self.box, free & most[here], free & elsewhere)


@dataclass(frozen=True, eq=False)
class WorldRule:
    """Where a concept stands in the scenes of a world; see `learn_rule`.

    Attributes:
        concept: That is drawn.
        box: Rows and columns of a place, in cells: the concept's usual size in the scenes.
        names: The concepts of its plane, whose share beside a box counts.
        weights: Of a logistic regression on `_surroundings`, the constant last.
        mean: Of the surroundings in the scenes.
        deviation: Of them too.
        legal: The least logit of a legal place.
        illegal: The greatest logit of a place where it cannot stand.
        vocabulary: Of the label maps.
    """

    concept: str
    box: tuple[int, int]
    names: tuple[str, ...]
    weights: NDArray[np.float64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    legal: float
    illegal: float
    vocabulary: Vocabulary

    def places(self, labels: UInt8[np.ndarray, "picture plane height width"], grid: int) -> Places:
        """The places of pictures on a grid of `grid` by `grid` cells."""
        own = _covered(labels, grid, self.vocabulary, (self.concept,), self.box)[0]
        around = _surroundings(labels, grid, self.vocabulary, self.concept, self.names, self.box)
        logit = (around - self.mean) / self.deviation @ self.weights[:-1] + self.weights[-1]
        free = own < ABSENT
        return Places(self.box, free & (logit >= self.legal), free & (logit < self.illegal))


def learn_rule(
    world: World, concept: str, *, grid: int, size: int = 64, scenes: int = 1000, first_seed: int = 20_000_000
) -> WorldRule:
    """Learn from scenes where a concept stands.

    A logistic regression tells boxes that show the concept from boxes that do not, by what is left, right,
    above and below of them and by their height in the picture. What they hold themselves is not looked at.
    Its scores on boxes of other scenes that show the concept set the limits: four in five of them count as
    legal, and a place is forbidden that looks less likely than all but one in 200 of them.

    Args:
        world: The world.
        concept: One of its object plane.
        grid: Cells on each side of the layer's grid.
        size: Of the scenes, in pixels.
        scenes: How many are drawn.
        first_seed: Of the first.

    Raises:
        ConceptError: The world has no such concept, or its scenes show it in too few places.
    """
    vocabulary = world.vocabulary
    names = _others(vocabulary, concept)
    box = _usual_box(world, concept, grid, range(first_seed, first_seed + 200), size)
    _, labels = world.batch(range(first_seed, first_seed + scenes), size)
    own = _covered(labels, grid, vocabulary, (concept,), box)[0]
    around = _surroundings(labels, grid, vocabulary, concept, names, box)
    half = np.zeros(own.shape, dtype=bool)
    half[: scenes // 2] = True
    random = np.random.RandomState(first_seed % 2**32)
    shows, lacks = own >= PRESENT, own < ABSENT
    yes, no = (_some(around[kind & half], random) for kind in (shows, lacks))
    tested = _some(around[shows & ~half], random)
    if min(len(yes), len(no), len(tested)) < _FEWEST:
        raise ConceptError(
            f"The scenes of {world.name!r} show {concept!r} in too few places to learn where it stands: "
            f"{len(yes) + len(tested)} of at least {2 * _FEWEST}."
        )
    examples = np.concatenate([yes, no])
    mean, deviation = examples.mean(0), examples.std(0) + 1e-6
    targets = np.repeat([1.0, 0.0], [len(yes), len(no)])
    weights = _logistic((examples - mean) / deviation, targets)
    scores = (tested - mean) / deviation @ weights[:-1] + weights[-1]
    legal, illegal = np.quantile(scores, [_LEGAL, _ILLEGAL])
    return WorldRule(concept, box, names, weights, mean, deviation, float(legal), float(illegal), vocabulary)


def _others(vocabulary: Vocabulary, concept: str) -> tuple[str, ...]:
    plane = vocabulary.concept(concept).plane
    return tuple(name for name in vocabulary.in_plane(plane) if name != concept)


def _usual_box(world: World, concept: str, grid: int, seeds: range, size: int) -> tuple[int, int]:
    """The median size of a concept's objects, in cells, from 2 to a third of the grid."""
    heights, widths = [], []
    for seed in seeds:
        for one in world.scene(seed, size).objects:
            if one.concept == concept:
                left, top, right, bottom = one.box
                heights.append(bottom - top)
                widths.append(right - left)
    if not heights:
        return 3, 3
    sides = [round(float(np.median(side)) * grid) for side in (heights, widths)]
    rows, columns = (min(max(side, 2), grid // 3) for side in sides)
    return rows, columns


def _shares(
    labels: UInt8[np.ndarray, "picture plane height width"],
    grid: int,
    vocabulary: Vocabulary,
    names: tuple[str, ...],
) -> Float[np.ndarray, "concept picture row column"]:
    """Which fraction of each cell concepts cover."""
    plane = vocabulary.plane_of(names[0])
    cells = cell_fractions(labels[:, plane : plane + 1], (grid, grid), len(vocabulary))
    chosen = cells[[vocabulary.index(name) - 1 for name in names]]
    return chosen.reshape(len(names), len(labels), grid, grid)


def _box_sums(
    shares: Float[np.ndarray, "... row column"], box: tuple[int, int]
) -> Float[np.ndarray, "... row column"]:
    """Sums over every box that lies inside, by its upper left cell."""
    total = np.cumsum(np.cumsum(shares, -2, dtype=np.float64), -1)
    total = np.pad(total, [(0, 0)] * (shares.ndim - 2) + [(1, 0), (1, 0)])
    rows, columns = box
    result: NDArray[np.float64] = (
        total[..., rows:, columns:]
        - total[..., :-rows, columns:]
        - total[..., rows:, :-columns]
        + total[..., :-rows, :-columns]
    )
    return result


def _covered(
    labels: UInt8[np.ndarray, "picture plane height width"],
    grid: int,
    vocabulary: Vocabulary,
    names: tuple[str, ...],
    box: tuple[int, int],
) -> Float[np.ndarray, "concept picture row column"]:
    """Which fraction of every box concepts cover."""
    return _box_sums(_shares(labels, grid, vocabulary, names), box) / (box[0] * box[1])


def _surroundings(
    labels: UInt8[np.ndarray, "picture plane height width"],
    grid: int,
    vocabulary: Vocabulary,
    concept: str,
    names: tuple[str, ...],
    box: tuple[int, int],
) -> Float[np.ndarray, "picture row column feature"]:
    """What lies left, right, above and below of every box, and where its lower edge is.

    The strips are half as thick as the box, at least a cell. The concept itself is left out of them, as if
    it were not seen.
    """
    rows, columns = box
    beside, over = max(1, columns // 2), max(1, rows // 2)
    shares = _shares(labels, grid, vocabulary, (concept, *names))
    border = [(0, 0), (0, 0), (over, over), (beside, beside)]
    padded = np.pad(shares, border)
    tall, wide = grid - rows + 1, grid - columns + 1
    features = []
    strips = (
        ((rows, beside), over, 0),
        ((rows, beside), over, beside + columns),
        ((over, columns), 0, beside),
        ((over, columns), over + rows, beside),
    )
    for strip, down, right in strips:
        sums = _box_sums(padded, strip)[:, :, down : down + tall, right : right + wide]
        seen = strip[0] * strip[1] - sums[0]
        features.append(sums[1:] / np.maximum(seen, 0.5))
    bottom = np.broadcast_to(
        ((np.arange(tall) + rows) / grid)[None, None, :, None], (1, len(labels), tall, wide)
    )
    return np.concatenate([*features, bottom, bottom**2]).transpose(1, 2, 3, 0)


def _some(
    examples: Float[np.ndarray, "example feature"], random: np.random.RandomState
) -> Float[np.ndarray, "example feature"]:
    chosen = random.permutation(len(examples))[:_EXAMPLES]
    return examples[chosen]


def _logistic(
    examples: Float[np.ndarray, "example feature"], targets: Float[np.ndarray, "example"]
) -> Float[np.ndarray, "weight"]:
    """The weights of a logistic regression, the constant last; both classes count alike."""
    from scipy.optimize import minimize
    from scipy.special import expit

    inputs = np.concatenate([examples, np.ones((len(examples), 1))], axis=1)
    balance = np.where(targets > 0, 0.5 / targets.sum(), 0.5 / (1 - targets).sum())
    decay = np.full(inputs.shape[1], _WEIGHT_DECAY)
    decay[-1] = 0

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = inputs @ weights
        value = (balance * (np.logaddexp(0, logits) - targets * logits)).sum()
        gradient = inputs.T @ (balance * (expit(logits) - targets))
        return float(value + (decay * weights**2).sum() / 2), gradient + decay * weights

    found = minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x)
