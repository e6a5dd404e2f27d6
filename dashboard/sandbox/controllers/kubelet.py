"""The kubelets of the stand-in nodes: they pull, start, probe, restart and stop what is not there.

No container runs. Delays are those of the recordings: a pull takes 1 s, a start with the image at hand 0.5 s,
an ending 1 s. What a container does is read from its image's tag: one that contains `missing` cannot be pulled, one
that contains `private` only with a pull secret for its registry; one that contains `crash` ends with exit code 1 after
a second, `oom` with 137 for want of memory, `forever` not by itself; with a restartPolicy other than Always every
other container ends with 0 after a second. A readiness probe succeeds after its initialDelaySeconds, and never if its
path contains `missing`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from dashboard.sandbox.controllers.kubelet_addresses import Addresses
from dashboard.sandbox.controllers.kubelet_images import ImageStore, tag_of
from dashboard.sandbox.controllers.kubelet_status import Container, containers_of, phase_of, pod_status
from dashboard.sandbox.controllers.loop import Context
from dashboard.sandbox.controllers.meta import Key, Obj, is_deleting, is_finished, key_of, uid_of
from dashboard.sandbox.controllers.nodes import is_lost
from dashboard.sandbox.failures import ApiFailure

log = logging.getLogger(__name__)

PULL = 1.0
START = 0.5
RUN = 1.0
WORD = 0.05
"""Seconds more until its end is known: a Job's controller, which looks a second after the start, was still told by the
recorded one that it ran."""
NOTICE = 1.0
"""Seconds in which a kubelet notices that a container has ended."""
STOP = 1.0
RETRY_PULL = 10.0
LONGEST_BACKOFF = 300.0
ENDING = ("crash", "oom")
"""What a tag contains whose container does not run for long."""


class Kubelets:
    """All kubelets of the sandbox. One task per Pod while something is going to happen to it, none after."""

    def __init__(self, context: Context) -> None:
        self._client = context.client
        self._clock = context.clock
        self._informers = context.informers
        self._recorder = context.recorder
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[str] = set()
        self._addresses = Addresses()
        self._gate = context.client.api.faults.gate("kubelet")
        self.images = ImageStore(context.client, context.informers)
        self._informers.on("Pod", self._pod_changed)
        self._informers.on("Node", self._node_changed)

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        pod = new or old
        if pod is None or not self._is_ours(pod):
            return
        uid = uid_of(pod)
        if new is None:
            self._forget(uid)
        elif is_deleting(new):
            if uid not in self._ending:
                self._ending.add(uid)
                self._start(new, lambda: self._end(new))
        elif uid not in self._tasks and not is_finished(new) and not (new.get("status") or {}).get("startTime"):
            self._start(new, PodLife(self, new).live)
        elif old is None and uid not in self._tasks and not self._is_settled(new):
            # The sandbox itself was started again, with Pods that were on their way.
            self._start(new, PodLife(self, new).live)

    def _is_settled(self, pod: Obj) -> bool:
        """Whether nothing more happens to the Pod by itself."""
        goes_on = pod["spec"].get("restartPolicy", "Always") == "Always"
        stays = goes_on and not any(
            word in tag_of(each["image"]) for each in pod["spec"]["containers"] for word in ENDING
        )
        return is_finished(pod) or (stays and all(one.is_running and one.ready for one in containers_of(pod)))

    def _is_ours(self, pod: Obj) -> bool:
        node = pod["spec"].get("nodeName")
        found = self._informers.get("Node", "", node) if node else None
        return found is not None and not is_lost(found)

    def _node_changed(self, old: Obj | None, new: Obj | None) -> None:
        """A kubelet that stops drops what it was doing; one that comes back goes on from what the API says."""
        if old is None or new is None or is_lost(old) == is_lost(new):
            return
        for pod in self._informers.list("Pod"):
            if pod["spec"].get("nodeName") != new["metadata"]["name"]:
                continue
            self._forget(uid_of(pod))
            if not is_lost(new):
                self._resume(pod)

    def _resume(self, pod: Obj) -> None:
        containers = containers_of(pod)
        if is_deleting(pod) or is_finished(pod) or not all(one.is_running for one in containers):
            fresh = {**pod, "status": {**(pod.get("status") or {}), "startTime": None}}
            self._pod_changed(None, fresh)
            return
        self.publish(pod, phase_of(containers, pod["spec"].get("restartPolicy", "Always")), containers, sandbox=True)

    def _start(self, pod: Obj, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        uid = uid_of(pod)
        running = self._tasks.pop(uid, None)
        if running is not None:
            running.cancel()
        self._tasks[uid] = asyncio.get_running_loop().create_task(self._guard(key_of(pod), work))

    async def _guard(self, key: Key, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await self._gate.passed(key)
        self._gate.done(key, 0.0, "started")
        try:
            await work()
        except* ApiFailure as refused:
            # The Pod has gone, or is another one: its kubelet has nothing more to do.
            log.debug("kubelet: %s", refused)

    def _forget(self, uid: str) -> None:
        task = self._tasks.pop(uid, None)
        if task is not None:
            task.cancel()
        self._ending.discard(uid)
        self._addresses.forget(uid)

    async def _end(self, pod: Obj) -> None:
        """Stop the containers, say how they ended, and let go of the Pod."""
        current = self._client.get("Pod", *key_of(pod)) or pod
        containers = containers_of(current)
        for container in containers:
            if container.is_running:
                self.say(current, "Normal", "Killing", f"Stopping container {container.name}", container.name)
        grace = pod["metadata"].get("deletionGracePeriodSeconds")
        await self._clock.sleep(STOP if grace is None else min(STOP, grace))
        if not is_finished(current):
            containers = [container.stopped(self._clock.stamp()) for container in containers]
            failed = any(container.exit_code for container in containers)
            self.publish(current, "Failed" if failed else "Succeeded", containers, sandbox=False)
            await self._clock.sleep(0.005)
        self._client.delete("Pod", *key_of(pod), grace=0, uid=uid_of(pod))

    def publish(self, pod: Obj, phase: str, containers: list[Container], *, sandbox: bool) -> None:
        """Write the Pod's status. Raises ApiFailure when the Pod is gone or another one."""
        current = self._client.get("Pod", *key_of(pod)) or pod
        network = self._network(current, with_pod=sandbox)
        status = pod_status(current, phase, containers, self._clock.stamp(), network, sandbox=sandbox)
        body = {"metadata": {"uid": uid_of(pod)}, "status": status}
        self._client.patch("Pod", *key_of(pod), body, subresource="status")

    def _network(self, pod: Obj, *, with_pod: bool) -> Obj:
        node = self._informers.get("Node", "", pod["spec"]["nodeName"]) or {}
        addresses = (node.get("status") or {}).get("addresses") or ()
        host = next((entry["address"] for entry in addresses if entry["type"] == "InternalIP"), "192.168.49.10")
        network: Obj = {"hostIP": host, "hostIPs": [{"ip": host}]}
        ip = self._addresses.known(pod)
        if ip is None and with_pod:
            ip = self._addresses.give(pod, host, self._informers.list("Pod"))
        return network | ({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {})

    def say(self, pod: Obj, kind: str, reason: str, message: str, container: str) -> None:
        """An Event about one container of the Pod."""
        path = f"spec.containers{{{container}}}"
        self._recorder.event("kubelet", pod, kind, reason, message, host=pod["spec"]["nodeName"], path=path)

    @property
    def sleep(self) -> Callable[[float], Coroutine[Any, Any, None]]:
        """Wait so many seconds of the imitated world."""
        return self._clock.sleep

    def stamp(self) -> str:
        """Now, as the API writes it."""
        return self._clock.stamp()


class PodLife:
    """One Pod's way from 'assigned to this node' to where nothing more will happen by itself."""

    def __init__(self, kubelets: Kubelets, pod: Obj) -> None:
        self._kubelets = kubelets
        self._pod = pod
        self._node = pod["spec"]["nodeName"]
        self._policy = pod["spec"].get("restartPolicy", "Always")
        self._containers = containers_of(pod)
        self._sandbox = False

    async def live(self) -> None:
        """All containers side by side."""
        self._publish()
        async with asyncio.TaskGroup() as group:
            for index, spec in enumerate(self._pod["spec"]["containers"]):
                group.create_task(self._run(index, spec))

    def _publish(self) -> None:
        phase = phase_of(self._containers, self._policy)
        sandbox = self._sandbox and phase not in ("Succeeded", "Failed")
        self._kubelets.publish(self._pod, phase, self._containers, sandbox=sandbox)

    def _set(self, index: int, container: Container) -> None:
        self._containers[index] = container
        self._publish()

    def _say(self, spec: Obj, kind: str, reason: str, message: str) -> None:
        self._kubelets.say(self._pod, kind, reason, message, spec["name"])

    async def _run(self, index: int, spec: Obj) -> None:
        await self._fetch(index, spec)
        self._start(index, spec, first=True)
        await self._probe(index, spec)
        tag = tag_of(spec["image"])
        if "crash" in tag:
            await self._crash(index, spec, 1)
        elif "oom" in tag:
            await self._crash(index, spec, 137, "OOMKilled")
        elif self._policy != "Always" and "forever" not in tag:
            await self._kubelets.sleep(RUN + WORD)
            self._set(index, self._containers[index].ended(self._kubelets.stamp(), 0))

    async def _fetch(self, index: int, spec: Obj) -> None:
        """Have the image on the node, however often that takes."""
        image = spec["image"]
        if self._kubelets.images.has(self._node, image) and spec.get("imagePullPolicy") != "Always":
            self._say(spec, "Normal", "Pulled", f'Container image "{image}" already present on machine')
            await self._kubelets.sleep(START)
            return
        self._say(spec, "Normal", "Pulling", f'Pulling image "{image}"')
        await self._kubelets.sleep(PULL)
        refused = self._kubelets.images.refusal(self._pod, spec)
        if refused:
            await self._never_pull(index, spec, refused)
        self._kubelets.images.add(self._node, image)
        said = f'Successfully pulled image "{image}" in 1s (1s including waiting). Image size: 10000000 bytes.'
        self._say(spec, "Normal", "Pulled", said)

    async def _never_pull(self, index: int, spec: Obj, error: str) -> None:
        """ErrImagePull and ImagePullBackOff in turns, for ever; the pauses between tries double."""
        image = spec["image"]
        pause = RETRY_PULL
        while True:
            self._say(spec, "Warning", "Failed", f'Failed to pull image "{image}": {error}')
            self._say(spec, "Warning", "Failed", "Error: ErrImagePull")
            self._sandbox = True
            self._set(index, self._containers[index].waiting("ErrImagePull", error))
            await self._kubelets.sleep(RETRY_PULL)
            self._say(spec, "Normal", "BackOff", f'Back-off pulling image "{image}"')
            self._say(spec, "Warning", "Failed", "Error: ImagePullBackOff")
            said = f'Back-off pulling image "{image}": ErrImagePull: {error}'
            self._set(index, self._containers[index].waiting("ImagePullBackOff", said))
            await self._kubelets.sleep(pause)
            pause = min(2 * pause, LONGEST_BACKOFF)
            self._say(spec, "Normal", "Pulling", f'Pulling image "{image}"')
            await self._kubelets.sleep(PULL)

    def _start(self, index: int, spec: Obj, *, first: bool) -> None:
        self._say(spec, "Normal", "Created", "Container created")
        self._say(spec, "Normal", "Started", "Container started")
        self._sandbox = True
        container, stamp, ident = self._containers[index], self._kubelets.stamp(), secrets.token_hex(32)
        ready = not spec.get("readinessProbe")
        again = container.started if first else container.restarted
        self._set(index, again(stamp, ident, ready=ready))

    async def _probe(self, index: int, spec: Obj) -> None:
        probe = spec.get("readinessProbe")
        if not probe:
            return
        await self._kubelets.sleep(float(probe.get("initialDelaySeconds") or 0))
        if "missing" in (probe.get("httpGet") or {}).get("path", ""):
            self._say(spec, "Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")
            return
        container = self._containers[index]
        if container.is_running:
            ident = container.id.removeprefix("containerd://")
            self._set(index, container.started(container.state["running"]["startedAt"], ident, ready=True))

    async def _crash(self, index: int, spec: Obj, code: int, reason: str = "") -> None:
        """Exit with that code, once more at once, then after 10 s, 20 s, 40 s … up to five minutes."""
        pause = 0.0
        while True:
            await self._kubelets.sleep(RUN)
            self._set(index, self._containers[index].ended(self._kubelets.stamp(), code, reason))
            if self._policy == "Never":
                return
            await self._kubelets.sleep(NOTICE)
            if pause:
                self._back_off(index, spec, pause)
                await self._kubelets.sleep(pause)
            self._say(spec, "Normal", "Pulled", f'Container image "{spec["image"]}" already present on machine')
            self._start(index, spec, first=False)
            await self._probe(index, spec)
            pause = min(2 * pause, LONGEST_BACKOFF) if pause else 10.0

    def _back_off(self, index: int, spec: Obj, pause: float) -> None:
        namespace, name = key_of(self._pod)
        who = f"{name}_{namespace}({uid_of(self._pod)})"
        said = f"Back-off restarting failed container {spec['name']} in pod {who}"
        self._say(spec, "Warning", "BackOff", said)
        length = f"{pause:g}s" if pause < 60 else f"{pause // 60:g}m{pause % 60:g}s"
        message = f"back-off {length} restarting failed container={spec['name']} pod={who}"
        self._set(index, self._containers[index].waiting("CrashLoopBackOff", message))
