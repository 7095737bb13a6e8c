"""The command line and the Python that do what was done on the page Photo."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.studio.photo_marks import Mark, kept_region
from inscape.studio.photo_schemas import InversionRequest
from inscape.studio.schemas import Command

if TYPE_CHECKING:
    from inscape.studio.open_photo import OpenPhoto
    from inscape.studio.photo_records import PhotoRecord


_FOLDER = "inverted"


def command_of(
    record: PhotoRecord,
    argument: str,
    opened: OpenPhoto,
    marks: Sequence[Mark],
    dropped: Mapping[int, list[str]],
) -> Command:
    """The lines that invert a photo and paint on it.

    The command line paints one box at a time, on the photo as it was: its line for each stroke has the box
    around the stroke, and writes a picture of its own. The Python has the strokes themselves, all in one.

    Args:
        record: The photo.
        argument: What `inscape VERB` takes for its model, not yet quoted.
        opened: The photo, ready to be painted on.
        marks: What was done on it.
        dropped: The islands that were dropped, by number.
    """
    made = f"{_FOLDER}/{Path(record.name).stem}.inversion.safetensors"
    lines = [invert_line(record, argument)]
    strokes = [mark for mark in marks if mark.edit is not None]
    if len(strokes) > 1:
        lines.append("# each stroke alone; the Python paints all of them in one picture")
    for number, mark in enumerate(strokes, 1):
        out = "painted.png" if len(strokes) == 1 else f"painted-{number}.png"
        lines.append(_line(record, argument, made, opened, mark, out))
    edits = json.dumps(
        [mark.edit.to_json() for mark in strokes if mark.edit is not None], separators=(",", ":")
    )
    kept = kept_region(marks, opened.session.generator.image_size)
    limits = "" if kept is None else f", kept=Region.from_json(json.loads({json.dumps(kept.to_json())!r}))"
    limits += f", without={sorted(dropped)!r}" if dropped else ""
    python = (  # repr: names stay text here
        "import json\n\nimport inscape\nfrom inscape.editing import UnitEdit\n"
        "from inscape.photos import Inversion, PhotoSession, read_photo\n"
        "from inscape.pictures import Picture\nfrom inscape.regions import Region\n\n"
        f"inversion = Inversion.load({made!r})\n"
        f"photo = read_photo({record.name!r}).fitted(inversion.fit)\n"
        f"session = PhotoSession(inscape.open({argument!r}), inversion)\n"
        f"edits = [UnitEdit.from_json(edit) for edit in json.loads({edits!r})]\n"
        f'Picture(session.compose(photo, edits{limits})).save("painted.png")\n'
    )
    return Command(cli="\n".join(lines) + "\n", python=python)


def invert_line(record: PhotoRecord, argument: str) -> str:
    """`inscape invert …` with what was asked for."""
    asked = record.asked
    assert isinstance(asked, InversionRequest)
    fit = asked.fit
    words = ["inscape", "invert", shlex.quote(record.name), "--model", shlex.quote(argument)]
    if asked.layer is not None:
        words += ["--layer", shlex.quote(asked.layer)]
    words += ["--box", f"{fit.x:g},{fit.y:g},{fit.width:g},{fit.height:g}", "--seconds", f"{asked.seconds:g}"]
    if asked.start == "average":
        words += ["--start", "average"]
    return " ".join([*words, "--out", _FOLDER])


def _line(record: PhotoRecord, argument: str, made: str, opened: OpenPhoto, mark: Mark, out: str) -> str:
    edit = mark.edit
    assert edit is not None
    if not edit.concept and len(edit.units) == opened.session.generator.layer(edit.layer).units:
        return "# a stroke with the appearance of another place: only the Python has its values"
    return _paint_line(record, argument, made, opened, mark, out)


def _paint_line(
    record: PhotoRecord, argument: str, made: str, opened: OpenPhoto, mark: Mark, out: str
) -> str:
    edit, fit = mark.edit, opened.photo.fit
    assert edit is not None
    size = opened.session.generator.image_size
    x, y, width, height = mark.region.bounds(size, size, image_size=size)
    across, down = fit.width / size, fit.height / size
    left, top = max(0.0, fit.x + x * across), max(0.0, fit.y + y * down)
    right = min(opened.photo.width, fit.x + (x + width) * across)
    bottom = min(opened.photo.height, fit.y + (y + height) * down)
    box = (left, top, right - left, bottom - top)
    words = ["inscape", "paint", shlex.quote(argument), "--photo", shlex.quote(record.name)]
    words += ["--inversion", shlex.quote(made), "--layer", edit.layer]
    if edit.concept:
        words += ["--concept", shlex.quote(edit.concept), "--top", str(len(edit.units))]
    else:
        words += ["--units", ",".join(map(str, edit.units))]
    words += ["--box", ",".join(f"{side:.5g}" for side in box)]
    words += ["--remove"] if edit.mode == "remove" else []
    words += [] if edit.strength == 1 else ["--strength", f"{edit.strength:g}"]
    return " ".join([*words, "--out", out])
