"""From the pointer going up to new pixels, in a real browser on the shipped model.

    python benchmarks/paint.py [--strokes 200] [--model town] [--chromium /usr/bin/chromium]

Starts the studio with an empty data folder, opens it in headless Chromium and paints with the mouse. A
stroke's time runs from the `pointerup` event to the animation frame after the canvas holds the final picture;
`floor_ms` is what the layers above the brush take alone, called in this process. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from _options import asked

from inscape.types import JsonObject

if TYPE_CHECKING:
    from playwright.sync_api import Page

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
BARS = {"stroke_p50_ms": 60.0, "stroke_p95_ms": 120.0, "preview_frames_per_second": 15.0}
_WATCH = """() => {
    const canvas = document.querySelector('[data-testid=canvas]');
    const seen = { up: 0, strokes: [], frames: 0 };
    window.seen = seen;
    document.addEventListener('pointerup', (event) => { seen.up = event.timeStamp; }, true);
    new MutationObserver(() => {
        seen.frames += 1;
        if (canvas.dataset.final !== 'true' || seen.up === 0) return;
        const up = seen.up;
        seen.up = 0;
        requestAnimationFrame(() => seen.strokes.push(performance.now() - up));
    }).observe(canvas, { attributes: true, attributeFilter: ['data-seq'] });
    window.hashOf = () => {
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let hash = 2166136261;
        for (let i = 0; i < data.length; i += 4) {
            hash = Math.imul(hash ^ (data[i] | data[i + 1] << 8 | data[i + 2] << 16), 16777619) >>> 0;
        }
        return hash;
    };
}"""


def main() -> int:
    """Run the benchmark."""
    options = asked(
        __doc__,
        strokes=200,
        model="town",
        images=dict(default=300, help="for the report, where none ships with the model"),
        chromium=shutil.which("chromium") or shutil.which("google-chrome"),
    )
    if options.chromium is None:
        sys.stderr.write("benchmarks/paint.py needs Chromium: apt install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as home:
        os.environ["INSCAPE_HOME"] = home
        floor = prepare(options.model, options.images)
        with studio() as address:
            measured = paint(address, options.chromium, options.strokes)
    print(json.dumps(summary(measured, floor), indent=1))
    return 0


def prepare(model: str, images: int) -> float:
    """See that there are brushes. Returns the milliseconds of the layers above the brush, median of 100."""
    import torch

    from inscape.studio.studio import Settings, Studio

    behind = Studio(Settings(device="cpu"))
    generator = behind.library.generator(model)
    layer = generator.layer().name
    if not behind.reports.has(model, layer):
        from inscape.dissection import dissect

        dissect(generator, images=images).save(behind.reports.kept_at(model, layer))
    behind.close()
    state = generator.run_until(generator.to_w(generator.latents([0])), layer)
    times = []
    with torch.inference_mode():
        for _ in range(120):
            started = time.perf_counter()
            generator.resume(state)
            times.append((time.perf_counter() - started) * 1000)
    return float(np.median(times[20:]))


@contextmanager
def studio() -> Iterator[str]:
    """A studio of its own; yields its address."""
    command = [sys.executable, "-m", "inscape", "studio", "--no-browser", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["address"]
    finally:
        process.terminate()
        process.wait(20)


def paint(address: str, chromium: str, strokes: int) -> JsonObject:
    """Paint strokes, drag, undo, and measure."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        foreign: list[str] = []
        page.on("request", lambda request: None if _is_local(request.url) else foreign.append(request.url))
        opened = time.perf_counter()
        page.goto(f"{address}#/paint?seed=7")
        page.wait_for_selector("[data-testid=canvas][data-final=true]", timeout=60_000)
        ready = time.perf_counter() - opened
        page.evaluate(_WATCH)
        place = page.locator("[data-testid=canvas]").bounding_box()
        assert place is not None
        for number in range(5):
            _stroke(page, place, number, 0)
        started, hashes = _count(page), [_hash(page)]
        for number in range(strokes):
            _stroke(page, place, number + 5, started + number)
            hashes.append(_hash(page))
        times = page.evaluate("() => window.seen.strokes")[-strokes:]
        frames = _drag(page, place)
        page.keyboard.press("Control+z")
        undone = _undo(page, hashes)
        browser.close()
    return {"times": times, "frames": frames, "undone": undone, "ready": ready, "foreign": foreign}


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def _count(page: Page) -> int:
    return int(page.locator("[data-testid=canvas]").get_attribute("data-strokes"))


def _stroke(page: Page, place: dict[str, float], number: int, before: int) -> None:
    """A short stroke somewhere, and wait until it has been drawn."""
    random = np.random.RandomState(number)
    x = place["x"] + place["width"] * (0.3 + 0.4 * random.rand())
    y = place["y"] + place["height"] * (0.3 + 0.4 * random.rand())
    done = page.evaluate("() => window.seen.strokes.length")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 10, steps=3)
    page.mouse.up()
    page.wait_for_function(f"() => window.seen.strokes.length > {done}", polling="raf")


def _hash(page: Page) -> int:
    """A hash of the canvas without the brush on it."""
    page.mouse.move(2, 2)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return int(page.evaluate("() => window.hashOf()"))


def _drag(page: Page, place: dict[str, float], seconds: float = 4.0) -> float:
    """Previews a second while the pointer moves all the time."""
    middle, size = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2), place["width"] * 0.25
    page.mouse.move(*middle)
    page.mouse.down()
    before, started = page.evaluate("() => window.seen.frames"), time.perf_counter()
    step = 0
    while (passed := time.perf_counter() - started) < seconds:
        step += 1
        angle = step * 0.13
        radius = size * passed / seconds
        page.mouse.move(middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle))
    frames = page.evaluate("() => window.seen.frames") - before
    page.mouse.up()
    page.wait_for_selector("[data-testid=canvas][data-final=true]")
    return float(frames / passed)


def _undo(page: Page, hashes: list[int]) -> JsonObject:
    """Step back through every stroke and compare with what was seen then."""
    exact, times = 0, []
    for expected in reversed(hashes[:-1]):
        strokes = _count(page)
        started = time.perf_counter()
        page.keyboard.press("Control+z")
        page.wait_for_function(
            f"() => document.querySelector('[data-testid=canvas]').dataset.strokes === '{strokes - 1}'",
            polling="raf",
        )
        times.append((time.perf_counter() - started) * 1000)
        exact += _settles_at(page, expected)
    return {"undos": len(hashes) - 1, "exact": exact, "p50_ms": float(np.median(times))}


def _settles_at(page: Page, expected: int) -> bool:
    return any(_hash(page) == expected for _ in range(50))


def summary(measured: JsonObject, floor: float) -> JsonObject:
    """The JSON document."""
    times = np.asarray(measured["times"])
    result = {
        "strokes": len(times),
        "stroke_p50_ms": float(np.percentile(times, 50)),
        "stroke_p95_ms": float(np.percentile(times, 95)),
        "preview_frames_per_second": measured["frames"],
        "undo": measured["undone"],
        "seconds_to_first_picture": measured["ready"],
        "requests_that_left_loopback": len(measured["foreign"]),
        "floor_ms": floor,
        "ratio_to_floor": float(np.percentile(times, 50) / floor),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "bars": BARS,
    }
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in result.items()}


if __name__ == "__main__":
    sys.exit(main())
