"""ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had, numbered.

Source: `pkg/controller/history`, Kubernetes 1.36. A StatefulSet's revision hashes exactly as upstream's
(FNV-1 over the patch and the number of collisions; the recorded `db-5cdc5cb87` comes out): its data is JSON, not a
Go dump.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.hashing import safe
from dashboard.sandbox.controllers.meta import Obj, annotations_of, controlled_by, labels_of, matches, owner_reference

HASH = "controller-revision-hash"
"""The label of Pods (and of DaemonSet revisions) that names their revision."""

STATEFUL_HASH = "controller.kubernetes.io/hash"


def fnv32(data: bytes) -> int:
    """The 32-bit FNV-1 hash (multiply first; FNV-1a is the other order)."""
    value = 0x811C9DC5
    for byte in data:
        value = (value * 0x01000193 & 0xFFFFFFFF) ^ byte
    return value


def template_patch(template: Mapping[str, Any]) -> Obj:
    """The data of a revision: a strategic patch that replaces the template."""
    return {"spec": {"template": {"$patch": "replace", **copy.deepcopy(dict(template))}}}


def encoded(data: Mapping[str, Any]) -> bytes:
    """Go's json.Marshal of `data`."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character, escape in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(character, escape)
    return text.encode()


def patch_hash(data: Mapping[str, Any], collisions: int = 0) -> str:
    """history.HashControllerRevision; `collisions` > 0 makes another name after a clash."""
    return safe(str(fnv32(encoded(data) + str(collisions).encode())))


def same_template(revision: Mapping[str, Any], template: Mapping[str, Any]) -> bool:
    """Whether the revision holds this template."""
    return bool(revision.get("data") == template_patch(template))


def revisions_of(owner: Mapping[str, Any], candidates: Iterable[Obj]) -> list[Obj]:
    """The owner's revisions among `candidates`, lowest number first."""
    selector = owner["spec"].get("selector")
    own = [r for r in candidates if controlled_by(r, owner) and matches(selector, labels_of(r))]
    return sorted(own, key=lambda r: (r.get("revision", 0), r["metadata"]["name"]))


def new_revision(owner: Mapping[str, Any], number: int, digest: str, hash_label: str) -> Obj:
    """An unsaved ControllerRevision `number` of the owner's present template."""
    labels = dict((owner["spec"]["template"].get("metadata") or {}).get("labels") or {})
    meta = owner["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{meta['name']}-{digest}",
            "namespace": meta["namespace"],
            "labels": labels | {hash_label: digest},
            "annotations": dict(annotations_of(owner)),
            "ownerReferences": [owner_reference(owner)],
        },
        "data": template_patch(owner["spec"]["template"]),
        "revision": number,
    }


def current_revision(client: Client, owner: Obj, history: list[Obj], digest: str, hash_label: str) -> tuple[Obj, bool]:
    """The revision of the owner's present template and whether it is new: found, renumbered as newest, or made."""
    newest = history[-1].get("revision", 0) if history else 0
    equal = [r for r in history if same_template(r, owner["spec"]["template"])]
    if not equal:
        return client.create("ControllerRevision", new_revision(owner, newest + 1, digest, hash_label)), True
    found = equal[-1]
    if found.get("revision", 0) < newest:
        meta = found["metadata"]
        found = client.patch("ControllerRevision", meta["namespace"], meta["name"], {"revision": newest + 1})
    return found, False


def surplus(history: list[Obj], live: Iterable[str], limit: int) -> list[Obj]:
    """Revisions to delete, oldest first: of those not named in `live`, all but the newest `limit`."""
    named = set(live)
    idle = [r for r in history if r["metadata"]["name"] not in named]
    return idle[: max(0, len(idle) - limit)]
