"""The API: what may be read and written, and what every write adds. Shared by HTTP and the in-process client.

A write goes through these steps, in the order of kube-apiserver's handlers: decode against the type,
defaults, field ownership, admission, the kind's strategy (status, generation, names), validation, store.
Everything is synchronous: one write is one step of the event loop, so no write ever sees half of another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from dashboard.sandbox import admission, deletion, managed, metadata, scale, strategy
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.custom.lifecycle import STORAGE as CRDS
from dashboard.sandbox.custom.lifecycle import Definitions
from dashboard.sandbox.defaults.kinds import fill
from dashboard.sandbox.failures import ApiFailure, already_exists, bad_request, conflict, forbidden, not_found
from dashboard.sandbox.faults import Faults
from dashboard.sandbox.options import Delete, Write
from dashboard.sandbox.patches import patched
from dashboard.sandbox.registry import Registry, Resource
from dashboard.sandbox.schema.decode import decode
from dashboard.sandbox.selectors import FieldSelector, LabelSelector
from dashboard.sandbox.store import Key, Object, Store
from dashboard.sandbox.validation import validate
from dashboard.sandbox.versions import from_stored, to_stored


class Api:
    """One cluster's API over its store. Not thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.store = Store()
        self.registry = Registry()
        self.definitions = Definitions(self)
        self.faults = Faults(clock)
        self.after_write: list[Callable[[Resource, str, Object], None]] = [self.definitions.changed]
        """Called after each stored change (resource, ADDED/MODIFIED/DELETED, object): e.g. CRDs change the registry."""

    # Reading

    def key(self, resource: Resource, namespace: str, name: str) -> Key:
        """The store's key of an object."""
        return (namespace if resource.namespaced else "", name)

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """The object in the resource's version, or None. Shared: do not change it."""
        obj = self.store.get(resource.storage, self.key(resource, namespace, name))
        return None if obj is None else from_stored(resource, obj)

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """The object; raises ApiFailure 404."""
        obj = self.find(resource, namespace, name)
        if obj is None:
            raise not_found(resource.plural, resource.group, name)
        return obj

    def objects(
        self,
        resource: Resource,
        namespace: str = "",
        labels: LabelSelector | None = None,
        fields: FieldSelector | None = None,
    ) -> list[Object]:
        """Current objects in the API's order, in the resource's version. Shared: do not change them."""
        current = self.store.objects(resource.storage)
        out = []
        for key in self.store.keys(resource.storage):
            obj = current[key]
            if namespace and key[0] != namespace:
                continue
            if labels and labels.requirements and not labels.matches(obj["metadata"].get("labels")):
                continue
            if fields and not fields.matches(obj):
                continue
            out.append(from_stored(resource, obj))
        return out

    # Writing

    def create(self, resource: Resource, namespace: str, obj: Any, write: Write) -> Object:
        """Create an object. Raises ApiFailure (400, 403, 404, 409, 422)."""
        obj = decode(resource, obj, write)
        metadata.check_identity(resource, namespace, "", obj)
        metadata.name(resource, obj)
        self._check_namespace(resource, namespace, obj["metadata"]["name"])
        _defaults(resource, obj)
        stored = to_stored(resource, obj)
        strategy.starting(resource, stored)
        managed.created(resource, stored, write, self.clock)
        return self._insert(resource, namespace, stored, write)

    def _insert(self, resource: Resource, namespace: str, obj: Object, write: Write) -> Object:
        metadata.begin(resource, namespace, obj, self.clock)
        admission.creating(self, resource, obj)
        strategy.creating(self, resource, obj)
        key = self.key(resource, namespace, obj["metadata"]["name"])
        if self.store.get(resource.storage, key) is not None:
            raise already_exists(resource.plural, resource.group, key[1])
        validate(self, resource, obj, None)
        admission.created(self, resource, obj)
        if write.dry_run:
            return from_stored(resource, obj)
        return self._stored(resource, key, obj)

    def update(
        self, resource: Resource, namespace: str, name: str, obj: Any, write: Write, *, subresource: str = ""
    ) -> Object:
        """Replace an object, or its status or scale. Raises ApiFailure (400, 404, 409, 422)."""
        if subresource == "scale":
            return scale.replace(self, resource, namespace, name, obj, write=write)
        live = self._live(resource, namespace, name)
        obj = decode(resource, obj, write)
        metadata.check_identity(resource, namespace, name, obj)
        return self._replace(resource, live, to_stored(resource, obj), write, subresource)

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        content_type: str,
        patch: Any,
        *,
        write: Write,
        subresource: str = "",
    ) -> Object:
        """Patch an object, or its status or scale; server-side apply may create. Raises ApiFailure."""
        if content_type == managed.APPLY:
            return self._apply(resource, namespace, name, patch, write, subresource=subresource)
        if subresource == "scale":
            return scale.patch(self, resource, namespace, name, patch, content_type=content_type, write=write)
        live = self._live(resource, namespace, name)
        shown = from_stored(resource, live)
        changed = patched(resource, shown, content_type, patch, write)
        metadata.check_identity(resource, namespace, name, changed)
        return self._replace(resource, live, to_stored(resource, changed), write, subresource)

    def _apply(
        self, resource: Resource, namespace: str, name: str, patch: Any, write: Write, *, subresource: str
    ) -> Object:
        live = self.store.get(resource.storage, self.key(resource, namespace, name))
        shown = None if live is None else from_stored(resource, live)
        where = managed.Place(namespace, name, subresource)
        merged = managed.applied(resource, where, shown, patch, write, clock=self.clock)
        if live is None:
            self._check_namespace(resource, namespace, name)
            _defaults(resource, merged)
            return self._insert(resource, namespace, to_stored(resource, merged), write)
        return self._replace(resource, live, to_stored(resource, merged), write, subresource, owned=True)

    def _live(self, resource: Resource, namespace: str, name: str) -> Object:
        live = self.store.get(resource.storage, self.key(resource, namespace, name))
        if live is None:
            raise not_found(resource.plural, resource.group, name)
        return live

    def _replace(
        self,
        resource: Resource,
        live: Object,
        obj: Object,
        write: Write,
        subresource: str = "",
        *,
        owned: bool = False,
    ) -> Object:
        """The second half of every update: `obj` is what is wanted, `live` what is stored."""
        meta = live["metadata"]
        name = meta["name"]
        asked = obj["metadata"].get("resourceVersion")
        if asked and asked != meta["resourceVersion"]:
            raise conflict(resource.plural, resource.group, name)
        if (uid := obj["metadata"].get("uid")) and uid != meta["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {meta['uid']}"
            raise conflict(resource.plural, resource.group, name, why)
        _defaults(resource, obj)
        metadata.keep(live, obj)
        strategy.resetting(resource, live, obj, subresource)
        if not owned:
            managed.updated(resource, live, obj, write, subresource=subresource, clock=self.clock)
        admission.updating(self, resource, obj, subresource)
        strategy.updating(self, resource, live, obj, subresource)
        validate(self, resource, obj, live, subresource)
        key = self.key(resource, meta.get("namespace", ""), name)
        if managed.same(live, obj):
            return from_stored(resource, live)
        if write.dry_run:
            return from_stored(resource, obj)
        if deletion.finished(obj):
            # Watchers see the object as it was before the last finalizer went, as with the real server.
            return from_stored(resource, self.remove(resource, key))
        return self._stored(resource, key, obj)

    def replace_through(self, resource: Resource, live: Object, obj: Object, write: Write, subresource: str) -> Object:
        """Replace `live` by `obj` as a subresource's write does (ownership is recorded under its name)."""
        return self._replace(resource, to_stored(resource, live), to_stored(resource, obj), write, subresource)

    def _stored(self, resource: Resource, key: Key, obj: Object) -> Object:
        fresh = self.store.get(resource.storage, key) is None
        self.store.put(resource.storage, key, obj)
        self._tell(resource, "ADDED" if fresh else "MODIFIED", obj)
        return from_stored(resource, obj)

    def rewrite(self, resource: Resource, key: Key, change: Callable[[Object], None]) -> Object:
        """Change a copy of a stored object and store it, without the steps of a client's write."""
        obj = copy.deepcopy(self.store.objects(resource.storage)[key])
        change(obj)
        return self._stored(resource, key, obj)

    def remove(self, resource: Resource, key: Key, last: Object | None = None) -> Object:
        """Take an object out of the store; watchers see `last` (default: as it was)."""
        gone = copy.deepcopy(last if last is not None else self.store.objects(resource.storage)[key])
        self.store.remove(resource.storage, key, gone)
        self._tell(resource, "DELETED", gone)
        return gone

    def _tell(self, resource: Resource, type_: str, obj: Object) -> None:
        for listener in self.after_write:
            listener(resource, type_, obj)

    # Deleting

    def delete(self, resource: Resource, namespace: str, name: str, options: Delete, write: Write) -> Object:
        """Delete: returns a Status when the object is gone, the object while it lingers. Raises ApiFailure."""
        live = self._live(resource, namespace, name)
        if resource.storage == CRDS:
            return self.definitions.delete(resource, live, write)
        return deletion.delete(self, resource, live, options, write)

    def delete_collection(
        self,
        resource: Resource,
        namespace: str,
        options: Delete,
        write: Write,
        *,
        labels: LabelSelector | None = None,
        fields: FieldSelector | None = None,
    ) -> list[Object]:
        """Delete all that are selected; returns them as they were."""
        chosen = self.objects(resource, namespace, labels, fields)
        for obj in chosen:
            meta = obj["metadata"]
            try:
                self.delete(resource, meta.get("namespace", ""), meta["name"], options, write)
            except ApiFailure as failure:
                if failure.code != 404:
                    raise
        return chosen

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        if not resource.namespaced:
            return
        if not namespace:
            raise bad_request("an empty namespace may not be set during creation")
        found = self.store.get("namespaces", ("", namespace))
        if found is None:
            raise not_found("namespaces", "", namespace)
        if found["metadata"].get("deletionTimestamp"):
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            failure = forbidden(resource.plural, resource.group, name, why)
            text = f"namespace {namespace} is being terminated"
            cause = {"reason": "NamespaceTerminating", "message": text, "field": "metadata.namespace"}
            failure.details = {**(failure.details or {}), "causes": [cause]}
            raise failure


def _defaults(resource: Resource, obj: Object) -> None:
    if resource.custom is not None:
        resource.custom.default(obj)
    else:
        fill(resource.storage, obj)
