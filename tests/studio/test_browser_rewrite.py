from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cli.painting_model import write_models
from inscape.editing import load_edit
from inscape.models import open_model
from inscape.rewriting import Task
from inscape.studio.encoding import jpeg
from studio.browser import RunningStudio, Sheet, phone

pytestmark = pytest.mark.browser


@contextmanager
def open_page_refusing(page, part: str) -> Iterator[None]:
    """The studio says no to every address with that part."""
    said = {"title": "No room", "detail": "The disk is full.", "hint": ""}
    page.route(f"**/{part}?*", lambda route: route.fulfill(status=507, json=said))
    yield
    page.unroute(f"**/{part}?*")


class Bench(Sheet):
    """The page Rewrite in a browser, as a person sees it."""

    def visit(self, address: str, query: str = "seeds=0-5", edits: int = 0) -> Bench:
        """Open the page and wait until every picture is there."""
        self.page.goto(f"{address}#/rewrite?{query}")
        self.drawn(edits)
        return self

    def drawn(self, edits: int = 0) -> None:
        """Until the wall shows what it should, with so many rules on."""
        self.page.wait_for_function(
            """edits => {
                const wall = document.querySelector('[data-testid=wall]');
                const { busy, drawn } = wall?.dataset ?? {};
                const on = drawn?.split('*').length - 1;
                return busy === 'false' && drawn !== '' && on === edits && wall.querySelector('img') !== null;
            }""",
            arg=edits,
        )

    def drag(self, seed: int, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag the mouse over a picture of the wall, between places in parts of it."""
        canvas = self.by(f"tile-{seed}").locator("canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        x, y, w, h = (box[name] for name in ("x", "y", "width", "height"))
        self.page.mouse.move(x + w * start[0], y + h * start[1])
        self.page.mouse.down()
        self.page.mouse.move(x + w * end[0], y + h * end[1], steps=4)
        self.page.mouse.up()

    def mark(self) -> None:
        """A context in two pictures; something copied from a third and pasted over the first."""
        self.by("tool-context").click()
        self.drag(1, (0.3, 0.3), (0.45, 0.4))
        self.drag(2, (0.3, 0.3), (0.45, 0.4))
        self.by("tool-copy").click()
        self.by("shape-box").click()
        self.drag(4, (0.55, 0.55), (0.8, 0.8))
        self.by("tool-paste").click()
        self.drag(1, (0.4, 0.4), (0.4, 0.4))
        self.by("pasted").wait_for()

    def execute(self, rows: int = 1) -> None:
        """Make the rule and wait until it lies on the stack and is drawn."""
        before = self.by("wall").get_attribute("data-drawn")
        self.by("execute").click()
        self.page.wait_for_function(
            "before => document.querySelector('[data-testid=wall]').dataset.drawn !== before",
            arg=before,
        )
        self.outcome(rows)

    def outcome(self, rows: int) -> None:
        self.page.wait_for_function(
            "rows => document.querySelectorAll('[data-testid=edit-row]').length === rows",
            arg=rows,
        )
        self.page.wait_for_selector("[data-testid=outcome]")
        self.drawn(rows)

    def rows(self) -> int:
        return self.page.locator("[data-testid=edit-row]").count()

    def kept(self) -> None:
        """Until the server has kept the last step."""
        self.page.wait_for_selector("[data-testid=rewrite-save][data-save=saved]")

    def source(self, seed: int) -> str:
        """The picture that the wall shows, as its address."""
        return self.by(f"tile-{seed}").locator("img").get_attribute("src")

    def roles(self, seed: int) -> str:
        return self.by(f"tile-{seed}").get_attribute("data-roles")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator whose card names a segmenter, so that reach and leak can be measured."""
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def studio(browser, folder, home) -> Iterator[RunningStudio]:
    """A studio without any work in it, which a test may kill; moments of the model are gathered once."""
    (cache := folder.parent / "cache").mkdir(exist_ok=True)
    (home / "cache").symlink_to(cache)
    studio = RunningStudio(folder, home)
    yield studio
    studio.kill()


@pytest.fixture
def bench(studio, page) -> Bench:
    return Bench(page).visit(studio.address)


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def test_what_is_marked_is_saved_as_a_task(bench, page, folder, tmp_path):
    assert page.locator("[data-testid=in-terminal]").count() == 0
    bench.mark()
    bench.by("in-terminal").locator("summary").click()
    line = bench.by("in-terminal").locator("code").inner_text()
    assert line == (f"inscape rewrite {folder.resolve()} --task Rule-1.toml --out Rule-1.edit.safetensors")
    with page.expect_download() as download:
        bench.by("save-task").click()
    assert download.value.suggested_filename == "Rule-1.toml"
    path = tmp_path / "Rule-1.toml"
    path.write_bytes(download.value.path().read_bytes())
    task = Task.load(path)
    assert {place.seed for place in task.context.places} == {1, 2}
    assert [(paste.source, paste.target) for paste in task.goal.paste] == [(4, 1)]


def test_from_brush_to_exported_model(bench, page, folder, tmp_path):
    plain = {seed: bench.source(seed) for seed in range(6)}
    bench.mark()
    assert bench.roles(1) == "in the context, pasted into" and bench.roles(4) == "copied from"
    bench.execute()
    edited = {seed: bench.source(seed) for seed in range(6)}
    assert edited[1] != plain[1]
    assert "→" in bench.by("outcome").inner_text()

    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.down("\\")
    page.wait_for_selector("[data-testid=wall][data-original=true]")
    assert bench.source(1) == plain[1]
    page.keyboard.up("\\")
    page.wait_for_selector("[data-testid=wall][data-original=false]")
    assert bench.source(1) == edited[1]

    bench.by("edit-switch").click()
    bench.drawn()
    assert bench.source(1) == plain[1]
    bench.by("edit-switch").click()
    bench.drawn(1)
    assert bench.source(1) == edited[1]

    name = page.evaluate("() => new URLSearchParams(location.hash.split('?')[1]).get('model')")
    assert name and bench.by("stack").locator("code").inner_text() == (
        f"inscape apply {folder.resolve()} Rule-1.edit.safetensors --out edited.safetensors"
    )
    with open_page_refusing(page, "export"):
        bench.by("export-model").click()
        page.locator("[data-testid=toast]").filter(has_text="No room").wait_for()
    with page.expect_download() as download:
        bench.by("export-model").click()
    path = tmp_path / "edited.safetensors"
    path.write_bytes(download.value.path().read_bytes())
    exported = open_model(path, device="cpu")
    for seed in (1, 3):
        encoded = np.asarray(Image.open(io.BytesIO(jpeg(exported.sample(seed).pixels))))
        apart = np.abs(encoded.astype(int) - pixels(edited[seed]))
        assert apart.max() <= 8 and apart.mean() < 0.1  # one level in a picture is more in its JPEG

    with page.expect_download() as download:
        bench.by("edit-save").click()
    assert download.value.suggested_filename == "Rule-1.edit.safetensors"
    saved = tmp_path / "rule.edit.safetensors"
    saved.write_bytes(download.value.path().read_bytes())
    model = open_model(folder, device="cpu")
    with model.edited([load_edit(saved)]):
        assert np.array_equal(model.sample(1).pixels, exported.sample(1).pixels)


def test_everything_by_keyboard_alone(bench, page):
    def tile(seed: int) -> None:
        bench.by(f"tile-{seed}").locator("canvas").focus()

    page.keyboard.press("a")
    tile(0)
    page.keyboard.press("j")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=context-1]")
    page.keyboard.press("s")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=copied]")
    page.keyboard.press("v")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=pasted]")
    assert (bench.roles(1), bench.roles(2)) == ("in the context, pasted into", "copied from")
    page.keyboard.press("Control+Enter")
    bench.outcome(1)
    for key, rows in (("Control+z", 0), ("Control+Shift+z", 1), ("Control+z", 0), ("Control+y", 1)):
        page.keyboard.press(key)
        bench.drawn(rows)
        assert bench.rows() == rows
    for _ in range(4):
        page.keyboard.press("Control+z")
    bench.drawn()
    assert (bench.rows(), bench.roles(1), bench.roles(2)) == (0, "", "")
    assert bench.by("rule-undo").get_attribute("aria-disabled") == "true"
    for _ in range(4):
        page.keyboard.press("Control+y")
    bench.drawn(1)
    page.keyboard.press("a")
    tile(1)
    page.keyboard.press("Delete")
    page.wait_for_selector("[data-testid=context-1]", state="detached")


def test_what_is_marked_is_taken_away_by_a_click_and_comes_back_by_undo(bench, page):
    bench.mark()
    bench.by("context-2").click()
    page.wait_for_selector("[data-testid=context-2]", state="detached")
    bench.by("pasted").click()
    page.wait_for_selector("[data-testid=pasted]", state="detached")
    assert "Click where to paste it" in page.locator(".execute-row + .hint").inner_text()
    bench.by("rule-undo").click()
    bench.by("rule-undo").click()
    page.wait_for_selector("[data-testid=context-2]")
    page.wait_for_selector("[data-testid=pasted]")
    bench.by("tool-paste").click()
    bench.drag(1, (0.4, 0.4), (0.7, 0.7))
    assert page.locator("[data-testid=pasted]").count() == 1
    bench.by("another").click()
    bench.drag(5, (0.1, 0.1), (0.3, 0.3))
    bench.by("tool-paste").click()
    bench.drag(2, (0.5, 0.5), (0.5, 0.5))
    page.wait_for_function("() => document.querySelectorAll('[data-testid=pasted]').length === 2")


def test_what_must_stay_is_marked_kept_and_held_by_the_rule(bench, page):
    bench.mark()
    bench.execute()
    free = bench.source(5)
    bench.by("tool-protect").click()
    bench.drag(5, (0.1, 0.1), (0.9, 0.5))
    page.wait_for_selector("[data-testid=protect-5]")
    assert bench.roles(5) == "protected"
    bench.execute()
    assert bench.source(5) != free
    bench.kept()
    page.reload()
    page.wait_for_selector("[data-testid=protect-5]")
    assert bench.roles(5) == "protected"
    bench.by("protect-5").click()
    page.wait_for_selector("[data-testid=protect-5]", state="detached")


def test_the_stack_is_named_mixed_reordered_and_kept(bench, page, studio):
    bench.mark()
    bench.execute()
    first = bench.source(1)
    bench.by("rule-rank").fill("2")
    bench.execute()
    assert bench.rows() == 1  # the same draft again takes the place of the rule that it made
    assert bench.source(1) != first
    bench.by("new-rule").click()
    bench.mark()
    bench.execute(2)
    bench.by("edit-name").fill("Towers")
    bench.by("edit-name").press("Enter")
    bench.by("edit-strength").fill("0.5")
    bench.drawn(2)
    bench.by("edit-down").click()
    bench.drawn(2)
    bench.kept()
    names = [each.input_value() for each in page.locator("[data-testid=edit-name]").all()]
    assert names == ["Rule 1", "Towers"]
    shown = bench.source(1)
    work = studio.get(f"api/models/{page.url.split('model=')[1].split('&')[0]}/rewriting")
    stack = work["steps"][work["cursor"]]["stack"]
    assert [(each["name"], each["strength"]) for each in stack] == [("Towers", 0.5), ("Rule 1", 1)]

    studio.kill()
    studio.start()
    bench.visit(studio.address, "", edits=2)
    assert bench.source(1) == shown and bench.rows() == 2
    assert bench.by("wall-seeds").input_value() == "0-5"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    bench.drawn(2)
    bench.by("edit-remove").click()
    bench.by("toast-action").focus()  # it stays as long as that
    bench.drawn(1)
    bench.by("toast-action").click()
    bench.drawn(2)


def test_a_rule_that_takes_long_is_stopped_at_once_and_nothing_is_changed(bench, page):
    bench.mark()
    plain = bench.source(1)
    page.locator("summary", has_text="Advanced").click()
    bench.by("solver").select_option("steps")
    # the 2001 steps of a small network may be over before Escape is pressed
    page.route("**/rewriting/rules", lambda route: route.continue_(post_data=_with(route, steps=100_000)))
    bench.by("execute").click()
    page.wait_for_selector("[data-testid=running-rule] b:has-text('Solving')")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=said]")
    assert "Nothing was changed" in bench.by("said").inner_text()
    assert bench.rows() == 0 and bench.source(1) == plain


def test_pictures_are_typed_searched_for_and_marked(bench, page):
    field = bench.by("wall-seeds")
    field.fill("3-1")
    field.press("Enter")
    page.wait_for_selector("#seed-problem:has-text('write 1-3')")
    assert page.locator(".tile").count() == 6
    field.fill("0-8, 57")
    field.press("Enter")
    bench.page.wait_for_selector("[data-testid=tile-57]")
    bench.drawn()
    assert page.locator(".tile").count() == 10 and "seeds=0-8,57" in page.url
    bench.by("search").click()
    page.wait_for_selector("[data-testid=toast]:has-text('brush over')")
    bench.drag(1, (0.3, 0.3), (0.45, 0.4))
    bench.by("matches").click()
    page.wait_for_selector("[data-testid=matches][aria-pressed=true]")
    assert "has matches" in " ".join(bench.roles(seed) for seed in (*range(9), 57))
    bench.by("search").click()
    page.wait_for_function("() => document.querySelectorAll('.tile').length === 16")
    bench.drawn()
    assert page.locator(".tile[data-roles*='has matches']").count() == 16
    assert page.url.split("seeds=")[1].split("&")[0] == field.input_value().replace(" ", "")


def test_a_file_that_does_not_fit_is_refused_with_a_sentence(bench, page, tmp_path):
    bench.mark()
    bench.execute()
    with page.expect_download() as download:
        bench.by("edit-save").click()
    data = download.value.path().read_bytes()
    load = {"name": "one.edit.safetensors", "mimeType": "application/octet-stream"}
    bench.by("edit-file").set_input_files({**load, "buffer": data})
    bench.outcome(2)
    path = tmp_path / "one.edit.safetensors"
    path.write_bytes(data)
    replace(load_edit(path), weights="0" * 64, name="Foreign").save(path)
    bench.by("edit-file").set_input_files({**load, "buffer": path.read_bytes()})
    page.wait_for_selector("[data-testid=toast].bad:has-text('other weights')")
    assert bench.rows() == 2
    page.locator("[data-testid=toast].bad [data-testid=toast-action]").click()
    bench.outcome(3)
    bench.by("edit-file").set_input_files({**load, "buffer": b"<script>alert(1)</script>"})
    page.wait_for_selector("[data-testid=toast].bad:has-text('no readable edit')")
    assert bench.rows() == 3


def test_what_cannot_be_made_is_said_beside_the_button(bench, page):
    bench.mark()
    page.route("**/rewriting/rules", lambda route: route.continue_(post_data=_with(route, rank=500)))
    bench.by("execute").click()
    page.wait_for_selector("[data-testid=problem-rule]")
    assert "rank of a rule lies between 1 and" in bench.by("problem-rule").inner_text()
    assert bench.rows() == 0


def _with(route, **choices: int) -> str:
    """What the page asks for, with other choices than it offers."""
    request = json.loads(route.request.post_data)
    request["choices"].update(choices)
    return json.dumps(request)


def test_an_erasing_rule_needs_no_paste(bench, page):
    bench.drag(1, (0.3, 0.3), (0.45, 0.4))
    bench.by("goal-erase").click()
    bench.by("erased").fill("2")
    bench.execute()


def test_reach_and_leak_are_shown_and_layers_compared(bench, page):
    bench.mark()
    bench.execute()
    bench.by("audit-images").select_option("64")
    bench.by("audit-context").select_option("sky")
    bench.by("measure-start").click()
    page.wait_for_selector("[data-testid=audit-result]")
    assert "of the sky became something else" in bench.by("audit-result").inner_text()
    bench.by("advise").click()
    page.wait_for_selector("[data-testid=advice]")
    bench.by("use-layer8b").click()
    expect(bench.by("rule-layer")).to_have_value("layer8b")
    page.wait_for_function("() => location.hash.includes('layer=layer8b')")


def test_fingers_mark_on_a_narrow_screen(browser, studio):
    with phone(browser) as page:
        bench = Bench(page).visit(studio.address)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        canvas = bench.by("tile-1").locator("canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box["width"] >= 150
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_selector("[data-testid=context-1]")
        for name in ("tool-copy", "shape-box", "rule-undo", "execute", "search"):
            assert bench.by(name).bounding_box()["height"] >= 43.5, name
        bench.by("rule-undo").tap()
        page.wait_for_selector("[data-testid=context-1]", state="detached")
