"""Pages: found by their folders, each with all of its own, none of them known to what they share."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import inscape.studio
from inscape.studio.page import pages
from inscape.studio.studio import State, Studio

STUDIO = Path(inscape.studio.__file__).parent
EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"
ASK = """
import sys, time, warnings
from pathlib import Path
import inscape.studio.pages
from inscape.studio.studio import Settings

inscape.studio.pages.__path__.append(sys.argv[1])
from inscape.studio.app import create_app, openapi

with warnings.catch_warnings(action="ignore"):
    from starlette.testclient import TestClient
settings = Settings(token="t", device="cpu", home=Path(sys.argv[2]))
with TestClient(create_app(settings), base_url="http://127.0.0.1:7860") as client:
    client.headers["x-inscape-token"] = "t"
    job = client.post("/api/greetings?name=Ada").json()
    while job["finished"] is None:
        time.sleep(0.01)
        job = client.get(f"/api/jobs/{job['id']}").json()
    assert (job["state"], job["result"]) == ("done", {"kind": "greeting", "text": "Hello, Ada!"}), job
    assert client.get("/api/greetings").json() == {"given": 1}
job = openapi()["components"]["schemas"]["JobInfo"]["properties"]
assert "greeting" in job["kind"]["enum"]
assert "greeting" in job["result"]["anyOf"][0]["discriminator"]["mapping"]
"""


def pages_imported(file: Path) -> set[str]:
    """The pages whose folders a file imports from, wherever in the file it does so."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[3] for name in names if name.startswith("inscape.studio.pages.")}
    return found


def test_every_folder_of_pages_is_a_page():
    folders = {path.parent.name for path in (STUDIO / "pages").glob("*/__init__.py")}
    assert set(pages()) == folders >= {"models", "paint", "photo", "rewrite", "units"}


def test_pages_do_not_import_each_other():
    wrong = [
        f"{file.relative_to(STUDIO)} imports {other}"
        for file in (STUDIO / "pages").glob("*/*.py")
        for other in pages_imported(file) - {file.parent.name}
    ]
    assert wrong == []


def test_what_pages_share_imports_no_page():
    shared = [*STUDIO.glob("*.py"), STUDIO / "pages" / "__init__.py"]
    assert [str(file) for file in shared if pages_imported(file)] == []


def test_a_page_as_the_recipe_has_it_is_found_with_its_routes_state_and_jobs(tmp_path):
    text = EXTENDING.read_text()
    code = text.split("```python src/inscape/studio/pages/greeting/page.py\n")[1].split("```")[0]
    folder = tmp_path / "pages" / "greeting"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""The page Greeting."""\n')
    (folder / "page.py").write_text(code)
    command = [sys.executable, "-W", "error", "-c", ASK, str(folder.parent), str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_states_of_pages_are_told_of_a_model_that_is_gone_and_closed(settings):
    told = []

    class Page(State):
        def forget(self, model):
            told.append(f"forget {model}")

        def close(self):
            told.append("close")

    studio = Studio(settings, [Page])
    assert studio.state(Page).studio is studio
    studio.forget("small")
    studio.close()
    assert told == ["forget small", "close"]
