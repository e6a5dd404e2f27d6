"""Digests of owners, children and Events: what judging an object's relatives needs of it, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import Any

from dashboard.core.model import Assessment, EventNote, Relative
from dashboard.core.objects import ObjectKey, field, key_of, text, timestamp
from dashboard.core.subject import as_count, as_list, as_mapping

REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
HASH_LABELS = ("pod-template-hash", "controller-revision-hash")
OVER = frozenset({"Succeeded", "Failed"})


def digest(obj: Mapping[str, Any], assessment: Assessment, *, key: ObjectKey | None = None) -> Relative:
    """What others need to know of this object. Never raises, whatever the object.

    `key` is the object's own, for who has it already.
    """
    meta = as_mapping(obj.get("metadata")) if isinstance(obj, dict) else as_mapping(field(obj, "metadata"))
    labels, annotations = as_mapping(meta.get("labels")), as_mapping(meta.get("annotations"))
    template_hash = ""
    for name in HASH_LABELS:
        if mark := labels.get(name):
            template_hash = intern(text(mark))
            break
    replicas, ready = _counts(obj)
    # In the order of the fields: naming fifteen of them would double what making it costs, as for a row.
    return Relative(
        key or key_of(obj),
        text(meta.get("uid")),
        _controller_uid(meta),
        assessment.verdict,
        assessment.reason,
        assessment.cause,
        intern(text(annotations.get(REVISION_ANNOTATION))) or template_hash,
        template_hash,
        replicas,
        ready,
        _images(obj),
        bool(meta.get("deletionTimestamp")),  # deleting
        timestamp(meta.get("creationTimestamp")),
        assessment.since,
        assessment.recheck_at,
    )


def event_note(obj: Mapping[str, Any]) -> EventNote | None:
    """An Event (core/v1 or events.k8s.io/v1) as a note about its object; None where it is about nothing.

    The scheduler leaves `count`, `firstTimestamp` and `source` empty and fills `eventTime` only.
    """
    about = as_mapping(obj.get("involvedObject") or obj.get("regarding")) if isinstance(obj, Mapping) else {}
    if not about:
        return None
    get = obj.get
    series = as_mapping(get("series"))
    first = timestamp(get("firstTimestamp") or get("deprecatedFirstTimestamp") or get("eventTime"))
    last = timestamp(series.get("lastObservedTime") or get("lastTimestamp") or get("deprecatedLastTimestamp")) or first
    source = as_mapping(get("source") or get("deprecatedSource"))
    return EventNote(
        about=ObjectKey(
            text(about.get("apiVersion")).rpartition("/")[0],
            text(about.get("kind")),
            text(about.get("namespace")),
            text(about.get("name")),
        ),
        about_uid=text(about.get("uid")),
        type=text(get("type")),
        reason=text(get("reason")),
        message=text(get("message") or get("note"), 1000),
        count=max(as_count(get("count")), as_count(get("deprecatedCount")), as_count(series.get("count")), 1),
        first=first,
        last=last,
        source=text(source.get("component")) or text(get("reportingComponent")) or text(get("reportingController")),
    )


def _controller_uid(meta: Mapping[str, Any]) -> str:
    for owner in as_list(meta.get("ownerReferences")):
        if isinstance(owner, dict) and owner.get("controller") is True:
            return intern(text(owner.get("uid")))
    return ""


def _counts(obj: Mapping[str, Any]) -> tuple[int, int]:
    """Pods and ready Pods; a Pod that is over counts as none, so that it is history to its owner."""
    status = as_mapping(obj.get("status"))
    if obj.get("kind") == "Pod":
        if text(status.get("phase")) in OVER:
            return 0, 0
        for entry in as_list(status.get("conditions")):
            if isinstance(entry, dict) and entry.get("type") == "Ready":
                return 1, int(entry.get("status") == "True")
        return 1, 0
    if obj.get("kind") == "EndpointSlice":
        return ready_endpoints(obj)
    return as_count(status.get("replicas")), as_count(status.get("readyReplicas"))


def ready_endpoints(obj: Mapping[str, Any]) -> tuple[int, int]:
    """Endpoints of a slice that are not ending, and those that are ready (null reads as ready).

    https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
    """
    total = ready = 0
    for entry in as_list(obj.get("endpoints")):
        if isinstance(entry, Mapping):
            told = as_mapping(entry.get("conditions"))
            if told.get("terminating") is not True:
                total += 1
                ready += told.get("ready") is not False
    return total, ready


def _images(obj: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(container, image) as run: a Pod's own containers, otherwise those of its template."""
    spec = as_mapping(obj.get("spec"))
    source = spec if obj.get("kind") == "Pod" else as_mapping(as_mapping(spec.get("template")).get("spec"))
    pairs = [
        (text(entry.get("name")), text(entry.get("image")))
        for entry in as_list(source.get("containers"))
        if isinstance(entry, dict)
    ]
    return _shared(tuple(pairs))


@lru_cache(maxsize=4096)
def _shared(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The same value for all Pods of a template."""
    return pairs
