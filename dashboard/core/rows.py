"""The row: an object and its assessment as one small, flat value that lists, queries and walls show.

What repeats in fifty thousand rows (a namespace, an image, an owner's id) is interned: decoded JSON makes a new
string for every occurrence, which was half of the board's memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Any

from dashboard.core.glances import glance
from dashboard.core.imagetext import image_text
from dashboard.core.model import Assessment, Relative, Row
from dashboard.core.objects import ObjectKey, field, key_of, plain, text, timestamp
from dashboard.core.ownership import controller_of, drives
from dashboard.core.relatives import HASH_LABELS, REVISION_ANNOTATION
from dashboard.core.subject import as_list, as_mapping

SHORT = 120
"""Characters of a glance, a reason or a mark."""

LONG = 400
"""Characters of a cause or of the images: a list shows one line of it, a page the whole."""


def row(
    obj: Mapping[str, Any], assessment: Assessment, related: Sequence[Relative] = (), *, key: ObjectKey | None = None
) -> Row:
    """The summary of an object. Never raises, whatever the object; every string is cut and safe to show.

    `key` is the object's own, for who has it already.
    """
    key = key or key_of(obj)
    meta = as_mapping(obj.get("metadata")) if type(obj) is dict else as_mapping(field(obj, "metadata"))
    owner, driven = _owner(meta, key.namespace), drives(obj)
    cause = assessment.cause
    said, bar = glance(obj, assessment, related)
    return Row(
        id=key.id,
        group=key.group,
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        uid=text(meta.get("uid"), 100),
        verdict=assessment.verdict,
        reason=intern(plain(assessment.reason, SHORT)),
        since=assessment.since,
        at_least=assessment.at_least,
        glance=intern(plain(said, SHORT)),
        images=intern(plain(image_text(obj, related), LONG)),
        bar=bar,
        cause=intern(plain(cause.sentence, LONG)) if cause else "",
        cause_at=intern(cause.at.id) if cause and cause.at else "",
        cause_reason=intern(plain(cause.reason, SHORT)) if cause else "",
        owner=owner,
        drives=driven.id if driven else "",
        revision=_revision(key.kind, meta) if owner else "",
        created=timestamp(meta.get("creationTimestamp")),
    )


def _owner(meta: Mapping[str, Any], namespace: str) -> str:
    """The controlling owner's id: made once for all that it owns."""
    for each in as_list(meta.get("ownerReferences")):
        if isinstance(each, dict) and each.get("controller") is True:
            get = each.get
            return _owner_id(text(get("apiVersion")), text(get("kind")), text(get("name")), namespace)
    return ""


@lru_cache(maxsize=16384)
def _owner_id(version: str, kind: str, name: str, namespace: str) -> str:
    reference = {"apiVersion": version, "kind": kind, "name": name, "controller": True}
    found = controller_of({"metadata": {"namespace": namespace, "ownerReferences": [reference]}})
    return found[0].id if found else ""


def _revision(kind: str, meta: Mapping[str, Any]) -> str:
    """The mark of the template it was made from: a number for a ReplicaSet, a hash for a Pod."""
    number = as_mapping(meta.get("annotations")).get(REVISION_ANNOTATION) if kind == "ReplicaSet" else None
    if isinstance(number, str) and number:
        return intern(text(number, 63))
    labels = as_mapping(meta.get("labels"))
    for name in HASH_LABELS:
        if mark := labels.get(name):
            return intern(text(mark, 63))
    return ""
