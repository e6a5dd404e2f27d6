"""Episodes, small and believable, for tests of pages and files."""

from __future__ import annotations

from dashboard.core.model import Change, Ended, Episode, Hop, Sample, Verdict

NOW = 1_795_168_800.0
WEB = "apps/Deployment/shop/web"
IMAGE = 'spec.template.spec.containers[name="nginx"].image'
POD = "core/Pod/shop/web-fdf7bb669-9x2lq"


def scaled(opened: float = NOW, *, want: int = 5, key: str = "k-scaled", **about: object) -> Episode:
    """3 to `want` replicas: the pull takes longest."""
    hops = (
        Hop("accepted", opened, 0.0, WEB, "generation 2"),
        Hop("observed", opened + 0.02, 0.02, WEB),
        Hop("created", opened + 0.08, 0.06, POD, f"{want - 3} of {want - 3} Pods"),
        Hop("scheduled", opened + 0.12, 0.04, POD, f"{want - 3} of {want - 3} Pods"),
        Hop("pulled", opened + 2.4, 2.28, POD, f"{want - 3} of {want - 3} Pods"),
        Hop("started", opened + 2.7, 0.3, POD, f"{want - 3} of {want - 3} Pods"),
        Hop("ready", opened + 4.1, 1.4, POD, f"{want - 3} of {want - 3} Pods"),
        Hop("converged", opened + 4.2, 0.1, WEB, f"{want} of {want} ready"),
    )
    samples = (
        Sample(opened, want, 3, 3, 3, 0),
        Sample(opened + 0.08, want, want, 3, 3, 0),
        Sample(opened + 3.2, want, want, want - 1, 3, 0),
        Sample(opened + 4.1, want, want, want, want, 0),
    )
    given: dict[str, object] = {
        "key": key,
        "object": WEB,
        "uid": "uid-shop-web",
        "kind": "change",
        "opened": opened,
        "generation": 2,
        "verdict": Verdict.CONVERGED,
        "changes": (Change("spec.replicas", 3, want),),
        "by": "kubectl-scale",
        "closed": opened + 4.2,
        "ended": Ended.CONVERGED,
        "hops": hops,
        "samples": samples,
    }
    return Episode(**(given | about))  # type: ignore[arg-type]  # the fields of an Episode, some of them a test's own


ROLLING = (
    *((0, 0, 3, 0), (0.4, 1, 3, 0), (2.1, 1, 4, 0), (2.2, 1, 3, 1), (2.4, 2, 3, 1), (4.0, 2, 4, 1), (4.2, 2, 3, 2)),
    *((4.3, 3, 3, 2), (6.1, 3, 4, 2), (6.2, 3, 3, 3), (32.4, 3, 3, 2), (34.4, 3, 3, 1), (36.5, 3, 3, 0)),
)
"""When how many were updated, ready and terminating."""
WAY = (
    *(("accepted", 0, WEB, "generation 3"), ("observed", 0.03, WEB, ""), ("created", 0.4, POD, "3 of 3 Pods")),
    *(("scheduled", 0.5, POD, "3 of 3 Pods"), ("pulled", 1.7, POD, "3 of 3 Pods"), ("ready", 6.1, POD, "3 of 3 Pods")),
    *(("terminated", 36.5, POD, "3 of 3 Pods"), ("converged", 36.6, WEB, "3 of 3 ready")),
)


def rolled(opened: float = NOW, *, key: str = "k-rolled") -> Episode:
    """A new image for three replicas with one surplus: it overshoots, then settles."""
    samples = tuple(Sample(opened + at, 3, updated, ready, ready, ending) for at, updated, ready, ending in ROLLING)
    hops, before = [], opened
    for name, at, object, detail in WAY:
        hops.append(Hop(name, opened + at, opened + at - before, object, detail))
        before = opened + at
    return scaled(
        opened,
        key=key,
        want=3,
        changes=(Change(IMAGE, "nginx:1.18.0", "nginx:1.19.5"),),
        by="kubectl-set-image",
        closed=opened + 36.6,
        hops=tuple(hops),
        samples=samples,
    )


def stalled(opened: float = NOW, *, key: str = "k-stalled", **about: object) -> Episode:
    """An image that cannot be pulled, and an environment variable that nobody may read."""
    samples = (Sample(opened, 3, 0, 3, 3, 0), Sample(opened + 0.3, 3, 1, 3, 3, 0))
    hops = (
        Hop("accepted", opened, 0.0, WEB),
        Hop("observed", opened + 0.04, 0.04, WEB),
        Hop("created", opened + 0.3, 0.26, POD, "1 of 1 Pod"),
        Hop("scheduled", opened + 0.4, 0.1, POD, "1 of 1 Pod"),
    )
    given: dict[str, object] = {
        "verdict": Verdict.STALLED,
        "reason": "ImagePullBackOff",
        "cause": "nginx:1.19.5-missing cannot be pulled: manifest unknown",
        "changes": (
            Change(IMAGE, "nginx:1.18.0", "nginx:1.19.5-missing"),
            Change('spec.template.spec.containers[name="nginx"].env[name="TOKEN"].value', "hunter2", "hunter3"),
        ),
        "by": "helm",
        "closed": opened + 21.0,
        "ended": Ended.STALLED,
        "hops": hops,
        "samples": samples,
    }
    return scaled(opened, key=key, want=3, **(given | about))
