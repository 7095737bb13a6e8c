"""Serving a studio: the port, the address, the browser, and an end without noise."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace

from inscape.errors import StorageError, UnsupportedError, UsageError
from inscape.studio.studio import Settings

LARGEST_MESSAGE = 64 * 2**20
"""After a connection was lost, the page sends all strokes of a painting in one message."""


def address_of(settings: Settings) -> str:
    """The address that opens the studio, token included."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{settings.port}/?token={settings.token}"


def listen(host: str, port: int) -> socket.socket:
    """Take a port.

    Args:
        host: A name or address of this machine.
        port: 0 takes any free one.

    Raises:
        UnsupportedError: The port is in use or may not be taken, or the host is not of this machine.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"The host {host!r} cannot be resolved.", "Use --host 127.0.0.1.") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UnsupportedError(
                f"Port {port} of {host} is in use, perhaps by another studio.",
                f"Choose another: --port {port + 1}.",
            ) from error
        if isinstance(error, PermissionError):
            raise UnsupportedError(
                f"Port {port} needs the rights of an administrator.", "Choose one above 1023."
            ) from error
        raise UnsupportedError(f"{host} port {port} cannot be used: {error.strerror or error}.") from error
    return listener


def serve(settings: Settings, *, started: Callable[[str], None], browser: bool = True) -> None:
    """Serve a studio until it is interrupted.

    Args:
        settings: Host, port (0: any free one), token, models.
        started: Told the address once the port has been taken.
        browser: Whether to open the address in the user's browser.

    Raises:
        UnsupportedError: The port cannot be used.
        StorageError: The data folder cannot be written.
        KeyboardInterrupt: Ctrl-C, after everything was closed.
    """
    import uvicorn

    from inscape.studio.app import create_app

    _check_home(settings)
    listener = listen(settings.host, settings.port)
    with contextlib.closing(listener):
        settings = replace(settings, port=listener.getsockname()[1])
        config = uvicorn.Config(
            create_app(settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
        address = address_of(settings)
        started(address)
        if browser:
            threading.Timer(0.5, _open_browser, (address,)).start()
        uvicorn.Server(config).run(sockets=[listener])


def _check_home(settings: Settings) -> None:
    folder = settings.home / "studio"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made: {error.strerror or error}.",
            "Set INSCAPE_HOME to a folder that can be written.",
        ) from error


def _open_browser(address: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)
