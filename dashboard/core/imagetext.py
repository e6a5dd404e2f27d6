"""The images of a workload as one phrase: `nginx:1.19.5`, or `wants nginx:1.19.5 · has 1.18.0 on 2 of 3`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from dashboard.core import images
from dashboard.core.model import Relative
from dashboard.core.objects import field, plain
from dashboard.core.subject import as_count, as_list, as_mapping

MOST_CONTAINERS = 50
SHOWN = 3
"""Containers that the phrase names before it counts."""


class Running(NamedTuple):
    """What runs of one container: Pods by image, in the order of their number, and of how many Pods in all."""

    counts: tuple[tuple[str, int], ...]
    total: int


Pairs = tuple[tuple[str, str], ...]
"""(container, image) of each."""


def containers_of(obj: Any) -> Pairs:
    """(container, image) wanted: of a Pod, or of a workload's template; empty for anything without containers."""
    spec = as_mapping(field(obj, "spec"))
    template = spec.get("template")
    if template is None:
        template = as_mapping(spec.get("jobTemplate"))
        template = field(template, "spec.template")
    source = spec if template is None and field(obj, "kind") == "Pod" else field(template, "spec")
    found = as_list(as_mapping(source).get("containers"))
    return tuple(
        [
            (plain(each.get("name"), 63), plain(each.get("image"), 300))
            for each in found[:MOST_CONTAINERS]
            if isinstance(each, dict)
        ]
    )


def running(uid: str, container: str, related: Sequence[Relative]) -> Running:
    """What an object's children run of one container. Children that are being deleted are gone from the picture."""
    return _running(_alike(uid, related), container)


def _alike(uid: str, related: Sequence[Relative]) -> dict[Pairs, int]:
    """How many Pods run which images: most children run the same."""
    alike: dict[Pairs, int] = {}
    for child in related:
        if uid and child.owner_uid == uid and not child.deleting and child.replicas > 0:
            alike[child.images] = alike.get(child.images, 0) + child.replicas
    return alike


def _running(alike: dict[Pairs, int], container: str) -> Running:
    counts: dict[str, int] = {}
    for pairs, replicas in alike.items():
        image = next((image for name, image in pairs if name == container), None)
        if image is not None:
            counts[image] = counts.get(image, 0) + replicas
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return Running(tuple(ordered), sum(counts.values()))


def image_text(obj: Any, related: Sequence[Relative] = (), pairs: Pairs | None = None) -> str:
    """The phrase for a row; "" for an object without containers. `pairs` are those of its digest."""
    if pairs is not None and not related and field(obj, "kind") == "Pod":
        return _as_wanted(pairs)
    wanted = containers_of(obj)
    if not wanted:
        return ""
    alike = _alike(field(obj, "metadata.uid", ""), related) if related else {}
    older = _older(obj)
    if alike.keys() <= {wanted} and not older:
        return _as_wanted(wanted)
    phrases = [_phrase(name, image, alike) for name, image in wanted[:SHOWN]]
    if older and not any(phrase.startswith("wants ") for phrase in phrases):
        phrases = [f"wants {phrases[0]} · has older on {older}", *phrases[1:]]
    return _listed(phrases, wanted)


@lru_cache(maxsize=4096)
def _as_wanted(wanted: Pairs) -> str:
    """Where nothing differs: of a Pod, which is what it wants, and of a workload whose Pods are. All Pods of a template
    want the same."""
    return _listed([images.brief(plain(image, 300)) for _, image in wanted[:SHOWN]], wanted)


def _listed(phrases: list[str], wanted: Pairs) -> str:
    return ", ".join([*phrases, f"and {len(wanted) - SHOWN} more"] if len(wanted) > SHOWN else phrases)


def _phrase(container: str, image: str, alike: dict[Pairs, int]) -> str:
    shown = images.brief(image)
    runs = _running(alike, container)
    others = [(other, count) for other, count in runs.counts if not images.same(other, image)]
    if not others:
        return shown
    has = ", ".join(f"{_difference(image, other)} on {count} of {runs.total}" for other, count in others[:SHOWN])
    return f"wants {shown} · has {has}"


def _difference(wanted: str, other: str) -> str:
    """What tells `other` from `wanted`: its tag where only that differs."""
    if images.repository(wanted) == images.repository(other):
        return images.short(other)
    return images.brief(other)


def _older(obj: Any) -> str:
    """`2 of 3` where the status counts Pods of an older template and no child says what they run."""
    status = as_mapping(field(obj, "status"))
    total = as_count(status.get("replicas"))
    if "updatedReplicas" not in status or field(obj, "kind") != "Deployment":
        return ""
    older = total - as_count(status.get("updatedReplicas"))
    return f"{older} of {total}" if 0 < older <= total else ""
