"""Short ways to tell a board something and to ask it."""

from __future__ import annotations

from dashboard.core.objects import ResourceType
from dashboard.live.board import Board
from dashboard.live.query import Query
from tests.live.factory import Clock, Obj, deployment, pod, replicaset


def a_board() -> Board:
    return Board(Clock())


def put(board: Board, resource: ResourceType, *objects: Obj) -> None:
    for obj in objects:
        board.apply(resource, "ADDED", obj)


def listed(board: Board, resource: ResourceType, *objects: Obj) -> None:
    board.begin(resource)
    board.page(resource, list(objects))
    board.end(resource)


def ids(board: Board, **query: str) -> list[str]:
    return [row.id for row in board.select(Query(**query)).rows]


def a_shop(state: str = "ready") -> tuple[Obj, Obj, Obj]:
    ready = 1 if state == "ready" else 0
    top = deployment("web", want=1, ready=ready)
    middle = replicaset("web-1", top, want=1, ready=ready)
    return top, middle, pod("web-1-a", middle, state=state)
