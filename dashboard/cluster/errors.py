"""What can go wrong between us and a cluster.

    ClusterError
    ├── ConfigError               no usable kubeconfig or service account; names the file or variable
    ├── CredentialError           a plugin, an identity provider or a token file did not give a credential
    ├── Unreachable               no answer: refused, cut, timed out, TLS, proxy
    ├── Garbled                   an answer that is not what the API speaks: not JSON, not an object
    └── ApiError                  the API said no: status, reason, message, details, retry_after
        ├── BadRequest            400
        ├── Unauthorized          401, also with a renewed credential
        ├── Forbidden             403
        ├── NotFound              404
        ├── MethodNotAllowed      405
        ├── Conflict              409
        ├── Gone                  410
        ├── UnsupportedMediaType  415
        ├── Invalid               422
        ├── TooManyRequests       429
        └── ServerError           5xx

Messages come from strangers (servers, plugins, proxies): they are cut and freed of control characters
here, once, so that whoever shows one need not think of it.
"""

# ruff: noqa: N818 - the names are the API's own words for its failures (Status.reason), which readers know.

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import orjson

MESSAGE_LIMIT = 600
"""Characters kept of a stranger's message."""

RETRY_AFTER_LIMIT = 600.0
"""Seconds: a server that asks for more is asked again after this long."""


def plain(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """A stranger's words on one line: no control or bidi characters, at most `limit` characters."""
    words = " ".join(text[: limit * 4].split())
    kept = "".join(char for char in words if char.isprintable())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


class ClusterError(Exception):
    """Whatever this package raises."""


class ConfigError(ClusterError):
    """There is no usable way to a cluster: the message names the file, the entry or the variable."""


class CredentialError(ClusterError):
    """No credential could be had; the message carries the plugin's or provider's own words."""


class Unreachable(ClusterError):
    """The API did not answer, or stopped answering in the middle."""


class Garbled(ClusterError):
    """The API's answer could not be read."""


class ApiError(ClusterError):
    """The API answered with a failure.

    `status` is the HTTP status (or a watch ERROR's code), `reason` the API's own word (`NotFound`, ""
    where the answer was no Status), `details` the Status' details, `retry_after` seconds or None.
    """

    kinds: ClassVar[dict[int, type[ApiError]]] = {}

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details: Mapping[str, Any] = details or {}
        self.retry_after = retry_after

    def __init_subclass__(cls, statuses: tuple[int, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        ApiError.kinds.update(dict.fromkeys(statuses, cls))

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}" if self.reason else f"{self.status}: {self.message}"


class BadRequest(ApiError, statuses=(400,)):
    """The request makes no sense to the API: an unknown field under strict validation, a stale continue token."""


class Unauthorized(ApiError, statuses=(401,)):
    """The credential is not accepted, and a renewed one was not either."""


class Forbidden(ApiError, statuses=(403,)):
    """The credential is known, and may not do this."""


class NotFound(ApiError, statuses=(404,)):
    """No such object, or no such kind."""


class MethodNotAllowed(ApiError, statuses=(405,)):
    """The kind does not offer this verb."""


class Conflict(ApiError, statuses=(409,)):
    """The object changed meanwhile, or another manager owns the field."""


class Gone(ApiError, statuses=(410,)):
    """The resource version or continue token is too old: list again."""


class UnsupportedMediaType(ApiError, statuses=(415,)):
    """The kind does not take this patch type (custom kinds take no strategic merge patch)."""


class Invalid(ApiError, statuses=(422,)):
    """Validation or admission refused the object; `details["causes"]` names the fields."""


class TooManyRequests(ApiError, statuses=(429,)):
    """The API is shedding load, or a kind's storage is (re)initializing."""


class ServerError(ApiError, statuses=tuple(range(500, 600))):
    """The API failed by itself."""


def _seconds(value: Any) -> float | None:
    """A Retry-After in seconds. The HTTP-date form is not used by the API and counts as none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return min(seconds, RETRY_AFTER_LIMIT) if math.isfinite(seconds) and seconds >= 0 else None


def api_error(status: int, answer: Any, text: str = "", retry_after: str | None = None) -> ApiError:
    """The error for a failed answer: `answer` its decoded JSON (ideally a Status), `text` its body if it was none."""
    answer = answer if isinstance(answer, Mapping) else {}
    details = answer.get("details")
    details = details if isinstance(details, Mapping) else {}
    reason, message = answer.get("reason"), answer.get("message")
    wait = _seconds(retry_after)
    return ApiError.kinds.get(status, ApiError)(
        status,
        plain(reason, 80) if isinstance(reason, str) else "",
        plain(message) if isinstance(message, str) else plain(text, 200) or "no message",
        details,
        wait if wait is not None else _seconds(details.get("retryAfterSeconds")),
    )


def error_from_body(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """The error for an HTTP answer outside 2xx; its body may be a Status, plain text or anything."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    return api_error(status, answer, body[:2000].decode("utf-8", "replace"), retry_after)
