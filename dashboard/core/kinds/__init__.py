"""One small function per built-in kind, and the one map from kind to function.

To add a kind: write the function (its docstring cites where the rule is written down), add it to `KINDS`,
and add fixtures `tests/core/fixtures/<kind>-<state>.yaml` for at least two verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.core.kinds import pods, workloads
from dashboard.core.subject import Finding, Subject

Rule = Callable[[Subject], Finding | None]
"""A kind's rule. None hands the object on to the generic rules."""

KINDS: Mapping[tuple[str, str], Rule] = {
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "ReplicaSet"): workloads.replica_set,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("", "Pod"): pods.pod,
}
