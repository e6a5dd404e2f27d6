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
from dashboard.core.objects import field, plain, text
from dashboard.core.ownership import controller_of, drives
from dashboard.core.relatives import digest
from dashboard.core.subject import as_list, as_mapping

SHORT = 120
"""Characters of a glance, a reason or a mark."""

LONG = 400
"""Characters of a cause or of the images: a list shows one line of it, a page the whole."""


def row(
    obj: Mapping[str, Any], assessment: Assessment, related: Sequence[Relative] = (), *, own: Relative | None = None
) -> Row:
    """The summary of an object. Never raises, whatever the object; every string is cut and safe to show.

    `own` is its digest, for who has it already.
    """
    own = own or digest(obj, assessment)
    key = own.key
    owner, driven = _owner(as_mapping(field(obj, "metadata")), key.namespace), drives(obj)
    cause = assessment.cause
    said, bar = glance(obj, assessment, related)
    revision = own.revision if key.kind == "ReplicaSet" else own.template_hash
    # In the order of the fields: naming twenty of them would double what making it costs.
    return Row(
        key.id,
        key.group,
        key.kind,
        key.namespace,
        key.name,
        text(own.uid, 100),
        assessment.verdict,
        _line(assessment.reason, SHORT),
        assessment.since,
        assessment.at_least,
        _line(said, SHORT),  # glance
        _line(image_text(obj, related, own.images), LONG),
        bar,
        _line(cause.sentence, LONG) if cause else "",
        intern(cause.at.id) if cause and cause.at else "",
        _line(cause.reason, SHORT) if cause else "",
        owner,
        driven.id if driven else "",  # drives
        text(revision, 63) if owner else "",
        own.created,
    )


@lru_cache(maxsize=4096)
def _line(value: str, limit: int) -> str:
    """The same line for the same words, made once."""
    return intern(plain(value, limit))


def _owner(meta: Mapping[str, Any], namespace: str) -> str:
    """The controlling owner's id: made once for all that it owns."""
    for each in as_list(meta.get("ownerReferences")):
        if isinstance(each, dict) and each.get("controller") is True:
            get = each.get
            return _owner_id(text(get("apiVersion")), text(get("kind")), text(get("name")), namespace)
    return ""


@lru_cache(maxsize=1024)
def _owner_id(version: str, kind: str, name: str, namespace: str) -> str:
    reference = {"apiVersion": version, "kind": kind, "name": name, "controller": True}
    found = controller_of({"metadata": {"namespace": namespace, "ownerReferences": [reference]}})
    return found[0].id if found else ""
