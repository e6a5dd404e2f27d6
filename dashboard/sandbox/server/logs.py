"""`pods/log`: believable lines. Nothing runs, so a container says the same each time it is asked.

Which container's log it is, and what is said when there is none, follows the kubelet
(`pkg/kubelet/kubelet_pods.go`, validateContainerLogStatus, Kubernetes 1.36).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import bad_request
from dashboard.sandbox.server.parameters import TRUE, whole_number
from dashboard.sandbox.tables.cells import moment

Obj = dict[str, Any]
Line = tuple[float, str]
"""(Unix seconds, text)."""

START = ("starting up", "configuration read from environment", "listening on port 80")
SERVING = ("GET /healthz 200 1ms", "GET / 200 3ms")
PULLING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}
GROUPS = (
    ("containers", "containerStatuses"),
    ("initContainers", "initContainerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
)


def answer(api: Api, pod: Obj, request: web.Request) -> web.Response:
    """The log that the request's parameters choose. Raises ApiFailure 400."""
    name = _container(pod, request.query.get("container", ""))
    state = _state(pod, name, previous=request.query.get("previous") in TRUE)
    lines = _since(_lines(pod, name, state), api.clock.now(), request)
    tail = request.query.get("tailLines", "")
    if tail:
        lines = lines[-_number("tailLines", tail) :] if _number("tailLines", tail) else []
    stamped = request.query.get("timestamps") in TRUE
    text = "".join(f"{_stamp(at)} {line}\n" if stamped else f"{line}\n" for at, line in lines)
    limit = request.query.get("limitBytes", "")
    body = text.encode()[: _number("limitBytes", limit, least=1)] if limit else text.encode()
    return web.Response(body=body, content_type="text/plain")


def _container(pod: Obj, wanted: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = {group: [c["name"] for c in spec.get(group) or ()] for group, _ in GROUPS}
    main, init = names["containers"], names["initContainers"]
    if not wanted and len(main) == 1 and not init:
        return str(main[0])
    if not wanted:
        more = f" or one of the init containers: [{' '.join(init)}]" if init else ""
        text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]{more}"
        raise bad_request(text)
    if not any(wanted in found for found in names.values()):
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    return wanted


def _state(pod: Obj, container: str, *, previous: bool) -> Obj:
    """The state of the instance whose log is meant: `running` or `terminated`."""
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    entries = [entry for _, group in GROUPS for entry in status.get(group) or ()]
    found: Obj = next((entry for entry in entries if entry.get("name") == container), {})
    state, last = found.get("state") or {}, found.get("lastState") or {}
    if previous:
        if not last.get("terminated"):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        return {"terminated": last["terminated"]}
    if "running" in state or "terminated" in state:
        return dict(state)
    if last.get("terminated"):
        return {"terminated": last["terminated"]}
    reason = (state.get("waiting") or {}).get("reason") or "ContainerCreating"
    text = f'container "{container}" in pod "{name}" is waiting to start: {PULLING.get(reason, reason)}'
    raise bad_request(text)


def _lines(pod: Obj, container: str, state: Obj) -> list[Line]:
    ended: Obj = state.get("terminated") or {}
    started = (ended or state.get("running") or {}).get("startedAt")
    at = moment(started) or moment(pod["metadata"].get("creationTimestamp")) or 0.0
    mark = hashlib.sha256(pod["metadata"]["uid"].encode()).hexdigest()[:8]
    texts = [*START, *SERVING]
    if ended:
        code, reason = ended.get("exitCode", 0), ended.get("reason", "")
        said = "fatal: out of memory" if reason == "OOMKilled" else f"fatal: giving up with exit code {code}"
        texts = [*START[:2], "done"] if code == 0 else [*START[:2], said]
    return [(at + index * 0.2, f"{container}[{mark}] {text}") for index, text in enumerate(texts)]


def _since(lines: list[Line], now: float, request: web.Request) -> list[Line]:
    seconds, since = request.query.get("sinceSeconds", ""), request.query.get("sinceTime", "")
    first = 0.0
    if seconds:
        first = now - _number("sinceSeconds", seconds, least=1)
    elif since:
        asked = moment(since)
        if asked is None:
            raise bad_request(f'parsing time "{since[:100]}" as "2006-01-02T15:04:05Z07:00": cannot parse')
        first = asked
    return [(at, line) for at, line in lines if at >= first]


def _number(name: str, text: str, least: int = 0) -> int:
    number = whole_number(name, text)
    if number < least:
        raise bad_request(f"{name} must be {least} or more, not {number}")
    return number


def _stamp(at: float) -> str:
    moment_ = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
    return moment_.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
