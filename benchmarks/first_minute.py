"""From `make studio` to a painted door, in a real browser with an empty data folder.

    python benchmarks/first_minute.py [--runs 3] [--fresh] [--chromium /usr/bin/chromium]

Chromium is open before the command starts, and goes to the address as soon as the command prints it. Times
are seconds after the command: the server's first answer, the first paint of the page (its shell), the first
frame with the painted example, and the frame with a door that was then painted by mouse beside the house
there. `door_before` and `door_after` are the shares of the picture that the segmenter calls a door.
`grey_frames` counts animation frames in which the stage was there and showed neither a picture nor what it
waits for. `--fresh` starts once, from a fresh clone: with the packages and the front end. Prints one JSON
document, the medians of all runs.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from _options import asked

from inscape.types import JsonObject

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BARS = {"painted_door_s": 20.0, "picture_after_answer_s": 1.5, "grey_frames": 0}
ROOT = Path(__file__).parents[1]
_WATCH = """() => {
    const seen = { grey: 0, waited: 0, picture: null };
    window.seen = seen;
    const look = () => {
        const canvas = document.querySelector('[data-testid=canvas]');
        const waits = document.querySelector('[data-testid=stage-loading]');
        const painted = canvas?.dataset.final === 'true' && canvas.dataset.strokes !== '0';
        if (painted) seen.picture ??= performance.now();
        else if (waits) seen.waited += 1;
        else if (canvas && !canvas.dataset.seq) seen.grey += 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
_PAINTS = """() => ({
    shell: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    picture: window.seen.picture, grey: window.seen.grey, waited: window.seen.waited,
    answer: performance.getEntriesByType('navigation')[0].responseStart,
    opened: performance.timeOrigin / 1000,
})"""

_PICTURES = """async () => {
    const bytes = async (path) => [...new Uint8Array(await (await fetch(path)).arrayBuffer())];
    const [{ id, seed, model }] = (await (await fetch('api/paintings')).json()).paintings;
    const plain = await bytes(`api/models/${model}/pictures/${seed}.png`);
    return [plain, await bytes(`api/paintings/${id}/export.png`)];
}"""


def main() -> int:
    """Run the benchmark."""
    options = asked(
        __doc__,
        runs=3,
        fresh=dict(action="store_true", default=False),
        chromium=shutil.which("chromium") or shutil.which("google-chrome"),
    )
    if options.chromium is None:
        sys.stderr.write("benchmarks/first_minute.py needs Chromium: apt install chromium\n")
        return 1
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        if options.fresh:
            with tempfile.TemporaryDirectory() as clone:
                subprocess.run(["git", "clone", "--quiet", str(ROOT), clone], check=True)
                runs = [first_minute(browser, Path(clone))]
        else:
            runs = [first_minute(browser, ROOT) for _ in range(options.runs)]
        browser.close()
    result: JsonObject = {"runs": len(runs), "lines": runs[-1].pop("lines")}
    for key in runs[-1]:
        result[key] = round(statistics.median(run[key] for run in runs), 3)
    result["bars"] = BARS
    print(json.dumps(result, indent=1))
    return 0


def first_minute(browser: Browser, root: Path) -> JsonObject:
    """One start of a clone with an empty data folder, and what it took."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(f"({_WATCH})()")
    began = time.time()
    with tempfile.TemporaryDirectory() as home, studio(home, root) as (address, lines, longest):
        printed = time.time() - began
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => window.seen.picture !== null", polling="raf", timeout=60_000)
        seen = page.evaluate(_PAINTS)
        door = _paint_door(page) - began
        before, after = _door_areas(page)
        page.close()
    opened = seen["opened"] - began
    answered, picture = opened + seen["answer"] / 1000, opened + seen["picture"] / 1000
    return {
        "lines": lines,
        "longest_silence_s": longest,
        "address_s": printed,
        "answer_s": answered,
        "shell_s": opened + seen["shell"] / 1000,
        "picture_s": picture,
        "picture_after_answer_s": picture - answered,
        "shell_after_answer_s": (seen["shell"] - seen["answer"]) / 1000,
        "painted_door_s": door,
        "door_before": before,
        "door_after": after,
        "grey_frames": seen["grey"],
        "waiting_frames": seen["waited"],
    }


@contextmanager
def studio(home: str, root: Path = ROOT) -> Iterator[tuple[str, list[str], float]]:
    """`make studio` with a data folder of its own: its address, its lines, its longest silence until then."""
    began, longest = time.time(), 0.0
    environment = {name: value for name, value in os.environ.items() if root == ROOT or name != "PYTHONPATH"}
    process = subprocess.Popen(
        ["make", "--silent", "studio", "ARGS=--no-browser --port 0"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "INSCAPE_HOME": home},
        start_new_session=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            longest, began = max(longest, time.time() - began), time.time()
            if "?token=" in line:
                break
        else:
            raise SystemExit("make studio ended without an address:\n" + "\n".join(lines))
        address = next(word for word in lines[-1].split() if "?token=" in word)
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        yield address, lines, longest
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def _read(said: IO[str], lines: list[str]) -> None:
    lines.extend(line.rstrip() for line in said)


def _paint_door(page: Page) -> float:
    """Choose the door and paint one. Returns when its frame was there."""
    page.locator('[data-testid="brush-door"]').first.click()
    canvas = page.locator("[data-testid=canvas]")
    before = int(canvas.get_attribute("data-strokes") or 0)
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.61, box["y"] + box["height"] * 0.55
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 70, steps=4)
    page.mouse.up()
    page.wait_for_selector(f'[data-testid=canvas][data-strokes="{before + 1}"][data-final=true]')
    return time.time()


def _door_areas(page: Page) -> tuple[float, float]:
    """The share of the picture that the segmenter calls a door, before and after all strokes."""
    from PIL import Image

    from inscape.models import open_model
    from inscape.pictures import to_tensor
    from inscape.segmenters import fitting_segmenter

    page.wait_for_selector("[data-testid=save-state].good:has-text('Saved')")
    files = page.evaluate(_PICTURES)
    pictures = [np.asarray(Image.open(io.BytesIO(bytes(one))).convert("RGB")) for one in files]
    segmenter = fitting_segmenter(open_model("town", device="cpu"))
    labels = segmenter.segment(to_tensor(np.stack(pictures))).numpy()
    doors = labels[:, segmenter.vocabulary.plane_of("door")] == segmenter.vocabulary.index("door")
    return float(doors[0].mean()), float(doors[1].mean())


if __name__ == "__main__":
    raise SystemExit(main())
