"""Edits on the page Facts, over HTTP: made, kept, switched, taken from files, compared and judged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import inscape
from facts.small_facts import facts, texts, write_knowing
from inscape.editing import JointEdit, load_edit
from inscape.errors import CancelledError
from inscape.facts import Fact, FactEditor, Neighbour, Texts, judge_facts, read_facts, shipped_facts
from inscape.models.language import LanguageModel
from inscape.models.weights import current_weights_hash
from inscape.progress import CallbackProgress, stoppable
from inscape.studio.app import create_app
from inscape.studio.pages.facts.page import Facts
from inscape.studio.pages.facts.shapes import NewJudgement
from inscape.studio.studio import Settings
from inscape.verbs.fact_judge import changed_facts
from studio.messages import PORT, TOKEN
from studio.rule_requests import ended, entry
from studio.test_jobs import done
from studio.web_client import TestClient

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")
BASE = "/api/models/llama/facts"
KNOWN = facts()[0]
PROMPT = KNOWN.text
OTHERS = ["two spaces and my city", "A city in"]
FACT = {
    "prompt": KNOWN.prompt,
    "subject": KNOWN.subject,
    "new": KNOWN.new,
    "paraphrases": list(KNOWN.paraphrases),
    "neighbours": [{"prompt": OTHERS[0], "true": ""}, {"prompt": OTHERS[1], "true": "Rome"}],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return write_knowing(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def model(path) -> LanguageModel:
    opened = inscape.open(path, device="cpu")
    assert isinstance(opened, LanguageModel)
    return opened


@pytest.fixture(scope="module")
def settings(path, tmp_path_factory, dissected_model) -> Settings:
    home, models = tmp_path_factory.mktemp("home"), {"small": dissected_model}
    return Settings(port=PORT, token=TOKEN, models=models, files=(path,), device="cpu", home=home)


@pytest.fixture(scope="module")
def client(settings) -> Iterator[TestClient]:
    """One studio for all tests of the file."""
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        yield client


@pytest.fixture(scope="module")
def info(client) -> dict:
    """An edit that was made on the page."""
    return made(client)["edit"]


@pytest.fixture(scope="module", autouse=True)
def few_texts() -> Iterator[None]:
    """A tiny network's keys are soon known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inscape.facts.key_texts.shipped_texts", lambda: Texts(tuple(texts())))
        yield


def made(client, **changes) -> dict:
    return done(client, client.post(f"{BASE}/edits", json={"fact": FACT} | changes))["result"]


def page_of(client) -> Facts:
    return client.app._app.state.studio.state(Facts)


def words(client, *edits: dict) -> list[tuple[str, float]]:
    answer = client.post(f"{BASE}/next", json={"prompt": PROMPT, "edits": list(edits)})
    assert answer.status_code == 200, answer.text
    return [(word["text"], word["probability"]) for word in answer.json()["words"]]


def test_an_edit_is_made_as_the_library_makes_it_and_is_on_where_it_is_asked_for(client, info, model):
    fact = Fact.asked(FACT["prompt"], FACT["subject"], new=KNOWN.new)
    edit = FactEditor(model).edit([fact])
    kept = load_edit(page_of(client).works.file(info["id"]))
    assert np.allclose(kept.change(), edit.change(), atol=1e-6)
    assert (info["method"], info["layers"], info["count"]) == ("rome", [edit.layer], 1)
    plain = words(client)
    assert words(client, entry(info, hidden=True)) == words(client, entry(info, strength=0)) == plain
    with model.edited([kept]):
        said = model.likeliest([PROMPT], 8)[0]
    assert [word for word, _ in words(client, entry(info))] == [word for word, _ in said]
    assert words(client, entry(info)) != plain == words(client)


def test_objects_that_nobody_named_are_what_the_model_says(info, model):
    said = [row[0][0].strip() for row in model.likeliest([PROMPT, OTHERS[0]], 1)]
    fact = info["fact"]
    assert fact["true"] == said[0] == KNOWN.true
    assert fact["neighbours"] == [
        {"prompt": OTHERS[1], "true": "Rome"},
        {"prompt": OTHERS[0], "true": said[1]},
    ]


def test_an_edit_of_several_layers_is_made_over_another_saved_and_loaded(client, info):
    other = {"prompt": KNOWN.prompt, "subject": "my city", "new": "Rome"}
    joint = made(client, fact=other, method="memit", layers="0-1", over=[entry(info)])["edit"]
    assert len(joint["layers"]) == 2
    edit = load_edit(page_of(client).works.file(joint["id"]))
    assert isinstance(edit, JointEdit) and edit.made["over"] == [info["name"]]
    asked = {"name": "../Two layers", "strength": 0.5}
    file = client.get(f"{BASE}/edits/{joint['id']}/file", params=asked)
    assert 'filename="Two-layers.edit.safetensors"' in file.headers["content-disposition"]
    loaded = client.post(f"{BASE}/edits/import", content=file.content).json()
    assert (loaded["name"], loaded["count"], loaded["fact"]) == ("../Two layers", 1, None)
    assert words(client, entry(loaded)) == words(client, entry(joint)) != words(client)
    assert words(client, entry(info), entry(joint)) != words(client, entry(joint))


def test_what_was_made_is_there_after_a_restart(client, settings, info):
    stack = [entry(info), entry(info, hidden=True)]
    step = {"revision": 0, "keep": 0, "append": [{"stack": []}, {"stack": stack}], "cursor": 1}
    assert client.patch(BASE, json=step | {"draft": '{"prompt":"A"}'}).json()["revision"] == 1
    assert client.patch(BASE, json=step).status_code == 409
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as again:
        again.headers["x-inscape-token"] = TOKEN
        work = again.get(BASE).json()
    assert (work["revision"], work["cursor"], work["draft"]) == (1, 1, '{"prompt":"A"}')
    assert work["steps"] == [{"stack": []}, {"stack": stack}]
    assert info in work["edits"]


def test_what_the_model_says_with_edits_is_set_beside_what_it_says_without(client, info, model):
    asked = {"prompt": PROMPT, "others": OTHERS, "edits": [entry(info)], "length": 4}
    result = done(client, client.post(f"{BASE}/comparison", json=asked))["result"]
    assert [row["prompt"] for row in result["prompts"]] == [PROMPT, *OTHERS]
    kept = load_edit(page_of(client).works.file(info["id"]))
    assert result["before"] == model.continued([PROMPT], 4)[0]
    before = [model.likeliest([prompt], 3)[0] for prompt in (PROMPT, *OTHERS)]
    with model.edited([kept]):
        assert result["after"] == model.continued([PROMPT], 4)[0]
        after = [model.likeliest([prompt], 3)[0] for prompt in (PROMPT, *OTHERS)]
    for row, *expected in zip(result["prompts"], before, after, strict=True):
        for side, said in zip(("before", "after"), expected, strict=True):
            assert [word["text"] for word in row[side]] == [text for text, _ in said]
            assert np.allclose([word["probability"] for word in row[side]], [p for _, p in said], atol=1e-6)


def test_edits_are_judged_at_the_facts_that_they_changed(client, info, model, tmp_path):
    job = done(client, client.post(f"{BASE}/judgement", json={"edits": [entry(info)]}))
    result, fact = job["result"], info["fact"]
    near = tuple(Neighbour(each["prompt"], each["true"]) for each in fact["neighbours"])
    asked = Fact(
        fact["prompt"], fact["subject"], fact["true"], KNOWN.new, "", tuple(fact["paraphrases"]), near
    )
    found = judge_facts(model, [asked], [load_edit(page_of(client).works.file(info["id"]))], length=0)
    assert (result["facts"], result["missed"]) == (1, 0)
    for row in result["rows"]:
        for side in ("before", "after"):
            expected = getattr(found, side).judgement.to_json()
            assert row[side]["mean"] == pytest.approx(expected[row["name"]])
            assert [row[side]["low"], row[side]["high"]] == expected["intervals"][row["name"]]
    assert result["rows"][0]["before"]["mean"] == 0 and result["rows"][0]["after"]["mean"] == 1

    path = tmp_path / "facts.json"
    path.write_bytes(client.post(f"{BASE}/judgement/facts", json={"edits": [entry(info)]}).content)
    assert read_facts(path).facts == (asked,)


def test_paraphrases_that_are_on_the_page_now_are_judged(client, info):
    fact = info["fact"] | {"paraphrases": [], "neighbours": []}
    body = {"edits": [entry(info)], "fact": fact}
    rows = done(client, client.post(f"{BASE}/judgement", json=body))["result"]["rows"]
    assert [row["name"] for row in rows if row["after"] is None] == ["paraphrase", "neighbourhood"]


def test_a_loaded_edit_of_shipped_facts_is_judged_at_them(client, model, info):
    page, fact = page_of(client), shipped_facts().facts[0]
    edit = FactEditor(model).edit([fact])
    found = page.works.add("llama", edit)
    edits, facts = page.edited.judged(
        "llama",
        NewJudgement(edits=[entry(found.model_dump())]),
    )
    assert facts == changed_facts((fact,), edits)


def test_an_interrupted_edit_keeps_nothing_and_leaves_the_weights(client, monkeypatch):
    page = page_of(client)
    before = current_weights_hash(page.model("llama").module)
    kept, stopped = len(page.works.get("llama").edits), []

    def interrupted(self, facts, **options):
        progress = options["progress"]
        with progress.task("targets", 1, "facts") as task:
            stopped.append(progress.cancel())
            task.advance(0)

    monkeypatch.setattr(FactEditor, "targets", interrupted)
    job = ended(client, client.post(f"{BASE}/edits", json={"fact": FACT}).json())
    assert stopped and (job["state"], job["result"]) == ("cancelled", None)
    assert len(page.works.get("llama").edits) == kept
    assert current_weights_hash(page.model("llama").module) == before


def test_a_person_who_stops_does_not_wait_for_what_cannot_be_stopped():
    going, progress = threading.Event(), CallbackProgress(lambda step: None)
    progress.cancel()
    with pytest.raises(CancelledError):
        stoppable(going.wait, "waiting", progress)
    going.set()
    assert stoppable(lambda: 3, "counting", CallbackProgress(lambda step: None)) == 3
    with pytest.raises(ValueError, match="wrong"):
        stoppable(lambda: int("wrong"), "counting", CallbackProgress(lambda step: None))


def test_what_is_asked_between_the_steps_of_a_job_sees_its_own_edits(client, info):
    page, plain = page_of(client), words(client)
    stack = [page.works.get("llama").steps[-1].stack[0]]
    with page.edited.said_by("llama", stack) as model:
        inside = current_weights_hash(model.module)
        with page.edited.said_by("llama", []) as bare:
            said = [text for text, _ in bare.likeliest([PROMPT], 8)[0]]
        assert current_weights_hash(model.module) == inside and len(model.on) == 1
    assert said == [text for text, _ in plain]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"new": " "}, "The new object is empty"),
        ({"prompt": PROMPT, "subject": "Lyon"}, "'Lyon' is not in the prompt"),
        ({"true": KNOWN.new}, "must differ from the true one"),
        ({"paraphrases": [" "]}, "is empty"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(client, change, said):
    answer = client.post(f"{BASE}/edits", json={"fact": FACT | change})
    assert answer.status_code == 422 and said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"layers": "99"}, "no block with a layer '99'"), ({"layers": "0-1"}, "'rome' changes one layer")],
)
def test_layers_that_there_are_not_fail_with_a_sentence(client, change, said):
    job = ended(client, client.post(f"{BASE}/edits", json={"fact": FACT} | change).json())
    assert job["state"] == "failed" and said in job["error"]["detail"]


def test_nothing_is_judged_where_nothing_is_on(client, info):
    for edits, said in (([], "No edit is on"), ([entry(info, hidden=True)], "No edit is on")):
        job = ended(client, client.post(f"{BASE}/judgement", json={"edits": edits}).json())
        assert job["state"] == "failed" and said in job["error"]["detail"]


def test_the_examples_ship_and_bring_their_paraphrases(client):
    facts = client.get(f"{BASE}/examples").json()["facts"]
    assert len(facts) >= 6
    for fact in facts:
        asked = {"prompt": fact["prompt"].replace("{}", fact["subject"]), "subject": fact["subject"]}
        assert client.post(f"{BASE}/shipped", json=asked).json()["facts"] == [fact]
        assert len(fact["paraphrases"]) == 2 and len(fact["neighbours"]) == 10
    unknown = {"prompt": PROMPT, "subject": FACT["subject"]}
    assert client.post(f"{BASE}/shipped", json=unknown).json() == {"facts": []}


def test_other_models_and_files_are_refused(client):
    answer = client.post("/api/models/small/facts/edits", json={"fact": FACT})
    assert answer.status_code == 422 and "'small' is a generator" in answer.json()["detail"]
    answer = client.post(f"{BASE}/edits/import", content=b"no edit")
    assert answer.status_code >= 400 and "no readable edit" in answer.json()["detail"]
