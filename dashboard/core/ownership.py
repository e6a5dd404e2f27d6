"""Who owns an object, what it drives, and who would undo an edit of it.

Marks of the tools that deploy: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ ,
https://fluxcd.io/flux/components/kustomize/kustomizations/ , https://helm.sh/docs/chart_best_practices/labels/
(`meta.helm.sh/release-name` since Helm 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dashboard.core.managed import Setter, entries, setter_of, setters
from dashboard.core.model import EventNote, Relative
from dashboard.core.objects import ObjectKey, field, key_of, plain, text

__all__ = ["Owner", "Setter", "controller_of", "drives", "owners", "setters", "undoers"]

NAME = 120
"""Characters of a name in a sentence."""


class Owner(NamedTuple):
    """One ownerReference."""

    key: ObjectKey
    uid: str
    controller: bool


def owners(obj: Any) -> tuple[Owner, ...]:
    """The object's owners in its own order. Owners are of its namespace, or cluster-scoped: the reference does not
    say which, so the namespace is the object's own."""
    references = field(obj, "metadata.ownerReferences")
    if not isinstance(references, list):
        return ()
    namespace = text(field(obj, "metadata.namespace"))
    return tuple(_owner(each, namespace) for each in references[:50] if isinstance(each, dict))


def controller_of(obj: Any) -> tuple[ObjectKey, str] | None:
    """The controlling owner and its uid; None where nothing controls the object."""
    references = field(obj, "metadata.ownerReferences")
    if isinstance(references, list):
        for each in references:
            if isinstance(each, dict) and each.get("controller") is True:
                owner = _owner(each, text(field(obj, "metadata.namespace")))
                return owner.key, owner.uid
    return None


def _owner(reference: Mapping[str, Any], namespace: str) -> Owner:
    get = reference.get
    kind = text(get("kind"), 200)
    group = text(get("apiVersion"), 200).rpartition("/")[0]
    if kind in ("Node", "Namespace") and not group:
        namespace = ""
    key = ObjectKey(group, kind, namespace, text(get("name"), 300))
    return Owner(key, text(get("uid"), 100), get("controller") is True)


def drives(obj: Any) -> ObjectKey | None:
    """What an autoscaler turns: its `spec.scaleTargetRef` (autoscaling/v2, and others that use the same reference)."""
    target = field(obj, "spec.scaleTargetRef")
    if not isinstance(target, dict):
        return None
    kind, name = text(target.get("kind"), 200), text(target.get("name"), 300)
    if not kind or not name:
        return None
    group = text(target.get("apiVersion"), 200).rpartition("/")[0]
    return ObjectKey(group, kind, text(field(obj, "metadata.namespace")), name)


class Tool(NamedTuple):
    """A tool that deploys: what it calls its source, the managers it writes as, and when it would undo an edit."""

    source: str
    managers: tuple[str, ...]
    when: str


ARGO = Tool("Argo CD application", ("argocd-controller", "argocd-application-controller"), "with its next sync")
KUSTOMIZE = Tool("Flux Kustomization", ("kustomize-controller",), "with its next reconciliation")
FLUX_HELM = Tool("Flux HelmRelease", ("helm-controller", "helm"), "with its next upgrade")
HELM = Tool("Helm release", ("helm", "Helm"), "with its next upgrade")


def undoers(obj: Any, related: Sequence[Relative | EventNote] = ()) -> tuple[str, ...]:
    """What would undo an edit of this object, a sentence each, the quickest first; empty where nothing would.

    `related` may hold the autoscalers that drive the object (their digests, of its own namespace).
    """
    if not isinstance(obj, dict):
        return ()
    fields = _edited(obj)
    managed = entries(obj)
    sentences = [*_autoscalers(obj, related, managed, fields), *_owner_sentence(obj, fields)]
    found = _tool(obj)
    if found is not None:
        tool, name = found
        what = _set_by_tool(tool, managed, fields)
        if what:
            sentences.append(f"{tool.source} {name} sets {what}: it will be undone {tool.when}")
    return tuple(sentences)


def _edited(obj: Mapping[str, Any]) -> dict[str, str]:
    """The fields that can be edited here: their word and their path."""
    found: dict[str, str] = {}
    if type(field(obj, "spec.replicas")) is int:
        found["replicas"] = "spec.replicas"
    if field(obj, "spec.template.spec.containers"):
        found["images"] = "spec.template.spec.containers"
    elif field(obj, "kind") == "Pod":
        found["images"] = "spec.containers"
    return found


def _autoscalers(
    obj: Mapping[str, Any],
    related: Sequence[Relative | EventNote],
    managed: Sequence[Mapping[str, Any]],
    fields: Mapping[str, str],
) -> list[str]:
    if "replicas" not in fields:
        return []
    namespace = field(obj, "metadata.namespace")
    drivers = [
        each
        for each in related
        if isinstance(each, Relative)
        and each.key.group == "autoscaling"
        and each.key.kind == "HorizontalPodAutoscaler"
        and each.key.namespace == namespace
    ]
    if drivers:
        return [f"HPA {plain(each.key.name, NAME)} sets replicas: it will be undone" for each in drivers[:5]]
    setter = setter_of(managed, fields["replicas"])
    if setter is not None and is_autoscaler(setter):
        return ["an autoscaler set replicas last: it will be undone"]
    return []


def is_autoscaler(setter: Setter) -> bool:
    """Whether a field manager is an autoscaler: the HPA controller writes through `/scale` as its binary's name."""
    manager = setter.manager.lower()
    return "autoscaler" in manager or (manager == "kube-controller-manager" and setter.subresource == "scale")


def _owner_sentence(obj: Mapping[str, Any], fields: Mapping[str, str]) -> list[str]:
    controller = controller_of(obj)
    if controller is None:
        return []
    owner, own = controller[0], key_of(obj)
    name = f"{plain(owner.kind, NAME)} {plain(owner.name, NAME)}"
    if own.kind == "Pod" and not own.group:
        return [f"{name} makes another Pod when this one is deleted"]
    what = _and(list(fields)) or "this object"
    verb = "sets" if _is_workload(owner) else "controls"
    return [f"{name} {verb} {what}: it will be undone"]


def _is_workload(owner: ObjectKey) -> bool:
    return owner.group in ("apps", "batch", "argoproj.io")


def _tool(obj: Mapping[str, Any]) -> tuple[Tool, str] | None:
    labels, annotations = _texts(obj, "metadata.labels"), _texts(obj, "metadata.annotations")
    tracking = annotations("argocd.argoproj.io/tracking-id").partition(":")[0]
    application = tracking or labels("argocd.argoproj.io/instance") or annotations("argocd.argoproj.io/instance")
    if application:
        return ARGO, application
    for tool, mark in ((KUSTOMIZE, "kustomize.toolkit.fluxcd.io"), (FLUX_HELM, "helm.toolkit.fluxcd.io")):
        name, namespace = labels(f"{mark}/name"), labels(f"{mark}/namespace")
        if name:
            return tool, f"{namespace}/{name}" if namespace else name
    release = annotations("meta.helm.sh/release-name")
    if release or labels("app.kubernetes.io/managed-by") == "Helm":
        return HELM, release or labels("app.kubernetes.io/instance") or "that made it"
    return None


def _texts(obj: Mapping[str, Any], path: str) -> Callable[[str], str]:
    values = field(obj, path)
    return lambda name: plain(values.get(name), NAME) if isinstance(values, dict) else ""


def _set_by_tool(tool: Tool, managed: Sequence[Mapping[str, Any]], fields: Mapping[str, str]) -> str:
    """The edited fields that the tool sets: those its managers hold, all of them where they hold nothing at all
    (it then writes under another name), "" where it leaves all of them to others."""
    own = [each for each in managed if each.get("manager") in tool.managers]
    if not own:
        return _and(list(fields)) or "this object"
    return _and([word for word, path in fields.items() if setter_of(own, path) is not None])


def _and(words: list[str]) -> str:
    return " and ".join(words)
