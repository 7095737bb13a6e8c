"""Facts: what a language model says of a subject, where it keeps that, and how to change it."""

from inscape.facts.fact import Fact, Neighbour
from inscape.facts.records import FactSet, read_facts, shipped_facts, write_facts

__all__ = ["Fact", "FactSet", "Neighbour", "read_facts", "shipped_facts", "write_facts"]
