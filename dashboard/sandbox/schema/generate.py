"""Writes `types.json`: the fields of every served kind and their types, from the kubernetes client's models.

Run by hand when the served Kubernetes version changes: `python -m dashboard.sandbox.schema.generate`.
Only names and types are taken (facts of the API); the sandbox itself never imports that client.

A type is written as `s` (string), `i` (integer), `n` (number), `b` (boolean), `t` (time), `x` (integer or
string), `*` (anything), `[T` (list of T), `{T` (map of string to T), or the name of another type; a
trailing `!` marks a required field.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from dashboard.sandbox.registry import BUILTIN

PLAIN = {"str": "s", "int": "i", "float": "n", "bool": "b", "datetime": "t", "bytes": "s", "object": "*"}
SPECIAL = {"v1/Event": "CoreV1Event", "events.k8s.io/v1/Event": "EventsV1Event"}


def model_name(group: str, version: str, kind: str) -> str:
    """The client's class for a kind."""
    api = f"{group}/{version}" if group else version
    return SPECIAL.get(f"{api}/{kind}", version.capitalize() + kind)


def code(annotation: str, declared: str) -> str:
    """The short form of one declared type."""
    if (declared == "object" and "StrictInt" in annotation) or (
        "int" in annotation and "str" in annotation and declared == "object"
    ):
        return "x"
    if found := re.fullmatch(r"[Ll]ist\[(.*)\]", declared):
        return "[" + code("", found[1])
    if found := re.fullmatch(r"[Dd]ict[(\[]str, (.*)[)\]]", declared):
        return "{" + code("", found[1])
    return PLAIN.get(declared, declared)


def fields_of(model: Any) -> dict[str, str]:
    """API field name → type of one model."""
    infos = {info.serialization_alias or name: info for name, info in model.model_fields.items()}
    out = {}
    for attribute, declared in model.openapi_types.items():
        name = model.attribute_map[attribute]
        required = "!" if infos[name].is_required() else ""
        out[name] = code(str(infos[name].annotation), declared) + required
    return out


def main() -> None:
    """Write types.json beside this file."""
    models = importlib.import_module("kubernetes.aio.client.models")
    wanted = [model_name(r.group, r.version, r.kind) for r in BUILTIN if r.group != "metrics.k8s.io"]
    wanted += ["V1Scale", "V1Eviction", "V1Binding", "V1ObjectMeta", "V1DeleteOptions", "V1Status"]
    types: dict[str, dict[str, str]] = {}
    while wanted:
        name = wanted.pop()
        model = getattr(models, name, None)
        if name in types or model is None:
            if model is None:
                sys.stderr.write(f"no model {name}\n")
            continue
        types[name] = fields_of(model)
        wanted += re.findall(r"[A-Z]\w+", " ".join(types[name].values()))
    target = Path(__file__).with_name("types.json")
    target.write_text(
        "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(types.items())) + "\n}\n"
    )


if __name__ == "__main__":
    main()
