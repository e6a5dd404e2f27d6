"""What a viewer asks of the board: the filter, what it matches, and the order of what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any
from urllib.parse import urlencode

from dashboard.core.model import Row, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.live.blocks import Key

VERDICTS: tuple[Verdict, ...] = tuple(Verdict)
"""Every verdict, in the order in which rows are listed."""

LIMITS = {"namespace": 253, "kind": 400, "verdict": 20, "q": 200, "owner": 1200}
"""The longest accepted text of each field, in characters."""

NO_NAMESPACE = "-"


class QueryError(ValueError):
    """A field of a query that cannot be used: which, what it held, and what is accepted."""

    def __init__(self, field: str, value: object, accepted: str) -> None:
        self.field = field
        self.value = value
        self.accepted = accepted
        super().__init__(f"{field} is {shown(value)}; accepted: {accepted}")


def shown(value: object, limit: int = 80) -> str:
    """A stranger's value for an error message: its type when it is not text, and never the whole of it."""
    if not isinstance(value, str):
        return f"a {type(value).__name__}" if isinstance(value, list | dict) else repr(value)[:limit]
    return repr(value if len(value) <= limit else value[: limit - 1] + "…")


@dataclass(frozen=True, slots=True)
class Query:
    """A filter over the board; an empty field filters nothing.

    `namespace` is exact, `-` for objects without one; `kind` a kind's name, or `group/Kind` where a name is not
    enough (`core/Event`), in any case; `q` a piece of text found in namespace/name, kind, images or cause, in any
    case; `owner` the id of an object whose descendants are wanted.
    """

    namespace: str = ""
    kind: str = ""
    verdict: str = ""
    q: str = ""
    owner: str = ""

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Query:
        """Read a query from a form, a URL or a message; other fields are not its business and are left alone.

        Raises QueryError naming the first field that cannot be used.
        """
        read = {name: _text(name, values.get(name, "")) for name in LIMITS}
        if read["verdict"] and read["verdict"] not in set(VERDICTS):
            raise QueryError("verdict", read["verdict"], "empty, " + ", ".join(VERDICTS))
        if read["owner"]:
            try:
                read["owner"] = ObjectKey.parse(read["owner"]).id
            except ValueError as problem:
                raise QueryError("owner", read["owner"], "GROUP/KIND/NAMESPACE/NAME") from problem
        return cls(**read)

    @property
    def text(self) -> str:
        """The canonical URL form: the fields that filter, in a fixed order. Equal queries have equal texts."""
        fields = ((name, getattr(self, name)) for name in LIMITS)
        return urlencode([(name, value) for name, value in fields if value])

    @property
    def folds(self) -> bool:
        """Whether children are folded under their owners: not when somebody asks for kinds, names or children."""
        return not (self.kind or self.q or self.owner)

    def matches(self, row: Row) -> bool:
        """Whether a row passes the filters on itself: all but `verdict` (a facet) and `owner` (a relation)."""
        if self.namespace and self.namespace != (row.namespace or NO_NAMESPACE):
            return False
        if self.kind and self.kind.casefold() not in (
            row.kind.casefold(),
            f"{row.group or 'core'}/{row.kind}".casefold(),
        ):
            return False
        return not self.q or self.q.casefold() in haystack(row)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise QueryError(name, value, "text")
    value = value.strip()
    if len(value) > LIMITS[name]:
        raise QueryError(name, value, f"at most {LIMITS[name]} characters")
    return value


def haystack(row: Row) -> str:
    """The text in which `q` is looked for."""
    return f"{row.namespace}/{row.name}\n{row.kind}\n{row.images}\n{row.cause}".casefold()


def order_key(row: Row) -> Key:
    """A row's place among rows of its verdict: what has not converged oldest first (no time last), the rest by name."""
    age = 0.0 if row.verdict is Verdict.CONVERGED else inf if row.since is None else row.since
    return (age, row.kind, row.namespace, row.name, row.id)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a query's result, as of the board's `revision`.

    `rows` are in order; `total` counts what the query finds; `counts` the same per verdict before the query's
    own verdict is applied; `objects` every object that matches, those folded under their owners included.
    """

    revision: int
    rows: tuple[Row, ...]
    total: int
    counts: dict[Verdict, int]
    objects: int
