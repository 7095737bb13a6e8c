"""The worlds that are shipped: pictures with exact labels, drawn from seeds."""

from inscape.scenes.scene import Pixels, Scene, SceneObject, World
from inscape.scenes.worlds import world, worlds

__all__ = ["Pixels", "Scene", "SceneObject", "World", "world", "worlds"]
