"""Runs in which noise hides the subject of a prompt, and states of the clean run are put back.

A state that is put back at one token changes that token and those behind it, from its layer on. Everything
else is taken from the noisy runs, which are made once: states below, keys and values of the tokens before.
Cells that begin at the same token run as one batch, which grows from layer to layer.

Letters of shapes: c cells, r noisy runs, t tokens, d units.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import torch

from inscape.activations import edited, record
from inscape.models.architectures.decoder import Cache, Reading

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.models.language import LanguageModel
    from inscape.progress import Task

Kind = Literal["hidden", "mlp", "attention"]
KINDS: tuple[Kind, ...] = ("hidden", "mlp", "attention")
_MOST_TOKENS = 2048
"""Of all rows of one batch: a block then takes less than half a second."""
_MOST_LOGITS = 128
"""Rows whose logits are made at once."""


@dataclass(frozen=True)
class Restoration:
    """What is put back.

    Attributes:
        kind: The hidden states behind a block, or what its MLP or its attention adds to them.
        tokens: At which tokens, rising.
        layers: In which blocks: the first, and the one behind the last.
    """

    kind: Kind
    tokens: tuple[int, ...]
    layers: tuple[int, int]


class NoisyRuns:
    """A prompt, read once as it is and several times with noise on its subject.

    Args:
        model: The model.
        tokens: Of the prompt.
        first: The first token of the subject.
        noise: What is added to the embeddings from there on, in each run.
        answer: The token whose probability is followed; the most probable one of the clean run unless given.
    """

    def __init__(
        self,
        model: LanguageModel,
        tokens: Sequence[int],
        first: int,
        noise: Float[Tensor, "r t d"],
        answer: int | None = None,
    ) -> None:
        self.model = model
        self.tokens = torch.tensor([tokens], device=model.device)
        self.cache = Cache()
        decoder, parts = model.decoder, model.parts.blocks
        names = [name for block in parts for name in (block.mlp, block.attention)]
        with torch.inference_mode(), record(model, names) as seen:
            reading = decoder.reading(self.tokens, cache=self.cache)
            x = decoder.embed(self.tokens, reading).repeat(1 + len(noise), 1, 1)
            x[1:, first : first + noise.shape[1]] += noise
            self.states = [x]
            for number in range(len(parts)):
                x = decoder.through(x, reading, number, number + 1)
                self.states.append(x)
            self.said = int(decoder.logits(x[:1, -1]).argmax())
            self.answer = self.said if answer is None else answer
            probabilities = self.probabilities(x[:, -1])
        self.clean = float(probabilities[0])
        """Probability of the answer in the clean run."""
        self.corrupted: Float[Tensor, "r"] = probabilities[1:]
        """Its probability in each noisy run."""
        self.clean_states: dict[Kind, list[Tensor]] = {
            "hidden": [states[0] for states in self.states[1:]],
            "mlp": [seen.outputs[block.mlp][0] for block in parts],
            "attention": [seen.outputs[block.attention][0] for block in parts],
        }

    def restored(self, cells: Sequence[Restoration], runs: range, task: Task) -> Float[Tensor, "c r"]:
        """Probability of the answer in noisy runs, with states of the clean run put back.

        Args:
            cells: What is put back; each alone.
            runs: In which of the noisy runs.
            task: Advanced by the number of cells, and asked at every block whether to go on.
        """
        found = torch.empty(len(cells), len(runs))

        def place(number: int) -> tuple[str, int, int]:
            return cells[number].kind, cells[number].tokens[0], cells[number].layers[0]

        for (_, first), same in groupby(sorted(range(len(cells)), key=place), lambda n: place(n)[:2]):
            numbers, width = list(same), self.tokens.shape[1] - first
            most = max(1, _MOST_TOKENS // (len(runs) * width))
            for start in range(0, len(numbers), most):
                chosen = numbers[start : start + most]
                found[chosen] = _Batch(self, [cells[number] for number in chosen], runs).probabilities(task)
                task.advance(len(chosen))
        return found

    @torch.inference_mode()
    def probabilities(self, x: Float[Tensor, "_ d"]) -> Float[Tensor, "_"]:
        """Of the answer, from hidden states behind the last block."""
        rows = [self.model.decoder.logits(some).softmax(-1)[:, self.answer] for some in x.split(_MOST_LOGITS)]
        return torch.cat(rows).cpu()


class _Batch:
    """Cells of one kind that begin at one token, ordered by their first block; each in every run.

    Args:
        noisy: The runs.
        cells: What is put back.
        runs: In which runs.
    """

    def __init__(self, noisy: NoisyRuns, cells: Sequence[Restoration], runs: range) -> None:
        self._noisy, self._cells, self._runs = noisy, cells, runs
        self._kind, self._first = cells[0].kind, cells[0].tokens[0]
        self._rows = slice(1 + runs.start, 1 + runs.stop)
        self._blocks = noisy.model.parts.blocks

    def probabilities(self, task: Task) -> Float[Tensor, "c r"]:
        """Probability of the answer."""
        cache = Cache() if self._first else None
        if cache is not None:
            cache.pairs[0] = self._before(0, 1)
        reading = self._noisy.model.decoder.reading(self._noisy.tokens[:, self._first :], cache=cache)
        x = self._noisy.states[0][:0, self._first :]
        for number in range(self._cells[0].layers[0], len(self._blocks)):
            x = self._through(x, number, reading)
            task.advance(0)
        return self._noisy.probabilities(x[:, -1]).view(len(self._cells), len(self._runs))

    @torch.inference_mode()
    def _through(self, x: Float[Tensor, "_ t d"], number: int, reading: Reading) -> Float[Tensor, "_ t d"]:
        """The states behind a block, from those before it; cells join that begin there."""
        behind = self._kind == "hidden"
        joining = sum(cell.layers[0] == number for cell in self._cells)
        fresh = self._noisy.states[number + behind][self._rows, self._first :].repeat(joining, 1, 1)
        if not behind:
            x = torch.cat((x, fresh))
        if len(x):
            if reading.cache is not None:
                reading.cache.pairs = {number: self._before(number, len(x) // len(self._runs))}
            with self._put_back(number):
                x = self._noisy.model.decoder.through(x, reading, number, number + 1)
        return self._replaced(torch.cat((x, fresh)), number) if behind else x

    def _before(self, block: int, times: int) -> tuple[Tensor, Tensor]:
        """Keys and values of the tokens before, for so many cells."""
        keys, values = (
            each[self._rows, :, : self._first].repeat(times, 1, 1, 1)
            for each in self._noisy.cache.pairs[block]
        )
        return keys, values

    def _put_back(self, number: int) -> AbstractContextManager[None]:
        """While a block runs, replace what its MLP or attention adds."""
        if self._kind == "hidden":
            return nullcontext()
        block = self._blocks[number]
        name = block.mlp if self._kind == "mlp" else block.attention
        return edited(self._noisy.model, name, lambda added: self._replaced(added, number))

    def _replaced(self, x: Float[Tensor, "_ t d"], number: int) -> Float[Tensor, "_ t d"]:
        """Rows of the first cells, each with the clean states that it has in a block."""
        here = torch.zeros(len(x) // len(self._runs), x.shape[1], dtype=torch.bool)
        for row, cell in zip(here, self._cells, strict=False):
            if cell.layers[0] <= number < cell.layers[1]:
                row[[token - self._first for token in cell.tokens]] = True
        clean = self._noisy.clean_states[self._kind][number][self._first :]
        return torch.where(here.to(x.device).repeat_interleave(len(self._runs), 0)[..., None], clean, x)
