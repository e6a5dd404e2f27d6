"""A whole cluster mirrored into a sink: discovery, one reflector per kind, CRDs as they come and go, the probe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from dashboard.cluster import collector
from dashboard.cluster.connection import Connection
from dashboard.cluster.crds import CRD, Definition
from dashboard.cluster.crdsink import CrdSink, Definitions
from dashboard.cluster.discovery import Discovery, survey
from dashboard.cluster.errors import ClusterError
from dashboard.cluster.kinds import NEVER, KindFilter
from dashboard.cluster.policy import Next
from dashboard.cluster.probe import Probe
from dashboard.cluster.pulse import Pulse
from dashboard.cluster.reflector import Reflector
from dashboard.cluster.timing import Timing
from dashboard.cluster.verification import Verification
from dashboard.cluster.wiring import Counters, Freshness, KindState, Sink, Tuning, Wiring
from dashboard.core.objects import ResourceType

log = structlog.get_logger(__name__)

LISTS_AT_ONCE = 8
REDISCOVER = 300.0
"""Seconds between looks for kinds that no CRD announces: aggregated APIs come and go without a word."""
REDISCOVER_DOUBT = 10.0
"""The same while a group is broken or a kind has just gone missing."""
CRD_PATIENCE = 3.0
"""Seconds that custom kinds wait for the CRDs, which say whether they have a status."""
VEIL_AFTER = 10.0
"""Seconds without an answered probe after which nothing shown is proven."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A kind to watch; when any of this changes, its reflector is replaced."""

    resource: ResourceType
    custom: bool
    life: tuple[str, int] = ("", 0)


@dataclass(slots=True)
class _Running:
    wanted: _Wanted
    reflector: Reflector
    task: asyncio.Task[None]


class Watcher:
    """The watch of one cluster. `run` it as a task for as long as it is to be watched."""

    def __init__(
        self,
        connection: Connection,
        sink: Sink,
        *,
        kinds: KindFilter | None = None,
        clock: Callable[[], float] = time.time,
        timing: Timing | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        """`clock` gives Unix seconds; `timing` and `tuning` are for tests."""
        self.connection = connection
        self.counters = Counters()
        self._sink, self._kinds = sink, kinds or KindFilter()
        self._timing = timing or replace(Timing(), wall=clock)
        self._tuning = tuning or Tuning()
        self._pulse = Pulse(self._streams_broke)
        self._look = asyncio.Event()
        self._probe = Probe(
            connection,
            self._pulse,
            self._timing,
            self.counters,
            rewound=self._start_over,
            recovered=self._recovered,
        )
        # While the probe is not answered there is nothing to list; its recovery plans anew.
        self._verification = Verification(self._timing, lambda: not self._probe.failing, self._verify)
        self._gate = asyncio.Semaphore(LISTS_AT_ONCE)
        self._discovery: Discovery | None = None
        self._error = ""
        self._crds = Definitions()
        self._crds_listed = asyncio.Event()
        self._missing: set[Key] = set()
        self._running: dict[Key, _Running] = {}

    # -- what it looks like from outside

    def freshness(self) -> Freshness:
        """How far the picture can be trusted, now. Ages are taken from the steady clock: the wall may jump."""
        now, answered = self._timing.steady(), self._probe.answered_at
        age = now - answered if answered is not None else None
        state = "live" if age is not None and age <= VEIL_AFTER else "stale"
        if age is None or self._discovery is None:
            state = "connecting"
        kinds = [running.reflector.status() for running in self._running.values()]
        for broken in self._discovery.broken if self._discovery else ():
            every = ResourceType(broken.group, broken.version, "*", "", False)
            kinds.append(KindState(every, "failing", 0, broken.error, None, 0))
        return Freshness(
            state,
            self._timing.wall() - age if age is not None else None,
            self._probe.error or self._error,
            tuple(kinds),
        )

    def resource(self, group: str, kind: str) -> ResourceType | None:
        """The type of a kind, watched or not; None when the API does not serve it, and for Secrets always."""
        if (group, kind.lower()) in NEVER:
            return None
        if (running := self._running.get((group, kind))) is not None:
            return running.wanted.resource
        return self._discovery.found.get((group, kind)) if self._discovery else None

    def resources(self) -> tuple[ResourceType, ...]:
        """Every type that `resource` knows."""
        found = {**(self._discovery.found if self._discovery else {})}
        found.update((key, running.wanted.resource) for key, running in self._running.items())
        return tuple(resource for (group, kind), resource in found.items() if (group, kind.lower()) not in NEVER)

    @property
    def settled(self) -> bool:
        """Whether all that is to be watched is known, and has been listed or is known to be out of reach."""
        if self._discovery is None or not self._crds_listed.is_set():
            return False
        return all(running.reflector.status().state != "listing" for running in self._running.values())

    # -- the tasks

    async def run(self) -> None:
        """Watch until cancelled. No failure of the cluster's ends it."""
        collector.relax()
        probe = asyncio.create_task(self._probe.run(), name="probe")
        try:
            await self._discover_forever()
        finally:
            tasks = [probe, *(running.task for running in self._running.values())]
            self._running.clear()
            self._verification.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _discover_forever(self) -> None:
        attempt = 0
        while True:
            self._look.clear()
            answer = self._pulse.next_answer()
            try:
                doubt = self._adopt(await self._pulse.unless_recovered(survey(self.connection)))
            except ClusterError as error:
                attempt += 1
                self._error = f"discovery: {error}"
                delay = self._timing.full_jitter(attempt, self._tuning.backoff_base, self._tuning.backoff_cap)
                await self._timing.wait(answer, delay)
                continue
            attempt, self._error = 0, ""
            self._reconcile()
            if CRD in self._running and not self._crds.ready:
                await self._timing.wait(self._crds_listed, CRD_PATIENCE)
            self._crds_listed.set()
            self._reconcile()
            await self._until_doubt(REDISCOVER_DOUBT if doubt else REDISCOVER)

    async def _until_doubt(self, seconds: float) -> None:
        """Wait so long, or until there is a reason to look: a kind has turned out not to be there, though discovery
        said so (a CRD that was deleted while it answered).
        """
        known, until = self._vanished(), self._timing.steady() + seconds
        while (left := until - self._timing.steady()) > 0 and self._vanished() <= known:
            if await self._timing.wait(self._look, min(left, REDISCOVER_DOUBT)):
                return

    def _vanished(self) -> set[Key]:
        return {key for key, each in self._running.items() if each.reflector.status().state == "vanished"}

    def _adopt(self, found: Discovery) -> bool:
        """Take over what was discovered; True when to look again soon.

        A kind that is missing for the first time is kept: an API server that has just started does not know
        all of its groups yet. Its reflector says itself whether it can be listed.
        """
        before = self._discovery.found if self._discovery else {}
        missing = {key for key in before if key not in found.found}
        for key in missing - self._missing:
            found.found[key] = before[key]
        doubt = bool(found.broken or missing - self._missing)
        self._discovery, self._missing = found, missing
        return doubt

    def _recovered(self, since: float) -> None:
        """The API answers again; until `since` it did."""
        self._verification.after_outage(since)
        self._look.set()

    def _streams_broke(self, since: float, lived: float) -> None:
        """Most streams broke at once; until `since` all was well. The probe is to look whether the API is away."""
        self._pulse.suspect()
        self._verification.after_streams(since, lived)

    def _verify(self, since: float, returned: float) -> None:
        """Until `since` all was well, and it is again since `returned`: have each kind do what that asks of it."""
        self._look.set()
        for key, running in list(self._running.items()):
            anew = running.reflector.after_outage(since, returned)
            if anew is not None:
                self._replace(key, running.wanted, anew)

    def _start_over(self) -> None:
        """Another cluster, or another life of it, answers: nothing known of it holds."""
        log.warning("the cluster's history went back, listing everything anew", cluster=self.connection.name)
        for key, running in list(self._running.items()):
            self._replace(key, running.wanted)
        self._look.set()

    # -- which kinds

    def _wanted(self) -> dict[Key, _Wanted]:
        """Every kind to watch, by discovery and CRDs together: a new CRD is in neither cache of the API at once."""
        wanted: dict[Key, _Wanted] = {}
        defined = {(found.group, found.kind) for found in self._crds.all()}
        for key, resource in self._discovery.found.items() if self._discovery else ():
            if key in defined:
                continue
            if key == CRD or self._kinds.wants(resource):
                wanted[key] = _Wanted(resource, self._kinds.is_custom(resource))
        for found in self._crds.all():
            if found.resource is not None and self._kinds.wants(found.resource, custom=True):
                wanted[found.group, found.kind] = _Wanted(found.resource, True, found.life)
        if not self._crds_listed.is_set():
            wanted = {key: kind for key, kind in wanted.items() if not kind.custom}
        return wanted

    def _reconcile(self) -> None:
        """Start, replace and stop reflectors until what runs is what is wanted."""
        wanted = self._wanted()
        broken = {found.group for found in self._discovery.broken} if self._discovery else set()
        for key, running in list(self._running.items()):
            if key not in wanted and key[0] not in broken:
                running.task.cancel()
                del self._running[key]
                self._forward_drop(key, running)
        for key, kind in wanted.items():
            current = self._running.get(key)
            if current is None or current.wanted != kind:
                self._replace(key, kind)

    def _forward_drop(self, key: Key, running: _Running) -> None:
        if running.reflector.held:
            (self._sink if key != CRD else self._tee()).drop(running.wanted.resource)

    def _tee(self) -> CrdSink:
        return CrdSink(self._sink, self._crds, self._kinds, self._definitions_changed)

    def _definitions_changed(self, gone: list[Definition]) -> None:
        if self._discovery is not None:
            for found in gone:
                self._discovery.found.pop((found.group, found.kind), None)
        if self._crds.ready:
            self._crds_listed.set()
        self._reconcile()

    def _replace(self, key: Key, kind: _Wanted, first: Next | None = None) -> None:
        """Start a reflector, in the place of the one there was; see there for `first`."""
        before = self._running.pop(key, None)
        if before is not None:
            before.task.cancel()
        sink: Sink = self._tee() if key == CRD else self._sink
        wiring = Wiring(self.connection, sink, self._gate, self._pulse, self.counters, self._timing, self._tuning)
        predecessor = before.reflector if before else None
        reflector = Reflector(kind.resource, wiring, custom=kind.custom, predecessor=predecessor, first=first)
        task = asyncio.create_task(reflector.run(), name=f"{kind.resource.api_version}/{kind.resource.kind}")
        self._running[key] = _Running(kind, reflector, task)
        task.add_done_callback(lambda done: self._ended(key, done))

    def _ended(self, key: Key, task: asyncio.Task[None]) -> None:
        """A reflector ends only by being cancelled; anything else is our own mistake: say so and begin again."""
        running = self._running.get(key)
        if task.cancelled() or running is None or running.task is not task:
            return
        log.error("reflector failed", kind=key, exc_info=task.exception())
        loop = asyncio.get_running_loop()
        loop.call_later(self._tuning.backoff_cap, self._restart, key, running)

    def _restart(self, key: Key, running: _Running) -> None:
        if self._running.get(key) is running:
            self._replace(key, running.wanted)
