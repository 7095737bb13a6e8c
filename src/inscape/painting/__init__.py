"""Painting with units: brushes, edits from a region, and sessions that redraw only what changed."""

from inscape.painting.brush import Brush, concept_units
from inscape.painting.paint import paint
from inscape.painting.session import PaintSession, UnitActivity

__all__ = ["Brush", "PaintSession", "UnitActivity", "concept_units", "paint"]
