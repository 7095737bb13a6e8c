from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from inscape.errors import UnsupportedError, UsageError
from inscape.studio.app import create_app, openapi
from inscape.studio.server import address_of, listen
from studio.messages import TOKEN
from studio.web_client import TestClient
from warm import warm_python

COMMAND = ("-m", "inscape", "studio", "--no-browser", "--json")


def run(*arguments, home: Path):
    """The command, started."""
    return subprocess.Popen(
        [sys.executable, *COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "INSCAPE_HOME": str(home)},
    )


def refuses(*arguments, home: Path) -> str:
    """What the command writes when it does not start."""
    ended = warm_python(*COMMAND, *arguments, environment={"INSCAPE_HOME": str(home)})
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def test_the_command_prints_its_address_with_a_token_of_its_own_serves_and_ends_quietly(home):
    ends = (signal.SIGINT, signal.SIGTERM)
    studios = [run("--port", "0", home=home) for _ in ends]
    tokens = set()
    for studio, end in zip(studios, ends, strict=True):
        address = json.loads(studio.stdout.readline())["address"]
        base, token = address.split("/?token=")
        request = urllib.request.Request(f"{base}/api/studio", headers={"x-inscape-token": token})
        assert json.load(urllib.request.urlopen(request, timeout=20))["version"]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{base}/api/studio", timeout=20)
        studio.send_signal(end)
        out, err = studio.communicate(timeout=30)
        assert (out, "Traceback" in err) == ("", False)
        assert studio.returncode in (0, 130, -signal.SIGTERM)
        tokens.add(token)
    assert len(tokens) == 2


def test_a_port_in_use_is_named_in_one_sentence(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = refuses("--port", str(port), home=home)
    assert refused.count("\n") == 1 and f"Port {port}" in refused and f"--port {port + 1}" in refused


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(home):
    (home / "file").write_text("")
    refused = refuses("--port", "0", home=home / "file")
    assert refused.count("\n") == 1 and "INSCAPE_HOME" in refused


def test_a_folder_that_is_no_model_is_named(home):
    refused = refuses("--model", str(home), home=home)
    assert refused.count("\n") == 1 and "card.json" in refused


def test_unknown_hosts_are_named():
    with pytest.raises(UsageError, match="cannot be resolved"):
        listen("no such host", 0)
    with pytest.raises(UnsupportedError, match="cannot be used"):
        listen("203.0.113.1", 0)


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "localhost")],
)
def test_the_address_is_one_that_a_browser_can_open(settings, host, shown):
    assert address_of(replace(settings, host=host)) == f"http://{shown}:7860/?token={TOKEN}"


def test_a_page_that_was_not_built_says_how_to_build_it(settings, tmp_path):
    with TestClient(create_app(settings, static=tmp_path), base_url="http://127.0.0.1:7860") as client:
        answer = client.get("/", headers={"x-inscape-token": TOKEN})
    assert answer.status_code == 503
    assert "make studio" in answer.text


def test_the_page_is_served_fresh_and_its_assets_for_ever(settings, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Inscape</title>")
    (tmp_path / "assets" / "main-1234.js").write_text("1")
    with TestClient(
        create_app(settings, static=tmp_path),
        base_url="http://127.0.0.1:7860",
        headers={"x-inscape-token": TOKEN},
    ) as client:
        assert client.get("/").headers["cache-control"] == "no-cache"
        assert "immutable" in client.get("/assets/main-1234.js").headers["cache-control"]
        assert client.get("/../../pyproject.toml").status_code == 404
        assert client.get("/%2e%2e/%2e%2e/pyproject.toml").status_code == 404
        assert client.get("/api/nothing").json().keys() == {"title", "detail", "hint"}


def test_the_description_is_up_to_date():
    described = openapi()
    written = Path(__file__).parents[2] / "web" / "openapi.json"
    assert described == json.loads(written.read_text())
    operations = [method for path in described["paths"].values() for method in path.values()]
    assert all("operationId" in operation for operation in operations)
    assert {"PaintGround", "PaintRequest", "PaintFrame", "PaintError"} <= described["components"][
        "schemas"
    ].keys()


def test_starting_imports_no_torch():
    code = "import sys, inscape.studio.app, inscape.studio.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
