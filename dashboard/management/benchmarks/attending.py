"""A thousand viewers at work, in one process of their own: what they were sent, when, and whether that is the truth."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from dashboard.management.benchmarks.blocks import STAMPS_FROM
from dashboard.management.benchmarks.crowd import DELTA, Log, State, Viewer, connect, request
from dashboard.management.benchmarks.mirroring import until

SETTLE = 20.0
PATIENCE = 120.0
SECONDS_KEPT = 10.0
SILENT = 1
"""The query of the viewer that reads nothing: all Pods, so that every event concerns it."""


async def ask(url: str) -> Any:
    """What a process says of itself."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return orjson.loads(await answer.read())


async def asked_until(url: str, enough: Callable[[Any], bool]) -> Any:
    """What a process says of itself once that is enough."""
    async with asyncio.timeout(PATIENCE):
        while not enough(told := await ask(url)):  # noqa: ASYNC110 - another process, which announces nothing
            await asyncio.sleep(0.05)
    return told


async def attend(
    *,
    api: str,
    ports: list[int],
    board: int,
    queries: list[dict[str, Any]],
    viewers: int,
    events: int,
    rate: float,
    frames: str,
) -> dict[str, Any]:
    """In a process of its own: so many viewers, the queries in turns and each of them at every web process, and one
    more that reads nothing while events come. Those at the first one were sent what is written to `frames` for the
    floor to repeat, as far as it came in the first `SECONDS_KEPT`. `board` is the port of whoever watches.
    """
    logs = [Log() for _ in ports]
    crowd, silent, asked = await _seated(api, ports, queries, viewers, logs)
    silent.transport.pause_reading()
    for log in logs:
        log.delivered, log.recording = 0, True
    before, began = await _used(board, ports), time.monotonic()
    await ask(f"{api}/go?count={events}&rate={rate}")
    await asyncio.sleep(events / rate)
    await asked_until(bench(board), lambda told: told["events"] >= before[0]["events"] + events)
    after, seconds, delivered = await _used(board, ports), time.monotonic() - began, sum(log.delivered for log in logs)
    asked[str(viewers)] = await ask(f"{api}/asked")
    wrong = await settled(board, crowd)
    late = await _reads_again(silent, board)
    _write(frames, logs[0], began)
    watch, *webs = (now["cpu"] - then["cpu"] for then, now in zip(before, after, strict=True))
    return {
        "events": events, "seconds": seconds, "cpu": webs, "watch_cpu": watch, "delivered": delivered,
        "frames": sum(len(log.frames) for log in logs), "wrong": wrong, "gone": sum(each.lost for each in crowd),
        "asked": asked, "latency": latencies(logs, await ask(f"{api}/sent")), "objects": after[0]["objects"],
        "outbox": max(each["outbox"] for each in after[1:]), "buffer": max(each["buffer"] for each in after[1:]),
        "silent_seconds": seconds, **late,
    }  # fmt: skip


async def _seated(
    api: str, ports: list[int], queries: list[dict[str, Any]], viewers: int, logs: list[Log]
) -> tuple[list[Viewer], Viewer, dict[str, Any]]:
    """All viewers with their first windows, the one that will be silent, and what the API was asked meanwhile."""
    states = [State(query) for query in range(len(queries))]
    asked = {"0": await ask(f"{api}/asked")}
    crowd: list[Viewer] = []
    for at in range(viewers):
        query, web = at % len(queries), at // len(queries) % len(ports)
        viewer = Viewer(logs[web], states[query], "/ws", request(query, queries), query)
        crowd.append(await connect(ports[web], viewer))
        if at == 0:
            await until(lambda: crowd[0].windows > 0)
            asked["1"] = await ask(f"{api}/asked")
    silent = Viewer(Log(), states[SILENT], "/ws", request(SILENT, queries), SILENT)
    await connect(ports[0], silent, narrow=True)
    await until(lambda: all(each.windows for each in (*crowd, silent)))
    return crowd, silent, asked


def bench(port: int) -> str:
    """Where a process says what it has used."""
    return f"http://127.0.0.1:{port}/bench"


async def _used(board: int, ports: list[int]) -> list[dict[str, Any]]:
    """What whoever watches has used, then each web process."""
    return [await ask(bench(port)) for port in (board, *ports)]


async def settled(board: int, crowd: list[Viewer]) -> int:
    """How many viewers do not show what the board holds, when all has been told: none, if all is well."""
    wrong, until_ = len(crowd), time.monotonic() + SETTLE
    while wrong and time.monotonic() < until_:
        await asyncio.sleep(0.2)
        wrong = await differing(board, crowd)
    return wrong


async def differing(board: int, crowd: list[Viewer]) -> int:
    """How many viewers do not show what the board holds now."""
    shown = await ask(f"http://127.0.0.1:{board}/shown")
    exact = {id(each.state): _exact(each, shown) for each in crowd}
    return sum(not exact[id(each.state)] or each.lost for each in crowd)


def _exact(viewer: Viewer, shown: list[dict[str, Any]]) -> bool:
    if viewer.state is None:
        return False
    seen, truth = viewer.state.seen, shown[viewer.query]
    return bool(not seen.broken and list(seen.rows) == truth["rows"] and seen.total == truth["total"])


async def _reads_again(silent: Viewer, board: int) -> dict[str, Any]:
    """What the silent viewer is sent when it reads again: what was under way already, then one whole window."""
    before = silent.deltas, silent.windows
    silent.transport.resume_reading()
    wrong = await settled(board, [silent])
    return {
        "silent_wrong": wrong,
        "silent_under_way": silent.deltas - before[0],
        "silent_windows": silent.windows - before[1],
    }


def latencies(logs: list[Log], sent: list[float]) -> dict[str, float]:
    """Milliseconds from an event at the API to its row in a viewer's socket: of every event and viewer that shows it.

    Rows also come because others left the window: those of events that are older than what was shown before do not
    count.
    """
    found = array("d")
    for log in logs:
        newest: defaultdict[int, int] = defaultdict(lambda: -1)
        for payload, (query, _, arrivals) in log.frames.items():
            if not payload.startswith(DELTA):
                continue
            shown = {_event_of(row) for row in orjson.loads(payload)["rows"]}
            for at in (at for at in shown if newest[query] < at < len(sent)):
                found.extend(arrival - sent[at] for arrival in arrivals)
            newest[query] = max(newest[query], *shown, -1)
    return quantiles(found)


def _event_of(row: dict[str, Any]) -> int:
    return int(row["created"] or 0) - STAMPS_FROM if row["kind"] == "Pod" else -1


def quantiles(seconds: array[float]) -> dict[str, float]:
    """The middle, the slowest hundredth and the slowest, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {"count": 0}
    at = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "max": len(ordered) - 1}
    return {"count": len(ordered)} | {name: round(ordered[each] * 1e3, 1) for name, each in at.items()}


def _write(path: str, log: Log, began: float) -> None:
    kept = [
        orjson.dumps({"at": at - began, "query": query, "text": payload.decode()})
        for payload, (query, at, _) in log.frames.items()
        if at < began + SECONDS_KEPT
    ]
    Path(path).write_bytes(b"\n".join(kept))


async def listen(port: int, queries: int, viewers: int) -> dict[str, Any]:
    """In a process of its own: the floor's viewers, who read what is broadcast and check nothing."""
    log = Log()
    log.recording = True
    crowd = [await connect(port, Viewer(log, None, f"/ws?{at % queries}", b"", at % queries)) for at in range(viewers)]
    before = await asked_until(bench(port), lambda told: told["viewers"] == viewers)
    total = (await ask(f"http://127.0.0.1:{port}/go"))["events"]
    began = time.monotonic()
    await until(lambda: len(log.frames) >= total)
    after = await asked_until(bench(port), lambda told: len(told["sent"]) == total)
    seconds, found = time.monotonic() - began, array("d")
    # Frames of one moment are told apart by their bytes, and come in the order in which they were sent.
    for sent, (_, _, arrivals) in zip(after["sent"], log.frames.values(), strict=True):
        found.extend(arrival - sent for arrival in arrivals)
    gone = sum(each.lost for each in crowd)
    return {
        "seconds": seconds, "cpu": after["cpu"] - before["cpu"], "delivered": log.delivered, "gone": gone,
        "latency": quantiles(found),
    }  # fmt: skip
