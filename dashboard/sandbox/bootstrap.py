"""What a cluster has before anybody asks: namespaces, and in each the CA bundle and the default account."""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.registry import Resource

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

CA = (
    "-----BEGIN CERTIFICATE-----\n"
    "The sandbox speaks plain HTTP on loopback: it has no certificate authority.\n"
    "-----END CERTIFICATE-----\n"
)
CA_TEXT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def fill(api: Api, *, again: bool = False) -> None:
    """Create the first objects, unless they are there `again`, and keep giving new namespaces theirs."""
    api.after_write.append(lambda resource, kind, obj: _new_namespace(api, resource, kind, obj))
    if again:
        api.definitions.resume()
        for namespace in api.store.objects("namespaces").values():
            if not namespace["metadata"].get("deletionTimestamp"):
                _furnish(api, namespace["metadata"]["name"])
        return
    client = Client(api, "kube-apiserver")
    for name in NAMESPACES:
        client.create("Namespace", {"metadata": {"name": name}})
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
    spec = {"clusterIP": "10.96.0.1", "ports": ports}
    labels = {"component": "apiserver", "provider": "kubernetes"}
    client.create(
        "Service", {"metadata": {"name": "kubernetes", "namespace": "default", "labels": labels}, "spec": spec}
    )
    api.store.compact()


def _new_namespace(api: Api, resource: Resource, kind: str, obj: dict[str, Any]) -> None:
    if resource.storage != "namespaces" or kind != "ADDED":
        return
    _furnish(api, obj["metadata"]["name"])


def _furnish(api: Api, namespace: str) -> None:
    client = Client(api, "kube-controller-manager")
    marks = {"kubernetes.io/description": CA_TEXT}
    meta = {"name": "kube-root-ca.crt", "namespace": namespace, "annotations": marks}
    if client.get("ConfigMap", namespace, "kube-root-ca.crt") is None:
        client.create("ConfigMap", {"metadata": meta, "data": {"ca.crt": CA}})
    if client.get("ServiceAccount", namespace, "default") is None:
        client.create("ServiceAccount", {"metadata": {"name": "default", "namespace": namespace}})


def controllers(api: Api, clock: Clock) -> list[asyncio.Task[None]]:
    """Start every control loop."""
    from dashboard.sandbox.controllers import start  # noqa: PLC0415 - the API alone must not need them

    tasks: list[asyncio.Task[None]] = start(api, clock)
    return tasks


def shop(api: Api) -> list[asyncio.Task[None]]:
    """Stock the shop of workloads; returns what goes on happening to it."""
    from dashboard.sandbox.shop import stock  # noqa: PLC0415 - the API alone must not need it

    task: asyncio.Task[None] = stock(api)
    return [task]
