"""Definitions and examples, created through the API as `kubectl apply` would."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from dashboard.sandbox.operators.kube import Kube, KubeError

FOLDER = Path(__file__).parent
SERVED_SECONDS = 10.0
"""How long a definition may take until its kind is served."""


async def definitions(kube: Kube, operators: Iterable[str]) -> None:
    """The definition of each operator's kind, established. Raises KubeError."""
    for operator in operators:
        name = (await kube.apply(_read(operator, "crd.yaml")))["metadata"]["name"]
        end = asyncio.get_running_loop().time() + SERVED_SECONDS
        while not await _established(kube, name):
            if asyncio.get_running_loop().time() > end:
                raise KubeError(0, "NotEstablished", f"{name} is not served after {SERVED_SECONDS:.0f} s")
            await asyncio.sleep(0.05)


async def examples(kube: Kube, operators: Iterable[str]) -> None:
    """One object of each kind, where it is not there yet. Raises KubeError."""
    for operator in operators:
        try:
            await kube.create(_read(operator, "example.yaml"))
        except KubeError as error:
            if error.reason != "AlreadyExists":
                raise


async def _established(kube: Kube, name: str) -> bool:
    definition = await kube.get("CustomResourceDefinition", "", name) or {}
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _read(operator: str, file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / operator / file).read_text(encoding="utf-8"))
    return content
