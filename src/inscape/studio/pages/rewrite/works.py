"""The rules that people made on the page Rewrite."""

from __future__ import annotations

from inscape.editing import AnyEdit, JointEdit, WeightEdit
from inscape.errors import RecipeError
from inscape.studio.pages.rewrite.shapes import RuleInfo, WorkState
from inscape.studio.works import Works, number_of
from inscape.types import JsonObject


class RuleWorks(Works[WorkState, RuleInfo, WeightEdit]):
    """The work on every generator, and the rules in it."""

    thing, state, info = "rule", WorkState, RuleInfo

    def fitting(self, edit: AnyEdit) -> WeightEdit:
        """A rule: one layer's weights."""
        if isinstance(edit, JointEdit):
            raise RecipeError("This edit changes several layers at once.", "Open it on the page Facts.")
        if not isinstance(edit, WeightEdit):
            raise RecipeError(
                "This edit changes units in one picture, not the weights.", "Open it on the page Paint."
            )
        return edit

    def described(self, edit: WeightEdit) -> JsonObject:
        """Layer, rank, and how far the weights moved."""
        return {"layer": edit.layer, "rank": edit.rank, "change": number_of(edit.made.get("change"))}
