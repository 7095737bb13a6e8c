"""What the page Rewrite asks of the studio, and the rule that tests make."""

from __future__ import annotations

import time

BASE = "/api/models/small/rewriting"
SPIRE = {"seed": 3, "region": {"box": [8, 8, 8, 8]}}
TREE = {"seed": 5, "region": {"box": [16, 16, 12, 12]}}
PASTE = {"kind": "paste", "source": TREE, "target": SPIRE, "scale": 1}
CHOICES = {"layer": "layer16a", "rank": 2}


def ended(client, job: dict) -> dict:
    """A job once it has ended."""
    for _ in range(600):
        job = client.get(f"/api/jobs/{job['id']}").json()
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def made(client, base: str = BASE, **changes) -> dict:
    """The job that made a rule."""
    request = {"name": "Trees", "context": [SPIRE], "goals": [PASTE], "choices": CHOICES} | changes
    answer = client.post(f"{base}/rules", json=request)
    assert answer.status_code == 202, answer.text
    return ended(client, answer.json())


def rule(client, **changes) -> dict:
    job = made(client, **changes)
    assert job["state"] == "done", job["error"]
    return job["result"]["rule"]


def entry(info: dict, **changes) -> dict:
    return {"rule": info["id"], "name": info["name"], "strength": 1, "hidden": False} | changes
