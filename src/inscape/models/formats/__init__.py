"""Checkpoints of other people's code."""

from inscape.models.formats.open_file import open_file

__all__ = ["open_file"]
