"""Between label maps, which number concepts through all planes, and a network's heads, one per plane.

A head has value 0 for "none" and counts the concepts of its own plane from 1. A concept with a parent (the
leaf of a door) is trusted only where its parent's plane says so: elsewhere its logits do not take part,
as in GAN Dissection (Bau et al., ICLR 2019), where parts are looked for inside their object only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inscape.errors import ConceptError, ShapeError, unknown_name

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor

    from inscape.concepts import Vocabulary


class Planes:
    """How the planes of a vocabulary map onto heads.

    Args:
        vocabulary: The concepts of the label maps.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.names = vocabulary.planes
        self._concepts = [[0, *map(vocabulary.index, vocabulary.in_plane(plane))] for plane in self.names]
        self.heads = tuple(len(concepts) for concepts in self._concepts)
        self._values = torch.zeros(len(self.names), 256, dtype=torch.uint8)
        for plane, concepts in enumerate(self._concepts):
            self._values[plane, concepts] = torch.arange(len(concepts), dtype=torch.uint8)
        self._owners = [self._owner(plane) for plane in range(len(self.names))]

    def _owner(self, plane: int) -> tuple[int, Tensor] | None:
        """The plane that owns this one, and `[owner value, value]` of 0 or minus infinity."""
        concepts = [self.vocabulary.concept(name) for name in self.vocabulary.in_plane(self.names[plane])]
        parents = [concept.parent for concept in concepts]
        known = [parent for parent in parents if parent is not None]
        if not known:
            return None
        owner = self.vocabulary.plane_of(known[0])
        if owner >= plane or any(self.vocabulary.plane_of(parent) != owner for parent in known):
            return None
        barred = torch.zeros(self.heads[owner], self.heads[plane])
        for value, parent in enumerate(parents, start=1):
            if parent is not None:
                barred[:, value] = -torch.inf
                barred[self._values[owner, self.vocabulary.index(parent)].long(), value] = 0
        return owner, barred

    def number(self, plane: str) -> int:
        """Which plane (counted from 0) has this name.

        Raises:
            ConceptError: There is no such plane; the message suggests near names.
        """
        if plane not in self.names:
            raise ConceptError(*unknown_name("plane", plane, self.names))
        return self.names.index(plane)

    def pack(self, labels: UInt8[Tensor, "b plane h w"]) -> UInt8[Tensor, "b plane h w"]:
        """Label maps as values of each head; a concept of another plane becomes none.

        Raises:
            ShapeError: The label maps have another number of planes.
        """
        self._check(labels)
        packed = [
            self._values[plane].to(labels.device)[labels[:, plane].long()] for plane in range(len(self.names))
        ]
        return torch.stack(packed, 1)

    def unpack(self, values: UInt8[Tensor, "b plane h w"]) -> UInt8[Tensor, "b plane h w"]:
        """The inverse of `pack`.

        Raises:
            ShapeError: There is another number of planes.
        """
        self._check(values)
        tables = [
            torch.tensor(concepts, dtype=torch.uint8, device=values.device) for concepts in self._concepts
        ]
        return torch.stack([table[values[:, plane].long()] for plane, table in enumerate(tables)], 1)

    def decide(self, logits: Float[Tensor, "b value h w"]) -> UInt8[Tensor, "b plane h w"]:
        """The likeliest concept of every pixel and plane, parts inside their owners only.

        Args:
            logits: Of all heads, one after another.

        Returns:
            Label maps.
        """
        rows = logits.permute(0, 2, 3, 1).split(self.heads, dim=-1)
        values: list[Tensor] = []
        for plane, scores in enumerate(rows):
            owned = self._owners[plane]
            if owned is not None:
                owner, barred = owned
                scores = scores + barred.to(scores)[values[owner]]
            values.append(scores.argmax(-1))
        return self.unpack(torch.stack(values, 1).to(torch.uint8))

    def probability(self, logits: Float[Tensor, "b value h w"], concept: str) -> Float[Tensor, "b h w"]:
        """How likely a concept is at every pixel, 0 to 1; a part is where its parent is as well.

        Args:
            logits: Of all heads, one after another.
            concept: Its name.

        Raises:
            ConceptError: There is no such concept.
        """
        index, number = self.vocabulary.index(concept), self.vocabulary.plane_of(concept)
        scores = logits.split(self.heads, 1)[number]
        likely: Tensor = scores.softmax(1)[:, int(self._values[number, index])]
        parent = self.vocabulary.concept(concept).parent
        if parent is None or self._owners[number] is None:
            return likely
        likely = likely * self.probability(logits, parent)
        return likely

    def _check(self, labels: Tensor) -> None:
        if labels.ndim != 4 or labels.shape[1] != len(self.names) or labels.dtype != torch.uint8:
            raise ShapeError(
                f"Label maps are uint8 [batch, {len(self.names)}, height, width] "
                f"({', '.join(self.names)}), got {labels.dtype} {list(labels.shape)}."
            )
