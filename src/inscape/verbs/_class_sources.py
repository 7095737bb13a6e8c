"""Pictures with classes for the verbs that look inside classifiers: scenes of a world, or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from inscape.errors import NotFoundError, UsageError
from inscape.verbs._parameters import Option

if TYPE_CHECKING:
    from inscape.models import Card
    from inscape.sources import FolderPictures, ScenePictures

SourceName = Annotated[
    str | None,
    Option(
        "World whose scenes are shown (town), or a folder of photos with a folder for each class. "
        "[default: the world of the card]"
    ),
]


def open_source(card: Card, named: str | None, labels: Path | None = None) -> ScenePictures | FolderPictures:
    """The pictures of a source, at the size that a model takes.

    Scenes have exact label maps, and the classes of the model where the world has a task with these classes.

    Args:
        card: Of the model.
        named: A world or a folder; the world of the card unless given.
        labels: Folder of the label maps of a folder's photos.

    Raises:
        NotFoundError: There is no such world or folder, or the card names none.
        UsageError: There are label maps for scenes.
    """
    from inscape.scenes import world, worlds
    from inscape.scenes.tasks import task_of
    from inscape.sources import FolderPictures, ScenePictures

    size, name = card.shown_size, named or card.world
    if name is None:
        raise NotFoundError(
            f"The card of {card.name!r} names no world.", "Name a world or a folder of photos with --source."
        )
    if name in worlds():
        if labels is not None:
            raise UsageError("Label maps need photos. Name the folder of photos with --source.")
        return ScenePictures(world(name), size=size, task=task_of(name, card.classes))
    if not Path(name).is_dir():
        raise NotFoundError(
            f"There is no folder {name!r}, and no world of that name.",
            f"The worlds are {', '.join(worlds())}.",
        )
    return FolderPictures(Path(name), size=size, labels=labels)
