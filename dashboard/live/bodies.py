"""Objects as bytes: what is kept to judge again, and what is sent. A value that orjson refuses is no reason to fail."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

from dashboard.core.managed import slim

MAX_NESTING = 100

CONTAINERS = frozenset({"containers", "initContainers"})
HOW_TO_RUN = frozenset(
    {
        "args", "command", "env", "envFrom", "lifecycle", "livenessProbe", "ports", "readinessProbe", "securityContext",
        "startupProbe", "terminationMessagePath", "terminationMessagePolicy", "volumeMounts",
    }
)  # fmt: skip
POD_EXTRAS = frozenset({"affinity", "securityContext", "tolerations", "topologySpreadConstraints", "volumes"})
"""Fields of built-in kinds' containers and Pods that no rule reads."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def dump(value: Any) -> bytes:
    """JSON; dataclasses become objects.

    What orjson refuses (lone surrogates, integers beyond 64 bits, nesting beyond 254) is replaced, not raised.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return orjson.dumps(_plain(value), option=orjson.OPT_NON_STR_KEYS)


def load(body: bytes) -> dict[str, Any]:
    """An object that `dump` wrote, packed or not."""
    loaded: dict[str, Any] = orjson.loads(body if body[:1] == b"{" else zlib.decompress(body))
    return loaded


def dump_trimmed(obj: Mapping[str, Any], *, managed: bool) -> bytes:
    """An object without what judging it never reads: the depth of managedFields (two fifths of the bytes), what
    kubectl applied last (a copy of the object), and how containers are to be run: a quarter of its bytes is left.

    `managed` says whether the time of its verdict depends on managedFields: otherwise none are kept.
    """
    metadata, spec = obj.get("metadata"), obj.get("spec")
    if isinstance(metadata, dict):
        metadata = {**metadata, "managedFields": slim(metadata.get("managedFields")) if managed else []}
        annotations = metadata.get("annotations")
        if isinstance(annotations, Mapping) and LAST_APPLIED in annotations:
            metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
        obj = {**obj, "metadata": metadata}
    if isinstance(spec, dict) and obj.get("apiVersion") in ("v1", "apps/v1", "batch/v1"):
        obj = {**obj, "spec": _trimmed_spec(spec)}
    return dump(obj)


def pack(body: bytes) -> bytes:
    """The same for `load`, in a third of the bytes: for what will perhaps never be judged again."""
    return zlib.compress(body, 1)


def _trimmed_spec(spec: dict[str, Any]) -> dict[str, Any]:
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(inner := template.get("spec"), dict):
        return {**spec, "template": {"spec": _trimmed_spec(inner)}}
    return {
        name: [_without(each, HOW_TO_RUN) for each in value]
        if name in CONTAINERS and isinstance(value, list)
        else value
        for name, value in spec.items()
        if name not in POD_EXTRAS
    }


def _without(value: Any, names: frozenset[str]) -> Any:
    return {name: each for name, each in value.items() if name not in names} if isinstance(value, dict) else value


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > MAX_NESTING:
        return None
    if isinstance(value, str):
        return str(value).encode(errors="replace").decode()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**53) <= value <= 2**53 else str(value)[:40]
    if isinstance(value, float):
        return value
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name), depth + 1) for each in fields(value)}
    raise TypeError(f"a {type(value).__name__} is not JSON")
