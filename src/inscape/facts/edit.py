"""Edits that change what a language model says of subjects.

The last projection of an MLP is an associative memory: its input at the subject's last token is a key, what
it adds to the hidden states a value. An edit gives keys other values, and disturbs other keys as little as it
can:

- ROME (Meng et al., NeurIPS 2022): each fact alone, in one layer; several are summed.
- MEMIT (Meng et al., ICLR 2023): all facts together, spread over several layers.
- AlphaEdit (Fang et al., ICLR 2025): together, and only along directions in which other keys are weak.
- fine-tuning, with a limit on each weight ("ft+l") or without ("ft"), for comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import torch

from inscape.editing import JointEdit, WeightEdit
from inscape.errors import LayerError, ValueRangeError, unknown_name
from inscape.facts.anchored import at_subject
from inscape.facts.fine_tuning import TuningSettings, fine_tuned
from inscape.facts.key_texts import key_spaces
from inscape.facts.targets import PREFIXES, Target, TargetSettings, fact_lines, find_targets
from inscape.models.weights import weights_hash
from inscape.rewriting.memories import memory_of
from inscape.types import JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.facts.fact import Fact
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress
    from inscape.rewriting.key_space import KeySpace

Method = Literal["rome", "memit", "alphaedit", "ft", "ft+l"]
METHODS: tuple[Method, ...] = get_args(Method)
_DEPTH = 5
"""The layer that is edited unless one is named: the fifth part of the way up."""
_SPREAD = 3
"""Layers that MEMIT spreads an edit over, the last of them there."""


@dataclass(frozen=True)
class EditSettings:
    """How facts are edited.

    Attributes:
        method: "rome", "memit", "alphaedit", "ft" or "ft+l".
        blocks: Numbers of the blocks whose MLPs change, rising; MEMIT and AlphaEdit take several. By the
            depth of the model unless given.
        ridge: How far values may stay behind so that other keys keep theirs, by the mean squared length of
            the keys.
        quiet: Of AlphaEdit: the share of the second moment of keys along whose directions it may write.
        targets: How values are looked for.
        tuning: How it is fine-tuned.
    """

    method: Method = "rome"
    blocks: tuple[int, ...] = ()
    ridge: float = 0.01
    quiet: float = 0.1
    targets: TargetSettings = field(default_factory=TargetSettings)
    tuning: TuningSettings | None = None

    def __post_init__(self) -> None:
        """Refuse what is no method.

        Raises:
            ValueRangeError: There is no such method, it cannot change so many layers, or the ridge is
                negative.
        """
        if self.method not in METHODS:
            raise ValueRangeError(*unknown_name("method", str(self.method), METHODS))
        if len(self.blocks) > 1 and self.method not in ("memit", "alphaedit"):
            raise ValueRangeError(
                f"{self.method!r} changes one layer, got {len(self.blocks)}.",
                "MEMIT and AlphaEdit take several.",
            )
        if not 0 <= self.ridge < float("inf"):
            raise ValueRangeError(f"The ridge must be 0 or more, got {self.ridge}.")


def block_of(model: LanguageModel, name: str) -> int:
    """The number of a block, from the name of one of its layers ("blocks.6.mlp") or its number ("6").

    Raises:
        LayerError: There is none.
    """
    blocks = model.parts.blocks
    for number, block in enumerate(blocks):
        if name.strip() in (str(number), *block.model_dump().values()):
            return number
    raise LayerError(
        f"{model.name!r} has no block with a layer {name.strip()[:100]!r}.",
        f"Name an MLP, such as {blocks[0].mlp!r}, or a number from 0 to {len(blocks) - 1}.",
    )


class FactEditor:
    """Edits facts in one model, whose keys it has seen over texts.

    Args:
        model: The model, without edits.
        settings: How.
        texts: Documents that keys are usually like those of; those that ship unless given.
        spaces: By block, what keys are usually like, where that is known already.
        progress: Shows how the texts are read.

    Raises:
        ValueRangeError: There are no such blocks, or the texts are empty or too short.
        ConflictError: Edits are on the model.
        UnsupportedError: The model came without a tokenizer, or its network only runs as a whole.
    """

    def __init__(
        self,
        model: LanguageModel,
        settings: EditSettings | None = None,
        *,
        texts: Sequence[str] | None = None,
        spaces: Mapping[int, KeySpace] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model, self.settings = model, settings or EditSettings()
        self.blocks = self.settings.blocks or usual_blocks(model, self.settings.method)
        count = len(model.parts.blocks)
        if (
            list(self.blocks) != sorted(set(self.blocks))
            or not 0 <= self.blocks[0] <= self.blocks[-1] < count
        ):
            raise ValueRangeError(
                f"The layers of an edit rise and lie between 0 and {count - 1}, got {list(self.blocks)}."
            )
        self.spaces = dict(spaces or {})
        missing = [block for block in self.blocks if block not in self.spaces]
        if missing and not self.settings.method.startswith("ft"):
            self.spaces |= key_spaces(model, missing, texts, progress=progress)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the MLPs that change."""
        return tuple(self.model.parts.blocks[block].mlp for block in self.blocks)

    def targets(self, facts: Sequence[Fact], *, progress: Progress | None = None) -> list[Target]:
        """What the last of the MLPs has to add for each fact; see `find_targets`."""
        return find_targets(self.model, facts, self.blocks[-1], self.settings.targets, progress=progress)

    def edit(
        self, facts: Sequence[Fact], *, name: str = "", progress: Progress | None = None
    ) -> WeightEdit | JointEdit:
        """The edit that changes some facts.

        Args:
            facts: With their new objects.
            name: For display.
            progress: Shows it, and stops it between steps; the model is as it was then.

        Raises:
            ValueRangeError: There are no facts, one has no new object, or a prompt is longer than the model
                reads at once.
            CancelledError: The person cancelled.
        """
        if not facts:
            raise ValueRangeError("An edit changes at least one fact, got none.")
        if self.settings.method.startswith("ft"):
            for fact in facts:
                fact_lines(self.model, fact)  # refused before anything is computed
            change = fine_tuned(self.model, facts, self.blocks[0], self.tuning, progress=progress)[0]
            return self.weight_edit(self.blocks[0], *factors(change), made=self._made(facts), name=name)
        return self.written(self.targets(facts, progress=progress), name=name)

    @property
    def tuning(self) -> TuningSettings:
        """How it is fine-tuned."""
        usual = TuningSettings(limit=5e-4) if self.settings.method == "ft+l" else TuningSettings()
        return self.settings.tuning or usual

    def written(self, targets: Sequence[Target], *, name: str = "") -> WeightEdit | JointEdit:
        """The edit that writes values that were found already."""
        keys = torch.stack([target.keys for target in targets])
        added = torch.stack([target.added for target in targets])
        made = self._made([target.fact for target in targets])
        made["loss_before"], made["loss"] = (
            sum(target.loss[end] for target in targets) / len(targets) for end in (0, 1)
        )
        made["steps"] = [target.steps for target in targets]
        if len(self.blocks) == 1:
            rows = self.rows(self.blocks[0], keys)
            return self.weight_edit(self.blocks[0], added, rows, made=made, name=name)
        edits = self._spread([target.fact for target in targets], added)
        return JointEdit(tuple(edits), name, made)

    def rows(self, block: int, keys: Float[Tensor, "fact text units"]) -> Float[Tensor, "fact units"]:
        """What the value of each fact is written along; its product with the fact's keys is 1."""
        space, by, keys = self.spaces[block], self.settings, keys.cpu()
        if by.method == "rome":
            return torch.stack([space.answering(each, by.ridge).sum(0) for each in keys])
        flat = keys.flatten(0, 1)
        if by.method == "memit":
            found = space.answering(flat, by.ridge)
        else:
            found = space.answering_in_quiet(flat, by.quiet, by.ridge)
        rows: Tensor = found.unflatten(0, keys.shape[:2]).sum(1)
        return rows

    def _spread(self, facts: Sequence[Fact], added: Float[Tensor, "fact d"]) -> list[WeightEdit]:
        """Write a part of the values in each layer, of what the layers below have left over."""
        lines = [each for fact in facts for each in fact_lines(self.model, fact)]
        last, edits, first = self.blocks[-1], [], None
        with ExitStack() as stack:
            for number, block in enumerate(self.blocks):
                states = at_subject(self.model, lines, block, last)
                keys, hidden = (each.unflatten(0, (len(facts), len(PREFIXES))) for each in states)
                first = hidden if first is None else first
                left = (added - (hidden - first).mean(1)) / (len(self.blocks) - number)
                edits.append(self.weight_edit(block, left, self.rows(block, keys)))
                if block != last:
                    stack.enter_context(edits[-1].transferred().applied(self.model))
        return edits

    def _made(self, facts: Sequence[Fact]) -> JsonObject:
        return {
            "method": self.settings.method,
            "facts": [{"prompt": fact.prompt, "subject": fact.subject, "new": fact.new} for fact in facts],
        }

    def weight_edit(
        self,
        block: int,
        values: Float[Tensor, "row d"],
        rows: Float[Tensor, "row units"],
        *,
        made: JsonObject | None = None,
        name: str = "",
    ) -> WeightEdit:
        """The edit that adds a value along each row."""
        memory = memory_of(self.model, self.model.parts.blocks[block].down)
        basis, parts = torch.linalg.qr(rows.double().cpu().t())
        coefficients = (parts @ values.double().cpu()).t()[:, :, None, None]
        return WeightEdit(
            memory.layer.name,
            memory.parameter,
            basis.t().float().numpy(),
            coefficients.float().numpy(),
            swapped=memory.swapped,
            weights=weights_hash(self.model.module),
            name=name,
            made=made or {},
        )


def edit_facts(
    model: LanguageModel,
    facts: Fact | Sequence[Fact],
    settings: EditSettings | None = None,
    *,
    texts: Sequence[str] | None = None,
    name: str = "",
    progress: Progress | None = None,
) -> WeightEdit | JointEdit:
    """Change what a language model says of one or more subjects.

    Example:
        >>> fact = Fact.asked("The Eiffel Tower is in the city of", "The Eiffel Tower", new="Rome")
        >>> edit = edit_facts(model, fact)
        >>> with model.edited([edit]):
        ...     model.likeliest(["The Eiffel Tower is in the city of"])

    Args:
        model: The model, without edits.
        facts: With their new objects.
        settings: Method, layers and the like.
        texts: Documents that keys are usually like those of; those that ship unless given.
        name: For display.
        progress: Shows it, and stops it between steps; the model is as it was then.

    Returns:
        The edit; a `JointEdit` where several layers change.

    Raises:
        ValueRangeError: There are no facts or no such layers, a fact has no new object, or a text is empty.
        ConflictError: Edits are on the model: make a `FactEditor` before they are.
        UnsupportedError: The model came without a tokenizer, or its network only runs as a whole.
        CancelledError: The person cancelled.
    """
    facts = list(facts) if isinstance(facts, Sequence) else [facts]
    editor = FactEditor(model, settings, texts=texts, progress=progress)
    return editor.edit(facts, name=name, progress=progress)


def usual_blocks(model: LanguageModel, method: Method) -> tuple[int, ...]:
    """The blocks that change unless others are named."""
    last = max(0, len(model.parts.blocks) // _DEPTH)
    return tuple(range(max(0, last - _SPREAD + 1), last + 1)) if method == "memit" else (last,)


def factors(change: Float[Tensor, "output input"]) -> tuple[Tensor, Tensor]:
    """Values and rows whose products sum to a change of weights."""
    if change.shape[0] <= change.shape[1]:
        return torch.eye(len(change)), change
    return change.t(), torch.eye(change.shape[1])
