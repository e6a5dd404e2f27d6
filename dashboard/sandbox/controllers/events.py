"""Events, as client-go's recorders write them.

Repeats of an Event raise its `count`; the tenth alike within ten minutes (same object, type and
reason, different messages) and all after it are combined into one. Limits and texts:
`client-go/tools/record/events_cache.go`.
The scheduler uses the newer API, which has no counts but an `eventTime`, and a `series` on repeats.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.meta import Obj
from dashboard.sandbox.failures import ApiFailure

COMBINE_AFTER = 10
COMBINE_WINDOW = 600.0
CACHE = 4096


@dataclass(slots=True)
class _Alike:
    """Messages of one object, type and reason within the window."""

    messages: set[str]
    last: float


class Recorder:
    """Writes Events about objects. A refusal (the namespace is going away) drops the Event, as upstream does."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._written: OrderedDict[tuple[str, ...], tuple[str, str, int]] = OrderedDict()
        self._alike: OrderedDict[tuple[str, ...], _Alike] = OrderedDict()
        self._serial = 0

    def event(
        self,
        component: str,
        obj: Mapping[str, Any],
        kind: str,
        reason: str,
        message: str,
        *,
        host: str = "",
        path: str = "",
    ) -> None:
        """Record an Event of `kind` Normal or Warning about `obj`; `path` names a container's field, `host` a node."""
        group = (component, host, str(obj["metadata"].get("uid", "")), path, kind, reason)
        key: tuple[str, ...] = (*group, message)
        combined = self._combine(group, message)
        if combined:
            message, key = f"(combined from similar events): {message}", group
        known = self._written.get(key)
        if known is not None and self._again(key, known, message):
            return
        now = self._clock.stamp()
        event = self._base(obj, kind, reason, message, path)
        event |= {
            "source": {"component": component} | ({"host": host} if host else {}),
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            # The aggregator makes a new Event and leaves these two out.
            "reportingComponent": "" if combined else component,
            "reportingInstance": "" if combined else host,
        }
        self._create(key, event)

    def scheduling(self, obj: Mapping[str, Any], kind: str, reason: str, action: str, message: str) -> None:
        """Record an Event the way kube-scheduler does: through events.k8s.io, with a time and no count."""
        key = ("default-scheduler", str(obj["metadata"].get("uid", "")), kind, reason, message)
        known = self._written.get(key)
        now = self._clock.micro_stamp()
        if known is not None and self._series(key, known, now):
            return
        event = self._base(obj, kind, reason, message, "")
        event |= {
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": now,
            "action": action,
            "reportingComponent": "default-scheduler",
            "reportingInstance": "default-scheduler-sandbox",
        }
        self._create(key, event)

    def _combine(self, group: tuple[str, ...], message: str) -> bool:
        now = self._clock.now()
        alike = self._alike.get(group)
        if alike is None or now - alike.last > COMBINE_WINDOW:
            alike = self._alike[group] = _Alike(set(), now)
        alike.last = now
        self._alike.move_to_end(group)
        if len(self._alike) > CACHE:
            self._alike.popitem(last=False)
        alike.messages.add(message)
        return len(alike.messages) >= COMBINE_AFTER

    def _base(self, obj: Mapping[str, Any], kind: str, reason: str, message: str, path: str) -> Obj:
        meta = obj["metadata"]
        namespace = meta.get("namespace") or "default"
        involved: Obj = {"kind": obj["kind"]}
        if meta.get("namespace"):
            involved["namespace"] = meta["namespace"]
        involved |= {
            "name": meta["name"],
            "uid": meta.get("uid", ""),
            "apiVersion": obj["apiVersion"],
            "resourceVersion": meta.get("resourceVersion", ""),
        }
        if path:
            involved["fieldPath"] = path
        self._serial += 1
        name = f"{meta['name']}.{int(self._clock.now() * 1e9) + self._serial:x}"
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved,
            "type": kind,
            "reason": reason,
            "message": message,
        }

    def _create(self, key: tuple[str, ...], event: Obj) -> None:
        try:
            made = self._client.create("Event", event)
        except ApiFailure:
            # client-go's broadcaster does the same: an Event that the server rejects is not tried again.
            return
        self._written[key] = (made["metadata"]["namespace"], made["metadata"]["name"], 1)
        if len(self._written) > CACHE:
            self._written.popitem(last=False)

    def _again(self, key: tuple[str, ...], known: tuple[str, str, int], message: str) -> bool:
        change: Obj = {"count": known[2] + 1, "lastTimestamp": self._clock.stamp(), "message": message}
        return self._patch(key, known, change)

    def _series(self, key: tuple[str, ...], known: tuple[str, str, int], now: str) -> bool:
        change: Obj = {"series": {"count": known[2] + 1, "lastObservedTime": now}}
        return self._patch(key, known, change)

    def _patch(self, key: tuple[str, ...], known: tuple[str, str, int], change: Obj) -> bool:
        """Whether the Event was still there to be changed (they live for an hour)."""
        namespace, name, count = known
        try:
            self._client.patch("Event", namespace, name, change)
        except ApiFailure:
            del self._written[key]
            return False
        self._written[key] = (namespace, name, count + 1)
        self._written.move_to_end(key)
        return True
