"""What a scenario does to the object store outside the cluster: it has it misbehave, or changes a bucket by hand.

Where the store is stands in a Bucket's status, which anybody may write: only this machine's loopback is believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aiohttp

ENDPOINT = re.compile(r"http://(127\.0\.0\.1|localhost):[0-9]{1,5}/?")
PATIENCE = 5.0


class StoreFailed(Exception):  # noqa: N818 - told as the outcome of a step
    """The store could not be reached, or refused; the message says which."""


def endpoint_of(bucket: Mapping[str, Any]) -> str:
    """The store's address. Raises StoreFailed where the status names none on this machine."""
    provided = (bucket.get("status") or {}).get("atProvider")
    endpoint = provided.get("endpoint") if isinstance(provided, dict) else None
    if not isinstance(endpoint, str) or not ENDPOINT.fullmatch(endpoint):
        raise StoreFailed("the Bucket's status names no store on this machine: does the bucket operator run?")
    return endpoint.rstrip("/")


async def misbehave(endpoint: str, faults: Mapping[str, Any]) -> None:
    """Have the store be slow, ask to wait, or refuse; with no faults, behave. Raises StoreFailed."""
    await _put(f"{endpoint}/faults", faults)


async def change(endpoint: str, bucket: Mapping[str, Any], by_hand: Mapping[str, Any]) -> None:
    """Change a bucket behind its operator's back. Raises StoreFailed."""
    meta, spec = bucket["metadata"], bucket["spec"]
    body = {"owner": f"{meta['namespace']}/{meta['name']}", **by_hand}
    await _put(f"{endpoint}/buckets/{spec['name']}", body)


async def _put(url: str, body: Mapping[str, Any]) -> None:
    limits = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with aiohttp.ClientSession(timeout=limits) as session, session.put(url, json=body) as answer:
            if answer.status >= 400:
                raise StoreFailed(f"the store answers {answer.status}: {(await answer.text())[:200]}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise StoreFailed(f"{url}: {str(error) or 'no answer'}") from error
