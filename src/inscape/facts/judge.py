"""The whole judgement of edits of facts: what they change, and what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inscape.facts.fluency import perplexity, written_entropy
from inscape.facts.judging import Judgement, scores, summarized
from inscape.facts.texts import Texts, shipped_texts
from inscape.types import JsonObject

if TYPE_CHECKING:
    from inscape.editing import AnyEdit
    from inscape.facts.fact import Fact
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress

_STARTS = 20


@dataclass(frozen=True)
class State:
    """How a model does at some facts, with the edits that are on it.

    Attributes:
        judgement: Efficacy, paraphrase, neighbourhood and their harmonic mean.
        entropy: Of n-grams of what it writes about the subjects; None where that was not measured.
        subjects: Perplexity of texts about the subjects; None where there are none.
        others: Perplexity of texts about other things; None where that was not measured.
    """

    judgement: Judgement
    entropy: float | None
    subjects: float | None
    others: float | None

    def to_json(self) -> JsonObject:
        """Those of the judgement, `entropy`, and `perplexity` of `subjects` and `others`."""
        perplexities = {"subjects": self.subjects, "others": self.others}
        return self.judgement.to_json() | {"entropy": self.entropy, "perplexity": perplexities}


@dataclass(frozen=True)
class FactsJudged:
    """A model before and after edits.

    Attributes:
        before: Without the edits.
        after: With them; the same where there are none.
    """

    before: State
    after: State

    def to_json(self) -> JsonObject:
        """What is so after the edits, and the same under `before`."""
        return self.after.to_json() | {"before": self.before.to_json()}


def judge_facts(
    model: LanguageModel,
    facts: Sequence[Fact],
    edits: Sequence[AnyEdit] = (),
    *,
    length: int = 60,
    texts: Texts | None = None,
    progress: Progress | None = None,
) -> FactsJudged:
    """Judge a model at some facts, before and after edits.

    Args:
        model: The model, without the edits.
        facts: With true and new objects.
        edits: What was edited.
        length: Tokens that are written behind each of at most 20 beginnings about the subjects, for the
            entropy; 0 measures neither entropy nor perplexity.
        texts: About the subjects and about other things; those that ship unless given.
        progress: Shows it, and stops it between batches.

    Raises:
        ValueRangeError: There are no facts, one lacks an object, or a prompt is longer than the model reads
            at once.
        ConflictError: An edit was made for another model.
    """
    texts = texts or shipped_texts()
    with model.edited(edits):
        pass  # refused before anything is computed
    before = _state(model, facts, length, texts, progress)
    if not edits:
        return FactsJudged(before, before)
    with model.edited(edits):
        return FactsJudged(before, _state(model, facts, length, texts, progress))


def _state(
    model: LanguageModel, facts: Sequence[Fact], length: int, texts: Texts, progress: Progress | None
) -> State:
    judgement = summarized(scores(model, facts, progress=progress))
    if not length:
        return State(judgement, None, None, None)
    starts = [start for fact in facts for start in (fact.starts or (fact.text,))[:1]][:_STARTS]
    found = (texts.about(subject) for subject in dict.fromkeys(fact.subject for fact in facts))
    about = [text for text in found if text]
    return State(
        judgement,
        written_entropy(model, starts, length, progress=progress),
        perplexity(model, about, progress=progress) if about else None,
        perplexity(model, texts.others, progress=progress) if texts.others else None,
    )
