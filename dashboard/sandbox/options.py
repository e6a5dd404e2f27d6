"""What a request says besides its object: who asks, dry run, validation, deletion policy, listing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dashboard.sandbox.failures import bad_request


@dataclass(slots=True)
class Write:
    """Parameters of a write. `warnings` collects what the response's Warning headers say."""

    manager: str
    dry_run: bool = False
    force: bool = False
    validation: str = "Warn"
    """fieldValidation: Strict, Warn or Ignore."""
    warnings: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    """Paths of fields that the body has twice; a parsed object cannot show them."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Parameters of a deletion; `grace` in seconds, None = the kind's default."""

    propagation: str = ""
    grace: float | None = None
    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False
    orphan: bool | None = None

    @classmethod
    def parse(cls, body: dict[str, Any]) -> Delete:
        """From a DeleteOptions object. Raises ApiFailure 400 or 422-like texts for impossible values."""
        conditions = body.get("preconditions") or {}
        policy = body.get("propagationPolicy") or ""
        if policy not in ("", "Orphan", "Background", "Foreground"):
            raise bad_request(f'invalid propagation policy "{policy}"')
        grace = body.get("gracePeriodSeconds")
        if grace is not None and (isinstance(grace, bool) or not isinstance(grace, int) or grace < 0):
            raise bad_request("gracePeriodSeconds must be a whole number of seconds, 0 or more")
        return cls(
            propagation=policy,
            grace=grace,
            uid=conditions.get("uid"),
            resource_version=conditions.get("resourceVersion"),
            dry_run=body.get("dryRun") == ["All"],
            orphan=body.get("orphanDependents"),
        )
