"""URL paths of resources, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Route:
    """`/apis/{group}/{version}[/namespaces/{namespace}]/{plural}[/{name}[/{subresource}]]`."""

    group: str
    version: str
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""
    watching: bool = False
    """The deprecated `/watch/` prefix."""
    rest: tuple[str, ...] = ()
    """Anything below the subresource."""


def parse(path: str) -> Route | None:
    """The route of a path below `/api/v1` or `/apis/{group}/{version}`, or None for any other path."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[:1] == ["api"] and len(parts) >= 2:
        group, version, parts = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 3:
        group, version, parts = parts[1], parts[2], parts[3:]
    else:
        return None
    watching = parts[:1] == ["watch"]
    parts = parts[1:] if watching else parts
    namespace = ""
    if parts[:1] == ["namespaces"] and len(parts) >= 3 and not _of_namespace(parts):
        namespace, parts = parts[1], parts[2:]
    plural, name, subresource, *rest = (*parts, "", "", "")[: max(3, len(parts))]
    return Route(group, version, namespace, plural, name, subresource, watching, tuple(rest))


def _of_namespace(parts: list[str]) -> bool:
    return len(parts) == 3 and parts[2] in NAMESPACE_SUBRESOURCES
