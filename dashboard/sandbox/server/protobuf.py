"""The few protobuf bodies that kubectl sends and does not send as JSON: read by field numbers.

`kubectl create namespace|deployment|configmap`, `autoscale` and `auth can-i` post `k8s\\0` followed by a
runtime.Unknown. The tables below name the fields that those commands fill in, from the API's generated.proto
files. A body of another kind, or with a field that no table knows, is refused in words.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.failures import ApiFailure, bad_request

MAGIC = b"k8s\x00"

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class F:
    """One field: its JSON name and type (`s` string, `b` bool, `i` int, `y` bytes, or a message's name)."""

    name: str
    type: str
    many: bool = False
    key: bool = False
    """A map field (key string)."""


def _fields(text: str) -> dict[int, F]:
    out = {}
    for line in text.split():
        number, name, kind = line.split(":")
        out[int(number)] = F(name, kind.strip("[]{}"), many=kind.startswith("["), key=kind.startswith("{"))
    return out


MESSAGES: dict[str, dict[int, F]] = {
    "Meta": _fields("1:name:s 2:generateName:s 3:namespace:s 11:labels:{s 12:annotations:{s 14:finalizers:[s"),
    "Namespace": _fields("1:metadata:Meta 2:spec:NamespaceSpec 3:status:NamespaceStatus"),
    "NamespaceSpec": _fields("1:finalizers:[s"),
    "NamespaceStatus": _fields("1:phase:s"),
    "ConfigMap": _fields("1:metadata:Meta 2:data:{s 3:binaryData:{y 4:immutable:b"),
    "Deployment": _fields("1:metadata:Meta 2:spec:DeploymentSpec 3:status:Skip"),
    "DeploymentSpec": _fields(
        "1:replicas:i 2:selector:Selector 3:template:Template 4:strategy:Strategy 5:minReadySeconds:i "
        "6:revisionHistoryLimit:i 7:paused:b 9:progressDeadlineSeconds:i"
    ),
    "Strategy": _fields("1:type:s"),
    "Selector": _fields("1:matchLabels:{s"),
    "Template": _fields("1:metadata:Meta 2:spec:PodSpec"),
    "PodSpec": _fields("2:containers:[Container 3:restartPolicy:s 6:dnsPolicy:s 8:serviceAccountName:s"),
    "Container": _fields(
        "1:name:s 2:image:s 3:command:[s 4:args:[s 6:ports:[Port 8:resources:Resources 14:imagePullPolicy:s"
    ),
    "Port": _fields("1:name:s 2:hostPort:i 3:containerPort:i 4:protocol:s 5:hostIP:s"),
    "Resources": _fields(""),
    "AutoscalerV2": _fields("1:metadata:Meta 2:spec:AutoscalerV2Spec 3:status:Skip"),
    "AutoscalerV2Spec": _fields("1:scaleTargetRef:Target 2:minReplicas:i 3:maxReplicas:i 4:metrics:[Metric"),
    "AutoscalerV1": _fields("1:metadata:Meta 2:spec:AutoscalerV1Spec 3:status:Skip"),
    "AutoscalerV1Spec": _fields(
        "1:scaleTargetRef:Target 2:minReplicas:i 3:maxReplicas:i 4:targetCPUUtilizationPercentage:i"
    ),
    "Target": _fields("1:kind:s 2:name:s 3:apiVersion:s"),
    "Metric": _fields("1:type:s 4:resource:ResourceMetric"),
    "ResourceMetric": _fields("1:name:s 2:target:MetricTarget"),
    "MetricTarget": _fields("1:type:s 2:value:Quantity 3:averageValue:Quantity 4:averageUtilization:i"),
    "Quantity": _fields("1:string:s"),
    "AccessReview": _fields("1:metadata:Meta 2:spec:AccessReviewSpec 3:status:Skip"),
    "AccessReviewSpec": _fields("1:resourceAttributes:ResourceAttributes 2:nonResourceAttributes:PathAttributes"),
    "ResourceAttributes": _fields("1:namespace:s 2:verb:s 3:group:s 4:version:s 5:resource:s 6:subresource:s 7:name:s"),
    "PathAttributes": _fields("1:path:s 2:verb:s"),
    "RulesReview": _fields("1:metadata:Meta 2:spec:RulesReviewSpec 3:status:Skip"),
    "RulesReviewSpec": _fields("1:namespace:s"),
    "SelfReview": _fields("1:metadata:Meta 2:status:Skip"),
    "DeleteOptions": _fields(
        "1:gracePeriodSeconds:i 2:preconditions:Preconditions 3:orphanDependents:b 4:propagationPolicy:s 5:dryRun:[s"
    ),
    "Preconditions": _fields("1:uid:s 2:resourceVersion:s"),
}

KINDS = {
    ("v1", "Namespace"): "Namespace",
    ("v1", "ConfigMap"): "ConfigMap",
    ("apps/v1", "Deployment"): "Deployment",
    ("autoscaling/v1", "HorizontalPodAutoscaler"): "AutoscalerV1",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "AutoscalerV2",
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): "AccessReview",
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): "RulesReview",
    ("authentication.k8s.io/v1", "SelfSubjectReview"): "SelfReview",
}


def _unsupported(what: str) -> ApiFailure:
    text = (
        f"the ReconcilerViz sandbox does not read protobuf bodies of {what}; write the object as YAML and use "
        "kubectl apply -f FILE"
    )
    return ApiFailure(415, "UnsupportedMediaType", text, {})


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
    raise bad_request("the protobuf body is cut off")


def wire(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """(field number, wire type, value) of a message. Raises ApiFailure 400 for what is none."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, kind, value
            continue
        length = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            length, at = _varint(data, at)
        if length is None or at + length > len(data):
            raise bad_request("the protobuf body is malformed")
        yield number, kind, data[at : at + length]
        at += length


def _text(value: int | bytes) -> str:
    if not isinstance(value, bytes):
        raise bad_request("the protobuf body is malformed")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise bad_request("the protobuf body has a string that is not UTF-8") from error


def _value(kind: str, value: int | bytes) -> Any:
    if kind == "s":
        return _text(value)
    if kind == "y":
        return base64.b64encode(value if isinstance(value, bytes) else b"").decode()
    if kind in ("i", "b"):
        if not isinstance(value, int):
            raise bad_request("the protobuf body is malformed")
        # A negative int32 or int64 is written as its 64-bit two's complement.
        number = value - (1 << 64) if value >= 1 << 63 else value
        return bool(value) if kind == "b" else number
    if not isinstance(value, bytes):
        raise bad_request("the protobuf body is malformed")
    return message(kind, value)


def message(name: str, data: bytes) -> Obj:
    """A message by its table. Raises ApiFailure 415 for a field that no table knows."""
    fields = MESSAGES.get(name)
    out: Obj = {}
    if fields is None:
        return out
    for number, _, value in wire(data):
        field = fields.get(number)
        if field is None:
            if _empty(value):
                continue
            raise _unsupported(f"this shape ({name} field {number})")
        if field.type == "Skip" or (value == b"" and field.type == "s" and not field.many):
            continue
        if field.key:
            key, item = _pair(field.type, value)
            out.setdefault(field.name, {})[key] = item
        elif field.many:
            out.setdefault(field.name, []).append(_value(field.type, value))
        else:
            out[field.name] = _value(field.type, value)
    return out


def _empty(value: int | bytes) -> bool:
    """Go's protobuf writes structs that are not pointers even when nothing is in them."""
    if isinstance(value, int):
        return value == 0
    return value == b"" or all(_empty(inner) for _, _, inner in _try_wire(value))


def _try_wire(data: bytes) -> list[tuple[int, int, int | bytes]]:
    try:
        return list(wire(data))
    except ApiFailure:
        return [(0, 0, 1)]


def _pair(kind: str, value: int | bytes) -> tuple[str, Any]:
    if not isinstance(value, bytes):
        raise bad_request("the protobuf body is malformed")
    entry = {number: item for number, _, item in wire(value)}
    return _text(entry.get(1, b"")), _value(kind, entry.get(2, b""))


def decode(raw: bytes) -> Obj:
    """A protobuf body as the object it holds. Raises ApiFailure 400 or 415."""
    if not raw.startswith(MAGIC):
        raise bad_request("the protobuf body does not begin with the Kubernetes prefix")
    unknown = {number: value for number, _, value in wire(raw[len(MAGIC) :])}
    kind_of = {number: _text(value) for number, _, value in wire(_bytes(unknown.get(1, b"")))}
    api_version, kind = kind_of.get(1, ""), kind_of.get(2, "")
    name = "DeleteOptions" if kind == "DeleteOptions" else KINDS.get((api_version, kind))
    if name is None:
        raise _unsupported(f"kind {kind or '?'} ({api_version or '?'})")
    return {"apiVersion": api_version, "kind": kind, **message(name, _bytes(unknown.get(2, b"")))}


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise bad_request("the protobuf body is malformed")
    return value
