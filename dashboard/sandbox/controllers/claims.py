"""Adopting and releasing Pods (controller.PodControllerRefManager).

A Pod without a controller that matches the selector becomes the owner's; a Pod of the owner that no longer
matches is let go, not deleted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.meta import (
    Obj,
    controlled_by,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    matches,
    owner_reference,
    uid_of,
)
from dashboard.sandbox.failures import ApiFailure


async def claim_pods(
    client: Client, owner: Obj, pods: Iterable[Obj], settle: Callable[[], Awaitable[None]]
) -> list[Obj]:
    """Those of `pods` (of the owner's namespace) that are the owner's afterwards. Raises ApiFailure."""
    selector = owner["spec"]["selector"]
    claimed = []
    for pod in pods:
        selected = matches(selector, labels_of(pod))
        if controlled_by(pod, owner):
            if selected:
                claimed.append(pod)
            elif not is_deleting(owner):
                await _release(client, owner, pod)
                await settle()
        elif selected and controller_of(pod) is None and not is_deleting(owner) and not is_deleting(pod):
            claimed.append(_adopt(client, owner, pod))
            await settle()
    return claimed


def _adopt(client: Client, owner: Obj, pod: Obj) -> Obj:
    references = [*(pod["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
    return client.patch("Pod", *key_of(pod), _references(pod, references))


async def _release(client: Client, owner: Obj, pod: Obj) -> None:
    references = [entry for entry in pod["metadata"]["ownerReferences"] if entry["uid"] != uid_of(owner)]
    try:
        client.patch("Pod", *key_of(pod), _references(pod, references))
    except ApiFailure as failure:
        # Gone, or another Pod of that name: either way it is no longer the owner's.
        if failure.code not in (404, 409, 422):
            raise


def _references(pod: Obj, references: list[Obj]) -> Obj:
    return {"metadata": {"uid": uid_of(pod), "ownerReferences": references or None}}
