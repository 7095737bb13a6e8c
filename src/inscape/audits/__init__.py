"""What an edit changed."""

from inscape.audits.advice import PICTURES, Proposal, Trial, advise, rewritable_layers
from inscape.audits.reach_leak import Audit, Change
from inscape.audits.repair import Repair, answers, measure_repair

__all__ = [
    "PICTURES",
    "Audit",
    "Change",
    "Proposal",
    "Repair",
    "Trial",
    "advise",
    "answers",
    "measure_repair",
    "rewritable_layers",
]
