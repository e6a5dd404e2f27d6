"""Which episodes were told of, under which number, and which of them are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dashboard.core.model import Episode, Row

MOST = 20_000
"""Episodes that are remembered. One that was forgotten and is told of again gets another number: it is counted twice,
as told and as written, so the accounts stay even."""


class Known:
    """Numbers by key, and the open episodes with their object and row."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._numbers: dict[str, int] = {}
        self._ended: dict[str, tuple[object, object]] = {}
        self._open: dict[str, tuple[str, Row | None]] = {}

    def number(self, episode: Episode, next_number: Callable[[], int]) -> tuple[int, bool]:
        """Its number, and whether it is told of for the first time. 0 for one that an earlier run has told of."""
        known = self._numbers.get(episode.key)
        if known is not None:
            return known, False
        number = self._numbers[episode.key] = next_number()
        while len(self._numbers) > self._most:
            oldest = next(iter(self._numbers))
            del self._numbers[oldest]
            self._ended.pop(oldest, None)
            self._open.pop(oldest, None)
        return number, True

    def closes(self, episode: Episode) -> bool:
        """Whether this says of its end (or of its recovery) what was not said before."""
        return self._ended.get(episode.key, (None, None)) != (episode.ended, episode.recovered)

    def take(self, episode: Episode, row: Row) -> None:
        """It was told of."""
        self._ended[episode.key] = (episode.ended, episode.recovered)
        if episode.closed is None:
            self._open[episode.key] = (episode.object, row)
        else:
            self._open.pop(episode.key, None)

    def resume(self, episodes: Iterable[Episode]) -> None:
        """These were told of by an earlier run, and are written: they get no number in this one."""
        for episode in episodes:
            if episode.key not in self._numbers:
                self._numbers[episode.key] = 0
                self._ended[episode.key] = (episode.ended, episode.recovered)
                if episode.closed is None:
                    self._open[episode.key] = (episode.object, None)

    def open_keys(self) -> tuple[str, ...]:
        """Keys of those that are open and were told of in this run."""
        return tuple(key for key, (_, row) in self._open.items() if row is not None)

    def open_ones(self) -> Iterator[tuple[str, str, Row | None]]:
        """Object, key and row of those that are open; row is None where only an earlier run has told of it."""
        return iter([(id, key, row) for key, (id, row) in self._open.items()])
