"""An episode as templates show it: the same on the object page, on its permalink, and in a replay without a cluster."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dashboard.core.model import Episode, Hop
from dashboard.core.objects import ObjectKey
from dashboard.live.view import thinned
from dashboard.web import response
from dashboard.web.amounts import lasted
from dashboard.web.sketch import sketch
from dashboard.web.wording import absolute

MAX_CHANGES = 12
KIND_WORDS = {
    "change": "declared anew",
    "loss": "what was there went or failed",
    "deletion": "its end was asked for",
    "fight": "two managers set it back and forth",
}


def told(episode: Episode, now: float) -> dict[str, Any]:
    """What the episode_*.html templates need under the name `told`."""
    found = response.facts(episode)
    open_now = now if episode.closed is None else None
    columns = [name for name in response.SERIES if any(getattr(each, name) is not None for each in episode.samples)]
    last = episode.samples[-1] if episode.samples else None
    return {
        "key": episode.key,
        "kind": episode.kind,
        "kind_words": KIND_WORDS.get(episode.kind, ""),
        "by": episode.by,
        "changes": episode.changes[:MAX_CHANGES],
        "more_changes": max(0, len(episode.changes) - MAX_CHANGES),
        "open": episode.closed is None,
        "outcome": response.outcome(episode),
        "length": response.whole(episode, open_now),
        "extent": response.extent(episode, open_now),
        "recovered_after": episode.recovered - episode.opened if episode.recovered is not None else None,
        "clock": absolute(episode.opened)[11:19],
        "date": absolute(episode.opened),
        "last": episode.hops[-1].at if episode.hops else episode.opened,
        "hops": _hops(episode, found.culprit),
        "stuck": response.stuck(episode),
        "stuck_longest": found.culprit < 0,
        "longest": episode.hops[found.culprit] if found.culprit >= 0 else None,
        "longest_took": longest_took(episode, found.culprit),
        "reading": found,
        "words": response.told(found),
        "sketch": sketch(episode, response.blame(episode), open_now),
        "legend": [{"name": name, "value": getattr(last, name)} for name in columns],
        "rows": [
            {"after": after, "values": [getattr(each, name) for name in columns]}
            for after, each in response.rows(episode)
        ],
    }


def longest_took(episode: Episode, culprit: int) -> str:
    if culprit < 0:
        return ""
    hop = episode.hops[culprit]
    return lasted(hop.took, hop.at, hop.at - hop.took)


def _hops(episode: Episode, culprit: int) -> list[dict[str, Any]]:
    falls = response.spans(episode)
    return [
        {
            "name": hop.name,
            "took": lasted(hop.took, hop.at, hop.at - hop.took) if place else "—",
            "detail": hop.detail,
            "absolute": absolute(hop.at),
            "culprit": place == culprit,
            "x": fall.x,
            "width": max(0.8, fall.width),
            "at_object": _other(hop, episode),
        }
        for place, (hop, fall) in enumerate(zip(episode.hops, falls, strict=True))
    ]


def _other(hop: Hop, episode: Episode) -> ObjectKey | None:
    """The object that took longest, where it is not the episode's own."""
    return key_of(hop.object) if hop.object != episode.object else None


def key_of(id: str) -> ObjectKey | None:
    """The key in an id; None where it is no id."""
    try:
        return ObjectKey.parse(id)
    except ValueError:
        return None


def played(episode: Episode) -> dict[str, Any]:
    """The episode as <rv-replay> plays it: JSON, with no more samples than a chart has room for."""
    return {name: value for name, value in asdict(thinned(episode)).items() if name != "uid"}
