"""Files of facts: our own JSON, and CounterFact's (Meng et al., NeurIPS 2022)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from inscape import storage
from inscape.errors import FormatError, ValueRangeError, unknown_name
from inscape.facts.fact import Fact, Neighbour
from inscape.types import JsonObject

SHIPPED = Path(__file__).parent / "shipped.json"
_KIND, _VERSION = "facts", 1
_TEXTS = ("prompt", "subject", "true", "new", "relation")
_LISTS = ("paraphrases", "starts")


@dataclass(frozen=True)
class FactSet:
    """Facts of one file.

    Attributes:
        facts: In the order of the file.
        source: Where they come from.
        licence: Of their texts.
    """

    facts: tuple[Fact, ...]
    source: str = ""
    licence: str = ""

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def relations(self) -> dict[str, int]:
        """How many facts each relation has."""
        names = [fact.relation for fact in self.facts]
        return {name: names.count(name) for name in dict.fromkeys(names)}


@cache
def shipped_facts() -> FactSet:
    """The facts that Inscape ships, written by `scripts/make_facts.py`."""
    return read_facts(SHIPPED)


def read_facts(path: Path | str) -> FactSet:
    """Read facts: a file that `write_facts` wrote, or one of CounterFact's.

    Raises:
        FormatError: The file is missing, is not JSON, is of another kind, or a record is no fact; the
            sentence says which.
    """
    path, document = Path(path), storage.read_json(path)
    said: JsonObject = {}
    read = _counterfact
    if isinstance(document, dict) and document.get("kind") == _KIND:
        if document.get("version") != _VERSION:
            raise FormatError(
                f"{path} holds facts of version {document.get('version')!r}; this Inscape reads {_VERSION}."
            )
        said, records, read = document, document.get("facts"), _own
    else:
        records = [document] if isinstance(document, dict) else document
    if not isinstance(records, list) or not records:
        raise FormatError(f"{path} must hold a list of facts, of Inscape's or of CounterFact's form.")
    return FactSet(
        tuple(_fact(path, number, record, read) for number, record in enumerate(records)),
        str(said.get("source", "")),
        str(said.get("licence", "")),
    )


def write_facts(path: Path | str, facts: FactSet) -> Path:
    """Write facts atomically, one a line; `read_facts` reads them.

    Raises:
        StorageError: The file cannot be written.
    """
    head = {"kind": _KIND, "version": _VERSION, "source": facts.source, "licence": facts.licence}
    start = json.dumps(head, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(_plain(fact), ensure_ascii=False) for fact in facts)
    return storage.write_text(path, f'{start}, "facts": [\n{lines}\n]}}\n')


def _plain(fact: Fact) -> JsonObject:
    """What is not empty of a fact."""
    named: JsonObject = {name: getattr(fact, name) for name in (*_TEXTS, *_LISTS)}
    named["neighbours"] = [[near.prompt, near.true] for near in fact.neighbours]
    return {name: value for name, value in named.items() if value}


def _fact(path: Path, number: int, record: object, read: Callable[[JsonObject], Fact]) -> Fact:
    """The fact of a record.

    Raises:
        FormatError: It is none.
    """
    try:
        if not isinstance(record, dict):
            raise FormatError(f"it must be an object, got {type(record).__name__}.")
        return read(record)
    except (FormatError, ValueRangeError) as error:
        raise FormatError(f"Record {number} of {path} is no fact: {error}") from error


def _own(record: JsonObject) -> Fact:
    if unknown := set(record) - {*_TEXTS, *_LISTS, "neighbours"}:
        raise FormatError(*unknown_name("field", min(unknown), (*_TEXTS, *_LISTS, "neighbours")))
    pairs = record.get("neighbours", [])
    if not isinstance(pairs, list) or not all(isinstance(each, list) and len(each) == 2 for each in pairs):
        raise FormatError("`neighbours` must be pairs of a prompt and its true object.")
    return Fact(
        prompt=_text(record, "prompt"),
        subject=_text(record, "subject"),
        true=_text(record, "true", needed=False),
        new=_text(record, "new", needed=False),
        relation=_text(record, "relation", needed=False),
        paraphrases=_texts(record, "paraphrases"),
        starts=_texts(record, "starts"),
        neighbours=tuple(Neighbour(*_texts({"neighbours": each}, "neighbours")) for each in pairs),
    )


def _counterfact(record: JsonObject) -> Fact:
    """One of CounterFact: all its neighbours have the true object of the fact."""
    asked = record.get("requested_rewrite")
    if not isinstance(asked, dict):
        raise FormatError("it has no `requested_rewrite`, which every record of CounterFact has.")
    true, new = (
        _text(each, "str") if isinstance(each := asked.get(name), dict) else ""
        for name in ("target_true", "target_new")
    )
    near = _texts(record, "neighborhood_prompts")
    if near and not true:
        raise FormatError("its neighbours need a `target_true`.")
    return Fact(
        prompt=_text(asked, "prompt"),
        subject=_text(asked, "subject"),
        true=true,
        new=new,
        relation=_text(asked, "relation_id", needed=False),
        paraphrases=_texts(record, "paraphrase_prompts"),
        neighbours=tuple(Neighbour(prompt, true) for prompt in near),
        starts=_texts(record, "generation_prompts"),
    )


def _text(record: JsonObject, name: str, *, needed: bool = True) -> str:
    value = record.get(name, None if needed else "")
    if not isinstance(value, str):
        raise FormatError(f"`{name}` must be a text, got {value!r:.60}.")
    return value.strip()


def _texts(record: JsonObject, name: str) -> tuple[str, ...]:
    value = record.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise FormatError(f"`{name}` must be a list of texts.")
    return tuple(each.rstrip() for each in value)
