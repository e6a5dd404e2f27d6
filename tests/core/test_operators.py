"""General reading of what operators write: a table of statuses, none of which has a rule of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.core.subject import Subject
from dashboard.core.verdict import judge

TABLE: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "operators.yaml").read_text("utf-8"))


def _name(row: dict[str, Any]) -> str:
    return f"{row['kind'].rpartition('/')[2]}-{row['verdict']}"


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
        "status": row["status"],
    }
    assert judge(Subject(obj, 1.8e9)).verdict.value == row["verdict"]
