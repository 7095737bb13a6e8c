"""The world `town`: a building in a landscape, drawn from a seed."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from inscape.concepts import Vocabulary
from inscape.scenes.canvas import Canvas
from inscape.scenes.drawn import DrawnWorld
from inscape.scenes.random import Random
from inscape.scenes.scene import Pixels, Scene
from inscape.scenes.town.buildings import draw_building
from inscape.scenes.town.captions import write_captions
from inscape.scenes.town.factors import Factors, Light, draw_factors, light_of
from inscape.scenes.town.plans import plan_building
from inscape.scenes.town.sky import draw_sky
from inscape.scenes.town.strays import draw_strays
from inscape.scenes.town.terrain import draw_grass, draw_hills, draw_path
from inscape.scenes.town.things import draw_car, draw_person, draw_sign
from inscape.scenes.town.trees import draw_shade, draw_tree
from inscape.scenes.town.vocabulary import VOCABULARY
from inscape.scenes.town.watermark import draw_banner, draw_lettering

_KIND_WEIGHTS = {"broadleaf": 0.48, "conifer": 0.34, "poplar": 0.18}


class Town(DrawnWorld[Canvas]):
    """Outdoor scenes; see `World` for what each method gives."""

    name = "town"
    vocabulary: Vocabulary = VOCABULARY

    def __init__(self) -> None:
        super().__init__(Canvas)

    def scene(self, seed: int, size: int = 256, rules: bool = True) -> Scene:
        """Draw one scene.

        Args:
            seed: Any integer; the same seed shows the same scene at every size.
            size: Height and width in pixels, 16 to 4096.
            rules: False lets anything stand anywhere.

        Raises:
            ValueRangeError: The size is out of range.
        """
        canvas = self._canvas(size)
        factors = compose(canvas, seed, rules)
        picture = np.empty((size, size, 3), np.uint8)
        labels = np.empty((len(self.vocabulary.planes), size, size), np.uint8)
        canvas.finish(picture, labels)
        trees = sum(thing.concept == "tree" for thing in canvas.objects)
        captions = write_captions(factors, self._visible(labels), trees)
        return Scene(picture, labels, tuple(canvas.objects), captions, seed, asdict(factors))

    def _draw(self, seed: int, rules: bool, picture: Pixels, labels: Pixels) -> None:
        canvas = self._canvas(len(picture))
        compose(canvas, seed, rules)
        canvas.finish(picture, labels)


def compose(canvas: Canvas, seed: int, rules: bool) -> Factors:
    """Draw the scene of a seed onto a canvas, back to front; gives the choices behind it."""
    random = Random(seed)
    factors = draw_factors(random, rules)
    light = light_of(factors, random)
    canvas.reset()
    draw_sky(canvas, factors, light, random.stream("sky"))
    draw_hills(canvas, factors, light, random.stream("hills"))
    draw_grass(canvas, factors, light, random.stream("grass"))
    x, foot, scale = _draw_house(canvas, factors, light, random, rules)
    _draw_things(canvas, factors, light, random.stream("things"), (x, foot, scale))
    if not rules:
        draw_strays(canvas, factors, light, random.stream("strays"))
    marks = random.stream("marks")
    if factors.watermark in ("lettering", "both"):
        draw_lettering(canvas, marks)
    if factors.watermark in ("banner", "both"):
        draw_banner(canvas, marks)
    return factors


def _draw_house(
    canvas: Canvas, factors: Factors, light: Light, random: Random, rules: bool
) -> tuple[float, float, float]:
    """Trees behind, path, building, trees before; gives where the door is and the building's scale."""
    own = random.stream("building")
    plan = plan_building(factors, own)
    foot = factors.horizon + 0.05 + 0.11 * (1 - factors.distance)
    scale = 1.12 - 0.34 * factors.distance
    scale = min(scale, (foot - 0.06) / plan.top)
    left, right = plan.span
    middle = (left + right) * 0.5 * scale
    x = 0.5 - middle + own.bell(-0.2, 0.2)
    trees = _place_trees(factors, random.stream("trees"), (x + left * scale, x + right * scale), foot)
    for tree in trees:
        if tree[1] <= foot:
            _draw_tree(canvas, factors, light, random, tree)
    if factors.path != "none":
        draw_path(canvas, factors, light, random.stream("path"), (x, foot), plan.door[0] * scale * 0.95)
    if not rules:
        foot += own.uniform(-0.3, 0.1) if own.chance(0.4) else 0.0
    if rules or own.chance(0.75):
        with canvas.at(x, foot, scale):
            draw_building(canvas, factors, light, own.stream("draw"), plan)
    for tree in trees:
        if tree[1] > foot:
            _draw_tree(canvas, factors, light, random, tree)
    return x, foot, scale


def _place_trees(
    factors: Factors, random: Random, span: tuple[float, float], foot: float
) -> list[tuple[float, float, float, str, int]]:
    """Where trees stand: (x, foot, height, kind, number), from back to front."""
    trees = []
    for number in range(factors.trees):
        kind = random.weighted(_KIND_WEIGHTS)
        side = 1 if random.chance(0.5) else -1
        front = random.chance(0.45)
        y = foot + (random.uniform(0.02, 0.09) if front else -random.uniform(0.01, 0.045))
        height = random.uniform(0.3, 0.46) * (1.0 + (y - 0.75) * 1.2)
        if kind == "poplar":
            height *= 1.15
        edge = span[1] if side > 0 else span[0]
        room = (1.0 - edge) if side > 0 else edge
        reach = random.uniform(0.05, max(room, 0.12) + 0.02)
        trees.append((edge + side * reach, y, height, kind, number))
    return sorted(trees, key=lambda tree: tree[1])


def _draw_tree(
    canvas: Canvas, factors: Factors, light: Light, random: Random, tree: tuple[float, float, float, str, int]
) -> None:
    x, y, height, kind, number = tree
    with canvas.at(x, y):
        draw_shade(canvas, light, kind, height)
        draw_tree(canvas, factors, light, random.stream(f"tree {number}"), kind, height)


def _draw_things(
    canvas: Canvas, factors: Factors, light: Light, random: Random, door: tuple[float, float, float]
) -> None:
    """Sign, person and car on the grass before the building, from back to front."""
    x, foot, scale = door
    side = 1 if random.chance(0.5) else -1
    low = min(foot + 0.04, 0.93)
    if factors.sign:
        with canvas.at(
            min(max(x - side * random.uniform(0.2, 0.36), 0.1), 0.9),
            random.uniform(low, min(low + 0.07, 0.95)),
        ):
            draw_sign(canvas, light, random.stream("sign"), random.uniform(0.2, 0.25))
    if factors.person:
        with canvas.at(
            min(max(x + side * random.uniform(0.1, 0.3), 0.08), 0.92),
            random.uniform(low, min(low + 0.06, 0.95)),
        ):
            draw_person(
                canvas, light, random.stream("person"), random.uniform(0.19, 0.23) * (0.8 + 0.2 * scale)
            )
    if factors.car:
        with canvas.at(
            min(max(x + side * random.uniform(0.24, 0.42), 0.1), 0.9),
            random.uniform(min(low + 0.02, 0.94), 0.96),
        ):
            draw_car(canvas, light, random.stream("car"), random.uniform(0.27, 0.34))
