"""The row: an object and its assessment as one small, flat value that lists, queries and walls show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.core.glances import glance
from dashboard.core.imagetext import image_text
from dashboard.core.model import Assessment, Relative, Row
from dashboard.core.objects import field, key_of, plain, text, timestamp
from dashboard.core.ownership import controller_of, drives
from dashboard.core.relatives import HASH_LABELS, REVISION_ANNOTATION
from dashboard.core.subject import as_mapping

SHORT = 120
"""Characters of a glance, a reason or a mark."""

LONG = 400
"""Characters of a cause or of the images: a list shows one line of it, a page the whole."""


def row(obj: Mapping[str, Any], assessment: Assessment, related: Sequence[Relative] = ()) -> Row:
    """The summary of an object. Never raises, whatever the object; every string is cut and safe to show."""
    key = key_of(obj)
    meta = as_mapping(field(obj, "metadata"))
    owner, driven = controller_of(obj), drives(obj)
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
        reason=plain(assessment.reason, SHORT),
        since=assessment.since,
        at_least=assessment.at_least,
        glance=plain(said, SHORT),
        images=plain(image_text(obj, related), LONG),
        bar=bar,
        cause=plain(cause.sentence, LONG) if cause else "",
        cause_at=cause.at.id if cause and cause.at else "",
        cause_reason=plain(cause.reason, SHORT) if cause else "",
        owner=owner[0].id if owner else "",
        drives=driven.id if driven else "",
        revision=_revision(key.kind, meta) if owner else "",
        created=timestamp(meta.get("creationTimestamp")),
    )


def _revision(kind: str, meta: Mapping[str, Any]) -> str:
    """The mark of the template it was made from: a number for a ReplicaSet, a hash for a Pod."""
    number = as_mapping(meta.get("annotations")).get(REVISION_ANNOTATION) if kind == "ReplicaSet" else None
    if isinstance(number, str) and number:
        return text(number, 63)
    labels = as_mapping(meta.get("labels"))
    return next((text(labels[name], 63) for name in HASH_LABELS if labels.get(name)), "")
