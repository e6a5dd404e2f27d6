"""Running scenarios: their steps one after another, and taking back what they did."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Callable
from typing import Any

from dashboard.sandbox import scenario_store as store
from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.eviction import evict
from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.faults import Refusal
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.scenario import Scenario, Step, find, scenarios

Obj = dict[str, Any]

PATIENCE = 900.0
"""Seconds of the imitated world after which a step that waits gives up."""
MOST_NOTES = 20


class StepFailed(Exception):  # noqa: N818 - what a step expected did not happen; told, not raised further
    """A step did not come out as its scenario says; the message tells how."""


class Run:
    """One scenario under way, or as it ended. `state` is running, done, failed or cleared."""

    def __init__(self, api: Api, scenario: Scenario) -> None:
        self.scenario = scenario
        self.state = "running"
        self.step = 0
        self.notes: list[str] = []
        self._api = api
        self._written = asyncio.Event()
        self._undo: list[Callable[[], object]] = []
        self._task = asyncio.get_running_loop().create_task(self._live())

    def describe(self) -> Obj:
        """State, step, number of steps, and what was said on the way."""
        return {"state": self.state, "step": self.step, "steps": len(self.scenario.steps), "notes": list(self.notes)}

    async def _live(self) -> None:
        def woken(*_: object) -> None:
            self._written.set()

        self._api.after_write.append(woken)
        try:
            await self._vacate()
            self._client("kubectl").create("Namespace", {"metadata": {"name": self.scenario.name}})
            for step in self.scenario.steps:
                self.step += 1
                await self._do(step)
            self.state = "done"
        except (ApiFailure, StepFailed, store.StoreFailed) as problem:
            self.state = "failed"
            self._note(f"step {self.step}: {problem}")
        finally:
            self._api.after_write.remove(woken)

    def _client(self, manager: str) -> Client:
        return Client(self._api, manager)

    def _note(self, text: str) -> None:
        self.notes = [*self.notes, text][-MOST_NOTES:]

    async def _do(self, step: Step) -> None:
        if step.verb == "wait":
            await self._wait(step.value, step.fields)
        elif step.verb == "repeat":
            for _ in range(int(step.value)):
                for each in step.fields["steps"]:
                    await self._do(each)
                await self._api.clock.sleep(float(step.fields["every"]))
        elif step.verb == "store":
            await self._outside(step)
        elif step.verb in ("pause", "slow", "refuse"):
            self._break(step)
        else:
            self._write(step)

    def _write(self, step: Step) -> None:
        client, value, fields = self._client(step.by), step.value, step.fields
        match step.verb:
            case "apply":
                for obj in value:
                    self._apply(client, obj)
            case "patch":
                body = copy.deepcopy(value)
                client.patch(*self._key(fields["object"]), body, subresource=fields.get("subresource", ""))
            case "delete":
                client.delete(*self._key(value))
            case "drain":
                self._drain(client, value)
            case "refused":
                self._refused(client, value, fields["says"])

    async def _outside(self, step: Step) -> None:
        """What happens in the store that a Bucket is mapped to."""
        bucket = self._client(step.by).get(*self._key(step.value)) or {}
        endpoint = store.endpoint_of(bucket)
        if "put" in step.fields:
            await store.change(endpoint, bucket, step.fields["put"])
        if "faults" in step.fields:
            self._undo.append(lambda: store.misbehave(endpoint, {}))
            await store.misbehave(endpoint, step.fields["faults"])

    def _break(self, step: Step) -> None:
        faults, value, namespace = self._api.faults, step.value, self.scenario.name
        if step.verb == "refuse":
            faults.refusals.add(Refusal(value, step.fields["message"], tuple(step.fields["kinds"]), (namespace,)))
            self._undo.append(lambda: faults.refusals.remove(value))
            return
        gate = faults.loop(value)
        self._undo.append(lambda: gate.resume(namespace))
        if step.verb == "pause":
            gate.pause(namespace)
        else:
            gate.slow(float(step.fields["delay"]), namespace)

    def _key(self, name: str) -> tuple[str, str, str]:
        """(kind, namespace, name) of `Kind/name`. Raises StepFailed for a kind that is not served."""
        kind, _, rest = name.partition("/")
        try:
            resource = self._api.registry.kind(kind)
        except KeyError as error:
            hint = ": does the bucket operator run, as in `manage.py demo`?" if kind == "Bucket" else ""
            raise StepFailed(f"there is no kind {kind}{hint}") from error
        return kind, self.scenario.name if resource.namespaced else "", rest

    def _placed(self, obj: Obj) -> tuple[str, str, str, Obj]:
        """The object with its namespace, and its key."""
        obj = copy.deepcopy(obj)
        kind, namespace, name = self._key(f"{obj['kind']}/{obj['metadata']['name']}")
        if namespace:
            obj["metadata"]["namespace"] = namespace
        return kind, namespace, name, obj

    def _apply(self, client: Client, obj: Obj) -> None:
        kind, namespace, name, obj = self._placed(obj)
        if not namespace:
            self._undo.append(lambda: client.delete(kind, "", name))
        if client.get(kind, namespace, name) is None:
            client.create(kind, obj)
        else:
            client.patch(kind, namespace, name, obj)

    def _refused(self, client: Client, obj: Obj, says: str) -> None:
        kind, _, name, obj = self._placed(obj)
        try:
            client.create(kind, obj)
        except ApiFailure as failure:
            if says not in failure.message:
                raise StepFailed(f"{kind} {name} was refused, but in other words: {failure.message}") from failure
            self._note(f"refused: {failure.message}")
        else:
            raise StepFailed(f"{kind} {name} was accepted")

    def _drain(self, client: Client, node: str) -> None:
        client.patch("Node", "", node, {"spec": {"unschedulable": True}})
        for pod in client.list("Pod", self.scenario.name):
            if pod["spec"].get("nodeName") != node:
                continue
            try:
                evict(self._api, self._api.registry.kind("Pod"), pod, Delete(), Write(manager=client.manager))
            except ApiFailure as failure:
                self._note(f"drain: {pod['metadata']['name']}: {failure.message}")

    async def _wait(self, value: Any, fields: Any) -> None:
        if isinstance(value, int | float):
            await self._api.clock.sleep(float(value))
            return
        try:
            async with asyncio.timeout(PATIENCE / self._api.clock.speed):
                while not self._holds(value, fields):
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError as error:
            raise StepFailed(f"waited {PATIENCE:.0f} s for {value} in vain") from error

    def _holds(self, name: str, fields: Any) -> bool:
        obj = self._client("").get(*self._key(name))
        if fields.get("gone"):
            return obj is None
        if obj is None:
            return False
        if "condition" in fields:
            conditions = (obj.get("status") or {}).get("conditions") or ()
            return any(each["type"] == fields["condition"] and each["status"] == "True" for each in conditions)
        found: Any = obj
        for part in str(fields.get("path", "metadata.name")).split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return bool(found == fields["equals"] if "equals" in fields else found is not None)

    # Taking it back

    async def clear(self) -> None:
        """Stop, lift the faults, and remove everything that the scenario made."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        undo, self._undo = self._undo, []
        for each in reversed(undo):
            await _taken_back(each)
        self.state = "cleared"
        self._empty()

    def _empty(self) -> None:
        """Let go of what finalizers hold in the namespace, and delete it."""
        client, namespace = self._client("kubectl"), self.scenario.name
        if client.get("Namespace", "", namespace) is None:
            return
        for resource in self._api.registry:
            for obj in self._api.objects(resource, namespace) if resource.namespaced else ():
                if obj["metadata"].get("finalizers"):
                    self._release(resource.kind, obj)
        _quietly(lambda: client.delete("Namespace", "", namespace))
        for pod in client.list("Pod", namespace):
            # Without waiting for a kubelet: its node may be lost, or gone with the scenario.
            self._kill(pod["metadata"]["name"])

    def _kill(self, pod: str) -> None:
        _quietly(lambda: self._client("kubectl").delete("Pod", self.scenario.name, pod, grace=0))

    def _release(self, kind: str, obj: Obj) -> None:
        free = {"metadata": {"finalizers": None}}
        meta = obj["metadata"]
        _quietly(lambda: self._client("kubectl").patch(kind, meta["namespace"], meta["name"], free))

    async def _vacate(self) -> None:
        """Have no namespace of that name: what an earlier run left goes first."""
        self._empty()
        await self._wait(f"Namespace/{self.scenario.name}", {"gone": True})


def _quietly(undo: Callable[[], object]) -> None:
    """Take something back that may be gone already."""
    try:
        undo()
    except ApiFailure as failure:
        if failure.code not in (404, 409):
            raise


async def _taken_back(undo: Callable[[], object]) -> None:
    """Take something back, also outside the cluster, where whoever should hear of it may be gone."""
    try:
        if inspect.isawaitable(left := undo()):
            await left
    except (ApiFailure, store.StoreFailed) as failure:
        if isinstance(failure, ApiFailure) and failure.code not in (404, 409):
            raise


class Runs:
    """The scenarios of one sandbox, each run at most once at a time."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._runs: dict[str, Run] = {}

    async def start(self, name: str) -> Obj:
        """Start one, from the beginning. Raises ApiFailure 404 for an unknown one."""
        scenario = find(name)
        await self.clear(name)
        self._runs[name] = Run(self._api, scenario)
        return self.describe_one(name)

    async def clear(self, name: str) -> Obj:
        """Take one back. Raises ApiFailure 404 for an unknown one."""
        find(name)
        run = self._runs.get(name)
        if run is not None:
            await run.clear()
        return self.describe_one(name)

    def describe_one(self, name: str) -> Obj:
        """A scenario and how far it is."""
        run = self._runs.get(name)
        idle = {"state": "", "step": 0, "steps": len(find(name).steps), "notes": []}
        return find(name).describe() | {"run": run.describe() if run else idle}

    def describe(self) -> list[Obj]:
        """All of them, by name."""
        return [self.describe_one(name) for name in scenarios()]
