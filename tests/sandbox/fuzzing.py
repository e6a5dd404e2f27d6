"""Hostile requests for the sandbox: one number makes one request, the same each time.

Paths come from what is served, bodies from valid objects and from the types of fields, and then both are damaged.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import yaml

from dashboard.sandbox.api import Api
from dashboard.sandbox.registry import Registry, Resource
from tests.sandbox.fuzz_bodies import SANDBOX, SEEDS, Bodies
from tests.sandbox.fuzz_words import (
    ACCEPT,
    CONTENT,
    DOCUMENTS,
    NAMES,
    NAMESPACES,
    PATCHES,
    QUERIES,
)

CRD: dict[str, Any] = yaml.safe_load((SANDBOX / "operators/hoge/crd.yaml").read_text())
HOGES = "/apis/stable.example.com/v1/namespaces/shop/hoges"


@dataclass(slots=True)
class Request:
    """One request to send."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


RESOURCES = [r for r in Registry() if r.kind != "Namespace"]
KEPT = ("namespaces", "customresourcedefinitions.apiextensions.k8s.io")
"""Not deleted or changed on purpose: without them nothing else could be tried."""
OFTEN = [r for r in RESOURCES if r.kind in SEEDS]


class Maker(Bodies):
    """Makes the request of one number; with `api`, mostly about what is there."""

    def __init__(self, number: int, api: Api | None = None) -> None:
        super().__init__(random.Random(number))
        self.api = api

    def request(self) -> Request:
        """The request."""
        draw = self.random
        if draw.random() < 0.06:
            return Request(
                draw.choice(("GET", "GET", "HEAD", "POST", "OPTIONS")), draw.choice(DOCUMENTS), self._headers()
            )
        if draw.random() < 0.08:
            return self._hoge()
        method = draw.choices(("POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"), (40, 16, 22, 7, 12, 2, 1))[
            0
        ]
        if method in ("PUT", "PATCH", "DELETE", "GET") and draw.random() < 0.75:
            return self._about_something(method)
        resource = draw.choice(OFTEN if draw.random() < 0.6 else RESOURCES)
        named = method in ("PUT", "PATCH") or (method != "POST" and draw.random() < 0.6)
        path = self._path(resource, named or draw.random() < 0.05)
        made = Request(method, path + self._query(), self._headers())
        if method in ("POST", "PUT", "PATCH") or draw.random() < 0.1:
            self._fill(made, self.object(resource), resource)
        return made

    def _about_something(self, method: str) -> Request:
        """A request for an object that exists, with what is stored or something new of its kind."""
        draw = self.random
        found = [(s, k, o) for s, k, o in self.api.store.each() if s not in KEPT] if self.api else []
        if self.api is None or not found:
            return Request("GET", "/")
        # What was made last is asked for more often.
        storage, (namespace, name), obj = found[max(draw.randrange(len(found)), draw.randrange(len(found)))]
        resource = draw.choice([r for r in self.api.registry if r.storage == storage])
        root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        path = (
            f"{root}/namespaces/{namespace}/{resource.plural}/{name}"
            if namespace
            else f"{root}/{resource.plural}/{name}"
        )
        subs = [sub.name for sub in resource.subresources]
        if subs and draw.random() < 0.35:
            path += f"/{draw.choice(subs)}"
        made = Request(method, path + self._query(), self._headers())
        if method in ("PUT", "PATCH"):
            new = copy.deepcopy(obj) if draw.random() < 0.6 or resource.custom else self.object(resource)
            if isinstance(new.get("metadata"), dict):
                new["metadata"]["name"] = name
                if draw.random() < 0.7:
                    new["metadata"].pop("resourceVersion", None)
                    new["metadata"].pop("managedFields", None)
            self._fill(made, new | {"apiVersion": resource.api_version}, resource)
        return made

    def _hoge(self) -> Request:
        draw = self.random
        body = {"apiVersion": "stable.example.com/v1", "kind": "Hoge", "metadata": {"name": draw.choice(NAMES)}}
        whole = {**body, "spec": {"size": draw.choice((1, 5, 11)), "tags": ["a"]}}
        if draw.random() < 0.5:
            made = Request("POST", HOGES + self._query(), self._headers())
        else:
            below = draw.choice(("", "/status", "/scale"))
            method = draw.choice(("PUT", "PATCH", "DELETE", "GET"))
            made = Request(method, f"{HOGES}/{draw.choice(NAMES)}{below}{self._query()}", self._headers())
        self._fill(made, whole, None)
        return made

    # Paths, queries, headers

    def _path(self, resource: Resource, named: bool) -> str:
        draw = self.random
        root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        if draw.random() < 0.03:
            root += "/watch"
        if resource.namespaced and draw.random() < 0.95:
            root += f"/namespaces/{draw.choice(NAMESPACES)}"
        path = f"{root}/{resource.plural}"
        if named:
            path += f"/{draw.choice(NAMES) if draw.random() < 0.95 else quote(self.text(), safe='', errors='replace')}"
            subs = [sub.name for sub in resource.subresources]
            if draw.random() < 0.25:
                path += f"/{draw.choice([*subs, *subs, 'status', 'scale', 'exec', 'log', '%00'])}"
        return path + draw.choice(("/", "/x/y", "%2F", "//")) if draw.random() < 0.03 else path

    def _query(self) -> str:
        draw = self.random
        if draw.random() < 0.4:
            return ""
        names = draw.choices(list(QUERIES), k=draw.randint(1, 4))
        pairs = [(name, draw.choice(QUERIES[name]) if draw.random() < 0.95 else self.text()) for name in names]
        return "?" + urlencode(pairs, errors="replace")

    def _headers(self) -> dict[str, str]:
        draw = self.random
        out = {"Accept": draw.choice(ACCEPT)} if draw.random() < 0.7 else {}
        if draw.random() < 0.2:
            out["User-Agent"] = draw.choice(("curl/8", "kubectl/v1.37", "", "é" * 200, "a" * 300 + "/1"))
        return out

    # Bodies

    def _fill(self, made: Request, obj: Any, resource: Resource | None) -> None:
        draw = self.random
        made.headers["Content-Type"] = draw.choice(CONTENT)
        if made.method == "PATCH":
            made.headers["Content-Type"] = draw.choice(PATCHES if draw.random() < 0.95 else CONTENT)
            obj = self.patch(obj, made.headers["Content-Type"])
            if draw.random() < 0.8 and "apply" in made.headers["Content-Type"]:
                made.path += ("&" if "?" in made.path else "?") + "fieldManager=me"
        elif draw.random() < 0.04:
            obj = {"kind": "DeleteOptions", "propagationPolicy": self.text(), "preconditions": self.junk()}
        elif resource is not None and draw.random() < 0.05:
            obj = {**obj, "kind": draw.choice(("Scale", "Eviction", "Binding", "List", ""))}
        for _ in range(draw.choice((0, 0, 1, 1, 2, 4))):
            obj = self.damaged(obj)
        made.body = self.bytes(obj)
