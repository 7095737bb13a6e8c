"""The Fréchet distance between two sets of feature vectors."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from inscape.errors import ValueRangeError
from inscape.statistics._base import same_size
from inscape.statistics.second_moment import Covariance


def frechet_distance(first: Covariance, second: Covariance) -> float:
    """The squared Fréchet distance of two normal distributions.

    `|m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2))`, after Dowson and Landau (1982) and, for pictures,
    Heusel et al. (2017). The trace of the root is taken from the eigenvalues of `C1^(1/2) C2 C1^(1/2)`, which
    is symmetric, so that no complex numbers and no iteration come in.

    Args:
        first: Mean and covariance of one set.
        second: Of the other; the same dims.

    Returns:
        The squared distance, 0 or more, in squared units of the features.

    Raises:
        ValueRangeError: Other dims, or fewer than two vectors in a set.
    """
    same_size("dims", len(first.mean), len(second.mean))
    if min(first.count, second.count) < 2:
        raise ValueRangeError(
            f"A distance needs two vectors or more on each side, got {first.count} and {second.count}."
        )
    if not all(bool(torch.isfinite(each.mean).all()) for each in (first, second)):
        raise ValueRangeError("A distance needs finite vectors: some hold NaN or infinity.")
    one, two = first.covariance(), second.covariance()
    root = _root(one)
    shared = torch.linalg.eigvalsh(root @ two @ root).clamp(min=0).sqrt().sum()
    apart = (first.mean - second.mean).square().sum() + one.trace() + two.trace() - 2 * shared
    return max(0.0, float(apart))


def _root(matrix: Float[Tensor, "dim dim"]) -> Float[Tensor, "dim dim"]:
    """The symmetric root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
