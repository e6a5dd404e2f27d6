"""Service, EndpointSlice, Ingress: an address, and something behind it."""

from __future__ import annotations

from dashboard.core.model import Cause, Verdict
from dashboard.core.relatives import ready_endpoints
from dashboard.core.subject import Finding, Subject, as_list, as_mapping


def service(subject: Subject) -> Finding:
    """gitops-engine: a load balancer needs an address; kstatus `serviceConditions`: where no status is
    reported at all, a clusterIP will do. Behind it, at least one of its endpoints must be ready.
    """
    awaited = "loadBalancer" in subject.status or not subject.spec.get("clusterIP")
    if subject.spec.get("type") == "LoadBalancer" and awaited and not _addresses(subject):
        cause = Cause("waiting for the cloud's load balancer")
        return Finding(Verdict.CONVERGING, "NoAddress", cause, subject.created)
    slices = [each for each in subject.relatives if each.owner_uid == subject.uid and each.key.kind == "EndpointSlice"]
    total, ready = sum(each.replicas for each in slices), sum(each.ready for each in slices)
    if total and not ready:
        return Finding(Verdict.CONVERGING, "NoEndpointReady", Cause(f"0 of {total} endpoints ready"))
    return Finding(Verdict.CONVERGED, "Reachable" if ready else "Assigned")


def endpoint_slice(subject: Subject) -> Finding:
    """It lists what its Service selects, and has done so. Only when none of it is ready does nobody get through;
    single Pods that are not ready say themselves why.
    """
    total, ready = ready_endpoints(subject.obj)
    if total and not ready:
        return Finding(Verdict.CONVERGING, "NoneReady", Cause(f"none of {total} endpoints ready"))
    return Finding(Verdict.CONVERGED, "Ready" if total else "NoEndpoints")


def ingress(subject: Subject) -> Finding:
    """gitops-engine: an Ingress is done when its controller has written an address."""
    if _addresses(subject):
        return Finding(Verdict.CONVERGED, "Assigned")
    return Finding(
        Verdict.CONVERGING, "NoAddress", Cause("no ingress controller has given it an address"), subject.created
    )


def _addresses(subject: Subject) -> bool:
    return bool(as_list(as_mapping(subject.status.get("loadBalancer")).get("ingress")))
