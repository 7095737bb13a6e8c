from __future__ import annotations

import pytest

from inscape import errors
from inscape.studio.problems import problem_of
from studio.messages import add, stroke

SHAPE = {"title", "detail", "hint"}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/nothing", 404, "nothing at"),
        ("/api/models/smal", 404, "did you mean 'small'"),
        ("/api/models/small/layers/layr16a/report", 404, "did you mean 'layer16a'"),
        ("/api/models/small/layers/layer16a/units/8", 404, "units 0 to 7"),
        ("/api/models/small/layers/layer16a/units/-1", 422, "greater than or equal to 0"),
        ("/api/models/small/layers/layer16a/units/8/strip.webp", 404, "units 0 to 7"),
        ("/api/models/small/layers/layer8a/units/1", 404, "not been dissected"),
        ("/api/models/small/brushes?layer=nope", 404, "No layer"),
        ("/api/models/small/brushes/ligth/thumbnail.webp", 404, "did you mean 'light'"),
        ("/api/models/small/pictures/-1.jpg", 422, "seed"),
        ("/api/models/small/pictures/99999999999.jpg", 422, "seed"),
        ("/api/models/small/pictures/1.jpg?size=9000", 422, "size"),
        ("/api/models/small/pictures/x.jpg", 422, "seed"),
        ("/api/models/..%2f..%2fetc/pictures/1.jpg", 404, ""),
        ("/api/paintings/0123456789abcdef", 404, "no painting"),
        ("/api/paintings/../../etc", 404, ""),
        ("/api/paintings/zz", 422, "painting"),
        ("/api/jobs/nope", 404, "no job"),
    ],
)
def test_every_error_has_one_shape(client, path, status, said):
    answer = client.get(path)
    body = answer.json()
    assert (answer.status_code, body.keys()) == (status, SHAPE), body
    assert said in body["detail"]
    assert "\n" not in body["detail"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"layer": "layr16a"}, 404, "did you mean 'layer16a'"),
        ({"concept": "lite"}, 404, "light"),
        ({"concept": None}, 404, "concept or units"),
        ({"units": [1, 99]}, 404, "units 0 to 7"),
        ({"units": [1, 1]}, 404, "once"),
        ({"units": [1, 2], "values": [1.0]}, 422, "one value for each"),
        ({"strength": 3}, 422, "strength"),
        ({"mode": "eval"}, 422, "mode"),
        ({"top": 0}, 422, "top"),
        ({"region": {"box": [30, 30, 10, 10]}}, 422, "outside the picture"),
        ({"region": {"box": [0, 0, 0, 4]}}, 422, "wider and higher than 0"),
        ({"region": {"mask": "AAAA", "height": 4, "width": 4}}, 422, "region"),
        ({"region": {"mask": "AAAA", "height": 99999, "width": 4}}, 422, "height"),
        ({"region": {"path": "/etc/passwd"}}, 422, "region"),
        ({"id": "../x"}, 422, "id"),
        ({"module": "os"}, 422, "module"),
        ({"layer": "layer8a"}, 404, "not been dissected"),
    ],
)
def test_a_stroke_that_does_not_fit_is_refused_and_not_kept(client, change, status, said):
    body = {"model": "small", "seed": 1, "operations": [{"kind": "stroke", "stroke": stroke() | change}]}
    answer = client.post("/api/paintings", json=body)
    assert (answer.status_code, answer.json().keys()) == (status, SHAPE), answer.text
    assert said.lower() in answer.json()["detail"].lower()
    assert client.get("/api/paintings").json()["paintings"] == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"model": NaN}', b"\xff\xfe", b"[" * 5000])
def test_what_is_no_json_is_refused_in_one_sentence(client, content):
    answer = client.post("/api/paintings", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json().keys() == SHAPE


def test_methods_that_do_not_exist_have_the_shape_too(client):
    answer = client.put("/api/models")
    assert (answer.status_code, answer.json().keys()) == (405, SHAPE)


def test_the_class_of_an_error_decides_the_status():
    for kind in (errors.LayerError, errors.RegionError, errors.StorageError, errors.CancelledError):
        problem, status = problem_of(kind("something came.", "Do that."))
        assert (status, problem.title, problem.hint) == (kind.status, kind.title, "Do that.")
        assert problem.detail == "Something came."


def test_an_unforeseen_error_is_logged_and_not_shown(client, studio, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("/a/secret/path")

    monkeypatch.setattr(studio.painter, "canvas", broken)
    from studio.web_client import TestClient

    quiet = TestClient(
        client.app, base_url=client.base_url, headers=client.headers, raise_server_exceptions=False
    )
    answer = quiet.get("/api/models/small/pictures/1.png")
    assert (answer.status_code, answer.json().keys()) == (500, SHAPE)
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_truncated_weights_are_named_in_one_sentence(model_folder, client, studio):
    studio.compute.submit(lambda: None).result()
    weights = model_folder / "weights.safetensors"
    data = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(data[:1000])
    studio.library._open.clear()
    studio.painter._sessions.clear()
    answer = client.get("/api/models/small/pictures/1.jpg")
    assert (answer.status_code, answer.json().keys()) == (422, SHAPE)
    assert "not a whole safetensors file" in answer.json()["detail"]


def test_an_operation_of_no_kind_is_refused(client):
    hide = {"kind": "hide", "stroke": "s0", "hidden": True}
    for operations in ([{"kind": "shell", "command": "id"}], [hide], [7], [add(), add()]):
        body = {"model": "small", "seed": 1, "operations": operations}
        assert client.post("/api/paintings", json=body).status_code == 422
