"""The world `room`: a furnished room whose lights can be switched, drawn from a seed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from inscape.concepts import Vocabulary
from inscape.scenes.drawn import DrawnWorld
from inscape.scenes.room.captions import write_captions
from inscape.scenes.room.light import Lighting, check_lights, light
from inscape.scenes.room.setting import Setting, compose
from inscape.scenes.room.stage import LAMPS, Stage
from inscape.scenes.room.vocabulary import VOCABULARY
from inscape.scenes.scene import Pixels, Scene


@dataclass(frozen=True)
class Reflection:
    """Where a surface mirrors a source, whether it is on or off.

    Args:
        source: "daylight", which stands for the windows, or a lamp.
        surface: The object that mirrors it: "floor" or "table".
        lit: Whether the source is on, so that the reflection can be seen.
        mask: Its pixels, `[height, width]`.
    """

    source: str
    surface: str
    lit: bool
    mask: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class RoomScene(Scene):
    """A drawn room, with the truth about its light.

    Args:
        lighting: The light of each source, on or off, and the picture under any of them.
        reflections: Every mirror image of a window or a lamp.
    """

    lighting: Lighting
    reflections: tuple[Reflection, ...]


class Room(DrawnWorld[Stage]):
    """Indoor scenes; see `World` for what each method gives."""

    name = "room"
    vocabulary: Vocabulary = VOCABULARY

    def __init__(self) -> None:
        super().__init__(Stage)

    def scene(self, seed: int, size: int = 256, rules: bool = True) -> RoomScene:
        """Draw one scene under the lights that its seed has on; see `draw`."""
        return self.draw(seed, size, rules=rules)

    def draw(
        self, seed: int, size: int = 256, *, lights: Collection[str] | None = None, rules: bool = True
    ) -> RoomScene:
        """Draw one scene under any lights; nothing else moves.

        Example:
            >>> room = Room()
            >>> by_day = room.draw(14, 64, lights=["daylight"])
            >>> by_day.lighting.names
            ('daylight', 'ceiling lamp')

        Args:
            seed: Any integer; the same seed shows the same room at every size.
            size: Height and width in pixels, 16 to 4096.
            lights: Names of the sources that are on, of those that the room has: "daylight",
                "ceiling lamp", "table lamp", "standing lamp". None for those that the seed has on.
            rules: False lets anything stand anywhere, and lights and reflections have no reason.

        Raises:
            NotFoundError: The room has no such light.
            ValueRangeError: The size is out of range.
        """
        stage = self._canvas(size)
        setting = compose(stage, seed, rules, lights)
        check_lights(lights or (), setting.sources.names, where=f"in room {seed}")
        lighting = light(stage, setting.sources)
        labels = np.empty((len(self.vocabulary.planes), size, size), np.uint8)
        picture = lighting.picture(setting.lights)
        self._label(stage, setting, labels)
        captions = write_captions(setting.factors, setting.lights, self._visible(labels))
        return RoomScene(
            picture,
            labels,
            tuple(stage.objects),
            captions,
            seed,
            asdict(setting.factors),
            setting.lights,
            lighting=lighting,
            reflections=self._reflections(stage, setting, labels[0]),
        )

    def _draw(self, seed: int, rules: bool, picture: Pixels, labels: Pixels) -> None:
        stage = self._canvas(len(picture))
        setting = compose(stage, seed, rules)
        picture[:] = light(stage, setting.sources).picture(setting.lights)
        self._label(stage, setting, labels)

    def _label(self, stage: Stage, setting: Setting, labels: Pixels) -> None:
        """The planes of the canvas, and lit lamps and the reflections that can be seen."""
        stage.label(labels)
        number = self.vocabulary.index
        mirrored = np.zeros(2 ** (LAMPS + 1), np.uint8)
        shades = np.zeros(LAMPS + 1, np.uint8)
        sources = setting.numbered
        for source, name in sources.items():
            lit = name in setting.lights
            if source > 0:
                shades[source] = number("lit lamp" if lit else "unlit lamp")
            if lit:
                rows = np.arange(len(mirrored)) >> source & 1 == 1
                unset = rows & (mirrored == 0)  # windows come first: they hide lamps
                mirrored[unset] = number("lamp reflection" if source else "window reflection")
        plane = labels[self.vocabulary.planes.index("light")]
        np.take(mirrored, stage.bits, out=plane, mode="clip")
        np.maximum(plane, np.take(shades, stage.lamps, mode="clip"), out=plane)

    def _reflections(self, stage: Stage, setting: Setting, objects: Pixels) -> tuple[Reflection, ...]:
        found = []
        for source, name in setting.numbered.items():
            mask = stage.bits >> source & 1 == 1
            for number in np.unique(objects[mask]).tolist():
                surface = self.vocabulary.names[number - 1]
                found.append(Reflection(name, surface, name in setting.lights, mask & (objects == number)))
        return tuple(found)
