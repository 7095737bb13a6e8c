"""`inscape atlas`: the detectors of layers, of moments of a training, of pruned copies side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.errors import UsageError
from inscape.verbs._class_sources import SourceName, open_source
from inscape.verbs._options import Device
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._reports import Folder, Html, ReportResult, check_places, write_report
from inscape.verbs._request import Request

if TYPE_CHECKING:
    from inscape.dissection.atlas import Entry
    from inscape.dissection.atlas_report import AtlasReport
    from inscape.models import Model
    from inscape.progress import Progress


@dataclass(frozen=True)
class AtlasRequest(Request):
    """Put the detectors of several models, layers or pruned copies side by side.

    Shows the same pictures to every model, and counts the units that detect each concept. Beside each count
    stands the same count with shuffled label maps. Says of models with the same layer what became of the
    units.
    """

    models: Annotated[
        tuple[str, ...],
        Argument(
            "Names of shipped models, folders or checkpoint files. A folder of a training run stands for the "
            "moments in it.",
            metavar="MODEL…",
        ),
    ]
    layers: Annotated[
        str | None,
        Option("Names of layers such as block1,head, or all. [default: each model's default layer]"),
    ] = None
    source: SourceName = None
    labels: Annotated[Path | None, Option("Folder of label maps of the photos of a folder.")] = None
    images: Annotated[int, Option("Number of pictures."), Ge(4)] = 1000
    seed: Annotated[
        int, Option("Seed of the first scene, or number of the first photo."), Ge(0), Le(2**32 - 1)
    ] = 0
    controls: Annotated[int, Option("How often label maps are shuffled."), Ge(1)] = 1
    prune: Annotated[
        str | None,
        Option(
            "Percentages of the weights, such as 0,50,80,95: also look at copies without the smallest, and "
            "without as many random ones."
        ),
    ] = None
    retrain: Annotated[
        int,
        Option("With --prune: also train every copy again for this number of steps, on the model's task."),
        Ge(0),
    ] = 0
    out: Folder = None
    html: Html = None
    device: Device = "auto"

    def check(self) -> None:
        """Refuse an empty atlas, and shares that are none."""
        if not self.models:
            raise UsageError("`inscape atlas` needs at least one model, got none.")
        if self.retrain and self.prune is None:
            raise UsageError("--retrain trains pruned copies. Add --prune, or leave it out.")
        self.shares()

    def shares(self) -> list[float]:
        """The shares of `--prune`, from 0 to below 1."""
        if self.prune is None:
            return []
        try:
            found = [float(part) for part in self.prune.split(",")]
        except ValueError:
            found = [-1.0]
        if not all(0 <= share < 100 for share in found):
            raise UsageError(
                f"--prune takes percentages from 0 to below 100, such as 0,50,95, got {self.prune!r}."
            )
        return [share / 100 for share in found]


class AtlasResult(ReportResult):
    """What was found; `rows` holds a layer of a model each."""

    report: AtlasReport


def run(request: AtlasRequest, progress: Progress) -> AtlasResult:
    """Open the models and compare them.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such model, or it takes no pictures.
        LayerError, NotFoundError: One has no such layer, or there is no such source.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    from inscape.models import open_model

    check_places(request.out, request.html)
    named = [path for name in request.models for path in _moments(name)]
    models = [open_model(name, device=request.device, progress=progress) for name in named]
    return AtlasResult(atlas_opened(models, named, request, progress))


def atlas_opened(
    models: list[Model], named: list[str], request: AtlasRequest, progress: Progress
) -> AtlasReport:
    """Compare models that are open already; errors are those of `run`.

    Args:
        models: The models.
        named: How each was named.
        request: The rest.
        progress: Told of what is done.
    """
    from inscape.dissection.atlas import AtlasOptions, make_atlas

    entries, along = _entries(models, named)
    if request.prune is not None:
        entries, along = _pruned(models, request, progress), "weights pruned, %"
    options = AtlasOptions(
        layers=_layers(models[0], request.layers),
        along=along,
        images=request.images,
        seed=request.seed,
        controls=request.controls,
    )
    source = open_source(models[0].card, request.source, request.labels)
    report = make_atlas(entries, source, options, progress)
    write_report(report, request.out, request.html)
    return report


def _moments(name: str) -> list[str]:
    """The moments in the folder of a run, in order; of anything else its name."""
    from inscape.training.classifier import MOMENTS

    found = sorted(Path(name).glob(f"{MOMENTS}/*/card.json"))
    return [str(path.parent) for path in found] or [name]


def _layers(model: Model, asked: str | None) -> tuple[str, ...]:
    if asked is None:
        return ()
    return tuple(model.layers if asked.strip() == "all" else (name.strip() for name in asked.split(",")))


def _entries(models: list[Model], named: list[str]) -> tuple[list[Entry], str]:
    """The models under names that differ, and what stands along the axis: pictures seen, of one training."""
    from inscape.dissection.atlas import Entry

    names = [model.name for model in models]
    seen = [model.card.training.get("images") for model in models]
    same = len(models) > 1 and len(set(names)) == 1
    if same and len(set(seen)) == len(seen) and all(isinstance(each, int) for each in seen):
        entries = [
            Entry(model, f"{model.name} after {each}", float(each))
            for model, each in zip(models, seen, strict=True)
            if isinstance(each, int)
        ]
        return entries, "pictures seen"
    taken = names if len(set(names)) == len(names) else named
    return [Entry(model, name) for model, name in zip(models, taken, strict=True)], ""


def _pruned(models: list[Model], request: AtlasRequest, progress: Progress) -> list[Entry]:
    """Copies of every model without its smallest, or without random weights, trained again where asked."""
    from inscape.dissection.atlas import Entry
    from inscape.dissection.pruning import pruned
    from inscape.training.retraining import Retraining

    entries = []
    for model in models:
        retrain = Retraining(model, progress=progress) if request.retrain else None
        for how, random in (("smallest", None), ("random", request.seed)):
            for share in request.shares():
                copy = pruned(model, share, random=random)
                line = f"{how} weights" if len(models) == 1 else f"{model.name}, {how} weights"
                entries.append(Entry(copy.model, copy.model.name, 100 * share, line))
                if retrain is not None:
                    again = retrain(pruned(model, share, random=random), request.retrain)
                    name = f"{copy.model.name}, trained again"
                    entries.append(Entry(again, name, 100 * share, f"{line}, trained again"))
    return entries
