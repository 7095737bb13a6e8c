"""Edits: what to change in a model, as values that can be applied, undone, saved, stacked and replayed."""

from inscape.editing.kinds import edit_from_json, load_edit, save_edit
from inscape.editing.recipe import Recipe, replay, weights_hash
from inscape.editing.stack import EditStack, StackedEdit
from inscape.editing.unit_edit import UnitEdit

__all__ = [
    "EditStack",
    "Recipe",
    "StackedEdit",
    "UnitEdit",
    "edit_from_json",
    "load_edit",
    "replay",
    "save_edit",
    "weights_hash",
]
