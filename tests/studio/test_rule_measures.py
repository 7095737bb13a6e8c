from __future__ import annotations

import pytest

from cli.painting_model import write_models
from inscape.studio.app import create_app
from inscape.studio.studio import Settings
from studio.messages import PORT, TOKEN
from studio.rule_requests import BASE, CHOICES, PASTE, SPIRE, ended, entry, rule
from studio.web_client import TestClient

pytestmark = pytest.mark.usefixtures("few_samples")


def test_without_a_segmenter_nothing_can_be_measured(client):
    info = rule(client)
    request = {"edits": [entry(info)], "context": "light", "images": 10}
    job = ended(client, client.post(f"{BASE}/audit", json=request).json())
    assert job["state"] == "failed" and "segmenter" in job["error"]["detail"]


@pytest.fixture
def measuring(tmp_path, home):
    """A studio whose model has a segmenter."""
    folder = write_models(tmp_path / "measured")
    settings = Settings(port=PORT, token=TOKEN, models={"small": folder}, device="cpu", home=home)
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        yield client


def test_reach_and_leak_are_measured(measuring):
    info = rule(measuring)
    request = {"edits": [entry(info)], "context": "sky", "goal": "tree", "images": 12}
    job = ended(measuring, measuring.post(f"{BASE}/audit", json=request).json())
    assert job["state"] == "done", job["error"]
    assert {"reach", "reach_interval", "leak", "leak_interval", "harmonic"} <= set(job["result"])
    nothing = request | {"edits": [entry(info, hidden=True)]}
    still = ended(measuring, measuring.post(f"{BASE}/audit", json=nothing).json())["result"]
    assert (still["reach"], still["leak"]) == (0, 0)
    wrong = measuring.post(f"{BASE}/audit", json=request | {"context": "skye"})
    failed = ended(measuring, wrong.json())
    assert failed["state"] == "failed" and "sky" in failed["error"]["detail"]
    assert measuring.get(f"{BASE}/layers").json()["concepts"] == ["sky", "tree", "brick"]


COMPARE = {
    "context": [SPIRE],
    "goals": [PASTE],
    "choices": CHOICES,
    "concept": "sky",
    "becomes": None,
    "images": 8,
    "layers": ["layer8b", "layer16a"],
    "ranks": [1, 2],
}


def test_layers_are_compared(measuring):
    request = COMPARE
    job = ended(measuring, measuring.post(f"{BASE}/advice", json=request).json())
    assert job["state"] == "done", job["error"]
    rows = job["result"]["rows"]
    assert [(row["layer"], row["rank"]) for row in rows] == [
        ("layer8b", 1), ("layer8b", 2), ("layer16a", 1), ("layer16a", 2),
    ]  # fmt: skip
    best = rows[job["result"]["best"]]
    assert best["harmonic"] == max(row["harmonic"] for row in rows)
    assert job["progress"]["name"] == "Comparing layers"
    assert job["progress"]["done"] == job["progress"]["total"]  # of everything that there was to draw
    assert measuring.get(BASE).json()["rules"] == []


def test_a_comparison_tells_the_progress_of_the_whole_and_every_row_as_it_comes(measuring, monkeypatch):
    jobs = measuring.app._app.state.studio.jobs
    seen: list[tuple[int, int, int]] = []
    step, found = jobs._step, jobs._found
    rows: list[int] = []

    def stepped(identifier, report):
        seen.append((report["done"], report["total"], len(rows)))
        step(identifier, report)

    def told(identifier, result):
        found(identifier, result)
        rows.append(len(jobs.get(identifier).result.rows))

    monkeypatch.setattr(jobs, "_step", stepped)
    monkeypatch.setattr(jobs, "_found", told)
    ended(measuring, measuring.post(f"{BASE}/advice", json=COMPARE).json())
    assert rows == [1, 2, 3, 4]
    assert len({total for _, total, _ in seen}) == 1
    done = [done for done, _, _ in seen]
    assert done == sorted(done) and done[-1] == seen[-1][1]


def test_a_comparison_that_is_stopped_keeps_what_it_has_found(measuring, monkeypatch):
    jobs = measuring.app._app.state.studio.jobs
    found = jobs._found

    def told(identifier, result):
        found(identifier, result)
        jobs.cancel(identifier)

    monkeypatch.setattr(jobs, "_found", told)
    job = ended(measuring, measuring.post(f"{BASE}/advice", json=COMPARE).json())
    assert job["state"] == "cancelled" and len(job["result"]["rows"]) == 1
