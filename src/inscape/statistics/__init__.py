"""Streaming, mergeable statistics of activations."""

from inscape.statistics.overlap import Overlap, overlap_at_top, top_thresholds
from inscape.statistics.overlap_table import OverlapTable, overlap_table

__all__ = ["Overlap", "OverlapTable", "overlap_at_top", "overlap_table", "top_thresholds"]
