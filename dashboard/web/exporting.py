"""An episode as one file that any ReconcilerViz can open: a list of fields that may leave, and a preview of them.

What leaves is listed here and nothing else: names, times, counts, the words of causes and hops (unless they are left
out), and the values of fields that are safe to tell (`TELLABLE`). Values of any other field, such as environment
variables, stay behind: only the field's path says that it was changed.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Any

import orjson

from dashboard.core.model import Change, Episode, Hop, Sample
from dashboard.core.objects import ObjectKey
from dashboard.web.response import SERIES
from dashboard.web.wording import absolute, plain

FORMAT = "reconcilerviz-episode"
VERSION = 1
LONGEST = 500
"""Characters of any text in a file."""
MAX_CHANGES = 100
MAX_HOPS = 200
MAX_SAMPLES = 5000

TELLABLE = frozenset(
    {
        "averageUtilization", "backoffLimit", "completions", "desiredReplicas", "image", "maxReplicas", "maxSurge",
        "maxUnavailable", "minReadySeconds", "minReplicas", "parallelism", "partition", "paused",
        "progressDeadlineSeconds", "replicas", "schedule", "storage", "storageClassName", "suspend",
    }
)  # fmt: skip
"""Last steps of the paths of fields whose values may leave: counts, images, switches."""

PLACES = frozenset(
    {
        "spec", "status", "template", "jobTemplate", "containers", "initContainers", "resources", "requests",
        "strategy", "updateStrategy", "rollingUpdate", "metrics", "resource", "target", "volumeClaimTemplates",
    }
)  # fmt: skip
"""What may lie above them: below anything else, such as `env`, a field of any name may hold anything."""

_NAMED = re.compile(r'name="[A-Za-z0-9-]*"|[0-9]+')
_STEP = re.compile(r"[^.\[\]]+")


def document(episode: Episode, key: ObjectKey, *, messages: bool = True) -> dict[str, Any]:
    """What a file says. `messages`: with the sentences that causes and hops were told in."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "object": {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name},
        "kind": episode.kind,
        "opened": _time(episode.opened),
        "closed": _time(episode.closed),
        "ended": episode.ended,
        "recovered": _time(episode.recovered),
        "generation": episode.generation,
        "verdict": episode.verdict,
        "reason": plain(episode.reason, LONGEST),
        "cause": plain(episode.cause, LONGEST) if messages else "",
        "by": plain(episode.by, LONGEST),
        "changes": [_change(each) for each in episode.changes[:MAX_CHANGES]],
        "hops": [_hop(each, messages=messages) for each in episode.hops[:MAX_HOPS]],
        "samples": [_sample(each, episode.opened) for each in episode.samples[-MAX_SAMPLES:]],
    }


def _time(moment: float | None) -> float | None:
    return None if moment is None else round(moment, 3)


def _change(change: Change) -> dict[str, Any]:
    told = tellable(change)
    return {
        "path": plain(change.path, LONGEST),
        "before": _value(change.before) if told else None,
        "after": _value(change.after) if told else None,
        "left_out": not told,
    }


def tellable(change: Change) -> bool:
    """Whether a change's values may leave: a known field in a known place, and a plain value."""
    *above, last = _STEP.findall(change.path) or [""]
    known = last in TELLABLE and all(step in PLACES or _NAMED.fullmatch(step) for step in above)
    return known and all(_is_plain(each) for each in (change.before, change.after))


def _is_plain(value: Any) -> bool:
    """No tree, and no address, which may carry a password."""
    return "://" not in value if isinstance(value, str) else value is None or isinstance(value, int | float)


def _value(value: Any) -> Any:
    return plain(value, LONGEST) if isinstance(value, str) else value


def _hop(hop: Hop, *, messages: bool) -> dict[str, Any]:
    return {
        "name": plain(hop.name, LONGEST),
        "at": _time(hop.at),
        "took": round(hop.took, 3),
        "object": plain(hop.object, LONGEST),
        "detail": plain(hop.detail, LONGEST) if messages else "",
    }


def _sample(sample: Sample, opened: float) -> list[float | None]:
    return [round(max(0.0, sample.at - opened), 3), *(getattr(sample, name) for name in SERIES)]


def pack(content: Mapping[str, Any]) -> bytes:
    """The file: JSON, gzip. The same content gives the same bytes."""
    return gzip.compress(orjson.dumps(content), mtime=0)


def file_name(content: Mapping[str, Any]) -> str:
    """`web-20261124T091203.episode.json.gz`: only what every file system takes."""
    name = re.sub(r"[^a-z0-9.-]+", "-", str(content["object"]["name"]).lower())[:80].strip(".-") or "episode"
    moment = re.sub(r"[^0-9T]", "", absolute(content["opened"]).replace(" UTC", "").replace(" ", "T"))
    return f"{name}-{moment}.episode.json.gz"


def messages_in(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every sentence in a file, and where it stands: what somebody should read before they share it."""
    told = [{"where": "cause", "text": content["cause"]}]
    told += [{"where": f"hop {hop['name']}", "text": hop["detail"]} for hop in content["hops"]]
    return [each for each in told if each["text"]]


def names_in(content: Mapping[str, Any]) -> list[str]:
    """Names of objects in a file: the episode's own, and those that its hops name."""
    place = content["object"]
    own = ObjectKey(place["group"], place["kind"], place["namespace"], place["name"]).id
    return sorted({own, *(hop["object"] for hop in content["hops"] if hop["object"])})
