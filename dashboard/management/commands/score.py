"""`manage.py score DIR…`: how far `assess` agrees with published verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.core.scoring import Case, CaseError, parse_case, report, score


class Command(BaseCommand):
    """Reads folders of cases (one YAML file each: published, expected, object) and prints the agreement."""

    help = "Agreement of the verdict engine with published verdicts, over folders of cases."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """DIR… and --json."""
        parser.add_argument("directories", nargs="+", metavar="DIR", help="a folder of cases, searched recursively")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError naming the folder, or the file and field, that is wrong."""
        del args
        try:
            cases = [case for name in options["directories"] for case in _cases(Path(name))]
        except CaseError as error:
            raise CommandError(str(error)) from error
        result = score(cases)
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), indent=2))
        else:
            report(result, self.stdout.write)


def _cases(directory: Path) -> Iterator[Case]:
    """Every case below a folder; its source is the first folder on the way down, else the folder's own name."""
    if not directory.is_dir():
        raise CommandError(f"{directory}: there is no such folder")
    files = sorted(path for path in directory.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file())
    if not files:
        raise CommandError(f"{directory}: holds no case (*.yaml)")
    for path in files:
        parts = path.relative_to(directory).parts
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
        yield parse_case(str(path), parts[0] if len(parts) > 1 else directory.resolve().name, content)
