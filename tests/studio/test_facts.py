"""The page Facts, over HTTP: the next words as they are typed, and a trace as a job."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inscape.facts import Fact, TraceSettings, trace
from inscape.models import write_model
from small_decoder import BLOCKS, small_decoder
from studio.test_jobs import done

pytest.importorskip("tokenizers", reason="tokenizers is not installed (extra 'hub')")
ADDRESS = "/api/models/{}/facts"
PROMPT = "The tower of Rome is in"
ASKED = {"prompt": "{} is in", "subject": "The tower of Rome", "runs": 2}


@pytest.fixture(scope="module")
def model():
    return small_decoder("llama")


@pytest.fixture
def settings(settings, model, tmp_path):
    """A language model is opened besides."""
    write_model(model, tmp_path / "speaker.safetensors")
    return replace(settings, files=(tmp_path / "speaker.safetensors",))


@pytest.fixture
def address(client):
    (name,) = (
        each["name"]
        for each in client.get("/api/models").json()["models"]
        if each["kind"] == "language" and each["removable"] is not None and each["name"] != "smollm2"
    )
    return ADDRESS.format(name)


def test_the_next_words_follow_what_is_typed(client, address, model):
    answer = client.post(f"{address}/next", json={"prompt": PROMPT}).json()
    assert "".join(answer["tokens"]) == PROMPT
    expected = model.likeliest([PROMPT], 8)[0]
    assert [word["text"] for word in answer["words"]] == [text for text, _ in expected]
    assert np.allclose([word["probability"] for word in answer["words"]], [value for _, value in expected])


def test_a_fact_is_traced_as_the_library_does_it(client, address, model):
    result = done(client, client.post(f"{address}/traces", json=ASKED))["result"]
    found = trace(model, Fact(ASKED["prompt"], ASKED["subject"]), TraceSettings(runs=2))
    assert result["kind"] == "trace" and "".join(result["tokens"]) == PROMPT == result["prompt"]
    assert (tuple(result["subject"]), result["window"]) == (found.subject, found.window)
    assert (result["answer"], result["said"]) == (found.answer, found.said)
    assert np.allclose([result["clean"], result["corrupted"]], [found.clean, found.corrupted])
    for kind, values in found.effect.items():
        assert np.shape(result["effect"][kind]) == (len(found.tokens), BLOCKS)
        assert np.allclose(result["effect"][kind], values, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"subject": "Paris", "prompt": PROMPT}, 422, "'Paris' is not in the prompt"),
        ({"subject": ""}, 422, "subject"),
        ({"runs": 0}, 422, "runs"),
        ({"nonsense": 1}, 422, "nonsense"),
    ],
)
def test_what_cannot_be_traced_is_refused(client, address, change, status, said):
    answer = client.post(f"{address}/traces", json=ASKED | change)
    assert answer.status_code == status and said in answer.json()["detail"]


def test_a_prompt_that_is_too_long_fails_with_a_sentence(client, address):
    job = client.post(f"{address}/traces", json=ASKED | {"prompt": "{} is in" + " the tower" * 20}).json()
    while job["finished"] is None:
        job = client.get(f"/api/jobs/{job['id']}").json()
    assert job["state"] == "failed" and "at most 40 tokens" in job["error"]["detail"]


def test_other_models_keep_no_facts(client):
    for route, body in (("next", {"prompt": PROMPT}), ("traces", ASKED)):
        answer = client.post(f"{ADDRESS.format('small')}/{route}", json=body)
        assert answer.status_code == 422 and "'small' is a generator" in answer.json()["detail"]
