"""The studio behind the routes: what all pages share, and the thread that computes. It knows no page."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from inscape import storage
from inscape.errors import InscapeError
from inscape.studio.compute import Compute
from inscape.studio.database import Database
from inscape.studio.jobs import Jobs
from inscape.studio.library import Library
from inscape.studio.painter import Painter
from inscape.studio.paintings import Paintings
from inscape.studio.problems import problem_of
from inscape.studio.reports import Reports
from inscape.studio.security import new_token
from inscape.studio.shapes import Problem
from inscape.studio.strokes import Place


@dataclass(frozen=True)
class Settings:
    """How a studio is started.

    Args:
        host: Where it listens.
        port: Where it listens.
        token: What lets people in.
        models: Folders of models that come before the shipped ones, by name.
        files: Checkpoints to open at the start, before everything else.
        checkpoints: Folders whose checkpoints can be opened in the page.
        reports: Folders of dissection reports to show, of models by their names.
        device: Where networks run.
        home: Where paintings and reports are kept.
        first_seed: The picture that is made ready at the start, where the model has no painted example.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    token: str = field(default_factory=new_token)
    models: Mapping[str, Path] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    checkpoints: tuple[Path, ...] = ()
    reports: tuple[Path, ...] = ()
    device: str = "auto"
    home: Path = field(default_factory=storage.home)
    first_seed: int = 0

    @property
    def folder(self) -> Path:
        """What is kept of everything that is made in the studio."""
        return self.home / "studio"


class Studio:
    """What all pages share.

    Args:
        settings: How it is started.
        pages: Open the states of the pages.

    Raises:
        FormatError, ModelNotFoundError, LayerError: A report that the settings name is none, or not of a
            layer of a model that is offered.
    """

    def __init__(self, settings: Settings, pages: Iterable[Callable[[Studio], State]] = ()) -> None:
        self.settings = settings
        self.compute = Compute(self.renew)
        self.jobs = Jobs(self.compute)
        self.library = Library(settings.models, device=settings.device)
        self.reports = Reports(self.library, settings.folder / "reports", settings.reports)
        self.painter = Painter(self.library, self.reports)
        self.paintings = Paintings(settings.folder / "paintings.sqlite")
        self.exports = settings.folder / "exports"
        self.failure: Problem | None = None
        self._states = [page(self) for page in pages]
        self.reports.check_given()

    def state(self, kind: type[S]) -> S:
        """The state of a page, by its class."""
        return next(state for state in self._states if isinstance(state, kind))

    def close(self) -> None:
        """Stop jobs, close files; what is under way ends at its next step."""
        self.jobs.close()
        self.compute.close()
        self.paintings.close()
        for state in self._states:
            state.close()
        shutil.rmtree(self.exports, ignore_errors=True)

    def forget(self, model: str) -> None:
        """Drop all that hangs on a model that is offered no more; called in the compute thread."""
        self._drop(model)
        for state in self._states:
            state.forget(model)

    def renew(self) -> None:
        """Drop what was drawn by networks whose files have changed since; called before all work."""
        for model in self.library.changed():
            self._drop(model)

    def _drop(self, model: str) -> None:
        self.painter.forget(model)
        for state in self._states:
            state.drop(model)

    def warm(self) -> None:
        """Load the default model; called in the compute thread."""
        try:
            default = self.library.default()
            if default is not None:
                from inscape.painting.example import Example

                example = Example.beside(self.library.folder(default))
                seed = self.settings.first_seed if example is None else example.seed
                self.painter.warm(Place(default, seed))
        except (InscapeError, OSError, ImportError) as error:
            self.failure = problem_of(error)[0]


class State:
    """What a page holds while the studio runs; a page whose routes need no more than the studio has this one.

    Args:
        studio: What all pages share.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def drop(self, model: str) -> None:
        """Drop what a model's network made, which has changed or is gone; called in the compute thread."""

    def forget(self, model: str) -> None:
        """Remove what a person made with a model that is offered no more; called in the compute thread."""

    def close(self) -> None:
        """Close what it keeps."""
        for kept in vars(self).values():
            if isinstance(kept, Database):
                kept.close()


S = TypeVar("S", bound=State)
