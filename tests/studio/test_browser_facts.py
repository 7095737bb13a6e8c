"""The page Facts in the browser, over a tiny language model."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from inscape.models import write_model
from small_decoder import BLOCKS, small_decoder
from studio.browser import RunningStudio, Sheet

pytestmark = pytest.mark.browser
PROMPT = "The tower of Rome is in"


@pytest.fixture(scope="module")
def speaking(browser, tmp_path_factory) -> Iterator[RunningStudio]:
    """A studio with a language model that was opened from a file."""
    path = tmp_path_factory.mktemp("models") / "speaker.safetensors"
    write_model(small_decoder("llama"), path)
    studio = RunningStudio(path, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


def opened(page, studio: RunningStudio, query: str = "") -> Sheet:
    page.goto(f"{studio.address}#/facts?model=speaker{query}")
    page.wait_for_selector("[data-testid=facts-words] li")
    return Sheet(page)


def test_a_prompt_is_read_as_it_is_typed_its_subject_marked_and_traced(page, speaking):
    sheet = opened(page, speaking)
    sheet.by("facts-prompt").fill("")
    sheet.by("facts-prompt").type(PROMPT)
    said = speaking.post("api/models/speaker/facts/next", {"prompt": PROMPT})
    tokens = sheet.by("facts-tokens").locator("button")
    expect(tokens).to_have_count(len(said["tokens"]))
    words = sheet.by("facts-words").locator("li small")
    expect(words).to_have_text([f"{100 * word['probability']:.1f} %" for word in said["words"]])
    expect(sheet.by("facts-trace")).to_have_attribute("aria-disabled", "true")

    starts = ["".join(said["tokens"][: number + 1]) for number in range(len(said["tokens"]))]
    last = starts.index("The tower of Rome")
    tokens.nth(0).click()
    tokens.nth(last).click()
    expect(page.locator("main .command-line code")).to_have_text(
        re.compile(r"inscape fact trace \S+ --prompt '\{\} is in' --subject 'The tower of Rome'")
    )
    assert f"mark=0-{last}" in page.url
    sheet.by("facts-trace").click()
    cells = sheet.by("map-mlp").locator("i")
    expect(cells).to_have_count(BLOCKS * len(said["tokens"]))

    (job,) = (each for each in speaking.get("api/jobs")["jobs"] if each["kind"] == "trace")
    effect = speaking.get(f"api/jobs/{job['id']}")["result"]["effect"]["mlp"]
    cells.nth(BLOCKS * last + 2).hover()
    value = effect[last][2]
    expect(sheet.by("number-mlp")).to_have_text(
        re.compile(rf", layer 2: {re.escape('−' if value < 0 else '+')}{abs(value):.3f}$")
    )
    sheet.by("facts-prompt").hover()
    expect(sheet.by("number-mlp")).to_have_text(re.compile("^Most at "))


def test_a_link_restores_prompt_and_mark(page, speaking):
    sheet = opened(page, speaking, f"&prompt={PROMPT.replace(' ', '%20')}&mark=1-2")
    expect(sheet.by("facts-prompt")).to_have_value(PROMPT)
    tokens = sheet.by("facts-tokens").locator("button").all()
    pressed = [each.get_attribute("aria-pressed") == "true" for each in tokens]
    assert [number for number, each in enumerate(pressed) if each] == [1, 2]


def test_the_page_fits_a_phone(page, speaking):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, speaking)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
