"""The page Layers: how many units of each layer of a model match a concept."""

from __future__ import annotations

from functools import partial
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from inscape.progress import Progress
from inscape.segmenters import check_shipped
from inscape.studio.colours import colour_of
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.page import ERRORS, Page, StudioOf
from inscape.studio.shapes import Message, Name, field_of
from inscape.studio.studio import Studio
from inscape.verbs.layers import LayersRequest, compare_opened

router = APIRouter(prefix="/api/models/{model}/comparison")


class ComparedLayer(Message):
    """What is known of a layer; `dissected` is false, and nothing counted, where nobody has looked."""

    layer: str
    units: int
    size: int
    dissected: bool
    images: int = 0
    above_chance: int = Field(default=0, description="Units that match a concept better than chance.")
    concepts: dict[str, int] = Field(default_factory=dict, description="Units per concept, most first.")


class Comparison(Message):
    """The layers of a model in the order of the forward pass."""

    model: str
    layers: list[ComparedLayer]
    colours: dict[str, str]


class ComparisonRequest(Message):
    """Ask for reports of layers, in one run over the generator."""

    layers: list[Name] = Field(min_length=1, max_length=64)
    images: int = field_of(LayersRequest, "images", least=20, most=100_000)
    segmenter: Name | None = Field(
        default=None, description="Name of a shipped segmenter. Null uses the card's."
    )


class ComparisonResult(Result):
    """How many units of each layer match a concept; the reports are kept."""

    kind: Literal["comparison"] = "comparison"
    above_chance: dict[str, int]


@router.get("", operation_id="getComparison", responses=ERRORS)
def get_comparison(model: str, studio: StudioOf) -> Comparison:
    """What is known of every layer of a model."""
    layers: list[ComparedLayer] = []
    colours: dict[str, str] = {}
    for layer in studio.library.paintable(model).layers:
        row = {"layer": layer.name, "units": layer.units, "size": layer.size, "dissected": False}
        if studio.reports.has(model, layer.name):
            report = studio.reports.load(model, layer.name)
            concepts = dict(sorted(report.concepts.items(), key=lambda pair: -pair[1]))
            row |= {"dissected": True, "images": report.images, "concepts": concepts}
            row["above_chance"] = sum(concepts.values())
            names = report.vocabulary.names
            colours |= {name: colour_of(name, number) for number, name in enumerate(names)}
        layers.append(ComparedLayer.model_validate(row))
    return Comparison(model=model, layers=layers, colours=colours)


@router.post("", operation_id="startComparison", status_code=202, responses=ERRORS)
def start_comparison(model: str, request: ComparisonRequest, studio: StudioOf) -> JobInfo:
    """Dissect layers in one run over the generator; the same that waits or runs already is joined."""
    card = studio.library.paintable(model)
    names = [card.layer(name).name for name in request.layers]
    check_shipped(request.segmenter)
    asked = LayersRequest(
        model,
        ",".join(names),
        request.images,
        segmenter=request.segmenter,
        out=studio.reports.kept_at(model, names[0]).parent,
    )
    name = f"Compare {len(names)} layers of {model} ({request.images} pictures)"
    return studio.jobs.start("comparison", name, partial(_compare, studio, asked), model=model, asked=request)


def _compare(studio: Studio, asked: LayersRequest, progress: Progress) -> ComparisonResult:
    found = compare_opened(studio.library.fresh(asked.model), asked, progress).to_json()["layers"]
    return ComparisonResult(above_chance={row["layer"]: row["above_chance"] for row in found})


PAGE = Page(router)
