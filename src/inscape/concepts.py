"""Concepts: the named classes of a segmenter or a world, the planes they stand in, and their parents.

Label maps hold them as numbers: uint8 `[plane, height, width]` with one concept per pixel and plane,
numbered through all planes from 1; 0 means none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inscape.errors import ConceptError, FormatError, unknown_name
from inscape.types import JsonMapping, JsonObject


@dataclass(frozen=True)
class Concept:
    """A named class.

    Args:
        name: Unique in its vocabulary: "tree", "door", "brick".
        plane: The label plane it stands in: "object", "part", "material".
        parent: For a part, the object that owns it.
    """

    name: str
    plane: str
    parent: str | None = None


class Vocabulary:
    """The concepts that label maps are written in.

    Args:
        concepts: In the order of their numbers; at most 255, all of a plane together or not.
    """

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self.concepts = tuple(concepts)
        self._index = {concept.name: number for number, concept in enumerate(self.concepts, start=1)}
        if len(self._index) != len(self.concepts):
            raise ConceptError("Two concepts of this vocabulary have the same name.")
        if len(self.concepts) > 255:
            raise ConceptError(f"A vocabulary holds at most 255 concepts, got {len(self.concepts)}.")
        self.planes = tuple(dict.fromkeys(concept.plane for concept in self.concepts))

    def __len__(self) -> int:
        """The number of label values: the concepts and 0."""
        return len(self.concepts) + 1

    def __eq__(self, other: object) -> bool:
        """Vocabularies are equal when their concepts are."""
        return isinstance(other, Vocabulary) and self.concepts == other.concepts

    def __hash__(self) -> int:
        """Hash of the concepts."""
        return hash(self.concepts)

    def __repr__(self) -> str:
        """The number of concepts and the planes."""
        return f"Vocabulary({len(self.concepts)} concepts in {', '.join(self.planes)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all concepts, in the order of their numbers."""
        return tuple(self._index)

    def index(self, name: str) -> int:
        """The number that stands for a concept in label maps.

        Raises:
            ConceptError: There is no such concept; the message suggests near names.
        """
        if name not in self._index:
            raise ConceptError(*unknown_name("concept", name, self.names))
        return self._index[name]

    def concept(self, name: str) -> Concept:
        """The concept of that name.

        Raises:
            ConceptError: There is no such concept.
        """
        return self.concepts[self.index(name) - 1]

    def plane_of(self, name: str) -> int:
        """Which plane of the label maps (counted from 0) a concept stands in."""
        return self.planes.index(self.concept(name).plane)

    def in_plane(self, plane: str) -> tuple[str, ...]:
        """The names of the concepts of one plane."""
        return tuple(concept.name for concept in self.concepts if concept.plane == plane)

    def to_json(self) -> list[JsonObject]:
        """A list of `{name, plane, parent}`."""
        return [{"name": c.name, "plane": c.plane, "parent": c.parent} for c in self.concepts]

    @classmethod
    def from_json(cls, rows: Iterable[JsonMapping]) -> Vocabulary:
        """Read what `to_json` wrote.

        Raises:
            FormatError: A row lacks its name or plane.
        """
        try:
            return cls(Concept(str(row["name"]), str(row["plane"]), row.get("parent")) for row in rows)
        except (KeyError, TypeError, AttributeError) as error:
            raise FormatError("A vocabulary is a list of objects with name, plane and parent.") from error
