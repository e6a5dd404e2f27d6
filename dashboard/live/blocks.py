"""A sorted list that stays cheap as it grows: adding, removing and slicing touch one or two small blocks.

A flat list with `bisect` moves everything behind the place it changes; with 57,000 rows that is the larger
part of an event's cost, and it grows with objects that the event does not concern.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice

Key = tuple[float, str, str, str, str]
"""What rows are ordered by; unique, because its last part is the row's id."""

BLOCK = 512
"""Keys per block after a split is half of twice this: blocks hold between one and 2 × BLOCK keys."""


class Blocks:
    """Unique keys in ascending order."""

    __slots__ = ("_blocks", "_last", "_size")

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        ordered = sorted(keys)
        self._blocks = [ordered[at : at + BLOCK] for at in range(0, len(ordered), BLOCK)]
        self._last = [block[-1] for block in self._blocks]
        self._size = len(ordered)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Key]:
        for block in self._blocks:
            yield from block

    def add(self, key: Key) -> None:
        """Put `key` in its place. The caller never adds a key that is already there."""
        self._size += 1
        if not self._blocks:
            self._blocks.append([key])
            self._last.append(key)
            return
        at = min(bisect_left(self._last, key), len(self._blocks) - 1)
        block = self._blocks[at]
        insort(block, key)
        if len(block) > 2 * BLOCK:
            self._blocks[at : at + 1] = [block[:BLOCK], block[BLOCK:]]
            self._last[at : at + 1] = [block[BLOCK - 1], block[-1]]
        else:
            self._last[at] = block[-1]

    def remove(self, key: Key) -> None:
        """Take `key` out. Raises KeyError when it is not there."""
        at = bisect_left(self._last, key)
        if at == len(self._blocks):
            raise KeyError(key)
        block = self._blocks[at]
        place = bisect_left(block, key)
        if place == len(block) or block[place] != key:
            raise KeyError(key)
        del block[place]
        self._size -= 1
        if block:
            self._last[at] = block[-1]
        else:
            del self._blocks[at], self._last[at]

    def slice(self, start: int, count: int) -> list[Key]:
        """Up to `count` keys from position `start`."""
        found: list[Key] = []
        for block in self._blocks:
            if start >= len(block):
                start -= len(block)
                continue
            found.extend(islice(block, start, start + count - len(found)))
            start = 0
            if len(found) >= count:
                break
        return found
