"""Edits and actions: POSTs that end in one request to the cluster, and say what came of it.

1. Refused in read-only mode and for who may only look, before anything is read.
2. The object is read as it is now; the form is checked against it (dashboard.core.edits).
3. A preview is the same request as a dry run, answered with the difference.
4. A refusal is told by field: what was shown, what is there now.

Who asks for JSON gets {"ok", "message", "errors", "diff", "undoers"}; everybody else a page, so that it works without
a script: an edit that went through leads back to the object, anything else shows its outcome beside the form.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_http_methods

from dashboard.cluster import edits as wire
from dashboard.cluster.errors import ApiError, ClusterError, Conflict, Invalid
from dashboard.core import edits
from dashboard.core.objects import ObjectKey, ResourceType
from dashboard.core.objects import field as at
from dashboard.core.ownership import undoers
from dashboard.web import clusters, pages, views
from dashboard.web.clusters import Cluster
from dashboard.web.recording import edited
from dashboard.web.wording import plain

DONE = {
    "pause": "Paused: changes wait until it is resumed.",
    "resume": "Resumed.",
    "restart": "Restarting: every Pod is replaced in turn.",
    "delete": "Deleted: watch what its owner does.",
}


@dataclass(slots=True)
class Outcome:
    """What came of a POST. `errors` name the form's fields; `form` is what was typed."""

    ok: bool
    message: str
    status: int = 200
    errors: list[dict[str, str]] = field(default_factory=list)
    diff: list[dict[str, Any]] = field(default_factory=list)
    undoers: list[str] = field(default_factory=list)
    form: dict[str, str] = field(default_factory=dict)
    stay: bool = False

    def answer(self) -> dict[str, Any]:
        """The JSON answer."""
        return {
            "ok": self.ok,
            "message": self.message,
            "errors": self.errors,
            "diff": self.diff,
            "undoers": self.undoers,
        }

    def context(self) -> dict[str, Any]:
        """The same for a template, with what was typed."""
        return {**self.answer(), "form": self.form}


@dataclass(frozen=True, slots=True)
class Target:
    """The object that a POST is about, as it is now, and where it is."""

    cluster: Cluster
    resource: ResourceType
    key: ObjectKey
    obj: dict[str, Any]

    async def patch(self, patch: edits.Patch, *, dry_run: bool) -> dict[str, Any]:
        """Send a patch; the object as it is (or would be) after it."""
        return await wire.patch(
            self.cluster.connection,
            self.resource,
            self.key.namespace,
            self.key.name,
            subresource=patch.subresource,
            content_type=patch.content_type,
            body=patch.body,
            dry_run=dry_run,
        )

    async def again(self) -> dict[str, Any]:
        """The object as it is by now."""
        return await read(self.cluster, self.resource, self.key)

    def undoers(self) -> list[str]:
        """What would undo an edit of it."""
        return list(undoers(self.obj, self.cluster.board.relatives(self.key.id)))


Change = Callable[[Target, Mapping[str, str]], Awaitable[Outcome]]


@require_http_methods(["GET", "HEAD", "POST"])
async def edit(request: HttpRequest, name: str, **place: str) -> HttpResponse:
    """POST …/edit: `replicas`, `image.<container>`, what was shown of each, and do=preview or do=apply."""
    return await _post(request, name, views.key_from(**place), change_fields)


@require_http_methods(["GET", "HEAD", "POST"])
async def act(request: HttpRequest, name: str, **place: str) -> HttpResponse:
    """POST …/act: do=pause, resume, restart, rollback (with `revision`) or delete."""
    return await _post(request, name, views.key_from(**place), carry_out)


async def _post(request: HttpRequest, name: str, key: ObjectKey, change: Change) -> HttpResponse:
    cluster = clusters.get(name)
    if cluster is None:
        return views.no_cluster(request, name)
    if request.method != "POST":
        # Somebody loads the address of a form's answer again: what they want to see is the object.
        return HttpResponseRedirect(f"{pages.root_of(cluster)}o/{key.id}")
    refusal = pages.read_only(cluster, request)
    if refusal:
        return await _answer(request, cluster, key, Outcome(False, f"{refusal}. Nothing was changed.", 403))
    try:
        form = read_form(request)
    except edits.EditError as error:
        return await _answer(request, cluster, key, _wrong(error))
    outcome = await attempt(cluster, key, form, change)
    if outcome.ok and not outcome.stay:  # a preview changes nothing
        do = form.get("do", "")
        edited(request, cluster, key.id, "edit" if do == "apply" else do, outcome.diff)
    return await _answer(request, cluster, key, outcome)


def read_form(request: HttpRequest) -> dict[str, str]:
    """The form's fields, or those of a JSON object. Raises EditError for any other JSON."""
    if request.content_type != "application/json":
        return {name: str(value) for name, value in request.POST.items()}
    try:
        given = json.loads(request.body)
    except ValueError as error:
        raise edits.EditError("body", "", "a JSON object") from error
    if not isinstance(given, dict):
        raise edits.EditError("body", str(given), "a JSON object")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}


async def attempt(cluster: Cluster, key: ObjectKey, form: dict[str, str], change: Change) -> Outcome:
    """Read the object, make the change, and put whatever goes wrong into words."""
    resource = cluster.source.resource(key.group, key.kind)
    if resource is None:
        return Outcome(False, f"There is no kind {key.group or 'core'}/{key.kind} here. Nothing was changed.", 404)
    try:
        target = Target(cluster, resource, key, await read(cluster, resource, key))
        outcome = await change(target, form)
        outcome.undoers = target.undoers()
    except edits.EditError as error:
        outcome = _wrong(error)
    except ApiError as error:
        outcome = _refused(error)
    except ClusterError as error:
        outcome = Outcome(False, f"The cluster did not answer: {error}. Whether anything changed is not known.", 502)
    outcome.form = {name: value for name, value in form.items() if name == "replicas" or name.startswith("image.")}
    return outcome


async def read(cluster: Cluster, resource: ResourceType, key: ObjectKey) -> dict[str, Any]:
    """The object as it is now, with its apiVersion and kind. Raises what the connection raises."""
    obj = await wire.get(cluster.connection, resource, key.namespace, key.name)
    return {**obj, "apiVersion": resource.api_version, "kind": resource.kind}


async def change_fields(target: Target, form: Mapping[str, str]) -> Outcome:
    """Preview or apply an edit of replicas and images."""
    do = form.get("do", "")
    if do not in ("preview", "apply"):
        raise edits.EditError("do", do, "preview or apply")
    wanted = edits.parse_edit(form, target.obj)
    patch = edits.patch_for(wanted, target.obj)
    try:
        after = await target.patch(patch, dry_run=do == "preview")
    except (Conflict, Invalid) as error:
        # A failed `test` of a JSON patch is 422, as is an object that validation refuses: what is there now tells.
        changed = edits.changed_since(wanted, await target.again())
        return _changed(changed) if changed else _refused(error)
    lines = [line._asdict() for line in edits.diff(target.obj, after)]
    if do == "preview":
        message = "The cluster would accept this. Nothing has been changed yet."
        return Outcome(True, message, diff=lines, stay=True)
    return Outcome(True, "Accepted. Watch it converge.", diff=lines)


async def carry_out(target: Target, form: Mapping[str, str]) -> Outcome:
    """Pause, resume, restart, roll back or delete."""
    action = edits.parse_action(form, target.obj)
    key, connection = target.key, target.cluster.connection
    if action.do == "delete":
        uid = at(target.obj, "metadata.uid", "")
        await wire.delete(connection, target.resource, key.namespace, key.name, uid=str(uid))
        return Outcome(True, DONE["delete"])
    revisions = await wire.revisions(connection, target.obj) if action.do == "rollback" else []
    patch = edits.action_patch(action, target.obj, now=time.time(), revisions=revisions)
    await target.patch(patch, dry_run=False)
    return Outcome(True, DONE.get(action.do, f"Rolling back to revision {action.revision}."))


def _wrong(error: edits.EditError) -> Outcome:
    problem = {"field": error.field, "value": error.value, "message": str(error)}
    return Outcome(False, "Nothing was changed.", 400, [problem], stay=True)


def _changed(changes: tuple[edits.Change, ...]) -> Outcome:
    problems = [
        {
            "field": each.field,
            "value": plain(each.now),
            "message": f"{each.field} was {plain(each.shown, 200)} when you looked, and is {plain(each.now, 200)} now",
        }
        for each in changes
    ]
    return Outcome(False, "It has changed since you looked. Nothing was changed.", 409, problems, stay=True)


def _refused(error: ApiError) -> Outcome:
    causes = error.details.get("causes")
    problems = [_cause(cause) for cause in (causes if isinstance(causes, list) else [])[:10]]
    status = error.status if 400 <= error.status < 500 else 502
    message = f"The cluster refused it: {plain(error.message, 400)}. Nothing was changed."
    return Outcome(False, message.replace("..", "."), status, problems, stay=True)


def _cause(cause: Any) -> dict[str, str]:
    """One of a Status' causes: the API names the field by its path in the object."""
    name, message = plain(at(cause, "field", ""), 120), plain(at(cause, "message", ""), 400)
    return {"field": name, "value": "", "message": f"{name}: {message}" if name else message}


async def _answer(request: HttpRequest, cluster: Cluster, key: ObjectKey, outcome: Outcome) -> HttpResponse:
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(outcome.answer(), status=outcome.status)
    if outcome.ok and not outcome.stay:
        response = HttpResponseRedirect(f"{pages.root_of(cluster)}o/{key.id}")
        response.status_code = 303
        return response
    return await views.show_object(request, cluster, key, outcome.context(), outcome.status)
