"""A viewer's outbox: bounded, and never wrong. A viewer that cannot keep up loses frames, not truth."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

MAX_FRAMES = 128
MAX_CHARS = 1 << 20
MAX_ANSWERS = 64
"""Answers to the viewer's own messages that wait to be read; one who sends on and reads nothing is sent away."""


class Topic(Protocol):
    """Something viewers are told about, in frames with revisions."""

    @property
    def name(self) -> str:
        """What its frames carry as `topic`."""

    def snapshot(self) -> str | None:
        """The whole picture as of the last frame; None when there is none yet, and a frame will follow."""


class Viewer:
    """Frames waiting to be sent to one browser.

    When they become too many, all that belong to topics are dropped and each topic is only marked: the next frame
    of it that is sent is its whole picture, made when there is room to send it.
    """

    def __init__(self) -> None:
        self.overrun = False
        self._queue: deque[tuple[Topic | None, str]] = deque()
        self._chars = 0
        self._answers = 0
        self._behind: dict[Topic, None] = {}
        self._latest: dict[str, str] = {}
        self._ready = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Characters of frames that wait to be sent."""
        return self._chars

    def answer(self, frame: str) -> None:
        """A frame that belongs to no topic: it is never dropped. Beyond a bound, `overrun` says so."""
        if self._answers >= MAX_ANSWERS:
            self.overrun = True
        else:
            self._answers += 1
            self._append(None, frame)
        self._ready.set()

    def tell(self, topic: Topic, frame: str) -> None:
        """A frame of a topic, unless its whole picture is still to come."""
        if topic in self._behind:
            return
        if len(self._queue) >= MAX_FRAMES or self._chars + len(frame) > MAX_CHARS:
            self._fall_behind()
            self._behind[topic] = None
        else:
            self._append(topic, frame)
        self._ready.set()

    def tell_latest(self, key: str, frame: str) -> None:
        """A frame of which only the newest matters."""
        self._latest[key] = frame
        self._ready.set()

    def need(self, topic: Topic) -> None:
        """Send the topic's whole picture next."""
        self._behind[topic] = None
        self._ready.set()

    def forget(self, topic: Topic) -> None:
        """Send nothing more of a topic."""
        self._behind.pop(topic, None)
        kept = [each for each in self._queue if each[0] is not topic]
        self._queue.clear()
        self._chars = 0
        for each in kept:
            self._append(*each)

    def pop(self) -> str | None:
        """The next frame to send, None when there is nothing to say."""
        if self._queue:
            topic, frame = self._queue.popleft()
            self._chars -= len(frame)
            self._answers -= topic is None
            return frame
        for topic in list(self._behind):
            del self._behind[topic]
            frame_or_none = topic.snapshot()
            if frame_or_none is not None:
                return frame_or_none
        for key in self._latest:
            return self._latest.pop(key)
        return None

    async def frames(self) -> AsyncIterator[str]:
        """Frames as they come, until `overrun`."""
        while not self.overrun:
            frame = self.pop()
            if frame is not None:
                yield frame
            else:
                self._ready.clear()
                await self._ready.wait()

    def _append(self, topic: Topic | None, frame: str) -> None:
        self._queue.append((topic, frame))
        self._chars += len(frame)

    def _fall_behind(self) -> None:
        kept = [each for each in self._queue if each[0] is None]
        for topic, _ in self._queue:
            if topic is not None:
                self._behind[topic] = None
        self._queue.clear()
        self._chars = 0
        for each in kept:
            self._append(*each)
