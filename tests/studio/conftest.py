"""A studio over a tiny generator whose units were dissected against a planted truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from inscape import storage
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import dissect
from inscape.models import Generator
from inscape.rewriting import Rewriter
from inscape.studio.app import create_app
from inscape.studio.studio import Settings
from small_generators import small_generator
from studio.browser import RunningStudio, Tab, chromium, need_browser, tab
from studio.messages import PORT, TOKEN
from studio.photo_requests import bring, invert, ready
from studio.web_client import TestClient


class ByUnits:
    """Labels pixels by what units of a layer do, so that it is known which units match: a planted truth."""

    vocabulary = Vocabulary([Concept("light", "tone"), Concept("dark", "tone"), Concept("left", "side")])
    units = {"light": (0,), "dark": (1,), "left": (2,)}
    module = torch.nn.Identity()

    def __init__(self, model, layer):
        self._features = None
        model.module_of(layer).register_forward_hook(self._keep)

    def _keep(self, module, inputs, output):
        self._features = output

    def segment(self, images):
        size = images.shape[2:]
        maps = torch.nn.functional.interpolate(self._features.float(), size=size, mode="bilinear")
        hot = maps > maps.flatten(2).quantile(0.85, 2)[:, :, None, None]
        labels = torch.zeros(len(images), 2, *size, dtype=torch.uint8)
        for name, units in reversed(self.units.items()):
            plane = self.vocabulary.plane_of(name)
            labels[:, plane][hot[:, list(units)].any(1)] = self.vocabulary.index(name)
        return labels


class ByUnitsOfATown(ByUnits):
    """The same with names that people know."""

    vocabulary = Vocabulary([Concept("tree", "back"), Concept("sky", "back"), Concept("door", "object")])
    units = {"tree": (0,), "sky": (1,), "door": (2,)}


def dissected(folder: Path, labeller: type[ByUnits], model: Generator | None = None) -> Path:
    """Write card, weights and the report of `layer16a`."""
    model = model or small_generator(name=folder.name)
    card = model.card.model_copy(
        update={"concepts": labeller.vocabulary.to_json(), "licence": "MIT", "source": "tests"}
    )
    card.write(folder / "card.json")
    storage.save_tensors(folder / "weights.safetensors", model.module.state_dict())
    labels = labeller(model, "layer16a")
    report = dissect(model, "layer16a", images=60, segmenter=labels, cache=folder.parent / "cache")
    report.save(folder / "report")
    return folder


@pytest.fixture(scope="session")
def dissected_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with card, weights and the report of `layer16a`."""
    return dissected(tmp_path_factory.mktemp("models") / "small", ByUnits)


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for the browser, with trees, sky and doors."""
    return dissected(tmp_path_factory.mktemp("models") / "hamlet", ByUnitsOfATown)


@pytest.fixture
def model_folder(dissected_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(dissected_model, tmp_path / "small"))


@pytest.fixture
def settings(model_folder: Path, home: Path) -> Settings:
    """How the studio of a test is started."""
    return Settings(port=PORT, token=TOKEN, models={"small": model_folder}, device="cpu", home=home)


@pytest.fixture
def stranger(settings: Settings) -> Iterator[TestClient]:
    """A client that does not know the token."""
    with TestClient(create_app(settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        yield client


@pytest.fixture
def client(stranger: TestClient) -> TestClient:
    """A client that knows the token."""
    stranger.headers["x-inscape-token"] = TOKEN
    return stranger


@pytest.fixture
def studio(client: TestClient):
    """The studio behind the client."""
    gate = client.app
    return gate._app.state.studio


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Chromium."""
    need_browser()
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shared_studio(browser, hamlet: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One running studio for all browser tests of a file that leave it as it is."""
    studio = RunningStudio(hamlet, tmp_path_factory.mktemp("home"))
    yield studio
    studio.stop()


@pytest.fixture(scope="module")
def desk(browser) -> Iterator[Tab]:
    """What the pages of a file's tests are shown in, one after the other."""
    desk = Tab(browser)
    yield desk
    desk.close()


@pytest.fixture
def page(desk: Tab) -> Iterator:
    """A page as new: nothing is stored, kept, routed or open."""
    with desk.page() as page:
        yield page


@pytest.fixture
def own_page(browser) -> Iterator:
    """A page that no other test has, for scripts that run before its own."""
    with tab(browser) as page:
        yield page


@pytest.fixture(scope="module")
def studio_settings(dissected_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("photos-home")
    return Settings(port=PORT, token=TOKEN, models={"small": dissected_model}, device="cpu", home=home)


@pytest.fixture(scope="module")
def shared(studio_settings: Settings) -> Iterator[TestClient]:
    """One studio for the tests that invert nothing of their own."""
    with TestClient(create_app(studio_settings), base_url=f"http://127.0.0.1:{PORT}") as client:
        client.headers["x-inscape-token"] = TOKEN
        yield client


@pytest.fixture(scope="module")
def house(shared: TestClient) -> dict:
    """A photo that has been inverted."""
    photo = bring(shared)
    invert(shared, photo)
    return ready(shared, photo)


@pytest.fixture
def few_samples(monkeypatch):
    """The second moment of a tiny network needs few pictures."""
    monkeypatch.setattr(Rewriter.__init__, "__kwdefaults__", {"samples": 40})
