"""`bench sandbox`, with a small cluster: it counts what it made, and each number is one."""

from __future__ import annotations

from dashboard.management.benchmarks.sandbox import EACH, sandbox


def test_a_small_sandbox_is_measured() -> None:
    found = sandbox(deployments=6, gone=2)
    assert found["objects"] == 6 * (EACH + 1)
    assert found["ok"] is (found["ratio"] <= found["bound"])
    for name in ("list_seconds", "events_per_second_one_watcher", "events_per_second_fifty_watchers", "resident_mb"):
        assert found[name] > 0, name
    # Fifty watchers together get more events than one does.
    assert found["events_per_second_fifty_watchers"] > found["events_per_second_one_watcher"]
