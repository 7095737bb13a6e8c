"""`inscape scenes`: scenes of a shipped world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.verbs._options import Grid, Out, Seeds
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.progress import Progress


@dataclass(frozen=True)
class ScenesRequest(Request):
    """Draw scenes of a world, with exact labels.

    Writes for each seed a picture, label maps (one PNG for each plane) and captions.
    """

    world: Annotated[str, Argument("Name of a shipped world: town or room.", metavar="WORLD")]
    seeds: Seeds = "0-15"
    size: Annotated[int, Option("Height and width in pixels."), Ge(16), Le(2048)] = 256
    grid: Grid = False
    rules: Annotated[bool, Option("Keep or drop the world's rules, such as that doors stand in walls.")] = (
        True
    )
    out: Out = Path("scenes")

    def check(self) -> None:
        """Refuse seeds that cannot be parsed."""
        from inscape.pictures import parse_seeds

        parse_seeds(self.seeds)


@dataclass(frozen=True)
class ScenesResult:
    """What was drawn.

    Args:
        files: What was written.
        concepts: Names of all that the label maps tell apart.
        scenes: How many were drawn.
        out: Where.
    """

    files: tuple[Path, ...]
    concepts: tuple[str, ...]
    scenes: int
    out: Path

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"files": [str(file) for file in self.files], "concepts": list(self.concepts)}

    def text(self) -> str:
        """What a person reads."""
        return f"{self.scenes} scenes in {self.out}"


def run(request: ScenesRequest, progress: Progress) -> ScenesResult:
    """Draw them.

    Raises:
        WorldError: There is no such world.
    """
    from inscape.pictures import parse_seeds
    from inscape.scenes import world
    from inscape.scenes.files import write_grid, write_scene

    numbers, out = parse_seeds(request.seeds), request.out
    size, rules = request.size, request.rules
    place = world(request.world)
    files: list[Path] = []
    with progress.task("Drawing", len(numbers), "scenes") as task:
        if request.grid:
            files = write_grid(place, numbers, out, size=size, rules=rules)
            task.advance(len(numbers))
        else:
            for seed in numbers:
                files += write_scene(place, seed, out, size=size, rules=rules)
                task.advance()
    return ScenesResult(tuple(files), tuple(place.vocabulary.names), len(numbers), out)
