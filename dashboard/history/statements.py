"""Statements made once of a model: for a batch, making queries and instances costs ten times what the database does.

Their words are those that SQLite (3.24 and later) and PostgreSQL have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model, Value

T = TypeVar("T")
MANY = 400
"""Values in one statement: SQLite takes some hundred parameters in older builds."""


class Insert:
    """Rows of a model into its table, each the values of `fields` in their order.

    Of a row that is there already, by its fields `unique`, those in `update` are given the new values; where there are
    none to update it stays as it is.
    """

    def __init__(
        self, model: type[Model], fields: Sequence[str], *, unique: Sequence[str], update: Sequence[str] = ()
    ) -> None:
        self._json = _json(model, fields)
        self._marks = f"({', '.join(['%s'] * len(fields))})"
        self._head = f"INSERT INTO {_quoted(model._meta.db_table)} ({_columns(model, fields)}) VALUES "  # noqa: S608 - of a model's names
        new = ", ".join(f"{column} = excluded.{column}" for column in map(_quoted, _names(model, update)))
        self._tail = f" ON CONFLICT ({_columns(model, unique)}) DO {f'UPDATE SET {new}' if new else 'NOTHING'}"

    def run(self, rows: Iterable[Sequence[Any]]) -> int:
        """How many rows were written. Raises django.db.Error; OverflowError for a number that SQLite cannot hold."""
        rows = self._prepared(rows) if self._json else list(rows)
        if not rows:
            return 0
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":  # which prepares a statement once and runs it for each row
                cursor.executemany(f"{self._head}{self._marks}{self._tail}", rows)
                return int(cursor.rowcount)
            return sum(self._write(cursor, some) for some in chunks(rows))

    def _write(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> int:
        """One statement for all of them: for a server, each is a way there and back."""
        cursor.execute(self._head + ", ".join([self._marks] * len(rows)) + self._tail, list(chain.from_iterable(rows)))
        return int(cursor.rowcount)

    def _prepared(self, rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
        """With what the database's own driver takes for JSON."""
        found: list[Sequence[Any]] = []
        for row in rows:
            values = list(row)
            for place, each in self._json:
                values[place] = each.get_db_prep_save(values[place], connection)
            found.append(values)
        return found


class Select:
    """Fields of those rows of a model whose field `among` is one of some, and whose field `within`, if any, is one."""

    def __init__(self, model: type[Model], fields: Sequence[str], *, among: str, within: str = "") -> None:
        self._json = _json(model, fields)
        where = f"{_columns(model, [within])} = %s AND " if within else ""
        table = _quoted(model._meta.db_table)
        self._head = f"SELECT {_columns(model, fields)} FROM {table} WHERE {where}{_columns(model, [among])} IN "  # noqa: S608 - of a model's names

    def run(self, among: Sequence[Any], *within: Any) -> list[tuple[Any, ...]]:
        """The rows, in no order. Raises django.db.Error."""
        found: list[tuple[Any, ...]] = []
        with connection.cursor() as cursor:
            for some in chunks(among):
                cursor.execute(f"{self._head}({', '.join(['%s'] * len(some))})", [*within, *some])
                found += cursor.fetchall()
        return [self._read(row) for row in found] if self._json else found

    def _read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, each in self._json:
            values[place] = each.from_db_value(values[place], Value(None), connection)
        return tuple(values)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """In parts that fit into one statement."""
    return (values[start : start + MANY] for start in range(0, len(values), MANY))


def _json(model: type[Model], fields: Sequence[str]) -> list[tuple[int, JSONField[Any, Any]]]:
    """The places of the fields that Python's and the database's drivers have different values for."""
    found = ((place, model._meta.get_field(name)) for place, name in enumerate(fields))
    return [(place, each) for place, each in found if isinstance(each, JSONField)]


def _columns(model: type[Model], fields: Iterable[str]) -> str:
    return ", ".join(map(_quoted, _names(model, fields)))


def _names(model: type[Model], fields: Iterable[str]) -> list[str]:
    found = (model._meta.get_field(name) for name in fields)
    return [each.column for each in found if isinstance(each, Field) and each.column is not None]


def _quoted(name: str) -> str:
    """`group` is a word of the language."""
    return f'"{name}"'
