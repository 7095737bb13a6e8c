"""`inscape convert`: a checkpoint in another format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from inscape.verbs._options import Device, Format, Template
from inscape.verbs._parameters import Argument
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.models.formats.write_file import Written
    from inscape.progress import Progress


@dataclass(frozen=True)
class ConvertRequest(Request):
    """Write a model in another format.

    Reports the largest difference between the pictures of both files.
    """

    source: Annotated[str, Argument("Name of a shipped model, a folder or a checkpoint file.", metavar="IN")]
    path: Annotated[Path, Argument("File or folder to write.", metavar="OUT")]
    format: Format = None
    template: Template = None
    device: Device = "auto"


@dataclass(frozen=True)
class ConvertResult:
    """The file that was written."""

    written: Written

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"files": [str(self.written.path)], "max_difference": self.written.max_difference}

    def text(self) -> str:
        """What a person reads."""
        path, format = self.written.path, self.written.format
        return f"{path} ({format}); pictures differ by {self.written.max_difference:.1e} at most."


def run(request: ConvertRequest, progress: Progress) -> ConvertResult:
    """Open the model and write it.

    Raises:
        ModelNotFoundError, FormatError: It is not a model.
        UnsupportedError: The format cannot hold it.
    """
    from inscape.models import open_model, write_model

    model = open_model(request.source, device=request.device, progress=progress)
    return ConvertResult(write_model(model, request.path, format=request.format, template=request.template))
