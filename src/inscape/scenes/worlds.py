"""The worlds that are shipped, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from inscape.errors import WorldError, unknown_name
from inscape.scenes.room import Room
from inscape.scenes.scene import World
from inscape.scenes.town import Town

_WORLDS: dict[str, Callable[[], World]] = {"town": Town, "room": Room}


def worlds() -> tuple[str, ...]:
    """The names of the shipped worlds."""
    return tuple(_WORLDS)


@cache
def _open(name: str) -> World:
    return _WORLDS[name]()


def world(name: str) -> World:
    """Open a shipped world by name.

    Example:
        >>> scene = world("town").scene(seed=7, size=64)
        >>> scene.picture.shape, scene.labels.shape
        ((64, 64, 3), (4, 64, 64))

    Raises:
        WorldError: There is no such world; the message suggests near names.
    """
    if name not in _WORLDS:
        raise WorldError(*unknown_name("world", name, _WORLDS))
    return _open(name)
