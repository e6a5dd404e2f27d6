"""`bench viewers`: a thousand WebSockets on one core, while events come: all exact, soon told, and nobody in the way.

The floor is a hub that does nothing but hand out the frames that the product made, through the same server to as many
viewers: what it takes of the processor is what sending takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import orjson

from dashboard.core.ownership import controller_of
from dashboard.live.viewer import MAX_CHARS
from dashboard.management.benchmarks import workers
from dashboard.management.benchmarks.blocks import blocks_for, items
from dashboard.management.benchmarks.bus import bus

BOUND = 3.0
OBJECTS = 57_500
VIEWERS = 1_000
RATE = 200.0
SECONDS = 60.0
"""How long events come, and how long one of the viewers reads nothing."""
QUERIES = 20
P99_MS = 250.0
MOST_WAITING = 2 * MAX_CHARS
"""Bytes that may wait for one viewer: its outbox, one frame under way, and what uvicorn buffers."""


def measure(
    objects: int | None = None,
    viewers: int | None = None,
    *,
    webs: int = 1,
    seconds: float = SECONDS,
    rate: float = RATE,
    redis_url: str = "",
) -> dict[str, Any]:
    """CPU of a delivered frame ÷ the bare hub's; whether every viewer is exact, and what waits for a silent one.

    With more `webs` than one another process watches, and tells them over the Redis at `redis_url`, else one that is
    made for it: then the frame's CPU is that of all web processes together.
    """
    crowd, asked = viewers or VIEWERS, queries()
    with TemporaryDirectory() as folder, workers.wire(blocks_for(objects or OBJECTS)) as api:
        frames = str(Path(folder) / "frames")
        with _shown(api, asked, webs, redis_url) as (board, ports):
            found = workers.run(
                "attending", "attend", api=api, ports=ports, board=board, queries=asked, viewers=crowd,
                events=round(seconds * rate), rate=rate, frames=frames,
            )  # fmt: skip
        with workers.server("viewed", "broadcast", frames=frames) as port:
            floor = workers.run("attending", "listen", port=port, queries=len(asked), viewers=max(1, crowd // webs))
    return _told(found, floor, crowd)


@contextmanager
def _shown(api: str, asked: list[dict[str, Any]], webs: int, redis_url: str) -> Iterator[tuple[int, list[int]]]:
    """The port of the process that watches, and those of the web processes: of a single one it is the same."""
    with ExitStack() as stack:
        if webs == 1:
            board = stack.enter_context(workers.server("viewed", "serve", url=api, queries=asked))
            ports = [board]
        else:
            about: dict[str, Any] = {"url": api, "queries": asked, "redis": redis_url or stack.enter_context(bus())}
            board = stack.enter_context(workers.server("sharing", "lead", **about))
            ports = [stack.enter_context(workers.server("sharing", "show", **about)) for _ in range(webs)]
        for port in (board, *ports):
            _until_live(port)
        yield board, ports


def _told(found: dict[str, Any], floor: dict[str, Any], viewers: int) -> dict[str, Any]:
    webs = len(found["cpu"])
    frame, bare = sum(found["cpu"]) / found["delivered"] * 1e6, floor["cpu"] / floor["delivered"] * 1e6
    core, asked = max(found["cpu"]) / found["seconds"], found["asked"]
    exact = not (found["wrong"] or found["gone"] or floor["gone"])
    silent = {name: found[name] for name in found if name.startswith("silent_")}
    right_again = not found["silent_wrong"] and found["silent_windows"] <= 1
    bounded = found["outbox"] + found["buffer"] <= MOST_WAITING
    same_load = all(each == asked["0"] for each in asked.values())
    return {
        "benchmark": "viewers",
        "ratio": round(frame / bare, 3),
        "floor": round(bare, 1),
        "bound": BOUND,
        "ok": frame <= BOUND * bare and core <= 1 and exact and right_again and bounded and same_load,
        "unit": "CPU µs a delivered frame; the floor hands out the same frames and does nothing else",
        "per_frame": round(frame, 1),
        "viewers": viewers,
        "webs": webs,
        "viewers_wrong": found["wrong"],
        "viewers_gone": found["gone"],
        "cpu_seconds_a_second": round(core, 3),
        **({"watch_cpu_seconds_a_second": round(found["watch_cpu"] / found["seconds"], 3)} if webs > 1 else {}),
        "floor_cpu_seconds_a_second": round(floor["cpu"] / floor["seconds"], 3),
        "frames_a_second": round(found["delivered"] / found["seconds"]),
        "distinct_frames": found["frames"],
        "milliseconds": found["latency"],
        "floor_milliseconds": floor["latency"],
        "p99_within_250_ms": found["latency"].get("p99", 0.0) <= P99_MS,
        **silent,
        "outbox_most": found["outbox"],
        "write_buffer_most": found["buffer"],
        "waiting_bound": MOST_WAITING,
        "asked_of_the_api_by_viewers": asked,
        "events": found["events"],
        "objects": found["objects"],
    }


def queries(count: int = QUERIES) -> list[dict[str, Any]]:
    """Distinct queries that the events concern: what a team's screens show, then one workload each."""
    found: list[dict[str, Any]] = [{}, {"kind": "Pod"}, {"verdict": "converging"}, {"kind": "ReplicaSet"}]
    found += [{"kind": "Deployment"}, {"kind": "Pod", "verdict": "converging"}, {"kind": "Pod", "verdict": "converged"}]
    pods = [{"kind": "Pod", "apiVersion": "v1", **orjson.loads(each)} for each in items("pods", 0)[:200]]
    owners = [owner[0].name for each in pods if (owner := controller_of(each)) is not None]
    names = dict.fromkeys([*owners, *(each["metadata"]["name"] for each in pods)])
    return [{"query": each, "start": 0, "count": 200} for each in (found + [{"q": name} for name in names])[:count]]


def _until_live(port: int) -> None:
    """Wait until all has been listed. Raises TimeoutError when it takes minutes."""
    until = time.monotonic() + workers.PATIENCE
    while time.monotonic() < until:
        with urlopen(f"http://127.0.0.1:{port}/bench") as answer:
            if orjson.loads(answer.read())["live"]:
                return
        time.sleep(0.2)
    raise TimeoutError("the cluster was not listed")
