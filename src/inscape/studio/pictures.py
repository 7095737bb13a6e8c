"""Pictures as files: thumbnails, exports that hold their recipe, imports, and the lines that do the same."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import UnsupportedError
from inscape.pictures import Picture
from inscape.studio.encoding import jpeg
from inscape.studio.history import visible_strokes
from inscape.studio.painter import Painter, Place, region_of
from inscape.studio.photo_marks import Mark
from inscape.studio.photo_schemas import InfluenceInfo
from inscape.studio.schemas import Command, Painting
from inscape.verbs import command_line
from inscape.verbs.replay import ReplayRequest

if TYPE_CHECKING:
    from inscape.editing import Recipe, UnitEdit

_KEPT = 512


class Pictures:
    """Draws what is asked for as a file; everything here runs in the compute thread.

    Args:
        painter: Draws.
    """

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._kept: OrderedDict[tuple[Place, int | None], bytes] = OrderedDict()

    def jpeg(self, place: Place, size: int | None = None) -> bytes:
        """A picture as JPEG."""
        key = (place, size)
        if key not in self._kept:
            self._kept[key] = jpeg(self._painter.pixels(place), size)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def forget(self, model: str) -> None:
        """A model is there no more."""
        for key in [key for key in self._kept if key[0].model == model]:
            del self._kept[key]

    def png(self, place: Place) -> bytes:
        """A picture as PNG."""
        return Picture(self._painter.pixels(place)).png()

    def painted_jpeg(self, painting: Painting, size: int | None = None) -> bytes:
        """A painting as it stands, as JPEG; `size` is the longer side."""
        if painting.photo is not None:
            return jpeg(self._painter.photos.screen(painting.photo, self._marks(painting)), size)
        return jpeg(self._painter.pixels(_place(painting), self._edits(painting)), size)

    def export(self, painting: Painting) -> bytes:
        """A painting as PNG, with the recipe inside that draws it again byte for byte.

        One on a photo is the photo at its own size, and has no recipe: that would have to hold the photo.
        """
        if painting.photo is not None:
            return self._painter.photos.png(painting.photo, self._marks(painting))
        pixels = self._painter.pixels(_place(painting), self._edits(painting))
        return Picture(pixels).png(self.recipe(painting))

    def influence(self, painting: Painting) -> InfluenceInfo:
        """Where the strokes of a painting change its photo.

        Raises:
            UnsupportedError: It is not on a photo.
        """
        if painting.photo is None:
            raise UnsupportedError("Only a painting on a photo has an influence that is limited.")
        return self._painter.photos.influence(painting.photo, self._marks(painting))

    def recipe(self, painting: Painting) -> dict[str, Any]:
        """The recipe of a painting as it stands."""
        return self._recipe(painting).to_json()

    def command(self, painting: Painting) -> Command:
        """The command line and the Python that draw a painting; both carry its recipe."""
        if painting.photo is not None:
            return self._painter.photos.command(painting.photo, self._marks(painting))
        text = json.dumps(self.recipe(painting), separators=(",", ":"))
        name, folder = f"inscape-{painting.id}", self._painter.folder(painting.model)
        model = None if folder is None else str(folder)
        line = command_line(ReplayRequest(Path(f"{name}.json"), model, Path(f"{name}.png")))
        cli = f"cat > {name}.json <<'RECIPE'\n{text}\nRECIPE\n{line}\n"
        argument = "" if folder is None else f', model=inscape.open({str(folder)!r}, device="cpu")'
        python = (  # repr: what an imported recipe holds stays text here
            "import json\n\nimport inscape\n\n"
            f"recipe = json.loads({text!r})\n"
            f'inscape.replay(recipe{argument}).save("{name}.png", recipe=recipe)\n'
        )
        return Command(cli=cli, python=python)

    def _recipe(self, painting: Painting) -> Recipe:
        from inscape.editing import Recipe

        if painting.photo is not None:
            raise UnsupportedError(
                "A painting on a photo has no recipe, which would have to hold the photo.",
                "Its command line draws it again.",
            )
        place = _place(painting)
        generator = self._painter.session(place.model).generator
        return Recipe.of(generator, self._painter.latent(place), self._edits(painting), seed=place.seed)

    def _marks(self, painting: Painting) -> list[Mark]:
        return [
            self._painter.mark(painting.model, stroke.id, stroke, region_of(stroke.region))
            for stroke in visible_strokes(painting.operations, painting.cursor)
        ]

    def _edits(self, painting: Painting) -> list[UnitEdit]:
        return [
            self._painter.edit(painting.model, stroke, region_of(stroke.region))
            for stroke in visible_strokes(painting.operations, painting.cursor)
        ]


def _place(painting: Painting) -> Place:
    return Place(painting.model, painting.seed, painting.truncation, painting.class_index)
