"""One kind of one cluster, mirrored into a sink: list, watch, and whatever it takes to go on.

The only reconnect loop there is. `run` goes from stretch to stretch; each ends for a reason of its own,
and `policy` says what follows:

    list ──complete──▶ watch ──closed, cut, silent──▶ watch from the version reached
     ▲                   │
     ├──410, ERROR, garbage, a version that goes back
     └──forbidden, vanished: seldom, until it works again
    count: a custom kind that is too many to hold, or has no status: one item and a number, each minute
"""

from __future__ import annotations

import asyncio
import math

from dashboard.cluster import collector
from dashboard.cluster.errors import ClusterError
from dashboard.cluster.gate import Place
from dashboard.cluster.history import History
from dashboard.cluster.pages import AT_ONCE, Pages
from dashboard.cluster.policy import Ending, Next, Wait, after_error, after_error_event
from dashboard.cluster.reading import read_event, read_page
from dashboard.cluster.standing import Standing
from dashboard.cluster.wiring import Counters, KindState, Sink, Tuning, Wiring
from dashboard.core.objects import ResourceType

__all__ = ["Counters", "KindState", "Reflector", "Sink", "Tuning", "Wiring"]


class Reflector:
    """The loop of one kind. `run` it as a task; `status` at any time."""

    def __init__(
        self,
        resource: ResourceType,
        wiring: Wiring,
        *,
        custom: bool = False,
        predecessor: Reflector | None = None,
        first: Next | None = None,
    ) -> None:
        """`custom`: may be counted instead of held. `predecessor`: who mirrored the kind until now. `first`: what to
        do first in the history that it followed; None to list, and believe whatever history there is.
        """
        self.resource = resource
        self.custom = custom
        self._wiring = wiring
        before = predecessor._standing if predecessor else None
        self._standing: Standing = Standing(resource, wiring.timing, wiring.tuning, before)
        self._history: History = predecessor._history if predecessor and first else History()
        self._step = first if first and self._history.reached else Next.LIST
        self._doing: Next | None = None
        self._again = False
        self._attempt = 0
        self._opened: float | None = None  # when its stream was opened, steady clock
        self._listed = -math.inf  # when the last list began
        self._pages = Pages(resource, wiring)

    # -- what it looks like from outside

    @property
    def held(self) -> bool:
        """Whether the sink has objects of this kind."""
        return self._standing.held

    def after_outage(self, since: float, returned: float) -> Next | None:
        """What must be begun anew after an outage, None for nothing: until `since` all was well, and at `returned` the
        API was back (steady clock).

        A stream that lived through it has lost nothing, if it lives: a connection may die without a word. A list that
        went on meanwhile comes to its end before another begins, lest none ever does.
        """
        heard = self._standing.proven_at or -math.inf
        if self._opened is not None and self._opened < since:
            return None if heard > returned else Next.WATCH
        if self._listed >= returned:
            return None
        listing = self._doing is Next.LIST
        if listing and heard > max(since, self._listed):
            self._again = True
            return None
        return Next.LIST if self.held or listing else None

    def status(self) -> KindState:
        """Its state now."""
        return self._standing.told()

    async def run(self) -> None:
        """Mirror until cancelled."""
        step = self._step
        if self.custom and self.resource.has_status is False:
            self._forget()
            step = Next.COUNT
        while True:
            stretch = {Next.LIST: self._list, Next.WATCH: self._watch, Next.COUNT: self._count}[step]
            self._doing = step
            try:
                ending = await stretch()
            except ClusterError as error:
                ending = after_error(error, watching=step is Next.WATCH)
                if step is Next.COUNT and ending.next is not Next.COUNT:
                    ending = Ending(Next.COUNT, ending.wait, ending.note, ending.state, ending.seconds)
            self._doing = None
            await self._rest(ending)
            step = ending.next

    # -- the stretches

    async def _list(self) -> Ending:
        """The whole collection, page by page."""
        wiring, resource, standing = self._wiring, self.resource, self._standing
        async with Place(wiring.gate) as place:
            self._listed = wiring.timing.steady()
            wiring.counters.lists += 1
            standing.relists += 1
            wiring.counters.relists += standing.relists > 0
            if standing.state in {"live", "counted"}:
                standing.state = "listing"
            total, answer, begun = 0, await place.during(self._pages.ask("")), False
            while True:
                with collector.paused():
                    page = read_page(answer, resource)
                    if not begun and self._history.is_older(page.version):
                        return Ending(Next.LIST, Wait.BACKOFF, "the list is older than what is known")
                    expected = total + len(page) + page.remaining
                    if self.custom and expected > wiring.tuning.hold_limit:
                        return self._too_many(expected)
                    if not begun:
                        wiring.sink.begin(resource)
                        begun, standing.held, standing.odd = True, True, 0
                    taken = len(page)
                    total += taken
                    standing.listing(total, expected, more=bool(page.following))
                    following = await self._pages.hand_over(page)
                    total -= page.skipped
                    standing.skipped(page.skipped)
                collector.set_aside(taken)
                if following is None:
                    break
                answer = await place.during(following)
            wiring.sink.end(resource)
        collector.give_back(total)
        self._pages.complete()
        self._history.take(page.version)
        standing.accepted()
        again, self._again = self._again, False
        return Ending(Next.LIST if again else Next.WATCH)

    async def _watch(self) -> Ending:
        """Changes since the version reached, until the stream ends."""
        wiring = self._wiring
        timing, tuning = wiring.timing, wiring.tuning
        seconds = timing.chance.randint(*tuning.watch_seconds)
        query = {
            "watch": "true",
            "resourceVersion": self._history.resume(),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        wiring.counters.watches += 1
        silence, told = seconds + tuning.silence_margin, 0
        async with wiring.connection.stream(self.resource.path, query, silence) as stream:
            self._opened = timing.steady()
            with wiring.pulse.streaming(self):
                self._standing.live()
                while (lines := await stream.read()) is not None:
                    self._standing.prove()
                    for line in lines:
                        if line and (ending := self._event(line)) is not None:
                            return ending
                        told += 1
                        if told % AT_ONCE == 0:
                            # A full buffer holds hundreds and is read without a pause; the others have their turn.
                            await asyncio.sleep(0)
        # The rest of a half line is forgotten: the version reached brings it again.
        early = timing.steady() - self._opened < seconds - 1
        return Ending(Next.WATCH, Wait.REPEATED, "the watch was closed early", cut=early)

    def _event(self, line: bytes) -> Ending | None:
        """Hand over one event; an ending when the stream cannot be followed any further."""
        event = read_event(line, self.resource)
        if event is None:
            self._standing.odd += 1
            return None
        if event.type == "ERROR":
            return after_error_event(event.object)
        if self._history.went_back(event):
            return Ending(Next.LIST, Wait.REPEATED, "the resource version went back")
        if event.type != "BOOKMARK":
            self._wiring.sink.apply(self.resource, event.type, event.object)
            self._wiring.counters.events += 1
            self._standing.objects += (event.type == "ADDED") - (event.type == "DELETED")
        self._history.reached = event.version
        if self.custom and self._standing.objects > self._wiring.tuning.hold_limit:
            return self._too_many(self._standing.objects)
        return None

    async def _count(self) -> Ending:
        """How many there are, without holding them."""
        wiring, tuning, standing = self._wiring, self._wiring.tuning, self._standing
        async with Place(wiring.gate) as place:
            wiring.counters.counts += 1
            answer = await place.during(
                wiring.connection.request("GET", self.resource.path, {"limit": "1"}, timeout=tuning.list_silence)
            )
            page = read_page(answer.body, self.resource)
        standing.prove()
        standing.accepted()
        found = len(page) + page.remaining
        # Where an API server pages without saying how many remain, too many is still too many.
        standing.objects = max(found, standing.objects) if page.following and not page.remaining else found
        if self.resource.has_status is False:
            note = "no status in its schema, so no loop: counted, not held"
        elif standing.objects > tuning.hold_limit * 0.9:
            note = f"more than {tuning.hold_limit} objects: counted, not held"
        else:
            return Ending(Next.LIST)
        self._attempt = 0
        standing.state, standing.note = "counted", note
        return Ending(Next.COUNT, Wait.AFTER, note, "counted", wiring.timing.spread(tuning.count_interval))

    def _too_many(self, objects: int) -> Ending:
        self._forget()
        self._standing.objects = objects
        return Ending(Next.COUNT)

    # -- between the stretches

    def _forget(self) -> None:
        if self.held:
            self._wiring.sink.drop(self.resource)
            self._standing.held = False
        self._standing.objects = 0

    async def _rest(self, ending: Ending) -> None:
        """Show how it ended, and wait as long as the policy says; the probe may cut it short."""
        timing, tuning, pulse = self._wiring.timing, self._wiring.tuning, self._wiring.pulse
        settled = tuning.watch_settled if ending.next is Next.WATCH else tuning.list_settled
        if self._opened is not None and timing.steady() - self._opened >= settled:
            self._attempt = 0
        if ending.cut:
            if self._opened is not None:
                pulse.broke(self, timing.steady(), timing.steady() - self._opened)
            if self._attempt < 3:
                pulse.suspect()
        self._opened = None
        if ending.wait is Wait.NONE:
            return
        answer, recovery = pulse.next_answer(), pulse.next_recovery()
        self._attempt += 1
        self._show(ending)
        match ending.wait:
            case Wait.AFTER:
                await timing.sleep(ending.seconds * (1 + timing.chance.uniform(0, 0.1)))
                return
            case Wait.REPEATED if self._is_first(ending):
                return
            case Wait.REFUSED:
                cap = tuning.refused_cap
            case _:
                cap = tuning.backoff_cap
        delay = timing.full_jitter(self._attempt, tuning.backoff_base, cap)
        await timing.wait(answer if ending.cut else recovery, delay)
        if recovery.is_set():
            self._attempt = 0  # the failures until now have found their explanation

    def _is_first(self, ending: Ending) -> bool:
        """Whether this has not just happened: then there is no reason to wait."""
        if ending.next is Next.LIST:
            return self._wiring.timing.steady() - self._listed >= self._wiring.tuning.list_settled
        return self._attempt == 1

    def _show(self, ending: Ending) -> None:
        """The kind's state while it waits. One hiccup is not shown: the next try may well work."""
        if ending.state in {"forbidden", "vanished"}:
            if not self._wiring.pulse.answering:
                self._standing.accepted()  # by whom it is refused remains to be seen
            elif self._standing.refused():
                self._forget()
            elif ending.state == "vanished" and not self.held and self._attempt < 3:
                return  # a new CRD's storage answers 404 for a moment
        if ending.state or self._attempt > 1:
            self._standing.state, self._standing.note = ending.state or "failing", ending.note
