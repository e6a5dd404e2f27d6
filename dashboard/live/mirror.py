"""A picture that another process judges: fields are put in as they were told, in any order, as often as may be.

A field is whole: the newest that was told of a name is what is held of it. When another leader begins, what was held
before stays in place until the new one has told everything; then what it did not name goes. So nobody sees a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import structlog

from dashboard.core.model import Episode
from dashboard.core.objects import ResourceType
from dashboard.live.entries import FOLDING, Entry
from dashboard.live.mirror_fields import (
    EPISODE,
    FRESH,
    KINDS,
    NOTES,
    ROW,
    Report,
    unpack_entry,
    unpack_episode,
    unpack_kinds,
    unpack_notes,
    unpack_report,
)
from dashboard.live.picture import Kind, Picture

log = structlog.get_logger(__name__)

OUT_OF_REACH = frozenset({"forbidden", "vanished", "counted"})
"""States of a kind of which nothing is held, and nothing is to be waited for."""


class Mirror(Picture):
    """What another process's board holds. Whoever follows that process tells it: `begin`, `take`, `keep_only_told`.

    `report` is the newest word on how fresh it is, None before the first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.report: Report | None = None
        self.kinds_served: dict[Kind, ResourceType] = {}
        self._episodes: dict[str, Episode] = {}
        self._changed: set[str] = set()
        self._look: set[str] = set()
        self._refold: set[str] = set()  # uids whose descendants fold differently now
        self._old: set[str] = set()  # fields that the present leader has not told
        self._reported = False  # whether it has said how fresh it is

    # What is told

    def begin(self) -> None:
        """From here on everything is told anew: by another leader, or from the picture as it is kept."""
        self._old.update(ROW + id for id in self._entries.by_id)
        self._old.update(NOTES + id for id in self._notes.subjects())
        self._old.update(EPISODE + id for id in self._episodes)
        self._reported = False

    def take(self, told: Mapping[str, bytes]) -> None:
        """Some fields; "" for what is gone."""
        for name, packed in told.items():
            self._old.discard(name)
            try:
                self._put(name, packed)
            except msgspec.DecodeError as error:
                log.warning("a field that is not as it should be", field=name[:200], error=str(error)[:200])
        self._wake()

    def keep_until_told(self, told: Mapping[str, bytes]) -> None:
        """Some fields of an older picture: they stand for now, as whatever was held at `begin` does."""
        older = {name: packed for name, packed in told.items() if name not in (KINDS, FRESH)}
        self.take(older)
        self._old.update(older)

    def _put(self, name: str, packed: bytes) -> None:
        family, id = name[:2], name[2:]
        if family == ROW:
            self._put_row(id, packed)
        elif family == NOTES:
            self._notes.replace(id, unpack_notes(packed) if packed else ())
            self._pins.touch(id)
        elif family == EPISODE:
            self._put_episode(id, packed)
        elif name == FRESH and packed:
            self.report, self._reported = unpack_report(packed), True
        elif name == KINDS and packed:
            self.kinds_served = {(each.group, each.kind): each for each in unpack_kinds(packed)}
            self._has_status = {kind: each.has_status for kind, each in self.kinds_served.items()}

    def _put_episode(self, id: str, packed: bytes) -> None:
        if packed:
            episode = self._episodes[id] = unpack_episode(packed)
            entry = self._entries.by_id.get(id)
            if entry is not None:
                self.tally.take(episode, entry.row)
        else:
            self._episodes.pop(id, None)
        self._pins.touch(id)

    def _put_row(self, id: str, packed: bytes) -> None:
        old = self._entries.by_id.get(id)
        if not packed:
            self._remove(id)
            return
        new = unpack_entry(packed)
        if old is not None and old.row.uid != new.row.uid:
            self._remove(id)
            old = None
        if old is not None and new.version < old.version:
            self._pins.gone(id, -1)  # a restored backup: what was read of it is no longer so
        if old is not None and old.row == new.row:
            new.row, new.order = old.row, old.order  # whoever compares them need not look further
        self._entries.add(new)
        self._mark(id, new, old)

    def _mark(self, id: str, new: Entry, old: Entry | None) -> None:
        if old is None or old.row is not new.row:
            self._changed.add(id)
        elif old.version != new.version or old.relative != new.relative:
            self._pins.touch(id)
        if old is None or (old.row.verdict in FOLDING) != (new.row.verdict in FOLDING):
            self._refold.add(new.row.uid)
        if old is not None and old.relative.owner_uid != new.relative.owner_uid:
            self._look.add(id)
            self._refold.add(new.row.uid)

    def _remove(self, id: str) -> None:
        entry = self._entries.remove(id)
        if entry is not None:
            self._refold.add(entry.row.uid)
            self._changed.add(id)
            self._pins.gone(id, entry.version)

    def keep_only_told(self) -> None:
        """Let go of what the present leader would have named by now: objects of kinds that it has told whole."""
        report = self.report
        if report is None or not self._reported or not self._old:
            return
        kinds = {(each.resource.group, each.resource.kind): each for each in report.kinds}
        whole = {kind for kind, each in kinds.items() if each.listed or each.state in OUT_OF_REACH}
        if not whole and not report.settled:
            return
        for name in tuple(self._old):
            entry = self._entries.by_id.get(name[2:]) if name.startswith(ROW) else None
            kind = (entry.row.group, entry.row.kind) if entry is not None else None
            if (kind in whole) if kind in kinds else report.settled:
                self._old.discard(name)
                self._put(name, b"")
        self._wake()

    # Time

    def tick(self, now: float) -> frozenset[str]:
        """The ids of rows that changed or went since the last tick."""
        self._settle(now)
        changed = frozenset(self._changed)
        self._changed.clear()
        if changed:
            self.revision += 1
        return changed

    def _settle(self, now: float) -> None:
        for uid in self._refold:
            self._look |= self._entries.descendants(uid)
        self._refold.clear()
        self.results.update(self._changed | self._look)
        self._look.clear()

    @property
    def next_due(self) -> float | None:
        """Never: whoever watches says what time changes."""
        return None

    # What is read

    def episode(self, id: str) -> Episode | None:
        """The object's open episode, or the last that closed, for ten minutes; None where none is known."""
        return self._episodes.get(id)

    def outdated(self, id: str) -> bool:
        """Whether a pinned object that was read has changed since."""
        entry = self._entries.by_id.get(id)
        return entry is not None and entry.version > self._pins.version(id)
