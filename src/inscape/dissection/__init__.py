"""Which unit matches which concept, what a unit causes, and the report of it."""

from inscape.dissection._top import Thumbnails
from inscape.dissection.artifacts import ArtifactReport, artifact_units
from inscape.dissection.causes import CauseOptions, Causes, Removal, find_causes
from inscape.dissection.compare import compare_layers
from inscape.dissection.concept_search import FoundUnit, UnitSearch, search_units
from inscape.dissection.dissect import DissectOptions, dissect, dissect_layers
from inscape.dissection.effect_report import EffectReport
from inscape.dissection.effects import effect
from inscape.dissection.evidence import Evidence
from inscape.dissection.explain import ExplainOptions, explain
from inscape.dissection.explain_drawn import explain_drawn
from inscape.dissection.findings import TopPictures, UnitFinding
from inscape.dissection.optimised_set import SetOptions
from inscape.dissection.ordering import RANKS, Rank
from inscape.dissection.placement import PlacementReport, placement
from inscape.dissection.report import DissectionReport
from inscape.dissection.rough_boxes import RoughPlace, rough_boxes
from inscape.dissection.shipped import shipped_report, shipped_report_folder
from inscape.dissection.switches import Switch, maxima, switches
from inscape.dissection.unit_set import UnitSet
from inscape.dissection.unit_values import UnitValues
from inscape.dissection.variants import Looking

__all__ = [
    "RANKS",
    "ArtifactReport",
    "CauseOptions",
    "Causes",
    "DissectionReport",
    "DissectOptions",
    "EffectReport",
    "Evidence",
    "ExplainOptions",
    "FoundUnit",
    "Looking",
    "PlacementReport",
    "Rank",
    "Removal",
    "RoughPlace",
    "SetOptions",
    "Switch",
    "Thumbnails",
    "TopPictures",
    "UnitFinding",
    "UnitSearch",
    "UnitSet",
    "UnitValues",
    "artifact_units",
    "compare_layers",
    "dissect",
    "dissect_layers",
    "effect",
    "explain",
    "explain_drawn",
    "find_causes",
    "maxima",
    "placement",
    "rough_boxes",
    "search_units",
    "shipped_report",
    "shipped_report_folder",
    "switches",
]
