"""Rewriting: change a rule in the weights of a layer, an associative memory, by copy and paste."""

from inscape.editing.rule_settings import RuleSettings
from inscape.rewriting.goals import Goal
from inscape.rewriting.key_space import KeySpace
from inscape.rewriting.memories import memory_of
from inscape.rewriting.memory import LayerMemory, Reading
from inscape.rewriting.pair_task import PairTask
from inscape.rewriting.pairs import Pair, PairRewriter
from inscape.rewriting.pastes import Erase, Paste
from inscape.rewriting.prepared_task import PreparedTask, prepare_task
from inscape.rewriting.rewriter import Rewriter, rewrite, rewrite_layer
from inscape.rewriting.samples import is_gathered, key_moment, key_moments
from inscape.rewriting.search import KeyBank, Match
from inscape.rewriting.task import Task

__all__ = [
    "Erase",
    "Goal",
    "KeyBank",
    "KeySpace",
    "LayerMemory",
    "Match",
    "Pair",
    "PairRewriter",
    "PairTask",
    "Paste",
    "PreparedTask",
    "Reading",
    "Rewriter",
    "RuleSettings",
    "Task",
    "is_gathered",
    "key_moment",
    "key_moments",
    "memory_of",
    "prepare_task",
    "rewrite",
    "rewrite_layer",
]
