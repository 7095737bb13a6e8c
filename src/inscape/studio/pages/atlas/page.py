"""The page Atlas: the detectors of several classifiers, or of all layers of one, side by side.

Its jobs run requests of the verb `atlas` over scenes. Pruned copies, moments of a training and folders of
photos are left to the terminal.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from inscape.errors import ModelNotFoundError, NotFoundError, UnsupportedError, ValueRangeError, unknown_name
from inscape.progress import Progress
from inscape.scenes import worlds
from inscape.studio.findings import identifier_of
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.kept_reports import KeptReports, ReportBody, ReportList, body_of
from inscape.studio.library import classifies
from inscape.studio.page import ERRORS, Page, state_of
from inscape.studio.shapes import Identifier, Message, Name, field_of
from inscape.verbs.atlas import AtlasRequest, atlas_opened

router = APIRouter(prefix="/api/atlas")
_MOST_MODELS = 8


class AtlasOffers(Message):
    """The worlds whose scenes classifiers can be shown."""

    worlds: list[str]


class NewAtlas(Message):
    """Ask what the units of classifiers detect."""

    models: list[Name] = Field(min_length=1, max_length=_MOST_MODELS)
    all_layers: bool = Field(default=False, description="All layers of one classifier, not its default one.")
    source: Name | None = Field(
        default=None, description="The world whose scenes are shown. Null shows that of the first model."
    )
    images: int = field_of(AtlasRequest, "images", least=20, most=4000)


class AtlasResult(Result):
    """Detectors were counted; the report is kept."""

    kind: Literal["atlas"] = "atlas"
    id: Identifier


class AtlasBody(ReportBody):
    """A kept atlas: `model` has the names with commas between."""

    weights: dict[str, str] = Field(description="By name of a model, what tells its weights from others.")


class Atlases(KeptReports[AtlasBody]):
    """The reports that are kept, of all models in one list."""

    name, shape = "atlas", AtlasBody

    def holds(self, report: AtlasBody) -> bool:
        """Whether its models are still there with the same weights."""
        return all(map(self._is_there, report.weights.items()))

    def _is_there(self, known: tuple[str, str]) -> bool:
        name, key = known
        try:
            return self.studio.reports.key_of(name) == key
        except ModelNotFoundError:
            return False

    def _folder(self, model: str) -> FilePath:
        return self.studio.settings.folder / self.name


AtlasesOf = Annotated[Atlases, Depends(state_of(Atlases))]


@router.get("/offers", operation_id="listAtlasOffers", responses=ERRORS)
def list_atlas_offers() -> AtlasOffers:
    """The worlds that can be chosen."""
    return AtlasOffers(worlds=list(worlds()))


@router.get("", operation_id="listAtlases", responses=ERRORS)
def list_atlases(page: AtlasesOf) -> ReportList:
    """What was put side by side."""
    return page.heads("")


@router.get("/{report}", operation_id="getAtlas", responses=ERRORS)
def get_atlas(report: Annotated[Identifier, Path()], page: AtlasesOf) -> ReportBody:
    """An atlas: plots and tables."""
    return page.one("", report)


@router.post("", operation_id="startAtlas", status_code=202, responses=ERRORS)
def start_atlas(request: NewAtlas, page: AtlasesOf) -> JobInfo:
    """Put classifiers side by side; the same that waits or runs already is joined."""
    names = list(dict.fromkeys(request.models))
    for name in names:
        card = page.studio.library.card(name)
        if not classifies(card):
            raise UnsupportedError(
                f"An atlas shows scenes to classifiers; {name!r} is {card.noun}.",
                "The page Layers compares the layers of a generator.",
            )
    if request.source is not None and request.source not in worlds():
        raise NotFoundError(*unknown_name("world", request.source, worlds()))
    if request.all_layers and len(names) > 1:
        raise ValueRangeError(
            f"All layers can be compared of one classifier, got {len(names)}.",
            "Choose one, or default layers.",
        )
    asked = AtlasRequest(
        tuple(names),
        layers="all" if request.all_layers else None,
        source=request.source,
        images=request.images,
    )
    title = f"Atlas of {', '.join(names)} ({request.images} pictures)"
    work = partial(_measure, page, asked, identifier_of(request))
    return page.studio.jobs.start("atlas", title, work, model=names[0], asked=request)


def _measure(page: Atlases, asked: AtlasRequest, identifier: str, progress: Progress) -> AtlasResult:
    names, studio = list(asked.models), page.studio
    weights = {name: studio.reports.key_of(name) for name in names}
    models = [studio.library.network(name) for name in names]
    report = atlas_opened(models, names, asked, progress)
    kept = AtlasBody(
        id=identifier,
        model=", ".join(names),
        layer=", ".join(dict.fromkeys(row.layer for row in report.rows)),
        images=report.images,
        weights=weights,
        **body_of(report, {"detectors": report.table(), "concepts": report.concept_table()}),
    )
    page.keep(kept, {})
    return AtlasResult(id=identifier)


PAGE = Page(router, Atlases)
