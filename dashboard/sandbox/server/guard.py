"""Who may talk to the sandbox at all: loopback is no boundary.

Every page in a browser and every user of the machine reaches 127.0.0.1. The sandbox has no credentials, so it
refuses, before anything is parsed: a Host that is not its own loopback name and port (DNS rebinding), a
request that a browser made for a page (`Origin`, `Sec-Fetch-Site`), and body types that a form could send.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.sandbox.failures import ApiFailure

LIMIT = 3 * 1024 * 1024
"""Bytes of a body, as in kube-apiserver."""

BODY_TYPES = frozenset(
    {
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
        "application/apply-patch+cbor",
        "application/cbor",
    }
)


def allowed_hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers that name this server, for the address it listens on."""
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    return frozenset(f"{name}:{port}" for name in names - {"0.0.0.0", "[::]", ""})  # noqa: S104 - refused as a name


def check(headers: Mapping[str, str], hosts: frozenset[str]) -> None:
    """Raise ApiFailure 421 or 403 for a request that is not for us, or that a page made."""
    host = headers.get("Host", "").lower()
    if host not in hosts:
        text = f'the Host header "{host[:100]}" is not this sandbox; use one of: {", ".join(sorted(hosts))}'
        raise ApiFailure(421, "MisdirectedRequest", text, {})
    for name in ("Origin", "Sec-Fetch-Site"):
        if name in headers:
            text = f"requests made by web pages are refused (the {name} header is set)"
            raise ApiFailure(403, "Forbidden", text, {})


def check_body(headers: Mapping[str, str]) -> None:
    """Raise ApiFailure 413 or 415 for a body that will not be read."""
    length = headers.get("Content-Length")
    if length is not None and length.isdigit() and int(length) > LIMIT:
        raise too_large()
    has_body = (length or "0") != "0" or "Transfer-Encoding" in headers
    media = headers.get("Content-Type", "").split(";")[0].strip().lower()
    if has_body and media not in BODY_TYPES:
        text = (
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )
        raise ApiFailure(415, "UnsupportedMediaType", text, {})


def too_large() -> ApiFailure:
    """413 with kube-apiserver's words."""
    text = f"Request entity too large: limit is {LIMIT}"
    return ApiFailure(413, "RequestEntityTooLarge", text, {})
