"""The words of DESIGN as types: what `assess` says of an object, and the row that screens show.

All times are Unix seconds (UTC). All strings may come from a cluster: they are cut by whoever makes
the value, and shown as text nodes by whoever shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dashboard.core.objects import ObjectKey
from dashboard.core.values import quick


class Verdict(StrEnum):
    """Has it converged? In the order in which screens list them: what needs somebody first."""

    STALLED = "stalled"
    CONVERGING = "converging"
    TERMINATING = "terminating"
    UNKNOWN = "unknown"
    SUSPENDED = "suspended"
    CONVERGED = "converged"


@quick
@dataclass(frozen=True, slots=True)
class Cause:
    """Why an object has not converged, in one sentence; `at` is the object at fault (None: itself).

    `reason` is the API's own word, verbatim (`ImagePullBackOff`), "" where the API gave none.
    """

    sentence: str
    at: ObjectKey | None = None
    reason: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Gap:
    """A row of the gap ledger: one field, what is wanted and what is there.

    `field` is the label shown (`replicas · ready`, `image · nginx`); `path` the desired field's own
    (`spec.replicas`). `open` says whether they differ: closed rows are shown once, grey.
    `since` is when they began to differ; `at_least` that it is only a bound. `set_by` names the field
    manager that set the desired value, `set_at` when.
    """

    field: str
    path: str
    desired: Any
    observed: Any
    open: bool
    since: float | None = None
    at_least: bool = False
    set_by: str = ""
    set_at: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Assessment:
    """What `assess` says. `reason` is a short CamelCase word; `recheck_at` when time alone may change the answer."""

    verdict: Verdict
    reason: str
    cause: Cause | None = None
    gaps: tuple[Gap, ...] = ()
    since: float | None = None
    at_least: bool = False
    recheck_at: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Bar:
    """The gap bar: `want` is the notch; the others fill it. For Pods the unit is 1 and `ready + starting +
    failing + ending` is what there is; what exceeds `want` is surplus. Other measures use `want` and `ready` only.
    """

    want: float
    ready: float
    starting: float = 0
    failing: float = 0
    ending: float = 0
    unit: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Row:
    """The small, flat summary of one object that lists, queries and walls show.

    `id` is `ObjectKey.id`; `glance` is desired against observed as one phrase (`6 of 8 ready`); `owner` the id
    of the controlling owner, "" for none; `drives` the id of what it turns (an HPA's target), "" for none.
    `revision` marks which generation of its owner's children it belongs to (pod-template-hash, …).
    """

    id: str
    group: str
    kind: str
    namespace: str
    name: str
    uid: str
    verdict: Verdict
    reason: str
    since: float | None
    at_least: bool
    glance: str
    images: str
    bar: Bar | None
    cause: str
    cause_at: str
    cause_reason: str
    owner: str
    drives: str
    revision: str
    created: float | None


@quick
@dataclass(frozen=True, slots=True)
class Relative:
    """A digest of an owner or child: what assessing its relatives needs of it, and no more.

    `images` are (container, image) pairs as run; `revision` the mark of its owner's template
    (`pod-template-hash`, `controller-revision-hash`, `deployment.kubernetes.io/revision`).
    `replicas`/`ready` count Pods (1 or 0 for a Pod itself).
    """

    key: ObjectKey
    uid: str
    owner_uid: str
    verdict: Verdict
    reason: str
    cause: Cause | None
    revision: str
    template_hash: str
    replicas: int
    ready: int
    images: tuple[tuple[str, str], ...]
    deleting: bool
    created: float | None
    since: float | None
    recheck_at: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class EventNote:
    """The newest Event of one reason about one object. `type` is Normal or Warning; `last` Unix seconds."""

    about: ObjectKey
    about_uid: str
    type: str
    reason: str
    message: str
    count: int
    first: float | None
    last: float | None
    source: str


class Ended(StrEnum):
    """How an episode closed. `lost`: nobody was there to see how; only what is kept is ever called that."""

    CONVERGED = "converged"
    STALLED = "stalled"
    SUPERSEDED = "superseded"
    LOST = "lost"


@quick
@dataclass(frozen=True, slots=True)
class Hop:
    """A timed step of an episode.

    `at` is when its last object had taken it, `took` seconds since the hop before it; `object` the id of the object
    that took longest, `detail` how many took it or what it waited for (`3 of 3 Pods`).
    """

    name: str
    at: float
    took: float
    object: str = ""
    detail: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Sample:
    """One point of an episode's response; None for what the kind does not count."""

    at: float
    setpoint: float | None
    updated: float | None = None
    ready: float | None = None
    available: float | None = None
    terminating: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Change:
    """What was declared anew: a desired field's path, its value before (None: not known) and after."""

    path: str
    before: Any
    after: Any


@quick
@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch from 'a gap opened' to 'it closed, stalled or was replaced', with its hops.

    `key` names it for good: the same for whoever sees the same stretch. `object` is the row's id. `kind` is `change`
    (something was declared anew), `loss` (what was there went or failed) or `fight` (two managers set a field back
    and forth); `by` the field manager that set it off, "" where nothing says. `closed` and `ended` are None while it
    is open; one that `stalled` and converged later without being declared anew has `recovered`. `supersedes` and
    `superseded_by` are keys. `verdict` and `cause` are the newest. Samples are in order of time. `stalled` is since
    when an open one has been stalled: it closes as that when it stays so for some seconds.
    """

    key: str
    object: str
    uid: str
    kind: str
    opened: float
    generation: int | None
    verdict: Verdict
    reason: str = ""
    cause: str = ""
    changes: tuple[Change, ...] = ()
    by: str = ""
    closed: float | None = None
    ended: Ended | None = None
    recovered: float | None = None
    supersedes: str = ""
    superseded_by: str = ""
    hops: tuple[Hop, ...] = ()
    samples: tuple[Sample, ...] = ()
    stalled: float | None = None
