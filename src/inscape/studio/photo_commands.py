"""The command line and the Python that do what was done on the page Photo."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.studio.photo_marks import Mark, kept_region
from inscape.studio.photo_schemas import InversionRequest
from inscape.studio.schemas import Command
from inscape.verbs import command_line
from inscape.verbs.invert import InvertRequest
from inscape.verbs.paint import PaintRequest

if TYPE_CHECKING:
    from inscape.studio.open_photo import OpenPhoto
    from inscape.studio.photo_records import PhotoRecord


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
    inverting = invert_request(record, argument)
    made = inverting.out / f"{Path(record.name).stem}.inversion.safetensors"
    lines = [command_line(inverting)]
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
        f"inversion = Inversion.load({str(made)!r})\n"
        f"photo = read_photo({record.name!r}).fitted(inversion.fit)\n"
        f"session = PhotoSession(inscape.open({argument!r}), inversion)\n"
        f"edits = [UnitEdit.from_json(edit) for edit in json.loads({edits!r})]\n"
        f'Picture(session.compose(photo, edits{limits})).save("painted.png")\n'
    )
    return Command(cli="\n".join(lines) + "\n", python=python)


def invert_request(record: PhotoRecord, argument: str) -> InvertRequest:
    """What `inscape invert` is to do as was asked for."""
    asked = record.asked
    assert isinstance(asked, InversionRequest)
    fit = asked.fit
    return InvertRequest(
        Path(record.name),
        argument,
        layer=asked.layer,
        box=f"{fit.x:g},{fit.y:g},{fit.width:g},{fit.height:g}",
        seconds=asked.seconds,
        start=asked.start,
    )


def _line(record: PhotoRecord, argument: str, made: Path, opened: OpenPhoto, mark: Mark, out: str) -> str:
    edit = mark.edit
    assert edit is not None
    if not edit.concept and len(edit.units) == opened.session.generator.layer(edit.layer).units:
        return "# a stroke with the appearance of another place: only the Python has its values"
    chosen: dict[str, Any] = {"units": ",".join(map(str, edit.units))}
    if edit.concept:
        chosen = {"concept": edit.concept, "top": len(edit.units)}
    request = PaintRequest(
        argument,
        _box(opened, mark),
        photo=Path(record.name),
        inversion=made,
        layer=edit.layer,
        strength=edit.strength,
        remove=edit.mode == "remove",
        out=Path(out),
        **chosen,
    )
    return command_line(request)


def _box(opened: OpenPhoto, mark: Mark) -> str:
    """The box around a stroke, in pixels of the photo."""
    fit, size = opened.photo.fit, opened.session.generator.image_size
    x, y, width, height = mark.region.bounds(size, size, image_size=size)
    across, down = fit.width / size, fit.height / size
    left, top = max(0.0, fit.x + x * across), max(0.0, fit.y + y * down)
    right = min(opened.photo.width, fit.x + (x + width) * across)
    bottom = min(opened.photo.height, fit.y + (y + height) * down)
    return ",".join(f"{side:.5g}" for side in (left, top, right - left, bottom - top))
