"""`inscape apply`: a checkpoint with edits in its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.errors import UnsupportedError, UsageError
from inscape.verbs._options import Device, Format, ModelName, Template
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.editing import JointEdit, WeightEdit
    from inscape.models.formats.write_file import Written
    from inscape.progress import Progress


@dataclass(frozen=True)
class ApplyRequest(Request):
    """Write a new checkpoint with weight edits applied."""

    model: ModelName
    edits: Annotated[
        tuple[Path, ...], Argument("Weight edits, in the order of application.", metavar="EDIT…")
    ]
    out: Annotated[Path, Option("Checkpoint to write.")]
    format: Format = None
    template: Template = None
    strength: Annotated[
        float, Option("Factor on every edit: 0 changes nothing, 1 is the edit as saved."), Ge(0), Le(4)
    ] = 1.0
    transfer: Annotated[
        bool, Option("Also apply edits that were made for other weights of the same shape.")
    ] = False
    device: Device = "auto"

    def check(self) -> None:
        """Refuse to apply nothing."""
        if not self.edits:
            raise UsageError("`inscape apply` needs at least one edit, got none. Name its file after MODEL.")


@dataclass(frozen=True)
class ApplyResult:
    """The checkpoint that was written, and how many edits are in it."""

    written: Written
    edits: int

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"files": [str(self.written.path)], "format": self.written.format, "edits": self.edits}

    def text(self) -> str:
        """What a person reads."""
        return f"{self.written.path} ({self.written.format}) with {self.edits} edits"


def run(request: ApplyRequest, progress: Progress) -> ApplyResult:
    """Open the model, lay the edits into its weights and write it.

    Raises:
        ModelNotFoundError, FormatError: One of the files cannot be read.
        UnsupportedError: An edit changes no weights, or was made for others; or the format cannot hold it.
    """
    from inscape.models import open_model, write_model

    opened = open_model(request.model, device=request.device, progress=progress)
    edits = [_read(path, request) for path in request.edits]
    with opened.edited(edits):
        written = write_model(opened, request.out, format=request.format, template=request.template)
    return ApplyResult(written, len(edits))


def _read(path: Path, request: ApplyRequest) -> WeightEdit | JointEdit:
    from inscape.editing import UnitEdit, load_edit

    edit = load_edit(path)
    if isinstance(edit, UnitEdit):
        raise UnsupportedError(
            f"{path} is a unit edit, and a checkpoint can hold weight edits only.",
            "Keep it as a recipe, which `inscape paint` writes.",
        )
    edit = edit.scaled(edit.strength * request.strength)
    return edit.transferred() if request.transfer else edit
