"""The recorder: follows every object that has not converged, and tells its episodes as they open, change and close.

It reads what judging sees anyway. Pods, ReplicaSets and the like that belong to an object on the board have no
episodes of their own: their owner's speaks for them, and names the one to which a hop took longest.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.core.episodes import SETTLE, advance, is_over
from dashboard.core.evidence import AUTOSCALER, Before, Evidence, Own, before, own
from dashboard.core.marks import Marks, marks
from dashboard.core.model import Assessment, Ended, Episode, Row, Verdict
from dashboard.core.objects import field, text
from dashboard.core.openings import unfinished
from dashboard.live.calm import Calm
from dashboard.live.entries import Entries, Entry
from dashboard.live.marked import Marked
from dashboard.live.notes import Notes
from dashboard.live.speaking import SILENT, SPOKEN_FOR, speaks

ABOVE = 4
"""Owners of owners that are told of a change."""

KEPT = 600.0
"""Seconds for which a closed episode is still shown with its object."""
MAX_CLOSED = 2000

TELL = 0.5
"""Seconds between two tellings of one open episode."""

LOOK = 1.0
"""Seconds between looks at what time alone may change."""

YOUNG = 120.0
"""Seconds after its creation for which an object's steps are kept though nobody has asked for them yet."""

DRAW = 0.25
"""Seconds between two looks at an episode for the sake of its Pods alone: two hundred events a second are no reason to
draw its hops two hundred times."""

MANY = 200
"""Marks beyond which that is LOOK: a thousand Pods take some milliseconds."""


Hear = Callable[[Episode, Row], None]


@dataclass(slots=True)
class _Track:
    """One followed object. `drawn` is when its episode was last looked at, from `size` marks and its own `version`.
    `told` is the episode as it was last told, `at` when; `before` what the object was at the last look.
    """

    row: Row
    own: Own
    assessment: Assessment
    episode: Episode | None = None
    told: Episode | None = None
    before: Before | None = None
    at: float = float("-inf")
    drawn: float = float("-inf")
    size: int = 0
    version: str = ""
    gone: bool = False


class Recorder:
    """The episodes of one cluster. `on_episode` and `tally` are told each that opened, changed or closed, with its
    object's row; they must only take note. `touch` is told the ids whose episodes changed; `watched` holds the kinds
    that are listed.
    """

    def __init__(
        self, entries: Entries, notes: Notes, touch: Callable[[str], None], watched: Container[tuple[str, str]]
    ) -> None:
        self.on_episode: Hear | None = None
        self.tally: Hear | None = None
        self._entries = entries
        self._notes = notes
        self._touch = touch
        self._watched = watched
        self._tracks: dict[str, _Track] = {}
        self._closed: dict[str, tuple[float, Episode]] = {}  # oldest first
        self._calm = Calm()
        self._resumed: dict[str, Episode] = {}
        self._marked = Marked()
        self._due: set[str] = set()
        self._waiting: set[str] = set()
        self._looked = float("-inf")

    # What is asked

    def episode(self, id: str, now: float) -> Episode | None:
        """The object's open episode, or the last that closed within ten minutes."""
        track = self._tracks.get(id)
        if track is not None and track.episode is not None:
            return track.episode
        at, episode = self._closed.get(id, (0.0, None))
        return episode if episode is not None and now - at <= KEPT else None

    def open(self) -> tuple[tuple[Episode, Row], ...]:
        """Every episode that is followed, with its object's row."""
        return tuple((track.episode, track.row) for track in self._tracks.values() if track.episode is not None)

    def resume(self, episodes: Iterable[Episode]) -> None:
        """Go on with episodes that were open when somebody else stopped watching."""
        self._resumed.update((episode.object, episode) for episode in episodes)

    # What judging tells

    def judged(self, entry: Entry, obj: Mapping[str, Any], assessment: Assessment, now: float, *, listed: bool) -> None:
        """An object was judged, with the version that is held of it."""
        kind = (entry.row.group, entry.row.kind)
        if kind in SILENT:
            return
        owned = bool(entry.relative.owner_uid)
        if (owned or kind == ("", "Pod")) and self._is_news(entry, now, listed=listed):
            self._marked.put(marks(obj, entry.row.id, entry.relative.owner_uid))
            self._stir(entry)
        if owned and kind in SPOKEN_FOR and speaks(entry, self._entries, self._watched):
            self._leave(entry.row.id, now)
            return
        self._follow(entry, obj, assessment, now)

    def _leave(self, id: str, now: float) -> None:
        """Leave an object to its owner, which came later than it did."""
        track = self._tracks.get(id)
        if track is not None:
            if track.episode is not None and not is_over(track.episode):
                at = max(now, track.episode.opened)
                track.episode = replace(track.episode, ended=Ended.SUPERSEDED, closed=at, reason="Owned")
                self._tell(id, track, now)
            self._drop(id)

    def _is_news(self, entry: Entry, now: float, *, listed: bool) -> bool:
        """Whether an object's steps may belong to an episode: what has long been as it is tells of none."""
        if entry.row.verdict is not Verdict.CONVERGED or entry.relative.deleting:
            return True
        if entry.row.created is None and listed:
            return False
        young = entry.row.created is None or now - entry.row.created < YOUNG
        return young or self._marked.get(entry.row.uid) is not None

    def _follow(self, entry: Entry, obj: Mapping[str, Any], assessment: Assessment, now: float) -> None:
        id = entry.row.id
        assessment = unfinished(assessment, entry.row.group, entry.row.kind)
        track = self._tracks.get(id)
        if track is not None and track.gone:  # and here is another of its name, before anybody looked
            self._bring(id, track, now)
            track = None
        version = text(field(obj, "metadata.resourceVersion"))
        if track is None:
            calm = assessment.verdict not in (Verdict.STALLED, Verdict.CONVERGING, Verdict.TERMINATING)
            if calm and id not in self._resumed:
                self._calm.note(entry, obj, now)
                return
            track = self._tracks[id] = _Track(entry.row, own(obj, now), assessment, self._resumed.pop(id, None))
        elif track.own.version != version or not version:
            track.own = own(obj, now)
        track.row, track.assessment = entry.row, assessment
        self._due.add(id)

    def noted(self, about: str) -> None:
        """The Events about an object changed."""
        entry = self._entries.by_id.get(about)
        if entry is not None and (entry.relative.owner_uid or about in self._tracks):
            self._stir(entry)

    def _stir(self, entry: Entry) -> None:
        """Look again at whatever is followed above this object, and at itself."""
        for _ in range(ABOVE):
            if entry.row.id in self._tracks:
                self._due.add(entry.row.id)
            above = self._entries.owner(entry)
            if above is None:
                return
            entry = above

    def removed(self, entry: Entry) -> None:
        """An object is about to leave the board."""
        self._stir(entry)
        self._calm.forget(entry.row.id)
        track = self._tracks.get(entry.row.id)
        if track is not None:
            track.gone = True
            self._due.add(entry.row.id)

    def _drop(self, id: str) -> None:
        if id in self._tracks:
            del self._tracks[id]
            self._due.discard(id)
            self._waiting.discard(id)

    # Time

    def tick(self, now: float) -> None:
        """Bring every episode that may have changed to the present."""
        if not 0 <= now - self._looked < LOOK:
            self._looked = now
            self._due |= self._waiting
            self._forget(now)
        due, self._due = self._due, set()
        for id in due:
            track = self._tracks.get(id)
            if track is not None:
                self._bring(id, track, now)

    def _forget(self, now: float) -> None:
        while self._closed:
            id, (at, _) = next(iter(self._closed.items()))
            if len(self._closed) <= MAX_CLOSED and now - at <= KEPT:
                return
            del self._closed[id]

    def _bring(self, id: str, track: _Track, now: float) -> None:
        if 0 <= now - track.drawn < (LOOK if track.size > MANY else DRAW) and not _is_urgent(track):
            self._due.add(id)
            return
        found = self._marks_of(track)
        track.drawn, track.size, track.version = now, len(found), track.own.version
        evidence = Evidence(track.own, found, self._pulled(found), self._earlier(id, track, now), track.gone)
        while (episode := advance(track.episode, track.assessment, now, evidence)) != track.episode:
            if track.episode is not None and episode is not None and episode.key != track.episode.key:
                self._tell(id, track, now, last=True)
            track.episode = episode
            self._tell(id, track, now)
        track.before = before(track.own)
        if track.assessment.verdict is Verdict.CONVERGED and track.episode is not None and is_over(track.episode):
            self._calm.put(id, track.own, track.episode.recovered or track.episode.closed)
        self._keep_or_close(id, track, now)

    def _earlier(self, id: str, track: _Track, now: float) -> Before | None:
        """What the object was before what it is now: at the last look if that was another generation."""
        last = track.before
        if last is not None and last.generation != track.own.generation:
            return last
        calm = self._calm.get(id, track.own.uid, now)
        if calm is not None or track.own.generation is not None or track.row.kind == AUTOSCALER[1]:
            return calm  # what a new autoscaler decides is no other wish: it is how the first one is done
        return last

    def _keep_or_close(self, id: str, track: _Track, now: float) -> None:
        episode = track.episode
        over = episode is None or (is_over(episode) and self._is_settled(episode, track, now))
        self._tell(id, track, now, last=over)
        if episode is None or over:
            self._drop(id)
            if episode is not None:
                self._closed.pop(id, None)
                self._closed[id] = (now, episode)
        elif is_over(episode) or _waits(episode) or episode != track.told:
            self._waiting.add(id)
        else:
            self._waiting.discard(id)

    def _is_settled(self, episode: Episode, track: _Track, now: float) -> bool:
        closed = episode.recovered if episode.recovered is not None else episode.closed
        return track.gone or closed is None or now > closed + SETTLE

    def _tell(self, id: str, track: _Track, now: float, *, last: bool = False) -> None:
        """Tell the episode as it is now, soon if it was told just now; `last` where there will be no soon."""
        episode = track.episode
        if episode is None or episode == track.told:
            return
        self._touch(id)
        weighty = last or track.told is None or _state(track.told) != _state(episode)
        if weighty or not 0 <= now - track.at < TELL:
            track.told, track.at = episode, now
            for hear in (self.tally, self.on_episode):
                if hear is not None:
                    hear(episode, track.row)

    def _marks_of(self, track: _Track) -> tuple[Marks, ...]:
        """Of what it owns, and of what that owns; a Pod by itself is its own."""
        uid = track.own.uid
        if not uid:
            return ()
        below = [child.row.uid for child in self._entries.children(uid) if child.row.kind != "Pod"]
        itself = self._marked.get(uid) if track.own.kind == "Pod" else None
        return (*((itself,) if itself is not None else ()), *self._marked.of([uid, *below]))

    def _pulled(self, found: Iterable[Marks]) -> dict[str, float]:
        """When the last image was there, by Pod."""
        pulled: dict[str, float] = {}
        for each in found:
            if each.kind == "Pod":
                notes = (note.last for note in self._notes.of(each.id, each.uid) if note.reason == "Pulled")
                pulled.update((each.uid, at) for at in notes if at is not None)
        return pulled


def _is_urgent(track: _Track) -> bool:
    """Whether something changed that must be told now: its own version, which makes a sample, or how it stands."""
    episode = track.episode
    if track.gone or episode is None or is_over(episode) or track.own.version != track.version:
        return True
    return track.assessment.verdict is not episode.verdict


def _waits(episode: Episode) -> bool:
    """Whether time alone may close it."""
    return episode.verdict is Verdict.CONVERGED or (episode.verdict is Verdict.STALLED and episode.ended is None)


def _state(episode: Episode) -> tuple[object, ...]:
    return episode.key, episode.ended, episode.recovered, episode.superseded_by
