"""A process that writes to a sandbox with a state file, says what was acknowledged, and is killed meanwhile."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.state import State


def opened(path: Path) -> tuple[Api, State]:
    """The cluster in that file, as `python -m dashboard.sandbox --state` has it, without controllers."""
    api, state = Api(Clock()), State(path)
    bootstrap.fill(api, again=state.open(api.store))
    state.begin(api.store)
    return api, state


def write_until_killed(path: Path, acknowledged: Connection) -> None:
    """Count up in one ConfigMap, and create and remove another: each step is told once it has been answered."""
    api, _ = opened(path)
    client = Client(api, "tests")
    counter = client.get("ConfigMap", "default", "counter")
    if counter is None:
        counter = client.create(
            "ConfigMap", {"metadata": {"name": "counter", "namespace": "default"}, "data": {"n": "0"}}
        )
    number = int(counter["data"]["n"])
    while True:
        number += 1
        client.patch("ConfigMap", "default", "counter", {"data": {"n": str(number)}})
        acknowledged.send((number, api.store.revision))
        if client.get("ConfigMap", "default", "flicker") is None:
            client.create("ConfigMap", {"metadata": {"name": "flicker", "namespace": "default"}})
        else:
            client.delete("ConfigMap", "default", "flicker")
