"""The rules that people made on the page Rewrite."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from inscape import storage
from inscape.editing import AnyEdit, JointEdit, WeightEdit
from inscape.errors import InscapeError, RecipeError
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

    def weights(self, identifier: str) -> str:
        """Hash of the weights that a rule was made for; empty where it fits any, or its file is gone."""
        try:
            return self._loaded(identifier).weights
        except InscapeError:
            return ""

    def keep_picture(self, identifier: str, jpeg: bytes) -> None:
        """Keep what a rule did."""
        storage.write_bytes(self._picture(identifier), jpeg)

    def picture(self, identifier: str) -> bytes | None:
        """What a rule did, as it was kept."""
        try:
            return self._picture(identifier).read_bytes()
        except OSError:
            return None

    def _picture(self, identifier: str) -> Path:
        return self.file(identifier).with_name(f"{identifier}.jpg")

    def _remove(self, identifiers: Sequence[str]) -> None:
        super()._remove(identifiers)
        for each in identifiers:
            with contextlib.suppress(OSError):
                self._picture(each).unlink()
