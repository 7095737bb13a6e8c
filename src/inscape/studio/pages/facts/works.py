"""The edits of facts that people made on the page Facts."""

from __future__ import annotations

from inscape.editing import AnyEdit, JointEdit, WeightEdit
from inscape.errors import RecipeError
from inscape.studio.pages.facts.shapes import FactEditInfo, FactsState
from inscape.studio.works import Works
from inscape.types import JsonObject


class FactWorks(Works[FactsState, FactEditInfo, WeightEdit | JointEdit]):
    """The work on every language model, and the edits in it."""

    thing, state, info = "edit", FactsState, FactEditInfo

    def fitting(self, edit: AnyEdit) -> WeightEdit | JointEdit:
        """An edit of weights."""
        if not isinstance(edit, WeightEdit | JointEdit):
            raise RecipeError(
                "This edit changes units in one picture, not the weights.", "Open it on the page Paint."
            )
        return edit

    def described(self, edit: WeightEdit | JointEdit) -> JsonObject:
        """Method, layers, and how many facts it changed."""
        facts, method = edit.made.get("facts"), edit.made.get("method")
        return {
            "method": method[:40] if isinstance(method, str) else "",
            "layers": list(edit.layers) if isinstance(edit, JointEdit) else [edit.layer],
            "count": len(facts) if isinstance(facts, list) else None,
        }
