"""Train a classifier of a world's scenes, and keep moments of its training.

What a scene shows is known from the choices behind it, so the truth is exact. The moving average is kept at
moments that double: before the first step, and after 8, 16, 32, ... steps, each as a model that
`inscape.open` opens.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inscape import scenes, storage
from inscape.errors import FormatError
from inscape.models import Card, open_model
from inscape.models.building import architecture
from inscape.models.devices import resolve_device
from inscape.models.weights import weights_hash
from inscape.pictures import to_tensor
from inscape.progress import Progress, SilentProgress
from inscape.scenes.tasks import Task, task
from inscape.training._network_run import NetworkOptions, NetworkResult, NetworkRun
from inscape.training._network_state import NetworkState, halved
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training._seeded import seeded
from inscape.training.recipes import ClassifierRecipe
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

FIRST_SEED = 70_000_000
"""Training scenes count up from here."""
CHECK_SEED = 80_000_000
"""Scenes that judge a classifier count up from here; it never trains on them."""

MOMENTS = "moments"
_FIRST_MOMENT = 8
_LAST = "classify."
_CHECKED = 50
_SHIFT = 4


@dataclass(frozen=True)
class ClassifierOptions(NetworkOptions):
    """How a classifier is trained, besides `NetworkOptions`.

    Attributes:
        scenes: Scenes drawn beforehand.
        check: Unseen scenes that judge the result.
    """

    save_every: int = 256
    scenes: int = 16_000
    check: int = 1000

    @classmethod
    def of(cls, recipe: ClassifierRecipe, *, seed: int = 0, images: int | None = None) -> ClassifierOptions:
        """What a recipe is trained with, from a seed, over a number of pictures or as the minutes allow."""
        return cls(rate=recipe.highest_rate, seed=seed).over(images)


def train_classifier(
    recipe: ClassifierRecipe,
    minutes: float = 20.0,
    out: Path | str = "classifier",
    *,
    device: str | torch.device | None = "auto",
    options: ClassifierOptions | None = None,
    progress: Progress | None = None,
) -> NetworkResult:
    """Train a classifier, or continue with the training that is in `out`.

    Args:
        recipe: What is trained, what it learns to tell apart, and what it begins with. Of a model that it
            begins with, the classes are kept where they are the recipe's; otherwise the last layer is new.
        minutes: How long training takes altogether, earlier runs in `out` included; drawing scenes and
            judging the result come on top.
        out: Folder for the state, the scenes, the moments, `card.json` and `weights.safetensors`.
        device: Where to train.
        options: The rest; by default what the recipe is trained with.
        progress: Where to say how far it is.

    Raises:
        FormatError: `out` holds a training with other options, or the start is of another architecture.
        StorageError: `out` cannot be written.
        CancelledError: The person cancelled; the state is kept.
    """
    shown = progress or SilentProgress()
    options = options or ClassifierOptions.of(recipe)
    run = _Run(recipe, Path(out), options, resolve_device(device))
    run.scenes.draw(run.options.scenes, progress=shown)
    if run.state.step == 0:
        run.keep_moment()
    run.train(minutes * 60, shown)
    return run.finish({"world": recipe.world, "world_hash": scenes.world(recipe.world).hash()})


class _Run(NetworkRun[nn.Module]):
    options: ClassifierOptions

    def __init__(
        self, recipe: ClassifierRecipe, out: Path, options: ClassifierOptions, device: torch.device
    ) -> None:
        self.recipe, self.options, self.world = recipe, options, scenes.world(recipe.world)
        self.task: Task = task(recipe.task, recipe.world)
        known = architecture(recipe.architecture)
        self.config = known.config.from_json(
            {"classes": len(self.task.classes), "resolution": recipe.size, **recipe.config}
        )
        with seeded(options.seed):
            first: nn.Module = known.network(self.config)
        self.layers = known.layers(first)
        self.start = None if recipe.start == "scratch" else self._begin(first, device)

        def build() -> nn.Module:
            return copy.deepcopy(first).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

        state = NetworkState(build, "classifier", device)
        key = storage.content_key(
            *(self.world.hash(), self.task.key(), self.config.to_json(), options.seed, self.start),
            *(options.batch, options.scenes, options.rate, options.average),
        )
        super().__init__(state, out, recipe.size, options, key)
        self.scenes = ScenesAhead(
            out,
            world=recipe.world,
            size=recipe.size,
            count=options.scenes,
            first_seed=FIRST_SEED,
            classified=True,
        )

    def _begin(self, first: nn.Module, device: torch.device) -> JsonObject:
        """Take over the weights of another model; what it was, for the card."""
        model = open_model(self.recipe.start, device=device)
        if model.card.architecture != self.recipe.architecture:
            raise FormatError(
                f"{self.recipe.name!r} is of architecture {self.recipe.architecture!r}, and cannot start "
                f"from {model.name!r}, {model.card.noun} of architecture {model.card.architecture!r}."
            )
        taken = model.module.state_dict()
        if model.card.classes != self.task.classes:
            taken = {name: value for name, value in taken.items() if not name.startswith(_LAST)}
        try:
            missing, unknown = first.load_state_dict(taken, strict=False)
        except RuntimeError as error:
            raise FormatError(f"{model.name!r} has other sizes than {self.recipe.name!r}.") from error
        differing = [name for name in (*missing, *unknown) if not name.startswith(_LAST)]
        if differing:
            raise FormatError(
                f"{model.name!r} has other layers than {self.recipe.name!r}: {len(differing)} weights are in "
                f"one of them alone, the first of them {differing[0]!r}."
            )
        return {
            "name": model.name,
            "task": model.card.training.get("task"),
            "hash": weights_hash(model.module),
        }

    @cached_property
    def _by_class(self) -> list[NDArray[np.int64]]:
        """The numbers of the scenes of each class."""
        classes = self.scenes.classes(self.task)
        return [np.flatnonzero(classes == number) for number in range(len(self.task.classes))]

    def losses(self, done: float) -> dict[str, Tensor]:
        images, classes = self._batch(self.state.step)
        self.state.network.train()
        logits = self.state.network(images.contiguous(memory_format=torch.channels_last))
        return {"loss": functional.cross_entropy(logits.float(), classes)}

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Pictures and classes of a step, each class as often; they depend on seed and step alone."""
        random = np.random.default_rng([self.seed, step])
        classes = random.integers(0, len(self.task.classes), self.options.batch)
        chosen = np.array([random.choice(self._by_class[number]) for number in classes])
        pictures = self.scenes.pictures(chosen)
        padded = np.pad(pictures, ((0, 0), (_SHIFT, _SHIFT), (_SHIFT, _SHIFT), (0, 0)), mode="edge")
        moved = np.empty_like(pictures)
        for row, (left, top, mirrored) in enumerate(random.integers(0, (9, 9, 2), (len(chosen), 3))):
            part = padded[row, top : top + self.size, left : left + self.size]
            moved[row] = part[:, ::-1] if mirrored else part
        device = self.state.device
        return to_tensor(moved).to(device), torch.from_numpy(classes).to(device)

    def after_step(self) -> None:
        step = self.state.step
        if step >= _FIRST_MOMENT and step & (step - 1) == 0:
            self.keep_moment()

    def keep_moment(self) -> None:
        """Write the moving average as a model of its own, in half precision."""
        state = self.state
        training = {"steps": state.step, "images": state.images, "seed": self.seed}
        with storage.atomic_folder(self.out / MOMENTS / f"{state.images:06d}") as folder:
            self.card(state.average, training).write(folder / "card.json")
            storage.save_tensors(folder / "weights.safetensors", halved(state.average))

    @torch.inference_mode()
    def scores(self, average: nn.Module) -> dict[str, float]:
        """Accuracy on unseen scenes, its mean over classes, and the share of each class that is found."""
        count, seeds = len(self.task.classes), range(CHECK_SEED, CHECK_SEED + self.options.check)
        shown, right = np.zeros((2, count))
        for start in range(0, len(seeds), _CHECKED):
            pictures, classes = self.task.classified(seeds[start : start + _CHECKED], self.size)
            read = average(to_tensor(pictures).to(self.state.device)).argmax(1).cpu().numpy()
            shown += np.bincount(classes, minlength=count)
            right += np.bincount(classes[read == classes], minlength=count)
        found = right / np.maximum(shown, 1)
        scores = {"accuracy": right.sum() / shown.sum(), "balanced": found[shown > 0].mean()}
        scores |= dict(zip(self.task.classes, found, strict=True))
        return {name: round(float(score), 4) for name, score in scores.items()}

    def card(self, average: nn.Module, training: JsonObject) -> Card:
        recipe, told = self.recipe, ", ".join(self.task.classes)
        began = "" if self.start is None else f", from the weights of {self.start['name']!r}"
        about = {"task": self.task.name, **training}
        return Card(
            name=recipe.name,
            kind="classifier",
            architecture=recipe.architecture,
            config=self.config.to_json(),
            layers=self.layers,
            default_layer=recipe.layer,
            image_size=self.size,
            classes=self.task.classes,
            world=recipe.world,
            world_hash=self.world.hash(),
            parameters=sum(weight.numel() for weight in average.parameters()),
            training=about if self.start is None else {**about, "start": self.start},
            source=f"Trained on scenes of {recipe.world!r} by `inscape train {recipe.name}`{began}.",
            licence="MIT",
            description=f"Tells scenes of the world {recipe.world!r} apart by {self.task.name}: {told}.",
        )
