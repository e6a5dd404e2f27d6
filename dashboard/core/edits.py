"""Edits: what a form asks for, checked, and the one patch that makes it. Pure: nothing is sent from here.

The old values that the page showed travel with the patch as `test` operations: resourceVersion changes with every
status write and would always conflict, whereas these fail exactly when somebody changed what was looked at.
JSON patch: RFC 6902. Everything about editing can be imported from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from dashboard.core import images
from dashboard.core.actions import Action, action_patch, parse_action
from dashboard.core.capabilities import can, containers_path
from dashboard.core.differences import DiffLine, diff
from dashboard.core.objects import Object, field, plain
from dashboard.core.patches import JSON_PATCH, EditError, Patch

__all__ = [
    "Action", "Change", "DiffLine", "Edit", "EditError", "Image", "Patch",
    "action_patch", "can", "changed_since", "diff", "parse_action", "parse_edit", "patch_for",
]  # fmt: skip

MOST_REPLICAS = 150_000
"""Pods that Kubernetes supports in a whole cluster: https://kubernetes.io/docs/setup/best-practices/cluster-large/ ."""

REPLICAS = f"a whole number from 0 to {MOST_REPLICAS}"
IMAGE = "an image reference such as nginx:1.27, or only its tag such as :1.27"
SHOWN = "the value that the page showed"

SCALED = frozenset(
    {("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("", "ReplicationController")}
)
"""Kinds with a `/scale` for certain; whether a custom kind has one is not written in its objects."""

_COUNT = re.compile(r"[0-9]{1,9}\Z", re.ASCII)


class Image(NamedTuple):
    """A new image for one container; `init` where it is an init container."""

    container: str
    old: str
    new: str
    init: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change, each with the old value that was shown. `replicas` is (old, new), None to leave them."""

    replicas: tuple[int, int] | None = None
    images: tuple[Image, ...] = ()


class Change(NamedTuple):
    """A value that is not what was shown: the form's field, what was shown, and what is there now."""

    field: str
    shown: str
    now: str


def parse_edit(form: Mapping[str, str], obj: Object) -> Edit:
    """Read `replicas`, `image.<container>` and their `shown.` counterparts.

    A field that equals what was shown is no change. Raises EditError naming the field and its value: the first
    one that is wrong, or `edit` when nothing changes.
    """
    allowed = can(obj)
    if "replicas" in form and "scale" not in allowed:
        raise EditError("replicas", form["replicas"], "left out: this object has no replicas to set")
    replicas = _replicas(form) if "replicas" in form else None
    changed = []
    for name in form:
        if name.startswith("image."):
            image = _image(form, name, obj, allowed)
            if image.new != image.old:
                changed.append(image)
    if replicas is not None and replicas[0] == replicas[1]:
        replicas = None
    if replicas is None and not changed:
        raise EditError("edit", "", "nothing differs from what was shown")
    return Edit(replicas, tuple(changed))


def _replicas(form: Mapping[str, str]) -> tuple[int, int]:
    new = _number("replicas", form["replicas"])
    if "shown.replicas" not in form:
        raise EditError("shown.replicas", "", SHOWN)
    return _number("shown.replicas", form["shown.replicas"]), new


def _number(name: str, value: str) -> int:
    stripped = value.strip() if len(value) < 100 else value
    if not _COUNT.match(stripped) or int(stripped) > MOST_REPLICAS:
        raise EditError(name, value, REPLICAS)
    return int(stripped)


def _image(form: Mapping[str, str], name: str, obj: Object, allowed: tuple[str, ...]) -> Image:
    container, value = name.removeprefix("image."), form[name].strip()
    if "image" not in allowed:
        raise EditError(name, value, "left out: this object's images cannot be changed")
    found = _find(obj, container)
    if found is None:
        names = ", ".join(sorted({plain(each, 63) for each, _ in _containers(obj)}))
        raise EditError(name, value, f"for one of its containers: {names}")
    if f"shown.{name}" not in form:
        raise EditError(f"shown.{name}", "", SHOWN)
    shown = form[f"shown.{name}"]
    new = images.repository(shown) + value if value.startswith((":", "@")) else value
    if images.parse(new) is None:
        raise EditError(name, value, IMAGE)
    return Image(container, shown, new, found[0] == "initContainers")


def _containers(obj: Object) -> list[tuple[str, tuple[str, int]]]:
    """Each container's name with where it stands: the list's name and the index."""
    template = field(obj, containers_path(obj), {})
    found = []
    for part in ("initContainers", "containers"):
        entries = field(template, part, [])
        for at, each in enumerate(entries if isinstance(entries, list) else ()):
            name = field(each, "name")
            if isinstance(name, str):
                found.append((name, (part, at)))
    return found


def _find(obj: Object, container: str) -> tuple[str, int] | None:
    return next((where for name, where in _containers(obj) if name == container), None)


def patch_for(edit: Edit, obj: Object) -> Patch:
    """The one request that makes the edit.

    Replicas alone go to `/scale`, which some may write who may not write the object. A Scale of 0 replicas has no
    such field (`omitempty`), so that nothing could be tested: from 0 the object itself is patched, as it is for
    replicas together with an image. Raises EditError when a container is gone.
    """
    tests: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    if edit.replicas is not None:
        old, new = edit.replicas
        tests.append({"op": "test", "path": "/spec/replicas", "value": old})
        changes.append({"op": "replace", "path": "/spec/replicas", "value": new})
    base = containers_path(obj).replace(".", "/")
    for image in edit.images:
        found = _find(obj, image.container)
        if found is None:
            raise EditError(f"image.{image.container}", image.new, "for a container that is there")
        path = f"/{base}/{found[0]}/{found[1]}"
        tests.append({"op": "test", "path": f"{path}/name", "value": image.container})
        tests.append({"op": "test", "path": f"{path}/image", "value": image.old})
        changes.append({"op": "replace", "path": f"{path}/image", "value": image.new})
    only_scale = edit.replicas is not None and edit.replicas[0] > 0 and not edit.images and _kind(obj) in SCALED
    return Patch("scale" if only_scale else "", JSON_PATCH, tests + changes)


def _kind(obj: Object) -> tuple[str, str]:
    version = field(obj, "apiVersion", "")
    return str(version).rpartition("/")[0], str(field(obj, "kind", ""))


def changed_since(edit: Edit, fresh: Object) -> tuple[Change, ...]:
    """Which of the values that were shown are no longer so, given the object as it is now.

    What a refused patch is reported with: changed since you looked, from this to that. Empty when the refusal
    had another reason.
    """
    found = []
    if edit.replicas is not None:
        now = field(fresh, "spec.replicas")
        if now != edit.replicas[0] or type(now) is not int:
            found.append(Change("replicas", str(edit.replicas[0]), _shown(now)))
    template = field(fresh, containers_path(fresh), {})
    for image in edit.images:
        where = _find(fresh, image.container)
        entry = field(template, where[0])[where[1]] if where is not None else None
        now = field(entry, "image")
        if now != image.old:
            found.append(Change(f"image.{image.container}", plain(image.old, 300), _shown(now)))
    return tuple(found)


def _shown(value: Any) -> str:
    return plain(value, 300) if isinstance(value, str) else "nothing" if value is None else str(value)[:40]
