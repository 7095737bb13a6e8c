"""The page Roles: which units carry a class of a classifier, and which an attack moves.

Its jobs run requests of the verb `roles` over scenes. A folder of photos is left to the terminal.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path

from inscape.errors import UnsupportedError
from inscape.models import Card
from inscape.progress import Progress
from inscape.scenes.tasks import task_of
from inscape.studio.findings import identifier_of
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.kept_reports import KeptReports, ReportBody, ReportList, body_of
from inscape.studio.library import classifies
from inscape.studio.page import ERRORS, Page, state_of
from inscape.studio.shapes import Identifier, Message, Name, field_of
from inscape.verbs.roles import RolesRequest, roles_opened

router = APIRouter(prefix="/api")


class RolesOffer(Message):
    """A classifier for whose classes a world has scenes."""

    name: str
    classes: list[str]


class RolesOffers(Message):
    """The classifiers whose roles can be measured here."""

    classifiers: list[RolesOffer]


class NewRoles(Message):
    """Ask which units of a layer carry a class."""

    layer: Name
    of_class: Name
    images: int = field_of(RolesRequest, "images", most=20_000)


class RolesResult(Result):
    """Roles were measured; the report is kept."""

    kind: Literal["roles"] = "roles"
    id: Identifier


class Roles(KeptReports[ReportBody]):
    """The reports that are kept."""

    name, shape = "roles", ReportBody


RolesOf = Annotated[Roles, Depends(state_of(Roles))]


@router.get("/roles/classifiers", operation_id="listRolesOffers", responses=ERRORS)
def list_roles_offers(page: RolesOf) -> RolesOffers:
    """The classifiers whose roles can be measured, and their classes."""
    library = page.studio.library
    cards = library.readable(lambda name: (name, library.card(name)))
    offers = [RolesOffer(name=name, classes=list(card.classes)) for name, card in cards if _has_scenes(card)]
    return RolesOffers(classifiers=offers)


@router.get("/models/{model}/roles", operation_id="listRoles", responses=ERRORS)
def list_roles(model: str, page: RolesOf) -> ReportList:
    """What was measured of a model."""
    return page.heads(model)


@router.get("/models/{model}/roles/{report}", operation_id="getRoles", responses=ERRORS)
def get_roles(model: str, report: Annotated[Identifier, Path()], page: RolesOf) -> ReportBody:
    """A report: plots, units and the attack."""
    return page.one(model, report)


@router.post("/models/{model}/roles", operation_id="startRoles", status_code=202, responses=ERRORS)
def start_roles(model: str, request: NewRoles, page: RolesOf) -> JobInfo:
    """Measure which units carry a class; the same that waits or runs already is joined."""
    card = page.studio.library.card(model)
    if not _has_scenes(card):
        raise UnsupportedError(
            f"No world has scenes of the classes of {model!r}, which is {card.noun}.",
            "Choose a classifier of scenes, such as town-classifier. `inscape roles MODEL --class C --source "
            "FOLDER` shows a classifier photos, with a folder for each class.",
        )
    layer, of_class = card.layer(request.layer).name, card.classes[card.class_index(request.of_class)]
    asked = RolesRequest(model, of_class, layer=layer, images=request.images)
    name = f"Roles of {layer} for {of_class} ({request.images} pictures)"
    work = partial(_measure, page, asked, identifier_of(request))
    return page.studio.jobs.start("roles", name, work, model=model, layer=layer, asked=request)


def _measure(page: Roles, asked: RolesRequest, identifier: str, progress: Progress) -> RolesResult:
    report = roles_opened(page.studio.library.network(asked.model), asked, progress)
    kept = ReportBody(
        id=identifier,
        model=asked.model,
        layer=report.layer,
        images=report.images,
        **body_of(report, {"units": report.table()}),
    )
    page.keep(kept, {})
    return RolesResult(id=identifier)


def _has_scenes(card: Card) -> bool:
    """Whether the card's world has scenes of the classes of a classifier."""
    return classifies(card) and card.world is not None and task_of(card.world, card.classes) is not None


PAGE = Page(router, Roles)
