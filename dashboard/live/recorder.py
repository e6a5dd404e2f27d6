"""The recorder: follows every object that has not converged, and tells its episodes as they open, change and close.

It reads what judging sees anyway. Pods, ReplicaSets and the like that belong to an object on the board have no
episodes of their own: their owner's speaks for them, and names the one to which a hop took longest.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from dashboard.core.episodes import advance, is_over
from dashboard.core.evidence import own
from dashboard.core.model import Assessment, Ended, Episode, Row, Verdict
from dashboard.core.objects import field, text
from dashboard.core.openings import unfinished
from dashboard.live.entries import Entries, Entry
from dashboard.live.followed import NEVER, Followed, state
from dashboard.live.notes import Notes
from dashboard.live.speaking import SILENT, SPOKEN_FOR, speaks
from dashboard.live.witness import Witness

ABOVE = 4
"""Owners of owners that are told of a change."""

KEPT = 600.0
"""Seconds for which a closed episode is still shown with its object."""
MAX_CLOSED = 2000
MOST_EARLY = 10_000
"""Calm objects that are kept until the database has said which episodes are open: some megabytes, for a moment."""

TELL = 0.5
"""Seconds between two tellings of one open episode."""

LOOK = 1.0
"""Seconds between looks at what time alone may change."""

DRAW, SORT = 1.0, 0.25
"""Seconds between two looks at an episode for the sake of its Pods alone, whose steps the API dates in whole seconds:
a hundred events a second are no reason to draw its hops as often. SORT is how often it is seen whose turn it is."""

Hear = Callable[[Episode, Row], None]


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
        self._touch = touch
        self._watched = watched
        self._witness = Witness(entries, notes)
        self._tracks: dict[str, Followed] = {}
        self._closed: dict[str, tuple[float, Episode]] = {}  # oldest first
        self._resumed: dict[str, Episode] = {}
        self._early: dict[str, Followed] | None = None  # calm before it was known whose episodes are to be resumed
        self._due: set[str] = set()
        self._later: set[str] = set()  # something was heard of them too soon after the last look
        self._waiting: set[str] = set()  # for time alone
        self._looked = self._sorted = NEVER

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

    def expect(self) -> None:
        """Somebody will ask to resume: until then what is found calm is kept, for it may end an episode."""
        self._early = {}

    def resume(self, episodes: Iterable[Episode]) -> None:
        """Go on with episodes that were open when somebody else stopped watching."""
        early, self._early = self._early or {}, None
        for episode in episodes:
            calm = early.get(episode.object)
            if calm is None or calm.own.uid != episode.uid or episode.object in self._tracks:
                self._resumed[episode.object] = episode
                continue
            calm.episode = episode
            self._tracks[episode.object] = calm
            self._due.add(episode.object)

    # What judging tells

    def judged(self, entry: Entry, obj: Mapping[str, Any], assessment: Assessment, now: float, *, listed: bool) -> None:
        """An object was judged, with the version that is held of it."""
        kind = (entry.row.group, entry.row.kind)
        if kind in SILENT:
            return
        owned = bool(entry.relative.owner_uid)
        if (owned or kind == ("", "Pod")) and self._witness.saw(entry, obj, now, listed=listed):
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
                self._witness.calm.note(entry, obj, now)
                if self._early is not None and len(self._early) < MOST_EARLY:
                    self._early[id] = Followed(entry.row, own(obj, now), assessment)
                return
            if self._early is not None:
                self._early.pop(id, None)
            track = self._tracks[id] = Followed(entry.row, own(obj, now), assessment, self._resumed.pop(id, None))
        elif track.own.version != version or not version:
            track.renew(own(obj, now))
            self._touch(id)
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
        self._witness.calm.forget(entry.row.id)
        if self._early is not None:
            self._early.pop(entry.row.id, None)
        track = self._tracks.get(entry.row.id)
        if track is not None:
            track.gone = True
            self._due.add(entry.row.id)

    def _drop(self, id: str) -> None:
        if id in self._tracks:
            del self._tracks[id]
            for each in (self._due, self._later, self._waiting):
                each.discard(id)

    # Time

    def tick(self, now: float) -> None:
        """Bring every episode that may have changed to the present."""
        if not 0 <= now - self._sorted < SORT:
            self._sorted = now
            self._due |= self._later
            self._later.clear()
        if not 0 <= now - self._looked < LOOK:
            self._looked = now
            self._due.update(id for id in self._waiting if self._tracks[id].is_time(now))
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

    def _bring(self, id: str, track: Followed, now: float) -> None:
        if 0 <= now - track.drawn < DRAW and not track.is_urgent():
            self._later.add(id)
            return
        track.drawn, track.version = now, track.own.version
        self._advance(id, track, now)
        track.before = track.until_now()
        if track.assessment.verdict is Verdict.CONVERGED and track.episode is not None and is_over(track.episode):
            self._witness.calm.put(id, track.own, track.episode.recovered or track.episode.closed)
        self._keep_or_close(id, track, now)

    def _advance(self, id: str, track: Followed, now: float) -> None:
        """Ask for the episode of now, and once more after each turn that it takes: another may open at once."""
        evidence = self._witness.evidence(track, now)
        turned = True
        while turned and (episode := advance(track.episode, track.assessment, now, evidence)) != track.episode:
            last = track.episode
            turned = last is None or episode is None or state(last) != state(episode)
            if last is not None and episode is not None and episode.key != last.key:
                self._tell(id, track, now, last=True)
            track.episode = episode
            self._tell(id, track, now)

    def _keep_or_close(self, id: str, track: Followed, now: float) -> None:
        episode = track.episode
        over = episode is None or (is_over(episode) and track.is_settled(now))
        self._tell(id, track, now, last=over)
        if episode is None or over:
            self._drop(id)
            if episode is not None:
                self._closed.pop(id, None)
                self._closed[id] = (now, episode)
        elif track.waits():
            self._waiting.add(id)
        else:
            self._waiting.discard(id)

    def _tell(self, id: str, track: Followed, now: float, *, last: bool = False) -> None:
        """Tell the episode as it is now, soon if it was told just now; `last` where there will be no soon."""
        episode = track.episode
        if episode is None or episode == track.told:
            return
        self._touch(id)
        weighty = last or track.told is None or state(track.told) != state(episode)
        if weighty or not 0 <= now - track.at < TELL:
            track.told, track.at = episode, now
            for hear in (self.tally, self.on_episode):
                if hear is not None:
                    hear(episode, track.row)
