"""Reviews: who am I, what may I. The sandbox has no users: whoever reaches it may do everything."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.api import Api
from dashboard.sandbox.registry import Resource

Obj = dict[str, Any]

USER = {"username": "sandbox", "uid": "sandbox", "groups": ["system:masters", "system:authenticated"]}
RULES = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}


def is_review(resource: Resource) -> bool:
    """Whether a type is answered rather than stored."""
    return resource.group in ("authorization.k8s.io", "authentication.k8s.io")


def answer(api: Api, resource: Resource, obj: Obj) -> Obj:
    """A review with its status."""
    head: Obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}}
    if resource.kind == "SelfSubjectReview":
        head["metadata"] = {"creationTimestamp": api.clock.stamp()}
        return {**head, "status": {"userInfo": USER}}
    spec = obj.get("spec") or {}
    if resource.kind == "SelfSubjectRulesReview":
        return {**head, "spec": {}, "status": RULES}
    return {**head, "spec": spec, "status": {"allowed": True}}
