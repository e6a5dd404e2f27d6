"""Which resource types are served: the built-in ones, and those that CustomResourceDefinitions add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.resources import TABLE

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
SUB_VERBS = ("get", "patch", "update")

STORED_AS = {
    # Two APIs, one stored object; the first of each pair converts on the way in and out.
    ("events.k8s.io", "v1", "events"): "events",
    ("autoscaling", "v1", "horizontalpodautoscalers"): "horizontalpodautoscalers.autoscaling",
}


@dataclass(frozen=True, slots=True)
class Subresource:
    """A path below an object, e.g. `scale`: the kind it speaks and its verbs."""

    name: str
    kind: str
    group: str
    version: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource type in one API version."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    storage: str = ""
    list_kind: str = ""
    custom: Any = None
    """For a custom resource: its CRD's version entry (schema, columns, subresources)."""

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """`deployments.apps`; `pods` for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def list_of(self) -> str:
        """The kind of its lists."""
        return self.list_kind or f"{self.kind}List"

    @property
    def has_status(self) -> bool:
        """Whether status is written apart from spec."""
        return self.subresource("status") is not None

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of that name, if it has it."""
        return next((s for s in self.subresources if s.name == name), None)


def _split(text: str, separator: str = ",") -> tuple[str, ...]:
    return () if text == "-" else tuple(text.split(separator))


def subresource(text: str, kind: str, group: str, version: str) -> Subresource:
    """`status`, `scale`, or `name:Kind:group:verbs` as in the table."""
    name, _, rest = text.partition(":")
    if name == "scale":
        return Subresource("scale", "Scale", "autoscaling", "v1", SUB_VERBS)
    if not rest:
        return Subresource(name, kind, group, version, SUB_VERBS)
    other_kind, other_group, verbs = rest.split(":")
    return Subresource(name, other_kind, other_group or group, "v1" if other_group else version, _split(verbs, "|"))


def _builtin() -> Iterator[Resource]:
    group = version = ""
    for line in TABLE.splitlines():
        if line.startswith("## "):
            group, _, version = line[3:].rpartition("/")
            continue
        plural, kind, scope, singular, short, categories, verbs, subs = line.split()
        storage = STORED_AS.get((group, version, plural)) or (f"{plural}.{group}" if group else plural)
        yield Resource(
            group=group,
            version=version,
            plural=plural,
            kind=kind,
            namespaced=scope == "ns",
            singular="" if singular == "-" else singular,
            short_names=_split(short),
            categories=_split(categories),
            verbs=ALL_VERBS if verbs == "*" else _split(verbs, "|"),
            subresources=tuple(subresource(text, kind, group, version) for text in _split(subs)),
            storage=storage,
        )


BUILTIN: tuple[Resource, ...] = tuple(_builtin())


class Registry:
    """Finds a resource type by URL parts or by kind; custom ones come and go."""

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[str, Resource] = {}
        self.revision = 0
        """Counts changes, so that discovery documents can be cached."""
        for resource in BUILTIN:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Serve a type; a bare kind name keeps meaning the type that had it first."""
        self._by_path[resource.group, resource.version, resource.plural] = resource
        self._by_kind.setdefault(resource.kind, resource)
        self.revision += 1

    def remove(self, group: str, plural: str) -> list[Resource]:
        """Stop serving all versions of a type; returns what was removed."""
        gone = [r for r in self._by_path.values() if r.group == group and r.plural == plural]
        for resource in gone:
            del self._by_path[resource.group, resource.version, resource.plural]
            if self._by_kind.get(resource.kind) is resource:
                del self._by_kind[resource.kind]
        self.revision += 1
        return gone

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """By the parts of a URL."""
        return self._by_path.get((group, version, plural))

    def kind(self, kind: str) -> Resource:
        """By bare kind (built-ins; custom kinds where the name is free). Raises KeyError."""
        return self._by_kind[kind]

    def of(self, api_version: str, kind: str) -> Resource | None:
        """By what an object says of itself."""
        group, _, version = api_version.rpartition("/")
        found = (r for r in self if r.group == group and r.version == version and r.kind == kind)
        return next(found, None)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_path.values()))

    def groups(self) -> dict[str, list[str]]:
        """Group → its versions in order of preference; the core group is ""."""
        out: dict[str, list[str]] = {}
        for resource in self._by_path.values():
            versions = out.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return out

    def within(self, group: str, version: str) -> list[Resource]:
        """All types of one group version, in discovery's order."""
        return [r for r in self._by_path.values() if r.group == group and r.version == version]
