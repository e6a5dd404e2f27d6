"""What the API server fills in: pod specs, wherever they stand.

From `pkg/apis/core/v1/defaults.go` of Kubernetes 1.36.
"""

from __future__ import annotations

import re
from typing import Any

Spec = dict[str, Any]


def pod_spec(spec: Spec) -> None:
    """Defaults of a PodSpec in a template (in place)."""
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in _maps(spec.get(group)):
            _container(container, host_network=spec.get("hostNetwork") is True)
    for volume in _maps(spec.get("volumes")):
        _volume(volume)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    if "serviceAccountName" in spec or "serviceAccount" in spec:
        name = spec.get("serviceAccountName") or spec.get("serviceAccount")
        spec["serviceAccountName"] = spec["serviceAccount"] = name
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")


def pod(obj: dict[str, Any]) -> None:
    """Defaults of a Pod: a template's and a few more."""
    spec = obj.setdefault("spec", {})
    pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    _requests_from_limits(spec)


def _maps(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def pull_policy(image: str) -> str:
    """Always for `latest` or no tag, IfNotPresent otherwise."""
    last = image.rsplit("/", 1)[-1]
    tagged = re.search(r":([^:@]+)$", last.split("@")[0])
    if "@" in last and not tagged:
        return "IfNotPresent"
    return "IfNotPresent" if tagged and tagged[1] != "latest" else "Always"


def _container(container: Spec, host_network: bool) -> None:
    for port in _maps(container.get("ports")):
        port.setdefault("protocol", "TCP")
        if host_network and "containerPort" in port:
            port.setdefault("hostPort", port["containerPort"])
    for variable in _maps(container.get("env")):
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(reference, dict):
            reference.setdefault("apiVersion", "v1")
    container.setdefault("resources", {})
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            _probe(container[name])
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", pull_policy(str(container.get("image") or "")))


def _probe(probe: Spec) -> None:
    if isinstance(probe.get("httpGet"), dict):
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")
    if isinstance(probe.get("grpc"), dict):
        probe["grpc"].setdefault("service", "")
    for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe[key] = probe.get(key) or value


MODES = {"secret": 420, "configMap": 420, "downwardAPI": 420, "projected": 420}


def _volume(volume: Spec) -> None:
    if not set(volume) - {"name"}:
        volume["emptyDir"] = {}
    for source, mode in MODES.items():
        if isinstance(volume.get(source), dict):
            volume[source].setdefault("defaultMode", mode)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")


def _requests_from_limits(spec: Spec) -> None:
    for group in ("initContainers", "containers"):
        for container in _maps(spec.get(group)):
            resources = container.get("resources")
            if not isinstance(resources, dict):
                continue
            limits = resources.get("limits")
            if isinstance(limits, dict) and limits:
                requests = resources.setdefault("requests", {})
                for name, amount in limits.items():
                    requests.setdefault(name, amount)


def qos_class(spec: Spec) -> str:
    """Guaranteed, Burstable or BestEffort, from requests and limits of cpu and memory."""
    containers = _maps(spec.get("initContainers")) + _maps(spec.get("containers"))
    resources = [c.get("resources") or {} for c in containers]
    named = [{k: (r.get(k) or {}) for k in ("requests", "limits")} for r in resources]
    if not any(r["requests"].get(n) or r["limits"].get(n) for r in named for n in ("cpu", "memory")):
        return "BestEffort"
    for r in named:
        for n in ("cpu", "memory"):
            if not r["limits"].get(n) or r["requests"].get(n, r["limits"][n]) != r["limits"][n]:
                return "Burstable"
    return "Guaranteed"
