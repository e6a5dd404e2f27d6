"""Odd texts, numbers, headers and parameters, and a few that are right."""

from __future__ import annotations

from typing import Any

NAMES = ("a", "web", "db", "c1")
NAMESPACES = ("shop", "shop", "shop", "default", "kube-system", "nowhere")
TEXTS = (
    *("", "a", "web", "Always", "RollingUpdate", "10%", "101%", "-1", "100m", "1Gi", "1e3", "..", "a/b", "%2F", "true"),
    *("é" * 20, "\u202eevil", "\x00", "\ud800", "💥", "a" * 300, " ", "\n", "2026-01-01T00:00:00Z", "not a time"),
    *("In", "Exists", "TCP", "http", "Orphan", "Foreground", "Pod", "v1", "apps/v1", "kubernetes.io/x", "$(A)"),
)
NUMBERS = (0, 1, -1, 2, 3, 80, 65536, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, 2**70, 1.5, 1e300, -0.0)
JUNK: tuple[Any, ...] = (None, True, False, [], {}, [None], {"": None}, [[]], [{}], {"a": {"b": []}}, float("nan"))
CONTENT = (
    *["application/json"] * 60,
    *("application/yaml", "application/json-patch+json", "application/merge-patch+json", "text/plain", "", "nonsense"),
    *("application/strategic-merge-patch+json", "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf"),
    *("application/json; charset=utf-16", "application/cbor", "APPLICATION/JSON;;", "application/apply-patch+cbor"),
)
PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
ACCEPT = (
    *["application/json"] * 20,
    *("", "*/*", "application/yaml", TABLE, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
    *(
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        "text/html",
        ";;;=,q=x",
        "application/json;q=nan",
    ),
    *("application/vnd.kubernetes.protobuf,application/json", "application/yaml;as=Table;v=v1;g=meta.k8s.io"),
)
QUERIES: dict[str, tuple[str, ...]] = {
    "dryRun": ("All", "All", "Some", ""),
    "fieldManager": ("me", "x" * 129, "\u202e", "", "a b"),
    "fieldValidation": ("Strict", "Warn", "Ignore", "Never"),
    "force": ("true", "false", "1"),
    "labelSelector": ("app=web", "app in (a,b)", "!app", "a==b,c!=d", "((", "app in", "=", ",,", "a=é", "x notin ()"),
    "fieldSelector": ("metadata.name=web", "status.phase!=Running", "spec.nothing=1", "=", "metadata.name", "a\x00=b"),
    "limit": ("0", "1", "2", "-1", "x", "9" * 30, "1.5", "٣"),
    "continue": ("x", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0", "e30", "bnVsbA", "Ww", "é"),
    "resourceVersion": ("0", "1", "-1", "999999", "x", "9" * 30, "1.0", "٣"),
    "resourceVersionMatch": ("Exact", "NotOlderThan", "x"),
    "watch": ("true", "1", "0", "x"),
    "allowWatchBookmarks": ("true", "x"),
    "sendInitialEvents": ("true", "false", "x"),
    "timeoutSeconds": ("1", "0", "-1", "x", "9" * 400, "٣"),
    "includeObject": ("None", "Metadata", "Object", "x"),
    "pretty": ("true", "x"),
    "propagationPolicy": ("Orphan", "Foreground", "Background", "x"),
    "gracePeriodSeconds": ("0", "1", "-1", "x", "9" * 400, "²"),
    "container": ("nginx", "main", "\x00"),
    "tailLines": ("1", "x", "9" * 400, "²"),
    "sinceTime": ("2026-01-01T00:00:00Z", "x"),
    "limitBytes": ("1", "0", "x"),
    "previous": ("true",),
}
DOCUMENTS = (
    *("/", "/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/healthz", "/readyz/x"),
    *("/openapi/v3", "/openapi/v3/apis/apps/v1", "/openapi/v3/x", "/apis/nope/v1", "/apis/", "//", "/api//v1"),
    *("/sandbox/loops", "/sandbox/scenarios/nope", "/%00", "/api/v1/%", "/apis/%2e%2e/v1/x", "/sandbox"),
    *("/api/v1/namespaces//pods", "/openapi/v2"),
)
