"""Segmenters: from pictures to label maps, and to features for distances."""

from inscape.segmenters.fitting import fitting_segmenter
from inscape.segmenters.registry import check_shipped, open_segmenter, segmenter_names
from inscape.segmenters.registry import open_segmenter as open
from inscape.segmenters.segmenter import Labeller, Probing, Segmenter

__all__ = [
    "Labeller",
    "Probing",
    "Segmenter",
    "check_shipped",
    "fitting_segmenter",
    "open",
    "open_segmenter",
    "segmenter_names",
]
