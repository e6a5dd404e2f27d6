"""Judging: an object when its event comes, and what depends on it at the next tick, upward until nothing changes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.core.glances import reads_gaps
from dashboard.core.model import Assessment, Relative, Verdict
from dashboard.core.objects import ObjectKey, key_of, text
from dashboard.core.relatives import digest
from dashboard.core.rows import row as make_row
from dashboard.core.verdict import assess
from dashboard.live.bodies import dump_trimmed, load, pack
from dashboard.live.disputes import Disputes
from dashboard.live.entries import FOLDING, MAX_DEPTH, Entries, Entry, version_of
from dashboard.live.notes import Notes
from dashboard.live.pins import Pins
from dashboard.live.recorder import Recorder
from dashboard.live.relations import related

Kind = tuple[str, str]
"""Group and kind."""

LEAVES = frozenset({("", "Pod"), ("discovery.k8s.io", "EndpointSlice"), ("coordination.k8s.io", "Lease")})
"""Kinds that seldom own anything and are many: once converged, they are not judged again before their next event,
so no body is kept of them."""

WARM = 128
"""Owners kept as they came, at some 20 KB each, before they are kept as bytes: what their children change is judged
again and again. More would cost more than it saves: fresh memory is slower than bytes (measured with Pods)."""


class Judging:
    """Entries kept in step with what is known of the cluster.

    `changed` are the ids whose rows changed or went, `look` those whose place in a folded list may have changed;
    the board takes and clears both.
    """

    def __init__(self, entries: Entries, notes: Notes, pins: Pins, has_status: Mapping[Kind, bool | None]) -> None:
        self._has_status = has_status
        self.refused = 0
        self.changed: set[str] = set()
        self.look: set[str] = set()
        self._entries = entries
        self._notes = notes
        self._pins = pins
        self._disputes = Disputes()
        self.recorder: Recorder | None = None
        self._warm: dict[str, Entry] = {}  # with the object as it came; least lately judged first
        self._timers: list[tuple[float, str]] = []
        self._dirty: set[str] = set()
        self._refold: set[str] = set()  # uids whose descendants fold differently now

    def put(self, obj: dict[str, Any], now: float, *, listed: bool) -> str | None:
        """Take an object in; returns its id, None when it has no name or kind.

        A version older than the one held is ignored unless it comes from a list: a watch that was opened again
        may repeat what is known, but a list is what the API holds, even when that is a restored backup.
        """
        named = _name(obj)
        if named is None:
            self.refused += 1
            return None
        key, id = named
        version = version_of(obj)
        old = self._entries.by_id.get(id)
        if old is not None and not listed and version and version < old.version:
            return id
        if old is not None and old.row.uid != _uid(obj):
            self.remove(id)
            old = None
        self._pins.offer(id, obj, version)
        if (key.group, key.kind) not in LEAVES:
            self._disputes.seen(id, obj, old.body if old is not None else None, now)
        self._judge(key, id, obj, old, version=version, now=now, listed=listed)
        return id

    def delete(self, obj: Mapping[str, Any]) -> None:
        """Take an object out, unless a newer one of its name is there."""
        named = _name(obj)
        id = named[1] if named is not None else ""
        entry = self._entries.by_id.get(id)
        version = version_of(obj)
        if entry is not None and not (version and version < entry.version):
            self.remove(id, version)

    def remove(self, id: str, version: int = 0) -> None:
        """Take an id out; `version` is that of its deletion, 0 where none was told."""
        entry = self._entries.by_id.get(id)
        if entry is None:
            return
        self._mark_upward(id, entry)
        if self.recorder is not None:
            self.recorder.removed(entry)
        self._entries.remove(id)
        self._warm.pop(id, None)
        self._disputes.forget(id)
        self._refold.add(entry.row.uid)
        self.changed.add(id)
        self._dirty.discard(id)
        self._pins.gone(id, max(version, entry.version))

    def noted(self, about: str | None) -> None:
        """The events about this id changed."""
        if about is not None:
            self._pins.touch(about)
            if self.recorder is not None:
                self.recorder.noted(about)
            if about in self._entries.by_id:
                self._dirty.add(about)

    def due(self, now: float) -> None:
        """Mark what time alone may have changed."""
        while self._timers and self._timers[0][0] <= now:
            at, id = heapq.heappop(self._timers)
            entry = self._entries.by_id.get(id)
            if entry is not None and entry.recheck_at == at:
                self._dirty.add(id)

    @property
    def next_due(self) -> float | None:
        """When time alone will next change something."""
        return self._timers[0][0] if self._timers else None

    def settle(self, now: float) -> None:
        """Judge again all that is marked and what that changes, level by level."""
        for _ in range(MAX_DEPTH):
            if not self._dirty:
                break
            dirty, self._dirty = self._dirty, set()
            for id in dirty:
                self._again(id, now)
        self._dirty.clear()  # owners in a circle: each was judged, and none is waited for
        for uid in self._refold:
            self.look |= self._entries.descendants(uid)
        self._refold.clear()

    def _again(self, id: str, now: float) -> None:
        entry = self._entries.by_id.get(id)
        if entry is None:
            return
        body = entry.body
        obj = self._pins.get(id) or (load(body) if isinstance(body, bytes) else body)
        if obj is not None:
            self._judge(
                entry.relative.key, id, obj, entry,
                version=entry.version, now=now, body=body if isinstance(body, bytes) else None,
            )  # fmt: skip

    def _judge(
        self,
        key: ObjectKey,
        id: str,
        obj: Mapping[str, Any],
        old: Entry | None,
        *,
        version: int,
        now: float,
        body: bytes | None = None,
        listed: bool = False,
    ) -> None:
        around = related(self._entries, self._notes, id, _uid(obj), old.row.drives if old is not None else "")
        assessment = assess(
            obj, now, around,
            has_status=self._has_status.get((key.group, key.kind)), with_gaps=reads_gaps(key.group, key.kind),
        )  # fmt: skip
        assessment = self._disputes.judged(id, assessment, now, self._driver)
        assessment = _since(assessment, old, now)
        relatives = tuple(each for each in around if isinstance(each, Relative)) if around else ()
        relative = digest(obj, assessment, key=key)
        row = make_row(obj, assessment, relatives, own=relative)
        if old is not None:
            row = old.row if old.row == row else row
            relative = old.relative if old.relative == relative else relative
        entry = Entry(row, relative, version, None, assessment.recheck_at)
        self._entries.add(entry)
        if self._may_be_judged_again(entry):
            leaf = (key.group, key.kind) in LEAVES
            if body is None and not leaf and not listed:
                self._keep_warm(id, entry, obj)
            else:
                managed = assessment.verdict is not Verdict.CONVERGED and (not leaf or assessment.at_least)
                trimmed = body or dump_trimmed(obj, managed=managed)
                entry.body = pack(trimmed) if listed else trimmed
        self._mark(id, entry, old)
        if self.recorder is not None:
            self.recorder.judged(entry, obj, assessment, now, listed=listed)

    def _driver(self, id: str) -> ObjectKey | None:
        return next((entry.relative.key for entry in self._entries.drivers(id)), None)

    def _keep_warm(self, id: str, entry: Entry, obj: Mapping[str, Any]) -> None:
        """Keep an object as it came for a while: what changes once changes again soon, and needs no bytes till then."""
        entry.body = obj
        self._warm.pop(id, None)
        self._warm[id] = entry
        if len(self._warm) > WARM:
            coldest = self._warm.pop(next(iter(self._warm)))
            if coldest.body is not None and not isinstance(coldest.body, bytes):
                coldest.body = dump_trimmed(coldest.body, managed=True)

    def _mark(self, id: str, entry: Entry, old: Entry | None) -> None:
        if entry.recheck_at is not None and (old is None or old.recheck_at != entry.recheck_at):
            self._set_timer(entry.recheck_at, id)
        if old is None or old.row is not entry.row:
            self.changed.add(id)
        else:
            entry.order = old.order
        if old is None or (old.row.verdict in FOLDING) != (entry.row.verdict in FOLDING):
            self._refold.add(entry.row.uid)
        if old is None or old.relative is not entry.relative:  # an equal one was kept
            self._mark_upward(id, entry)
            if old is not None and old.relative.owner_uid != entry.relative.owner_uid:
                self._mark_upward(id, old)
                self.look.add(id)
                self._refold.add(entry.row.uid)
        drives = entry.row.drives
        if drives and (old is None or old.row.drives != drives) and drives in self._entries.by_id:
            self._dirty.add(id)  # it was judged before it was known what it drives

    def _mark_upward(self, id: str, entry: Entry) -> None:
        owner = self._entries.owner(entry)
        if owner is not None:
            self._dirty.add(owner.row.id)
        self._dirty.update(driver.row.id for driver in self._entries.drivers(id))

    def _may_be_judged_again(self, entry: Entry) -> bool:
        if (entry.row.group, entry.row.kind) not in LEAVES or entry.recheck_at is not None:
            return True
        return entry.row.verdict is not Verdict.CONVERGED or self._entries.has_children(entry.row.uid)

    def _set_timer(self, at: float, id: str) -> None:
        heapq.heappush(self._timers, (at, id))
        if len(self._timers) > 2 * len(self._entries.by_id) + 1000:  # mostly answers that newer events replaced
            entries = self._entries.by_id
            self._timers = [each for each in self._timers if (e := entries.get(each[1])) and e.recheck_at == each[0]]
            heapq.heapify(self._timers)


def _name(obj: Mapping[str, Any]) -> tuple[ObjectKey, str] | None:
    """The key and its id, None where there is no name or kind, or one that is not text."""
    key = key_of(obj)
    return (key, key.id) if key.name and key.kind and is_text(key) else None


def _uid(obj: Mapping[str, Any]) -> str:
    meta = obj.get("metadata")
    return text(meta.get("uid")) if isinstance(meta, dict) else ""


def is_text(key: ObjectKey) -> bool:
    """Whether a key can be written as an id: a lone surrogate cannot."""
    if key.name.isascii() and key.namespace.isascii() and key.kind.isascii() and key.group.isascii():
        return True
    try:
        f"{key.group}{key.kind}{key.namespace}{key.name}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _since(assessment: Assessment, old: Entry | None, now: float) -> Assessment:
    """Give an assessment that the object says no time for the time at which the board saw it begin.

    What the board saw converge has done so then: conditions that never left True are older than the change.
    """
    if assessment.verdict is Verdict.CONVERGED:
        return _converged_since(assessment, old, now)
    if old is not None and old.row.verdict is assessment.verdict and _begun_before(old, assessment.since):
        # One stretch: a container that fails once more, or a condition that is renewed, does not begin it anew.
        return replace(assessment, since=old.row.since, at_least=old.row.at_least)
    if assessment.since is not None and not _ended_after(old, assessment.since):
        return assessment
    return replace(assessment, since=now, at_least=old is None)


def _ended_after(old: Entry | None, since: float) -> bool:
    """Whether it was seen converged later than that: a condition that stayed True dates nothing that came after."""
    if old is None or old.row.verdict is not Verdict.CONVERGED:
        return False
    return old.row.since is not None and old.row.since > since


def _begun_before(old: Entry, since: float | None) -> bool:
    return old.row.since is not None and (since is None or since > old.row.since)


def _converged_since(assessment: Assessment, old: Entry | None, now: float) -> Assessment:
    if old is None:
        return assessment
    seen = old.row.since if old.row.verdict is Verdict.CONVERGED else now
    if seen is None or (assessment.since is not None and assessment.since >= seen):
        return assessment
    return replace(assessment, since=seen, at_least=False)
