"""Picture to label maps, and the features that distances are taken in."""

from inscape.segmenters.registry import open_segmenter, segmenter_names
from inscape.segmenters.registry import open_segmenter as open
from inscape.segmenters.segmenter import Segmenter

__all__ = ["Segmenter", "open", "open_segmenter", "segmenter_names"]
