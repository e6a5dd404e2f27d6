"""`manage.py screenshot`: the README's picture, taken from the running product.

1. `manage.py demo` is started as a user starts it, and left alone until its shop has settled.
2. One Deployment is scaled in its own page, so that the picture holds something on its way.
3. Chromium opens the board and takes the picture.

Needs the development dependencies (playwright) and a Chromium.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCALED = "o/apps/Deployment/shop/web"
STALLED = "a.row.stalled"
CONVERGING = "a.row.converging"
SETTLED = 5
"""Stalled rows that the shop ends with; more may come, fewer mean that it still starts."""
PATIENCE_MS = 120_000


class Command(BaseCommand):
    """One picture, or the same board in another size and colour scheme."""

    help = "Take the README's picture of the board from a running demo."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to write, how large, how bright."""
        parser.add_argument("--output", type=Path, default=Path(settings.BASE_DIR) / "docs" / "board.png")
        parser.add_argument("--size", default="1440x900", help="WIDTHxHEIGHT (default: %(default)s)")
        parser.add_argument("--scheme", choices=("light", "dark"), default="light")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, wait, look, stop."""
        size = re.fullmatch(r"(\d{3,4})x(\d{3,4})", options["size"])
        if not size:
            raise CommandError(f"--size {options['size']}: not WIDTHxHEIGHT, such as 1440x900")
        output: Path = options["output"]
        with demo() as address, chromium() as browser:
            take(browser, address, output, (int(size[1]), int(size[2])), options["scheme"])
        self.stdout.write(f"{output} ({output.stat().st_size // 1024} KiB)")


def take(browser: Browser, address: str, output: Path, size: tuple[int, int], scheme: str) -> None:
    """Open the board of the demo at `address`, have something on its way, and take the picture."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.locator(STALLED).nth(SETTLED - 1).wait_for()
    board = page.url
    page.goto(f"{board}{SCALED}")
    page.get_by_label("replicas").fill("5")
    page.locator("button[value=apply]").click()
    page.locator("#outcome .good").wait_for()
    page.goto(board)
    page.locator(CONVERGING).first.wait_for()
    output.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=output)


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """`manage.py demo` as a process; yields its address."""
    with subprocess.Popen(
        [sys.executable, "-u", "manage.py", "demo"], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield _address(child)
        finally:
            child.terminate()


def _address(child: subprocess.Popen[str]) -> str:
    said = []
    for line in child.stdout or ():
        said.append(line)
        found = re.search(r"ReconcilerViz\s+(http://\S+)", line)
        if found:
            return found[1]
    raise CommandError(f"the demo did not start: {''.join(said)}")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless, silent on the network."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a development dependency
    except ImportError as error:
        raise CommandError(
            "playwright is not installed: run this in the development environment (`uv sync`)"
        ) from error
    path = shutil.which("chromium")
    if path is None:
        raise CommandError("there is no chromium here: `apt-get install chromium`")
    with sync_playwright() as playwright:
        # Without its sandbox, which needs privileges that containers do not give; it only opens our own pages.
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()
