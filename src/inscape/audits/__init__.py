"""What an edit changed."""

from inscape.audits.advice import Trial, advise, rewritable_layers
from inscape.audits.reach_leak import Audit, Change

__all__ = ["Audit", "Change", "Trial", "advise", "rewritable_layers"]
