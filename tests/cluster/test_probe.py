"""The probe's three answers: that the API is there, how far its history has come, and whose it is."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from dashboard.cluster import probe as probing
from dashboard.cluster.probe import Probe
from dashboard.cluster.pulse import Pulse
from dashboard.cluster.timing import Timing
from dashboard.cluster.wiring import Counters
from tests.cluster.mirror import QUICK, connect, converged, eventually, reflecting
from tests.cluster.wire import NAMESPACES, PODS, Wire, cut, hang, is_probe, listing, plain_text, refuse


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "INTERVAL", 0.05)
    monkeypatch.setattr(probing, "INTERVAL_FAILING", 0.02)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as wire:
        yield wire


class Heard:
    """What a probe told."""

    def __init__(self) -> None:
        self.rewound = 0
        self.recovered: list[float] = []


@asynccontextmanager
async def probing_of(wire: Wire) -> AsyncIterator[tuple[Probe, Heard, Counters, Pulse]]:
    """A probe at work on the wire."""
    heard, counters, pulse, connection = Heard(), Counters(), Pulse(), connect(wire)

    def rewound() -> None:
        heard.rewound += 1

    probe = Probe(connection, pulse, Timing(), counters, rewound=rewound, recovered=heard.recovered.append)
    task = asyncio.create_task(probe.run())
    try:
        yield probe, heard, counters, pulse
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


async def answered(probe: Probe, counters: Counters) -> None:
    """Wait for an answer to a question that is yet to be asked."""
    asked = counters.probes
    await eventually(lambda: counters.probes > asked + 1)
    before = probe.answered_at
    await eventually(lambda: probe.answered_at != before and not probe.failing)


async def test_a_version_that_goes_back_is_a_history_that_went_back_and_is_told_once(wire: Wire) -> None:
    async with probing_of(wire) as (probe, heard, counters, _):
        await answered(probe, counters)
        wire.put(PODS, "a")
        await answered(probe, counters)
        assert heard.rewound == 0
        wire.restore(50)
        await eventually(lambda: heard.rewound)
        wire.put(PODS, "b")
        await answered(probe, counters)
        assert heard.rewound == 1


async def test_another_cluster_is_told_however_far_its_history_has_come(wire: Wire) -> None:
    async with probing_of(wire) as (probe, heard, counters, _):
        await answered(probe, counters)
        version = wire.version
        wire.begin_another_life()
        wire.version = version + 1000
        await eventually(lambda: heard.rewound)
        assert not probe.error


async def test_a_forbidden_question_is_an_answer_and_tells_nothing_of_the_history(wire: Wire) -> None:
    async with probing_of(wire) as (probe, heard, counters, _):
        await answered(probe, counters)
        wire.forbidden.add(NAMESPACES.path)
        await answered(probe, counters)
        wire.restore(50)
        await answered(probe, counters)
        assert (heard.rewound, probe.failing) == (0, False)
        wire.forbidden.clear()
        await eventually(lambda: heard.rewound)


async def test_answers_to_questions_under_way_at_once_may_come_in_any_order(wire: Wire) -> None:
    first, second = asyncio.Event(), asyncio.Event()
    asked_at: list[float | None] = []

    async def late(wire: Wire, request, answer):  # type: ignore[no-untyped-def] - see Fault
        await first.wait()
        return await answer()

    async def of_before(wire: Wire, request, answer):  # type: ignore[no-untyped-def] - see Fault
        old = await answer()
        wire.put(PODS, "a")
        wire.always.append((is_probe, hang))  # nobody asks later than these two
        asked_at.append(probe.answered_at)
        first.set()
        await second.wait()
        return old

    async with probing_of(wire) as (probe, heard, counters, _):
        await answered(probe, counters)
        wire.next(is_probe, late)
        wire.next(is_probe, of_before)
        await eventually(lambda: asked_at and probe.answered_at != asked_at[0])
        heard_at = probe.answered_at
        second.set()
        await eventually(lambda: probe.answered_at != heard_at)
        wire.always.clear()
        await answered(probe, counters)
        assert heard.rewound == 0


@pytest.mark.parametrize(
    "fault",
    [
        cut,
        refuse(503, "Unavailable"),
        plain_text(404, "<html>default backend - 404</html>"),  # what stands before an API that has gone
        plain_text(403, "<html>blocked by policy</html>"),
        plain_text(400, "Client sent an HTTP request to an HTTPS server."),
    ],
)
async def test_what_is_no_answer(wire: Wire, fault) -> None:  # type: ignore[no-untyped-def] - see Fault
    async with probing_of(wire) as (probe, heard, counters, pulse):
        await answered(probe, counters)
        well = probe.answered_at
        recovery = pulse.next_recovery()
        wire.always.append((is_probe, fault))
        await eventually(lambda: probe.failing)
        assert not pulse.answering
        wire.always.clear()
        await answered(probe, counters)
        assert pulse.answering
        assert recovery.is_set()
        assert heard.recovered[0] >= (well or 0)


@pytest.mark.parametrize(
    "fault",
    [refuse(429, "TooManyRequests"), plain_text(429, "Too many requests, please try again later."), refuse(403, "No")],
)
async def test_a_refusal_is_an_answer(wire: Wire, fault) -> None:  # type: ignore[no-untyped-def] - see Fault
    """429 comes as plain text from kube-apiserver: it is there, and says so."""
    async with probing_of(wire) as (probe, heard, counters, _):
        await answered(probe, counters)
        wire.always.append((is_probe, fault))
        asked = counters.probes
        await eventually(lambda: counters.probes > asked + 3)
        assert not probe.failing
        assert heard.recovered == []


async def test_a_recovery_is_told_though_nothing_was_ever_answered_before(wire: Wire) -> None:
    wire.next(is_probe, cut, times=3)
    async with probing_of(wire) as (probe, heard, counters, _):
        await answered(probe, counters)
        assert heard.recovered == [-math.inf]


async def test_late_answers_of_before_say_nothing_of_now(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "PATIENCE", 0.3)
    async with probing_of(wire) as (probe, _, counters, _pulse):
        await answered(probe, counters)
        wire.next(is_probe, hang)
        await answered(probe, counters)
        asked = counters.probes
        await eventually(lambda: counters.probes > asked + 20)  # by now the one that hung has been given up
        assert not probe.failing


async def test_a_recovery_ends_the_waiting_of_what_was_refused(wire: Wire) -> None:
    """An answer ends the waiting after a cut; what the API itself refused waits on until it has been away."""
    wire.next(listing(PODS), refuse(500, "InternalError"), times=2)
    tuning = replace(QUICK, backoff_base=1000, backoff_cap=1000)
    wire.put(PODS, "one")
    async with reflecting(wire, PODS, tuning=tuning) as (reflector, mirror, pulse):
        await eventually(lambda: wire.lists_of(PODS) == 1)
        while wire.lists_of(PODS) < 2:  # it may not have begun to wait yet
            pulse.answer(recovered=True)
            await asyncio.sleep(0.01)
        for _ in range(20):
            pulse.answer(recovered=False)
            await asyncio.sleep(0.01)
        assert wire.lists_of(PODS) == 2
        await eventually(lambda: _recover(pulse, bool(mirror.of(PODS))))
        await converged(mirror, wire, PODS)
        await eventually(lambda: reflector.status().state == "live")


def _recover(pulse: Pulse, done: bool) -> bool:
    pulse.answer(recovered=True)
    return done
