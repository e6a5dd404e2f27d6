"""Bodies: valid objects, objects of the right types that make little sense, and both damaged."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.nodes import Node
from dashboard.sandbox.schema.types import node_of
from tests.sandbox.fuzz_words import JUNK, NAMES, NUMBERS, PATCHES, TEXTS

SANDBOX = Path(__file__).resolve().parents[2] / "dashboard" / "sandbox"


def _seeds() -> dict[str, list[dict[str, Any]]]:
    files = [*sorted((SANDBOX / "shop").glob("*.yaml")), *sorted((SANDBOX / "operators").glob("*/*.yaml"))]
    out: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for document in yaml.safe_load_all(file.read_text()):
            if isinstance(document, dict) and "kind" in document:
                out.setdefault(document["kind"], []).append(document)
    return out


SEEDS = _seeds()


class Bodies:
    """Makes bodies from a source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.random = chance

    def bytes(self, obj: Any) -> bytes:
        """The body as it is sent: JSON mostly; also YAML, protobuf, half of it, or noise."""
        draw = self.random
        kind = draw.random()
        if kind < 0.03:
            return b"k8s\x00" + draw.randbytes(draw.randint(0, 60))
        if kind < 0.05:
            return draw.randbytes(draw.randint(0, 60))
        raw = json.dumps(obj, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
        if kind < 0.08:
            return raw[: draw.randint(0, len(raw))]
        if kind < 0.1:
            return yaml.safe_dump(json.loads(raw), allow_unicode=False).encode("utf-8", "replace")
        return raw

    def object(self, resource: Resource) -> Any:
        """A valid object of the kind, or one of the right types that makes little sense."""
        draw = self.random
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        if resource.kind in SEEDS and draw.random() < 0.6:
            obj = copy.deepcopy(draw.choice(SEEDS[resource.kind])) | head
            obj["metadata"] = {k: v for k, v in obj["metadata"].items() if k != "namespace"}
        else:
            obj = self.grown(node_of(resource), 0)
            obj = (obj if isinstance(obj, dict) else {}) | head
            obj["metadata"] = {"labels": {"app": "web"}} if draw.random() < 0.9 else obj.get("metadata", {})
        if isinstance(obj["metadata"], dict) and resource.kind != "CustomResourceDefinition":
            obj["metadata"]["name"] = draw.choice(NAMES)
        return obj

    def grown(self, node: Node, depth: int) -> Any:
        """A value of the right type that makes little sense."""
        draw = self.random
        if node.kind == "struct":
            names = list(node.fields)
            chosen = set(draw.sample(names, min(len(names), draw.randint(0, 5)))) if depth < 6 else set()
            wanted = chosen | (set(node.required) if draw.random() < 0.9 else set())
            return {name: self.grown(node.fields[name], depth + 1) for name in sorted(wanted)} if depth < 12 else {}
        if node.kind == "list":
            return [
                self.grown(node.item or node, depth + 1) for _ in range(draw.choice((0, 1, 1, 2)) if depth < 9 else 0)
            ]
        if node.kind == "map":
            return {draw.choice(("app", "cpu", "memory", self.text())): self.grown(node.item or node, depth + 1)}
        makers: dict[str, Callable[[], Any]] = {
            "bool": lambda: draw.random() < 0.5,
            "int32": lambda: draw.choice((0, 1, 2, -1, 80, 2**31 - 1)),
            "int64": lambda: draw.choice((0, 1, -1, 2**40)),
            "number": lambda: draw.choice((0, 1.5, -1)),
            "time": lambda: draw.choice(("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z", "soon")),
            "intstr": lambda: draw.choice((0, 1, "10%", "http", -1)),
        }
        return makers.get(node.kind, self.text)()

    def patch(self, obj: Any, media: str) -> Any:
        """A patch of that type towards an object."""
        draw = self.random
        if media == PATCHES[0]:
            operations = []
            for _ in range(draw.randint(1, 3)):
                path = draw.choice(
                    (
                        "/spec",
                        "/metadata/labels/a",
                        "/spec/replicas",
                        "/status",
                        "/metadata",
                        "",
                        "/-",
                        "/spec/x/0",
                        "a",
                    )
                )
                op = draw.choice(("add", "replace", "remove", "test", "move", "copy", "nope"))
                operations.append(
                    {
                        "op": op,
                        "path": path,
                        "value": self.junk(),
                        "from": draw.choice(("/spec", "/metadata/name", "")),
                    }
                )
            return operations if draw.random() < 0.9 else self.junk()
        if not isinstance(obj, dict):
            return obj
        if "apply" in media:
            return obj
        part = {key: obj[key] for key in obj if draw.random() < 0.6 and key not in ("kind", "apiVersion")}
        if isinstance(part.get("metadata"), dict):
            part["metadata"].pop("name", None)
        if media == PATCHES[2] and draw.random() < 0.3:
            extra = draw.choice(
                ("$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers")
            )
            self.somewhere(part)[extra] = draw.choice(
                ("delete", "replace", "merge", "x", ["a"], [{"name": "a"}], self.junk())
            )
        return part

    def somewhere(self, obj: dict[str, Any]) -> dict[str, Any]:
        """One of the objects within an object."""
        found = [obj]
        for item in found:
            for value in item.values():
                found += [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]
        return self.random.choice(found)

    def damaged(self, obj: Any) -> Any:
        """With one place retyped, dropped, nested, made huge, or filled with odd text."""
        draw = self.random
        places = _places(obj)
        if not places:
            return self.junk()
        holder, key = draw.choice(places)
        match draw.randint(0, 7):
            case 0:
                del holder[key]
            case 1:
                holder[key] = [holder[key]]
            case 2:
                holder[key] = {draw.choice(("a", "name", "")): holder[key]}
            case 3:
                holder[key] = self.deep(draw.choice((5, 60, 250)))
            case 4:
                holder[key] = draw.choice(("x" * 20_000, ["x"] * 2000, {str(n): n for n in range(500)}))
            case 5 if isinstance(holder, dict):
                holder[self.text()] = self.junk()
            case _:
                holder[key] = self.junk()
        return obj

    def deep(self, depth: int) -> Any:
        """A value of that depth."""
        value: Any = self.text()
        for _ in range(depth):
            value = [value] if self.random.random() < 0.5 else {"a": value}
        return value

    def text(self) -> str:
        """A text."""
        return self.random.choice(TEXTS)

    def junk(self) -> Any:
        """Any value."""
        return copy.deepcopy(self.random.choice((*JUNK, *NUMBERS, *TEXTS)))


def _places(obj: Any) -> list[tuple[Any, Any]]:
    """(holder, key or index) of everything in a value."""
    out: list[tuple[Any, Any]] = []
    waiting = [obj]
    while waiting:
        value = waiting.pop()
        items = (
            list(value.items())
            if isinstance(value, dict)
            else list(enumerate(value))
            if isinstance(value, list)
            else []
        )
        out += [(value, key) for key, _ in items]
        waiting += [item for _, item in items]
    return out
