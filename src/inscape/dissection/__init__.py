"""Which unit matches which concept, what a unit causes, and the report of it."""

from inscape.dissection.compare import compare_layers
from inscape.dissection.dissect import Thumbnails, dissect, dissect_layers, dissect_source
from inscape.dissection.report import DissectionReport, TopPictures, UnitFinding, UnitValues
from inscape.dissection.shipped import shipped_report, shipped_report_folder
from inscape.dissection.sources import GeneratedPictures, Labeller, ScenePictures, Source
from inscape.dissection.unit_set import UnitSet

__all__ = [
    "DissectionReport",
    "GeneratedPictures",
    "Labeller",
    "ScenePictures",
    "Source",
    "Thumbnails",
    "TopPictures",
    "UnitFinding",
    "UnitSet",
    "UnitValues",
    "compare_layers",
    "dissect",
    "dissect_layers",
    "dissect_source",
    "shipped_report",
    "shipped_report_folder",
]
