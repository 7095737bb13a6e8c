"""`inscape roles`: which units carry a class of a classifier, and which an attack moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.verbs._class_sources import SourceName, open_source
from inscape.verbs._options import Device, Layer, ModelName
from inscape.verbs._parameters import Option
from inscape.verbs._reports import Folder, Html, ReportResult, check_places, write_report
from inscape.verbs._request import Request

if TYPE_CHECKING:
    from inscape.dissection.roles_report import RolesReport
    from inscape.models import Model
    from inscape.progress import Progress


@dataclass(frozen=True)
class RolesRequest(Request):
    """Find the units that carry one class of a classifier.

    Ranks units by the balanced accuracy that the class loses when each is off alone, on one half of the
    pictures. On the other half, switches the best and the least units off together, beside random sets. Then
    attacks pictures of other classes until they are taken for this one, and compares the units that this
    moves with those that carry the class.
    """

    model: ModelName
    of_class: Annotated[str, Option("The class: its name or its number.", flag="--class")]
    source: SourceName = None
    layer: Layer = None
    images: Annotated[
        int, Option("Number of pictures: one half chooses units, the other measures."), Ge(16)
    ] = 2000
    seed: Annotated[
        int | None,
        Option(
            "Seed of the first scene, or number of the first photo. [default: 90000000, or 0 of a folder]"
        ),
        Ge(0),
        Le(2**32 - 1),
    ] = None
    controls: Annotated[int, Option("Number of random sets of units of each size."), Ge(2)] = 20
    attack: Annotated[int, Option("Number of pictures to attack; 0 leaves the attack out."), Ge(0)] = 128
    attack_size: Annotated[
        float, Option("Largest change of a value by the attack, in grey levels of 255."), Ge(0.1), Le(255)
    ] = 8.0
    attack_steps: Annotated[int, Option("Steps of projected gradient descent."), Ge(1)] = 20
    out: Folder = None
    html: Html = None
    device: Device = "auto"


class RolesResult(ReportResult):
    """What was found; `accuracy` holds `[units off, accuracy, mean of random sets, their interval]`."""


def run(request: RolesRequest, progress: Progress) -> RolesResult:
    """Open the model and find the roles of its units.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such classifier.
        LayerError, NotFoundError: It has no such layer or class, or there is no such source.
        UsageError: The pictures have no classes.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    from inscape.models import open_model

    check_places(request.out, request.html)
    model = open_model(request.model, device=request.device, progress=progress)
    return RolesResult(roles_opened(model, request, progress))


def roles_opened(model: Model, request: RolesRequest, progress: Progress) -> RolesReport:
    """Find the roles of units of a model that is open already; errors are those of `run`."""
    from inscape.dissection.attacks import AttackOptions
    from inscape.dissection.roles import RolesOptions, find_roles

    options = RolesOptions(
        layer=request.layer,
        images=request.images,
        seed=request.seed,
        controls=request.controls,
        attack=AttackOptions(request.attack, request.attack_size, request.attack_steps),
    )
    source = open_source(model.card, request.source)
    report = find_roles(model, request.of_class, source, options, progress)
    write_report(report, request.out, request.html)
    return report
