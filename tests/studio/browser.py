"""A studio that runs, and Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src" / "inscape" / "studio" / "static"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WAIT = 30_000
_HASH = """() => {
    const canvas = document.querySelector('[data-testid=canvas]');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let hash = 2166136261;
    for (let i = 0; i < data.length; i += 4) {
        hash = Math.imul(hash ^ (data[i] | data[i + 1] << 8 | data[i + 2] << 16), 16777619) >>> 0;
    }
    return hash;
}"""


def need_browser() -> None:
    """Skip where there is no Chromium or no built page; under CI that is a failure."""
    missing = (
        "Chromium" if CHROMIUM is None else "built page" if not (STATIC / "index.html").exists() else None
    )
    if missing is None:
        return
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"no {missing} under CI")
    pytest.skip(f"no {missing}")


class RunningStudio:
    """The command `inscape studio` over one model, in a process of its own."""

    def __init__(self, model: Path, home: Path) -> None:
        self._model, self._home = model, home
        self.start()

    def start(self, port: int = 0) -> None:
        """Start it; the address is another one each time, for the token is."""
        command = [sys.executable, "-m", "inscape", "studio", "--no-browser", "--json", "--device", "cpu"]
        self._process = subprocess.Popen(
            [*command, "--port", str(port), "--model", str(self._model)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "INSCAPE_HOME": str(self._home), "OMP_WAIT_POLICY": "PASSIVE"},
        )
        assert self._process.stdout is not None
        self.address = json.loads(self._process.stdout.readline())["address"]
        self.base, self.token = self.address.split("/?token=")

    def get(self, path: str):
        """What a route answers, as JSON."""
        request = urllib.request.Request(f"{self.base}/{path}", headers={"x-inscape-token": self.token})
        return json.load(urllib.request.urlopen(request, timeout=30))

    def kill(self) -> None:
        """`kill -9`."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(20)

    def stop(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)


class Sheet:
    """The page Paint in a browser, as a person sees it."""

    def __init__(self, page) -> None:
        self.page = page

    def open(self, address: str, route: str = "#/paint?seed=7") -> Sheet:
        """Open the page and wait until the brushes and the picture are there."""
        self.page.goto(address + route)
        self.page.wait_for_load_state("networkidle", timeout=WAIT)
        self.page.wait_for_selector("[data-testid=canvas][data-final=true]", timeout=WAIT)
        return self

    def by(self, name: str):
        """The element with that test id."""
        return self.page.locator(f'[data-testid="{name}"]').first

    def stroke(self, x: float = 0.5, y: float = 0.5, *, to: tuple[float, float] = (0.6, 0.55)) -> None:
        """Paint with the mouse, between places in parts of the canvas, and wait until it is drawn."""
        before = self.strokes
        box = self.by("canvas").bounding_box()
        self.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + box["width"] * to[0], box["y"] + box["height"] * to[1], steps=4)
        self.page.mouse.up()
        self.wait_for_strokes(before + 1)

    def wait_for_strokes(self, count: int) -> None:
        """Until so many strokes are visible and their picture is drawn."""
        self.page.wait_for_selector(
            f'[data-testid=canvas][data-strokes="{count}"][data-final=true]', timeout=WAIT
        )

    def wait_until_kept(self) -> None:
        """Until the server has kept the last operation."""
        self.page.wait_for_selector("[data-testid=save-state].good:has-text('Saved')", timeout=WAIT)

    @property
    def strokes(self) -> int:
        """How many strokes are visible."""
        return int(self.by("canvas").get_attribute("data-strokes"))

    def picture(self) -> int:
        """A hash of what the canvas shows, without the brush, once it no longer changes."""
        self.page.mouse.move(2, 2)
        last, same = None, 0
        for _ in range(200):
            self.page.wait_for_timeout(30)
            now = int(self.page.evaluate(_HASH))
            same = same + 1 if now == last else 0
            last = now
            if same >= 3:
                return now
        raise AssertionError("the canvas never comes to rest")


@contextmanager
def chromium() -> Iterator:
    """A browser that finds nothing but this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()
