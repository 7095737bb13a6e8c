"""Generators whose layers follow one another: ProGAN, DCGAN, StyleGAN3."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from inscape.errors import LayerError, UnsupportedError, unknown_name
from inscape.models.architectures.synthesis_state import SynthesisState
from inscape.models.architectures.tail import Branch, Run, Tail


class DirectLatents(nn.Module):
    """In place of a mapping network, where there is none: z is all that drives the generator.

    Args:
        z_dim: Size of the latent z.
    """

    def __init__(self, z_dim: int) -> None:
        super().__init__()
        self.z_dim = z_dim

    def forward(self, z: Tensor, *, truncation_psi: float = 1.0) -> Tensor:
        """`[batch, z_dim]` to `[batch, 1, z_dim]`.

        Raises:
            UnsupportedError: There is no average of w that could be truncated towards.
        """
        if truncation_psi != 1.0:
            raise UnsupportedError(
                "This generator has no mapping network, so its latents cannot be truncated.",
                "Leave the truncation at 1.",
            )
        return z.float()[:, None]


class SequentialSynthesis(nn.Module):
    """A synthesis that can stop after any of its layers and continue from there.

    A subclass sets `layer_paths`, from the names of its layers to their places in it, in the order of the
    forward pass, and has the four steps below.
    """

    layer_paths: dict[str, str]

    @abstractmethod
    def begin(self, w: Tensor) -> Tensor:
        """What goes into the first layer."""

    @abstractmethod
    def step(self, index: int, x: Tensor, w: Tensor) -> Tensor:
        """Run the layer of that number, from 0."""

    @abstractmethod
    def finish(self, x: Tensor, w: Tensor) -> Tensor:
        """From the last layer to pictures `[batch, 3, height, width]`, float32, not clipped."""

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the layers, in the order of the forward pass."""
        return tuple(self.layer_paths)

    def layer_module(self, name: str) -> nn.Module:
        """The module of a layer.

        Raises:
            LayerError: There is no such layer.
        """
        self._find(name)
        return self.get_submodule(self.layer_paths[name])

    def units_and_size(self, name: str) -> tuple[int, int]:
        """Units of a layer, and height and width of its output.

        Raises:
            LayerError: There is no such layer.
        """
        module: Any = self.layer_module(name)
        return module.units, module.resolution

    def forward(self, w: Tensor) -> Tensor:
        """`[batch, num_ws, w_dim]` to pictures `[batch, 3, height, width]`, float32, not clipped."""
        x = self._run(self.begin(w), w, range(len(self.layer_paths)))
        return self.finish(x, w)

    def run_until(self, w: Tensor, layer: str) -> SynthesisState:
        """Run up to and with a layer.

        Raises:
            LayerError: There is no such layer.
        """
        x = self._run(self.begin(w), w, range(self._find(layer) + 1))
        return SynthesisState(layer, x, None, w)

    def resume(self, state: SynthesisState) -> Tensor:
        """Run the layers above a state; equal to the full pass. The state's own layer is not run again."""
        following = range(self._find(state.layer) + 1, len(self.layer_paths))
        return self.finish(self._run(state.features, state.w, following), state.w)

    def _find(self, layer: str) -> int:
        if layer not in self.layer_paths:
            raise LayerError(*unknown_name("layer", layer, self.layer_names))
        return self.layer_names.index(layer)

    def _run(self, x: Tensor, w: Tensor, steps: Iterable[int]) -> Tensor:
        for index in steps:
            x = self.step(index, x, w)
        return x


class DirectSynthesis(SequentialSynthesis):
    """One whose layers are modules of its own, the first of which takes z as a picture of one pixel.

    Every later one looks at no more than the next pixel of its output.
    """

    def begin(self, w: Tensor) -> Tensor:
        """Z as a picture of one pixel."""
        return w[:, 0, :, None, None]

    def step(self, index: int, x: Tensor, w: Tensor) -> Tensor:
        """Run one block."""
        y: Tensor = getattr(self, self.layer_names[index])(x)
        return y

    def tail(self, state: SynthesisState) -> Tail:
        """Run the layers above a state, and keep what each puts out; its picture equals that of `resume`."""
        following = range(self._find(state.layer) + 1, len(self.layer_paths))
        runs = [self._layer_run(index, state.w) for index in following]
        runs.append(lambda x, place: self.finish(x, state.w))
        return Tail([state.features], [[Branch(number, run, 1)] for number, run in enumerate(runs)])

    def _layer_run(self, index: int, w: Tensor) -> Run:
        return lambda x, place: self.step(index, x, w)


class DirectGenerator(nn.Module):
    """A generator that is all `synthesis`, for there is no mapping network.

    Args:
        z_dim: Size of the latent z.
        synthesis: From z to pictures.
    """

    def __init__(self, z_dim: int, synthesis: nn.Module) -> None:
        super().__init__()
        self.mapping = DirectLatents(z_dim)
        self.synthesis = synthesis

    def forward(self, z: Tensor) -> Tensor:
        """Latents `[batch, z_dim]` to pictures `[batch, 3, height, width]`."""
        y: Tensor = self.synthesis(self.mapping(z))
        return y
