"""What an edit changed."""

from inscape.audits.advice import PICTURES, Proposal, Trial, advise, rewritable_layers
from inscape.audits.reach_leak import Audit, Change

__all__ = ["Audit", "Change", "PICTURES", "Proposal", "Trial", "advise", "rewritable_layers"]
