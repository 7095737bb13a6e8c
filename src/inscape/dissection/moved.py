"""Which units of a layer a targeted attack moves, and whether they are those that carry the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata

from inscape.activations import as_maps, record
from inscape.dissection.attacks import AttackOptions, attacked
from inscape.dissection.roles_report import AttackFinding
from inscape.sources.source import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.dissection._class_pictures import ClassPictures, ReadBatch

_SHUFFLES = 1000


class Moves(NamedTuple):
    """What attacks did.

    Attributes:
        changes: Change of the mean and of the largest value of every unit, `[picture, 2, unit]`.
        reached: Which attacked pictures are taken for the class.
        classes: What the attacked pictures are.
    """

    changes: NDArray[np.float64]
    reached: NDArray[np.bool_]
    classes: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: list[Moves]) -> Moves | None:
        """Those of several batches; None where there are none."""
        return cls(*(np.concatenate(each) for each in zip(*parts, strict=True))) if parts else None


def moves(
    pictures: ClassPictures, batch: ReadBatch, number: int, options: AttackOptions, most: int
) -> Moves | None:
    """Attack pictures of other classes; None where there are none.

    Args:
        pictures: What the batch is of.
        batch: Some pictures.
        number: The class that they should be taken for.
        options: How they are attacked.
        most: How many of them at most.
    """
    rows = np.flatnonzero(batch.known & (batch.classes != number))[:most]
    if not len(rows):
        return None
    index = torch.from_numpy(rows).to(batch.pictures.device)
    changed = attacked(pictures.model, batch.pictures[index].clone(), number, options)
    layer = pictures.layer
    with torch.inference_mode(), record(pictures.model, layer.name) as recorded:
        outputs = shown(pictures.model, changed)
    axes = layer.axes
    change = _values(as_maps(recorded.outputs[layer.name], axes)) - _values(
        as_maps(batch.resume.features[index], axes)
    )
    taken = outputs.argmax(1) == number
    return Moves(change.double().cpu().numpy(), taken.cpu().numpy(), batch.classes[rows])


def _values(maps: Tensor) -> Tensor:
    """Mean and largest value of every unit, `[picture, 2, unit]`."""
    flat = maps.flatten(2)
    return torch.stack([flat.mean(2), flat.amax(2)], 1)


def compare_moves(
    found: Moves, margins: NDArray[np.float64], number: int, options: AttackOptions, seed: int
) -> AttackFinding:
    """Compare how far units are moved with what they carry.

    Args:
        found: The moves.
        margins: How much of its lead each class loses without each unit, `[class, unit]`.
        number: The class that pictures were attacked towards.
        options: How.
        seed: Of the shuffles.
    """
    moved, peaks = np.abs(found.changes).mean(0)
    carried = margins.clip(0)
    both = carried[number] + carried[found.classes].mean(0)
    random = np.random.RandomState(seed % 2**32)
    ranks, ranked = _ranks(both), _ranks(moved)
    shuffled = np.stack([random.permutation(ranks) for _ in range(_SHUFFLES)]) @ ranked
    signed = found.changes[:, 0].mean(0)
    return AttackFinding(
        pictures=len(found.changes),
        size=options.size,
        reached=float(found.reached.mean()),
        correlation=float(ranks @ ranked),
        target=float(_ranks(carried[number]) @ ranked),
        peaks=float(ranks @ _ranks(peaks)),
        shuffled=float(np.mean(shuffled)),
        shuffled_high=float(np.quantile(np.abs(shuffled), 0.95)),
        moved=[(int(unit), float(moved[unit])) for unit in np.argsort(-moved, kind="stable")],
        signed=signed.tolist(),
        carried=both.tolist(),
    )


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of mean 0 and length 1: two of them multiply to Spearman's correlation. 0 where all are equal."""
    ranks = rankdata(values)
    ranks -= ranks.mean()
    length = float(np.linalg.norm(ranks))
    return ranks / length if length else ranks
