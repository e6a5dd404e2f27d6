"""Rows of made episodes, as the workloads of a cluster leave them in a month.

Workloads have their busy hours: 200 episodes in a row are of twenty of them, so a page shows as many whatever is kept,
and each has some 100 in all.
"""

from __future__ import annotations

import random
import time
import zlib
from array import array
from collections.abc import Iterator
from typing import Any

from dashboard.core.model import Sample

CLUSTER = "bench"
NOW = time.time() // 86_400 * 86_400
SPAN = 29 * 86_400.0
"""Seconds over which they are spread, the last of which is NOW: this day's midnight."""

EACH, BUSY, BURST, OPEN = 100, 20, 200, 40
"""Episodes of a workload, workloads that are busy at a time, episodes of such a time, and episodes that are open."""

KINDS = ("Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "Job", "HorizontalPodAutoscaler")
ENDS = ("converged", "superseded", "stalled", "lost")
WHO = ("argocd-controller", "kubectl-client-side-apply", "kube-controller-manager", "helm", "kubectl-edit")
SEEN = ("converged", "converged", "stalled", "unknown")
EDITS = 500
SAMPLES = tuple(Sample(NOW + turn / 4, 3, turn % 4, 2, 2, turn % 2) for turn in range(40))
PACKED = zlib.compress(array("d", (NOW + turn / 24 for turn in range(240))).tobytes(), 1)
"""As large as forty samples are when they are kept."""
HOPS = ("accepted", "observed", "created", "scheduled", "pulled", "started", "ready", "converged")

COLUMNS = (
    "id", "cluster", "key", "object", "uid", "group", "kind", "namespace", "name", "of", "opened", "closed", "took",
    "ended", "recovered", "generation", "verdict", "reason", "cause", "by", "changes", "supersedes", "superseded_by",
    "version", "told",
)  # fmt: skip
CHANGES = (
    '[["spec.template.spec.containers[0].image", "registry.example/shop/web:1.4", "registry.example/shop/web:1.5"]]'
)


def workload(number: int) -> tuple[str, str, str]:
    """Kind, namespace and name of a workload."""
    mixed = number * 2_654_435_761 % 2**32
    return KINDS[mixed % len(KINDS)], f"team-{mixed // 7 % 10:02}", f"service-{number}"


def rows(begin: int, end: int, kept: int) -> Iterator[tuple[Any, ...]]:
    """The rows of episodes `begin` to `end` of `kept`, the oldest first; their ids are their numbers from 1 on."""
    chance = random.Random(begin)  # noqa: S311 - the same each time
    fleet = max(BUSY, kept // EACH)
    for number in range(begin, end):
        which = (number // BURST * 7919 + chance.randrange(BUSY)) % fleet
        kind, namespace, name = workload(which)
        opened = NOW - SPAN * (1 - number / kept)
        took = None if number >= kept - OPEN else round(min(chance.lognormvariate(2.2, 1.0), 3600.0), 3)
        how = chance.choices(range(4), (87, 7, 4, 2))[0]
        ended = "" if took is None else ENDS[how]
        closed = None if took is None else opened + took
        yield (
            number + 1, CLUSTER, f"uid-{which}/{number}", f"apps/{kind}/{namespace}/{name}", f"uid-{which}", "apps",
            kind, namespace, name, "fight" if number % 50 == 7 else "change", opened, closed, took, ended,
            closed + 60 if closed and ended == "stalled" and number % 2 else None, number % 90 + 1,
            SEEN[how] if ended else "converging", "Progressing", "2 of 3 are ready",
            chance.choices(WHO, (50, 25, 14, 10, 1))[0], CHANGES, "", "", number + 1, NOW,
        )  # fmt: skip
