from __future__ import annotations

import base64
import io
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inscape.editing import UnitEdit, WeightEdit, load_edit, save_edit
from inscape.models import open_model
from inscape.regions import Region
from inscape.rewriting import Paste, Rewriter, RuleSettings, Task, prepare_task
from inscape.studio.app import create_app
from inscape.studio.encoding import jpeg
from inscape.studio.pages.rewrite.page import Rewrite
from inscape.studio.pages.rewrite.rules import Bench
from inscape.studio.pages.rewrite.walls import Walls
from inscape.studio.pages.rewrite.works import RuleWorks
from small_generators import small_generator
from studio.messages import PORT, TOKEN
from studio.rule_requests import BASE, CHOICES, PASTE, SPIRE, TREE, ended, entry, made, rule
from studio.web_client import TestClient

pytestmark = pytest.mark.usefixtures("few_samples")
MEMORIES = {"layer16a", "layer8b"}


def wall(client, seeds, edits=()) -> list[np.ndarray]:
    answer = client.post(f"{BASE}/wall", json={"seeds": list(seeds), "edits": list(edits)})
    assert answer.status_code == 200, answer.text
    return [pixels(each["image"]) for each in answer.json()["pictures"]]


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def works(studio):
    """Where the page keeps its rules."""
    return studio.state(Rewrite).works


def state(**changes) -> dict:
    return {"choices": CHOICES, "context": [SPIRE], "pastes": [PASTE], "copied": TREE} | changes


def weights(studio) -> dict[str, torch.Tensor]:
    return {
        name: each.clone() for name, each in studio.library.generator("small").module.state_dict().items()
    }


def test_the_page_makes_rules_as_the_library_does_unless_told_otherwise():
    from inscape.studio.pages.rewrite.shapes import RuleChoices

    choices, settings = RuleChoices(layer="layer8b"), RuleSettings()
    for name in set(RuleChoices.model_fields) - {"layer"}:
        assert getattr(choices, name) == getattr(settings, name), name


def test_layers_say_how_wide_their_keys_are(client):
    found = client.get(f"{BASE}/layers").json()
    by_name = {layer["name"]: layer for layer in found["layers"]}
    generator = small_generator()
    assert list(by_name) == list(generator.layers)
    for name in ("layer8b", "layer16a"):
        width = Rewriter(generator, name).memory.width
        assert (by_name[name]["inputs"], by_name[name]["largest_rank"]) == (width, min(width, 30))
    assert found["concepts"] == []  # no segmenter, nobody to judge


def test_a_layer_is_prepared_as_a_job(client):
    job = ended(client, client.post(f"{BASE}/preparation", json={"layer": "layer16a"}).json())
    assert (job["state"], job["kind"], job["result"]["layer"]) == ("done", "keys", "layer16a")


def test_a_rule_is_made_kept_and_drawn_and_leaves_the_weights_as_they_were(client, studio):
    studio.library.generator("small")
    before = weights(studio)
    info = rule(client)
    assert info["loss"] < info["loss_before"] and info["rank"] == 2 and info["change"] > 0
    plain, edited = wall(client, [3, 4]), wall(client, [3, 4], [entry(info)])
    assert (plain[0] != edited[0]).any()
    after = weights(studio)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert isinstance(load_edit(works(studio).file(info["id"])), WeightEdit)


def test_a_wall_under_edits_equals_the_full_pass():
    generator = small_generator()
    rewriter = Rewriter(generator, "layer16a", samples=40)
    box = Region((8, 8, 8, 8))
    edit = rewriter.rewrite([(3, box)], [Paste(5, box, 3, box)])
    walls = Walls(generator)
    drawn = walls.draw(range(20), [edit])
    alone = [generator.sample(seed, edits=[edit]).pixels for seed in range(20)]
    assert np.abs(drawn.astype(int) - np.stack(alone)).max() <= 1
    assert np.array_equal(walls.draw(range(20), [edit]), drawn)
    assert len(walls.draw([])) == 0


def test_a_rule_of_no_strength_or_switched_off_changes_nothing(client):
    info = rule(client)
    plain = wall(client, [3])[0]
    for changes in ({"hidden": True}, {"strength": 0}):
        assert np.array_equal(wall(client, [3], [entry(info, **changes)])[0], plain)


def test_a_second_rule_is_made_over_the_first(client, studio):
    first = rule(client)
    second = rule(client, name="More", over=[entry(first)])
    edit = load_edit(works(studio).file(second["id"]))
    assert edit.made["over"] == ["Trees"]
    alone = load_edit(works(studio).file(rule(client, name="Alone")["id"]))
    assert not np.array_equal(edit.coefficients, alone.coefficients)
    edit.check(studio.library.generator("small"))


def test_a_bench_is_plain_again_when_nothing_is_on():
    generator = small_generator()
    plain = Rewriter(generator, "layer16a", samples=40)
    box = Region((8, 8, 8, 8))
    edit = plain.rewrite([(3, box)], [Paste(5, box, 3, box)])
    bench = Bench(small_generator())
    before = bench.model.module.state_dict()["synthesis.b16.conv0.weight"].clone()
    bench.rewriter("layer16a", [edit], plain)
    assert not torch.equal(bench.model.module.state_dict()["synthesis.b16.conv0.weight"], before)
    bench.rewriter("layer16a", [], plain)
    assert torch.equal(bench.model.module.state_dict()["synthesis.b16.conv0.weight"], before)


def test_a_rule_keeps_out_of_what_is_protected(client, studio):
    kept = {"seed": 9, "region": {"box": [2, 2, 4, 4]}}
    free, held = (
        load_edit(works(studio).file(info["id"])) for info in (rule(client), rule(client, protect=[kept]))
    )
    rewriter = Rewriter(small_generator(), "layer16a", samples=40)
    wanted = rewriter.directions(
        [(3, Region((8, 8, 8, 8)))], RuleSettings(rank=2), [(9, Region((2, 2, 4, 4)))]
    )
    assert np.allclose(held.directions, wanted, atol=1e-4)
    assert not np.allclose(free.directions, wanted, atol=1e-2)
    assert held.made["protect"] == [[9, kept["region"]]]


def test_an_erasing_rule_is_made(client):
    goal = {"kind": "erase", "target": SPIRE, "units": 3}
    assert rule(client, goals=[goal])["loss"] >= 0


BRUSHED = {"seed": 3, "region": Region.from_mask(np.eye(16, dtype=np.float32)).to_json()}


ERASED = [{"kind": "erase", "target": place, "units": 3} for place in (SPIRE, BRUSHED)]


@pytest.mark.parametrize(
    "changes",
    [
        {
            "context": [SPIRE, BRUSHED],
            "protect": [TREE],
            "goals": [PASTE | {"source": BRUSHED, "scale": 0.5}],
        },
        {"context": [SPIRE, BRUSHED], "goals": ERASED, "choices": CHOICES | {"ridge": 0.3, "halo": 2}},
    ],
)
def test_a_task_makes_the_rule_that_the_page_makes(client, studio, tmp_path, changes):
    info = rule(client, **changes)
    (tmp_path / "rule.edit.safetensors").write_bytes(client.get(f"{BASE}/rules/{info['id']}/file").content)
    here = load_edit(tmp_path / "rule.edit.safetensors")
    request = {"name": 'Trees, "quoted"', "context": [SPIRE], "goals": [PASTE], "choices": CHOICES} | changes
    answer = client.post(f"{BASE}/task", json=request)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/toml")
    (tmp_path / "task.toml").write_text(answer.text, "utf-8")
    task = Task.load(tmp_path / "task.toml")
    assert task.name == request["name"] and task.layer == "layer16a"
    model = studio.library.generator("small")
    there = prepare_task(task, model, None).make(Rewriter(model, task.layer))
    assert np.array_equal(here.directions, there.directions)
    assert np.allclose(here.coefficients, there.coefficients, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"context": []}, "has a context and a goal"),
        ({"goals": []}, "has a context and a goal"),
        ({"goals": ERASED}, "in every context"),
        ({"context": [SPIRE, BRUSHED], "goals": [*ERASED, PASTE]}, "in every context"),
        ({"choices": CHOICES | {"layer": "attic"}}, "attic"),
    ],
)
def test_what_no_task_can_say_is_refused(client, changes, said):
    request = {"context": [SPIRE], "goals": [PASTE], "choices": CHOICES} | changes
    answer = client.post(f"{BASE}/task", json=request)
    assert answer.status_code in (404, 422) and said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"context": []}, "context is empty"),
        ({"goals": []}, "needs a goal"),
        ({"choices": {"layer": "layer16a", "rank": 500}}, "rank of a rule lies between 1 and"),
        ({"choices": {"layer": "layer16a", "halo": 50}}, "halo"),
        ({"context": [{"seed": 3, "region": {"box": [60, 60, 50, 50]}}]}, "outside the picture"),
        (
            {"goals": [PASTE | {"target": {"seed": 3, "region": {"box": [60, 0, 40, 9]}}}]},
            "outside the picture",
        ),
        ({"goals": [PASTE | {"scale": 8}]}, "Scale it down"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_sentence_and_nothing_is_kept(client, studio, changes, said):
    before = weights(studio)
    job = made(client, **changes)
    error = job["error"]
    assert job["state"] == "failed" and said in f"{error['detail']} {error['hint']}"
    assert client.get(BASE).json()["rules"] == []
    after = weights(studio)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_an_unknown_layer_is_refused_at_once(client):
    answer = client.post(f"{BASE}/preparation", json={"layer": "layr16a"})
    assert answer.status_code == 404 and "layer16a" in answer.text


def test_a_cancelled_rule_leaves_nothing(client, studio):
    choices = CHOICES | {"solver": "steps", "steps": 100_000}
    request = {"context": [SPIRE], "goals": [PASTE], "choices": choices}
    job = client.post(f"{BASE}/rules", json=request).json()
    for _ in range(600):
        now = client.get(f"/api/jobs/{job['id']}").json()
        if (now["progress"] or {}).get("name") == "Solving the rule":
            break
        time.sleep(0.05)
    client.delete(f"/api/jobs/{job['id']}")
    assert ended(client, job)["state"] == "cancelled"
    assert client.get(BASE).json()["rules"] == []


def test_a_search_ranks_pictures_and_marks_places(client):
    request = {"layer": "layer16a", "context": [SPIRE], "top": 5, "pictures": 60}
    job = ended(client, client.post(f"{BASE}/search", json=request).json())
    matches = job["result"]["matches"]
    scores = [match["score"] for match in matches]
    assert len(matches) == 5 and scores == sorted(scores, reverse=True)
    assert all(Region.from_json(match["region"]).values.max() > 0 for match in matches)
    here = ended(client, client.post(f"{BASE}/search", json=request | {"seeds": [3, 900]}).json())
    assert [match["seed"] for match in here["result"]["matches"]] == [3, 900]
    best = {match["seed"]: match["score"] for match in matches}
    again = {match["seed"]: match["score"] for match in here["result"]["matches"]}
    assert all(again[seed] == pytest.approx(best[seed], abs=0.02) for seed in set(best) & set(again))


def test_work_is_kept_step_by_step_and_found_after_a_restart(client, settings):
    info = rule(client)
    steps = [state(), state(stack=[entry(info)])]
    kept = client.patch(BASE, json={"revision": 0, "keep": 0, "append": steps, "cursor": 1, "seeds": "0-3"})
    assert kept.json()["revision"] == 1
    undone = client.patch(BASE, json={"revision": 1, "keep": 2, "cursor": 0, "seeds": "0-3"})
    assert undone.json()["revision"] == 2
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as other:
        other.headers["x-inscape-token"] = TOKEN
        work = other.get(BASE).json()
    assert (work["cursor"], len(work["steps"]), work["seeds"], work["revision"]) == (0, 2, "0-3", 2)
    assert work["steps"][1]["stack"] == [entry(info)]
    assert [each["id"] for each in work["rules"]] == [info["id"]]


def test_rules_that_no_step_names_are_let_go_after_a_while(client, studio, monkeypatch):
    kept, dropped = rule(client), rule(client)
    request = {"revision": 0, "keep": 0, "append": [state(stack=[entry(kept)])], "cursor": 0}
    assert client.patch(BASE, json=request).status_code == 200
    assert {each["id"] for each in client.get(BASE).json()["rules"]} == {kept["id"], dropped["id"]}
    monkeypatch.setattr("inscape.studio.works._UNNAMED_SECONDS", -1.0)
    assert [each["id"] for each in client.get(BASE).json()["rules"]] == [kept["id"]]
    assert works(studio).file(kept["id"]).exists() and not works(studio).file(dropped["id"]).exists()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"revision": 3, "keep": 0, "append": [], "cursor": 0}, 409),
        ({"revision": 0, "keep": 4, "append": [], "cursor": 0}, 422),
        ({"revision": 0, "keep": 0, "append": [state()], "cursor": 1}, 422),
        ({"revision": 0, "keep": 0, "append": [state(stack=[{"rule": "0" * 16}])], "cursor": 0}, 404),
        ({"revision": 0, "keep": 0, "append": [state(stack=[{"rule": "../../x"}])], "cursor": 0}, 422),
    ],
)
def test_steps_that_do_not_hang_together_are_refused(client, request_, status):
    answer = client.patch(BASE, json=request_)
    assert answer.status_code == status and set(answer.json()) == {"title", "detail", "hint"}
    assert client.get(BASE).json()["steps"] == []


def test_a_rule_is_saved_and_loaded_again(client):
    info = rule(client)
    file = client.get(f"{BASE}/rules/{info['id']}/file", params={"name": "../Tall trees", "strength": 0.5})
    assert 'filename="Tall-trees.edit.safetensors"' in file.headers["content-disposition"]
    loaded = client.post(f"{BASE}/rules/import", content=file.content)
    assert loaded.status_code == 201 and loaded.json()["name"] == "../Tall trees"
    assert loaded.json()["id"] != info["id"]
    twice = [wall(client, [3], [entry(each)])[0] for each in (info, loaded.json())]
    assert np.array_equal(*twice)


def test_a_rule_for_other_weights_is_refused_unless_it_is_transferred(client, tmp_path):
    foreign = foreign_rule(client, tmp_path)
    refused = client.post(f"{BASE}/rules/import", content=foreign)
    assert refused.status_code == 409 and "made for other weights" in refused.json()["detail"]
    assert client.get(BASE).json()["rules"] == []
    assert client.post(f"{BASE}/rules/import?transfer=true", content=foreign).status_code == 201


def foreign_rule(client, tmp_path) -> bytes:
    """A rule that says it was made for other weights."""
    info = rule(client)
    file = tmp_path / "one.edit.safetensors"
    file.write_bytes(client.get(f"{BASE}/rules/{info['id']}/file").content)
    edit = replace(load_edit(file), weights="f" * 64)
    edit.save(file)
    works(client.app._app.state.studio).forget("small")
    return file.read_bytes()


def test_files_that_are_no_rule_are_refused(client, tmp_path):
    painted = UnitEdit("layer16a", (0,), np.ones(1, np.float32), Region((0, 0, 8, 8)))
    path = tmp_path / "units.edit.safetensors"
    save_edit(painted, path)
    for data, said in ((b"nonsense", "no readable edit"), (path.read_bytes(), "units in one picture")):
        answer = client.post(f"{BASE}/rules/import", content=data)
        assert answer.status_code == 422 and said in answer.json()["detail"]
        assert "/" not in answer.json()["detail"]


@pytest.mark.parametrize(("kind", "ending"), [("safetensors", "safetensors"), ("rosinality", "pt")])
def test_the_exported_model_draws_what_the_wall_shows(client, tmp_path, kind, ending):
    info = rule(client)
    answer = client.get(f"{BASE}/export", params={"edits": f"{info['id']}:1", "format": kind})
    assert answer.status_code == 200, answer.text
    assert f"small-edited.{ending}" in answer.headers["content-disposition"]
    path = tmp_path / f"edited.{ending}"
    path.write_bytes(answer.content)
    drawn = open_model(path, device="cpu").sample(3).pixels
    shown = wall(client, [3], [entry(info)])[0]
    encoded = np.asarray(Image.open(io.BytesIO(jpeg(drawn))))
    assert np.abs(encoded.astype(int) - shown).max() <= 2


def test_exports_that_cannot_be_written_say_why(client):
    for params, status in (
        ({"format": "sketch"}, 422),
        ({"edits": "x"}, 422),
        ({"edits": f"{'0' * 16}:1"}, 404),
    ):
        answer = client.get(f"{BASE}/export", params=params)
        assert answer.status_code == status and set(answer.json()) == {"title", "detail", "hint"}


def test_what_was_exported_does_not_stay_on_the_disk(client, studio):
    info = rule(client)
    client.get(f"{BASE}/export", params={"edits": f"{info['id']}:1"})
    assert list(studio.exports.iterdir()) == []


def test_rules_of_the_first_version_are_still_there(tmp_path):
    info = {"id": "a" * 16, "name": "tree", "model": "small", "layer": "layer8b", "rank": 1, "created": 1e10}
    info |= {"change": 0.1, "loss_before": None, "loss": 0.2}
    step = {"stack": [{"rule": "a" * 16, "name": "tree"}], "choices": CHOICES}
    path = tmp_path / "rules.sqlite"
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("CREATE TABLE works (model PRIMARY KEY, revision, seeds, cursor, updated)")
        old.execute("CREATE TABLE steps (model, position, state, PRIMARY KEY (model, position))")
        old.execute("CREATE TABLE rules (id PRIMARY KEY, model, info)")
        old.execute("INSERT INTO works VALUES ('small', 3, '1-12', 0, 0)")
        old.execute("INSERT INTO steps VALUES ('small', 0, ?)", (json.dumps(step),))
        old.execute("INSERT INTO rules VALUES (?, 'small', ?)", ("a" * 16, json.dumps(info)))
    for _ in range(2):  # the second opening finds it changed already
        held = RuleWorks(path, tmp_path / "rules").get("small")
        assert (held.revision, held.note, held.cursor) == (3, "1-12", 0)
        assert [edit.name for edit in held.edits] == ["tree"] and held.steps[0].named() == {"a" * 16}
