"""A cluster of any size, as the bytes that its API would send: blocks of 25 Deployments, 50 ReplicaSets, 500 Pods.

A block is made once, of recorded objects where there are any; every further one is the same bytes under other names.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from dashboard.core.objects import ResourceType
from dashboard.management.benchmarks.samples import RECORDED, deployment, pod

DEPLOYMENTS = ResourceType("apps", "v1", "Deployment", "deployments", True)
REPLICASETS = ResourceType("apps", "v1", "ReplicaSet", "replicasets", True)
PODS = ResourceType("", "v1", "Pod", "pods", True)
KINDS = (DEPLOYMENTS, REPLICASETS, PODS)

PER_BLOCK = {"deployments": 25, "replicasets": 50, "pods": 500}
BLOCK = sum(PER_BLOCK.values())
MARK = b"00000"
"""Stands in every name and uid where a block's number goes."""

LISTED_AT = 1000
"""The resourceVersion of lists; events are newer."""

Obj = dict[str, Any]


def blocks_for(objects: int) -> int:
    """How many blocks make about so many objects: never none."""
    return max(1, round(objects / BLOCK))


@lru_cache(maxsize=1)
def templates(folder: Path = RECORDED) -> dict[str, tuple[bytes, ...]]:
    """A block's objects by plural, as list items: with `MARK` in their names."""
    tops, middles, pods = _recorded(folder) if (folder / "data/pods.jsonl.gz").is_file() else _made()
    old = [_older(each) for each in middles]
    found = {"deployments": tops, "replicasets": [*middles, *old], "pods": pods}
    return {plural: tuple(orjson.dumps(_renamed(each)) for each in found[plural]) for plural in PER_BLOCK}


def items(plural: str, block: int) -> list[bytes]:
    """The items of one block; those of the first have the names that recorded events know."""
    number = b"-%05d" % block if block else b""
    return [each.replace(b"-" + MARK, number) for each in templates()[plural]]


def event(item: bytes, version: int, *, ready: bool) -> bytes:
    """A watch event's line: the Pod of a list item at a later version, its readiness as said."""
    obj = orjson.loads(item)
    obj["metadata"]["resourceVersion"] = str(version)
    status = obj["status"]
    for each in status["conditions"]:
        if each["type"] in ("Ready", "ContainersReady"):
            each["status"] = "True" if ready else "False"
            each["lastTransitionTime"] = f"2026-11-23T08:{version // 60 % 60:02}:{version % 60:02}Z"
    for each in status["containerStatuses"]:
        each["ready"] = ready
    return orjson.dumps({"type": "MODIFIED", "object": {"kind": "Pod", "apiVersion": "v1", **obj}}) + b"\n"


def events(number: int, *, among: int, after: int = 0) -> Iterator[bytes]:
    """Watch events of Pods that turn unready and ready again, spread over the first `among` Pods, `after` so many."""
    pods = [each for block in range(blocks_for(among * BLOCK // 500)) for each in items("pods", block)][:among]
    for at in range(after, after + number):
        yield event(pods[at * 7 % len(pods)], LISTED_AT + 1 + at, ready=bool(at * 7 // len(pods) % 2))


STAMPS_FROM = 1_700_000_000
"""The event of this number was created at this time and so many seconds: what a row of it shows as `created`."""


def stamped(among: int = 200) -> Iterator[bytes]:
    """Watch events without end, each of which can be told from all others by what its row says."""
    pods = [each for block in range(blocks_for(among * BLOCK // 500)) for each in items("pods", block)][:among]
    for at in count():
        obj = orjson.loads(pods[at * 7 % len(pods)])
        obj["metadata"]["creationTimestamp"] = datetime.fromtimestamp(STAMPS_FROM + at, UTC).isoformat()
        yield event(orjson.dumps(obj), LISTED_AT + 1 + at, ready=bool(at * 7 // len(pods) % 2))


def churn(number: int, folder: Path = RECORDED) -> list[bytes]:
    """Watch events of Pods: recorded ones while Deployments roll, where there are any, in their order."""
    path = folder / "data/churn.jsonl.gz"
    if not path.is_file():
        return list(events(number, among=500))
    found: list[bytes] = []
    with gzip.open(path) as lines:
        for line in lines:
            if len(found) == number:
                break
            entry = orjson.loads(line)
            if entry["r"] == "pods":
                found.append(orjson.dumps(entry["e"]) + b"\n")
    return found


def _recorded(folder: Path) -> tuple[list[Obj], list[Obj], list[Obj]]:
    def read(name: str) -> Iterator[Obj]:
        with gzip.open(folder / f"data/{name}.jsonl.gz") as lines:
            for line in lines:
                yield orjson.loads(line)["object"]

    def owner(obj: Obj) -> str:
        return str(obj["metadata"]["ownerReferences"][0]["uid"])

    rolling = _rolling(folder)
    tops = sorted(read("deployments"), key=lambda each: each["metadata"]["uid"] not in rolling)
    tops = tops[: PER_BLOCK["deployments"]]
    uids = {each["metadata"]["uid"] for each in tops}
    middles = [each for each in read("replicasets") if owner(each) in uids]
    uids = {each["metadata"]["uid"] for each in middles}
    return tops, middles, [each for each in read("pods") if owner(each) in uids]


def _rolling(folder: Path) -> set[str]:
    """The uids of Deployments that the recorded events are of: on the board from the first block on."""
    with gzip.open(folder / "data/churn.jsonl.gz") as lines:
        entries = (orjson.loads(line) for line in lines)
        return {each["e"]["object"]["metadata"]["uid"] for each in entries if each["r"] == "deployments"}


def _made() -> tuple[list[Obj], list[Obj], list[Obj]]:
    tops, middles, pods = [deployment(4 * at + 3) for at in range(25)], [], []
    for top in tops:
        name = top["metadata"]["name"]
        meta = {**top["metadata"], "name": f"{name}-1", "uid": f"uid-{name}-1"}
        meta["ownerReferences"] = [_reference(top)]
        middle = {**deepcopy(top), "kind": "ReplicaSet", "metadata": meta}
        middles.append(middle)
        for at in range(20):
            made = pod(2 * at)
            made["metadata"] |= {
                "name": f"{name}-1-{at}", "uid": f"uid-{name}-1-{at}", "ownerReferences": [_reference(middle)],
                "managedFields": made["metadata"].pop("managedFields"),  # the last field, as the API writes it
            }  # fmt: skip
            pods.append(made)
    return tops, middles, pods


def _reference(owner: Obj) -> Obj:
    meta = owner["metadata"]
    found = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
    return {**found, "name": meta["name"], "uid": meta["uid"]}


def _older(middle: Obj) -> Obj:
    """The ReplicaSet of the revision before: wants nothing, has nothing."""
    old = deepcopy(middle)
    old["metadata"] |= {"name": f"{old['metadata']['name']}-old", "uid": f"{old['metadata']['uid']}-old"}
    old["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "0"
    old["spec"]["replicas"] = 0
    old["status"] = {"replicas": 0, "observedGeneration": old["metadata"]["generation"]}
    return old


def _renamed(obj: Obj) -> Obj:
    mark = f"-{MARK.decode()}"
    obj = {name: value for name, value in obj.items() if name not in ("kind", "apiVersion")}
    meta = obj["metadata"] = dict(obj["metadata"])
    meta["name"] += mark
    meta["uid"] += mark
    meta["resourceVersion"] = str(LISTED_AT)
    for each in meta.get("ownerReferences", ()):
        each["name"] += mark
        each["uid"] += mark
    return obj
