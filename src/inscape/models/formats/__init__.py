"""Formats of checkpoints: Inscape's own, those of other people's code, and those of plug-ins."""

from inscape.models.formats.format import Format
from inscape.models.formats.found import Found
from inscape.models.formats.known import OWN_FORMATS, formats
from inscape.models.formats.open_file import open_file
from inscape.models.formats.write_file import Written, write_file

__all__ = ["OWN_FORMATS", "Format", "Found", "Written", "formats", "open_file", "write_file"]
