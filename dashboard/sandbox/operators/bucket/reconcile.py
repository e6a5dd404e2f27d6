"""One look at one Bucket and at what the store has of it; and its end.

Level-triggered, as every look: what the store has is read each time, so that a change by hand is noticed.
"""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.operators.bucket.client import StoreClient, StoreError, ThrottledError
from dashboard.sandbox.operators.conditions import Condition, is_true, merged
from dashboard.sandbox.operators.kube import Kube

Obj = dict[str, Any]


async def reconcile(kube: Kube, store: StoreClient, namespace: str, name: str) -> str:
    """Bring the store's bucket in line and report; what was found changed by hand, "" where that is no news.

    Raises StoreError after its words are in the status, and KubeError.
    """
    bucket = await kube.get("Bucket", namespace, name)
    if bucket is None or "deletionTimestamp" in bucket["metadata"]:
        return ""
    try:
        drift, seen = await _bring_in_line(store, bucket)
    except StoreError as error:
        await kube.set_status(bucket, _failed(bucket, error))
        raise
    if seen is not None:
        seen = {**seen, "endpoint": str(store.url)}
    await kube.set_status(bucket, _told(bucket, seen, drift))
    return drift if drift and not _said(bucket, drift) else ""


async def remove(kube: Kube, store: StoreClient, bucket: Obj) -> None:
    """Remove the store's bucket, unless it shall stay or is not this object's. Raises StoreError once that is told."""
    name = _name(bucket)
    if bucket["spec"].get("deletionPolicy") == "Retain":
        return
    try:
        seen = await store.get(name)
        if seen is not None and seen["owner"] in ("", _owner(bucket)):
            await store.delete(name, _owner(bucket))
    except StoreError as error:
        if error.code == "InvalidBucketName":
            return  # there can be none
        told = Condition("Synced", False, _reason(error), f"the bucket cannot be deleted: {_words(error)}")
        ready = Condition("Ready", False, "Deleting", "the bucket waits for its deletion")
        conditions = merged(bucket, ready, told)
        await kube.set_status(bucket, {"conditions": conditions, "lastError": _last(error)})
        raise


async def _bring_in_line(store: StoreClient, bucket: Obj) -> tuple[str, Obj | None]:
    """What differed though it had been in line, and the bucket as it is now. Raises StoreError."""
    name, owner, wish = _name(bucket), _owner(bucket), _wish(bucket)
    known = _provided(bucket).get("name", name)
    if known != name:
        raise StoreError(422, "InvalidBucketName", f"a bucket cannot be renamed: this one is {known}")
    seen = await store.get(name)
    different = _differences(seen, {**wish, "owner": owner})
    drift = ", ".join(different) if different and _was_in_line(bucket) else ""
    if not different or (drift and bucket["spec"].get("onDrift") == "Report"):
        return drift, seen
    return drift, await store.put(name, owner, wish)


def _name(bucket: Obj) -> str:
    name: str = bucket["spec"]["name"]
    return name


def _owner(bucket: Obj) -> str:
    """Whose the bucket is in the store's books: not the uid, so that a cluster made anew finds its buckets again."""
    metadata = bucket["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def _wish(bucket: Obj) -> Obj:
    spec = bucket["spec"]
    return {"versioning": spec.get("versioning", False), "tags": spec.get("tags", {})}


def _provided(bucket: Obj) -> Obj:
    provided: Obj = (bucket.get("status") or {}).get("atProvider") or {}
    return provided


def _was_in_line(bucket: Obj) -> bool:
    """Whether this very spec had been reached before: what differs now was changed by somebody else."""
    status = bucket.get("status") or {}
    if status.get("observedGeneration") != bucket["metadata"]["generation"]:
        return False
    reasons = {each["reason"] for each in status.get("conditions") or [] if each["type"] == "Synced"}
    return is_true(bucket, "Synced") or "Drifted" in reasons


def _said(bucket: Obj, drift: str) -> bool:
    """Whether the status tells of this already: what is only reported stays, and is news once."""
    conditions = (bucket.get("status") or {}).get("conditions") or []
    return any(each["reason"] == "Drifted" and drift in each["message"] for each in conditions)


def _differences(seen: Obj | None, wanted: Obj) -> list[str]:
    """One phrase per field that is not as wanted."""
    if seen is None:
        return ["the bucket is gone"]
    if seen["owner"] != wanted["owner"]:
        return ["it has another owner"]
    return [f"{field} is {seen[field]}, wanted {wanted[field]}" for field in wanted if seen[field] != wanted[field]]


def _told(bucket: Obj, seen: Obj | None, drift: str) -> Obj:
    """The status after a look that got through; `drift` is left where it shall only be reported."""
    left = drift and bucket["spec"].get("onDrift") == "Report"
    synced = Condition("Synced", True, "InSync", "the store has what is declared")
    if left:
        synced = Condition("Synced", False, "Drifted", f"changed by hand: {drift}")
    ready = Condition("Ready", True, "Available", f"the bucket {_name(bucket)} exists")
    if seen is None:
        ready = Condition("Ready", False, "Missing", f"the bucket {_name(bucket)} does not exist")
    shown = {key: value for key, value in (seen or {}).items() if key != "owner"}
    return {
        "observedGeneration": bucket["metadata"]["generation"],
        "atProvider": _replacing(_provided(bucket), shown),
        "lastError": None,
        "conditions": merged(bucket, ready, synced),
    }


def _failed(bucket: Obj, error: StoreError) -> Obj:
    """The status after the store refused: whether the bucket is ready is as it was, or not known yet."""
    reason = _reason(error)
    said = [Condition("Synced", False, reason, _words(error))]
    if not is_true(bucket, "Ready"):
        said.append(Condition("Ready", False, reason, _words(error)))
    generation = bucket["metadata"]["generation"]
    return {"observedGeneration": generation, "lastError": _last(error), "conditions": merged(bucket, *said)}


def _words(error: StoreError) -> str:
    """The store's own words; no number that changes with each look, which would be a write each time."""
    answer = f"the store answers {error.status} {error.code}: {error}" if error.status else str(error)
    return f"{answer}; retrying" if isinstance(error, ThrottledError) else answer


def _reason(error: StoreError) -> str:
    return "Throttled" if isinstance(error, ThrottledError) else error.code


def _last(error: StoreError) -> Obj | None:
    """What went wrong; nothing where the store only asked to wait, which ends by itself."""
    if isinstance(error, ThrottledError):
        return None
    return {"status": error.status, "code": error.code, "message": _words(error)}


def _replacing(old: Obj, new: Obj) -> Obj:
    """A merge patch that leaves nothing of `old` that is not in `new`."""
    patch: Obj = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        patch[key] = _replacing(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return patch
