"""The pages Roles and Atlas, over HTTP: what they offer, what they measure, and that it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import inscape
from inscape.reports.html import read_template
from inscape.studio.app import create_app
from inscape.studio.studio import Settings
from inscape.verbs.atlas import AtlasRequest, atlas_opened
from inscape.verbs.roles import RolesRequest, roles_opened
from studio.messages import PORT, TOKEN
from studio.seasons import CLASSES, classifier
from studio.test_jobs import done
from studio.web_client import TestClient

ROLES = "/api/models/seasons/roles"
ATLAS = "/api/atlas"
ASKED = {"layer": "head", "of_class": "winter", "images": 64}
WEB = Path(__file__).parents[2] / "web" / "src"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two classifiers of seasons, and one of what no world has."""
    root = tmp_path_factory.mktemp("classifiers")
    made = {"seasons": CLASSES, "others": CLASSES, "strangers": ("<b>cat</b>", "dog")}
    return {
        name: classifier(root / name, seed=seed, classes=classes)
        for seed, (name, classes) in enumerate(made.items())
    }


@pytest.fixture(scope="module")
def settings(folders, tmp_path_factory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return Settings(port=PORT, token=TOKEN, models=folders, device="cpu", home=home)


@pytest.fixture
def client(settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        yield client


def test_only_classifiers_whose_classes_a_world_has_scenes_of_have_roles(client):
    offered = {
        one["name"]: one["classes"] for one in client.get("/api/roles/classifiers").json()["classifiers"]
    }
    assert list(offered)[:2] == ["seasons", "others"] and offered["seasons"] == list(CLASSES)
    assert {"town-classifier", "town-classifier-vit"} <= set(offered)
    assert {"strangers", "efficientnet-lite0", "town", "town-segmenter"}.isdisjoint(offered)
    models = client.get("/api/models").json()["models"]
    classifiers = {model["name"] for model in models if model["classifies"]}
    assert {"seasons", "strangers", "town-classifier"} <= classifiers
    assert {"town", "town-segmenter", "smollm2"}.isdisjoint(classifiers)
    assert "town" in client.get(f"{ATLAS}/offers").json()["worlds"]


def test_roles_are_what_the_verb_finds_and_there_after_a_restart(client, settings, folders):
    assert client.get(ROLES).json() == {"reports": []}
    job = done(client, client.post(ROLES, json=ASKED))
    (head,) = client.get(ROLES).json()["reports"]
    assert head["id"] == job["result"]["id"] and head["layer"] == "head"
    found = client.get(f"{ROLES}/{head['id']}").json()
    model = inscape.open(str(folders["seasons"]), device="cpu")
    request = RolesRequest("seasons", "winter", layer="head", images=64)
    report = roles_opened(model, request, inscape.progress.SilentProgress())
    assert (found["title"], found["facts"]) == (report.heading(), report.facts())
    assert found["body"] == report.page(str).body
    assert found["body"].count(".csv") == found["body"].count(".svg") == 2  # the curves, and the attack
    (table,) = found["tables"]
    assert table["name"] == "units" and len(table["csv"].splitlines()) == 1 + len(report.carried)
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as later:
        later.headers.update(client.headers)
        assert later.get(ROLES).json()["reports"] == [head]
        assert later.get(f"{ROLES}/{head['id']}").json() == found


def test_an_atlas_is_what_the_verb_finds_and_is_gone_with_the_weights(client, folders):
    asked = {"models": ["seasons", "others"], "images": 40}
    job = done(client, client.post(ATLAS, json=asked))
    (head,) = client.get(ATLAS).json()["reports"]
    assert head["id"] == job["result"]["id"] and head["model"] == "seasons, others"
    found = client.get(f"{ATLAS}/{head['id']}").json()
    names = ["seasons", "others"]
    models = [inscape.open(str(folders[name]), device="cpu") for name in names]
    report = atlas_opened(
        models, names, AtlasRequest(tuple(names), images=40), inscape.progress.SilentProgress()
    )
    assert found["body"] == report.page(str).body and found["facts"] == report.facts()
    assert [table["name"] for table in found["tables"]] == ["detectors", "concepts"]
    assert found["tables"][0]["csv"] == report.table().to_csv(index=False)
    weights = folders["others"] / "weights.safetensors"
    kept = weights.read_bytes()
    try:
        classifier(folders["others"], seed=9)
        assert client.get(ATLAS).json() == {"reports": []}
        answer = client.get(f"{ATLAS}/{head['id']}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"There is no report {head['id']}."
    finally:
        weights.write_bytes(kept)
    assert client.get(ATLAS).json() == {"reports": [head]}


def test_all_layers_of_one_classifier_are_rows(client):
    asked = {"models": ["seasons"], "all_layers": True, "images": 40, "source": "town"}
    job = done(client, client.post(ATLAS, json=asked))
    found = client.get(f"{ATLAS}/{job['result']['id']}").json()
    rows = [line.split(",")[1] for line in found["tables"][0]["csv"].splitlines()[1:]]
    assert rows == ["stem", "block0", "block1", "head", "pooled"]


@pytest.mark.parametrize(
    ("address", "change", "status", "said"),
    [
        (ROLES, {"layer": "hed"}, 404, "did you mean 'head'"),
        (ROLES, {"of_class": "wintre"}, 404, "did you mean 'winter'"),
        (ROLES, {"images": 8}, 422, "16"),
        (
            "/api/models/town/roles",
            {},
            422,
            "No world has scenes of the classes of 'town', which is a generator",
        ),
        ("/api/models/strangers/roles", {}, 422, "--source FOLDER"),
        ("/api/models/nowhere/roles", {}, 404, "nowhere"),
        (ATLAS, {"models": ["town"]}, 422, "'town' is a generator. The page Layers"),
        (ATLAS, {"source": "/etc"}, 404, "No world '/etc'"),
        (ATLAS, {"models": ["seasons", "others"], "all_layers": True}, 422, "Choose one"),
        (ATLAS, {"models": []}, 422, "models"),
    ],
)
def test_what_cannot_be_measured_is_refused(client, address, change, status, said):
    whole = {"models": ["seasons"], "images": 40} if address == ATLAS else ASKED
    answer = client.post(address, json=whole | change)
    assert answer.status_code == status
    assert said in f"{answer.json()['detail']} {answer.json()['hint']}"


def test_roles_stop_between_two_sets_of_units(client):
    """A batch of a large network may take minutes; nobody who stops it, or paints meanwhile, waits for it."""
    steps = []

    class Stopping(inscape.progress.CallbackProgress):
        def __init__(self) -> None:
            super().__init__(self.step)

        def step(self, said) -> None:
            steps.append((said["name"], said["done"]))
            if steps.count(steps[-1]) == 4:
                self.cancel()

    model = client.app._app.state.studio.library.network("seasons")
    with pytest.raises(inscape.errors.CancelledError):
        roles_opened(model, RolesRequest("seasons", "winter", images=64), Stopping())
    assert set(steps) == {("Switching off each unit alone", 0)}


def test_names_of_classes_are_text_in_what_the_page_shows(client):
    job = done(client, client.post(ATLAS, json={"models": ["strangers"], "images": 40}))
    body = client.get(f"{ATLAS}/{job['result']['id']}").json()["body"]
    assert "<b>cat" not in body and "<script" not in body


def test_plots_have_the_colours_of_the_pages_of_reports():
    colours = re.compile(r"(--plane-\d): (#\w+)")
    style = (WEB / "kit" / "styles" / "report.css").read_text()
    assert colours.findall(style) == colours.findall(read_template("inscape.reports", "frame.css"))
