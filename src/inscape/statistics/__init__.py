"""Streaming, mergeable statistics of activations."""

from inscape.statistics._base import Statistic
from inscape.statistics._grid import Border
from inscape.statistics._levels import LEVELS
from inscape.statistics.frechet import frechet_distance
from inscape.statistics.moments import Moments
from inscape.statistics.overlap import Overlap, overlap_at_top
from inscape.statistics.overlap_table import QUANTILE, OverlapTable, overlap_table
from inscape.statistics.quantiles import Quantiles
from inscape.statistics.second_moment import Covariance, SecondMoment
from inscape.statistics.top_k import TopK

__all__ = [
    "LEVELS",
    "QUANTILE",
    "Border",
    "Covariance",
    "Moments",
    "Overlap",
    "OverlapTable",
    "Quantiles",
    "SecondMoment",
    "Statistic",
    "TopK",
    "frechet_distance",
    "overlap_at_top",
    "overlap_table",
]
