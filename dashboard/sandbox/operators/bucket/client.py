"""The object store's API, as the bucket operator calls it.

StoreError            an answer that is no success, or none: its status (0 for none), code and message
└── ThrottledError         the store asks to wait: so many seconds
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import yarl

from dashboard.sandbox.operators.bucket_names import objection

TIMEOUT_SECONDS = 10.0


class StoreError(Exception):
    """What the store answered, in its own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ThrottledError(StoreError):
    """429: nothing will be answered for `wait` seconds."""

    def __init__(self, code: str, message: str, wait: float) -> None:
        super().__init__(429, code, message)
        self.wait = wait


class StoreClient:
    """A client that keeps quiet for as long as the store has asked it to. Open it inside a running event loop."""

    def __init__(self, url: str) -> None:
        self.url = yarl.URL(url)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        self._quiet_until = 0.0
        self._asked: ThrottledError | None = None

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def get(self, name: str) -> dict[str, Any] | None:
        """The bucket, None where there is none. Raises StoreError."""
        try:
            return await self._call("GET", name)
        except StoreError as error:
            if error.code == "NoSuchBucket":
                return None
            raise

    async def put(self, name: str, owner: str, wish: dict[str, Any]) -> dict[str, Any]:
        """Make it, or bring it in line; the bucket as it is then. Raises StoreError."""
        return await self._call("PUT", name, {"owner": owner, **wish})

    async def delete(self, name: str, owner: str) -> None:
        """Remove it; one that is not there is removed. Raises StoreError."""
        try:
            await self._call("DELETE", name, owner=owner)
        except StoreError as error:
            if error.code != "NoSuchBucket":
                raise

    async def _call(self, method: str, name: str, body: Any = None, **query: str) -> dict[str, Any]:
        if problem := objection(name):
            raise StoreError(400, "InvalidBucketName", problem)
        now = asyncio.get_running_loop().time()
        if self._asked is not None and now < self._quiet_until:
            raise ThrottledError(self._asked.code, str(self._asked), self._quiet_until - now)
        try:
            async with self._session.request(method, self.url / "buckets" / name, json=body, params=query) as response:
                answer = await response.json() if response.status != 204 else {}
                wait = response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            told = str(error) or f"no answer within {TIMEOUT_SECONDS:.0f} s"
            raise StoreError(0, "StoreUnreachable", f"{self.url}: {told}") from error
        if not isinstance(answer, dict):
            raise StoreError(response.status, "NotUnderstood", f"{self.url} answers something else than an object")
        if response.status < 400:
            return answer
        code, message = str(answer.get("code", "Failed")), str(answer.get("message", ""))
        if response.status != 429:
            raise StoreError(response.status, code, message)
        self._asked = ThrottledError(code, message, float(wait) if wait.isdecimal() else 1.0)
        self._quiet_until = now + self._asked.wait
        raise self._asked
