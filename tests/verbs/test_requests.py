"""A request is the same whichever way it is made, and each default stands once."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import inscape
from inscape.cli.main import VERBS, app, run
from inscape.dissection.variants import Series
from inscape.errors import InscapeError, NotFoundError, UsageError
from inscape.verbs import NAMES, Parameter, Request, command_line, parameters_of, verb
from verbs.samples import CASES, SAMPLES, as_json


class Caught(Exception):
    """Instead of running a verb: the request that it was to run."""


@pytest.fixture(scope="module", autouse=True)
def nothing_runs():
    """Verbs are parsed and not run; the commands are built once."""

    def catch(self, request, progress):
        raise Caught(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inscape.verbs.registry.Verb.run", catch)
        patch.setattr("inscape.cli.main.app", typer.main.get_command(app))
        yield


def parsed(arguments: list[str]) -> Request:
    with pytest.raises(Caught) as caught:
        run([*arguments, "--debug"])
    return caught.value.args[0]


def words(name: str, values: dict[str, Any]) -> list[str]:
    """A command line as a person types it: every value, default or not."""
    positions: list[str] = []
    options: list[str] = []
    for parameter in parameters_of(verb(name).request):
        if parameter.name not in values:
            continue
        value = values[parameter.name]
        if parameter.positional:
            positions += [str(each) for each in (value if isinstance(value, tuple) else (value,))]
        elif parameter.type is bool:
            options += [parameter.flag if value else f"--no-{parameter.flag[2:]}"]
        else:
            many = value if isinstance(value, tuple) else (value,)
            options += [word for each in many for word in (parameter.flag, str(each))]
    return [*name.split(), *options, "--", *positions]


def test_every_verb_has_samples():
    assert set(SAMPLES) == set(NAMES)
    assert (*NAMES, "studio") == VERBS


@pytest.mark.parametrize(("name", "values"), CASES)
def test_a_request_is_the_same_in_four_ways(name, values):
    kind = verb(name).request
    by_python = kind(**values)
    by_line = parsed(words(name, values))
    by_body = TypeAdapter(kind).validate_python(as_json(values))
    line = command_line(by_python)
    by_its_own_line = parsed(shlex.split(line)[1:])
    assert by_python == by_line == by_body == by_its_own_line
    assert type(by_body) is kind and line.startswith(f"inscape {name}")
    assert as_json(asdict(TypeAdapter(kind).validate_python(as_json(asdict(by_python))))) == as_json(
        asdict(by_python)
    )


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).filter(lambda it: it != "--debug")
PLAIN = {"seeds": st.just("0-15"), "units": st.just("1"), "box": st.just("1,2,3,4"), "value": st.just("mean")}
PLAIN |= {"like": st.none(), "fit": st.sampled_from(["crop", "pad"]), "inversion": st.none()}
PLAIN |= {"class_name": st.none(), "by": st.just("examples"), "show": st.just("3"), "map": st.just(False)}
PLAIN |= {"cells": st.just("2,3"), "kind": st.sampled_from(["causal", "learned"])}
PLAIN |= {"picture": st.none(), "way": st.sampled_from(["linear", "gradients"]), "off": st.just("3,5-7")}
PLAIN |= {"border": st.sampled_from(["repeat", "zeros"]), "method": st.sampled_from(["rome", "ft+l"])}


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.name in PLAIN:
        return PLAIN[parameter.name]
    kinds: dict[type, st.SearchStrategy[Any]] = {
        str: TEXT,
        bool: st.booleans(),
        Path: st.builds(Path, TEXT),
        int: st.integers(parameter.least, parameter.most),
        float: st.floats(parameter.least, parameter.most, allow_nan=False, allow_infinity=False),
    }
    one = kinds[parameter.type]
    if parameter.many:
        return st.lists(one, min_size=1, max_size=3).map(tuple)
    return st.none() | one if parameter.optional else one


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_line_is_read_back_as_the_request_that_it_was_made_of(name, data):
    kind = verb(name).request
    values = {each.name: data.draw(values_of(each), each.name) for each in parameters_of(kind)}
    try:
        request = kind(**values)
    except UsageError:  # of what does not go together
        reject()
    assert parsed(shlex.split(command_line(request))[1:]) == request


def test_a_line_holds_only_what_differs():
    sample = verb("sample").request
    assert command_line(sample("town")) == "inscape sample town"
    assert (
        command_line(sample("a b", truncation=0.5, seeds="0-15")) == "inscape sample 'a b' --truncation 0.5"
    )
    assert command_line(verb("scenes").request("town", rules=False)) == "inscape scenes town --no-rules"
    assert command_line(sample("-x", grid=True)) == "inscape sample --grid -- -x"


@pytest.mark.parametrize("name", NAMES)
def test_every_default_and_range_stands_once(name, capsys):
    """The help and the schema of a body say what the request says."""
    kind = verb(name).request
    assert run([*name.split(), "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    unbroken = shown.replace(" ", "")  # lines break at spaces and at hyphens
    schema = TypeAdapter(kind).json_schema()
    for parameter in parameters_of(kind):
        said = schema["properties"][parameter.name]
        assert said["description"] == parameter.option.help
        assert "".join(parameter.option.help.split()) in unbroken
        assert (parameter.name in schema.get("required", ())) == parameter.required
        numbers = next((each for each in said.get("anyOf", ()) if each["type"] != "null"), said)
        assert (numbers.get("minimum"), numbers.get("maximum")) == (parameter.least, parameter.most)
        if parameter.required or parameter.default is None:
            continue
        assert said["default"] == as_json({"it": parameter.default})["it"]
        if parameter.type is not bool and not parameter.many:
            section = shown.split(f" {parameter.flag} ", 1)[1]
            assert re.match(rf".*?\[default: {re.escape(str(parameter.default))}[\];]", section)


LIBRARY = {
    "dissect": ("images", "layer"),
    "effect": ("insert", "layer"),
    "paint": ("strength", "remove", "value"),
    "invert": ("seconds", "layer"),
    "replay": ("device",),
    "train": ("size", "images", "start", "seed", "device"),
}
"""Verbs that are functions of the library too, and the fields that are named arguments of those."""


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_has_the_defaults_of_the_requests(name):
    arguments = inspect.signature(getattr(inscape, name)).parameters
    defaults = {each.name: each.default for each in parameters_of(verb(name).request)}
    assert {it: arguments[it].default for it in LIBRARY[name]} == {it: defaults[it] for it in LIBRARY[name]}


def test_measurements_have_the_defaults_of_the_request():
    defaults = {each.name: each.default for each in parameters_of(verb("effect").request)}
    series = {each.name: each.default for each in fields(Series)}
    assert {it: series[it] for it in ("seed", "controls", "segmenter")} == {
        it: defaults[it] for it in ("seed", "controls", "segmenter")
    }


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("sample", {"model": "town", "truncation": 3}, "--truncation is a number from -2 to 2, got 3"),
        ("sample", {"model": "town", "truncation": float("nan")}, "got nan"),
        ("sample", {"model": "town", "seeds": "9-3"}, "runs backwards"),
        ("scenes", {"world": "town", "seeds": "x"}, "Seeds are whole numbers"),
        ("dissect", {"model": "town", "out": Path("r"), "images": 3}, "--images is a number of at least 4"),
        ("dissect", {"model": "town", "out": Path("r"), "border": "wrap"}, "--border is repeat or zeros"),
        ("effect", {"model": "town", "concept": "tree", "units": "1,,2"}, "Units are whole numbers"),
        ("paint", {"model": "town", "box": "1,2,3"}, "A box is X,Y,WIDTH,HEIGHT"),
        ("paint", {"model": "town", "box": "1,2,3,4"}, "A concept or units are needed"),
        ("paint", {"model": "town", "box": "1,2,3,4", "units": "1", "value": "much"}, "mean, quantile or"),
        ("effect", {"model": "town", "concept": "x", "map": True, "insert": True}, "--insert and --map"),
        ("find", {"model": "town", "by": "magic", "show": "3"}, "no way to show a concept 'magic'"),
        ("find", {"model": "town", "by": "examples", "show": "x"}, "Seeds are whole numbers"),
        ("find", {"model": "town", "by": "strokes", "show": "3"}, "A box is X,Y,WIDTH,HEIGHT"),
        ("find", {"model": "town", "by": "predicate", "show": "night.py"}, "FILE.py:FUNCTION"),
        ("invert", {"photo": Path("x"), "fit": "squash"}, "crop, pad"),
    ],
)
def test_what_cannot_be_meant_is_refused_as_the_request_is_made(name, values, sentence):
    kind = verb(name).request
    with pytest.raises(UsageError, match=re.escape(sentence)):
        kind(**values)
    with pytest.raises((ValidationError, InscapeError), match=r"."):
        TypeAdapter(kind).validate_python(as_json(values))


def test_a_body_with_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="Unexpected keyword"):
        TypeAdapter(verb("sample").request).validate_python({"model": "town", "seed": 3})


def test_an_unknown_verb_names_near_ones():
    with pytest.raises(NotFoundError, match="did you mean 'sample'"):
        verb("smple")


def test_requests_are_values():
    request = verb("sample").request("town")
    assert replace(request, seeds="3") != request and hash(request) == hash(verb("sample").request("town"))


def test_requests_and_lines_load_no_torch():
    code = (
        "import sys\nfrom inscape.verbs import NAMES, verb, command_line, parameters_of\n"
        "for name in NAMES: parameters_of(verb(name).request)\n"
        "command_line(verb('paint').request('town', '1,2,3,4', concept='tree'))\n"
        "command_line(verb('invert').request('x.jpg', box='1,2,3,4'))\n"
        "sys.exit('torch' in sys.modules or 'pandas' in sys.modules or 'pydantic' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
