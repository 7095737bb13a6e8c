"""Rewrite a rule of a generator: make a weight edit from contexts and a paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.activations import edited
from inscape.editing import WeightEdit
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import (
    ConflictError,
    RegionError,
    UnsupportedError,
    UsageError,
)
from inscape.models import Generator
from inscape.models.weights import state_of, weights_hash
from inscape.pictures import Latent
from inscape.rewriting.goals import (
    Goal,
    erase_goal,
    kept_goal,
    loudest_units,
    mask_of,
    paste_goal,
)
from inscape.rewriting.key_space import KeySpace
from inscape.rewriting.memories import memory_of
from inscape.rewriting.memory import LayerMemory, Reading, need_cpu, read_latents
from inscape.rewriting.pastes import Erase, Paste, Place, Which, goals_of, places_of, which_json
from inscape.rewriting.projected_adam import solve_by_steps
from inscape.rewriting.samples import FIRST_SEED, SAMPLES, key_moment
from inscape.rewriting.solver import Ordinary, Solution, solve
from inscape.types import JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Model
    from inscape.progress import Progress


class Rewriter:
    """Makes rules for one layer of a generator, and caches the layer's keys and readings.

    The cache belongs to the edits that are applied to the model when this is made. Where weights or
    attributes of the model change otherwise, it is dropped.

    Args:
        model: The generator.
        layer: The layer's name; the default layer unless given.
        samples: Number of pictures for the second moment of the keys.

    Raises:
        UnsupportedError: The model is not a generator or not on the CPU, or the layer holds no map that can
            be rewritten.
        LayerError: There is no such layer, or it has no weights.
    """

    def __init__(self, model: Model, layer: str | None = None, *, samples: int = SAMPLES) -> None:
        if not isinstance(model, Generator):
            raise UnsupportedError(
                f"Copy and paste needs a generator; {model.name!r} is {model.card.noun}.",
                "For other networks use inscape.rewriting.rewrite_layer with goals of your own.",
            )
        need_cpu(model)
        self.model = model
        self.memory: LayerMemory = memory_of(model, layer)
        self.samples = samples
        self._on = model.on
        self._network = state_of(model.module)
        self._readings: dict[str | int, Reading] = {}
        self._space: KeySpace | None = None
        self._ordinary: Reading | None = None

    @property
    def space(self) -> KeySpace:
        """The layer's second moment of keys; taken over the generator's pictures the first time."""
        self._renew()
        if self._space is None:
            self._space = KeySpace(key_moment(self.memory, samples=self.samples))
        return self._space

    @space.setter
    def space(self, space: KeySpace) -> None:
        self._space = space

    @property
    def prepared(self) -> bool:
        """Whether the second moment of the keys is there."""
        self._renew()
        return self._space is not None

    def prepare(self, progress: Progress | None = None) -> None:
        """Take the second moment of the keys now, showing how far it is.

        Raises:
            CancelledError: The person cancelled.
        """
        if not self.prepared:
            self.space = KeySpace(key_moment(self.memory, samples=self.samples, progress=progress))
        _ = self.ordinary

    @property
    def ordinary(self) -> Reading:
        """What the layer does with some pictures that nobody chose."""
        self._refuse_other_edits()
        self._renew()
        if self._ordinary is None:
            seeds = range(FIRST_SEED, FIRST_SEED + ORDINARY)
            self._ordinary = read_latents(self.memory, self.model.w_of_seeds(seeds))
        return self._ordinary

    def reading(self, which: Which) -> Reading:
        """What the layer does with one picture; the last 256 are kept.

        Raises:
            ConflictError: Other edits are on the model than when this was made.
        """
        self._refuse_other_edits()
        self._renew()
        key = which if isinstance(which, int) else str(which.to_json())
        if key not in self._readings:
            while len(self._readings) >= _KEPT:
                del self._readings[next(iter(self._readings))]
            self._readings[key] = read_latents(self.memory, self.latent(which))
        return self._readings[key]

    def _renew(self) -> None:
        """Drop what was read where the network is not what it was, for another reason than other edits."""
        now = state_of(self.model.module)
        if now != self._network and self._same_edits:
            self._readings.clear()
            self._space = self._ordinary = None
            self._network = now

    @property
    def _same_edits(self) -> bool:
        return [id(edit) for edit in self.model.on] == [id(edit) for edit in self._on]

    def _refuse_other_edits(self) -> None:
        if not self._same_edits:
            raise ConflictError(
                f"The edits on {self.model.name!r} have changed since this rewriter was made.",
                "Make a Rewriter for the model as it is now.",
            )

    def latent(self, which: Which) -> Float[Tensor, "1 num_ws w_dim"]:
        """What the generator draws a picture from.

        Raises:
            UsageError: A seed below 0.
            LatentError: The latent does not fit the generator.
        """
        if isinstance(which, Latent):
            return self.model.w_of(which)
        if which < 0:
            raise UsageError(f"A picture is named by its seed, 0 or more, got {which}.")
        return self.model.w_of_seeds([which])

    def keys(self, places: Sequence[Place]) -> tuple[Float[Tensor, "key input"], Float[Tensor, "key"]]:
        """The keys under regions, and how much each counts.

        Raises:
            RegionError: A region is empty or lies outside its picture.
        """
        keys, weights = [], []
        for which, region in places:
            found = self.reading(which).shown[0]
            mask = region.mask(*found.shape[1:], image_size=self.model.image_size).float()
            keys.append(found.flatten(1).t())
            weights.append(mask.flatten())
        if not keys or float(torch.cat(weights).max()) <= 0:
            raise RegionError(
                "The context is empty: no place of the layer lies under it.", "Mark a larger one."
            )
        return torch.cat(keys), torch.cat(weights)

    def _ordinary_places(self, context: Sequence[Place]) -> Float[Tensor, "batch rows columns"]:
        """1 where the ordinary pictures show nothing like the context, 0 where they may."""
        reading = self.ordinary
        scorer = self.space.scorer(*self.keys(context))
        alike = torch.einsum("i,bihw->bhw", scorer, reading.shown) > _ALIKE
        grown = functional.max_pool2d(alike.float()[:, None], 3, stride=1, padding=1)
        return self.memory.of_sums(1 - grown[:, 0], reading)

    def goal(self, wanted: Paste | Erase, context: Sequence[Place], settings: RuleSettings) -> Goal:
        """What the layer should output for one paste.

        Raises:
            RegionError: A region is empty, outside its picture, or too large to be pasted.
        """
        size = self.model.image_size
        target = self.reading(wanted.target)
        place = mask_of(wanted.place, target, size)
        if isinstance(wanted, Erase):
            keys, weights = self.keys(context)
            units = loudest_units(keys, weights, self.space.moment, wanted.units)
            return erase_goal(self.memory, target, place, units, halo=settings.halo)
        source = self.reading(wanted.source)
        copied = mask_of(wanted.copied, source, size)
        return paste_goal(source, copied, target, place, scale=wanted.scale, halo=settings.halo)

    def drawn(self, which: Which, goals: Sequence[Goal]) -> Float[Tensor, "goal 3 height width"]:
        """A picture as it is drawn where the layer puts out exactly what each goal wants, in [-1, 1]."""
        targets = torch.stack([goal.target for goal in goals])
        w = self.latent(which).expand(len(goals), -1, -1)
        with edited(self.model, self.memory.layer.name, lambda values: targets.to(values)):
            return self.model.images(w).clamp(-1, 1).clone()

    def rewrite(
        self,
        context: Sequence[Place],
        paste: Sequence[Paste | Erase],
        settings: RuleSettings | None = None,
        *,
        protect: Sequence[Place] = (),
        name: str = "",
        progress: Progress | None = None,
    ) -> WeightEdit:
        """The edit that makes the layer answer a context as what was pasted says; see `rewrite`."""
        settings = settings or RuleSettings()
        if not paste:
            raise UsageError("A rule needs a goal: copy something, and paste it.")
        context = list(context) or [(wanted.target, wanted.place) for wanted in paste]
        goals = [self.goal(wanted, context, settings) for wanted in paste]
        for which, region in protect:
            reading = self.reading(which)
            goals.append(kept_goal(reading, mask_of(region, reading, self.model.image_size)))
        directions = self.directions(context, settings, protect)
        ordinary = None
        if settings.spill and settings.solver == "reduced":
            ordinary = Ordinary.of(self.memory, self.ordinary, directions, self._ordinary_places(context))
        solution = _solved(self.memory, goals, directions, settings, ordinary, progress)
        made = {
            "context": [[which_json(which), region.to_json()] for which, region in context],
            "paste": [wanted.to_json() for wanted in paste],
            "protect": [[which_json(which), region.to_json()] for which, region in protect],
            "settings": asdict(settings),
            **_numbers(solution),
        }
        return edit_of(self.memory, directions, solution, name=name, made=made)

    def directions(
        self, context: Sequence[Place], settings: RuleSettings, protect: Sequence[Place] = ()
    ) -> Float[Tensor, "rank input"]:
        """The directions of the keys that a rule for a context changes.

        Raises:
            RegionError: The context is empty.
            ValueRangeError: The rank is out of range, or what is protected leaves nothing.
        """
        if settings.solver == "layer":
            return torch.eye(self.memory.width)
        keys, weights = self.keys(context)
        kept = torch.cat([self._kept(place) for place in protect]) if protect else None
        return self.space.directions(keys, weights, settings.rank, method=settings.method, protected=kept)

    def _kept(self, place: Place) -> Tensor:
        keys, weights = self.keys([place])
        return keys[weights >= min(0.5, float(weights.max()))]


_KEPT = 256
_ALIKE = 0.5
ORDINARY = 32
"""Pictures whose places are taken as ordinary ones."""


def rewrite(
    model: Model,
    layer: str | None = None,
    *,
    context: Sequence[Place] = (),
    paste: Paste | Erase | tuple[object, ...] | Sequence[Paste | Erase | tuple[object, ...]],
    protect: Sequence[Place] = (),
    settings: RuleSettings | None = None,
    name: str = "",
    progress: Progress | None = None,
) -> WeightEdit:
    """Change a rule of a generator by copy and paste (Bau et al., ECCV 2020).

    Example:
        >>> rule = inscape.rewrite(model, "layer16b", context=[(3, spire)], paste=(5, tree, 3, spire))
        >>> after = model.sample(9, edits=[rule])
        >>> rule.save("towers-grow-trees.edit.safetensors")

    Args:
        model: The generator.
        layer: The layer to rewrite. The default layer unless given.
        context: Pictures (seed or latent), each with a region or a mask `[height, width]`, where the rule
            holds. The place of the paste unless given.
        paste: What to draw there: `Paste`, `Erase` or `(source, copied, target, place)`, or a list of these.
            One rule then fits all of them.
        protect: Regions that must stay. The rule avoids the directions of their keys, and they count as goals
            that stay as they are.
        settings: Rank, ridge, solver and the like.
        name: For display.
        progress: Reports the steps done, and can cancel between them.

    Returns:
        The edit. `edit.made` holds `loss_before` and `loss`, the mean distance to the goal before and after
        (with exactly the weights that the edit makes), and `change`, the norm of the change of the weights as
        a fraction of theirs.

    Raises:
        LayerError, UnsupportedError: The layer cannot be rewritten.
        RegionError: A region is empty, outside its picture, or too large to be pasted.
        UsageError: A picture, a region or a goal has the wrong type.
        ValueRangeError: A setting is out of range.
        CancelledError: The person cancelled; the model is unchanged.
    """
    settings = settings or RuleSettings()
    places, kept, goals = places_of(context), places_of(protect), goals_of(paste)
    rewriter = Rewriter(model, layer, samples=settings.samples)
    rewriter.prepare(progress)
    return rewriter.rewrite(places, goals, settings, protect=kept, name=name, progress=progress)


def rewrite_layer(
    memory: LayerMemory,
    goals: Sequence[Goal],
    directions: Float[Tensor, "rank input"],
    settings: RuleSettings | None = None,
    *,
    ordinary: Reading | None = None,
    progress: Progress | None = None,
) -> WeightEdit:
    """Rewrite a layer of any model, such as a classifier, from your own goals and directions.

    Example:
        >>> memory = memory_of(classifier, "conv2")
        >>> seen = memory.read(lambda: classifier.module(snowy))
        >>> wanted = memory.read(lambda: classifier.module(plain)).values
        >>> directions = KeySpace(second).directions(keys_of_snow, weights)
        >>> rule = rewrite_layer(memory, [Goal(seen, wanted[0], mask)], directions)

    Args:
        memory: From `memory_of`.
        goals: One for each picture.
        directions: Orthonormal rows, from `KeySpace.directions`.
        settings: Ridge, spill, solver and steps.
        ordinary: What the layer does with data that should stay as they are.
        progress: Reports the steps done.

    Raises:
        ValueRangeError: No goal.
        CancelledError: The person cancelled.
    """
    found = None if ordinary is None else Ordinary.of(memory, ordinary, directions, None)
    solution = _solved(memory, goals, directions, settings or RuleSettings(), found, progress)
    return edit_of(memory, directions, solution, made=_numbers(solution))


def edit_of(
    memory: LayerMemory,
    directions: Float[Tensor, "rank input"],
    solution: Solution,
    *,
    name: str = "",
    made: JsonObject | None = None,
) -> WeightEdit:
    """Make an edit from a solution."""
    return WeightEdit(
        memory.layer.name,
        memory.parameter,
        directions.numpy(),
        solution.coefficients.numpy(),
        swapped=memory.swapped,
        weights=weights_hash(memory.model.module),
        name=name,
        made=made or {},
    )


def _solved(
    memory: LayerMemory,
    goals: Sequence[Goal],
    directions: Tensor,
    settings: RuleSettings,
    ordinary: Ordinary | None,
    progress: Progress | None,
) -> Solution:
    if settings.solver == "reduced":
        return solve(memory, goals, directions, settings, ordinary=ordinary, progress=progress)
    return solve_by_steps(memory, goals, directions, steps=settings.steps, progress=progress)


def _numbers(solution: Solution) -> JsonObject:
    return {"loss_before": solution.loss_before, "loss": solution.loss, "change": solution.change}
