"""A studio that runs, and Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

import pytest

STATIC = Path(__file__).parents[2] / "src" / "inscape" / "studio" / "static"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WAIT = 90_000
"""Milliseconds that anything may take: on a loaded machine, much longer than on an idle one."""
SCREEN = {"width": 1280, "height": 900}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
_HASH = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame().then(frame); // what the pointer or a key has changed is drawn by then
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


@cache
def zygote() -> subprocess.Popen:
    """The process that forks studios; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


class RunningStudio:
    """The command `inscape studio` over one model, in a process of its own."""

    def __init__(self, model: Path, home: Path) -> None:
        self._model, self._home = model, home
        self.start()

    def start(self, port: int = 0) -> None:
        """Start it; the address is another one each time, for the token is."""
        options = ["--no-browser", "--json", "--device", "cpu", "--port", str(port)]
        out = self._home / "address"
        self._home.mkdir(parents=True, exist_ok=True)
        out.unlink(missing_ok=True)
        os.mkfifo(out)
        asked = {
            "arguments": ["studio", *options, "--model", str(self._model)],
            "environment": {**os.environ, "INSCAPE_HOME": str(self._home)},
            "out": str(out),
        }
        forks = zygote()
        assert forks.stdin is not None and forks.stdout is not None
        print(json.dumps(asked), file=forks.stdin, flush=True)
        self._process = int(forks.stdout.readline())
        self._said = out.open()
        self.address = json.loads(self._said.readline())["address"]
        self.base, self.token = self.address.split("/?token=")

    def get(self, path: str):
        """What a route answers, as JSON."""
        request = urllib.request.Request(f"{self.base}/{path}", headers={"x-inscape-token": self.token})
        return json.load(urllib.request.urlopen(request, timeout=WAIT / 1000))

    def post(self, path: str, body: dict):
        """The same of a message that is sent."""
        headers = {"x-inscape-token": self.token, "content-type": "application/json"}
        request = urllib.request.Request(f"{self.base}/{path}", json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request, timeout=WAIT / 1000))

    def done(self, path: str, body: dict) -> dict:
        """The job that a message starts, once it has ended well."""
        job = self.post(path, body)
        while job["finished"] is None:
            time.sleep(0.2)
            job = self.get(f"api/jobs/{job['id']}")
        assert job["state"] == "done", job
        return job

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ctrl-C."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        """Send a signal, and wait until the process is gone."""
        until = time.monotonic() + WAIT / 1000
        try:
            os.kill(self._process, how)
            while time.monotonic() < until:
                os.kill(self._process, 0)
                time.sleep(0.02)
        except ProcessLookupError:
            self._said.close()
            return
        raise TimeoutError(f"The studio did not end after {how.name}.")


class Sheet:
    """The page Paint in a browser, as a person sees it."""

    def __init__(self, page) -> None:
        self.page = page

    def open(self, address: str, route: str = "#/paint?seed=7") -> Sheet:
        """Open the page and wait until the brushes and the picture are there."""
        self.page.goto(address + route)
        self.page.wait_for_load_state("networkidle")
        self.shown()
        return self

    def shown(self) -> None:
        """Until the picture is drawn with everything that was painted on it."""
        self.page.wait_for_selector("[data-testid=canvas][data-final=true]")

    def by(self, name: str):
        """The element with that test id."""
        return self.page.locator(f'[data-testid="{name}"]').first

    def stroke(self, x: float = 0.5, y: float = 0.5, *, to: tuple[float, float] = (0.6, 0.55)) -> None:
        """Paint with the mouse, between places in parts of the canvas, and wait until it is drawn."""
        before = self.strokes
        self.sweep(x, y, to=to)
        self.wait_for_strokes(before + 1)

    def sweep(self, x: float, y: float, *, to: tuple[float, float]) -> None:
        """Drag the mouse between places in parts of the canvas."""
        box = self.by("canvas").bounding_box()
        self.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + box["width"] * to[0], box["y"] + box["height"] * to[1], steps=4)
        self.page.mouse.up()

    def wait_for_strokes(self, count: int) -> None:
        """Until so many strokes are visible and their picture is drawn."""
        self.page.wait_for_selector(f'[data-testid=canvas][data-strokes="{count}"][data-final=true]')

    def wait_until_kept(self) -> None:
        """Until the server has kept the last operation."""
        self.page.wait_for_selector("[data-testid=save-state].good:has-text('Saved')")

    def clear(self) -> None:
        """Take every stroke away, and wait until that is kept."""
        self.by("reset").click()
        self.wait_for_strokes(0)
        self.wait_until_kept()

    @property
    def strokes(self) -> int:
        """How many strokes are visible."""
        return int(self.by("canvas").get_attribute("data-strokes"))

    def picture(self) -> int:
        """A hash of what the canvas shows, without the brush."""
        self.page.mouse.move(2, 2)
        self.shown()
        return int(self.page.evaluate(_HASH))


def slow(part: str, milliseconds: int = 1500, times: int = 1000) -> str:
    """A script after which answers come late: the first ones whose address matches `part`."""
    return f"""(() => {{
        const fetch = window.fetch;
        let left = {times};
        window.fetch = async (...wanted) => {{
            const matches = new RegExp({json.dumps(part)}).test(String(wanted[0]?.url ?? wanted[0]));
            const answer = await fetch(...wanted);
            if (matches && left-- > 0) await new Promise((done) => setTimeout(done, {milliseconds}));
            return answer;
        }};
    }})()"""


class Tab:
    """A page for one test after another, in which nothing moves by itself.

    A new page for each would start a process for each, which takes longer than most tests.
    """

    def __init__(self, browser, **options) -> None:
        self._options = {"viewport": SCREEN, "reduced_motion": "reduce", **options}
        self._context = browser.new_context(**self._options)
        self._context.set_default_timeout(WAIT)
        self.front = self._context.new_page()
        self._errors: list[str] = []
        self.front.on("pageerror", lambda error: self._errors.append(str(error)))

    @contextmanager
    def page(self) -> Iterator:
        """The page, as new; an error in its scripts fails the test."""
        yield self.front
        self._empty()
        self.check()

    def check(self) -> None:
        """Fail on errors in scripts, once."""
        errors, self._errors = self._errors, []
        assert errors == []

    def close(self) -> None:
        self._context.close()

    def _empty(self) -> None:
        """Leave what is open, and forget what was stored, kept, routed and sized."""
        from playwright import sync_api as playwright

        page = self.front
        for other in self._context.pages:
            if other is not page:
                other.close()
        page.unroute_all(behavior="ignoreErrors")
        with suppress(playwright.Error):  # the studio has ended
            page.goto(urljoin(page.url, "/nothing"))  # of the same origin, or a process starts for the next
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self._context.clear_cookies()
        session = self._context.new_cdp_session(page)
        session.send("Network.clearBrowserCache")
        session.detach()
        if page.viewport_size != self._options["viewport"]:
            page.set_viewport_size(self._options["viewport"])


@contextmanager
def tab(browser, **options) -> Iterator:
    """A page that no other test has: for scripts before its own, and for what is not as on a desk."""
    own = Tab(browser, **options)
    try:
        yield own.front
    finally:
        own.close()
    own.check()


def phone(browser):
    """A narrow page that fingers touch."""
    return tab(browser, **PHONE)


@contextmanager
def chromium() -> Iterator:
    """A browser that finds nothing but this machine."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            timeout=WAIT,
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()
