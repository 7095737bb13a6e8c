"""What all statistics have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from inscape import storage
from inscape.errors import FormatError, ShapeError, ValueRangeError
from inscape.types import Array

S = TypeVar("S", bound="Statistic")
Values: TypeAlias = Tensor | ArrayLike
"""Numbers as callers have them: a tensor, an array, or lists of numbers."""


class Statistic(ABC):
    """Something counted or measured over data that come in parts.

    Attributes:
        count: How many samples (of overlap and top-k: pictures) have been added.
    """

    count: int

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""

    @classmethod
    @abstractmethod
    def from_state(cls: type[S], state: Mapping[str, Tensor]) -> S:
        """The statistic that `state` was taken from."""

    @abstractmethod
    def merge(self: S, other: S) -> None:
        """Add what another one has gathered from other data; the other stays as it is."""

    def save(self, path: Path | str) -> Path:
        """Write everything to one safetensors file atomically.

        Raises:
            StorageError: The folder cannot be written, or the disk is full.
        """
        return storage.save_tensors(path, self.state(), {"statistic": type(self).__name__})

    @classmethod
    def load(cls: type[S], path: Path | str) -> S:
        """Read what `save` has written.

        Raises:
            FormatError: The file is missing, damaged, or holds another statistic.
        """
        tensors, metadata = storage.load_tensors(path)
        if metadata.get("statistic") != cls.__name__:
            raise FormatError(
                f"{path} holds {metadata.get('statistic', 'no statistic')}, not {cls.__name__}."
            )
        return cls.from_state(tensors)


def array(values: object) -> Array:
    """A numpy view of a tensor or array."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype == torch.bfloat16 else values
        return values.numpy()
    return np.asarray(values)


def product(left: Array, right: Array) -> Array:
    """A matrix product by torch, whose threads sleep between products; those of numpy's library do not."""
    return torch.matmul(torch.from_numpy(left), torch.from_numpy(right)).numpy()


def unit_rows(values: Values, units: int) -> Float[np.ndarray, "unit sample"]:
    """Samples by unit, from `[sample, unit]` or `[picture, unit, row, column]`.

    Raises:
        ShapeError: Another number of axes or units.
        ValueRangeError: A value is not a finite number.
    """
    data = array(values)
    if data.ndim not in (2, 4) or data.shape[1] != units:
        raise ShapeError(
            f"Expected [sample, unit] or [picture, unit, row, column] with {units} units, got {data.shape}."
        )
    if data.size and not (np.isfinite(data.min()) and np.isfinite(data.max())):
        raise ValueRangeError("Values are finite numbers, got NaN or infinity.")
    return np.moveaxis(data, 1, 0).reshape(units, -1)


def same_size(name: str, mine: object, other: object) -> None:
    """Refuse to merge what does not belong together.

    Raises:
        ValueRangeError: The two differ.
    """
    if mine != other:
        raise ValueRangeError(f"Only statistics with the same {name} can be merged, got {mine} and {other}.")
