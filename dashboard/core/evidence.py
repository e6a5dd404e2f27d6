"""Evidence: what the API says of an object and of what it caused, from which an episode's hops are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, TypeGuard

from dashboard.core.conditions import Condition, is_count, read_conditions
from dashboard.core.lifecycle import SEEN_GENERATION
from dashboard.core.managed import entries, spec_entries
from dashboard.core.marks import Marks, ending
from dashboard.core.model import Assessment, Ended, Episode, Gap, Sample, Verdict
from dashboard.core.objects import field as at
from dashboard.core.objects import key_of, plain, text, timestamp
from dashboard.core.quantities import quantity
from dashboard.core.subject import as_list, as_mapping
from dashboard.core.values import quick

MAX_WISHES = 40
MAX_CONDITIONS = 40

AUTOSCALER, CLAIM = ("autoscaling", "HorizontalPodAutoscaler"), ("", "PersistentVolumeClaim")
DECISION = "status.desiredReplicas"

KNOWN_WISHES = frozenset({
    "minReplicas", "maxReplicas", "paused", "suspend", "parallelism", "completions", "schedule", "storageClassName",
    "type", "version", "engineVersion", "instanceClass", "size", "tier", "region",
})  # fmt: skip
"""Texts of a spec that say what is wanted and cannot be secrets; numbers, truth values and images are told anyway."""


@quick
@dataclass(frozen=True, slots=True)
class Own:
    """What an object's own newest version says. Times in Unix seconds, None where it does not say.

    `accepted` is when the API server took the newest change of the spec that it dates, and `by` who made it;
    `undated_by` is who made one that it does not date (a scale through the subresource), "" for nobody; `written` when
    the status was last written. `generation` is None where the API counts none, or counts more than declarations;
    `observed` is the one that its controller has seen, None where it reports none. `wishes` are desired fields by path.
    `decided` is when an autoscaler last acted, `bound` whether a claim has its volume. `seen` is when the status first
    said that its newest generation was observed.
    """

    id: str
    uid: str
    group: str
    kind: str
    version: str
    created: float | None
    generation: int | None
    observed: int | None
    accepted: float | None
    by: str
    undated_by: str
    written: float | None
    ending: float | None
    decided: float | None
    completed: float | None
    conditions: tuple[tuple[str, str, float | None], ...]
    wishes: tuple[tuple[str, Any], ...]
    sample: Sample | None
    bound: bool = False
    seen: float | None = None

    def after(self, old: Own) -> Own:
        """The same, with what an earlier version dated better: of versions that come at once only the last is looked
        at."""
        same = (old.uid, old.generation, old.observed) == (self.uid, self.generation, self.observed)
        return replace(self, seen=old.seen) if same and None is not old.seen != self.seen else self


@quick
@dataclass(frozen=True, slots=True)
class Before:
    """What an object was when it last had nothing to do, or before it was declared anew.

    `until` is the newest API time that belongs to then: what is dated later has happened since.
    """

    generation: int | None
    wishes: tuple[tuple[str, Any], ...] = ()
    until: float | None = None


def before(own: Own) -> Before:
    """What an object is now, as what it was before its next change."""
    return Before(own.generation, own.wishes, latest(own))


def before_next(own: Own, verdict: Verdict, earlier: Before | None) -> Before:
    """The same of an object that may hold still: until what waits is done, what it was is what it was `earlier`."""
    now = before(own)
    return replace(now, wishes=earlier.wishes) if earlier is not None and waits(own, verdict) else now


def waits(own: Own, verdict: Verdict) -> bool:
    """Whether what is declared now is still to be done at some time: it is suspended."""
    return verdict is Verdict.SUSPENDED and own.generation is not None


def latest(own: Own) -> float | None:
    """The newest time that an object's own versions tell of its spec, its decisions and its conditions."""
    told = (own.created, own.accepted, own.decided, *(at for _, _, at in own.conditions))
    return max((at for at in told if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that `advance` reads besides the assessment.

    `marks` are of what the object caused (ReplicaSets, Pods, Jobs …), on the board or lately gone; `pulled` is when a
    Pod's images were there, by uid. `gone`: the object itself is no more.
    """

    own: Own
    marks: tuple[Marks, ...] = ()
    pulled: Mapping[str, float] = field(default_factory=dict)
    before: Before | None = None
    gone: bool = False


def from_assessment(episode: Episode | None, assessment: Assessment, now: float) -> Evidence:
    """What an assessment says by itself, for whoever holds nothing else of the object: its gaps, and since when.

    What it does not tell of is as it was in the episode of before.
    """
    gaps = {gap.path: gap for gap in assessment.gaps}
    counted, deletion = gaps.pop("metadata.generation", None), gaps.pop("metadata.deletionTimestamp", None)
    since = assessment.since if not assessment.at_least and _is_time(assessment.since) else None
    going = assessment.verdict is Verdict.CONVERGING
    generation = counted.desired if counted is not None else episode.generation if episode is not None else None
    set_by = {gap.set_at or 0.0: gap.set_by for gap in gaps.values() if gap.open and _is_time(gap.set_at)}
    accepted = since if going and since is not None else max(set_by, default=now)
    told = Own(
        id=episode.object if episode is not None else "",
        uid=episode.uid if episode is not None else "",
        group="", kind="", version="", created=None,
        generation=generation if is_count(generation) else None,
        observed=counted.observed if counted is not None and is_count(counted.observed) else None,
        accepted=accepted,
        by=set_by.get(max(set_by, default=0.0), ""),
        undated_by="",
        written=now if going or since is None else since,
        ending=None if deletion is None else deletion.since if _is_time(deletion.since) else now,
        decided=None, completed=None, conditions=(),
        wishes=tuple((path, gap.desired) for path, gap in gaps.items())[:MAX_WISHES],
        sample=_counted(assessment.gaps, now),
    )  # fmt: skip
    told = replace(told, seen=told.written if _is_seen(told.generation, told.observed) else None)
    return Evidence(told, before=_before(episode, told))


def _is_time(value: float | None) -> TypeGuard[float]:
    return value is not None and isfinite(value)


def _before(last: Episode | None, now: Own) -> Before | None:
    """Where nothing is counted, only the time at which something was declared tells a change from a loss."""
    closed = None if last is None else last.recovered if last.ended is Ended.STALLED else last.closed
    if closed is None or now.generation is not None:
        return None
    is_change = now.accepted is not None and now.accepted > closed
    return Before(None, () if is_change else now.wishes, closed)


def _counted(gaps: Sequence[Gap], now: float) -> Sample | None:
    """What the gaps count, by the last word of their labels: `replicas · ready`."""
    counts = {gap.field.rpartition(" ")[2]: gap for gap in gaps if is_count(gap.desired) and is_count(gap.observed)}
    found = {name: float(counts[name].observed) for name in ("updated", "ready", "available") if name in counts}
    wanted = next((float(counts[name].desired) for name in found), None)
    return Sample(now, wanted, **found) if found else None


def own(obj: Mapping[str, Any], now: float) -> Own:
    """Read an object; never raises. `now` dates the sample."""
    meta, spec, status = (as_mapping(obj.get(name)) for name in ("metadata", "spec", "status"))
    key = key_of(obj)
    conditions = read_conditions(status)
    observed = _observed(status, conditions if key.kind != "Pod" else ())  # a scheduler's word is not its kubelet's
    accepted, by, undated_by, written, counted = _writers(obj)
    counted = counted or observed is not None or not is_custom(key.group)
    generation = meta.get("generation") if counted else None
    return Own(
        id=key.id,
        uid=text(meta.get("uid")),
        group=key.group,
        kind=key.kind,
        version=text(meta.get("resourceVersion")),
        created=timestamp(meta.get("creationTimestamp")),
        generation=generation if is_count(generation) else None,
        observed=observed,
        accepted=accepted,
        by=by,
        undated_by=undated_by,
        written=written,
        ending=ending(meta),
        decided=timestamp(status.get("lastScaleTime")),
        completed=timestamp(status.get("completionTime")),
        conditions=tuple((plain(each.type, 60), each.status, each.since) for each in conditions[:MAX_CONDITIONS]),
        wishes=wishes(obj),
        sample=sample(key.group, key.kind, spec, status, now),
        bound=key.kind == CLAIM[1] and key.group == CLAIM[0] and status.get("phase") == "Bound",
        seen=written if _is_seen(generation, observed) else None,
    )


def _is_seen(generation: Any, observed: int | None) -> bool:
    return observed is not None and observed >= (generation if is_count(generation) else 0)


def is_custom(group: str) -> bool:
    """Whether a group's kinds are somebody else's: those of Kubernetes keep the API's conventions."""
    return "." in group and not group.endswith(".k8s.io")


def _observed(status: Mapping[str, Any], conditions: Sequence[Condition]) -> int | None:
    """The generation that a controller has seen: under its usual name or one of its like, else by its conditions."""
    named = [seen for name in SEEN_GENERATION if is_count(seen := status.get(name))]
    told = named[:1] or [each.generation for each in conditions if each.generation is not None]
    return max(told, default=None)


def _writers(obj: Mapping[str, Any]) -> tuple[float | None, str, str, float | None, bool]:
    """When the spec was last changed and by whom, who changed it without a date, when the status was last written;
    and whether a generation counts declarations only.

    Where a custom kind's status is no subresource, each write of it is a new generation.
    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#status-subresource
    """
    managed = entries(obj)
    changed = [(timestamp(entry.get("time")), plain(entry.get("manager"), 100)) for entry, _ in spec_entries(managed)]
    dated = [(at, by) for at, by in changed if at is not None]
    at, by = max(dated, default=(None, ""))
    undated = next((by for at, by in changed if at is None), "")
    told = [each for each in managed if "f:status" in as_mapping(each.get("fieldsV1"))]
    written = [moment for each in told if (moment := timestamp(each.get("time"))) is not None]
    counted = not told or any(each.get("subresource") for each in told)
    return at, by, undated, max(written, default=None), counted


def wishes(obj: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What a spec asks for as far as it can be told: counts, switches, images, sizes; no text that may be secret.

    What an autoscaler decides is declared in its status, and nowhere else of its own.
    """
    spec = as_mapping(obj.get("spec"))
    found: list[tuple[str, Any]] = []
    decided = at(obj, DECISION) if obj.get("kind") == AUTOSCALER[1] else None
    if is_count(decided):
        found.append((DECISION, decided))
    for name, value in spec.items():
        if isinstance(value, bool | int | float) or (name in KNOWN_WISHES and isinstance(value, str)):
            found.append((f"spec.{plain(name, 60)}", plain(value, 80) if isinstance(value, str) else value))
    pod = as_mapping(at(spec, "template.spec")) or spec
    path = "spec.template.spec" if pod is not spec else "spec"
    for each in as_list(pod.get("containers")):
        image = plain(at(each, "image"), 200)
        if image:
            found.append((f'{path}.containers[name="{plain(at(each, "name"), 63)}"].image', image))
    storage = at(spec, "resources.requests.storage")
    if isinstance(storage, str):
        found.append(("spec.resources.requests.storage", plain(storage, 40)))
    return tuple(found[:MAX_WISHES])


def sample(group: str, kind: str, spec: Mapping[str, Any], status: Mapping[str, Any], now: float) -> Sample | None:
    """One point of the response; None for an object that counts nothing."""
    counts = COUNTED.get((group, kind))
    if counts is not None:
        wanted = at({"spec": spec, "status": status}, counts[0], counts[1])
        values = [status.get(name, 0) if name else None for name in counts[2]]
        numbers = [float(each) if is_count(each) else None for each in values]
        return Sample(now, float(wanted), *numbers) if is_count(wanted) else None
    if (group, kind) == CLAIM:
        return _sizes(spec, status, now)
    wanted, ready = spec.get("replicas"), status.get("readyReplicas", status.get("replicas"))
    if not is_count(wanted):
        return None
    return Sample(now, float(wanted), ready=float(ready) if is_count(ready) else None)


def _sizes(spec: Mapping[str, Any], status: Mapping[str, Any], now: float) -> Sample | None:
    """A claim's size in bytes: asked for and there."""
    wanted, there = quantity(at(spec, "resources.requests.storage")), quantity(at(status, "capacity.storage"))
    return None if wanted is None else Sample(now, float(wanted), ready=float(there) if there is not None else 0.0)


COUNTED: Mapping[tuple[str, str], tuple[str, int | None, tuple[str, str, str, str]]] = {
    ("apps", "Deployment"): (
        "spec.replicas", 1, ("updatedReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas"),
    ),
    ("apps", "StatefulSet"): ("spec.replicas", 1, ("updatedReplicas", "readyReplicas", "availableReplicas", "")),
    ("apps", "ReplicaSet"): ("spec.replicas", 1, ("", "readyReplicas", "availableReplicas", "terminatingReplicas")),
    ("", "ReplicationController"): ("spec.replicas", 1, ("", "readyReplicas", "availableReplicas", "")),
    ("apps", "DaemonSet"): (
        "status.desiredNumberScheduled", None, ("updatedNumberScheduled", "numberReady", "numberAvailable", ""),
    ),
    ("batch", "Job"): ("spec.completions", 1, ("", "succeeded", "", "terminating")),
    AUTOSCALER: (DECISION, None, ("", "currentReplicas", "", "")),
}  # fmt: skip
"""By kind: the setpoint, what it is where it is unset, and the fields updated, ready, available, terminating."""
