"""Everything else as table rows (from kube-apiserver's internal printers)."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.tables.cells import AGE, CREATED_AT, NAME, NONE, Column, dig, field, since
from dashboard.sandbox.tables.cells import selector as selector_text

Obj = dict[str, Any]


def _size(*paths: str) -> Any:
    return lambda obj, now: sum(len(dig(obj, path, ())) for path in paths)


NAMESPACE = (NAME, Column("Status", field("status.phase"), description="The status of the namespace"), AGE)
CONFIG_MAP = (NAME, Column("Data", _size("data", "binaryData")), AGE)
SECRET = (NAME, Column("Type", field("type")), Column("Data", _size("data")), AGE)
SERVICE_ACCOUNT = (NAME, Column("Secrets", _size("secrets")), AGE)


def _external(service: Obj, now: float) -> str:
    kind = dig(service, "spec.type", "ClusterIP")
    addresses = list(dig(service, "spec.externalIPs", []))
    if kind == "ExternalName":
        return str(dig(service, "spec.externalName", NONE))
    if kind == "LoadBalancer":
        given = [i.get("ip") or i.get("hostname") for i in dig(service, "status.loadBalancer.ingress", [])]
        return ",".join([*given, *addresses]) or "<pending>"
    return ",".join(addresses) or NONE


def _ports(service: Obj, now: float) -> str:
    out = []
    for port in dig(service, "spec.ports", []):
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        out.append(f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(out) or NONE


SERVICE = (
    NAME,
    Column("Type", field("spec.type")),
    Column("Cluster-IP", field("spec.clusterIP", NONE)),
    Column("External-IP", _external),
    Column("Port(s)", _ports),
    AGE,
    Column("Selector", lambda obj, now: selector_text(dig(obj, "spec.selector", {})), 1),
)


def _hosts(ingress: Obj, now: float) -> str:
    hosts = [rule["host"] for rule in dig(ingress, "spec.rules", []) if rule.get("host")]
    return ",".join(hosts[:3]) + (f" + {len(hosts) - 3} more..." if len(hosts) > 3 else "") if hosts else "*"


def _address(ingress: Obj, now: float) -> str:
    return ",".join(i.get("ip") or i.get("hostname") or "" for i in dig(ingress, "status.loadBalancer.ingress", []))


INGRESS = (
    NAME,
    Column("Class", field("spec.ingressClassName", NONE)),
    Column("Hosts", _hosts),
    Column("Address", _address),
    Column("Ports", lambda obj, now: "80, 443" if dig(obj, "spec.tls") else "80"),
    AGE,
)


def _first(event: Obj, now: float) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def _last(event: Obj, now: float) -> str:
    seen = dig(event, "series.lastObservedTime") or event.get("lastTimestamp")
    return since(seen, now) if seen else _first(event, now)


def _object(event: Obj, now: float) -> str:
    kind = str(dig(event, "involvedObject.kind", "")).lower()
    name = dig(event, "involvedObject.name", "")
    return f"{kind}/{name}" if name else kind


def _source(event: Obj, now: float) -> str:
    component = dig(event, "source.component", "") or event.get("reportingComponent") or ""
    host = dig(event, "source.host", "") or event.get("reportingInstance") or ""
    return f"{component}, {host}" if host else str(component)


EVENT = (
    Column("Last Seen", _last),
    Column("Type", field("type")),
    Column("Reason", field("reason")),
    Column("Object", _object),
    Column("Subobject", field("involvedObject.fieldPath"), 1),
    Column("Source", _source, 1),
    Column("Message", lambda obj, now: str(obj.get("message") or "").strip()),
    Column("First Seen", _first, 1),
    Column("Count", lambda obj, now: dig(obj, "series.count") or obj.get("count") or 1, 1, type="integer"),
    Column("Name", lambda obj, now: obj["metadata"]["name"], 1, format="name"),
)


def _modes(path: str) -> Any:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return lambda obj, now: ",".join(short.get(mode, mode) for mode in dig(obj, path, []))


def _claim_phase(claim: Obj, now: float) -> str:
    return "Terminating" if claim["metadata"].get("deletionTimestamp") else str(dig(claim, "status.phase", ""))


CLAIM = (
    NAME,
    Column("Status", _claim_phase),
    Column("Volume", field("spec.volumeName")),
    Column("Capacity", field("status.capacity.storage")),
    Column("Access Modes", _modes("status.accessModes")),
    Column("StorageClass", field("spec.storageClassName")),
    Column("VolumeAttributesClass", field("spec.volumeAttributesClassName", "<unset>")),
    AGE,
    Column("VolumeMode", field("spec.volumeMode"), 1),
)


def _claim_of(volume: Obj, now: float) -> str:
    reference = dig(volume, "spec.claimRef")
    return f"{reference.get('namespace')}/{reference.get('name')}" if reference else ""


VOLUME = (
    NAME,
    Column("Capacity", field("spec.capacity.storage")),
    Column("Access Modes", _modes("spec.accessModes")),
    Column("Reclaim Policy", field("spec.persistentVolumeReclaimPolicy")),
    Column("Status", _claim_phase),
    Column("Claim", _claim_of),
    Column("StorageClass", field("spec.storageClassName")),
    Column("VolumeAttributesClass", field("spec.volumeAttributesClassName", "<unset>")),
    Column("Reason", field("status.reason")),
    AGE,
    Column("VolumeMode", field("spec.volumeMode"), 1),
)


def _default_class(obj: Obj, now: float) -> str:
    marks = obj["metadata"].get("annotations") or {}
    default = marks.get("storageclass.kubernetes.io/is-default-class") == "true"
    return f"{obj['metadata']['name']} (default)" if default else str(obj["metadata"]["name"])


STORAGE_CLASS = (
    Column("Name", _default_class, format="name"),
    Column("Provisioner", field("provisioner")),
    Column("ReclaimPolicy", field("reclaimPolicy")),
    Column("VolumeBindingMode", field("volumeBindingMode")),
    Column("AllowVolumeExpansion", lambda obj, now: bool(obj.get("allowVolumeExpansion"))),
    AGE,
)


def _some(items: list[str], most: int = 3) -> str:
    more = f" + {len(items) - most} more..." if len(items) > most else ""
    return ",".join(items[:most]) + more if items else ""


def _endpoints(obj: Obj, now: float) -> str:
    out = []
    for subset in obj.get("subsets") or ():
        for address in subset.get("addresses") or ():
            ports = subset.get("ports") or [{}]
            out += [f"{address.get('ip')}:{p['port']}" if "port" in p else str(address.get("ip")) for p in ports]
    return _some(out) or NONE


ENDPOINTS = (NAME, Column("Endpoints", _endpoints), AGE)


def _slice_ports(obj: Obj, now: float) -> str:
    return _some([str(port.get("port", "*")) for port in obj.get("ports") or ()]) or "<unset>"


def _slice_addresses(obj: Obj, now: float) -> str:
    return _some([a for e in obj.get("endpoints") or () for a in e.get("addresses") or ()]) or "<unset>"


ENDPOINT_SLICE = (
    NAME,
    Column("AddressType", field("addressType")),
    Column("Ports", _slice_ports),
    Column("Endpoints", _slice_addresses),
    AGE,
)


def _quota(limits: bool) -> Any:
    def cell(quota: Obj, now: float) -> str:
        hard, used = dig(quota, "status.hard", {}), dig(quota, "status.used", {})
        names = sorted(name for name in hard if name.startswith("limits") is limits)
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return cell


QUOTA = (NAME, Column("Request", _quota(False)), Column("Limit", _quota(True)), AGE)
LEASE = (NAME, Column("Holder", field("spec.holderIdentity")), AGE)
PRIORITY = (
    NAME,
    Column("Value", field("value", 0), type="integer"),
    Column("Global-Default", lambda obj, now: bool(obj.get("globalDefault")), type="boolean"),
    AGE,
    Column("PreemptionPolicy", field("preemptionPolicy"), 1),
)
NETWORK_POLICY = (
    NAME,
    Column("Pod-Selector", lambda obj, now: selector_text(dig(obj, "spec.podSelector", {}))),
    AGE,
)
INGRESS_CLASS = (
    NAME,
    Column("Controller", field("spec.controller")),
    Column("Parameters", field("spec.parameters.name", NONE)),
    AGE,
)
RUNTIME_CLASS = (NAME, Column("Handler", field("handler")), AGE)
BINDING = (NAME, Column("Role", lambda o, n: f"{dig(o, 'roleRef.kind', '')}/{dig(o, 'roleRef.name', '')}"), AGE)
PLAIN = (NAME, CREATED_AT)
