"""Parts of table cells: durations, label selectors, containers: as kubectl's users know them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Obj = dict[str, Any]

NONE = "<none>"
UNKNOWN = "<unknown>"

NAME_TEXT = (
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow "
    "a client to request the generation of an appropriate name automatically. Name is primarily intended for creation "
    "idempotence and configuration definition. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
)
AGE_TEXT = (
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed "
    "to be set in happens-before order across separate operations. Clients may not set this value. It is represented "
    "in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column and how its cell is computed from (object, now in Unix seconds)."""

    name: str
    cell: Callable[[Obj, float], Any]
    priority: int = 0
    type: str = "string"
    format: str = ""
    description: str = ""

    def definition(self) -> Obj:
        """The TableColumnDefinition."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def moment(text: Any) -> float | None:
    """An RFC 3339 time as Unix seconds; None for anything else."""
    if not isinstance(text, str) or not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def human(seconds: float) -> str:
    """A duration as apimachinery's HumanDuration writes it: 3s, 2m5s, 10m, 3h, 2d4h, 5y."""
    if seconds < -1:
        return "<invalid>"
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    return _long(whole)


def _long(whole: int) -> str:
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours < 8:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    years, over = divmod(days, 365)
    return f"{years}y{over}d" if years < 8 and over else f"{years}y"


def since(text: Any, now: float) -> str:
    """How long ago a time was, or <unknown>."""
    at = moment(text)
    return UNKNOWN if at is None else human(now - at)


def name(obj: Obj, now: float) -> str:
    """metadata.name."""
    return str(obj["metadata"].get("name", ""))


def age(obj: Obj, now: float) -> str:
    """Time since creation."""
    return since(obj["metadata"].get("creationTimestamp"), now)


NAME = Column("Name", name, format="name", description=NAME_TEXT)
AGE = Column("Age", age, description=AGE_TEXT)
CREATED_AT = Column(
    "Created At",
    lambda obj, now: obj["metadata"].get("creationTimestamp"),
    type="date",
    description=AGE_TEXT,
)


def dig(obj: Any, path: str, default: Any = None) -> Any:
    """A field by its dotted path; `default` where it is missing or null."""
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return default if obj is None else obj


def field(path: str, default: Any = "") -> Callable[[Obj, float], Any]:
    """A cell that shows one field."""
    return lambda obj, now: dig(obj, path, default)


def selector(value: Any) -> str:
    """A label selector in one line."""
    from dashboard.sandbox.scale import selector_text  # noqa: PLC0415 - scale imports the API layer

    if isinstance(value, dict) and not ({"matchLabels", "matchExpressions"} & value.keys()):
        value = {"matchLabels": value}
    return selector_text(value) or NONE


def containers(path: str) -> tuple[Column, Column]:
    """The columns Containers and Images of a pod spec at `path`."""
    listed = field(f"{path}.containers", ())
    return (
        Column(
            "Containers",
            lambda o, n: ",".join(c.get("name", "") for c in listed(o, n)),
            1,
            description="Names of each container in the template.",
        ),
        Column(
            "Images",
            lambda o, n: ",".join(c.get("image", "") for c in listed(o, n)),
            1,
            description="Images referenced by each container in the template.",
        ),
    )


def compact(value: Any) -> str:
    """Any value in one line."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
