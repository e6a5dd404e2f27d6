"""`up` is killed in the middle of an episode and started again: it is one episode, and it ends."""

from __future__ import annotations

import json
import signal
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.processes import Process, eventually, manage

READY_FOR = 25
"""Seconds that its Pod must have been ready before the Deployment counts it: longer than a restart takes."""

SLOW = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "slow"},
    "spec": {
        "replicas": 1,
        "minReadySeconds": READY_FOR,
        "selector": {"matchLabels": {"app": "slow"}},
        "template": {
            "metadata": {"labels": {"app": "slow"}},
            "spec": {"containers": [{"name": "main", "image": "nginx:1"}]},
        },
    },
}


def ask(file: Path, text: str) -> list[tuple[Any, ...]]:
    """Nothing while the tables are not there."""
    with closing(sqlite3.connect(file, timeout=10)) as connection:
        try:
            return connection.execute(text).fetchall()
        except sqlite3.OperationalError:
            return []


def serving(process: Process) -> None:
    process.find(r"ReconcilerViz\s+(http://\S+)")


def test_a_restart_in_the_middle_of_an_episode_goes_on_with_it(tmp_path: Path) -> None:
    config, file = tmp_path / "config", tmp_path / "data" / "history.sqlite3"
    kept = {"RECONCILERVIZ_DATA": str(tmp_path / "data"), "RECONCILERVIZ_REDIS_URL": ""}
    slow = "FROM history_episode WHERE object = 'apps/Deployment/default/slow'"
    with manage("sandbox", "--empty", "--kubeconfig", str(config)) as sandbox:
        path = sandbox.find(r"sandbox\s+(http://\S+)") + "/apis/apps/v1/namespaces/default/deployments"
        with manage("up", "--kubeconfig", str(config), **kept) as first:
            serving(first)
            made = urllib.request.Request(path, json.dumps(SLOW).encode(), {"Content-Type": "application/json"})
            urllib.request.urlopen(made).close()
            eventually(lambda: ask(file, f"SELECT key {slow} AND ended = ''"), "it is kept, and open")
            eventually(lambda: ask(file, "SELECT 1 FROM history_run WHERE missing = 0 AND told > 0"), "all is written")
            ((key, opened),) = ask(file, f"SELECT key, opened {slow}")
            first.child.send_signal(signal.SIGKILL)
            first.child.wait()
        assert list((tmp_path / "data" / "told").glob("*/*.told")), "the count of the killed one is left"
        with manage("up", "--kubeconfig", str(config), **kept) as second:
            serving(second)
            eventually(lambda: ask(file, f"SELECT key {slow} AND ended = 'converged'"), "it has ended")
            assert second.stop() == 0
        ((found, began, took),) = ask(file, f"SELECT key, opened, took {slow}")
        assert (found, began) == (key, opened)
        assert took >= READY_FOR - 1
        assert ask(file, "SELECT sum(ended), sum(missing), count(*) FROM history_run") == [(2, 0, 2)]
        assert not list((tmp_path / "data" / "told").glob("*/*.told"))
