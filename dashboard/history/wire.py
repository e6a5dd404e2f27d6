"""What a batch holds on its way to whoever writes it, as JSON: what is decoded is checked against these types."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import msgspec

from dashboard.core.model import Change, Episode, Row
from dashboard.core.samples import thinned
from dashboard.history.samples import MOST_SAMPLES, pack


class Packed(msgspec.Struct, frozen=True):
    """An episode's samples as they are kept: so many of them in a blob (`samples.py`)."""

    blob: bytes
    count: int


class Told(msgspec.Struct, frozen=True):
    """An episode as it was told: its number in the run (0: known before), and when, in microseconds that only grow.

    Its samples are on their way in `samples`: as JSON they would be nine tenths of it.
    """

    number: int
    version: int
    episode: Episode
    group: str
    kind: str
    namespace: str
    name: str
    samples: Packed | None = None


class Made(msgspec.Struct, frozen=True):
    """A change made through the pages. `do` is edit, pause, resume, restart, rollback or delete."""

    number: int
    id: str
    at: float
    object: str
    do: str
    who: str
    remote: str
    changes: tuple[Change, ...] = ()


class RunState(msgspec.Struct, frozen=True):
    """A run, and the last number that it gave. `ended`: it gives no more. `lost`: what it gave up itself so far.
    `watches`: it tells of episodes, not of edits alone.
    """

    id: str
    told: int
    started: float = 0.0
    ended: bool = False
    watches: bool = False
    lost: int = 0


class Batch(msgspec.Struct, frozen=True):
    """What is written in one transaction. `alive` are keys of open episodes that are there still."""

    id: str
    cluster: str
    at: float
    run: RunState
    episodes: tuple[Told, ...] = ()
    edits: tuple[Made, ...] = ()
    alive: tuple[str, ...] = ()
    left: tuple[RunState, ...] = ()


def told(number: int, version: int, episode: Episode, row: Row) -> Told:
    """An episode and what its row says of where it belongs."""
    return Told(number, version, episode, row.group, row.kind, row.namespace, row.name)


def packed(batch: Batch) -> Batch:
    """The same batch, ready to go: with the samples of its episodes packed."""
    return msgspec.structs.replace(batch, episodes=tuple(map(_packed, batch.episodes)))


def _packed(told: Told) -> Told:
    samples = samples_of(told)
    if samples is None or samples is told.samples:
        return told
    return msgspec.structs.replace(told, episode=replace(told.episode, samples=()), samples=samples)


def samples_of(told: Told) -> Packed | None:
    """Its samples as they are kept, None for none, whether or not whoever sent it has packed them."""
    if told.samples is not None or not told.episode.samples:
        return told.samples
    kept = thinned(told.episode.samples, MOST_SAMPLES)
    return Packed(pack(kept), len(kept))


def encode(batch: Batch) -> str:
    """As JSON. Raises ValueError where that would not be read back: a lone surrogate, an infinite time."""
    try:
        payload = msgspec.json.encode(batch)
    except UnicodeEncodeError as error:
        raise ValueError("a text holds what is not Unicode") from error
    decode(payload)
    return payload.decode()


def sound(batch: Batch) -> bool:
    """Whether it can be sent."""
    try:
        encode(batch)
    except ValueError:
        return False
    return True


def decode(payload: str | bytes) -> Batch:
    """The batch. Raises ValueError (msgspec's own is one) for anything else."""
    return msgspec.json.decode(payload, type=Batch)


class Versions:
    """Microseconds of the wall clock that only grow, so that of two tellings the later one is known as such."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """A version above all before it."""
        self._last = max(self._last + 1, math.floor(time.time() * 1e6))
        return self._last
