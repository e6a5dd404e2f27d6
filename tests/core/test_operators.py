"""General reading of what operators write: a table of statuses, none of which has a rule of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.core.subject import Subject
from dashboard.core.verdict import judge

SHORT = re.compile(
    r"(?P<type>[^=]+)=(?P<status>\w*)(?:/(?P<reason>[^:\[]*))?(?:\[(?P<severity>\w+)\])?(?:: (?P<message>.*))?"
)
TABLE: list[dict[str, Any]] = [
    row
    for name in ("operators.yaml", "operators_more.yaml")
    for row in yaml.load((Path(__file__).parent / name).read_text("utf-8"), Loader=yaml.CSafeLoader)
]


def _name(row: dict[str, Any]) -> str:
    return f"{row['kind'].rpartition('/')[2]}-{row['verdict']}"


def _expanded(value: Any, in_conditions: bool = False) -> Any:
    """Conditions written short, as `Ready=False/Creating: still at it`, in full."""
    if isinstance(value, dict):
        return {name: _expanded(inner, name == "conditions") for name, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, in_conditions) for inner in value]
    if in_conditions and isinstance(value, str):
        match = SHORT.fullmatch(value)
        assert match is not None, value
        return {name: part for name, part in match.groupdict().items() if part is not None}
    return value


@pytest.mark.parametrize("row", TABLE, ids=_name)
def test_operator(row: dict[str, Any]) -> None:
    group, _, kind = row["kind"].partition("/")
    obj = {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {
            "name": "x",
            "generation": row.get("generation", 1),
            "annotations": row.get("annotations", {}),
        },
        "spec": row.get("spec", {"size": 1}),
        **({"status": _expanded(row["status"])} if "status" in row else {}),
    }
    assert judge(Subject(obj, 1.8e9)).verdict.value == row["verdict"]
