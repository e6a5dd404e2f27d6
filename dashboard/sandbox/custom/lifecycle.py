"""What happens when a CRD is written or deleted: names accepted, types served, instances cleaned up."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from dashboard.sandbox import managed
from dashboard.sandbox.custom.definition import key, resources
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.registry import Resource

if TYPE_CHECKING:
    from dashboard.sandbox.api import Api

Obj = dict[str, Any]

STORAGE = "customresourcedefinitions.apiextensions.k8s.io"
FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
MANAGER = "kube-apiserver"


class Definitions:
    """Keeps the registry in step with the CRDs of an Api."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._served: dict[str, Obj] = {}
        """CRD name → its spec as it is served."""

    def changed(self, resource: Resource, kind: str, obj: Obj) -> None:
        """Listener for the Api's writes."""
        if resource.storage == STORAGE:
            if kind == "DELETED":
                self._gone(obj)
            elif not obj["metadata"].get("deletionTimestamp"):
                self._written(resource, obj)
        elif kind == "DELETED" and resource.custom is not None:
            self._finish(f"{resource.plural}.{resource.group}")

    def resume(self) -> None:
        """Serve again what was served before a restart, and go on with what was being written or deleted."""
        resource = self.api.registry.kind("CustomResourceDefinition")
        for crd in list(self.api.store.objects(STORAGE).values()):
            established = any(
                each["type"] == "Established" and each["status"] == "True"
                for each in crd["status"].get("conditions") or ()
            )
            if not established:
                self.changed(resource, "ADDED", crd)
                continue
            self._served[crd["metadata"]["name"]] = copy.deepcopy(crd["spec"])
            for served in resources(crd):
                self.api.registry.add(served)
            if crd["metadata"].get("deletionTimestamp"):
                self._delete_instances(crd)
                self._finish(crd["metadata"]["name"])

    def _written(self, resource: Resource, crd: Obj) -> None:
        name, spec = crd["metadata"]["name"], crd["spec"]
        if self._served.get(name) == spec:
            return
        first = name not in self._served
        clash = self._clash(crd)
        if clash:
            self._refuse(resource, crd, *clash)
            return
        self._served[name] = copy.deepcopy(spec)
        self.api.registry.remove(spec["group"], spec["names"]["plural"])
        for served in resources(crd):
            self.api.registry.add(served)
        accepted = _condition("NamesAccepted", "True", "NoConflicts", "no conflicts found")
        text = "the initial names have been accepted"
        if first:
            self._conditions(resource, crd, [accepted, _condition("Established", "False", "Installing", text)])
        self._conditions(resource, crd, [accepted, _condition("Established", "True", "InitialNamesAccepted", text)])

    def _refuse(self, resource: Resource, crd: Obj, reason: str, text: str) -> None:
        """Say, once, that the names are taken: the CRD stays and serves nothing."""
        refused = _condition("NamesAccepted", "False", reason, text)
        known = {c["type"]: c for c in crd["status"].get("conditions") or ()}
        if known.get("NamesAccepted", {}).get("message") != text:
            waiting = _condition("Established", "False", "NotAccepted", "not all names are accepted")
            self._conditions(resource, crd, [refused, waiting])

    def _clash(self, crd: Obj) -> tuple[str, str] | None:
        """Reason and message when somebody else has the plural or the kind."""
        names, group = crd["spec"]["names"], crd["spec"]["group"]
        for other in self.api.registry:
            if other.group != group:
                continue
            if other.plural == names["plural"]:
                # The other versions of its own, unless the group is one of the server's.
                if other.custom is None:
                    return "PluralConflict", f'"{names["plural"]}" is already in use'
            elif other.kind == names["kind"]:
                return "KindConflict", f'"{names["kind"]}" is already in use'
        return None

    def _conditions(self, resource: Resource, crd: Obj, conditions: list[Obj]) -> None:
        name = crd["metadata"]["name"]
        stamp = self.api.clock.stamp()

        def write(obj: Obj) -> None:
            had = {c["type"]: c for c in obj["status"].get("conditions") or ()}
            for condition in conditions:
                was = had.get(condition["type"], {})
                same = was.get("status") == condition["status"]
                when = was.get("lastTransitionTime", stamp) if same else stamp
                had[condition["type"]] = _timed(condition, when)
            accepted = {k: v for k, v in crd["spec"]["names"].items() if v}
            obj["status"] = {**obj["status"], "conditions": list(had.values()), "acceptedNames": accepted}

        self._rewrite(resource, name, write)

    def _rewrite(self, resource: Resource, name: str, change: Any) -> None:
        live = self.api.store.objects(STORAGE)["", name]

        def own(obj: Obj) -> None:
            change(obj)
            write = Write(manager=MANAGER)
            managed.updated(resource, live, obj, write, subresource="status", clock=self.api.clock)

        self.api.rewrite(resource, ("", name), own)

    # Deleting

    def delete(self, resource: Resource, crd: Obj, write: Write) -> Obj:
        """Delete a CRD and its objects; returns the CRD as it was marked for deletion."""
        name = crd["metadata"]["name"]
        if write.dry_run or crd["metadata"].get("deletionTimestamp"):
            return crd
        stamp = self.api.clock.stamp()

        def mark(obj: Obj) -> None:
            meta = obj["metadata"]
            meta["deletionTimestamp"] = stamp
            meta["finalizers"] = [*(meta.get("finalizers") or ()), FINALIZER]
            _terminating(obj, stamp, "InstanceDeletionPending", MARKED)

        def begin(obj: Obj) -> None:
            _terminating(obj, stamp, "InstanceDeletionInProgress", "CustomResource deletion is in progress")

        self.api.rewrite(resource, ("", name), mark)
        marked = self.api.store.objects(STORAGE)["", name]
        self._rewrite(resource, name, begin)
        self._delete_instances(crd)
        self._finish(name)
        return marked

    def _delete_instances(self, crd: Obj) -> None:
        served = resources(crd)
        for meta in [obj["metadata"] for obj in self.api.store.objects(key(crd)).values()] if served else []:
            options, write = Delete(), Write(manager=MANAGER)
            self.api.delete(served[0], meta.get("namespace", ""), meta["name"], options, write)

    def _finish(self, name: str) -> None:
        crd = self.api.store.get(STORAGE, ("", name))
        if crd is None or not crd["metadata"].get("deletionTimestamp") or self.api.store.objects(key(crd)):
            return
        resource = self.api.registry.kind("CustomResourceDefinition")
        others = [f for f in crd["metadata"].get("finalizers") or () if f != FINALIZER]
        if not others:
            self.api.remove(resource, ("", name))

    def _gone(self, crd: Obj) -> None:
        self._served.pop(crd["metadata"]["name"], None)
        self.api.registry.remove(crd["spec"]["group"], crd["spec"]["names"]["plural"])
        self.api.store.drop(key(crd))


MARKED = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"


def _condition(kind: str, status: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _timed(condition: Obj, when: str) -> Obj:
    head = {"type": condition["type"], "status": condition["status"], "lastTransitionTime": when}
    return {**head, "reason": condition["reason"], "message": condition["message"]}


def _terminating(obj: Obj, stamp: str, reason: str, message: str) -> None:
    kept = [c for c in obj["status"].get("conditions") or () if c["type"] != "Terminating"]
    ending = _timed(_condition("Terminating", "True", reason, message), stamp)
    obj["status"] = {**obj["status"], "conditions": [*kept, ending]}
