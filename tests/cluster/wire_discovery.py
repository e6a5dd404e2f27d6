"""What the small API server says that it serves, in both of the API's ways."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from dashboard.core.objects import ResourceType

if TYPE_CHECKING:
    from tests.cluster.wire import Wire


def discovery(wire: Wire, request: web.Request) -> web.Response:
    if request.path in {"/api", "/apis"} and wire.aggregated and "apidiscovery" in request.headers["Accept"]:
        return web.json_response(_aggregated(wire, core=request.path == "/api"))
    groups: dict[str, list[str]] = defaultdict(list)
    for kind in wire.kinds.values():
        if kind.version not in groups[kind.group]:
            groups[kind.group].append(kind.version)
    if request.path == "/api":
        return web.json_response({"kind": "APIVersions", "versions": groups[""]})
    for group, version in wire.broken:
        groups[group].append(version)
    if request.path == "/apis":
        return web.json_response(
            {
                "kind": "APIGroupList",
                "groups": [
                    {
                        "name": group,
                        "versions": [{"groupVersion": f"{group}/{v}", "version": v} for v in versions],
                        "preferredVersion": {"version": versions[-1]},
                    }
                    for group, versions in groups.items()
                    if group
                ],
            }
        )
    group, _, version = request.path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
    if (group, version) in wire.broken:
        code = wire.broken[group, version]
        return web.Response(status=code, text="service unavailable")
    found = [kind for kind in wire.kinds.values() if (kind.group, kind.version) == (group, version)]
    if not found:
        return web.Response(status=404, text="404 page not found\n")
    return web.json_response(
        {
            "kind": "APIResourceList",
            "groupVersion": request.path,
            "resources": [
                {
                    "name": kind.plural,
                    "kind": kind.kind,
                    "namespaced": kind.namespaced,
                    "verbs": ["get", "list", "watch"],
                }
                for kind in found
            ]
            + [{"name": f"{kind.plural}/status", "kind": kind.kind, "verbs": ["get"]} for kind in found],
        }
    )


def _aggregated(wire: Wire, core: bool) -> dict[str, Any]:
    groups: dict[str, dict[str, list[ResourceType]]] = defaultdict(lambda: defaultdict(list))
    for kind in wire.kinds.values():
        if bool(kind.group) != core:
            groups[kind.group][kind.version].append(kind)
    items = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [
                {
                    "version": version,
                    "freshness": "Current",
                    "resources": [
                        {
                            "resource": kind.plural,
                            "responseKind": {"group": "", "version": "", "kind": kind.kind},
                            "scope": "Namespaced" if kind.namespaced else "Cluster",
                            "verbs": ["get", "list", "watch"],
                        }
                        for kind in kinds
                    ],
                }
                for version, kinds in versions.items()
            ],
        }
        for group, versions in groups.items()
    ]
    if not core:
        items += [
            {"metadata": {"name": group}, "versions": [{"version": version, "freshness": "Stale"}]}
            for group, version in wire.broken
        ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}
