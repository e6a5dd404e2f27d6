"""Strategic merge patch: merge patch that knows which lists merge by key.

Written from the API's description (`sig-api-machinery/strategic-merge-patch.md`): directives `$patch`,
`$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`.
"""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.schema.nodes import ANY, Node

ORDER = "$setElementOrder/"
REMOVE = "$deleteFromPrimitiveList/"


class StrategicError(ValueError):
    """A patch that contradicts itself or the type."""


def strategic_merge(node: Node, live: Any, patch: Any) -> Any:
    """`live` (may be changed in place) with `patch` merged in. Raises StrategicError."""
    if not isinstance(patch, dict) or not isinstance(live, dict):
        return _clean(patch)
    directive = patch.get("$patch")
    if directive == "replace":
        return _clean({key: value for key, value in patch.items() if key != "$patch"})
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise StrategicError(f"Unexpected value for $patch: {directive}")
    _retain(live, patch)
    for key, value in patch.items():
        if not key.startswith("$"):
            _field(node.child(key) if node.kind in ("struct", "map") else ANY, live, key, value)
    _directives(node, live, patch)
    return live


def _retain(live: dict[str, Any], patch: dict[str, Any]) -> None:
    names = patch.get("$retainKeys")
    if names is None:
        return
    if not isinstance(names, list):
        raise StrategicError("invalid patch format of $retainKeys")
    extra = [key for key in patch if not key.startswith("$") and patch[key] is not None and key not in names]
    if extra:
        raise StrategicError("invalid patch: fields in the patch must be in $retainKeys: " + ", ".join(extra))
    for key in [key for key in live if key not in names]:
        del live[key]


def _field(node: Node, live: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        live.pop(key, None)
    elif isinstance(value, list):
        live[key] = _list(node, live.get(key), value)
    elif isinstance(value, dict) and isinstance(live.get(key), dict):
        live[key] = strategic_merge(node, live[key], value)
    elif isinstance(value, dict):
        if value.get("$patch") != "delete":
            live[key] = strategic_merge(node, {}, value)
    else:
        live[key] = value


def _list(node: Node, live: Any, patch: list[Any]) -> list[Any]:
    if not node.strategic:
        return [_clean(item) for item in patch]
    if node.strategic == ("",):
        merged = list(live or [])
        return merged + [item for item in patch if item not in merged]
    return _keyed(node, live if isinstance(live, list) else [], patch)


def _keyed(node: Node, live: list[Any], patch: list[Any]) -> list[Any]:
    key = node.strategic[0]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        kept = [item for item in patch if not (isinstance(item, dict) and item.get("$patch") == "replace")]
        return [_clean(item) for item in kept]
    merged = list(live)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise StrategicError(f"map: {item} does not contain declared merge key: {key}")
        at = next((i for i, was in enumerate(merged) if isinstance(was, dict) and was.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            merged = [was for was in merged if not (isinstance(was, dict) and was.get(key) == item[key])]
        elif at is None:
            merged.append(strategic_merge(node.item or ANY, {}, item))
        else:
            merged[at] = strategic_merge(node.item or ANY, merged[at], item)
    return merged


def _directives(node: Node, live: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if key.startswith(REMOVE) and isinstance(value, list):
            name = key.removeprefix(REMOVE)
            live[name] = [item for item in live.get(name) or () if item not in value]
    for key, value in patch.items():
        name = key.removeprefix(ORDER)
        if key.startswith(ORDER) and isinstance(value, list) and isinstance(live.get(name), list):
            live[name] = _ordered(node.child(name), live[name], value, patch.get(name))


def _ordered(node: Node, items: list[Any], order: list[Any], patch: Any) -> list[Any]:
    """Items in the patch's order; those it does not name stay after what stood before them."""
    key = node.strategic[0] if node.strategic else ""

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [identity(item) for item in order]
    named = sorted((i for i in items if identity(i) in wanted), key=lambda i: wanted.index(identity(i)))
    rest = [(position, item) for position, item in enumerate(items) if identity(item) not in wanted]
    for position, item in rest:
        named.insert(min(position, len(named)), item)
    return named


def _clean(value: Any) -> Any:
    """A patch value without directives, to stand where nothing was."""
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items() if not k.startswith("$") and v is not None}
    if isinstance(value, list):
        return [_clean(item) for item in value if not (isinstance(item, dict) and item.get("$patch") == "delete")]
    return value
