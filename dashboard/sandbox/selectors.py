"""Label and field selectors: parsed from a request, matched against objects.

Grammar and messages follow `k8s.io/apimachinery/pkg/labels` and `fields`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.sandbox.failures import bad_request

_TOKEN = re.compile(
    r"\s*(?:(notin|in|exists)\b(?=\s*\()|([A-Za-z0-9][-A-Za-z0-9_./]*|[A-Za-z0-9])|(==|!=|=|!|,|\(|\)|<|>))"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label; `operator` is one of in, notin, exists, absent, gt, lt."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, Any]) -> bool:
        """Whether these labels fulfil it."""
        present = self.key in labels
        value = labels.get(self.key)
        if self.operator == "in":
            return present and value in self.values
        if self.operator == "notin":
            return not present or value not in self.values
        if self.operator in ("gt", "lt"):
            return present and _compare(str(value), next(iter(self.values)), self.operator)
        return present if self.operator == "exists" else not present


def _compare(value: str, bound: str, operator: str) -> bool:
    if not re.fullmatch(r"[+-]?\d+", value):
        return False
    return int(value) > int(bound) if operator == "gt" else int(value) < int(bound)


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All requirements must hold; none at all matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, Any] | None) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.matches(labels or {}) for requirement in self.requirements)


def _tokens(text: str) -> list[str]:
    out, position = [], 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            if text[position:].strip():
                raise ValueError(text[position:].strip()[:40])
            break
        out.append(next(group for group in found.groups() if group))
        position = found.end()
    return out


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def take(self) -> str:
        return self.tokens.pop(0) if self.tokens else ""

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def values(self) -> frozenset[str]:
        if self.take() != "(":
            raise ValueError("expected '('")
        out: list[str] = []
        while (piece := self.take()) not in (")", ""):
            if piece != ",":
                out.append(piece)
            elif self.peek() in (",", ")"):
                out.append("")
        if piece != ")":
            raise ValueError("expected ')'")
        return frozenset(out)

    def requirement(self) -> Requirement:
        if self.peek() == "!":
            self.take()
            return Requirement(self.take(), "absent")
        key = self.take()
        if not re.match(r"[A-Za-z0-9]", key):
            raise ValueError(f"found '{key}', expected: !, identifier, or 'end of string'")
        operator = self.peek()
        if operator in ("", ","):
            return Requirement(key, "exists")
        self.take()
        if operator in ("in", "notin"):
            return Requirement(key, operator, self.values())
        if operator in ("=", "==", "!=", "<", ">"):
            value = "" if self.peek() in (",", "") else self.take()
            names = {"!=": "notin", "<": "lt", ">": "gt"}
            return Requirement(key, names.get(operator, "in"), frozenset({value}))
        raise ValueError(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def parse_labels(text: str) -> LabelSelector:
    """A `labelSelector` parameter. Raises ApiFailure 400 on bad syntax."""
    try:
        parser = _Parser(_tokens(text))
        out: list[Requirement] = []
        while parser.peek():
            out.append(parser.requirement())
            if (separator := parser.take()) not in (",", ""):
                raise ValueError(f"found '{separator}', expected: ',' or 'end of string'")
    except ValueError as error:
        raise bad_request(f"unable to parse requirement: {error}") from error
    return LabelSelector(tuple(out))


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Conditions on single fields: (path, value, whether it must be equal)."""

    terms: tuple[tuple[str, str, bool], ...] = ()

    def matches(self, obj: Mapping[str, Any]) -> bool:
        """Whether the object's fields have (or do not have) these values."""
        return all((field_text(obj, path) == value) is equal for path, value, equal in self.terms)


def field_text(obj: Mapping[str, Any], path: str) -> str:
    """A field as selectors compare it: absent is empty, booleans in lower case."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


_COMMON = frozenset({"metadata.name", "metadata.namespace"})
FIELDS: dict[str, frozenset[str]] = {
    "pods": frozenset(
        [
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ]
    ),
    "events": frozenset(
        [
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ]
    ),
    "nodes": frozenset({"spec.unschedulable"}),
    "namespaces": frozenset({"status.phase"}),
    "secrets": frozenset({"type"}),
    "services": frozenset({"spec.clusterIP", "spec.type"}),
    "replicasets.apps": frozenset({"status.replicas"}),
    "replicationcontrollers": frozenset({"status.replicas"}),
    "jobs.batch": frozenset({"status.successful"}),
}


def parse_fields(text: str, storage: str, extra: frozenset[str] = frozenset()) -> FieldSelector:
    """A `fieldSelector` parameter. Raises ApiFailure 400 for fields the kind has no index for."""
    terms: list[tuple[str, str, bool]] = []
    allowed = _COMMON | FIELDS.get(storage, frozenset()) | extra
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        path, operator, value = _split_term(part)
        if path not in allowed:
            raise bad_request(f"field label not supported: {path}")
        terms.append((path, value, operator != "!="))
    return FieldSelector(tuple(terms))


def _split_term(part: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        if operator in part:
            path, _, value = part.partition(operator)
            return path.strip(), operator, value.strip()
    raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
