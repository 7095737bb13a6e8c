"""Second moments of vectors: uncentred, as rewriting a layer needs them, and centred, as distances do."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from inscape.errors import ShapeError
from inscape.statistics._base import Statistic, Values, same_size
from inscape.types import Array

_VECTORS_AT_ONCE = 1 << 14


def _vectors(values: Values, dims: int) -> Float[Tensor, "sample dim"]:
    vectors = torch.as_tensor(values).detach()
    if vectors.ndim == 4:
        vectors = vectors.permute(0, 2, 3, 1).reshape(-1, vectors.shape[1])
    if vectors.ndim != 2 or vectors.shape[1] != dims:
        raise ShapeError(
            f"Expected vectors [sample, dim] or maps [picture, dim, row, column] with {dims} dims, "
            f"got {tuple(vectors.shape)}."
        )
    return vectors


class SecondMoment(Statistic):
    """The uncentred second moment E[k k^T] of vectors k, as sums of A^T A in float64.

    Example:
        >>> second = SecondMoment(dims=512)
        >>> second.add(keys)                  # [sample, dim] or [picture, dim, row, column]
        >>> second.moment()

    Attributes:
        total: The sum of k k^T.
        count: Vectors added.
    """

    def __init__(self, dims: int) -> None:
        self.total: Float[Tensor, "dim dim"] = torch.zeros(dims, dims, dtype=torch.float64)
        self.count = 0

    def add(self, values: Values) -> None:
        """Add vectors `[sample, dim]`, or each position of maps `[picture, dim, row, column]`."""
        for part in _vectors(values, len(self.total)).split(_VECTORS_AT_ONCE):
            exact = part.double()
            self.total += (exact.T @ exact).cpu()
            self.count += len(part)

    def merge(self, other: SecondMoment) -> None:
        """Add what another one has gathered from other data."""
        same_size("dims", len(self.total), len(other.total))
        self.total += other.total
        self.count += other.count

    def moment(self) -> Float[Tensor, "dim dim"]:
        """E[k k^T], symmetric, in float64; zeros before anything is added."""
        return self.total / max(self.count, 1)

    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""
        return {"total": self.total.clone(), "count": torch.tensor(self.count)}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> SecondMoment:
        """The second moment that `state` was taken from."""
        second = cls(len(state["total"]))
        second.total, second.count = state["total"].clone(), int(state["count"])
        return second


class Covariance(Statistic):
    """Mean and covariance of vectors, in float64, merged as Chan, Golub and LeVeque (1979) do.

    Attributes:
        mean: By dimension.
        count: Vectors added.
    """

    def __init__(self, dims: int) -> None:
        self.mean: Float[Tensor, "dim"] = torch.zeros(dims, dtype=torch.float64)
        self._products: Float[Tensor, "dim dim"] = torch.zeros(dims, dims, dtype=torch.float64)
        self.count = 0

    @classmethod
    def of(cls, values: Tensor | Array) -> Covariance:
        """Mean and covariance of vectors `[sample, dim]`, or of each position of maps."""
        covariance = cls(values.shape[1])
        covariance.add(values)
        return covariance

    def add(self, values: Values) -> None:
        """Add vectors `[sample, dim]`, or each position of maps `[picture, dim, row, column]`."""
        for part in _vectors(values, len(self.mean)).split(_VECTORS_AT_ONCE):
            if len(part):
                exact = part.double().cpu()
                mean = exact.mean(dim=0)
                centred = exact - mean
                self._combine(mean, centred.T @ centred, len(part))

    def merge(self, other: Covariance) -> None:
        """Add what another one has gathered from other data."""
        same_size("dims", len(self.mean), len(other.mean))
        self._combine(other.mean, other._products, other.count)

    def _combine(self, mean: Float[Tensor, "dim"], products: Float[Tensor, "dim dim"], count: int) -> None:
        total = max(self.count + count, 1)
        step = mean - self.mean
        self.mean = self.mean + step * (count / total)
        self._products = self._products + products + torch.outer(step, step) * (self.count * count / total)
        self.count += count

    def covariance(self, *, unbiased: bool = True) -> Float[Tensor, "dim dim"]:
        """The covariance; zeros with fewer than two vectors.

        Args:
            unbiased: Divide by `count - 1` rather than `count`.
        """
        return self._products / max(self.count - unbiased, 1)

    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""
        return {
            "mean": self.mean.clone(),
            "products": self._products.clone(),
            "count": torch.tensor(self.count),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Covariance:
        """The covariance that `state` was taken from."""
        covariance = cls(len(state["mean"]))
        covariance.mean, covariance._products = state["mean"].clone(), state["products"].clone()
        covariance.count = int(state["count"])
        return covariance
