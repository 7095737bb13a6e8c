"""The indoor world."""

from inscape.scenes.room.light import DAYLIGHT, Lighting
from inscape.scenes.room.room import Reflection, Room, RoomScene

__all__ = ["DAYLIGHT", "Lighting", "Reflection", "Room", "RoomScene"]
