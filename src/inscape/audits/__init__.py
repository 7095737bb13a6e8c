"""What an edit changed."""

from inscape.audits.advice import Trial, advise
from inscape.audits.reach_leak import Audit, Change

__all__ = ["Audit", "Change", "Trial", "advise"]
