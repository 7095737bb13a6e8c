"""A goal on the box of what was pasted alone: the one that the authors' solver of a rule sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from inscape.rewriting.goals import Goal, bounds
from inscape.rewriting.memory import LayerMemory, Reading

if TYPE_CHECKING:
    from torch import Tensor


def cropped(memory: LayerMemory, goal: Goal) -> Goal:
    """What the authors minimize (`tight_paste`): keys, values and noise of the pasted box, zeros around it.

    Every position of the box counts alike, whatever the copied mask says, and nothing outside counts. The box
    grows to whole positions of the layer's input where the layer enlarges.

    Args:
        memory: The layer.
        goal: A paste.

    Returns:
        The goal on the box. The goal as it is, where nothing is pasted or where no box of the layer's input
        belongs to a box of its values (tokens, strides, margins around the picture).
    """
    maps = [value for value in goal.reading.inputs if _is_map(value)]
    rows, columns = goal.reading.values.shape[2:]
    if not maps or memory.margin or not bool(goal.weight.any()):
        return goal
    if any(rows % value.shape[2] or columns % value.shape[3] for value in maps):
        return goal
    strides = [(rows // value.shape[2], columns // value.shape[3]) for value in maps]
    x, y, width, height = bounds(goal.weight)
    down, right = (max(stride[axis] for stride in strides) for axis in (0, 1))
    top, left, bottom, end = y // down * down, x // right * right, y + height, x + width
    box = slice(top, -(-bottom // down) * down), slice(left, -(-end // right) * right)
    size = rows, columns
    inputs = tuple(_cut(value, box, size) if _is_map(value) else value for value in goal.reading.inputs)
    with torch.no_grad():
        keys = memory.keys(inputs)
        values = memory.values(inputs, memory.linear(keys, memory.weight), memory.weight)
    target = goal.target[:, *box]
    if values.shape[1:] != target.shape:
        return goal
    reading = Reading(inputs, keys, values)
    return replace(goal, reading=reading, target=target, weight=torch.ones_like(target[0]), kept=None)


def _is_map(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim == 4 and value.shape[2:] != (1, 1)


def _cut(value: Tensor, box: tuple[slice, slice], size: tuple[int, int]) -> Tensor:
    down, right = size[0] // value.shape[2], size[1] // value.shape[3]
    rows, columns = box
    part = value[:, :, rows.start // down : rows.stop // down, columns.start // right : columns.stop // right]
    return part.contiguous()
