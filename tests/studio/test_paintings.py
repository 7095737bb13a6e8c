from __future__ import annotations

import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from inscape.errors import FormatError, NotFoundError, StorageError
from inscape.studio.paintings import NewPainting, Paintings, StepPainting
from studio.messages import add, start, stroke


def step(client, painting, **body):
    return client.patch(f"/api/paintings/{painting['id']}", json={"revision": painting["revision"]} | body)


def stepped(client, painting, **body):
    """The painting after a step that fits."""
    answer = step(client, painting, **body)
    assert answer.status_code == 200, answer.text
    after = client.get(f"/api/paintings/{painting['id']}").json()
    assert answer.json() == {"id": painting["id"], "revision": after["revision"]}
    return after


def draw(client, painting, number):
    cursor = painting["cursor"]
    return stepped(client, painting, keep=cursor, append=[add(number)], cursor=cursor + 1)


def test_a_painting_is_kept_and_found_again(client):
    painting = start(client, 2)
    kept = client.get(f"/api/paintings/{painting['id']}").json()
    assert kept == painting
    rows = client.get("/api/paintings").json()["paintings"]
    assert [(row["id"], row["strokes"], row["seed"]) for row in rows] == [(painting["id"], 2, 7)]


def test_kept_strokes_hold_their_units_and_values(client):
    kept = start(client, 1)["operations"][0]["stroke"]
    assert len(kept["units"]) == len(kept["values"]) == 3
    assert all(np.isfinite(kept["values"]))
    removing = client.post(
        "/api/paintings", json={"model": "small", "seed": 1, "operations": [add(0, mode="remove")]}
    ).json()["operations"][0]["stroke"]
    assert (len(removing["units"]), removing["values"]) == (3, [])


def test_hand_picked_units_are_kept_in_their_order(client):
    body = {"model": "small", "seed": 1, "operations": [add(0, concept=None, units=[5, 2])]}
    kept = client.post("/api/paintings", json=body).json()["operations"][0]["stroke"]
    assert (kept["units"], len(kept["values"]), kept["concept"]) == ([5, 2], 2, None)


def test_every_step_raises_the_revision_and_the_second_tab_is_told(client):
    painting = start(client)
    first = draw(client, painting, 0)
    assert first["revision"] == painting["revision"] + 1
    stale = step(client, painting, keep=0, append=[add(1)], cursor=1)
    assert (stale.status_code, stale.json()["title"]) == (409, "Changed elsewhere")
    assert "another tab" in stale.json()["hint"]
    put = client.put(
        f"/api/paintings/{painting['id']}",
        json={"revision": painting["revision"], "operations": [], "cursor": 0},
    )
    assert put.status_code == 409
    assert client.get(f"/api/paintings/{painting['id']}").json() == first


def test_undo_moves_the_cursor_and_loses_nothing(client):
    painting = start(client, 4)
    for cursor in (3, 2, 1, 0, 4, 1):
        painting = stepped(client, painting, keep=4, append=[], cursor=cursor)
        assert (painting["cursor"], len(painting["operations"])) == (cursor, 4)
        assert client.get("/api/paintings").json()["paintings"][0]["strokes"] == cursor


def test_a_stroke_after_an_undo_keeps_what_it_replaces_as_a_branch(client):
    painting = start(client, 3)
    lost = painting["operations"][1:]
    painting = stepped(client, painting, keep=3, append=[], cursor=1)
    painting = draw(client, painting, 9)
    assert len(painting["operations"]) == 2
    assert painting["branches"] == [{"at": 1, "operations": lost}]
    branch = painting["branches"][0]
    back = stepped(client, painting, keep=branch["at"], append=branch["operations"], cursor=3)
    assert back["operations"][1:] == lost
    assert back["branches"] == [{"at": 1, "operations": painting["operations"][1:]}]


def test_a_branch_that_hangs_on_what_was_lost_goes_with_it(client):
    painting = start(client, 3)
    painting = stepped(client, painting, keep=3, append=[], cursor=2)
    painting = draw(client, painting, 8)
    painting = stepped(client, painting, keep=3, append=[], cursor=1)
    painting = draw(client, painting, 9)
    assert [branch["at"] for branch in painting["branches"]] == [1]


def test_hide_show_delete_and_reset_can_all_be_undone(client):
    painting = start(client, 3)
    steps = [
        ({"kind": "hide", "stroke": "s1", "hidden": True}, 2),
        ({"kind": "hide", "stroke": "s1", "hidden": False}, 3),
        ({"kind": "delete", "stroke": "s0"}, 2),
        ({"kind": "reset"}, 0),
    ]
    for operation, visible in steps:
        cursor = painting["cursor"]
        painting = stepped(client, painting, keep=cursor, append=[operation], cursor=cursor + 1)
        assert client.get("/api/paintings").json()["paintings"][0]["strokes"] == visible
    counts = []
    for cursor in range(len(painting["operations"]), -1, -1):
        painting = stepped(client, painting, keep=len(painting["operations"]), append=[], cursor=cursor)
        counts.append(client.get("/api/paintings").json()["paintings"][0]["strokes"])
    assert counts == [0, 2, 3, 2, 3, 2, 1, 0]


@pytest.mark.parametrize(
    "body",
    [
        {"keep": 9, "append": [], "cursor": 0},
        {"keep": 1, "append": [], "cursor": 2},
        {"keep": 1, "append": [], "cursor": -1},
        {"keep": 1, "append": [{"kind": "delete", "stroke": "nope"}], "cursor": 2},
        {"keep": 1, "append": [add(0)], "cursor": 2},
    ],
)
def test_a_step_that_does_not_fit_changes_nothing(client, body):
    painting = start(client, 1)
    assert step(client, painting, **body).status_code == 422
    assert client.get(f"/api/paintings/{painting['id']}").json() == painting


def test_a_whole_painting_can_be_saved_at_once(client):
    painting = start(client, 2)
    body = {"revision": 1, "name": "Doors", "operations": [add(5)], "cursor": 1}
    saved = client.put(f"/api/paintings/{painting['id']}", json=body).json()
    assert (saved["revision"], saved["name"], saved["cursor"], len(saved["operations"])) == (2, "Doors", 1, 1)


def test_deleting_can_be_undone(client):
    painting = start(client, 1)
    assert client.delete(f"/api/paintings/{painting['id']}").status_code == 204
    assert client.get("/api/paintings").json()["paintings"] == []
    assert client.get(f"/api/paintings/{painting['id']}").status_code == 404
    assert client.post(f"/api/paintings/{painting['id']}/restore").json() == painting
    assert len(client.get("/api/paintings").json()["paintings"]) == 1


def test_paintings_survive_a_restart(settings, home):
    first = Paintings(home / "p.sqlite")
    painting = first.create(NewPainting(model="small", seed=3))
    first.close()
    again = Paintings(home / "p.sqlite")
    assert again.get(painting.id) == painting


def test_a_killed_process_loses_at_most_one_operation(home):
    code = f"""
import os, sys
from inscape.studio.paintings import Paintings
from inscape.studio.paintings import NewPainting, StepPainting
paintings = Paintings(__import__("pathlib").Path({str(home / "p.sqlite")!r}))
painting = paintings.create(NewPainting(model="small", seed=3))
for number in range(30):
    step = {{"kind": "stroke", "stroke": {{"id": f"s{{number}}", "layer": "layer16a",
             "region": {{"box": [0, 0, 4, 4]}}}}}}
    painting = paintings.step(painting.id, StepPainting.model_validate(
        {{"revision": painting.revision, "keep": number, "append": [step], "cursor": number + 1}}))
print(painting.id, flush=True)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    kept = Paintings(home / "p.sqlite").get(killed.stdout.strip())
    assert kept.cursor == 30


def test_two_studios_on_one_file_see_each_other(home):
    one, two = Paintings(home / "p.sqlite"), Paintings(home / "p.sqlite")
    painting = one.create(NewPainting(model="small", seed=3))
    request = StepPainting.model_validate(
        {"revision": 1, "keep": 0, "append": [{"kind": "stroke", "stroke": stroke()}], "cursor": 1}
    )
    two.step(painting.id, request)
    with pytest.raises(Exception, match="revision 2"):
        one.step(painting.id, request)


def test_a_damaged_file_is_named_in_one_sentence(home):
    (home / "p.sqlite").write_bytes(b"SQLite format 3\0" + b"\x07" * 5000)
    with pytest.raises(FormatError, match="is damaged"):
        Paintings(home / "p.sqlite").all()
    (home / "text.sqlite").write_text("no database at all " * 100)
    with pytest.raises(FormatError, match="is damaged"):
        Paintings(home / "text.sqlite").all()


def test_a_folder_that_cannot_be_made_is_named_in_one_sentence(home):
    (home / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        Paintings(home / "file" / "p.sqlite").all()


def test_a_full_disk_changes_nothing(home):
    paintings = Paintings(home / "p.sqlite")
    painting = paintings.create(NewPainting(model="small", seed=3))
    with paintings.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    operations = [add(n) for n in range(400)]
    with pytest.raises(StorageError, match="full"):
        paintings.step(
            painting.id,
            StepPainting.model_validate({"revision": 1, "keep": 0, "append": operations, "cursor": 400}),
        )
    assert paintings.get(painting.id) == painting


def test_unknown_paintings_are_named(home):
    paintings = Paintings(home / "p.sqlite")
    for call in (paintings.get, paintings.delete, paintings.restore):
        with pytest.raises(NotFoundError, match="no painting"):
            call("0123456789abcdef")


def test_what_is_kept_is_plain_sqlite(client, home):
    start(client, 1)
    connection = sqlite3.connect(home / "studio" / "paintings.sqlite")
    assert connection.execute("SELECT model, seed, cursor FROM paintings").fetchall() == [("small", 7, 1)]
    connection.close()
