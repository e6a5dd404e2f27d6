"""What follows when a list or a watch ends, as a value: what to do next, how long to wait, what to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from dashboard.cluster.errors import (
    ApiError,
    BadRequest,
    ClusterError,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Unauthorized,
    api_error,
)


class Next(Enum):
    """The next stretch of a reflector."""

    LIST = auto()
    WATCH = auto()
    COUNT = auto()


class Wait(Enum):
    """How to wait before it."""

    NONE = auto()
    REPEATED = auto()
    """Not at all the first time, with backoff when it happens again at once."""
    BACKOFF = auto()
    REFUSED = auto()
    """Backoff up to a minute: the API answered, and asking often will not change its mind."""
    AFTER = auto()
    """As long as the server asked for, whatever the probe says."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stretch ended.

    `seconds` belongs to Wait.AFTER. `state` is the kind's state while it waits, "" to leave it unless it
    repeats. `cut`: the connection failed rather than the API said no, so that any answer to the probe makes
    a new try worth it.
    """

    next: Next
    wait: Wait = Wait.NONE
    note: str = ""
    state: str = ""
    seconds: float = 0.0
    cut: bool = False


def after_error(error: ClusterError, watching: bool) -> Ending:
    """The policy. `watching` when a watch could go on from the version it had reached.

    When in doubt, list: it costs, and is right.
    """
    again = Next.WATCH if watching else Next.LIST
    note = str(error)
    match error:
        case Gone():
            return Ending(Next.LIST, Wait.REPEATED, note)
        case Forbidden():
            return Ending(Next.LIST, Wait.REFUSED, note, "forbidden")
        case NotFound() | MethodNotAllowed():
            return Ending(Next.LIST, Wait.REFUSED, note, "vanished")
        case ApiError(retry_after=float(seconds)) if seconds >= 1:  # less is no leave to hammer
            return Ending(again, Wait.AFTER, note, "failing", seconds)
        case BadRequest() | Invalid():
            # A continue token or version of another life of the cluster.
            return Ending(Next.LIST, Wait.BACKOFF, note)
        case Unauthorized():
            return Ending(again, Wait.BACKOFF, note, "failing")
        case ApiError():
            return Ending(again, Wait.BACKOFF, note)
        case Garbled():
            return Ending(Next.LIST, Wait.BACKOFF, note, cut=True)
        case _:
            return Ending(again, Wait.BACKOFF, note, cut=True)


def after_error_event(status: Mapping[str, Any]) -> Ending:
    """What follows an ERROR event: as client-go does, list anew whatever it says, at the pace that it asks for."""
    code = status.get("code")
    ending = after_error(api_error(code if isinstance(code, int) else 500, status), watching=False)
    return replace(ending, next=Next.LIST, cut=False)
