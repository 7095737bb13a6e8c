"""The page Explain, over HTTP: photos are kept, evidence is asked for, and errors say what it needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from inscape import storage
from inscape.errors import FormatError, ModelNotFoundError
from inscape.studio.app import create_app
from inscape.studio.studio import Settings
from inscape.verbs.explain import ExplainRequest
from studio.explained import CLASSES, classifier, photo
from studio.messages import PORT, TOKEN
from studio.web_client import TestClient

PHOTOS = "/api/explain/photos"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier(tmp_path_factory.mktemp("judge"))


@pytest.fixture
def settings(judge, tmp_path) -> Settings:
    return Settings(port=PORT, token=TOKEN, models={"judge": judge}, device="cpu", home=tmp_path / "home")


@pytest.fixture
def client(settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        yield client


def test_a_photo_is_kept_and_explained_and_there_after_a_restart(client, settings, judge, tmp_path):
    examples = client.get(PHOTOS).json()["photos"]
    assert [one["example"] for one in examples] == [True] * 3
    data = photo(tmp_path / "mill.png", 3).read_bytes()
    brought = client.post(f"{PHOTOS}?name=mill.png", content=data).json()
    assert (brought["name"], brought["width"], brought["example"]) == ("mill.png", 32, False)
    assert client.get(f"/{brought['small']}").headers["content-type"] == "image/jpeg"
    address = f"/api/models/judge/evidence?photo={brought['id']}"
    found = client.get(address).json()
    assert (found["layer"], found["method"], found["named"]) == ("head", "linear", True)
    assert found["dissected"] == "head" and {one["name"] for one in found["classes"]} == set(CLASSES)
    assert found["class_name"] == found["classes"][0]["name"]
    assert found["report"] == str(judge / "report" / "head") and found["places"]
    assert found["curves"].count("</figure>") == 2
    assert (
        len([part for part in found["parts"] if part["contribution"] > 0])
        == ExplainRequest("judge", "photo.png").top
    )
    total = sum(part["contribution"] for part in found["parts"])
    assert total + found["remainder"] == pytest.approx(found["logit"], abs=1e-5)
    best = found["parts"][0]
    off = client.get(f"{address}&of={found['class_name']}&off={best['unit']}").json()
    assert off["logit"] == pytest.approx(found["logit"] - best["contribution"], abs=1e-4)
    assert off["off"] == [best["unit"]]
    other = client.get(f"{address}&of={found['classes'][4]['name']}").json()
    assert other["class_name"] == found["classes"][4]["name"] and other["logit"] < found["logit"]
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as later:
        later.headers.update(client.headers)
        assert later.get(PHOTOS).json()["photos"][0] == brought
        assert later.delete(f"{PHOTOS}/{brought['id']}").status_code == 204
        assert len(later.get(PHOTOS).json()["photos"]) == 3


def test_what_cannot_be_explained_is_one_sentence(client, tmp_path):
    example = client.get(PHOTOS).json()["photos"][0]["id"]
    answer = client.get(f"/api/models/town/evidence?photo={example}")
    assert answer.status_code == 422
    assert "'town' is a generator, and this page explains classifiers" in answer.json()["detail"]
    assert "--seed N" in answer.json()["hint"]
    answer = client.get(f"/api/models/town-segmenter/evidence?photo={example}").json()
    assert "is a segmenter" in answer["detail"]
    answer = client.get(f"/api/models/judge/evidence?photo={example}&of=churhc").json()
    assert "did you mean 'church'" in f"{answer['detail']} {answer['hint']}"
    answer = client.get(f"/api/models/judge/evidence?photo={example}&off=3,1O").json()
    assert "Units are whole numbers and ranges" in answer["detail"]
    answer = client.get(f"/api/models/judge/evidence?photo={'0' * 15}f")
    assert answer.status_code == 404 and "no such photo" in answer.json()["detail"]
    answer = client.post(f"{PHOTOS}?name=text.jpg", content=b"no picture")
    assert "'text.jpg' is not a photo" in answer.json()["detail"]
    assert client.delete(f"{PHOTOS}/{example}").status_code == 404


@pytest.fixture
def bare(judge, tmp_path) -> Path:
    """The model without its report."""
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("card.json", "weights.safetensors"):
        (bare / name).symlink_to(judge / name)
    return bare


def named(model: Path, report: Path, home: Path) -> Settings:
    """A start that names a report."""
    return Settings(
        port=PORT, token=TOKEN, models={"judge": model}, reports=(report,), device="cpu", home=home
    )


def test_reports_that_the_start_names_are_shown_while_they_are_there(judge, bare, tmp_path):
    given = tmp_path / "given"
    shutil.copytree(judge / "report" / "head", given)
    settings = named(bare, given, tmp_path / "home")
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        report = client.get("/api/models/judge/layers/head/report").json()
        assert report["dissected"] and len(report["units"]) == 1280
        every = {model["name"] for model in client.get("/api/models").json()["models"]}
        assert {"judge", "town"} <= every
        (given / "report.json").write_text("{")
        assert not client.get("/api/models/judge/layers/head/report").json()["dissected"]
        answer = client.get("/api/models/judge/layers/head/units/3/strip.webp").json()
        assert "--source FOLDER" in answer["hint"]
        shutil.rmtree(given)
        assert {model["name"] for model in client.get("/api/models").json()["models"]} == every


def test_a_report_that_would_never_be_shown_is_refused_at_the_start(judge, bare, tmp_path):
    report = judge / "report" / "head"
    other = Settings(port=PORT, token=TOKEN, reports=(report,), device="cpu", home=tmp_path / "home")
    with pytest.raises(ModelNotFoundError, match="of the model 'judge', which .* It offers .*town"):
        create_app(other)
    with pytest.raises(FormatError, match=r"report\.json"):
        create_app(named(bare, tmp_path / "nothing", tmp_path / "home"))


def test_weights_that_are_written_anew_are_asked(judge, tmp_path):
    folder = tmp_path / "judge"
    shutil.copytree(judge, folder)
    settings = Settings(
        port=PORT, token=TOKEN, models={"judge": folder}, device="cpu", home=tmp_path / "home"
    )
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        example = client.get(PHOTOS).json()["photos"][0]["id"]
        address = f"/api/models/judge/evidence?photo={example}"
        before = client.get(address).json()
        weights, _ = storage.load_tensors(folder / "weights.safetensors")
        weights["classify.weight"] *= 2
        storage.save_tensors(folder / "weights.safetensors", weights)
        after = client.get(address).json()
        assert after["class_name"] == before["class_name"]
        assert after["logit"] == pytest.approx(2 * before["logit"], rel=1e-4)
