"""What the cluster itself is made of: Node, Namespace, CustomResourceDefinition, APIService, PodDisruptionBudget."""

from __future__ import annotations

from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import text
from dashboard.core.subject import Finding, Subject

JOIN_WINDOW = 120.0
"""Seconds that a new Node has until it is Ready."""

SERVE_WINDOW = 300.0
"""Seconds that an aggregated API may be unavailable before somebody should look."""


def node(subject: Subject) -> Finding:
    """https://kubernetes.io/docs/reference/node/node-status/#condition; a cordoned Node is held by somebody's wish."""
    ready = subject.condition("Ready")
    if ready is None or ready.status != "True":
        reason = ready.reason if ready is not None else ""
        sentence = (ready.message if ready is not None else "") or "the kubelet has not reported yet"
        since = ready.since if ready is not None else None
        created = subject.created
        if created is not None and subject.now < created + JOIN_WINDOW:
            return Finding(
                Verdict.CONVERGING, reason or "Joining", Cause(sentence, reason=reason), created, created + JOIN_WINDOW
            )
        return Finding(
            Verdict.STALLED, reason or "NotReady", Cause(f"node not ready: {sentence}", reason=reason), since
        )
    for each in subject.conditions:
        if each.status == "True" and each.type != "Ready" and not each.type.endswith("Ready"):
            return Finding(Verdict.STALLED, each.type, Cause(each.message or each.type, reason=each.reason), each.since)
    if subject.spec.get("unschedulable") is True:
        return Finding(Verdict.SUSPENDED, "Cordoned", Cause("cordoned: no new Pods here"), settled=True)
    return Finding(Verdict.CONVERGED, ready.reason or "Ready", since=ready.since)


def namespace(subject: Subject) -> Finding:
    """A Namespace is there once it is Active; its deletion is judged before this rule."""
    phase = text(subject.status.get("phase"))
    return Finding(Verdict.TERMINATING if phase == "Terminating" else Verdict.CONVERGED, phase or "Active")


def custom_resource_definition(subject: Subject) -> Finding:
    """kstatus `crdConditions` and Argo CD: names accepted, schema structural, established (`Installing` on the way)."""
    established = None
    for each in subject.conditions:
        if each.type == "Established":
            established = each
        elif each.type == "NamesAccepted" and each.status == "False":
            return Finding(
                Verdict.STALLED,
                each.reason,
                Cause(f"names not accepted: {each.message}", reason=each.reason),
                each.since,
            )
        elif each.type == "Terminating" and each.status == "True":
            return Finding(Verdict.CONVERGING, "Terminating", Cause(each.message, reason=each.reason), each.since)
        elif each.type == "NonStructuralSchema" and each.status == "True":
            return Finding(Verdict.STALLED, each.type, Cause(each.message, reason=each.reason), each.since)
    if established is None:
        return Finding(Verdict.CONVERGING, "Installing", Cause("not established yet"), subject.created)
    if established.status == "True":
        return Finding(Verdict.CONVERGED, "Established", since=established.since)
    cause = Cause(established.message or "not established", reason=established.reason)
    verdict = Verdict.CONVERGING if established.reason == "Installing" else Verdict.STALLED
    return Finding(verdict, established.reason or "NotEstablished", cause, established.since)


def api_service(subject: Subject) -> Finding:
    """`Available` as the aggregator (`kube-aggregator/pkg/controllers/status`) and gitops-engine read it."""
    available = subject.condition("Available")
    if available is not None and available.status == "True":
        return Finding(Verdict.CONVERGED, "Available", since=available.since)
    if available is None:
        return Finding(Verdict.CONVERGING, "NotChecked", Cause("not checked yet"), subject.created)
    cause = Cause(available.message or "not available", reason=available.reason)
    until = available.since + SERVE_WINDOW if available.since is not None else None
    if until is not None and subject.now >= until:
        return Finding(Verdict.STALLED, available.reason, cause, available.since)
    return Finding(Verdict.CONVERGING, available.reason or "Unavailable", cause, available.since, until)


def disruption_budget(subject: Subject) -> Finding:
    """kstatus `pdbConditions`: as many healthy Pods as desired; https://kubernetes.io/docs/tasks/run-application/configure-pdb/."""
    failed = next((each for each in subject.conditions if each.reason == "SyncFailed"), None)
    if failed is not None:
        return Finding(Verdict.STALLED, "SyncFailed", Cause(failed.message, reason=failed.reason), failed.since)
    if "desiredHealthy" not in subject.status:
        return Finding(Verdict.CONVERGING, "NotCounted", Cause("its Pods have not been counted yet"), subject.created)
    healthy, wanted = subject.count("currentHealthy"), subject.count("desiredHealthy")
    if healthy < wanted:
        return Finding(
            Verdict.CONVERGING, "NotEnoughHealthy", Cause(f"{healthy} of {wanted} healthy, no eviction allowed")
        )
    if healthy and "disruptionsAllowed" in subject.status and not subject.count("disruptionsAllowed"):
        # Its Pods are as they should be, and yet a drain of their nodes cannot end.
        cause = Cause(f"no Pod may be evicted: all {wanted} must stay healthy", reason="NoDisruptionAllowed")
        if subject.count("expectedPods") <= wanted:
            return Finding(Verdict.CONVERGED, "EnoughHealthy", cause)
    return Finding(Verdict.CONVERGED, "EnoughHealthy")
