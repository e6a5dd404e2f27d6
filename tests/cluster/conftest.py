from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.plugin import Plugin


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)
