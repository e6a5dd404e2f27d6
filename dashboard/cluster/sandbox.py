"""The sandbox's own endpoints, `/sandbox/…`: faults and scenarios. They are asked of nothing but a sandbox.

Before anything is sent that changes something, the server must say that it is a sandbox, in two places. A real API
server receives two GETs at most, and never a write.
"""

from __future__ import annotations

import re
from typing import Any

from dashboard.cluster.connection import Connection
from dashboard.cluster.errors import ClusterError, Forbidden, Garbled, NotFound, Unauthorized

KIND, API_VERSION = "Sandbox", "sandbox.reconcilerviz/v1"
MARK = "+sandbox"
"""How the sandbox's version ends."""
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
"""What loops, scenarios and webhooks may be called: a part of a path."""
PATIENCE = 10.0

Answer = dict[str, Any]


class NotASandbox(ClusterError):  # noqa: N818 - as the others of its family
    """The server is no sandbox: nothing was sent to it."""


async def prove(connection: Connection) -> None:
    """Return when the server is a sandbox. Raises NotASandbox, or what the connection raises when nobody answers."""
    refusal = NotASandbox(
        f"{connection.server} is not a sandbox: scenarios and faults are for sandboxes only, and nothing was sent to it"
    )
    try:
        told = (await connection.request("GET", "/sandbox/", timeout=PATIENCE)).object()
        version = (await connection.request("GET", "/version", timeout=PATIENCE)).object()
    except (NotFound, Forbidden, Unauthorized, Garbled) as error:
        raise refusal from error
    said = told.get("kind"), told.get("apiVersion")
    if said != (KIND, API_VERSION) or not str(version.get("gitVersion", "")).endswith(MARK):
        raise refusal


async def loops(connection: Connection) -> list[Answer]:
    """Every loop: name, state, delay, held, syncs, last. Raises ClusterError."""
    return await _list(connection, "loops")


async def scenarios(connection: Connection) -> list[Answer]:
    """Every scenario: name, title, teaches, expects, run. Raises ClusterError."""
    return await _list(connection, "scenarios")


async def act(connection: Connection, loop: str, do: str, delay: float | None = None) -> Answer:
    """Pause, slow, step or resume a loop. Raises ClusterError; NotASandbox before anything is sent."""
    return await _post(connection, "loops", loop, {"do": do} | ({} if delay is None else {"delay": delay}))


async def play(connection: Connection, scenario: str, do: str) -> Answer:
    """Start or clear a scenario. Raises ClusterError, as NotFound naming close ones; NotASandbox."""
    return await _post(connection, "scenarios", scenario, {"do": do})


async def _list(connection: Connection, what: str) -> list[Answer]:
    await prove(connection)
    answer = (await connection.request("GET", f"/sandbox/{what}", timeout=PATIENCE)).object()
    found = answer.get(what)
    if not isinstance(found, list):
        raise Garbled(f"the sandbox answered no list of {what}")
    return [each for each in found if isinstance(each, dict)]


async def _post(connection: Connection, what: str, name: str, body: Answer) -> Answer:
    if not NAME.fullmatch(name):
        # Nothing of that name can be there, and a path must not be made of it.
        raise NotFound(404, "NotFound", f"there is no {what.removesuffix('s')} {name[:100]!r}")
    await prove(connection)
    response = await connection.request("POST", f"/sandbox/{what}/{name}", body=body, timeout=PATIENCE)
    return response.object()
