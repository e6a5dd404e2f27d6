"""Actions on an object: pause, resume, restart, roll back; each is one patch, as `kubectl rollout` makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dashboard.core.capabilities import can, holding_field
from dashboard.core.objects import Object, field
from dashboard.core.patches import JSON_PATCH, MERGE_PATCH, EditError, Patch

ACTIONS = ("pause", "resume", "restart", "rollback", "delete")
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


class Action(NamedTuple):
    """One of ACTIONS; `revision` is what to roll back to, 0 for anything else."""

    do: str
    revision: int = 0


def parse_action(form: Mapping[str, str], obj: Object) -> Action:
    """Read `do` and, for a rollback, `revision`. Raises EditError naming the field and its value."""
    do = form.get("do", "")
    allowed = [each for each in can(obj) if each in ACTIONS]
    if do not in allowed:
        raise EditError("do", do, f"one of {', '.join(allowed)}" if allowed else "left out: nothing can be done here")
    if do != "rollback":
        return Action(do)
    revision = form.get("revision", "")
    if not (revision.isascii() and revision.isdecimal() and len(revision) < 16 and int(revision) > 0):
        raise EditError("revision", revision, "the number of a revision that is kept")
    return Action(do, int(revision))


def action_patch(action: Action, obj: Object, *, now: float, revisions: Iterable[Object] = ()) -> Patch:
    """The patch that carries out any action but delete, which is no patch.

    `now` in Unix seconds stamps a restart; `revisions` are the ReplicaSets that a rollback may choose from.
    Raises EditError when the revision is not among them, or the action is delete.
    """
    if action.do in ("pause", "resume"):
        return Patch("", MERGE_PATCH, {"spec": {holding_field(obj): action.do == "pause"}})
    if action.do == "restart":
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        template = {"metadata": {"annotations": {RESTARTED_AT: stamp}}}
        return Patch("", MERGE_PATCH, {"spec": {"template": template}})
    if action.do == "rollback":
        return _rollback(action.revision, obj, revisions)
    raise EditError("do", action.do, "one of pause, resume, restart, rollback")


def _rollback(revision: int, obj: Object, revisions: Iterable[Object]) -> Patch:
    """The template of the revision's ReplicaSet without its hash, as `kubectl rollout undo` puts it back.

    The test on the current revision refuses it when another rollout came between.
    """
    uid = field(obj, "metadata.uid")
    for candidate in revisions:
        template = field(candidate, "spec.template")
        if _number(candidate) != revision or not isinstance(template, dict) or not _controlled(candidate, uid):
            continue
        body: list[dict[str, Any]] = []
        current = _annotation(obj)
        if current is not None:
            body.append(
                {"op": "test", "path": f"/metadata/annotations/{REVISION.replace('/', '~1')}", "value": current}
            )
        body.append({"op": "replace", "path": "/spec/template", "value": _without_hash(template)})
        return Patch("", JSON_PATCH, body)
    raise EditError("revision", str(revision), "the number of a revision that is kept")


def _controlled(candidate: Object, uid: Any) -> bool:
    owners = field(candidate, "metadata.ownerReferences", [])
    return isinstance(owners, list) and any(field(each, "uid") == uid for each in owners)


def _annotation(obj: Object) -> str | None:
    annotations = field(obj, "metadata.annotations", {})
    value = annotations.get(REVISION) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else None


def _number(obj: Object) -> int:
    value = _annotation(obj) or ""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0


def _without_hash(template: Mapping[str, Any]) -> dict[str, Any]:
    meta = field(template, "metadata", {})
    labels = field(meta, "labels", {})
    if not isinstance(meta, dict) or not isinstance(labels, dict):
        return dict(template)
    kept = {name: value for name, value in labels.items() if name != HASH}
    return {**template, "metadata": {**meta, "labels": kept}}
