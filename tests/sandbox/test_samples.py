"""The recorded exchanges of a real kube-apiserver, replayed against the sandbox and compared.

Names, times, versions and uids differ; codes, Status bodies, texts, shapes and columns may not.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.sandbox.conftest import SHARED, Sandbox

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recorded exchanges at {SHARED}")

NAMESPACE = "http-samples"
METRICS = "metrics.k8s.io"
"""Served here; the recorded cluster had no metrics server."""


@dataclass
class Sample:
    """One recorded exchange."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    code: int
    answer_headers: dict[str, str]
    answer: str

    @property
    def json(self) -> Any:
        """The recorded body."""
        return json.loads(self.answer)


def sample(number: int) -> Sample:
    """The exchange whose file begins with this number."""
    path = next(SHARED.glob(f"{number:02d}-*.http"))
    request, _, answer = path.read_text().partition("-" * 72 + "\n")
    head, _, body = request.partition("\n\n")
    first, *lines = head.splitlines()
    method, target, _ = first.split(" ")
    skipped = ("host", "authorization", "connection", "content-length")
    headers = {k: v for k, v in (line.split(": ", 1) for line in lines) if k.lower() not in skipped}
    answer_head, _, answer_body = answer.partition("\n\n")
    status, *answer_lines = answer_head.splitlines()
    return Sample(
        method,
        target,
        headers,
        body.strip().encode() or None,
        int(status.split(" ")[1]),
        dict(line.split(": ", 1) for line in answer_lines),
        answer_body,
    )


async def replay(sandbox: Sandbox, number: int) -> tuple[Sample, Any]:
    """Send a recorded request; the sample and our answer."""
    recorded = sample(number)
    if sandbox.api.store.get("namespaces", ("", NAMESPACE)) is None:
        sandbox.client.create("Namespace", {"metadata": {"name": NAMESPACE}})
    answer = await sandbox.call(recorded.method, recorded.path, recorded.body, recorded.headers)
    return recorded, answer


def same_status(recorded: Sample, answer: Any) -> None:
    """Code and Status body are the recorded ones."""
    assert answer.status == recorded.code, answer.body
    assert answer.json == recorded.json
    assert answer.headers["Content-Type"] == "application/json"


VOLATILE = re.compile(r"^(uid|resourceVersion|creationTimestamp|time|lastTransitionTime|lastUpdateTime)$")


def stable(value: Any) -> Any:
    """A value without what differs from run to run."""
    if isinstance(value, dict):
        return {k: stable(v) for k, v in value.items() if not VOLATILE.match(k)}
    return [stable(v) for v in value] if isinstance(value, list) else value


async def web(sandbox: Sandbox) -> None:
    """The Deployment that the samples work on."""
    recorded, answer = await replay(sandbox, 20)
    assert answer.status == recorded.code
    assert stable(answer.json) == stable(recorded.json)


async def config_maps(sandbox: Sandbox) -> None:
    """The ConfigMaps that the samples work on."""
    sandbox.client.create("Namespace", {"metadata": {"name": NAMESPACE}})
    for index in range(5):
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps?fieldManager=kubectl-create"
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"cm-{index}"}, "data": {"n": str(index)}}
        assert (await sandbox.call("POST", path, body)).status == 201


@pytest.mark.parametrize("number", [31, 33, 40, 41, 45, 46, 49, 51, 57, 58, 59, 61])
async def test_refusal(sandbox: Sandbox, number: int) -> None:
    await config_maps(sandbox)
    if number == 45:
        recorded, answer = await replay(sandbox, 45)
        same_status(recorded, answer)
        return
    if number in (57, 59):
        await web(sandbox)
    same_status(*await replay(sandbox, number))


@pytest.mark.parametrize("number", [47, 48])
async def test_invalid(sandbox: Sandbox, number: int) -> None:
    await web(sandbox)
    same_status(*await replay(sandbox, number))


async def test_wrong_type(sandbox: Sandbox) -> None:
    await web(sandbox)
    recorded, answer = await replay(sandbox, 50)
    assert answer.status == recorded.code
    ours, theirs = answer.json, recorded.json
    assert ours["message"].startswith(' "" is invalid: patch: Invalid value: "{')
    assert ours["message"].rpartition('": ')[2] == theirs["message"].rpartition('": ')[2]
    assert (ours["reason"], ours["code"], ours["details"].keys()) == ("Invalid", 422, theirs["details"].keys())


async def test_unknown_group_is_plain_text(sandbox: Sandbox) -> None:
    recorded, answer = await replay(sandbox, 42)
    assert (answer.status, answer.body.decode()) == (404, recorded.answer)
    assert answer.headers["Content-Type"] == recorded.answer_headers["Content-Type"]


async def test_unknown_field_warning(sandbox: Sandbox) -> None:
    recorded, answer = await replay(sandbox, 52)
    assert answer.status == 201
    assert answer.headers["Warning"] == recorded.answer_headers["Warning"]
    assert stable(answer.json) == stable(recorded.json)


async def test_watch_too_old(sandbox: Sandbox) -> None:
    recorded, answer = await replay(sandbox, 60)
    assert answer.status == 200
    (event,), theirs = answer.lines, recorded.json
    event["object"]["message"] = re.sub(r"\(\d+\)", "(3042)", event["object"]["message"])
    assert event == theirs


async def test_future_version(sandbox: Sandbox) -> None:
    recorded, answer = await replay(sandbox, 62)
    assert answer.status == recorded.code
    assert answer.headers["Retry-After"] == "1"
    ours = answer.json
    ours["message"] = re.sub(r"current: \d+", "current: 3649", ours["message"])
    assert ours == recorded.json


async def test_pages(sandbox: Sandbox) -> None:
    await config_maps(sandbox)
    path, pages = f"/api/v1/namespaces/{NAMESPACE}/configmaps?limit=2", []
    token = ""
    for number in (28, 29, 30):
        answer = await sandbox.call("GET", path + (f"&continue={token}" if token else ""))
        recorded = sample(number)
        assert answer.json["metadata"].keys() == recorded.json["metadata"].keys()
        assert answer.json["metadata"].get("remainingItemCount") == recorded.json["metadata"].get("remainingItemCount")
        assert [i["metadata"]["name"] for i in answer.json["items"]] == [
            i["metadata"]["name"] for i in recorded.json["items"]
        ]
        assert stable(answer.json["items"][0]) == stable(recorded.json["items"][0])
        token = answer.json["metadata"].get("continue", "")
        pages.append(answer.json["metadata"]["resourceVersion"])
    assert len(set(pages)) == 1


async def test_scale(sandbox: Sandbox) -> None:
    await web(sandbox)
    recorded, answer = await replay(sandbox, 34)
    ours, theirs = answer.json, recorded.json
    ours["status"]["replicas"] = theirs["status"]["replicas"]
    assert stable(ours) == stable(theirs)


@pytest.mark.parametrize("number", [35, 36])
async def test_pretty(sandbox: Sandbox, number: int) -> None:
    await config_maps(sandbox)
    recorded, answer = await replay(sandbox, number)
    volatile = re.compile(r'"(uid|resourceVersion|creationTimestamp|time)": "[^"]*"')
    assert volatile.sub("", answer.body.decode()) == volatile.sub("", recorded.answer.rstrip("\n"))


async def test_put(sandbox: Sandbox) -> None:
    await config_maps(sandbox)
    live = sandbox.client.get("ConfigMap", NAMESPACE, "cm-1")
    assert live is not None
    changed = copy.deepcopy(live)
    changed["data"] = {"n": "one"}
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/cm-1"
    answer = await sandbox.call("PUT", path, changed, {"User-Agent": "http-samples"})
    ours, theirs = stable(answer.json), stable(sample(44).json)
    # Both writes fall into one second here: the order of their entries is not told.
    for obj in (ours, theirs):
        obj["metadata"]["managedFields"].sort(key=lambda entry: entry["manager"])
    assert ours == theirs


async def test_server_side_apply(sandbox: Sandbox) -> None:
    created, answer = await replay(sandbox, 70)
    assert (answer.status, stable(answer.json)) == (created.code, stable(created.json))
    same_status(*await replay(sandbox, 71))
    forced, answer = await replay(sandbox, 72)
    assert (answer.status, stable(answer.json)) == (forced.code, stable(forced.json))


async def test_dry_run(sandbox: Sandbox) -> None:
    await web(sandbox)
    recorded, answer = await replay(sandbox, 64)
    assert answer.status == 200
    assert answer.json["spec"] == recorded.json["spec"]
    assert answer.json["metadata"]["generation"] == recorded.json["metadata"]["generation"]
    stored = sandbox.client.get("Deployment", NAMESPACE, "web")
    assert stored is not None
    assert (stored["spec"]["replicas"], stored["metadata"]["generation"]) == (2, 1)


async def test_delete_answers_a_status(sandbox: Sandbox) -> None:
    await config_maps(sandbox)
    recorded, answer = await replay(sandbox, 90)
    ours = answer.json
    assert ours["details"].pop("uid")
    theirs = recorded.json
    theirs["details"].pop("uid")
    assert ours == theirs


async def test_foreground_deletion(sandbox: Sandbox) -> None:
    await web(sandbox)
    recorded, answer = await replay(sandbox, 93)
    assert answer.status == recorded.code
    for key in ("generation", "finalizers", "deletionGracePeriodSeconds"):
        assert answer.json["metadata"][key] == recorded.json["metadata"][key]


async def test_delete_collection_of_nothing(sandbox: Sandbox) -> None:
    recorded, answer = await replay(sandbox, 94)
    assert stable(answer.json) == stable(recorded.json)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 7])
async def test_discovery(sandbox: Sandbox, number: int) -> None:
    recorded, answer = await replay(sandbox, number)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == recorded.answer_headers["Content-Type"]
    ours, theirs = answer.json, recorded.json
    assert ours.keys() == theirs.keys()
    if number in (3, 7):
        name = "groups" if number == 3 else "items"
        known = {json.dumps(entry.get("metadata", entry.get("name"))): entry for entry in theirs[name]}
        for entry in ours[name]:
            if METRICS in (entry.get("name"), (entry.get("metadata") or {}).get("name")):
                continue
            mark = json.dumps(entry.get("metadata", entry.get("name")))
            assert entry.keys() == known[mark].keys()
    if number in (4, 5):
        entries = {entry["name"]: entry for entry in theirs["resources"]}
        for entry in ours["resources"]:
            expected = entries[entry["name"]]
            entry.pop("storageVersionHash", None)
            expected.pop("storageVersionHash", None)
            assert entry == expected


async def test_discovery_not_modified(sandbox: Sandbox) -> None:
    accept = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
    first = await sandbox.call("GET", "/apis", headers=accept)
    again = await sandbox.call("GET", "/apis", headers={**accept, "If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("number", [23, 24])
async def test_table_columns(sandbox: Sandbox, number: int) -> None:
    recorded, answer = await replay(sandbox, number)
    names = [(c["name"], c["type"], c["format"], c["priority"]) for c in recorded.json["columnDefinitions"]]
    ours = [(c["name"], c["type"], c["format"], c["priority"]) for c in answer.json["columnDefinitions"]]
    assert ours == names
    assert answer.json.keys() == recorded.json.keys()


async def test_table_rows(sandbox: Sandbox) -> None:
    """The recorded Pods, as the sandbox's own rows show them."""
    recorded, _ = await replay(sandbox, 23)
    pods = sample(22).json["items"]
    for obj in pods:
        obj["metadata"].pop("ownerReferences")
        created = {"metadata": {"name": obj["metadata"]["name"], "namespace": NAMESPACE}, "spec": obj["spec"]}
        stored = copy.deepcopy(sandbox.client.create("Pod", created))
        sandbox.client.update_status("Pod", {**stored, "status": obj["status"]})
    answer = await sandbox.call("GET", recorded.path, headers=recorded.headers)
    for ours, theirs in zip(answer.json["rows"], recorded.json["rows"], strict=True):
        assert ours["cells"][:4] == theirs["cells"][:4]
        assert ours["cells"][5:] == theirs["cells"][5:]
        assert ours["object"].keys() == theirs["object"].keys()


async def test_watch_with_initial_events(sandbox: Sandbox) -> None:
    await config_maps(sandbox)
    recorded = sample(80)
    answer = await sandbox.call("GET", recorded.path + "&timeoutSeconds=1")
    events = answer.lines
    assert [e["type"] for e in events[:6]] == ["ADDED"] * 6
    theirs = json.loads(recorded.answer.strip().splitlines()[-1])
    assert stable(events[6]) == stable(theirs)
    assert events[6]["object"]["metadata"]["resourceVersion"] == str(sandbox.api.store.revision)


async def test_health(sandbox: Sandbox) -> None:
    recorded, answer = await replay(sandbox, 10)
    assert (answer.body.decode(), answer.headers["Content-Type"]) == (
        recorded.answer.strip(),
        recorded.answer_headers["Content-Type"],
    )
    _, answer = await replay(sandbox, 11)
    assert answer.body.decode().endswith("readyz check passed\n")
