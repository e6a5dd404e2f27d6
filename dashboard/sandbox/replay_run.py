"""Doing once more what a recording did: a fresh sandbox process, the recorder's watches, the recorded commands."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from dashboard.sandbox.replay_kubectl import Finished, Kubectl, arguments
from dashboard.sandbox.replay_match import Swaps, stand_ins, translated, translation
from dashboard.sandbox.replay_trace import Action, Obj, Recording

READY = "sandbox ready on "
START = 60.0
"""Seconds in which a sandbox has to be ready."""
TAIL = 0.4
"""Seconds of watching after the time at which the recording ends."""


LINGER = 3.0
"""Seconds for which the watches go on when something is still missing."""
LOOK = 0.5
"""Seconds between two looks whether it still is."""


class SandboxError(RuntimeError):
    """The sandbox process did not start."""


@dataclass(slots=True)
class Outcome:
    """What a replay saw: its own recording, and the exit code and output of each command."""

    recording: Recording
    finished: list[Finished]
    swaps: Swaps
    """Siblings that stood in for each other, so that commands met living objects."""


Good = Callable[[Outcome], bool]


@contextlib.asynccontextmanager
async def sandbox(speed: float = 1.0) -> AsyncIterator[str]:
    """A fresh, empty sandbox process; gives its URL. Raises SandboxError. It ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dashboard.sandbox",
        "--port",
        "0",
        "--empty",
        "--speed",
        str(speed),
        "--until-stdin-closes",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield await _ready(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise SandboxError("the sandbox has no output")
    try:
        async with asyncio.timeout(START):
            line = (await process.stdout.readline()).decode().strip()
    except TimeoutError as error:
        raise SandboxError(f"the sandbox was not ready after {START:g} s") from error
    if not line.startswith(READY):
        raise SandboxError(f"the sandbox did not start: {line!r}")
    return line.removeprefix(READY)


async def replay(recorded: Recording, program: str, good: Good = lambda _: True) -> Outcome:
    """Run the recording's commands against a fresh sandbox with `program` as kubectl.

    When the recording ends and `good` is not content with what was seen, the watches go on for LINGER seconds.

    Raises RefusedError before anything is run when a command is not one that a replay runs, SandboxError.
    """
    commands = [arguments(action.command) for action in recorded.actions]
    async with sandbox() as url:
        with tempfile.TemporaryDirectory(prefix="replay-") as home:
            kubectl = Kubectl(program, url, Path(home))
            async with aiohttp.ClientSession(url) as session:
                return await Replay(recorded, session, kubectl).run(commands, good)


class Replay:
    """One run. Times are seconds since the lists, as in the recording."""

    def __init__(self, recorded: Recording, session: aiohttp.ClientSession, kubectl: Kubectl) -> None:
        self._recorded = recorded
        self._session = session
        self._kubectl = kubectl
        self._seen = Recording()
        self._swaps: Swaps = []
        self._zero = asyncio.get_running_loop().time()
        self._wait_for_kubectl = 0.1

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._zero

    async def run(self, commands: list[list[str]], good: Good) -> Outcome:
        """Prepare, watch, act, and go on watching until the recording's end."""
        await self._prepare()
        listed = {resource: asyncio.Event() for resource in self._recorded.resources}
        watches = [asyncio.create_task(self._watch(resource, event)) for resource, event in listed.items()]
        # A custom resource of the recording is not served yet; the others are watched before anything happens.
        served = [event for resource, event in listed.items() if await self._path(resource) is not None]
        await asyncio.gather(*(event.wait() for event in served))
        self._zero = asyncio.get_running_loop().time()
        try:
            finished, late = await self._act(commands)
            await self._until(self._recorded.end + late + TAIL)
            outcome = Outcome(self._seen, finished, self._swaps)
            await self._linger(outcome, good)
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)
        return outcome

    async def _linger(self, outcome: Outcome, good: Good) -> None:
        """Watch a little longer while something is missing: the last states may be late."""
        for _ in range(round(LINGER / LOOK)):
            if good(outcome):
                return
            await asyncio.sleep(LOOK)

    async def _prepare(self) -> None:
        """The namespace, the images that the recording's nodes had, and kubectl's own start-up once."""
        namespace = self._recorded.namespace
        await self._post("/api/v1/namespaces", {"metadata": {"name": namespace}})
        for node, images in images_at_hand(self._recorded, await self._nodes()).items():
            listed = [{"names": [image], "sizeBytes": 10_000_000} for image in images]
            await self._patch(f"/api/v1/nodes/{node}/status", {"status": {"images": listed}})
        began = asyncio.get_running_loop().time()
        await self._kubectl.run(["get", "namespaces", namespace])
        self._wait_for_kubectl = asyncio.get_running_loop().time() - began

    async def _nodes(self) -> list[str]:
        async with self._session.get("/api/v1/nodes") as response:
            return [node["metadata"]["name"] for node in (await response.json())["items"]]

    async def _post(self, path: str, body: Obj) -> None:
        async with self._session.post(path, json=body) as response:
            if response.status not in (200, 201, 409):
                raise SandboxError(f"POST {path}: {response.status} {await response.text()}")

    async def _patch(self, path: str, body: Obj) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        async with self._session.patch(path, data=json.dumps(body), headers=headers) as response:
            if response.status != 200:
                raise SandboxError(f"PATCH {path}: {response.status} {await response.text()}")

    async def _act(self, commands: list[list[str]]) -> tuple[list[Finished], float]:
        """Run the commands so that they *end* at the intervals of the recording: kubectl's start-up varies."""
        finished: list[Finished] = []
        late = 0.0
        for action, words in zip(self._recorded.actions, commands, strict=True):
            await self._until(self._beginning(action) + late)
            self._swaps += stand_ins(self._recorded, self._seen, action, self._swaps)
            names = translation(self._recorded, self._seen, self._swaps)
            began = self._now()
            asked = [translated(word, names) for word in words]
            finished.append(await self._kubectl.run(asked, translated(action.stdin, names)))
            self._measure(action, self._now() - began)
            late = self._now() - action.done
        return finished, late

    def _beginning(self, action: Action) -> float:
        """When to start the command so that it ends as recorded; one that waits for something starts as recorded."""
        return action.at if _waits(action) else action.done - self._wait_for_kubectl

    def _measure(self, action: Action, took: float) -> None:
        """How long kubectl takes here; a command that waits for something says nothing about that."""
        if not _waits(action):
            self._wait_for_kubectl = took

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self._now()))

    async def _watch(self, resource: str, listed: asyncio.Event) -> None:
        """List and watch one resource as the recorder did, again and again; it may not be served yet."""
        while True:
            path = await self._path(resource)
            if path is not None:
                with contextlib.suppress(aiohttp.ClientError):
                    await self._follow(resource, path, listed)
            await asyncio.sleep(0.1)

    async def _follow(self, resource: str, path: str, listed: asyncio.Event) -> None:
        async with self._session.get(path) as response:
            if response.status != 200:
                return
            found = await response.json()
        version = found["metadata"]["resourceVersion"]
        self._seen.add({"t": self._now(), "resource": resource, "list": found})
        listed.set()
        query = {"watch": "true", "resourceVersion": version}
        async with self._session.get(path, params=query, timeout=aiohttp.ClientTimeout(total=None)) as response:
            async for line in _lines(response):
                self._seen.add({"t": self._now(), "resource": resource, "event": json.loads(line)})

    async def _path(self, resource: str) -> str | None:
        """Where the resource is served, by discovery; None when it is not."""
        for group in await self._groups():
            async with self._session.get(group) as response:
                served = (await response.json()).get("resources", []) if response.status == 200 else []
            for entry in served:
                if entry["name"] == resource:
                    if not entry["namespaced"]:
                        return f"{group}/{resource}"
                    return f"{group}/namespaces/{self._recorded.namespace}/{resource}"
        return None

    async def _groups(self) -> list[str]:
        async with self._session.get("/apis") as response:
            groups = (await response.json()).get("groups", []) if response.status == 200 else []
        # The core group first: `events` is served by two.
        return ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]


def _waits(action: Action) -> bool:
    """Whether the command waited for something (`rollout status`, `wait`, `delete`): kubectl alone is faster."""
    return action.done - action.at >= 0.5


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Whole lines, however long: the reader's own limit would break a watch."""
    rest = b""
    async for chunk in response.content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line


def images_at_hand(recorded: Recording, nodes: Sequence[str]) -> dict[str, list[str]]:
    """Node → images that were there before the recording: used without having been pulled in it.

    One that was not pulled at all is taken to be on every node: Pods may land on other nodes here.
    """
    found: dict[str, set[str]] = {node: set() for node in nodes}
    pulled: set[tuple[str, str]] = set()
    ready: set[tuple[str, str]] = set()
    for track in recorded.of("events"):
        event = track.first
        node, said = (event.get("source") or {}).get("host"), event.get("message", "")
        if not node or '"' not in said:
            continue
        use = (node, _full(said.split('"')[1]))
        if event["reason"] == "Pulling":
            pulled.add(use)
        elif event["reason"] == "Pulled" and "already present" in said and use not in pulled:
            ready.add(use)
    ever_pulled = {image for _, image in pulled}
    for node, image in ready:
        for other in nodes if image not in ever_pulled else [node]:
            found.setdefault(other, set()).add(image)
    return {node: sorted(found[node]) for node in nodes if found[node]}


def _full(image: str) -> str:
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"
