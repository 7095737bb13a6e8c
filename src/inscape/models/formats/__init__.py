"""Checkpoints of other people's code."""

from inscape.models.formats.open_file import formats, open_file
from inscape.models.formats.write_file import Written, write_file

__all__ = ["Written", "formats", "open_file", "write_file"]
