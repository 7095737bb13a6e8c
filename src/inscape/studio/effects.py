"""What units cause, measured for the page: the library's own measurement, as one JSON document."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from inscape.errors import UnsupportedError
from inscape.studio.schemas import EffectsRequest

if TYPE_CHECKING:
    from inscape.models import Generator
    from inscape.progress import Progress


def run_effects(model: Generator, request: EffectsRequest, progress: Progress) -> dict[str, Any]:
    """Measure what a set of units does to a concept, beside random sets.

    Returns:
        What `inscape effect --json` prints.

    Raises:
        UnsupportedError: This build cannot measure effects.
    """
    if importlib.util.find_spec("inscape.dissection.effects") is None:
        raise UnsupportedError("This build of Inscape cannot measure effects.")
    effects = importlib.import_module("inscape.dissection.effects")
    report: dict[str, Any] = effects.measure(model, request, progress).to_json()
    return report
