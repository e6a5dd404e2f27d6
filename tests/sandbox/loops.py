"""A sandbox in this process with all its loops, fast, for tests of controllers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from dashboard.sandbox import bootstrap
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers import start

Obj = dict[str, Any]
T = TypeVar("T")

NAMESPACE = "shop"
PATIENCE = 15.0
"""Real seconds after which a condition is taken for never coming."""


class World:
    """The cluster under test: `client` acts as a person."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client = Client(api, "kubectl")
        self._written = asyncio.Event()
        api.after_write.append(lambda *_: self._written.set())

    def apply(self, obj: Obj) -> Obj:
        """Create an object in the namespace."""
        obj["metadata"].setdefault("namespace", NAMESPACE)
        return self.client.create(obj["kind"], obj)

    def get(self, kind: str, name: str) -> Obj:
        """The object; KeyError when it is not there."""
        found = self.client.get(kind, "" if kind in ("Node", "PersistentVolume") else NAMESPACE, name)
        if found is None:
            raise KeyError(f"{kind} {name}")
        return found

    def gone(self, kind: str, name: str) -> bool:
        """Whether there is no such object."""
        return self.client.get(kind, NAMESPACE, name) is None

    def pods(self, **labels: str) -> list[Obj]:
        """The namespace's Pods with these labels."""
        return self.client.list("Pod", NAMESPACE, labels)

    def names(self, **labels: str) -> list[str]:
        """Their names."""
        return [pod["metadata"]["name"] for pod in self.pods(**labels)]

    def patch(self, kind: str, name: str, body: Obj, subresource: str = "") -> Obj:
        """JSON merge patch by a person."""
        namespace = "" if kind == "Node" else NAMESPACE
        return self.client.patch(kind, namespace, name, body, subresource=subresource)

    def said(self, about: str, reason: str) -> list[str]:
        """Messages of the Events with that reason about the object of that name, in any namespace."""
        events = [e for e in self.client.list("Event") if e["involvedObject"]["name"] == about]
        return [e["message"] for e in events if e["reason"] == reason]

    async def until(self, check: Callable[[], T]) -> T:
        """Wait until `check()` is true (looked at after every write); its value. Fails after PATIENCE."""
        last: Any = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    self._written.clear()
                    with contextlib.suppress(KeyError):
                        last = check()
                    if last:
                        return last
                    await self._written.wait()
        raise AssertionError(f"never came true; last seen {last!r}")

    async def status(self, kind: str, name: str, **wanted: Any) -> Obj:
        """Wait until the object's status has these values (absent counts as 0 or ""); the object."""

        def check() -> Obj | None:
            obj = self.get(kind, name)
            found = obj.get("status") or {}
            return obj if all((found.get(key) or type(value)()) == value for key, value in wanted.items()) else None

        found = await self.until(check)
        assert found is not None
        return found


@contextlib.asynccontextmanager
async def world(speed: float = 20.0) -> AsyncIterator[World]:
    """A cluster with three nodes and the namespace `shop`, `speed` times as fast as a real one."""
    api = Api(Clock(speed))
    bootstrap.fill(api)
    tasks = start(api, api.clock)
    found = World(api)
    found.client.create("Namespace", {"metadata": {"name": NAMESPACE}})
    try:
        yield found
        died = [task for task in tasks if task.done()]
        assert not died, f"loops died: {died}"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        api.store.close()


def template(app: str, image: str = "nginx:1.18.0-alpine", **spec: Any) -> Obj:
    """A Pod template with one container."""
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "main", "image": image}], **spec}}


def workload(kind: str, name: str, image: str = "nginx:1.18.0-alpine", **spec: Any) -> Obj:
    """A StatefulSet, DaemonSet, Deployment…, whose Pods have the label app=name."""
    base = {"selector": {"matchLabels": {"app": name}}, "template": template(name, image)}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": base | spec}


def pod(name: str, *, phase: str = "Running", ready: bool = True, leaving: bool = False, **labels: str) -> Obj:
    """A Pod as a controller sees it."""
    meta: Obj = {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", "labels": labels}
    meta["creationTimestamp"] = "2026-01-01T00:00:00Z"
    if leaving:
        meta["deletionTimestamp"] = "2026-01-01T00:00:30Z"
    said = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    spec = {"containers": [{"name": "main", "image": "nginx"}]}
    return {"metadata": meta, "spec": spec, "status": {"phase": phase, "conditions": [said]}}
