"""One browser's conversation: reads its messages, opens and closes what it asks for, answers what is wrong.

Every message is a stranger's. What cannot be used gets an error frame that names the field; nothing it says
raises, and nothing it says reaches another viewer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dashboard.core.objects import ObjectKey
from dashboard.live.hub import Hub, Topic
from dashboard.live.query import Query, QueryError, shown
from dashboard.live.topics import frame
from dashboard.live.viewer import Viewer

MAX_MESSAGE = 64 * 1024
MAX_SUBSCRIPTIONS = 16
MAX_ROWS = 500
MAX_START = 10_000_000
MAX_ID = 2**53
MAX_NAME = 2000

Message = dict[str, Any]


class MessageError(Exception):
    """A message that cannot be used: which field, what it held, and why."""

    def __init__(self, field: str, value: object, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.value = value
        self.message = message


@dataclass(frozen=True, slots=True)
class _Subscription:
    hub: Hub
    topic: Topic


class Session:
    """What one viewer has open. `may_edit` is False for who may only look: nothing it is told offers an edit."""

    def __init__(self, hubs: Callable[[str], Hub | None], *, may_edit: bool) -> None:
        self.viewer = Viewer()
        self._hubs = hubs
        self._may_edit = may_edit
        self._open: dict[int, _Subscription] = {}
        self._ops: Mapping[str, Callable[[int, Message], None]] = {
            "query": self._query,
            "object": self._object,
            "resync": self._resync,
            "close": self._close,
        }

    def receive(self, text: str | bytes | None) -> None:
        """Act on one message."""
        id: int | None = None
        try:
            message = _read(text)
            given = message.get("id")
            id = given if _is_id(given) else None
            op = message.get("op")
            act = self._ops.get(op) if isinstance(op, str) else None
            if act is None:
                raise MessageError("op", op, f"no such op; accepted: {', '.join(self._ops)}")
            if id is None:
                raise MessageError("id", given, f"not a whole number from 0 to {MAX_ID}")
            act(id, message)
        except MessageError as refusal:
            self.viewer.answer(_error(id, refusal.field, refusal.value, refusal.message))

    def end(self) -> None:
        """Close all that is open: the viewer is gone."""
        for id in list(self._open):
            self._drop(id)

    def _query(self, id: int, message: Message) -> None:
        hub = self._hub(message)
        given = message.get("query", {})
        if not isinstance(given, dict):
            raise MessageError("query", given, "not an object")
        try:
            query = Query.parse(given)
        except QueryError as problem:
            raise MessageError(f"query.{problem.field}", problem.value, f"accepted: {problem.accepted}") from problem
        start = _number(message, "start", 0, low=0, high=MAX_START)
        count = _number(message, "count", 200, low=1, high=MAX_ROWS)
        self._make_room(id)
        self._opened(id, hub, hub.open_query(self.viewer, query, start, count))

    def _object(self, id: int, message: Message) -> None:
        hub = self._hub(message)
        given = message.get("object")
        if not isinstance(given, str) or len(given) > MAX_NAME:
            raise MessageError("object", given, f"not a text of at most {MAX_NAME} characters")
        try:
            key = ObjectKey.parse(given)
        except ValueError as problem:
            raise MessageError("object", given, "not GROUP/KIND/NAMESPACE/NAME") from problem
        self._make_room(id)
        self._opened(id, hub, hub.open_object(self.viewer, key.id, may_edit=self._may_edit))

    def _resync(self, id: int, message: Message) -> None:
        self.viewer.need(self._held(id).topic)

    def _close(self, id: int, message: Message) -> None:
        self._held(id)
        self._drop(id)

    def _hub(self, message: Message) -> Hub:
        name = message.get("cluster")
        hub = self._hubs(name) if isinstance(name, str) else None
        if hub is None:
            raise MessageError("cluster", name, "no such cluster")
        return hub

    def _held(self, id: int) -> _Subscription:
        held = self._open.get(id)
        if held is None:
            raise MessageError("id", id, "nothing is open under this id")
        return held

    def _make_room(self, id: int) -> None:
        if id not in self._open and len(self._open) >= MAX_SUBSCRIPTIONS:
            raise MessageError("id", id, f"{MAX_SUBSCRIPTIONS} are open already, and no more may be: close one")

    def _opened(self, id: int, hub: Hub, topic: Topic) -> None:
        """Take the new topic, then let go of what the id held: in this order, the same topic lives on."""
        held = self._open.pop(id, None)
        self._open[id] = _Subscription(hub, topic)
        if held is not None:
            self._release(held)
        self.viewer.answer(frame({"t": "opened", "id": id, "topic": topic.name}))
        self.viewer.need(topic)

    def _drop(self, id: int) -> None:
        self._release(self._open.pop(id))

    def _release(self, held: _Subscription) -> None:
        still = any(each.topic is held.topic for each in self._open.values())
        held.hub.close(self.viewer, held.topic, last=not still)


def _read(text: str | bytes | None) -> Message:
    if text is None:
        raise MessageError("message", "", "empty")
    if len(text) > MAX_MESSAGE:
        raise MessageError("message", f"{len(text)} characters", f"longer than {MAX_MESSAGE}")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise MessageError("message", text if isinstance(text, str) else "bytes", f"not JSON: {problem}") from problem
    if not isinstance(message, dict):
        raise MessageError("message", message, "not an object")
    return message


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID


def _number(message: Message, name: str, default: int, *, low: int, high: int) -> int:
    value = message.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise MessageError(name, value, f"not a whole number from {low} to {high}")
    return value


def _error(id: int | None, field: str, value: object, message: str) -> str:
    return frame({"t": "error", "id": id, "field": field, "value": shown(value), "message": message[:300]})
