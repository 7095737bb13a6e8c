"""Facts: what a language model says of a subject, where it keeps that, and how to change it."""

from inscape.facts.average import AverageTrace, average_traces
from inscape.facts.edit import EditSettings, FactEditor, block_of, edit_facts
from inscape.facts.fact import Fact, Neighbour
from inscape.facts.fine_tuning import TuningSettings
from inscape.facts.fluency import entropy, perplexity, written_entropy
from inscape.facts.held import Held, held_facts, object_tokens
from inscape.facts.judge import FactsJudged, State, judge_facts
from inscape.facts.judging import FactScores, Judgement, scores, summarized
from inscape.facts.key_texts import key_spaces
from inscape.facts.maps import write_maps
from inscape.facts.records import FactSet, read_facts, shipped_facts, write_facts
from inscape.facts.targets import Target, TargetSettings, find_targets
from inscape.facts.texts import Texts, read_texts, shipped_texts
from inscape.facts.tracing import Trace, TraceSettings, trace

__all__ = [
    "AverageTrace",
    "EditSettings",
    "Fact",
    "FactEditor",
    "FactScores",
    "FactSet",
    "FactsJudged",
    "Held",
    "Judgement",
    "Neighbour",
    "State",
    "Target",
    "TargetSettings",
    "Texts",
    "Trace",
    "TraceSettings",
    "TuningSettings",
    "average_traces",
    "block_of",
    "edit_facts",
    "entropy",
    "find_targets",
    "held_facts",
    "judge_facts",
    "key_spaces",
    "object_tokens",
    "perplexity",
    "read_facts",
    "read_texts",
    "scores",
    "shipped_facts",
    "shipped_texts",
    "summarized",
    "trace",
    "write_facts",
    "write_maps",
    "written_entropy",
]
