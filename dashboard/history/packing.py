"""Episodes to columns and back; samples to one small blob and back."""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.core.model import Change, Ended, Episode, Hop, Sample, Verdict
from dashboard.history import models
from dashboard.history.wire import Told

MOST_SAMPLES = 1000
MOST_HOPS = 40
MOST_CHANGES = 50
CAUSE, DETAIL, VALUE = 1000, 300, 500
"""Characters of a cause, of a hop's detail and of a value that was declared: more is cut."""

_FIELDS = 6
_BYTES = MOST_SAMPLES * _FIELDS * 8
"""What a blob may hold once it is unpacked: it is read back from a database, and bounded all the same."""


def columns(told: Told, cluster: str, at: float) -> models.Episode:
    """The row that keeps a told episode."""
    episode = told.episode
    return models.Episode(
        cluster=cluster,
        key=episode.key,
        object=text(episode.object, models.OBJECT),
        uid=text(episode.uid),
        group=text(told.group),
        kind=text(told.kind),
        namespace=text(told.namespace),
        name=text(told.name),
        of=text(episode.kind, 16),
        opened=episode.opened,
        closed=episode.closed,
        took=None if episode.closed is None else max(episode.closed - episode.opened, 0.0),
        ended=episode.ended or "",
        recovered=episode.recovered,
        generation=episode.generation,
        verdict=episode.verdict,
        reason=text(episode.reason),
        cause=text(episode.cause, CAUSE),
        by=text(episode.by),
        changes=pack_changes(episode.changes),
        supersedes=text(episode.supersedes, models.KEY),
        superseded_by=text(episode.superseded_by, models.KEY),
        version=told.version,
        told=at,
    )


def hops(episode: Episode, row: models.Episode) -> list[models.Hop]:
    """The rows of its hops."""
    return [
        models.Hop(
            episode=row,
            place=place,
            name=text(hop.name, 64),
            at=hop.at,
            took=hop.took,
            object=text(hop.object, models.OBJECT),
            detail=text(hop.detail, DETAIL),
        )
        for place, hop in enumerate(episode.hops[:MOST_HOPS])
    ]


def samples(episode: Episode, row: models.Episode) -> models.Samples | None:
    """The row of its samples; None where there are none, so that dropped ones do not erase what was kept before."""
    if not episode.samples:
        return None
    kept = thin(episode.samples)
    return models.Samples(episode=row, packed=pack(kept), count=len(kept))


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


def thin(samples: Sequence[Sample]) -> Sequence[Sample]:
    """At most MOST_SAMPLES of them, evenly, with the last one."""
    if len(samples) <= MOST_SAMPLES:
        return samples
    step = (len(samples) - 1) / (MOST_SAMPLES - 1)
    return [samples[round(place * step)] for place in range(MOST_SAMPLES)]


def pack(samples: Sequence[Sample]) -> bytes:
    """Six doubles a sample, NaN for what is not counted, compressed: about a tenth of them as JSON."""
    numbers = array("d")
    for each in samples:
        fields = (each.setpoint, each.updated, each.ready, each.available, each.terminating)
        numbers.append(each.at)
        numbers.extend(math.nan if value is None else value for value in fields)
    return zlib.compress(numbers.tobytes(), 1)


def unpack(packed: bytes) -> tuple[Sample, ...]:
    """The samples of a blob; none of one that is damaged: the rest of its episode is worth showing."""
    try:
        found = zlib.decompressobj().decompress(packed, _BYTES) if packed else b""
    except zlib.error:
        return ()
    numbers = array("d")
    numbers.frombytes(found[: len(found) // (8 * _FIELDS) * 8 * _FIELDS])
    values = [None if math.isnan(value) else value for value in numbers]
    rows = (values[start : start + _FIELDS] for start in range(0, len(values), _FIELDS))
    return tuple(Sample(at, *rest) for at, *rest in rows if at is not None)
