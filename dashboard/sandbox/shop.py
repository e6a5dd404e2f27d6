"""The shop: a small believable cluster of workloads, some of them broken, for a first look.

What there is stands in `shop/*.yaml`, in the order of the files' names; what happens to it once it runs in
`shop/afterwards.yaml`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml

from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.meta import is_true

FOLDER = Path(__file__).with_name("shop")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Obj = dict[str, Any]


def manifests() -> list[Obj]:
    """Everything that is there from the start."""
    files = sorted(FOLDER.glob("[0-9]*.yaml"))
    return [obj for path in files for obj in yaml.safe_load_all(path.read_text(encoding="utf-8")) if obj]


def afterwards() -> list[Obj]:
    """What is done to it then: kind, namespace, name, patch (a JSON merge patch)."""
    changes: list[Obj] = yaml.safe_load((FOLDER / "afterwards.yaml").read_text(encoding="utf-8"))
    return changes


def stock(api: Api) -> asyncio.Task[None]:
    """Create the shop as `kubectl apply` would, and set going what happens to it afterwards."""
    client = Client(api, "kubectl-client-side-apply")
    for obj in manifests():
        applied = json.dumps(obj, separators=(",", ":"), sort_keys=True) + "\n"
        obj["metadata"].setdefault("annotations", {})[LAST_APPLIED] = applied
        client.create(obj["kind"], obj)
    task = asyncio.get_running_loop().create_task(_go_on(Client(api, "kubectl-edit")))
    # The loop keeps only weak references to tasks.
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


_running: set[asyncio.Task[None]] = set()


async def _go_on(client: Client) -> None:
    """Make each change as soon as its object is available; ends when all are made."""
    due = {(one["kind"], one["namespace"], one["name"]): one["patch"] for one in afterwards()}
    async for kind, change, obj in client.watch(*sorted({kind for kind, _, _ in due})):
        key = (kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if change != "DELETED" and key in due and is_true(obj, "Available"):
            client.patch(*key, due.pop(key))
        if not due:
            return
