"""The outdoor world."""

from inscape.scenes.town.town import Town

__all__ = ["Town"]
