"""Which numbers of a sequence have been seen: a set of whole numbers, kept as stretches without a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


class Ranges:
    """Whole numbers from 1 on. A sequence that is seen without a gap is one stretch, however long it is."""

    def __init__(self, stretches: Iterable[Sequence[int]] = ()) -> None:
        """`stretches` as `stretches()` gave them."""
        self._stretches: list[list[int]] = []
        self.add_all(stretches)

    def add(self, numbers: Iterable[int]) -> None:
        """Take these numbers in; those that are there already, and 0, change nothing."""
        self.add_all((number, number) for number in numbers if number > 0)

    def add_all(self, stretches: Iterable[Sequence[int]]) -> None:
        """Take in whole stretches, first and last number of each."""
        merged: list[list[int]] = []
        for first, last in sorted((first, last) for first, last in (*self._stretches, *stretches)):
            if merged and first <= merged[-1][1] + 1:
                merged[-1][1] = max(merged[-1][1], last)
            else:
                merged.append([first, last])
        self._stretches = merged

    def stretches(self) -> list[list[int]]:
        """First and last number of each stretch, in order."""
        return [list(each) for each in self._stretches]

    def gaps(self, last: int) -> Iterator[tuple[int, int]]:
        """First and last number of each gap from 1 to `last`."""
        expected = 1
        for first, end in self._stretches:
            if first > last:
                break
            if first > expected:
                yield expected, first - 1
            expected = end + 1
        if expected <= last:
            yield expected, last

    def missing(self, last: int) -> int:
        """How many numbers from 1 to `last` are not in it."""
        return sum(end - first + 1 for first, end in self.gaps(last))

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self._stretches)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and any(first <= number <= last for first, last in self._stretches)
