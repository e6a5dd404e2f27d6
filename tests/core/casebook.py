"""Fixtures of `tests/core/fixtures`: one object, its relatives and what should be said of it, a file each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashboard.core.model import Assessment
from dashboard.core.objects import timestamp
from dashboard.core.scoring import latest
from dashboard.core.verdict import assess

FOLDER = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).resolve().parents[3] / "shared"
"""Cases and recordings that lie beside the repository on some machines; tests that need them skip elsewhere."""


@dataclass(frozen=True)
class Fixture:
    """A fixture as read; `now` in Unix seconds."""

    name: str
    expected: dict[str, Any]
    obj: dict[str, Any]
    related: list[dict[str, Any]]
    now: float

    def assess(self) -> Assessment:
        """What the engine says of it."""
        return assess(self.obj, self.now, self.related, has_status=self.expected.get("has_status"))


def fixtures() -> list[Fixture]:
    """All of them, by name."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        raw = yaml.safe_load(path.read_text("utf-8"))
        now = timestamp(raw.get("now")) or latest(raw["object"]) or 0.0
        found.append(Fixture(path.stem, raw, raw["object"], raw.get("related", []), now))
    return found
