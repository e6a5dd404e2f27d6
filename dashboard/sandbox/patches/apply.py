"""Merging of an applied configuration into a live object, and removing what is applied no more."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.fieldsets import FieldSet, Path, element
from dashboard.sandbox.schema.nodes import ANY, Node


def merge(node: Node, live: Any, config: Any) -> Any:
    """`live` (changed in place) with `config` laid over it, by the types' merge rules."""
    if node.atomic and node.kind != "any":
        return config
    if isinstance(config, dict) and isinstance(live, dict):
        for key, value in config.items():
            child = node.child(key) if node.kind in ("struct", "map") else ANY
            live[key] = merge(child, live[key], value) if key in live else value
        return live
    if isinstance(config, list) and isinstance(live, list) and node.keys:
        return _merge_list(node, live, config)
    return config


def _merge_list(node: Node, live: list[Any], config: list[Any]) -> list[Any]:
    at = {element(node.keys, item): index for index, item in enumerate(live)}
    out = list(live)
    for item in config:
        key = element(node.keys, item)
        if key in at:
            out[at[key]] = merge(node.item or ANY, out[at[key]], item)
        else:
            at[key] = len(out)
            out.append(item)
    return out


def prune(node: Node, obj: Any, drop: FieldSet, keep: FieldSet) -> Any:
    """`obj` without the paths in `drop`, except those under which something in `keep` lies."""
    needed = {path[:length] for path in keep for length in range(len(path) + 1)}
    for path in sorted(drop, key=len, reverse=True):
        if path not in needed:
            _remove(node, obj, path)
    return obj


def _remove(node: Node, holder: Any, path: Path) -> bool:
    """Remove one path; returns whether the holder is empty afterwards and should go too."""
    key, rest = path[0], path[1:]
    if key.startswith("f:") and isinstance(holder, dict):
        name = key[2:]
        if name in holder and (not rest or _remove(node.child(name), holder[name], rest)):
            del holder[name]
        return not holder
    if isinstance(holder, list):
        for index, item in enumerate(holder):
            if element(node.keys, item) == key:
                if not rest or _remove(node.item or ANY, item, rest):
                    del holder[index]
                break
        return not holder
    return False
