"""Which episodes were told of, under which number, and which of them are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from dashboard.core.episodes import is_over
from dashboard.core.model import Episode, Row

MOST = 20_000
"""Episodes that are remembered. One that was forgotten and is told of again gets another number: it is counted twice,
as told and as written, so the accounts stay even."""


class News(Enum):
    """What a telling brings: that the episode is there, ends, recovers or is waited for no more; another step; or only
    more of the same.
    """

    TURN = "turn"
    STEP = "step"
    MORE = "more"


@dataclass(slots=True)
class _Known:
    """A number, and what was last said of its episode: of its end, and of its steps."""

    number: int
    end: tuple[object, ...] | None = None
    steps: tuple[object, int] | None = None


class Known:
    """Episodes by key, and the open ones with their object and row."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[str, _Known] = {}
        self._open: dict[str, tuple[str, Row | None]] = {}

    def take(self, episode: Episode, row: Row, next_number: Callable[[], int]) -> tuple[int, News]:
        """It is told of: its number, 0 for one that an earlier run has told of, and what is new in it."""
        known = self._known.get(episode.key)
        if known is None:
            known = self._known[episode.key] = _Known(next_number())
            self._forget()
        if episode.closed is None:
            self._open[episode.key] = (episode.object, row)
        else:
            self._open.pop(episode.key, None)
        return known.number, _news(known, episode)

    def _forget(self) -> None:
        while len(self._known) > self._most:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._open.pop(oldest, None)

    def resume(self, episodes: Iterable[Episode]) -> None:
        """These were told of by an earlier run, and are written: they get no number in this one."""
        for episode in episodes:
            if episode.key not in self._known:
                self._known[episode.key] = _Known(0, _end(episode))
                if episode.closed is None:
                    self._open[episode.key] = (episode.object, None)

    def open_keys(self) -> tuple[str, ...]:
        """Keys of those that are open and were told of in this run."""
        return tuple(key for key, (_, row) in self._open.items() if row is not None)

    def open_ones(self) -> Iterator[tuple[str, str, Row | None]]:
        """Object, key and row of those that are open; row is None where only an earlier run has told of it."""
        return iter([(id, key, row) for key, (id, row) in self._open.items()])


def _end(episode: Episode) -> tuple[object, ...]:
    return episode.ended, episode.recovered, is_over(episode)


def _news(known: _Known, episode: Episode) -> News:
    """What is new, which is known from now on. A closed one has its last steps told late: none of them is the same."""
    end, steps = _end(episode), (episode.verdict, len(episode.hops))
    turn, step = end != known.end, steps != known.steps or episode.closed is not None
    known.end, known.steps = end, steps
    return News.TURN if turn else News.STEP if step else News.MORE
