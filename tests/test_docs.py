"""The documents are held to the product: every command and option is written down, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import load_command_class

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = sorted(path.stem for path in (ROOT / "dashboard/management/commands").glob("[a-z]*.py"))
DJANGOS_OWN = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback"} | {
    "--no-color",
    "--force-color",
    "--skip-checks",
}


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", (ROOT / "docs/commands.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert sorted(sections()) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_written_down(name: str) -> None:
    parser = load_command_class("dashboard", name).create_parser("manage.py", name)
    options = {option for action in parser._actions for option in action.option_strings if option.startswith("--")}
    written = set(re.findall(r"--[a-z][a-z-]+", sections()[name]))
    assert options - DJANGOS_OWN - written == set()


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "docs/commands.md"])
def test_every_path_and_link_in_the_documents_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = {(ROOT / document).parent / link for link in re.findall(r"\]\(([^)#:]+)\)", text)}
    paths = re.findall(r"`((?:dashboard|reconcilerviz|docs|tests|templates|static)/[\w./-]+)`", text)
    named |= {ROOT / path for path in paths if not path.startswith("static/vendor")}
    missing = {path for path in named if not path.exists()}
    assert missing == set()
