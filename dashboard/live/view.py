"""The object page's content as one value: the same for the server-rendered page and for live viewers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.core import samples
from dashboard.core.edits import can
from dashboard.core.gaps import ledger
from dashboard.core.model import Episode, EventNote, Relative, Row
from dashboard.core.objects import field, text
from dashboard.core.ownership import undoers
from dashboard.live.picture import Picture

View = dict[str, Any]
"""An ObjectView: JSON, apart from dataclasses that become objects when it is written."""

REVISION = "deployment.kubernetes.io/revision"
MAX_REVISIONS = 50
MAX_CONTAINERS = 50
MAX_SAMPLES = 400
"""Points of a response that a frame carries: more than a chart has room for."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How long such episodes take, in seconds from their opening: the median and the 90th percentile of `count` of
    them, `of` what (this workload, or its kind and namespace). `slower`: this one takes longer than 95 % of them.
    `more` are the seconds that an open one probably still takes: half of those that took as long had ended after the
    first, nine of ten after the second; None where none took as long.
    """

    p50: float
    p90: float
    count: int
    of: str
    slower: bool = False
    more: tuple[float, float] | None = None


def object_view(
    picture: Picture,
    row: Row,
    obj: Mapping[str, Any] | None,
    *,
    now: float,
    allow_edits: bool,
    episode: Episode | None = None,
    usual: Usual | None = None,
) -> View:
    """Everything that the object page shows.

    `obj` is the whole object, None when it could not be read: then there is no ledger and nothing to edit.
    `episode` is the open one or the last that closed; `usual` how long such ones take.
    """
    related = picture.relatives(row.id)
    relatives = tuple(each for each in related if isinstance(each, Relative))
    return {
        "id": row.id,
        "row": row,
        "verdict": row.verdict,
        "reason": row.reason,
        "since": row.since,
        "at_least": row.at_least,
        "cause": {"sentence": row.cause, "at": row.cause_at, "reason": row.cause_reason} if row.cause else None,
        "ledger": list(ledger(obj, now, relatives)) if obj is not None else [],
        "has_status": picture.has_status(row.group, row.kind),
        "chain": [[_link(each, row.id) for each in level] for level in picture.chain(row.id)],
        "events": [_event(note) for note in related if isinstance(note, EventNote)],
        "edit": _edit(obj, relatives) if obj is not None and allow_edits else None,
        "episode": thinned(episode) if episode is not None else None,
        "usual": usual,
        "server_time": now,
    }


def thinned(episode: Episode) -> Episode:
    """The episode with no more samples than a chart has room for: no dip and no surge of it is left out."""
    kept = samples.thinned(episode.samples, MAX_SAMPLES)
    return episode if kept is episode.samples else replace(episode, samples=kept)


def _link(row: Row, current: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "namespace": row.namespace,
        "name": row.name,
        "verdict": row.verdict,
        "glance": row.glance,
        "bar": row.bar,
        "current": row.id == current,
    }


def _event(note: EventNote) -> dict[str, Any]:
    return {
        "type": note.type,
        "reason": note.reason,
        "message": note.message,
        "count": note.count,
        "last": note.last,
        "source": note.source,
    }


def _edit(obj: Mapping[str, Any], relatives: tuple[Relative, ...]) -> dict[str, Any] | None:
    allowed = list(can(obj))
    if not allowed:
        return None
    replicas, paused = field(obj, "spec.replicas"), field(obj, "spec.paused")
    if "pause" in allowed or "resume" in allowed:
        paused = paused is True
    return {
        "replicas": replicas if isinstance(replicas, int) and not isinstance(replicas, bool) else None,
        "containers": _containers(obj) if "image" in allowed else [],
        "paused": paused if isinstance(paused, bool) else None,
        "revisions": _revisions(obj, relatives) if "rollback" in allowed else [],
        "undoers": list(undoers(obj, relatives)),
        "can": allowed,
    }


def _containers(obj: Mapping[str, Any]) -> list[dict[str, str]]:
    containers = field(obj, "spec.template.spec.containers") or field(obj, "spec.containers")
    found = containers[:MAX_CONTAINERS] if isinstance(containers, list) else []
    return [{"name": text(field(each, "name")), "image": text(field(each, "image"))} for each in found]


def _revisions(obj: Mapping[str, Any], relatives: Iterable[Relative]) -> list[dict[str, Any]]:
    """The revisions that can be gone back to, newest first: a Deployment's ReplicaSets."""
    uid = text(field(obj, "metadata.uid"))
    annotations = field(obj, "metadata.annotations", {})
    current = text(annotations.get(REVISION)) if isinstance(annotations, Mapping) else ""
    own = (each for each in relatives if uid and each.owner_uid == uid and each.key.kind == "ReplicaSet")
    numbered = {int(each.revision): each for each in own if is_number(each.revision)}
    return [
        {
            "revision": number,
            "images": [image for _, image in numbered[number].images],
            "created": numbered[number].created,
            "current": numbered[number].revision == current,
        }
        for number in sorted(numbered, reverse=True)[:MAX_REVISIONS]
    ]


def is_number(revision: str) -> bool:
    """Whether a revision mark is a number that fits."""
    return revision.isascii() and revision.isdecimal() and len(revision) < 16
