"""Painting with units: brushes, edits from a region, and sessions that redraw only what changed."""

from inscape.painting.brush import Brush, concept_units
from inscape.painting.learned_brush import BrushScore, BrushSet, LearnedBrush, causal_brush
from inscape.painting.learning import BrushSearch, learn_brush
from inscape.painting.paint import paint
from inscape.painting.places import PlaceRule, Places, StandingOn, WorldRule, learn_rule
from inscape.painting.scoring import score_brush
from inscape.painting.session import PaintSession, UnitActivity

__all__ = [
    "Brush",
    "BrushScore",
    "BrushSearch",
    "BrushSet",
    "LearnedBrush",
    "PaintSession",
    "PlaceRule",
    "Places",
    "StandingOn",
    "UnitActivity",
    "WorldRule",
    "causal_brush",
    "concept_units",
    "learn_brush",
    "learn_rule",
    "paint",
    "score_brush",
]
