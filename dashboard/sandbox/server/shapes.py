"""What is sent of an object: all of it, its metadata alone, or a row of a Table."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.api import Api
from dashboard.sandbox.registry import Resource
from dashboard.sandbox.server.negotiate import Media
from dashboard.sandbox.tables import columns, row

Obj = dict[str, Any]


def partial(obj: Obj) -> Obj:
    """PartialObjectMetadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _rows(api: Api, resource: Resource, include: str, objects: list[Obj]) -> list[Obj]:
    now = api.clock.now()
    out = []
    for obj in objects:
        shown: Obj = {"cells": row(resource, obj, now)}
        if include == "Object":
            shown["object"] = obj
        elif include != "None":
            shown["object"] = partial(obj)
        out.append(shown)
    return out


def _table(meta: Obj, definitions: Any, rows: list[Obj]) -> Obj:
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
    return {**head, "columnDefinitions": definitions, "rows": rows}


def object_shape(api: Api, resource: Resource, media: Media, include: str, obj: Obj, *, first: bool = True) -> Obj:
    """One object as the client wants it; columns are sent with the first row of a watch only."""
    if obj.get("kind") == "Status":
        return obj
    if media.table and obj.get("kind") == resource.kind:
        meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        return _table(meta, columns(resource) if first else None, _rows(api, resource, include, [obj]))
    return partial(obj) if media.partial else obj


def list_shape(api: Api, resource: Resource, media: Media, objects: list[Obj], *, include: str, meta: Obj) -> Obj:
    """A list as the client wants it."""
    if media.table:
        return _table(meta, columns(resource), _rows(api, resource, include, objects))
    if media.partial:
        items = [partial(obj) for obj in objects]
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        return {**head, "items": items}
    head = {"kind": resource.list_of, "apiVersion": resource.api_version, "metadata": meta}
    if resource.custom is not None:
        # Custom resources are kept as they are read: their items carry kind and apiVersion.
        return {**head, "items": objects}
    return {**head, "items": [{k: v for k, v in obj.items() if k not in ("kind", "apiVersion")} for obj in objects]}
