"""A cluster behind the pages: a real board and hub, and an API that a test fills, breaks and reads back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import jsonpatch
import orjson

from dashboard.cluster.connection import Connection, Response
from dashboard.cluster.errors import Invalid, NotFound
from dashboard.cluster.watcher import Watcher
from dashboard.core.objects import ObjectKey, ResourceType, key_of
from dashboard.web import clusters
from tests.live.factory import DEPLOYMENT, HPA, NODE, POD, REPLICASET, WIDGET, Obj
from tests.live.hubs import Held

RESOURCES = {(each.group, each.kind): each for each in (DEPLOYMENT, REPLICASET, POD, HPA, NODE, WIDGET)}


@dataclass
class Call:
    """One request that reached the API."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    content_type: str


@dataclass
class Api:
    """Answers requests from `objects` (by path), as the API does; raises `failing` once where it is set."""

    objects: dict[str, Obj] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    failing: Exception | None = None
    server: str = "http://127.0.0.1:1"

    async def request(
        self, method: str, path: str, query: Mapping[str, str] | tuple[()] = (), body: Any = None, **about: Any
    ) -> Response:
        self.calls.append(Call(method, path, dict(query), body, about.get("content_type", "")))
        if self.failing is not None and method != "GET":
            failing, self.failing = self.failing, None
            raise failing
        base, _, subresource = path.partition("/scale")
        obj = self.objects.get(base)
        if obj is None:
            raise NotFound(404, "NotFound", f"{path} not found")
        if method == "PATCH":
            obj = self._patched(base, obj, body, dry_run="dryRun" in dict(query))
        answer = {"kind": "Scale", "spec": {"replicas": obj["spec"]["replicas"]}} if path.endswith("/scale") else obj
        del subresource
        return Response(200, {}, orjson.dumps(answer))

    def _patched(self, path: str, obj: Obj, body: Any, *, dry_run: bool) -> Obj:
        if isinstance(body, list):
            try:
                patched = cast(Obj, jsonpatch.apply_patch(obj, body))
            except jsonpatch.JsonPatchTestFailed as error:
                raise Invalid(
                    422, "Invalid", "the server rejected our request due to an error in our request"
                ) from error
        else:
            patched = copy.deepcopy(obj)
            patched["spec"] |= body["spec"]
        if not dry_run:
            self.objects[path] = patched
        return patched

    @property
    def writes(self) -> list[Call]:
        """What would have changed something."""
        return [call for call in self.calls if call.method != "GET"]


class World:
    """The cluster `sandbox`: its board, its API, and how fresh it is."""

    def __init__(self, *, allow_edits: bool = True, sandbox: bool = True) -> None:
        self.held = Held(allow_edits=allow_edits)
        self.held.hub.panels._fetch = self._fetch
        self.api = Api()
        self.cluster = clusters.Cluster(
            "sandbox",
            "sandbox",
            "http://127.0.0.1:1",
            sandbox,
            allow_edits,
            cast(Connection, self.api),
            cast(Watcher, self),
            self.held.board,
            self.held.hub,
        )

    def freshness(self) -> Any:
        return self.held.fresh

    def resource(self, group: str, kind: str) -> ResourceType | None:
        return RESOURCES.get((group, kind))

    def put(self, *objects: Obj) -> None:
        """Objects that are in the cluster and on the board."""
        for obj in objects:
            key = key_of(obj)
            resource = RESOURCES[(key.group, key.kind)]
            self.api.objects[resource.object_path(key.namespace, key.name)] = obj
            self.held.board.apply(resource, "ADDED", obj)
        self.held.step()

    async def _fetch(self, id: str) -> Obj | None:
        key = ObjectKey.parse(id)
        if self.held.failing is not None:
            raise self.held.failing
        return self.api.objects.get(RESOURCES[(key.group, key.kind)].object_path(key.namespace, key.name))
