"""Who may talk to the studio: the token of this launch, `Host`, `Origin`, and how much may be sent.

A page elsewhere in the same browser can reach loopback too. It does not know the token, its requests carry
its own `Origin`, and a name that it points at 127.0.0.1 arrives as a foreign `Host`; each alone is refused.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inscape.errors import TooLargeError
from inscape.studio.problems import respond
from inscape.studio.shapes import Problem

LARGEST_BODY = 16 * 2**20
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
_LOCKED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Inscape</title>
<h1>This studio is locked</h1>
<p>Open the address that <code>inscape studio</code> printed; it ends in <code>?token=…</code>.</p></html>"""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def new_token() -> str:
    """A token for one launch: 192 random bits."""
    return secrets.token_urlsafe(24)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Gate:
    """ASGI middleware that lets in only who holds the token.

    Args:
        app: What is behind the gate.
        token: The token of this launch.
        host: Where the server listens.
        port: Where the server listens; part of the cookie's name, for cookies are shared between ports.
        largest: How many bytes may be sent to addresses that take more than others.
    """

    def __init__(self, app: ASGIApp, *, token: str, host: str, port: int, largest: Mapping[str, int]) -> None:
        self._app, self._token, self._port, self._largest = app, token, port, largest
        self._open = not is_loopback(host)
        self._names = {*_LOOPBACK, host.lower()}
        if self._open:
            self._names.add(socket.gethostname().lower())
        self._cookie = f"inscape_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 4401, "reason": "refused"})
            return
        if refusal is None:
            refusal = self._greeting(scope)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self._app(scope, _limited(receive, self._most(scope)), _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a connection is not let in; `None` where it is."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._known(host):
            return _problem(400, "Wrong host", "The studio does not answer to this address.")
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}"):
            return _problem(403, "Other website", "The studio refuses requests of other websites.")
        if not self._holds_token(scope, headers):
            if scope["type"] == "http" and "text/html" in headers.get("accept", ""):
                return HTMLResponse(_LOCKED, 401)
            return _problem(
                401,
                "Locked",
                "The token of this launch is missing or wrong.",
                "Open the address that `inscape studio` printed.",
            )
        length, most = headers.get("content-length", "0"), self._most(scope)
        if not length.isdecimal() or int(length) > most:
            return respond(_too_large(most))
        return None

    def _most(self, scope: Scope) -> int:
        """How many bytes one request may send."""
        return self._largest.get(scope["path"], LARGEST_BODY)

    def _known(self, host: str) -> bool:
        name, _, port = host.lower().rpartition(":") if not host.endswith("]") else (host.lower(), "", "")
        if not name:
            name, port = port, ""
        if port not in ("", str(self._port)):
            return False
        if name in self._names:
            return True
        if not self._open:
            return False
        try:  # listening to the network: a bare address cannot be a rebound name
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def _holds_token(self, scope: Scope, headers: Headers) -> bool:
        offered = [headers.get("x-inscape-token", ""), HTTPConnection(scope).query_params.get("token", "")]
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            offered.append(value)
        cookies = cookie_parser(headers.get("cookie", ""))  # as a browser writes them: another program's
        offered.append(cookies.get(self._cookie, ""))  # illegal one must not hide ours
        return any(secrets.compare_digest(one.encode(), self._token.encode()) for one in offered)

    def _greeting(self, scope: Scope) -> Response | None:
        """A page opened with the token in its address: keep it in a cookie and take it out of the address."""
        headers = Headers(scope=scope)
        if scope["method"] != "GET" or "token" not in HTTPConnection(scope).query_params:
            return None
        if "text/html" not in headers.get("accept", ""):
            return None
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        rest = [(name, value) for name, value in pairs if name != "token"]
        answer = RedirectResponse(
            "/" + scope["path"].lstrip("/") + ("?" + urlencode(rest) if rest else ""), 303
        )
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        answer.headers["cache-control"] = "no-store"
        return answer


def _problem(status: int, title: str, detail: str, hint: str = "") -> JSONResponse:
    return JSONResponse(Problem(title=title, detail=detail, hint=hint).model_dump(), status)


def _too_large(largest: int) -> TooLargeError:
    return TooLargeError(f"At most {largest // 2**20} MB can be sent at once.")


def _limited(receive: Receive, most: int) -> Receive:
    """Count what comes in, whatever its header claimed."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
