"""The page Find: units for a concept of one's own, shown by pictures or by regions in them.

Its jobs run requests of the verb `find`. A predicate is a file that is run: only the terminal takes one.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field, StringConstraints

from inscape.dissection.concept_search import Shown
from inscape.dissection.unit_pictures import unit_pictures
from inscape.errors import ValueRangeError
from inscape.progress import PartOfWhole, Progress
from inscape.studio.findings import (
    SHOWN,
    Finding,
    Findings,
    PictureName,
    ShownUnit,
    identifier_of,
    strips_of,
)
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.page import ERRORS, Page, image, image_answers, state_of
from inscape.studio.shapes import Identifier, Message, Name, field_of
from inscape.verbs.find import FindRequest, search_opened

router = APIRouter(prefix="/api/models/{model}/find")
_MOST_SHOWN = 256
"""Pictures that a person can show."""

By = Literal["strokes", "examples"]
Show = Annotated[str, StringConstraints(min_length=1, max_length=8000)]


class NewSearch(Message):
    """Ask which units of a layer tell pictures that show something from others."""

    layer: Name
    by: By
    show: Show = Field(description="As the verb takes it: SEED:X,Y,W,H with spaces between, or seeds.")
    images: int = field_of(FindRequest, "images", least=20, most=100_000)


class SearchedUnit(ShownUnit):
    """How well a unit tells the pictures apart."""

    precision: float = Field(description="Average precision of the ranking of pictures by the unit.")
    auc: float = Field(description="Chance that a picture that shows it ranks above another.")
    switch: bool = Field(description="Whether it acts as a switch: off in most pictures, fully on in some.")


class SearchInfo(Finding):
    """What a search found."""

    by: By
    show: Show
    positives: int = Field(description="Pictures that showed it.")
    others: int
    chance: float = Field(description="The best precision that 95 % of shuffled searches stay below.")
    above_chance: int
    units: list[SearchedUnit] = Field(description="The best.")


class SearchList(Message):
    """The searches that are kept, the newest first."""

    searches: list[SearchInfo]


class FindResult(Result):
    """Units were found; what is known of them is kept."""

    kind: Literal["find"] = "find"
    id: Identifier


class Searches(Findings[SearchInfo]):
    """The searches that are kept."""

    name, shape = "find", SearchInfo


SearchesOf = Annotated[Searches, Depends(state_of(Searches))]


@router.get("", operation_id="listSearches", responses=ERRORS)
def list_searches(model: str, page: SearchesOf) -> SearchList:
    """What was searched for in a model."""
    return SearchList(searches=page.all(model))


@router.get(
    "/{search}/{name}.webp",
    operation_id="getSearchStrip",
    response_class=Response,
    responses=image_answers("webp"),
)
def get_search_strip(
    model: str,
    search: Annotated[Identifier, Path()],
    name: Annotated[PictureName, Path()],
    page: SearchesOf,
) -> Response:
    """The pictures in which a unit is strongest."""
    return image(page.picture(model, search, name), "webp")


@router.post("", operation_id="startSearch", status_code=202, responses=ERRORS)
def start_search(model: str, request: NewSearch, page: SearchesOf) -> JobInfo:
    """Search the units of a layer; the same search that waits or runs already is joined."""
    layer = page.studio.library.paintable(model).layer(request.layer).name
    asked = FindRequest(model, request.by, request.show, layer=layer, images=request.images)
    shown = asked.shown()
    assert not callable(shown)
    if len(shown) > _MOST_SHOWN:
        raise ValueRangeError(f"At most {_MOST_SHOWN} pictures can show it, got {len(shown)}.")
    name = f"Find units of {layer} by {len(shown)} pictures ({request.images} others)"
    work = partial(_search, page, asked, shown, request)
    return page.studio.jobs.start("find", name, work, model=model, layer=layer, asked=request)


def _search(
    page: Searches, asked: FindRequest, shown: Shown, request: NewSearch, progress: Progress
) -> FindResult:
    model, identifier = asked.model, identifier_of(request)
    generator = page.studio.library.fresh(model)
    with progress.task("Looking for units", 2 * asked.images, "pictures") as whole:
        part = PartOfWhole(whole, "pictures")
        found = search_opened(generator, asked, shown, part)
        best = [each.unit for each in found.units[:SHOWN]]
        drawn = unit_pictures(
            generator, best, layer=found.layer, images=asked.images, seed=asked.seed, progress=part
        )
    units = [
        SearchedUnit(
            **page.shown(model, identifier, pictures),
            precision=each.precision,
            auc=each.auc,
            switch=each.unit in found.bimodal,
        )
        for each, pictures in zip(found.units, drawn, strict=False)
    ]
    kept = SearchInfo(
        **request.model_dump(),
        id=identifier,
        model=model,
        created=time.time(),
        positives=found.positives,
        others=found.others,
        chance=found.chance,
        above_chance=sum(each.precision > found.chance for each in found.units),
        units=units,
    )
    page.keep(kept, strips_of(drawn))
    return FindResult(id=identifier)


PAGE = Page(router, Searches)
