"""Scripts: what happens to objects second by second, as controllers write it, told by watches that may be late."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dashboard.core.model import Episode
from tests.live.factory import Obj
from tests.live.lives import T0, Life, managed, pod, replicas, thing

Line = tuple[float, str, Obj]


class Script:
    """What happens to objects, in order: (when, ADDED, MODIFIED or DELETED, the object)."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def at(self, second: float, *objects: Obj, type: str = "MODIFIED") -> None:
        for obj in objects:
            self.lines.append((second, type, copy.deepcopy(obj)))

    def told(self, late: Mapping[str, float], rest: float = 40.0) -> list[str]:
        """The episodes, each kind's watch late by some seconds."""
        lines = sorted(((at + late.get(obj["kind"], 0.0), type, obj) for at, type, obj in self.lines), key=_when)
        life = Life(lines[0][0])
        for at, type, obj in lines:
            life.at(at, obj, type=type)
        life.at(lines[-1][0] + rest)
        return [f"{line} {_also(episode)}".strip() for line, episode in zip(life.lines(), life.episodes, strict=True)]


def _when(line: Line) -> float:
    return line[0]


def _also(episode: Episode) -> str:
    changes = "; ".join(f"{each.path} {each.before} > {each.after}" for each in episode.changes)
    return f"{'' if episode.recovered is None else f'recovered {episode.recovered - T0:g} '}[{changes}]"


def web(want: int, ready: int, **about: Any) -> Obj:
    return replicas("Deployment", "web", want, ready, **about)


def sets(want: int = 1, ready: int = 1, **about: Any) -> Obj:
    return replicas("ReplicaSet", "web-1", want, ready, owner=web(1, 1), **about)


def of_web(name: str, made: float, **about: Any) -> Obj:
    return pod(name, sets(), made, **about)


def calm() -> Script:
    script = Script()
    script.at(60, web(1, 1), sets(), of_web("a", 1, started=1, ready=2), type="ADDED")
    return script


def image(obj: Obj, tag: str) -> Obj:
    obj["spec"]["template"]["spec"]["containers"][0]["image"] = tag
    return obj


def bucket(generation: int | None, size: int, *, spec_at: float = 0, status_at: float = 5, made: float = 0,
           subresource: str = "status", **status: Any) -> Obj:  # fmt: skip
    obj = thing("example.com/v1", "Bucket", "b", made=made, spec_at=spec_at)
    wrote = managed("operator", status_at, "f:status") | ({"subresource": subresource} if subresource else {})
    obj["metadata"]["managedFields"] = [managed("kubectl", spec_at, "f:spec"), *([wrote] if status else [])]
    if generation is not None:
        obj["metadata"]["generation"] = generation
    return obj | {"spec": {"size": size}} | ({"status": status} if status else {})
