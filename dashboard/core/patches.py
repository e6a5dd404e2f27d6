"""What an edit comes down to: one patch, or the reason why there is none."""

from __future__ import annotations

from typing import Any, NamedTuple

from dashboard.core.objects import plain

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"


class EditError(ValueError):
    """A form that cannot be carried out. `field` is the form's own name, `value` what it held, `accepted` what it
    may hold instead. It changes nothing."""

    def __init__(self, field: str, value: str, accepted: str) -> None:
        self.field = field
        self.value = plain(value, 200)
        self.accepted = accepted
        super().__init__(f"{field} is {self.value!r}, but must be {accepted}" if value else f"{field}: {accepted}")


class Patch(NamedTuple):
    """One request: the subresource it goes to ("" for the object), its content type and its body."""

    subresource: str
    content_type: str
    body: Any
