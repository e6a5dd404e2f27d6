"""Refusals, as the API's Status object says them.

Every refusal of the API layer is an ApiFailure; the HTTP server writes its `.status()`. Texts are those
of kube-apiserver (recorded exchanges, and `k8s.io/apimachinery/pkg/api/errors`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Invalid:
    """One broken rule of one field: `reason` is the API's cause word, `message` includes the value."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


class ApiFailure(Exception):  # noqa: N818 - a refusal is an answer, not an error of the server
    """A refused request: `code` (HTTP), `reason` (the API's word, may be empty), `message`, `details`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        *,
        metadata: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}
        self.headers = headers or {}

    def status(self) -> dict[str, Any]:
        """The Status object of this refusal."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def details_of(plural: str, group: str = "", name: str = "", uid: str = "") -> dict[str, Any]:
    """Status.details in the API's order, leaving out what is empty."""
    pairs = (("name", name), ("group", group), ("kind", plural), ("uid", uid))
    return {key: value for key, value in pairs if value}


def qualified(plural: str, group: str) -> str:
    """`deployments.apps`, or `pods` for the core group."""
    return f"{plural}.{group}" if group else plural


def not_found(plural: str, group: str, name: str) -> ApiFailure:
    """404: no such object."""
    text = f'{qualified(plural, group)} "{name}" not found'
    return ApiFailure(404, "NotFound", text, details_of(plural, group, name))


def no_such_resource() -> ApiFailure:
    """404: no such resource type or path below a known group."""
    return ApiFailure(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(plural: str, group: str, name: str) -> ApiFailure:
    """409: the name is taken."""
    text = f'{qualified(plural, group)} "{name}" already exists'
    return ApiFailure(409, "AlreadyExists", text, details_of(plural, group, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(plural: str, group: str, name: str, why: str = MODIFIED) -> ApiFailure:
    """409: the write is based on an older version, or a precondition does not hold."""
    text = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return ApiFailure(409, "Conflict", text, details_of(plural, group, name))


def forbidden(plural: str, group: str, name: str, why: str) -> ApiFailure:
    """403: an admission rule says no."""
    text = f'{qualified(plural, group)} "{name}" is forbidden: {why}'
    return ApiFailure(403, "Forbidden", text, details_of(plural, group, name))


def bad_request(message: str) -> ApiFailure:
    """400: the request itself cannot be understood."""
    return ApiFailure(400, "BadRequest", message)


def invalid(kind: str, group: str, name: str, causes: Sequence[Invalid]) -> ApiFailure:
    """422: the object breaks rules; all of them are listed, as field.ErrorList does it."""
    texts: list[str] = []
    for cause in causes:
        text = f"{cause.field}: {cause.message}"
        if text not in texts:
            texts.append(text)
    said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = details_of(kind, group, name)
    details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    return ApiFailure(422, "Invalid", f'{qualified(kind, group)} "{name}" is invalid: {said}', details)


def not_allowed() -> ApiFailure:
    """405: the resource has no such verb."""
    text = "the server does not allow this method on the requested resource"
    return ApiFailure(405, "MethodNotAllowed", text, {})


def unsupported_media() -> ApiFailure:
    """415: a body type that this verb does not take."""
    return ApiFailure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def expired(message: str, metadata: dict[str, Any] | None = None) -> ApiFailure:
    """410: the version asked for has left the history."""
    return ApiFailure(410, "Expired", message, metadata=metadata)


def too_large_version(asked: int, current: int) -> ApiFailure:
    """504: a version that does not exist yet."""
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    text = f"Timeout: Too large resource version: {asked}, current: {current}"
    return ApiFailure(504, "Timeout", text, details, headers={"Retry-After": "1"})


def not_served(what: str) -> ApiFailure:
    """501 in a Status: the sandbox does not imitate this; says what to do instead."""
    return ApiFailure(501, "NotImplemented", f"the ReconcilerViz sandbox does not serve {what}", {})
