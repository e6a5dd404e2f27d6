"""Pod specs: containers, images, ports, volumes, resources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from dashboard.sandbox.validation.errors import Errors
from dashboard.sandbox.validation.names import label_error

Obj = dict[str, Any]

QUANTITY = re.compile(r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$")
SUFFIXES = {
    "": 0,
    "n": -9,
    "u": -6,
    "m": -3,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")


def quantity(text: Any) -> Decimal | None:
    """A Kubernetes quantity as a number, or None if it is none."""
    found = QUANTITY.match(str(text))
    if not found:
        return None
    suffix = found[2]
    try:
        number = Decimal(found[1])
        if suffix in BINARY:
            return number * Decimal(1024) ** BINARY[suffix]
        if suffix in SUFFIXES:
            return number.scaleb(SUFFIXES[suffix])
        return Decimal(f"{found[1]}{suffix}") if suffix[:1] in "eE" else None
    except InvalidOperation:
        return None


def pod_spec(
    errors: Errors,
    path: str,
    spec: Obj,
    restart: Iterable[str] = ("Always", "OnFailure", "Never"),
    claims: frozenset[str] = frozenset(),
) -> None:
    """Check a PodSpec at `path`, whose restartPolicy must be one of `restart`; `claims` can be mounted besides."""
    volumes = _volumes(errors, f"{path}.volumes", spec.get("volumes") or []) | claims
    if not spec.get("containers"):
        errors.required(f"{path}.containers")
    seen: set[str] = set()
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or ()):
            at = f"{path}.{group}[{index}]"
            _container(errors, at, container, volumes)
            name = container.get("name")
            if name in seen:
                errors.duplicate(f"{at}.name", name)
            seen.add(name or "")
    policy = spec.get("restartPolicy")
    if policy not in tuple(restart):
        errors.unsupported(f"{path}.restartPolicy", policy, restart)
    errors.at_least_0(f"{path}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"))


def _volumes(errors: Errors, path: str, volumes: list[Obj]) -> set[str]:
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        name = volume.get("name")
        if not name:
            errors.required(f"{path}[{index}].name")
        elif name in names:
            errors.duplicate(f"{path}[{index}].name", name)
        else:
            for text in label_error(name):
                errors.invalid(f"{path}[{index}].name", name, text)
        names.add(name or "")
    return names


def _container(errors: Errors, path: str, container: Obj, volumes: set[str]) -> None:
    name, image = container.get("name"), container.get("image")
    if not name:
        errors.required(f"{path}.name")
    else:
        for text in label_error(name):
            errors.invalid(f"{path}.name", name, text)
    if not image:
        errors.required(f"{path}.image")
    elif image != image.strip():
        errors.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    if container.get("imagePullPolicy") not in (*PULL_POLICIES, None):
        errors.unsupported(f"{path}.imagePullPolicy", container["imagePullPolicy"], PULL_POLICIES)
    for index, port in enumerate(container.get("ports") or ()):
        _port(errors, f"{path}.ports[{index}]", port)
    for index, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            errors.required(f"{path}.env[{index}].name")
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        at = f"{path}.volumeMounts[{index}]"
        if not mount.get("mountPath"):
            errors.required(f"{at}.mountPath")
        if mount.get("name") not in volumes:
            errors.not_found(f"{at}.name", mount.get("name", ""))
    resources(errors, f"{path}.resources", container.get("resources") or {})


def port_number(errors: Errors, path: str, value: Any) -> None:
    """A port from 1 to 65535."""
    if not isinstance(value, int) or not 1 <= value <= 65535:
        errors.invalid(path, value, "must be between 1 and 65535, inclusive")


def _port(errors: Errors, path: str, port: Obj) -> None:
    if not port.get("containerPort"):
        errors.required(f"{path}.containerPort")
    else:
        port_number(errors, f"{path}.containerPort", port["containerPort"])
    if port.get("protocol") not in PROTOCOLS:
        errors.unsupported(f"{path}.protocol", port.get("protocol"), PROTOCOLS)


def resources(errors: Errors, path: str, value: Obj) -> None:
    """Requests and limits: quantities, not negative, requests within limits."""
    limits, requests = value.get("limits") or {}, value.get("requests") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            parsed = quantity(amount)
            if parsed is not None and parsed < 0:
                errors.invalid(f"{path}.{kind}[{name}]", amount, "must be greater than or equal to 0")
    for name, amount in requests.items():
        wanted, most = quantity(amount), quantity(limits.get(name))
        if wanted is not None and most is not None and wanted > most:
            text = f"must be less than or equal to {name} limit of {limits[name]}"
            errors.invalid(f"{path}.requests", amount, text)
