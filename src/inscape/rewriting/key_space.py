"""Directions of a layer's keys that represent a context.

A direction responds to a context if its product with keys is large there and small elsewhere: the direction
is C⁻¹ k, with C the second moment of all keys (Bau et al., ECCV 2020, equation 10). For several keys and more
than one direction the paper whitens: with Z = C^(-1/2), the top right singular vectors of the rows w · Z k
span the context in whitened space, and Z takes them back; one key at rank 1 gives C⁻¹ k again.

Shapes: I inputs (size of a key), N keys, R rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inscape.editing.rule_settings import METHODS, Method
from inscape.errors import RegionError, ValueRangeError, unknown_name
from inscape.statistics import SecondMoment

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

LARGEST_RANK = 30
_FLOOR = 1e-6
_STANDS_OUT = 2.0
_NOTHING = 1e-12


class KeySpace:
    """The second moment of a layer's keys, and what follows from it, in float64.

    Args:
        second: The second moment, of more keys than a key has numbers.

    Raises:
        ValueRangeError: Too few keys were seen, or they were all zero or not finite.
    """

    def __init__(self, second: SecondMoment) -> None:
        moment = second.moment()
        self.width = len(moment)
        if not torch.isfinite(moment).all():
            raise ValueRangeError("The second moment of the keys is not finite. Check the weights for NaN.")
        if second.count < self.width:
            raise ValueRangeError(
                f"The second moment of {second.count} keys of {self.width} numbers is singular.",
                "Take more samples: at least as many places as a key has numbers.",
            )
        values, vectors = torch.linalg.eigh((moment + moment.t()) / 2)
        if values[-1] <= 0:
            raise ValueRangeError(
                "The second moment of the keys is zero: the input of this layer is always 0."
            )
        floored = values.clamp_min(_FLOOR * float(values[-1]))
        self.moment: Float[Tensor, "input input"] = moment
        self._values, self._vectors = values, vectors
        self._whitening: Float[Tensor, "input input"] = (vectors * floored.rsqrt()) @ vectors.t()

    def whitened(self, keys: Float[Tensor, "key input"]) -> Float[Tensor, "key input"]:
        """Z k for every key: in this space all keys together have the unit matrix as second moment."""
        return keys.double() @ self._whitening

    def scorer(self, keys: Float[Tensor, "key input"], weights: Float[Tensor, "key"]) -> Tensor:
        """The direction that finds the positions of a context: C⁻¹ of the weighted mean key.

        It is scaled so that a key of the context scores about 1, and any key 0 with a spread below it.
        """
        mean = weights.double() @ keys.double() / weights.double().sum()
        white = mean @ self._whitening
        return (white @ self._whitening / white.square().sum().clamp_min(1e-30)).float()

    def answering(self, keys: Float[Tensor, "key input"], ridge: float = 0.0) -> Float[Tensor, "key input"]:
        """For each key the row that a value is written along: (ridge + K C⁻¹ Kᵀ)⁻¹ K C⁻¹.

        It is the change of least reach: its product with its own key is 1 and with the others 0, as nearly as
        the ridge lets it, and with all keys that there are as small as can be. Of one key without a ridge, it
        is what ROME writes along (Meng et al., NeurIPS 2022, equation 2); of several, what MEMIT does (ICLR
        2023, equation 14), whose λ is the ridge.

        Args:
            keys: The keys.
            ridge: In mean squared lengths of the whitened keys.
        """
        rows: Tensor = _answers(self.whitened(keys), ridge) @ self._whitening
        return rows

    def answering_in_quiet(
        self, keys: Float[Tensor, "key input"], share: float, ridge: float = 0.0
    ) -> Float[Tensor, "key input"]:
        """As `answering`, with nothing along the strongest directions of all keys, and all others alike.

        AlphaEdit (Fang et al., ICLR 2025, equation 14) projects on the null space of C: the eigenvectors of
        small eigenvalues. Here those whose eigenvalues sum to a share of the whole.

        Args:
            keys: The keys.
            share: Of the second moment, above 0 and below 1.
            ridge: In mean squared lengths of the projected keys.

        Raises:
            ValueRangeError: The share is out of range.
        """
        if not 0 < share < 1:
            raise ValueRangeError(f"The share of the quiet directions lies between 0 and 1, got {share}.")
        strengths = self._values.clamp_min(0)
        basis = self._vectors[:, strengths.cumsum(0) <= share * strengths.sum()]
        rows: Tensor = _answers(keys.double() @ basis, ridge) @ basis.t()
        return rows

    def directions(
        self,
        keys: Float[Tensor, "key input"],
        weights: Float[Tensor, "key"],
        rank: int = 1,
        *,
        method: Method = "whitened",
        protected: Float[Tensor, "key input"] | None = None,
    ) -> Float[Tensor, "rank input"]:
        """Orthonormal directions that represent a context, the strongest first.

        Args:
            keys: Of the positions of the context.
            weights: How much each counts, from 0 to 1.
            rank: Number of directions; there are fewer where the context, or what protection leaves of it,
                has no more of its own.
            method: "whitened" is the paper's; "svd" takes the singular vectors of C⁻¹ k, an option of the
                authors' code; "mean" is the mean key, rank 1 (it also answers everything that is common);
                "units" are the single channels that are highest above their usual level.
            protected: Keys that must be answered as before: the directions keep out of the space in which
                these are, whitened, more than twice as strong as all keys are.

        Raises:
            RegionError: The context is empty.
            ValueRangeError: The rank is out of range, or what is protected leaves nothing.
        """
        limit = min(self.width, LARGEST_RANK)
        if method not in METHODS:
            raise ValueRangeError(*unknown_name("method for directions", method, METHODS))
        if not 1 <= rank <= limit:
            raise ValueRangeError(
                f"The rank of a rule lies between 1 and {limit} for keys of {self.width} numbers, got {rank}."
            )
        if method == "mean" and rank != 1:
            raise ValueRangeError("The mean key is one direction: its rank is 1.")
        counted = weights > 0
        if not bool(counted.any()):
            raise RegionError(
                "The context is empty: no place of the layer lies under it.", "Mark a larger one."
            )
        keys, weights = keys[counted].double(), weights[counted].double()
        ways = {
            "whitened": self._whitened_rows,
            "svd": self._svd_rows,
            "mean": self._mean_row,
            "units": self._unit_rows,
        }
        rows = ways[method](keys, weights, rank)
        rows = self._kept_out_of(rows, protected)
        return self._orthonormal(rows, weights @ keys).float()

    def _whitened_rows(self, keys: Tensor, weights: Tensor, rank: int) -> Tensor:
        return _strongest(weights[:, None] * (keys @ self._whitening), rank) @ self._whitening

    def _svd_rows(self, keys: Tensor, weights: Tensor, rank: int) -> Tensor:
        return _strongest(weights[:, None] * (keys @ self._whitening @ self._whitening), rank)

    def _mean_row(self, keys: Tensor, weights: Tensor, rank: int) -> Tensor:
        return (weights @ keys / weights.sum())[None]

    def _unit_rows(self, keys: Tensor, weights: Tensor, rank: int) -> Tensor:
        usual = self.moment.diagonal().clamp_min(1e-30)
        level = weights @ keys.square() / weights.sum() / usual
        return torch.eye(self.width, dtype=torch.float64)[level.topk(rank).indices]

    def _kept_out_of(self, rows: Tensor, protected: Tensor | None) -> Tensor:
        """The rows without what they have, in whitened space, of the protected keys."""
        if protected is None:
            return rows
        seen = self.whitened(protected)
        values, vectors = torch.linalg.eigh(seen.t() @ seen / len(seen))
        basis: Tensor = vectors[:, -max(1, int((values > _STANDS_OUT).sum())) :]
        white: Tensor = rows @ torch.linalg.inv(self._whitening)
        left = white - white @ basis @ basis.t()
        if float(left.norm()) < 1e-3 * float(white.norm()):
            raise ValueRangeError(
                "The protected keys span the whole context, so no direction is left.", "Protect less."
            )
        _, strengths, around = torch.linalg.svd(left, full_matrices=False)
        kept = int((strengths > 1e-3 * float(white.norm()) / len(white) ** 0.5).sum())
        if kept < len(left):  # to make them orthonormal would bring back what is protected
            left = around[:kept]
        return left @ self._whitening

    def _orthonormal(self, rows: Tensor, towards: Tensor) -> Tensor:
        basis: Tensor = torch.linalg.qr(rows.t())[0]
        signs = torch.where(basis.t() @ towards < 0, -1.0, 1.0).double()
        return basis.t() * signs[:, None]


def _answers(rows: Float[Tensor, "key part"], ridge: float) -> Float[Tensor, "key part"]:
    """(ridge + R Rᵀ)⁻¹ R: rows whose products with R's own are the unit matrix, as nearly as can be."""
    products = rows @ rows.t()
    size = float(products.diagonal().mean().clamp_min(1e-30))
    kept = (ridge + _NOTHING) * size  # two facts may have the same key
    answers: Tensor = torch.linalg.solve(products + kept * torch.eye(len(rows), dtype=rows.dtype), rows)
    return answers


def _strongest(rows: Float[Tensor, "key input"], rank: int) -> Float[Tensor, "rank input"]:
    """Their top right singular vectors, without those of value zero."""
    values, vectors = torch.linalg.eigh(rows.t() @ rows)
    there = int((values > _NOTHING * values[-1]).sum())  # the others know nothing of the context
    strongest: Tensor = vectors[:, -min(rank, there) :].flip(1).t()
    return strongest
