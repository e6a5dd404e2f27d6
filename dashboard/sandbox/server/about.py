"""Paths that tell about the server itself: version, health, the list of paths."""

from __future__ import annotations

from typing import Any

from dashboard.sandbox.registry import Registry

VERSION: dict[str, Any] = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2+sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-08-21T11:29:11Z",
    "goVersion": "",
    "compiler": "python",
    "platform": "linux/amd64",
}
"""What is imitated: kubectl compares major and minor with its own."""

CHECKS = ("ping", "log", "store", "controllers")


def health(path: str, verbose: bool) -> str:
    """The body of /healthz, /livez and /readyz."""
    if not verbose:
        return "ok"
    name = path.strip("/").split("/", maxsplit=1)[0]
    return "".join(f"[+]{check} ok\n" for check in CHECKS) + f"{name} check passed\n"


def paths(registry: Registry) -> dict[str, Any]:
    """The body of /."""
    out = ["/api", "/api/v1", "/apis", "/apis/"]
    for name, versions in registry.groups().items():
        if name:
            out.append(f"/apis/{name}")
            out += [f"/apis/{name}/{version}" for version in versions]
    out += ["/healthz", "/livez", "/openapi/v3", "/openapi/v3/", "/readyz", "/version"]
    return {"paths": sorted(out)}
