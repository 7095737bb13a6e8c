"""Streaming, mergeable statistics of activations."""

from inscape.statistics.overlap import Overlap, overlap_at_top, top_thresholds

__all__ = ["Overlap", "overlap_at_top", "top_thresholds"]
