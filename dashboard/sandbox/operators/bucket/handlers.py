"""When a Bucket is looked at: when it changes, and every few seconds, since the store tells nobody of changes."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import kopf

from dashboard.sandbox.operators.bucket.client import StoreClient, StoreError, ThrottledError
from dashboard.sandbox.operators.bucket.reconcile import reconcile, remove
from dashboard.sandbox.operators.kube import Kube, KubeError

GROUP, VERSION, PLURAL = "demo.reconcilerviz.io", "v1", "buckets"
FINALIZER = "demo.reconcilerviz.io/bucket"

logger = logging.getLogger(__name__)


def register(registry: kopf.OperatorRegistry, kube: Kube, store: StoreClient, poll: float) -> None:
    """Add the handlers; `poll` is how many seconds lie between two looks at the store."""
    locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def look(namespace: str | None, name: str, uid: str, body: kopf.Body) -> None:
        try:
            async with locks[uid]:
                drift = await reconcile(kube, store, namespace or "", name)
        except (StoreError, KubeError) as error:
            raise kopf.TemporaryError(str(error), delay=_delay(error, poll)) from error
        if drift:
            logger.warning("%s/%s was changed by hand: %s", namespace, name, drift)
            kopf.warn(body, reason="Drifted", message=f"changed by hand: {drift}")

    @kopf.on.resume(GROUP, VERSION, PLURAL, registry=registry, id="reconcile")
    @kopf.on.create(GROUP, VERSION, PLURAL, registry=registry, id="reconcile")
    @kopf.on.update(GROUP, VERSION, PLURAL, registry=registry, id="reconcile", field="spec")
    async def bucket_changed(namespace: str | None, name: str, uid: str, body: kopf.Body, **_: Any) -> None:
        await look(namespace, name, uid, body)

    @kopf.timer(GROUP, VERSION, PLURAL, registry=registry, id="poll", interval=poll, initial_delay=poll)
    async def poll_store(namespace: str | None, name: str, uid: str, body: kopf.Body, **_: Any) -> None:
        await look(namespace, name, uid, body)

    @kopf.on.delete(GROUP, VERSION, PLURAL, registry=registry, id="remove")
    async def bucket_deleted(namespace: str | None, name: str, uid: str, **_: Any) -> None:
        try:
            async with locks[uid]:
                bucket = await kube.get("Bucket", namespace or "", name)
                if bucket is not None:
                    await remove(kube, store, bucket)
        except (StoreError, KubeError) as error:
            raise kopf.TemporaryError(str(error), delay=_delay(error, poll)) from error
        locks.pop(uid, None)


def _delay(error: StoreError | KubeError, poll: float) -> float:
    """Seconds until the next attempt: what the store asked for, or the usual."""
    return error.wait if isinstance(error, ThrottledError) else poll
