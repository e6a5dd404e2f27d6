"""The CRDs of a cluster, known from the events of their own kind on their way to the sink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.cluster.crds import Definition, definition
from dashboard.cluster.kinds import KindFilter
from dashboard.cluster.wiring import Sink
from dashboard.core.objects import ResourceType, field


class Definitions:
    """All CRDs of a cluster, kept by the events of their own kind. `ready` once they have been listed."""

    def __init__(self) -> None:
        self.ready = False
        self._by_name: dict[str, Definition] = {}
        self._listing: dict[str, Definition] = {}

    def all(self) -> list[Definition]:
        """Every definition."""
        return list(self._by_name.values())

    def begin(self) -> None:
        """A list starts."""
        self._listing = {}

    def page(self, objects: list[dict[str, Any]]) -> None:
        """Some of its objects."""
        for obj in objects:
            if (found := definition(obj)) is not None:
                self._listing[str(field(obj, "metadata.name"))] = found

    def end(self) -> list[Definition]:
        """The list is complete; returns what is defined no more."""
        gone = [found for name, found in self._by_name.items() if name not in self._listing]
        self._by_name, self._listing, self.ready = self._listing, {}, True
        return gone

    def apply(self, type: str, obj: dict[str, Any]) -> list[Definition]:
        """One change; returns what is defined no more."""
        name = str(field(obj, "metadata.name"))
        before = self._by_name.pop(name, None)
        found = definition(obj) if type != "DELETED" else None
        if found is None:
            return [before] if before is not None else []
        self._by_name[name] = found
        return []

    def drop(self) -> None:
        """CRDs are no longer listed; what was known of them stays the best guess."""
        self.ready = False


class CrdSink:
    """Between the CRDs' reflector and the sink: keeps the definitions, passes on what the user wants to see."""

    def __init__(
        self,
        sink: Sink,
        definitions: Definitions,
        kinds: KindFilter,
        changed: Callable[[list[Definition]], None],
    ) -> None:
        """`changed` is called with the definitions that are no more, after every change."""
        self._sink, self._definitions, self._kinds, self._changed = sink, definitions, kinds, changed

    def begin(self, resource: ResourceType) -> None:
        """A list starts."""
        self._definitions.begin()
        if self._kinds.wants(resource):
            self._sink.begin(resource)

    def page(self, resource: ResourceType, objects: list[dict[str, Any]]) -> None:
        """Some of its objects."""
        self._definitions.page(objects)
        if self._kinds.wants(resource):
            self._sink.page(resource, objects)

    def end(self, resource: ResourceType) -> None:
        """The list is complete."""
        gone = self._definitions.end()
        if self._kinds.wants(resource):
            self._sink.end(resource)
        self._changed(gone)

    def apply(self, resource: ResourceType, type: str, obj: dict[str, Any]) -> None:
        """One change."""
        gone = self._definitions.apply(type, obj)
        if self._kinds.wants(resource):
            self._sink.apply(resource, type, obj)
        self._changed(gone)

    def drop(self, resource: ResourceType) -> None:
        """CRDs are no longer listed."""
        self._definitions.drop()
        if self._kinds.wants(resource):
            self._sink.drop(resource)
