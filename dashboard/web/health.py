"""`/healthz` and `/readyz`: whether this process lives, and whether what it shows can be trusted.

They are answered before anything looks at Host or a token: a kubelet asks by a Pod's address and carries none. They
tell states and nothing else.
"""

from __future__ import annotations

from typing import Any

import orjson

from dashboard.web import clusters
from dashboard.web.access import AsgiApp

PATHS = ("/healthz", "/readyz")


class Health:
    """Answers the two paths; all else goes on to `inner`."""

    def __init__(self, inner: AsgiApp) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        if path not in PATHS or scope["method"] not in ("GET", "HEAD"):
            await self.inner(scope, receive, send)
            return
        status, body = (200, {"alive": True}) if path == "/healthz" else readiness()
        content = orjson.dumps(body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


def readiness() -> tuple[int, dict[str, Any]]:
    """200 when every picture is live; 503 with the states otherwise. History has no say: pages do without it."""
    shown = list(clusters.clusters.values())
    states = [cluster.source.freshness().state for cluster in shown]
    history = ["not kept" if each.recording is None else _history(each.recording.counts().error) for each in shown]
    ready = bool(states) and all(state == "live" for state in states)
    return (200 if ready else 503), {"ready": ready, "watch": states, "history": history}


def _history(error: str) -> str:
    return "failing" if error else "kept"
