"""Facts: what a language model says of a subject, where it keeps that, and how to change it."""

from inscape.facts.average import AverageTrace, average_traces
from inscape.facts.fact import Fact, Neighbour
from inscape.facts.held import Held, held_facts, object_tokens
from inscape.facts.maps import write_maps
from inscape.facts.records import FactSet, read_facts, shipped_facts, write_facts
from inscape.facts.tracing import Trace, TraceSettings, trace

__all__ = [
    "AverageTrace",
    "Fact",
    "FactSet",
    "Held",
    "Neighbour",
    "Trace",
    "TraceSettings",
    "average_traces",
    "held_facts",
    "object_tokens",
    "read_facts",
    "shipped_facts",
    "trace",
    "write_facts",
    "write_maps",
]
