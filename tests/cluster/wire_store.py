"""What the small API server holds: objects, their versions, and the history that watches are told from."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from typing import Any

from dashboard.core.objects import ResourceType

PODS = ResourceType("", "v1", "Pod", "pods", True)
NODES = ResourceType("", "v1", "Node", "nodes", False)
NAMESPACES = ResourceType("", "v1", "Namespace", "namespaces", False)
SECRETS = ResourceType("", "v1", "Secret", "secrets", True)
DEPLOYMENTS = ResourceType("apps", "v1", "Deployment", "deployments", True)
CRDS = ResourceType("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
KINDS = (PODS, NODES, NAMESPACES, SECRETS, DEPLOYMENTS, CRDS)


class Store:
    """The truth. Whoever has watches open is `told` each change."""

    def __init__(self) -> None:
        self.version = 100
        self.oldest = 0
        self.objects: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
        self.events: list[tuple[int, str, str, dict[str, Any]]] = []
        self.namespace_uid = "11111111-life"
        self.put(NAMESPACES, "kube-system")

    def told(self, resource: ResourceType, line: bytes) -> None:
        """A change, as a watch is sent it."""

    def forget_history(self) -> None:
        """As after a compaction: no watch from before now."""
        self.oldest = self.version
        self.events.clear()

    def restore(self, version: int) -> None:
        """An etcd restored from a backup: another set of objects, at an earlier version."""
        self.version = version
        self.oldest = version
        self.events.clear()

    def begin_another_life(self) -> None:
        """A new cluster on the same address: nothing of the old one, versions from the start."""
        self.objects.clear()
        self.restore(1)
        self.namespace_uid = "22222222-life"
        self.put(NAMESPACES, "kube-system")

    def truth(self, resource: ResourceType) -> dict[tuple[str, str], dict[str, Any]]:
        return {
            key: {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
            for key, obj in self.objects[resource.path].items()
        }

    def put(self, resource: ResourceType, name: str, namespace: str = "shop", **content: Any) -> dict[str, Any]:
        """Create or change an object."""
        namespace = namespace if resource.namespaced else ""
        self.version += 1
        before = self.objects[resource.path].get((namespace, name))
        metadata: dict[str, Any] = {"name": name, "resourceVersion": str(self.version)}
        if namespace:
            metadata["namespace"] = namespace
        metadata["uid"] = before["metadata"]["uid"] if before else f"uid-{self.version}"
        if resource == NAMESPACES and name == "kube-system":
            metadata["uid"] = self.namespace_uid
        obj = {"metadata": metadata, **content}
        self.objects[resource.path][namespace, name] = obj
        self._emit("MODIFIED" if before else "ADDED", resource, obj)
        return obj

    def put_again(self, resource: ResourceType, name: str, namespace: str = "shop") -> None:
        """Write an object once more, as it is, with a new version."""
        obj = copy.deepcopy(self.objects[resource.path][namespace if resource.namespaced else "", name])
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        self.objects[resource.path][obj["metadata"].get("namespace", ""), name] = obj
        self._emit("MODIFIED", resource, obj)

    def delete(self, resource: ResourceType, name: str, namespace: str = "shop") -> None:
        namespace = namespace if resource.namespaced else ""
        obj = copy.deepcopy(self.objects[resource.path].pop((namespace, name)))
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        self._emit("DELETED", resource, obj)

    def _emit(self, type: str, resource: ResourceType, obj: dict[str, Any]) -> None:
        whole = {"kind": resource.kind, "apiVersion": resource.api_version, **copy.deepcopy(obj)}
        self.events.append((self.version, resource.path, type, whole))
        self.told(resource, self.line(type, whole))

    @staticmethod
    def line(type: str, obj: Any) -> bytes:
        return json.dumps({"type": type, "object": obj}).encode() + b"\n"

    def at(self, kind: ResourceType, version: int) -> list[tuple[tuple[str, str], dict[str, Any]]]:
        """The collection as it was at a version, from the events since."""
        then = dict(self.objects[kind.path])
        for number, path, _, obj in reversed(self.events):
            if path != kind.path or number <= version:
                continue
            key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
            earlier = [
                (kind_of, old)
                for at, other, kind_of, old in self.events
                if other == path
                and at <= version
                and (old["metadata"].get("namespace", ""), old["metadata"]["name"]) == key
            ]
            then.pop(key, None)
            if earlier and earlier[-1][0] != "DELETED":
                then[key] = {
                    name: value for name, value in earlier[-1][1].items() if name not in {"kind", "apiVersion"}
                }
        return sorted(then.items())
