"""Facts on the page Facts: edited, compared and judged; in the compute thread.

Other requests run between the steps of a job. They see the network without the edits that the job has on, for
each puts on its own ones with `said_by`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from inscape.errors import ValueRangeError
from inscape.facts import Fact, FactEditor, Neighbour, shipped_facts
from inscape.facts.edit import usual_blocks
from inscape.facts.judging import KINDS
from inscape.facts.key_texts import key_moments
from inscape.progress import Progress, stoppable
from inscape.rewriting.key_space import KeySpace
from inscape.studio.jobs import Told
from inscape.studio.pages.facts.shapes import (
    AskedFact,
    ComparedPrompt,
    FactComparisonResult,
    FactEditInfo,
    FactEditResult,
    Figure,
    JudgedRow,
    JudgementResult,
    NearPrompt,
    NewComparison,
    NewFactEdit,
    NewJudgement,
    NextWord,
)
from inscape.studio.pages.facts.works import FactWorks
from inscape.studio.works import Stack, on
from inscape.verbs.fact_edit import FactEditRequest, edit_name, edit_settings
from inscape.verbs.fact_judge import FactJudgeRequest, changed_facts, judge_opened

if TYPE_CHECKING:
    from inscape.editing import JointEdit, WeightEdit
    from inscape.facts import Judgement
    from inscape.models.language import LanguageModel

_WORDS, _LOOKED_AT = 3, 20
_BATCH = 2
"""Prompts that run at once: a person can stop between them."""


class EditedFacts:
    """Everything that the page asks of edited models.

    Args:
        model: Opens a model by its name.
        works: Where edits are kept.
    """

    def __init__(self, model: Callable[[str], LanguageModel], works: FactWorks) -> None:
        self._model, self._works = model, works
        self._spaces: dict[str, dict[int, KeySpace]] = {}

    def drop(self, model: str) -> None:
        """Drop what is held of a model that has changed or is gone."""
        self._spaces.pop(model, None)

    @contextmanager
    def said_by(self, name: str, stack: Stack) -> Iterator[LanguageModel]:
        """The model with the edits of a stack on, and no others.

        Raises:
            NotFoundError: One is not there.
        """
        model, edits = self._model(name), self._works.edits(name, stack)
        with model.unedited(), model.edited(edits):
            yield model

    def make(self, name: str, request: NewFactEdit, progress: Progress) -> FactEditResult:
        """Make an edit over those that are on, and keep it.

        Raises:
            LayerError, ValueRangeError, UnsupportedError: What was asked for cannot be made.
            CancelledError: The person cancelled; nothing is kept.
        """
        typed = request.fact
        asked = FactEditRequest(
            name,
            typed.prompt,
            typed.subject,
            typed.new,
            method=request.method,
            layers=request.layers.strip() or None,
        )
        with self.said_by(name, []) as model:
            fact = completed(model, request.fact)
            settings = edit_settings(model, asked)
            spaces = self._known(name, settings.blocks or usual_blocks(model, settings.method), progress)
            editor = FactEditor(model, settings, spaces=spaces)
        started = time.perf_counter()
        with self.said_by(name, request.over) as model:
            edit = editor.edit([fact], name=edit_name((fact,)), progress=progress)
        over = [entry.name for entry in on(request.over)]
        edit = replace(edit, made={**edit.made, "over": over})
        info = self._works.add(name, edit, fact=asked_of(fact))
        return FactEditResult(edit=info, seconds=time.perf_counter() - started)

    def _known(self, name: str, blocks: Sequence[int], progress: Progress) -> dict[int, KeySpace]:
        """What keys are usually like; a person can stop while their directions are computed."""
        known = self._spaces.setdefault(name, {})
        missing = [block for block in blocks if block not in known]
        moments = key_moments(self._model(name), missing, progress=progress) if missing else {}
        for block, second in moments.items():
            known[block] = stoppable(partial(KeySpace, second), "Preparing the layer", progress)
        return known

    def take(self, name: str, data: bytes, *, transfer: bool) -> FactEditInfo:
        """Keep an edit that came as a file, once it is known to fit."""
        edit = self._works.received(self._model(name), data, transfer=transfer)
        return self._works.add(name, edit)

    def compare(self, name: str, request: NewComparison, progress: Told) -> FactComparisonResult:
        """What the model says next on some prompts, and writes behind the first, with edits and without."""
        prompts = list(dict.fromkeys([request.prompt, *request.others]))
        found = FactComparisonResult(prompts=[])
        starts = [0, *range(1, len(prompts), _BATCH)]
        with progress.task("Asking the prompts", len(prompts), "prompts") as task:
            for start, end in zip(starts, [*starts[1:], len(prompts)], strict=True):
                batch = prompts[start:end]
                rows = []
                for stack in ([], request.edits):
                    with self.said_by(name, stack) as model:
                        rows.append(words_behind(model, batch, _WORDS))
                    task.advance(0)
                found = found.model_copy(
                    update={
                        "prompts": [
                            *found.prompts,
                            *(
                                ComparedPrompt(prompt=prompt, before=before, after=after)
                                for prompt, before, after in zip(batch, *rows, strict=True)
                            ),
                        ]
                    }
                )
                progress.found(found)
                task.advance(len(batch))
        for field, stack in (("after", request.edits), ("before", [])):
            with self.said_by(name, stack) as model:
                (text,) = model.continued([request.prompt], request.length, progress=progress)
            found = found.model_copy(update={field: text})
            progress.found(found)
        return found

    def judged(
        self, name: str, request: NewJudgement
    ) -> tuple[list[WeightEdit | JointEdit], tuple[Fact, ...]]:
        """The edits that are on, and the facts that they changed.

        Raises:
            ValueRangeError: None is on, or nobody knows what they changed.
        """
        edits = self._works.edits(name, request.edits)
        if not edits:
            raise ValueRangeError("No edit is on, so there is nothing to judge.", "Switch one on.")
        for edit in edits:
            if not isinstance(edit.made.get("facts"), list):
                raise ValueRangeError(
                    f"The edit {edit.name!r} does not say which facts it changed.", "Switch it off to judge."
                )
        infos = {info.id: info for info in self._works.get(name).edits}
        typed = [infos[entry.rule].fact for entry in on(request.edits)]
        with self.said_by(name, []) as model:
            told = [
                completed(model, each.model_copy(update={"new": ""}))
                for each in (*typed, request.fact)
                if each is not None
            ]
        facts = {(fact.prompt, fact.subject): fact for fact in (*shipped_facts(), *told)}
        found = changed_facts(tuple(facts.values()), edits)
        if not found:
            raise ValueRangeError(
                "None of the facts that the edits changed ship with Inscape or were typed here.",
                "Judge them with `inscape fact judge` and the file that they came from.",
            )
        return edits, found

    def judge(self, name: str, request: NewJudgement, progress: Progress) -> JudgementResult:
        """How the edits that are on did at the facts that they changed."""
        edits, facts = self.judged(name, request)
        asked = FactJudgeRequest(name, facts="", length=0)
        with self.said_by(name, []) as model:
            found = judge_opened(model, asked, facts, edits, progress)
        before, after = found.judged.before.judgement, found.judged.after.judgement
        rows = [
            JudgedRow(name=kind, before=_figure(before, kind), after=_figure(after, kind))
            for kind in (*KINDS, "score")
        ]
        return JudgementResult(facts=after.facts, missed=found.missed, rows=rows)


def words_behind(model: LanguageModel, prompts: Sequence[str], count: int) -> list[list[NextWord]]:
    """The words that may come next, the most probable first."""
    return [
        [NextWord(text=text, probability=probability) for text, probability in row]
        for row in model.likeliest(prompts, count)
    ]


def _figure(judgement: Judgement, kind: str) -> Figure | None:
    if kind == "score":
        mean: float | None = judgement.score
        interval: tuple[float, float] | None = judgement.interval
    else:
        part = getattr(judgement, kind)
        mean, interval = part.mean, part.interval
    if mean is None or interval is None:
        return None
    return Figure(mean=mean, low=interval[0], high=interval[1])


def fact_of(asked: AskedFact) -> Fact:
    """The fact as it was typed; neighbours without an object are left out.

    Raises:
        ValueRangeError: The prompt or the subject is empty, or the subject is not in the prompt; a prompt is
            empty; or the new object is the true one.
    """
    fact = Fact.asked(asked.prompt, asked.subject, true=asked.true, new=asked.new)
    near = tuple(Neighbour(each.prompt.rstrip(), each.true.strip()) for each in asked.neighbours if each.true)
    return replace(fact, paraphrases=tuple(each.rstrip() for each in asked.paraphrases), neighbours=near)


def completed(model: LanguageModel, asked: AskedFact) -> Fact:
    """The fact with the objects that nobody named: what the model says by itself.

    Raises:
        ValueRangeError: See `fact_of`; or the model says the new object already.
    """
    fact = fact_of(asked)
    open_ends = [each.prompt.rstrip() for each in asked.neighbours if not each.true]
    prompts = open_ends if fact.true else [fact.text, *open_ends]
    if not prompts:
        return fact
    likely = model.likeliest(prompts, _LOOKED_AT)
    said = [next((text.strip() for text, _ in row if text.strip()), "") for row in likely]
    if not fact.true:
        if said[0] == fact.new:
            raise ValueRangeError(
                f"The model says {fact.new!r} behind {fact.text!r} already.", "Name another new object."
            )
        fact = replace(fact, true=said.pop(0))
    near = tuple(Neighbour(*pair) for pair in zip(open_ends, said, strict=True))
    return replace(fact, neighbours=fact.neighbours + near)


def asked_of(fact: Fact) -> AskedFact:
    """A fact as the page shows it."""
    return AskedFact(
        prompt=fact.prompt,
        subject=fact.subject,
        true=fact.true,
        new=fact.new,
        paraphrases=list(fact.paraphrases),
        neighbours=[NearPrompt(prompt=near.prompt, true=near.true) for near in fact.neighbours],
    )


_FIRST = (
    ("city", "the Eiffel Tower"),
    ("capital", "France"),
    ("inventor", "The telephone"),
    ("field", "Sigmund Freud"),
    ("symbol", "gold"),
    ("kind", "eagle"),
    ("continent", "Kenya"),
    ("language", "France"),
)
"""Relation and subject of shipped facts that `smollm2` holds."""


@cache
def examples() -> list[AskedFact]:
    """A few of the facts that ship, to begin with."""
    found = {(fact.relation, fact.subject): fact for fact in shipped_facts()}
    return [asked_of(found[name]) for name in _FIRST]


def shipped_record(prompt: str, subject: str) -> list[AskedFact]:
    """The fact that ships with this prompt and subject, if there is one."""
    fact = Fact.asked(prompt, subject)
    return [
        asked_of(each)
        for each in shipped_facts()
        if (each.prompt, each.subject) == (fact.prompt, fact.subject)
    ][:1]
