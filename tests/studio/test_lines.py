"""The line of a request, as the page asks for it; and what the studio's messages take from requests."""

from __future__ import annotations

import pytest

from inscape.studio.app import openapi
from inscape.verbs import NAMES, command_line, parameters_of, verb
from verbs.samples import CASES, as_json

TAKEN = {
    ("DissectionRequest", "images"): "dissect",
    ("EffectsRequest", "images"): "effect",
    ("EffectsRequest", "insert"): "effect",
    ("InversionRequest", "seconds"): "invert",
    ("InversionRequest", "start"): "invert",
    ("NewArtifacts", "controls"): "artifacts",
    ("NewArtifacts", "images"): "artifacts",
    ("NewArtifacts", "top"): "artifacts",
    ("NewAtlas", "images"): "atlas",
    ("NewRoles", "images"): "roles",
    ("NewSearch", "images"): "find",
    ("NewTrace", "runs"): "fact trace",
}
"""Fields of what starts a job, and the verb that they are a field of."""


@pytest.fixture(scope="module")
def document():
    return openapi()


@pytest.mark.parametrize(("name", "values"), CASES)
def test_the_page_is_given_the_line_of_a_request(client, name, values):
    answer = client.post(f"/api/lines/{verb(name).slug}", json=as_json(values))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"line": command_line(verb(name).request(**values))}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sample", {}),
        ("sample", {"model": "town", "truncation": 3}),
        ("sample", {"model": "town", "seeds": "9-3"}),
        ("sample", {"model": "town", "nonsense": 1}),
        ("paint", {"model": "town", "box": "1,2"}),
        ("apply", {"model": "town", "edits": [], "out": "x"}),
    ],
)
def test_what_cannot_be_meant_has_no_line(client, name, body):
    answer = client.post(f"/api/lines/{name}", json=body)
    assert (answer.status_code, answer.json().keys()) == (422, {"title", "detail", "hint"})


@pytest.mark.parametrize("name", NAMES)
def test_the_description_has_every_request_with_its_help(name, document):
    body = document["paths"][f"/api/lines/{verb(name).slug}"]["post"]["requestBody"]["content"][
        "application/json"
    ]
    assert body["schema"]["$ref"].endswith(f"/{verb(name).request.__name__}")
    described = document["components"]["schemas"][verb(name).request.__name__].get("properties", {})
    helps = {each.name: each.option.help for each in parameters_of(verb(name).request)}
    assert {field: each["description"] for field, each in described.items()} == helps


@pytest.mark.parametrize(("message", "field"), TAKEN)
def test_a_message_that_starts_a_job_has_the_default_and_help_of_the_request(message, field, document):
    said = document["components"]["schemas"][message]["properties"][field]
    parameters = {each.name: each for each in parameters_of(verb(TAKEN[message, field]).request)}
    assert (said["default"], said["description"]) == (
        parameters[field].default,
        parameters[field].option.help,
    )


def test_results_of_jobs_are_told_apart_by_their_kind(document):
    result = document["components"]["schemas"]["JobInfo"]["properties"]["result"]
    (one_of,) = (each for each in result["anyOf"] if "oneOf" in each)
    assert len(one_of["discriminator"]["mapping"]) == len(one_of["oneOf"]) == 17
