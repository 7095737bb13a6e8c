from __future__ import annotations

import pytest
from starlette.websockets import WebSocketDisconnect

from inscape.studio.security import LARGEST_BODY, is_loopback, new_token
from studio.messages import PORT, TOKEN
from studio.web_client import TestClient

PATHS = ["/", "/index.html", "/assets/x.js", "/api/models", "/api/paintings", "/openapi.json", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_answered_without_the_token(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert answer.json().keys() == {"title", "detail", "hint"}


@pytest.mark.parametrize("offered", ["", "wrong", TOKEN + "x", TOKEN[:-1], "ü", "'", "a" * 5000])
def test_a_wrong_token_is_no_token(stranger, offered):
    for headers in ({"x-inscape-token": offered}, {"cookie": f"inscape_{PORT}={offered}"}):
        assert (
            stranger.get("/api/models", headers={k: v.encode() for k, v in headers.items()}).status_code
            == 401
        )
    assert stranger.get("/api/models", params={"token": offered}).status_code == 401


def test_a_page_without_the_token_is_told_what_to_open(stranger):
    answer = stranger.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 401
    assert "inscape studio" in answer.text


def test_the_address_with_the_token_sets_a_strict_cookie_and_hides_the_token(stranger):
    answer = stranger.get(
        "/?page=paint&token=" + TOKEN, headers={"accept": "text/html,*/*"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/?page=paint")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and f"inscape_{PORT}=" in cookie
    assert stranger.get("/api/models").status_code == 200


@pytest.mark.parametrize("other", ["theme=a b", 'm={"a":1}', "flag", "é=1"])
def test_cookies_of_other_programs_do_not_hide_the_token(stranger, other):
    cookie = f"{other}; inscape_{PORT}={TOKEN}".encode("latin-1")
    assert stranger.get("/api/models", headers={"cookie": cookie}).status_code == 200


def test_the_redirect_never_leaves_this_studio(stranger):
    answer = stranger.get(
        "//evil.example/?token=" + TOKEN, headers={"accept": "text/html"}, follow_redirects=False
    )
    assert not answer.headers.get("location", "/").startswith("//")


@pytest.mark.parametrize("way", ["header", "bearer", "cookie", "query"])
def test_every_way_to_show_the_token_works(stranger, way):
    headers = {
        "header": {"x-inscape-token": TOKEN},
        "bearer": {"authorization": f"Bearer {TOKEN}"},
        "cookie": {"cookie": f"other=1; inscape_{PORT}={TOKEN}"},
        "query": {},
    }[way]
    query = {"token": TOKEN} if way == "query" else {}
    assert stranger.get("/api/models", headers=headers, params=query).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        f"127.0.0.1.evil.example:{PORT}",
        "127.0.0.1:80",
        "",
        "[::1",
        "10.0.0.1",
    ],
)
def test_a_foreign_host_is_refused_even_with_the_token(client, host):
    assert client.get("/api/models", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_the_names_of_this_machine_are_known(client, host):
    assert client.get("/api/models", headers={"host": f"{host}:{PORT}"}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", f"http://127.0.0.1:{PORT + 1}", f"http://localhost:{PORT}", "file://"],
)
def test_a_foreign_origin_is_refused_even_with_the_token(client, origin):
    assert client.get("/api/models", headers={"origin": origin}).status_code == 403
    assert client.post("/api/paintings", headers={"origin": origin}, json={}).status_code == 403


def test_the_own_origin_is_let_in(client):
    assert client.get("/api/models", headers={"origin": f"http://127.0.0.1:{PORT}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-inscape-token": TOKEN, "origin": "http://evil.example"},
        {"x-inscape-token": TOKEN, "host": "x"},
    ],
)
def test_the_websocket_has_the_same_gate(stranger, headers):
    with (
        pytest.raises(WebSocketDisconnect),
        stranger.websocket_connect(f"ws://127.0.0.1:{PORT}/api/paint", headers=headers),
    ):
        pass


def test_answers_carry_a_strict_content_policy(client):
    for path in ("/", "/api/models", "/api/nothing"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_bodies_are_limited_whatever_their_header_says(client):
    def endless():
        for _ in range(LARGEST_BODY // 2**20 + 2):
            yield b"x" * 2**20

    for body in (b"x" * (LARGEST_BODY + 1), endless()):
        answer = client.post("/api/paintings/import", content=body)
        assert answer.status_code == 413
        assert answer.json()["title"] == "Too large"


def test_tokens_are_long_and_differ():
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 32


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
def test_loopback_is_recognised(host):
    assert is_loopback(host)


def test_listening_to_the_network_takes_addresses_but_no_foreign_names(settings):
    from dataclasses import replace

    from inscape.studio.app import create_app

    app = create_app(replace(settings, host="0.0.0.0"))
    with TestClient(app, base_url=f"http://192.168.1.5:{PORT}", headers={"x-inscape-token": TOKEN}) as client:
        assert client.get("/api/models").status_code == 200
        assert client.get("/api/models", headers={"host": f"evil.example:{PORT}"}).status_code == 400
