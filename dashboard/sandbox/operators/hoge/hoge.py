"""The smallest operator: it answers every Hoge. Also runs as `kopf run hoge.py`."""

from typing import Any

import kopf


@kopf.on.resume("stable.example.com", "v1", "hoges")
@kopf.on.create("stable.example.com", "v1", "hoges")
@kopf.on.update("stable.example.com", "v1", "hoges", field="spec")
def answer(spec: kopf.Spec, patch: kopf.Patch, **_: Any) -> None:
    """Say in the status that somebody has read the spec."""
    patch.status["phase"] = f"Ready with size {spec['size']}"
