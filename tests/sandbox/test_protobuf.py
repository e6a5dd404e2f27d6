"""Protobuf bodies: the few kinds that are read, and how others are refused."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.sandbox.server.protobuf import MAGIC, decode
from tests.sandbox.conftest import Sandbox

PROTOBUF = "application/vnd.kubernetes.protobuf"


def field(number: int, value: int | str | bytes) -> bytes:
    """One field on the wire."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def body(api_version: str, kind: str, raw: bytes) -> bytes:
    """A runtime.Unknown."""
    return MAGIC + field(1, field(1, api_version) + field(2, kind)) + field(2, raw)


def test_config_map() -> None:
    entry = field(1, "key") + field(2, "value")
    meta = field(1, "name") + field(11, field(1, "app") + field(2, "web"))
    assert decode(body("v1", "ConfigMap", field(1, meta) + field(2, entry))) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "name", "labels": {"app": "web"}},
        "data": {"key": "value"},
    }


def test_negative_numbers() -> None:
    made = decode(body("apps/v1", "Deployment", field(2, field(1, -1))))
    assert made["spec"] == {"replicas": -1}


async def test_namespace_is_created(sandbox: Sandbox) -> None:
    raw = body("v1", "Namespace", field(1, field(1, "made")) + field(2, b"") + field(3, b""))
    answer = await sandbox.call("POST", "/api/v1/namespaces", raw, content_type=PROTOBUF)
    assert (answer.status, answer.json["status"]["phase"]) == (201, "Active")


REFUSED: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"nonsense", 400),
    (MAGIC, 415),
    (MAGIC + b"\xff" * 20, 400),
    (body("v1", "Pod", b""), 415),
    (body("v1", "ConfigMap", field(99, "new")), 415),
    (body("v1", "ConfigMap", b"\x0a\xff"), 400),
    (body("v1", "ConfigMap", field(1, field(1, b"\xff\xfe"))), 400),
]


@pytest.mark.parametrize(("raw", "code"), REFUSED)
async def test_refused(sandbox: Sandbox, raw: bytes, code: int) -> None:
    answer = await sandbox.call("POST", "/api/v1/namespaces/shop/configmaps", raw, content_type=PROTOBUF)
    assert (answer.status, answer.json["kind"]) == (code, "Status"), answer.body
    if code == 415:
        assert "kubectl apply -f" in answer.json["message"]


async def test_reviews(sandbox: Sandbox) -> None:
    attributes = field(2, "create") + field(5, "pods")
    raw: Any = body("authorization.k8s.io/v1", "SelfSubjectAccessReview", field(2, field(1, attributes)))
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = await sandbox.call("POST", path, raw, content_type=PROTOBUF)
    assert (answer.status, answer.json["status"]) == (201, {"allowed": True})
