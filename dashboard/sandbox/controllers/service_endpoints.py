"""The EndpointSlice loop: which Pods stand behind a Service, and which of them are ready.

Imitates `pkg/controller/endpointslice` of kube-controller-manager 1.36, and leaves out topology hints and dual stack.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.sandbox.controllers.loop import MOST_RETRIES, Context, Controller
from dashboard.sandbox.controllers.meta import (
    Key,
    Obj,
    condition,
    controlled_by,
    is_deleting,
    is_finished,
    is_ready,
    key_of,
    labels_of,
    owner_reference,
    seconds,
    uid_of,
)
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "endpoint-slice-controller"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
SERVICE = "kubernetes.io/service-name"
HEADLESS = "service.kubernetes.io/headless"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
MOST = 100
"""Endpoints in one slice."""


def endpoint(service: Mapping[str, Any], pod: Mapping[str, Any]) -> Obj:
    """One Pod as an endpoint of the Service."""
    serving, leaving = is_ready(pod), is_deleting(pod)
    published = bool(service["spec"].get("publishNotReadyAddresses"))
    out: Obj = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": published or (serving and not leaving), "serving": serving, "terminating": leaving},
    }
    spec, meta = pod["spec"], pod["metadata"]
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        out["hostname"] = spec["hostname"]
    if spec.get("nodeName"):
        out["nodeName"] = spec["nodeName"]
    target = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": uid_of(pod)}
    return out | {"targetRef": target}


def has_place(pod: Mapping[str, Any]) -> bool:
    """Whether a Pod can be an endpoint: it has an address and has not ended."""
    return bool((pod.get("status") or {}).get("podIP")) and not is_finished(pod)


def selected(service: Mapping[str, Any], pods: Iterable[Obj]) -> list[Obj]:
    """The Pods that the Service selects, by name."""
    wanted = service["spec"].get("selector") or {}
    chosen = [p for p in pods if wanted and all(labels_of(p).get(key) == value for key, value in wanted.items())]
    return sorted(chosen, key=lambda pod: pod["metadata"]["name"])


def ports(service: Mapping[str, Any], pods: Iterable[Obj]) -> list[Obj]:
    """The Service's ports as its Pods have them; a named port is looked up in the first Pod that has it."""
    candidates = list(pods)
    out = []
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named(target, candidates)
        if number is None:
            continue
        entry = {"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")}
        out.append(entry | ({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {}))
    return out


def _named(name: str, pods: Iterable[Obj]) -> int | None:
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for port in container.get("ports") or ():
                if port.get("name") == name:
                    return int(port["containerPort"])
    return None


def labels(service: Mapping[str, Any]) -> dict[str, str]:
    """A slice's labels: the Service's own and who manages it for whom."""
    out = labels_of(service) | {MANAGED_BY: MANAGER, SERVICE: service["metadata"]["name"]}
    return out | ({HEADLESS: ""} if service["spec"].get("clusterIP") == "None" else {})


def arrange(wanted: Iterable[Obj], slices: Iterable[Obj]) -> tuple[dict[str, list[Obj]], list[list[Obj]]]:
    """(endpoints of each existing slice by its name, endpoints of new slices): who has a place keeps it."""
    left = {entry["targetRef"]["uid"]: entry for entry in wanted}
    kept: dict[str, list[Obj]] = {}
    for one in slices:
        uids = [(entry.get("targetRef") or {}).get("uid") for entry in one.get("endpoints") or ()]
        kept[one["metadata"]["name"]] = [left.pop(uid) for uid in uids if uid in left]
    rest = list(left.values())
    for entries in kept.values():
        room = MOST - len(entries)
        entries.extend(rest[:room])
        rest = rest[room:]
    fresh = [rest[start : start + MOST] for start in range(0, len(rest), MOST)]
    return kept, fresh if fresh or kept else [[]]


class Triggers:
    """Which change made a slice change: the earliest new Ready transition (endpoint TriggerTimeTracker)."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, float]] = {}

    def changed(self, service: Mapping[str, Any], pods: Iterable[Obj]) -> float | None:
        """Unix seconds of the earliest change not seen before; None when only time or disappearance explains it."""
        before = self._known.get(uid_of(service))
        now = {pod["metadata"]["name"]: self._at(pod) for pod in pods}
        self._known[uid_of(service)] = now
        if before is None:
            return seconds(service["metadata"]["creationTimestamp"])
        return min((at for name, at in now.items() if at > before.get(name, 0.0)), default=None)

    def forget(self, service: Mapping[str, Any]) -> None:
        """The Service has gone."""
        self._known.pop(uid_of(service), None)

    @staticmethod
    def _at(pod: Mapping[str, Any]) -> float:
        ready = condition(pod.get("status") or {}, "Ready")
        return seconds((ready or {}).get("lastTransitionTime") or pod["metadata"].get("creationTimestamp"))


class EndpointSliceController(Controller):
    """One sync per changed Service, or per change of a Pod that it selects."""

    name = COMPONENT
    retries = MOST_RETRIES

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._triggers = Triggers()
        self.informers.on("Service", self._service_changed)
        self.informers.on("Pod", self._pod_changed)
        self.informers.on("EndpointSlice", self._slice_changed)

    def _service_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))
        elif old is not None:
            self._triggers.forget(old)

    def _slice_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None and old is not None and SERVICE in labels_of(old):
            self.queue.add((key_of(old)[0], labels_of(old)[SERVICE]))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is not None and new is not None and _view(old) == _view(new):
            return
        changed = [pod for pod in (old, new) if pod is not None]
        for service in self.informers.list("Service", key_of(changed[0])[0]):
            if selected(service, changed):
                self.queue.add(key_of(service))

    async def sync(self, key: Key) -> None:
        """Make the slices of one Service say what its Pods are."""
        service = self.informers.get("Service", *key)
        if service is None or not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return
        if is_deleting(service):
            return
        pods = selected(service, self.informers.list("Pod", key[0]))
        shown = [pod for pod in pods if has_place(pod)]
        listed = self.client.list("EndpointSlice", key[0], {MANAGED_BY: MANAGER, SERVICE: key[1]})
        slices = [one for one in listed if controlled_by(one, service)]
        kept, fresh = arrange((endpoint(service, pod) for pod in shown), slices)
        trigger = self._triggers.changed(service, pods)
        common = {"labels": labels(service), "ports": ports(service, shown) or None}
        for one in slices:
            await self._write(one, kept[one["metadata"]["name"]], common, trigger, keep=len(kept) == 1)
        for entries in fresh:
            self.client.create("EndpointSlice", self._new(service, entries, common, trigger))
            await self.settle()

    def _new(self, service: Obj, entries: list[Obj], common: Obj, trigger: float | None) -> Obj:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        meta: Obj = {"generateName": f"{name}-", "namespace": namespace, "labels": common["labels"]}
        meta["ownerReferences"] = [owner_reference(service)]
        if trigger is not None:
            meta["annotations"] = {TRIGGER: self.clock.stamp(trigger)}
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": meta,
            "addressType": "IPv4",
            "endpoints": entries or None,
            "ports": common["ports"] if entries else None,
        }

    async def _write(self, one: Obj, entries: list[Obj], common: Obj, trigger: float | None, *, keep: bool) -> None:
        if not entries and not keep:
            self._delete(one)
            return
        wanted_ports = common["ports"] if entries else None
        before = (one.get("endpoints") or [], one.get("ports") or None, labels_of(one))
        if before == (entries, wanted_ports, common["labels"]):
            return
        changed = copy.deepcopy(one)
        changed |= {"endpoints": entries or None, "ports": wanted_ports}
        changed["metadata"]["labels"] = common["labels"]
        notes = changed["metadata"].setdefault("annotations", {})
        notes.pop(TRIGGER, None)
        if trigger is not None:
            notes[TRIGGER] = self.clock.stamp(trigger)
        self.client.update("EndpointSlice", changed)
        await self.settle()

    def _delete(self, one: Obj) -> None:
        try:
            self.client.delete("EndpointSlice", *key_of(one))
        except ApiFailure as failure:
            if failure.code != 404:
                raise


def _view(pod: Obj) -> object:
    """What of a Pod decides how it is shown."""
    status = pod.get("status") or {}
    return labels_of(pod), is_deleting(pod), status.get("phase"), status.get("podIP"), condition(status, "Ready")
