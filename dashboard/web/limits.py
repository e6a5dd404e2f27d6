"""No request's body may be larger than the largest that any page sends: Django would keep all of it on disk first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

AsgiApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

MAX_BODY = 1024 * 1024
"""Bytes: a replay file and the form around it."""

REFUSAL = b"The request's body is too large: at most 1 MiB is taken.\n"


class BodyLimit:
    """Answer 413 to a body that says it is too large, or that is: what is beyond the limit is not read."""

    def __init__(self, inner: AsgiApp) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if _declared(scope) > MAX_BODY:
            await _refuse(send)
            return
        left, answered = MAX_BODY, False

        async def bounded() -> Any:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.disconnect"}

        async def answering(message: Any) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self.inner(scope, bounded, answering)
        if left < 0 and not answered:
            await _refuse(send)


def _declared(scope: dict[str, Any]) -> int:
    for name, value in scope.get("headers", ()):
        if name.lower() == b"content-length":
            # A length that is no number is refused by the server before it comes here.
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})
