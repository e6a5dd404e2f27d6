"""Episodes to columns and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.core.model import Change, Ended, Episode, Hop, Verdict
from dashboard.history import models
from dashboard.history.samples import unpack
from dashboard.history.wire import Told

MOST_HOPS = 40
MOST_CHANGES = 50
CAUSE, DETAIL, VALUE = 1000, 300, 500
"""Characters of a cause, of a hop's detail and of a value that was declared: more is cut."""

HOP = ("episode", "place", "name", "at", "took", "object", "detail")
"""The fields of a hop's row, in the order of `hops`."""


def columns(told: Told, cluster: str, at: float) -> dict[str, Any]:
    """The fields of the row that keeps a told episode."""
    episode = told.episode
    return {
        "cluster": cluster,
        "key": episode.key,
        "object": text(episode.object, models.OBJECT),
        "uid": text(episode.uid),
        "group": text(told.group),
        "kind": text(told.kind),
        "namespace": text(told.namespace),
        "name": text(told.name),
        "of": text(episode.kind, 16),
        "opened": episode.opened,
        "closed": episode.closed,
        "took": None if episode.closed is None else max(episode.closed - episode.opened, 0.0),
        "ended": episode.ended.value if episode.ended is not None else "",
        "recovered": episode.recovered,
        "generation": episode.generation,
        "verdict": episode.verdict.value,
        "reason": text(episode.reason),
        "cause": text(episode.cause, CAUSE),
        "by": text(episode.by),
        "changes": pack_changes(episode.changes),
        "supersedes": text(episode.supersedes, models.KEY),
        "superseded_by": text(episode.superseded_by, models.KEY),
        "version": told.version,
        "told": at,
    }


def hops(episode: Episode, id: int) -> list[tuple[Any, ...]]:
    """The values of the rows of its hops, the fields as in HOP; `id` is its own row's."""
    return [
        (
            id,
            place,
            text(hop.name, 64),
            hop.at,
            hop.took,
            text(hop.object, models.OBJECT),
            text(hop.detail, DETAIL),
        )
        for place, hop in enumerate(episode.hops[:MOST_HOPS])
    ]


def episode_of(row: models.Episode, hop_rows: Iterable[models.Hop] = (), packed: bytes = b"") -> Episode:
    """The episode that a row keeps."""
    return Episode(
        key=row.key,
        object=row.object,
        uid=row.uid,
        kind=row.of,
        opened=row.opened,
        generation=row.generation,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        cause=row.cause,
        changes=tuple(Change(path, before, after) for path, before, after in row.changes),
        by=row.by,
        closed=row.closed,
        ended=Ended(row.ended) if row.ended else None,
        recovered=row.recovered,
        supersedes=row.supersedes,
        superseded_by=row.superseded_by,
        hops=tuple(Hop(each.name, each.at, each.took, each.object, each.detail) for each in hop_rows),
        samples=unpack(packed),
    )


def pack_changes(changes: Sequence[Change]) -> list[list[Any]]:
    """Path, before and after of each change, cut to what a page can show."""
    return [[text(each.path), _value(each.before), _value(each.after)] for each in changes[:MOST_CHANGES]]


def _value(value: Any) -> Any:
    """A value as it may lie in a JSON column: a long one is its beginning, as text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return text(value if isinstance(value, str) else str(value), VALUE)


def text(value: str, limit: int = models.WORD) -> str:
    """Cut, and without what a database takes for no text: PostgreSQL refuses NUL, and both a lone surrogate."""
    cut = value[:limit].replace("\x00", "�")
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()
