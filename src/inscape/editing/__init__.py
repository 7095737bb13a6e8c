"""Edits of a model, as values that can be applied, undone, saved, stacked and replayed."""

from inscape.editing.edit_file import check_name
from inscape.editing.joint_edit import JointEdit
from inscape.editing.kinds import AnyEdit, edit_from_json, load_edit, save_edit
from inscape.editing.recipe import Recipe, replay
from inscape.editing.stack import EditStack, StackedEdit
from inscape.editing.unit_edit import UnitEdit
from inscape.editing.weight_edit import WeightEdit

__all__ = [
    "AnyEdit",
    "EditStack",
    "JointEdit",
    "Recipe",
    "StackedEdit",
    "UnitEdit",
    "WeightEdit",
    "check_name",
    "edit_from_json",
    "load_edit",
    "replay",
    "save_edit",
]
