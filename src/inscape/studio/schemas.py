"""What the studio and its page say to each other; `web/openapi.json` is written from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Truncation = Annotated[float, Field(ge=-2, le=2)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
ClassIndex = Annotated[
    int | None, Field(ge=0, lt=2**31, description="Class of a conditional generator; the seed's own if null.")
]
PhotoName = Annotated[
    str | None,
    Field(
        pattern=r"^[0-9a-f]{16}$", description="The photo that is painted on in place of a seed's picture."
    ),
]
JobKind = Literal["dissection", "effects", "keys", "search", "rule", "audit", "advice", "inversion"]
MOST_STROKES = 2000
MOST_OPERATIONS = 10_000


class Message(BaseModel):
    """Base of everything that is sent: unknown fields are refused, numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Problem(Message):
    """The one shape of every error; the status is decided by the class of the error."""

    title: str
    detail: str
    hint: str = ""


class StudioInfo(Message):
    """What the page needs to know at first."""

    version: str
    default_model: str | None = Field(description="None where no generator is shipped or was named.")
    ready: bool = Field(description="Whether the default model has been loaded.")
    device: str
    segmenters: list[str] = Field(description="What can label the pictures of a model that names none.")
    failure: Problem | None = Field(default=None, description="Why the default model could not be loaded.")


class LayerInfo(Message):
    """A layer of a model."""

    name: str
    units: int
    size: int = Field(description="Height and width of its output, in cells.")
    dissected: bool


class ModelInfo(Message):
    """A model and what its card says."""

    name: str
    kind: str
    architecture: str
    description: str
    image_size: int | None
    parameters: int
    default_layer: str | None
    concepts: list[str]
    layers: list[LayerInfo]
    segmenter: str | None
    world: str | None
    world_hash: str | None
    latent: dict[str, int]
    training: dict[str, Any]
    source: str
    licence: str
    classes: list[str] = Field(
        description="Names of its classes, from 0; empty where only numbers are known."
    )
    argument: str = Field(description="What `inscape VERB` takes for it, quoted for a shell.")
    paintable: bool
    removable: bool = Field(description="Whether it was opened in the page and can be removed there.")


class CheckpointFile(Message):
    """A file that can be opened, in a folder that the launch named."""

    folder: int = Field(ge=0, description="Number of the folder.")
    place: str = Field(description="The folder, for people to read.")
    name: str
    bytes: int
    model: str | None = Field(description="What it was opened as, where that is still here.")


class CheckpointList(Message):
    """What can be opened."""

    files: list[CheckpointFile]
    largest: int = Field(description="Bytes that a dropped file may have.")


class OpenCheckpoint(Message):
    """Which of those files to open."""

    folder: int = Field(ge=0)
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]


class ModelList(Message):
    """All models that the studio offers."""

    models: list[ModelInfo]


class UnitRow(Message):
    """What a report says of a unit."""

    unit: int
    concept: str | None
    plane: str | None
    iou: float
    threshold: float
    concept_best: str | None
    iou_best: float
    threshold_best: float
    chance: float
    passes: bool = Field(description="Whether its IoU is above 0.05 and above its own chance level.")
    strip: str = Field(description="Address of its top pictures.")


class ReportInfo(Message):
    """The report of a layer; `dissected` is false, and the lists empty, where there is none yet."""

    model: str
    layer: str
    dissected: bool
    images: int = 0
    segmenter: str | None = None
    units: list[UnitRow] = Field(default_factory=list)
    rankings: dict[str, list[tuple[int, float]]] = Field(default_factory=dict)
    concepts: dict[str, int] = Field(default_factory=dict, description="Units per concept.")
    colours: dict[str, str] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)


class UnitInfo(Message):
    """One unit in full."""

    row: UnitRow
    concepts: list[tuple[str, float]] = Field(description="Every concept with this unit's IoU, best first.")
    conditional_mean: dict[str, float] = Field(description="Mean activation where each concept is seen.")
    quantiles: list[tuple[float, float]] = Field(description="Fraction of activations below, and the value.")
    seeds: list[int] = Field(description="Seeds of its top pictures, strongest first.")


class DissectionRequest(Message):
    """Ask for a dissection."""

    images: int = Field(default=1000, ge=20, le=100_000)
    segmenter: Name | None = Field(default=None, description="A shipped one; the model's own if null.")


class EffectsRequest(Message):
    """Ask what switching units off does."""

    layer: Name
    units: list[int] = Field(min_length=1, max_length=512)
    concept: Name
    images: int = Field(default=200, ge=10, le=10_000)
    insert: bool = False


class JobProgress(Message):
    """How far a job is."""

    name: str
    done: int
    total: int | None
    unit: str
    seconds: float
    seconds_left: float | None


class JobInfo(Message):
    """A named piece of long work."""

    id: str
    kind: JobKind
    name: str = Field(description="Unique among waiting and running jobs: a second request joins the first.")
    model: str
    layer: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    created: float = Field(description="Seconds since 1970.")
    finished: float | None = None
    progress: JobProgress | None = None
    error: Problem | None = None
    result: dict[str, Any] | None = Field(
        default=None, description="While the job runs, what was found so far. Left out of the list of jobs."
    )


class JobList(Message):
    """All jobs of this launch, oldest first."""

    jobs: list[JobInfo]


class BrushInfo(Message):
    """A concept that can be painted."""

    concept: str
    plane: str
    colour: str = Field(description="#rrggbb")
    layer: str
    units: list[int] = Field(description="Best first; a stroke uses the first `top` of them.")
    top: int
    thumbnail: str


class BrushList(Message):
    """The brushes of a layer; empty where the layer is not dissected."""

    model: str
    layer: str
    dissected: bool
    brushes: list[BrushInfo]
    absent: list[str] = Field(
        default_factory=list, description="Objects that no unit of the layer matches: nothing paints them."
    )


class RegionBox(Message):
    """A rectangle in pixels of the picture: x, y, width, height."""

    box: tuple[float, float, float, float]


class RegionMask(Message):
    """Weights 0 to 255 over the whole picture, row by row from the top: deflated (zlib), then base64."""

    mask: Annotated[str, StringConstraints(max_length=1_500_000)]
    height: int = Field(ge=1, le=1024)
    width: int = Field(ge=1, le=1024)


class StrokeSettings(Message):
    """What a stroke does, without where."""

    layer: Name
    concept: Name | None = Field(default=None, description="The brush; None for hand-picked units.")
    units: list[int] = Field(
        default_factory=list, max_length=4096, description="Hand-picked units; empty for the brush's own."
    )
    top: int = Field(default=20, ge=1, le=4096, description="How many of the brush's units.")
    mode: Literal["draw", "remove", "keep", "drop"] = Field(
        default="draw",
        description="On a photo also: keep the photo under the region, or drop the island that the region "
        "covers out of what the other strokes influence. Those two have no units.",
    )
    strength: float = Field(default=1.0, ge=0, le=1)
    value: Literal["mean", "quantile"] = "quantile"
    values: list[float] = Field(
        default_factory=list,
        max_length=4096,
        description="What each of `units` becomes; filled in where a stroke is kept, so it never drifts.",
    )


class Stroke(StrokeSettings):
    """A stroke."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    region: RegionMask | RegionBox


class AddStroke(Message):
    """A stroke was painted."""

    kind: Literal["stroke"] = "stroke"
    stroke: Stroke


class HideStroke(Message):
    """A stroke was hidden, or shown again."""

    kind: Literal["hide"] = "hide"
    stroke: str
    hidden: bool


class DeleteStroke(Message):
    """A stroke was deleted from the history."""

    kind: Literal["delete"] = "delete"
    stroke: str


class Reset(Message):
    """All strokes were taken away; undo brings them back."""

    kind: Literal["reset"] = "reset"


Operation = Annotated[AddStroke | HideStroke | DeleteStroke | Reset, Field(discriminator="kind")]
Operations = Annotated[list[Operation], Field(max_length=MOST_OPERATIONS)]


class NewPainting(Message):
    """Start a painting."""

    model: Name
    seed: Seed = Field(description="0 on a photo.")
    photo: PhotoName = None
    truncation: Truncation = 1.0
    class_index: ClassIndex = None
    name: Annotated[str, StringConstraints(max_length=120)] = ""
    operations: Operations = Field(default_factory=list)
    cursor: int | None = Field(default=None, description="All operations apply unless given.")


class SavePainting(Message):
    """The whole painting as it shall be."""

    revision: int = Field(description="The revision that this was made from.")
    name: Annotated[str, StringConstraints(max_length=120)] = ""
    operations: Operations
    cursor: int = Field(ge=0)


class StepPainting(Message):
    """One step: the operations become `operations[:keep] + append`.

    Drawing sends keep=cursor, append=[operation], cursor+1. Undo sends keep=length, append=[], cursor-1.
    """

    revision: int = Field(description="The revision that this was made from.")
    keep: int = Field(ge=0)
    append: Operations = Field(default_factory=list)
    cursor: int = Field(ge=0)


class Branch(Message):
    """What a new stroke after an undo would have lost; restore with keep=at, append=operations."""

    at: int
    operations: Operations


class Painting(Message):
    """A painting that is kept: the operations before `cursor` apply, those from it on can be redone."""

    id: str
    revision: int
    name: str
    model: str
    seed: Seed
    photo: PhotoName = None
    truncation: Truncation = 1.0
    class_index: ClassIndex = None
    operations: Operations
    cursor: int
    branches: list[Branch] = Field(default_factory=list)
    created: float
    updated: float


class Kept(Message):
    """A painting was kept; the next change is made from this revision."""

    id: str
    revision: int


class PaintingSummary(Message):
    """A row of the list of paintings."""

    id: str
    revision: int
    name: str
    model: str
    seed: Seed
    photo: PhotoName = None
    class_index: ClassIndex = None
    strokes: int = Field(description="Strokes that are visible.")
    updated: float
    picture: str


class PaintingList(Message):
    """All paintings, the latest first."""

    paintings: list[PaintingSummary]


class Command(Message):
    """The lines that do the same without the studio."""

    cli: str
    python: str


class ActivityRequest(Message):
    """Ask which units fire under a region of a picture."""

    seed: Seed = Field(description="0 on a photo.")
    photo: PhotoName = None
    truncation: Truncation = 1.0
    class_index: ClassIndex = None
    layer: Name
    region: RegionMask | RegionBox
    top: int = Field(default=20, ge=1, le=512)


class AppearanceRequest(Message):
    """Ask what the units of a layer are at a place of a picture, to paint with that elsewhere."""

    seed: Seed = Field(description="0 on a photo.")
    photo: PhotoName = None
    truncation: Truncation = 1.0
    class_index: ClassIndex = None
    layer: Name
    region: RegionMask | RegionBox


class Appearance(Message):
    """What every unit of a layer is there on average: `units` and `values` for strokes."""

    layer: str
    units: list[int]
    values: list[float]


class ActivityRow(Message):
    """How much a unit fires under a region."""

    unit: int
    concept: str | None
    peak: float
    score: float = Field(description="In standard deviations of the unit over the picture.")
    fired: bool | None = Field(
        description="Whether its peak is above its top 1 % level; None without a report."
    )


class ActivityList(Message):
    """Units by how much they fire, strongest first."""

    units: list[ActivityRow]
