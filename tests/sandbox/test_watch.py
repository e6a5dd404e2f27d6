"""Lists and watches: versions, selections, bookmarks, expiry."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from dashboard.sandbox.server import listing, watching
from dashboard.sandbox.store import Store, Subscription
from tests.sandbox.conftest import Sandbox, config_map

PATH = "/api/v1/namespaces/shop/configmaps"


class Watcher:
    """An open watch, read event by event."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> dict[str, Any]:
        line = await asyncio.wait_for(self.response.content.readline(), 5)
        assert line, "the watch has ended"
        event: dict[str, Any] = json.loads(line)
        return event

    async def end(self) -> bytes:
        return await asyncio.wait_for(self.response.content.read(), 5)


async def opened(sandbox: Sandbox, query: str, path: str = PATH, accept: str = "application/json") -> Watcher:
    url = f"http://127.0.0.1:{sandbox.port}{path}?watch=true&{query}"
    return Watcher(await sandbox.session.get(url, headers={"Accept": accept}))


def names(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


async def test_from_a_version(sandbox: Sandbox) -> None:
    sandbox.client.create("ConfigMap", config_map("before"))
    version = sandbox.api.store.revision
    sandbox.client.create("ConfigMap", config_map("missed"))
    watch = await opened(sandbox, f"resourceVersion={version}")
    assert names(await watch.next()) == ("ADDED", "missed")
    sandbox.client.patch("ConfigMap", "shop", "before", {"data": {"a": "1"}})
    assert names(await watch.next()) == ("MODIFIED", "before")
    sandbox.client.delete("ConfigMap", "shop", "before")
    gone = await watch.next()
    assert names(gone) == ("DELETED", "before")
    assert gone["object"]["metadata"]["resourceVersion"] == str(sandbox.api.store.revision)


async def test_other_namespaces_are_not_told(sandbox: Sandbox) -> None:
    watch = await opened(sandbox, f"resourceVersion={sandbox.api.store.revision}")
    elsewhere = config_map("elsewhere")
    elsewhere["metadata"]["namespace"] = "default"
    sandbox.client.create("ConfigMap", elsewhere)
    sandbox.client.create("ConfigMap", config_map("here"))
    assert names(await watch.next()) == ("ADDED", "here")


async def test_objects_enter_and_leave_a_selection(sandbox: Sandbox) -> None:
    watch = await opened(sandbox, f"resourceVersion={sandbox.api.store.revision}&labelSelector=tier%20in%20(a,b)")
    sandbox.client.create("ConfigMap", config_map("x"))
    sandbox.client.patch("ConfigMap", "shop", "x", {"metadata": {"labels": {"tier": "a"}}})
    assert names(await watch.next()) == ("ADDED", "x")
    sandbox.client.patch("ConfigMap", "shop", "x", {"metadata": {"labels": {"tier": "b"}}})
    assert names(await watch.next()) == ("MODIFIED", "x")
    sandbox.client.patch("ConfigMap", "shop", "x", {"metadata": {"labels": {"tier": "c"}}})
    assert names(await watch.next()) == ("DELETED", "x")


async def test_one_name(sandbox: Sandbox) -> None:
    for name in ("one", "two"):
        sandbox.client.create("ConfigMap", config_map(name))
    watch = await opened(sandbox, "fieldSelector=metadata.name%3Dtwo&timeoutSeconds=1")
    assert names(await watch.next()) == ("ADDED", "two")
    assert await watch.end() == b""


async def test_future_version_stays_empty_until_it_is_past(sandbox: Sandbox) -> None:
    future = sandbox.api.store.revision + 2
    watch = await opened(sandbox, f"resourceVersion={future}")
    for name in ("one", "two", "three"):
        sandbox.client.create("ConfigMap", config_map(name))
    assert names(await watch.next()) == ("ADDED", "three")


async def test_timeout_ends_the_stream(sandbox: Sandbox) -> None:
    version = sandbox.api.store.revision
    watch = await opened(sandbox, f"resourceVersion={version}&timeoutSeconds=1")
    assert await watch.end() == b""


async def test_bookmarks(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_EVERY", 0.05)
    watch = await opened(sandbox, f"resourceVersion={sandbox.api.store.revision}&allowWatchBookmarks=true")
    other = config_map("elsewhere")
    other["metadata"]["namespace"] = "default"
    sandbox.client.create("ConfigMap", other)
    while (event := await watch.next())["object"]["metadata"]["resourceVersion"] != str(sandbox.api.store.revision):
        assert event["type"] == "BOOKMARK"
    assert event == {
        "type": "BOOKMARK",
        "object": {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": str(sandbox.api.store.revision)},
        },
    }


async def test_table_columns_come_once(sandbox: Sandbox) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    watch = await opened(sandbox, "timeoutSeconds=20", accept=accept)
    first = (await watch.next())["object"]
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    sandbox.client.create("ConfigMap", config_map("x", a="1", b="2"))
    second = (await watch.next())["object"]
    assert second["columnDefinitions"] is None
    assert second["rows"][0]["cells"][:2] == ["x", 2]


async def test_a_watch_of_a_removed_kind_ends(sandbox: Sandbox) -> None:
    sandbox.client.create("CustomResourceDefinition", definition())
    watch = await opened(sandbox, "resourceVersion=0", "/apis/example.com/v1/hoges")
    sandbox.client.delete("CustomResourceDefinition", "", "hoges.example.com")
    assert await watch.end() == b""


def definition() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "hoges", "kind": "Hoge"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "hoges.example.com"}, "spec": spec}


def change(store: Store, name: str, value: int) -> None:
    store.put("things", ("", name), {"metadata": {"name": name}, "value": value})


def test_the_past_is_kept_as_long_as_the_window() -> None:
    store = Store(window=3)
    for value in range(5):
        change(store, "a", value)
    assert store.floor("things") == 2
    assert store.at("things", 3)["", "a"]["value"] == 2
    assert [c.revision for c in store.since("things", 3)] == [4, 5]


def test_the_past_knows_what_was_removed_and_what_was_not_there() -> None:
    store = Store()
    change(store, "a", 1)
    change(store, "b", 1)
    store.remove("things", ("", "a"), {"metadata": {"name": "a"}})
    assert set(store.at("things", 2)) == {("", "a"), ("", "b")}
    assert set(store.at("things", 1)) == {("", "a")}
    assert set(store.objects("things")) == {("", "b")}


async def test_pages_show_one_version(sandbox: Sandbox) -> None:
    for index in range(4):
        sandbox.client.create("ConfigMap", config_map(f"c{index}", value="old"))
    first = (await sandbox.call("GET", f"{PATH}?limit=2")).json
    sandbox.client.patch("ConfigMap", "shop", "c2", {"data": {"value": "new"}})
    sandbox.client.delete("ConfigMap", "shop", "c3")
    sandbox.client.create("ConfigMap", config_map("c9"))
    second = (await sandbox.call("GET", f"{PATH}?limit=9&continue={first['metadata']['continue']}")).json
    assert [item["metadata"]["name"] for item in second["items"]] == ["c2", "c3", "kube-root-ca.crt"]
    assert second["items"][0]["data"] == {"value": "old"}
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_an_expired_page_offers_an_inconsistent_rest(sandbox: Sandbox) -> None:
    for index in range(4):
        sandbox.client.create("ConfigMap", config_map(f"c{index}"))
    first = (await sandbox.call("GET", f"{PATH}?limit=2")).json
    sandbox.client.create("ConfigMap", config_map("c9"))
    sandbox.api.store.compact()
    refused = await sandbox.call("GET", f"{PATH}?limit=2&continue={first['metadata']['continue']}")
    assert (refused.status, refused.json["reason"], refused.json["message"]) == (
        410,
        "Expired",
        listing.CONTINUE_TOO_OLD,
    )
    rest = await sandbox.call("GET", f"{PATH}?limit=9&continue={refused.json['metadata']['continue']}")
    assert [item["metadata"]["name"] for item in rest.json["items"]] == ["c2", "c3", "c9", "kube-root-ca.crt"]


SELECTORS = [
    ("app=a", "a"),
    ("app==a", "a"),
    ("app!=a", "b,c,n"),
    ("app in (a,b)", "a,b"),
    ("app notin (a,b)", "c,n"),
    ("app", "a,b,c"),
    ("!app", "n"),
    ("app,tier=x", "b"),
    ("tier", "b,c"),
    ("size>1", "c"),
    ("size<3", "b"),
    ("app in (a),tier notin (x)", "a"),
    ("app=", ""),
]


@pytest.mark.parametrize(("selector", "expected"), SELECTORS)
async def test_label_selectors(sandbox: Sandbox, selector: str, expected: str) -> None:
    labels: dict[str, dict[str, str]] = {
        "a": {"app": "a"},
        "b": {"app": "b", "tier": "x", "size": "1"},
        "c": {"app": "c", "tier": "y", "size": "3"},
        "n": {},
    }
    for name, values in labels.items():
        made = config_map(name)
        made["metadata"]["labels"] = values
        sandbox.client.create("ConfigMap", made)
    quoted = (
        selector.replace(" ", "%20").replace("=", "%3D").replace("!", "%21").replace(">", "%3E").replace("<", "%3C")
    )
    answer = await sandbox.call("GET", f"{PATH}?labelSelector={quoted}")
    found = [item["metadata"]["name"] for item in answer.json["items"]]
    assert ",".join(name for name in found if name != "kube-root-ca.crt") == expected


async def test_field_selectors(sandbox: Sandbox) -> None:
    spec = {"containers": [{"name": "c", "image": "x"}]}
    for name in ("one", "two"):
        sandbox.client.create("Pod", {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
    sandbox.client.patch("Pod", "shop", "two", {"spec": {"nodeName": "n1"}})
    path = "/api/v1/pods?fieldSelector="
    for selector, expected in (
        ("spec.nodeName%3Dn1", ["two"]),
        ("spec.nodeName%3D", ["one"]),
        ("spec.nodeName%21%3Dn1", ["one"]),
        ("status.phase%3DPending,metadata.name%3Done", ["one"]),
    ):
        answer = await sandbox.call("GET", path + selector)
        assert [item["metadata"]["name"] for item in answer.json["items"]] == expected, selector


async def test_partial_objects_and_tables_of_one(sandbox: Sandbox) -> None:
    accept = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
    answer = await sandbox.call("GET", f"{PATH}/kube-root-ca.crt", headers=accept)
    assert answer.json["kind"] == "PartialObjectMetadata"
    assert "data" not in answer.json
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    for include, expected in (("None", None), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap")):
        answer = await sandbox.call("GET", f"{PATH}/kube-root-ca.crt?includeObject={include}", headers=accept)
        assert answer.json["rows"][0].get("object", {}).get("kind") == expected


async def test_yaml(sandbox: Sandbox) -> None:
    answer = await sandbox.call("GET", f"{PATH}/kube-root-ca.crt", headers={"Accept": "application/yaml"})
    assert answer.headers["Content-Type"].startswith("application/yaml")
    assert answer.body.startswith(b"kind: ConfigMap")


async def test_no_bookmark_passes_over_what_came_as_the_waiting_ended(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(subscription: Subscription) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(watching, "BOOKMARK_EVERY", 0.2)
    monkeypatch.setattr(Subscription, "wait", deaf)
    watch = await opened(sandbox, f"resourceVersion={sandbox.api.store.revision}&allowWatchBookmarks=true")
    sandbox.client.create("ConfigMap", config_map("late"))
    assert names(await watch.next()) == ("ADDED", "late")
    assert (await watch.next())["type"] == "BOOKMARK"
