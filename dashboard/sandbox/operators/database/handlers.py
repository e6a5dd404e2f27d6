"""When a Database is looked at: whenever it or one of its children changes, appears or goes."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import kopf

from dashboard.sandbox.operators.database.children import OWNED
from dashboard.sandbox.operators.database.reconcile import NotDoneError, reconcile
from dashboard.sandbox.operators.kube import Kube, KubeError

GROUP, VERSION, PLURAL = "demo.reconcilerviz.io", "v1", "databases"
AGAIN_SECONDS = 5.0
CHILDREN = (("apps", "v1", "statefulsets"), ("", "v1", "services"), ("", "v1", "secrets"))

logger = logging.getLogger(__name__)


def register(registry: kopf.OperatorRegistry, kube: Kube) -> None:
    """Add the handlers. None of them needs a finalizer: deleting a Database waits for no operator."""
    # Two looks at one Database at a time would both miss the Secret, and make two passwords.
    locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def look(namespace: str | None, name: str) -> None:
        async with locks[namespace or "", name]:
            await reconcile(kube, namespace or "", name)

    @kopf.on.resume(GROUP, VERSION, PLURAL, registry=registry, id="reconcile")
    @kopf.on.create(GROUP, VERSION, PLURAL, registry=registry, id="reconcile")
    @kopf.on.update(GROUP, VERSION, PLURAL, registry=registry, id="reconcile", field="spec")
    async def database_changed(namespace: str | None, name: str, **_: Any) -> None:
        try:
            await look(namespace, name)
        except (NotDoneError, KubeError) as error:
            raise kopf.TemporaryError(str(error), delay=AGAIN_SECONDS) from error

    async def child_changed(namespace: str | None, labels: kopf.Labels, **_: Any) -> None:
        try:
            await look(namespace, labels[OWNED])
        except (NotDoneError, KubeError) as error:
            logger.warning("%s/%s: %s", namespace, labels[OWNED], error)

    for group, version, plural in CHILDREN:
        kopf.on.event(group, version, plural, labels={OWNED: kopf.PRESENT}, registry=registry)(child_changed)
