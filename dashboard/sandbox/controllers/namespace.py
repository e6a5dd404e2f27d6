"""Namespaces: how one is emptied before it goes.

Source: `pkg/controller/namespace/deletion`, Kubernetes 1.36. Nothing happens for
the first five seconds, then Pods go, then everything else, then, when nothing is left, the namespace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, condition, is_deleting, key_of, uid_of
from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.registry import Resource

GRACE = 5.0
FINALIZER = "kubernetes"


class NamespaceController(Controller):
    """One sync per changed namespace."""

    name = "namespace-controller"
    workers = 2

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("Namespace", self._changed)

    def _changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and is_deleting(new):
            self.queue.add_after(key_of(new), GRACE)

    async def sync(self, key: Key) -> None:
        """Empty a namespace that is being deleted, as far as it goes; come back until it is empty."""
        namespace = self.client.get("Namespace", *key)
        if namespace is None or not is_deleting(namespace):
            return
        name = key[1]
        if FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return
        pods = self._delete(self._kinds("Pod"), name)
        left = [] if pods else self._delete(self._kinds(""), name)
        self._publish(namespace, left)
        if not pods and not left:
            self._finalize(namespace)
            return
        self.queue.add_after(key, GRACE)

    def _kinds(self, only: str) -> Iterator[Resource]:
        stored: set[str] = set()
        for resource in self.client.api.registry:
            if not resource.namespaced or "delete" not in resource.verbs or resource.storage in stored:
                continue
            if not only or resource.kind == only:
                stored.add(resource.storage)
                yield resource

    def _delete(self, kinds: Iterator[Resource], namespace: str) -> list[tuple[Resource, Obj]]:
        """Delete all objects of these kinds; returns those that are still there afterwards."""
        left = []
        for resource in tuple(kinds):
            for obj in self.client.api.objects(resource, namespace):
                if not is_deleting(obj):
                    self.client.delete(resource.kind, namespace, obj["metadata"]["name"], uid=uid_of(obj))
                remaining = self.client.get(resource.kind, namespace, obj["metadata"]["name"])
                if remaining is not None:
                    left.append((resource, remaining))
        return left

    def _publish(self, namespace: Obj, left: list[tuple[Resource, Obj]]) -> None:
        stamp = self.clock.stamp()
        conditions = [_since(namespace, entry, stamp) for entry in _conditions(left)]
        body = {"status": {"conditions": conditions}}
        self.client.patch("Namespace", "", namespace["metadata"]["name"], body, subresource="status")

    def _finalize(self, namespace: Obj) -> None:
        rest = [entry for entry in namespace["spec"]["finalizers"] if entry != FINALIZER]
        body = {"metadata": {"uid": uid_of(namespace)}, "spec": {"finalizers": rest or None}}
        try:
            self.client.patch("Namespace", "", namespace["metadata"]["name"], body, subresource="finalize")
        except ApiFailure as failure:
            if failure.code != 404:
                raise


def _conditions(left: list[tuple[Resource, Obj]]) -> list[Obj]:
    def entry(kind: str, *, true: bool, reason: str, message: str) -> Obj:
        return {"type": kind, "status": "True" if true else "False", "reason": reason, "message": message}

    counts = Counter(resource.qualified + "." for resource, _ in left)
    held = Counter(finalizer for _, obj in left for finalizer in obj["metadata"].get("finalizers") or ())
    resources = ", ".join(f"{name} has {number} resource instances" for name, number in sorted(counts.items()))
    finalizers = ", ".join(f"{name} in {number} resource instances" for name, number in sorted(held.items()))
    well = "All content successfully deleted, may be waiting on finalization"
    remaining = (
        entry(
            "NamespaceContentRemaining",
            true=True,
            reason="SomeResourcesRemain",
            message=f"Some resources are remaining: {resources}",
        )
        if left
        else entry(
            "NamespaceContentRemaining",
            true=False,
            reason="ContentRemoved",
            message="All content successfully removed",
        )
    )
    waiting = (
        entry(
            "NamespaceFinalizersRemaining",
            true=True,
            reason="SomeFinalizersRemain",
            message=f"Some content in the namespace has finalizers remaining: {finalizers}",
        )
        if held
        else entry(
            "NamespaceFinalizersRemaining",
            true=False,
            reason="ContentHasNoFinalizers",
            message="All content-preserving finalizers finished",
        )
    )
    return [
        entry(
            "NamespaceDeletionDiscoveryFailure",
            true=False,
            reason="ResourcesDiscovered",
            message="All resources successfully discovered",
        ),
        entry(
            "NamespaceDeletionGroupVersionParsingFailure",
            true=False,
            reason="ParsedGroupVersions",
            message="All legacy kube types successfully parsed",
        ),
        entry("NamespaceDeletionContentFailure", true=False, reason="ContentDeleted", message=well),
        remaining,
        waiting,
    ]


def _since(namespace: Obj, entry: Obj, stamp: str) -> Obj:
    before = condition(namespace.get("status") or {}, entry["type"])
    same = before is not None and before["status"] == entry["status"]
    at = before["lastTransitionTime"] if same and before is not None else stamp
    return {"type": entry["type"], "status": entry["status"], "lastTransitionTime": at} | entry
