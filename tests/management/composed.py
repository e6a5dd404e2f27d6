"""docker-compose.yml as Compose reads it: variables put in, and each service's command and environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
INNERMOST = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<word>[^${}]*))?\}")


class MissingError(Exception):
    """A variable that has no default is not set; the message is the file's own."""


def interpolated(text: str, given: Mapping[str, str]) -> str:
    """A value with its variables put in, the inner ones first: `${A}`, `${A:-default}`, `${A:?why it is needed}`.

    Raises MissingError.
    """

    def put_in(found: re.Match[str]) -> str:
        value = given.get(found["name"], "")
        if not value and found["how"] == ":?":
            raise MissingError(f"{found['name']}: {found['word']}")
        return value or (found["word"] or "")

    while (once := INNERMOST.sub(put_in, text)) != text:
        text = once
    return text


def composed(given: Mapping[str, str]) -> dict[str, Any]:
    """The whole file with its variables put in. Raises MissingError."""

    def walk(part: Any) -> Any:
        if isinstance(part, str):
            return interpolated(part, given)
        if isinstance(part, list):
            return [walk(each) for each in part]
        if isinstance(part, dict):
            return {name: walk(each) for name, each in part.items()}
        return part

    found: dict[str, Any] = walk(yaml.safe_load(FILE.read_text()))
    return found
