"""The ResourceQuota loop: what a namespace has used of what it may use.

Imitates `pkg/controller/resourcequota` of kube-controller-manager 1.36. What an object costs, and the refusal at
admission, are in `dashboard/sandbox/quota.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.sandbox.controllers.children import write_status
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, key_of
from dashboard.sandbox.quota import kinds_of, shown, used
from dashboard.sandbox.registry import Resource

SOON = 0.02
"""Seconds for which changes are gathered: creating a hundred Pods is one look, not a hundred."""

RESYNC = 300.0


class ResourceQuotaController(Controller):
    """One sync per changed quota, and soon after an object that it counts comes or goes."""

    name = "resourcequota-controller"
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("ResourceQuota", self._quota_changed)
        self.client.api.after_write.append(self._written)

    def _quota_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _written(self, resource: Resource, change: str, obj: dict[str, Any]) -> None:
        """Anything may be counted: quotas of the namespace that count this kind look again."""
        namespace = obj["metadata"].get("namespace")
        if not namespace or resource.kind in ("Event", "ResourceQuota") or not _has_loop():
            return
        for quota in self.informers.list("ResourceQuota", namespace):
            if resource.storage in kinds_of(quota["spec"].get("hard") or {}):
                self.queue.add_after(key_of(quota), SOON)

    async def sync(self, key: Key) -> None:
        """Count and publish."""
        quota = self.informers.get("ResourceQuota", *key)
        if quota is None:
            return
        store = self.client.api.store

        def objects(storage: str) -> list[Obj]:
            return [obj for (namespace, _), obj in store.objects(storage).items() if namespace == key[0]]

        hard = dict(quota["spec"].get("hard") or {})
        status: Obj = {"hard": hard, "used": shown(used(quota, objects))} if hard else {}
        write_status(self.client, "ResourceQuota", quota, status)
        await self.settle()
        self.queue.add_after(key, RESYNC)


def _has_loop() -> bool:
    """Whether an event loop runs: seeding a sandbox before it is served writes without one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
