"""The command line and the Python that do what was done on the page Photo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import inscape
from inscape.studio.pages.photo.shapes import PhotoInfo
from inscape.studio.painter import Canvas, Mark
from inscape.studio.shapes import Command
from inscape.types import JsonObject
from inscape.verbs import command_line
from inscape.verbs.invert import InvertRequest
from inscape.verbs.paint import PaintRequest


def command_of(
    info: PhotoInfo,
    canvas: Canvas,
    photo: inscape.Photo,
    marks: Sequence[Mark],
    limits: tuple[Sequence[int], inscape.Region | None],
) -> Command:
    """The lines that invert a photo and paint on it.

    The command line paints one box at a time, on the photo as it was: its line for each stroke has the box
    around the stroke, and writes a picture of its own. The Python has the strokes themselves, all in one.

    Args:
        info: What is kept of the photo.
        canvas: Draws it.
        photo: At its own size.
        marks: What was done on it.
        limits: The numbers of the islands that were dropped, and where the photo stays as it is.
    """
    fit = info.fit
    box = f"{fit.x:g},{fit.y:g},{fit.width:g},{fit.height:g}"
    inverting = replace(invert_request(info, canvas.argument), box=box)
    made = inverting.out / f"{Path(info.name).stem}.inversion.safetensors"
    lines = [command_line(inverting)]
    strokes = [(mark.region, mark.edit) for mark in marks if mark.edit is not None]
    if len(strokes) > 1:
        lines.append("# each stroke alone; the Python paints all of them in one picture")
    for number, (region, edit) in enumerate(strokes, 1):
        if edit.mode == "add":
            lines.append("# a stroke with a learned brush: only the Python has its values")
            continue
        if not edit.concept and len(edit.units) == canvas.session.generator.layer(edit.layer).units:
            lines.append("# a stroke with the appearance of another place: only the Python has its values")
            continue
        chosen: JsonObject = {"units": ",".join(map(str, edit.units))}
        if edit.concept:
            chosen = {"concept": edit.concept, "top": len(edit.units)}
        request = PaintRequest(
            canvas.argument,
            _box(photo, region, canvas.session.generator.image_size),
            photo=Path(info.name),
            inversion=made,
            layer=edit.layer,
            strength=edit.strength,
            remove=edit.mode == "remove",
            out=Path("painted.png" if len(strokes) == 1 else f"painted-{number}.png"),
            **chosen,
        )
        lines.append(command_line(request))
    edits = [edit.to_json() for _, edit in strokes]
    return Command(
        cli="\n".join(lines) + "\n", python=_python(info.name, canvas.argument, made, edits, limits)
    )


def _python(
    name: str,
    argument: str,
    made: Path,
    edits: Sequence[object],
    limits: tuple[Sequence[int], inscape.Region | None],
) -> str:
    """All strokes in one picture; repr: names stay text here."""
    strokes = json.dumps(edits, separators=(",", ":"))
    dropped, kept = limits
    limited = "" if kept is None else f", kept=Region.from_json(json.loads({json.dumps(kept.to_json())!r}))"
    limited += f", without={list(dropped)!r}" if dropped else ""
    return (
        "import json\n\nimport inscape\nfrom inscape.editing import UnitEdit\n"
        "from inscape.photos import Inversion, PhotoSession, read_photo\n"
        "from inscape.pictures import Picture\nfrom inscape.regions import Region\n\n"
        f"inversion = Inversion.load({str(made)!r})\n"
        f"photo = read_photo({name!r}).fitted(inversion.fit)\n"
        f"session = PhotoSession(inscape.open({argument!r}), inversion)\n"
        f"edits = [UnitEdit.from_json(edit) for edit in json.loads({strokes!r})]\n"
        f'Picture(session.compose(photo, edits{limited})).save("painted.png")\n'
    )


def invert_request(info: PhotoInfo, argument: str) -> InvertRequest:
    """What `inscape invert` is to do as was asked for, without the square."""
    asked = info.asked
    assert asked is not None
    return InvertRequest(
        Path(info.name), argument, layer=asked.layer, seconds=asked.seconds, start=asked.start
    )


def _box(photo: inscape.Photo, region: inscape.Region, size: int) -> str:
    """The box around a region of the square, in pixels of the photo."""
    fit = photo.fit
    x, y, width, height = region.bounds(size, size, image_size=size)
    across, down = fit.width / size, fit.height / size
    left, top = max(0.0, fit.x + x * across), max(0.0, fit.y + y * down)
    right = min(photo.width, fit.x + (x + width) * across)
    bottom = min(photo.height, fit.y + (y + height) * down)
    return ",".join(f"{side:.5g}" for side in (left, top, right - left, bottom - top))
