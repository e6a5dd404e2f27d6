"""The shop: mostly well, and broken where it is meant to be."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox import shop
from dashboard.sandbox.client import Client
from tests.sandbox.loops import World, world


def deployment(cluster: World, namespace: str, name: str) -> dict[str, Any]:
    found = cluster.client.get("Deployment", namespace, name)
    assert found is not None
    return found


def reason(cluster: World, namespace: str, name: str) -> str:
    conditions = deployment(cluster, namespace, name).get("status", {}).get("conditions", ())
    return next((str(entry["reason"]) for entry in conditions if entry["type"] == "Progressing"), "")


def waiting(client: Client, app: str) -> set[str]:
    pods = client.list("Pod", "shop", {"app": app})
    states = [entry["state"] for pod in pods for entry in pod["status"].get("containerStatuses", ())]
    return {state["waiting"]["reason"] for state in states if "waiting" in state}


async def test_the_shop_settles_with_its_faults() -> None:
    async with world() as cluster:
        cluster.client.delete("Namespace", "", "shop")
        await cluster.until(lambda: cluster.client.get("Namespace", "", "shop") is None)
        done = shop.stock(cluster.api)
        healthy = [("shop", name) for name in ("web", "catalog", "cart", "search", "accounts")] + [("jobs", "mailer")]
        await cluster.until(lambda: all(reason(cluster, *one) == "NewReplicaSetAvailable" for one in healthy))
        await done
        client = cluster.client
        await cluster.until(lambda: waiting(client, "checkout") & {"ErrImagePull", "ImagePullBackOff"})
        # Three of four go on serving.
        await cluster.until(lambda: deployment(cluster, "shop", "checkout")["status"].get("availableReplicas") == 3)
        await cluster.until(lambda: waiting(client, "payments") == {"CrashLoopBackOff"})
        await cluster.until(lambda: reason(cluster, "jobs", "import") == "DeploymentPaused")
        await cluster.until(lambda: cluster.said("uploads", "ProvisioningFailed"))
        await cluster.until(lambda: cluster.said("encode-catalogue-video", "FailedScheduling"))
        orders = client.get("StatefulSet", "shop", "orders-db") or {}
        await cluster.until(
            lambda: (client.get("StatefulSet", "shop", "orders-db") or orders)["status"].get("readyReplicas") == 2
        )
        await cluster.until(
            lambda: (client.get("Job", "jobs", "reindex") or {}).get("status", {}).get("succeeded") == 2
        )


def test_every_change_made_afterwards_is_made_to_something_that_is_there() -> None:
    there = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in shop.manifests()}
    changed = {(one["kind"], one["namespace"], one["name"]) for one in shop.afterwards()}
    assert changed <= there


def test_names_are_unique_and_images_have_tags() -> None:
    keys = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in shop.manifests()]
    assert len(keys) == len(set(keys))
    for one in shop.manifests():
        template = one.get("spec", {}).get("template", {})
        for container in template.get("spec", {}).get("containers", ()):
            assert ":" in container["image"]
