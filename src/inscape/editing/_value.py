"""What every kind of edit is: a value, which is equal to another when its content is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

from inscape.storage import content_key
from inscape.types import JsonObject


class EditValue(ABC):
    """An edit that is known by its content."""

    @abstractmethod
    def to_json(self) -> JsonObject:
        """The content as JSON."""

    @cached_property
    def key(self) -> str:
        """A short key that changes when anything in the edit does."""
        return content_key(self.to_json())

    def __eq__(self, other: object) -> bool:
        """Edits are equal when their content is."""
        return isinstance(other, type(self)) and self.key == other.key

    def __hash__(self) -> int:
        """Hash of the content."""
        return hash(self.key)
