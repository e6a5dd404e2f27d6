"""`/sandbox/…`: the faults and scenarios of this sandbox, over HTTP. No other API server has these paths.

GET  /sandbox/                    that this is a sandbox, and how fast its world runs
GET  /sandbox/loops               every loop: state, what is held, last syncs
POST /sandbox/loops/NAME          {"do": "pause" | "slow" | "step" | "resume", "delay": seconds, "namespace": ""}
GET  /sandbox/refusals            the stand-in admission webhooks that refuse
POST /sandbox/refusals            {"webhook", "message", "kinds": [], "namespaces": []}
DELETE /sandbox/refusals/WEBHOOK
GET  /sandbox/scenarios[/NAME]    what there is, and how far it is
POST /sandbox/scenarios/NAME      {"do": "start" | "clear"}
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dashboard.sandbox.api import Api
from dashboard.sandbox.failures import ApiFailure, bad_request, not_allowed
from dashboard.sandbox.faults import Refusal, unknown
from dashboard.sandbox.scenario_run import Runs
from dashboard.sandbox.server import bodies
from dashboard.sandbox.server.render import respond

PREFIX = "/sandbox"
API_VERSION = "sandbox.reconcilerviz/v1"
LOOP_ACTIONS = ("pause", "slow", "step", "resume")
LONGEST_TEXT = 1000

Obj = dict[str, Any]


class Control:
    """Answers the requests below /sandbox/."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._runs = Runs(api)

    async def answer(self, request: web.Request) -> web.Response:
        """One request. Raises ApiFailure (400, 404, 405)."""
        parts = [part for part in request.path.removeprefix(PREFIX).split("/") if part]
        body = await self._body(request) if request.method == "POST" else {}
        return respond(request, await self._answer(request.method, parts, body))

    async def _body(self, request: web.Request) -> Obj:
        body = await bodies.parsed(request, "object")
        if not isinstance(body, dict):
            raise bad_request("the body must be a JSON object")
        return body

    async def _answer(self, method: str, parts: list[str], body: Obj) -> Obj:
        match method, parts:
            case (("GET" | "HEAD"), []):
                return {"kind": "Sandbox", "apiVersion": API_VERSION, "speed": self._api.clock.speed}
            case (("GET" | "HEAD"), ["loops"]):
                return {"loops": self._api.faults.describe()}
            case "POST", ["loops", name]:
                return self._act(name, body)
            case (("GET" | "HEAD"), ["refusals"]):
                return {"refusals": self._api.faults.refusals.describe()}
            case "POST", ["refusals"]:
                self._api.faults.refusals.add(_refusal(body))
                return {"refusals": self._api.faults.refusals.describe()}
            case "DELETE", ["refusals", name]:
                return self._lift(name)
            case (("GET" | "HEAD"), ["scenarios"]):
                return {"scenarios": self._runs.describe()}
            case (("GET" | "HEAD"), ["scenarios", name]):
                return self._runs.describe_one(name)
            case "POST", ["scenarios", name]:
                return await self._play(name, body)
            case _, ([] | ["loops"] | ["refusals"] | ["scenarios"] | ["loops" | "refusals" | "scenarios", _]):
                raise not_allowed()
        raise ApiFailure(404, "NotFound", f"there is no {PREFIX}/{'/'.join(parts)[:200]}", {})

    def _act(self, name: str, body: Obj) -> Obj:
        gate, do, namespace = self._api.faults.loop(name), body.get("do"), _text(body, "namespace")
        said = ""
        if do == "pause":
            gate.pause(namespace)
        elif do == "slow":
            gate.slow(_number(body, "delay"), namespace)
        elif do == "step":
            stepped = gate.step(namespace)
            said = f"{name} works on {stepped} once" if stepped else f"nothing waits for {name}"
        elif do == "resume":
            gate.resume(namespace)
        else:
            raise bad_request(f"do is {str(do)[:100]!r}, but must be one of {', '.join(LOOP_ACTIONS)}")
        return gate.describe() | {"message": said}

    def _lift(self, name: str) -> Obj:
        refusals = self._api.faults.refusals
        if not refusals.remove(name):
            raise unknown("refusing webhook", name, (each["webhook"] for each in refusals.describe()))
        return {"refusals": refusals.describe()}

    async def _play(self, name: str, body: Obj) -> Obj:
        do = body.get("do")
        if do == "start":
            return await self._runs.start(name)
        if do == "clear":
            return await self._runs.clear(name)
        raise bad_request(f"do is {str(do)[:100]!r}, but must be start or clear")


def _refusal(body: Obj) -> Refusal:
    webhook, message = _text(body, "webhook"), _text(body, "message")
    if not webhook or not message:
        raise bad_request("webhook and message must be texts that are not empty")
    return Refusal(webhook, message, _texts(body, "kinds"), _texts(body, "namespaces"))


def _text(body: Obj, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise bad_request(f"{name} must be a text of at most {LONGEST_TEXT} characters")
    return value


def _texts(body: Obj, name: str) -> tuple[str, ...]:
    value = body.get(name) or []
    if not isinstance(value, list) or len(value) > 50 or not all(isinstance(each, str) for each in value):
        raise bad_request(f"{name} must be a list of at most 50 texts")
    return tuple(value)


def _number(body: Obj, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request(f"{name} must be a number of seconds")
    return float(value)
