"""What the API serves: aggregated discovery in two requests, or one per group version where it is too old for that.

A group whose own API server is down is reported and does not take the others with it. Of several served
versions of a kind the preferred one is taken, else the first that serves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.cluster.connection import JSON, Connection
from dashboard.cluster.errors import ApiError, Garbled, NotFound, Unreachable, plain
from dashboard.cluster.kinds import KindFilter
from dashboard.core.objects import ResourceType

__all__ = ["BrokenGroup", "Discovery", "KindFilter", "discover", "survey"]

AGGREGATED = ",".join(
    f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
GROUPS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class BrokenGroup:
    """A group version that the API announces and cannot describe; `error` in its own words."""

    group: str
    version: str
    error: str


@dataclass(slots=True)
class Discovery:
    """What can be listed and watched, by (group, kind), and what could not be asked."""

    found: dict[tuple[str, str], ResourceType] = field(default_factory=dict)
    broken: list[BrokenGroup] = field(default_factory=list)

    def add(self, resource: ResourceType) -> None:
        """Keep it unless a more preferred version serves the kind."""
        self.found.setdefault((resource.group, resource.kind), resource)


async def discover(connection: Connection) -> list[ResourceType]:
    """Every kind that can be listed and watched. Raises ClusterError when the API cannot be asked at all."""
    return list((await survey(connection)).found.values())


async def survey(connection: Connection) -> Discovery:
    """As `discover`, with the groups that are broken."""
    discovery = Discovery()
    for root in ("/api", "/apis"):
        response = await connection.request("GET", root, accept=f"{AGGREGATED},{JSON}")
        answer = response.object()
        if answer.get("kind") == "APIGroupDiscoveryList":
            _aggregated(answer, discovery)
        elif root == "/api":
            await _each(connection, [("", str(version)) for version in _items(answer.get("versions"), str)], discovery)
        else:
            await _each(connection, list(_group_versions(answer)), discovery)
    return discovery


def _items(value: Any, of: type) -> list[Any]:
    return [item for item in value if isinstance(item, of)] if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _watchable(resource: Mapping[str, Any]) -> bool:
    return {"list", "watch"} <= set(_items(resource.get("verbs"), str))


def _aggregated(answer: Mapping[str, Any], discovery: Discovery) -> None:
    """Read an APIGroupDiscoveryList; its versions stand in order of preference."""
    for item in _items(answer.get("items"), dict):
        metadata = item.get("metadata")
        group = _word(metadata.get("name")) if isinstance(metadata, dict) else ""
        for version in _items(item.get("versions"), dict):
            name = _word(version.get("version"))
            if version.get("freshness") == "Stale":
                discovery.broken.append(BrokenGroup(group, name, "its API server does not answer"))
            for resource in _items(version.get("resources"), dict):
                kind = resource.get("responseKind")
                kind = _word(kind.get("kind")) if isinstance(kind, dict) else ""
                plural = _word(resource.get("resource"))
                if kind and plural and _watchable(resource):
                    namespaced = resource.get("scope") == "Namespaced"
                    discovery.add(ResourceType(group, name, kind, plural, namespaced))


def _group_versions(answer: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The group versions of an APIGroupList, each group's preferred version first."""
    for group in _items(answer.get("groups"), dict):
        preferred = group.get("preferredVersion")
        first = _word(preferred.get("version")) if isinstance(preferred, dict) else ""
        versions = [_word(version.get("version")) for version in _items(group.get("versions"), dict)]
        for version in sorted(filter(None, versions), key=lambda version: version != first):
            yield _word(group.get("name")), version


async def _each(connection: Connection, versions: list[tuple[str, str]], discovery: Discovery) -> None:
    """Ask every group version for its resources, a few at a time, keeping the order of preference."""
    gate = asyncio.Semaphore(GROUPS_AT_ONCE)

    async def ask(group: str, version: str) -> list[ResourceType] | BrokenGroup:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        async with gate:
            try:
                return _resources(group, version, (await connection.request("GET", path)).object())
            except NotFound:
                return []  # vanished between the two questions
            except (ApiError, Garbled, Unreachable) as error:
                return BrokenGroup(group, version, plain(str(error), 200))

    answers = await asyncio.gather(*(ask(group, version) for group, version in versions))
    broken = [answer for answer in answers if isinstance(answer, BrokenGroup)]
    if broken and len(broken) == len(answers):
        raise Unreachable(f"discovery: no group answers; the first says {broken[0].error}")
    discovery.broken += broken
    for answer in answers:
        for resource in answer if isinstance(answer, list) else ():
            discovery.add(resource)


def _resources(group: str, version: str, answer: Mapping[str, Any]) -> list[ResourceType]:
    found = []
    for resource in _items(answer.get("resources"), dict):
        plural, kind = _word(resource.get("name")), _word(resource.get("kind"))
        if plural and kind and "/" not in plural and _watchable(resource):
            found.append(ResourceType(group, version, kind, plural, resource.get("namespaced") is True))
    return found
