"""`/api/v1/openapi.json`: one table of what can be asked and how it is answered: the paths, and their description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from inspect import cleandoc
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from dashboard.core.model import Ended, Episode, Gap, Row, Verdict
from dashboard.history.filters import ENDED
from dashboard.live.bodies import dump
from dashboard.live.view import Usual
from dashboard.web import api

ROOT = "api/v1"
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
COUNTS = {"type": "object", "additionalProperties": COUNT, "propertyNames": {"enum": [str(each) for each in Verdict]}}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path or a query."""

    name: str
    meaning: str
    schema: Any
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked: its path below the root, its view, what it takes and what it answers with."""

    name: str
    path: str
    view: Callable[..., Any]
    summary: str
    answer: str
    parameters: tuple[Parameter, ...] = ()


CLUSTER = Parameter("name", "The cluster's name, as in the pages' addresses.", TEXT, "path")
FILTERS = (
    Parameter("namespace", "Exactly this namespace; - for objects without one.", TEXT),
    Parameter("kind", "A kind's name, or GROUP/KIND.", TEXT),
    Parameter("verdict", "Only this verdict.", {"type": "string", "enum": ["", *(str(each) for each in Verdict)]}),
    Parameter("q", "A piece of text in namespace/name, kind, images or cause.", TEXT),
    Parameter("owner", "Only what this object owns, and what that owns.", TEXT),
)
WINDOW = (
    Parameter("start", "Rows to leave out.", {"type": "integer", "minimum": 0, "maximum": api.MAX_START}),
    Parameter("count", "Rows at most.", {"type": "integer", "minimum": 0, "maximum": api.MAX_COUNT}),
)
PAST = (
    Parameter("namespace", "Exactly this namespace.", TEXT),
    Parameter("kind", "Exactly this kind.", TEXT),
    Parameter("name", "Exactly this name.", TEXT),
    Parameter("object", "Exactly this object, by id.", TEXT),
    Parameter("ended", "How it ended.", {"type": "string", "enum": ["", *ENDED]}),
    Parameter("slower", "Only those that took longer, in seconds.", NUMBER),
    Parameter("who", "The field manager that set it off.", TEXT),
    Parameter("fight", "1: only fights.", {"type": "string", "enum": ["", "0", "1"]}),
    Parameter("before", "The cursor of the answer before.", TEXT),
    Parameter("count", "Episodes at most.", {"type": "integer", "minimum": 1, "maximum": api.MAX_COUNT}),
)
OBJECT = tuple(
    Parameter(name, meaning, TEXT, "path")
    for name, meaning in (
        ("group", "The API group; core for none."),
        ("kind", "The kind."),
        ("namespace", "The namespace; - for none."),
        ("object_name", "The name."),
    )
)
KEY = Parameter("key", "The episode's key.", TEXT, "path")

ROUTES = (
    Route("clusters", "clusters", api.every_cluster, "All clusters that are shown.", "Clusters"),
    Route("rows", "clusters/{name}/rows", api.rows, "A window of the board.", "Window", (CLUSTER, *FILTERS, *WINDOW)),
    Route(
        "object",
        "clusters/{name}/objects/{group}/{kind}/{namespace}/{object_name}",
        api.one_object,
        "One object: desired, observed, the gaps between, its chain and its newest episode.",
        "ObjectView",
        (CLUSTER, *OBJECT),
    ),
    Route(
        "episodes", "clusters/{name}/episodes", api.episodes, "Episodes, newest first.", "Episodes", (CLUSTER, *PAST)
    ),
    Route("episode", "clusters/{name}/episodes/{key}", api.one_episode, "One episode.", "KeptEpisode", (CLUSTER, KEY)),
)


def patterns() -> list[URLPattern]:
    """The API's addresses."""
    found = [path(f"{ROOT}/{route.path.replace('{', '<str:').replace('}', '>')}", route.view) for route in ROUTES]
    return [*found, path(f"{ROOT}/openapi.json", page), path(f"{ROOT}/<path:rest>", api.nothing)]


@require_safe
async def page(request: HttpRequest) -> HttpResponse:
    """The document."""
    return HttpResponse(dump(document()), content_type="application/json")


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), whose schemas are JSON Schema 2020-12."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ReconcilerViz",
            "version": "1",
            "description": "What was declared, what is there, and the loop closing the distance. Read-only. "
            "Times are Unix seconds.",
        },
        "servers": [{"url": f"/{ROOT}"}],
        "security": [{"token": []}],
        "paths": {f"/{route.path}": {"get": _operation(route)} for route in ROUTES},
        "components": {"schemas": _schemas(), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(route: Route) -> dict[str, Any]:
    problem = {"content": {"application/problem+json": {"schema": _ref("Problem")}}}
    answer = {"content": {"application/json": {"schema": _ref(route.answer)}}, "description": route.summary}
    return {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            {
                "name": each.name,
                "in": each.place,
                "required": each.place == "path",
                "description": each.meaning,
                "schema": each.schema,
            }
            for each in route.parameters
        ],
        "responses": {"200": answer, "default": {**problem, "description": "What is wrong, in which field."}},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def _schemas() -> dict[str, Any]:
    """The values' own from their types; what is put together of them by hand."""
    types = [Row, Episode, Gap, Usual, Verdict, Ended]
    _, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    told = {name: {**each, "description": cleandoc(each.get("description", ""))} for name, each in found.items()}
    return {**told, **_answers()}


def _answers() -> dict[str, Any]:
    link = _object(
        id=TEXT, kind=TEXT, namespace=TEXT, name=TEXT, verdict=_ref("Verdict"), glance=TEXT, bar={},
        current={"type": "boolean"},
    )  # fmt: skip
    event = _object(type=TEXT, reason=TEXT, message=TEXT, count=COUNT, last=_maybe(NUMBER), source=TEXT)
    cause = _object(sentence=TEXT, at=TEXT, reason=TEXT)
    cluster = _object(
        name=TEXT, sandbox={"type": "boolean"}, allow_edits={"type": "boolean"}, state=TEXT, age=_maybe(NUMBER),
        error=TEXT, revision=COUNT, counts=COUNTS,
    )  # fmt: skip
    return {
        "Clusters": _object(clusters=_list(cluster)),
        "Window": _object(
            revision=COUNT, start=COUNT, total=COUNT, objects=COUNT, counts=COUNTS, rows=_list(_ref("Row"))
        ),
        "ObjectView": _object(
            id=TEXT, row=_ref("Row"), verdict=_ref("Verdict"), reason=TEXT, since=_maybe(NUMBER),
            at_least={"type": "boolean"}, cause=_maybe(cause), ledger=_list(_ref("Gap")),
            has_status=_maybe({"type": "boolean"}), chain=_list(_list(link)), events=_list(event),
            episode=_maybe(_ref("Episode")), usual=_maybe(_ref("Usual")), server_time=NUMBER,
        ),
        "KeptEpisode": _object(group=TEXT, kind=TEXT, namespace=TEXT, name=TEXT, episode=_ref("Episode")),
        "Episodes": _object(episodes=_list(_ref("KeptEpisode")), before=TEXT),
        "Problem": {
            **_object(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT),
            "description": "RFC 9457; field and value say what of the question is meant.",
        },
    }  # fmt: skip
