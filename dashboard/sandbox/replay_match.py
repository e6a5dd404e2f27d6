"""Which replayed object is which recorded one.

Names given by people are the same on both sides. Generated names (Pods of a ReplicaSet, ReplicaSets of a
Deployment, EndpointSlices) are matched by order of creation below the same owner. A label says both:
`deployments/web`, `replicasets/deployments/web[0]`, `pods/replicasets/deployments/web[0][2]`; a name that is used again
after its object has gone gets `#2`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dashboard.sandbox.replay_trace import Action, Obj, Recording, Track

HASHED = frozenset({"replicasets", "controllerrevisions"})
"""Resources whose controllers name them after a hash, without generateName."""


def _owner(obj: Obj) -> str:
    owners = obj["metadata"].get("ownerReferences") or ()
    return next((one["uid"] for one in owners if one.get("controller")), "")


def _is_generated(track: Track) -> bool:
    meta = track.first["metadata"]
    return bool(meta.get("generateName")) or (track.resource in HASHED and bool(_owner(track.first)))


def labels(recording: Recording) -> dict[str, str]:
    """uid → label, for every object of the recording."""
    found: dict[str, str] = {}
    used: Counter[str] = Counter()
    for track in sorted(recording.tracks.values(), key=lambda one: one.born):
        if _is_generated(track):
            owner = _owner(track.first)
            group = f"{track.resource}/{found.get(owner) or track.first['metadata'].get('generateName', '')}"
            found[track.uid] = f"{group}[{used[group]}]"
        else:
            group = f"{track.resource}/{track.name}"
            found[track.uid] = group + (f"#{used[group] + 1}" if used[group] else "")
        used[group] += 1
    return found


Swaps = list[tuple[str, str]]
"""Pairs of replayed uids that have exchanged their labels."""


def exchanged(found: dict[str, str], swaps: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The labels after the exchanges, in their order."""
    found = dict(found)
    for one, other in swaps:
        found[one], found[other] = found[other], found[one]
    return found


def stand_ins(recorded: Recording, replayed: Recording, action: Action, swaps: Swaps) -> Swaps:
    """More exchanges, so that a command names a living object where the recorded one lived.

    Which of several equal siblings a controller has deleted before is chance.
    """
    more: Swaps = []
    said = action.command + action.stdin
    for uid, label in labels(recorded).items():
        track = recorded.tracks[uid]
        if not _is_generated(track) or track.name not in said or not _alive(track, action.at):
            continue
        ours = exchanged(labels(replayed), swaps + more)
        mine = next((one for one, name in ours.items() if name == label), None)
        if mine is None or _alive(replayed.tracks[mine], None):
            continue
        group = label.rpartition("[")[0]
        living = (one for one, name in ours.items() if name.rpartition("[")[0] == group)
        other = next((one for one in living if _alive(replayed.tracks[one], None)), None)
        more += [(mine, other)] if other else []
    return more


def _alive(track: Track, at: float | None) -> bool:
    """Whether the object was there, and not on its way out, at `at` (None: at the end of what was seen)."""
    states = [obj for when, obj in track.seen if at is None or when <= at]
    gone = track.gone is not None and (at is None or track.gone <= at)
    return bool(states) and not gone and not states[-1]["metadata"].get("deletionTimestamp")


def translation(recorded: Recording, replayed: Recording, swaps: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """Recorded generated names → the names that the replay gave instead, and pod-template-hashes likewise."""
    ours = {label: replayed.tracks[uid] for uid, label in exchanged(labels(replayed), swaps).items()}
    names: dict[str, str] = {}
    for uid, label in labels(recorded).items():
        track, other = recorded.tracks[uid], ours.get(label)
        if other is None or track.name == other.name:
            continue
        names[track.name] = other.name
        for key in ("pod-template-hash", "controller-revision-hash"):
            mine, theirs = _label(track.first, key), _label(other.first, key)
            if mine and theirs:
                names[mine] = theirs
    return names


def _label(obj: Obj, key: str) -> str:
    return str((obj["metadata"].get("labels") or {}).get(key, ""))


def translated(text: str, names: Mapping[str, str]) -> str:
    """The text with recorded generated names replaced, the longest first."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def named_in(recorded: Recording) -> frozenset[str]:
    """uids of objects with generated names that a command names: these may not be taken for their siblings."""
    said = "\n".join(action.command + action.stdin for action in recorded.actions)
    return frozenset(uid for uid, track in recorded.tracks.items() if _is_generated(track) and track.name in said)
