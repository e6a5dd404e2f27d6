from __future__ import annotations

import pytest

from dashboard.core.model import Verdict
from dashboard.live.query import Query
from tests.live.boards import a_board, a_shop, ids, put
from tests.live.factory import (
    DEPLOYMENT,
    HPA,
    NOW,
    POD,
    REPLICASET,
    WIDGET,
    deployment,
    hpa,
    pod,
    replicaset,
    widget,
)

WEB, RS = "apps/Deployment/shop/web", "apps/ReplicaSet/shop/web-1"
HPA_ID = "autoscaling/HorizontalPodAutoscaler/shop/web"


def test_an_owner_carries_its_childs_cause_long_before_its_own_deadline() -> None:
    board = a_board()
    top, middle, child = a_shop("bad-image")
    put(board, DEPLOYMENT, top)
    board.tick(NOW)
    assert board.row(WEB).verdict is Verdict.CONVERGING  # type: ignore[union-attr]  # None would fail as loudly
    put(board, REPLICASET, middle)
    put(board, POD, child)
    changed = board.tick(NOW)
    row = board.row(WEB)
    assert row is not None
    assert row.verdict is Verdict.STALLED
    assert row.cause_at == "core/Pod/shop/web-1-a"
    assert WEB in changed


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    kinds = (DEPLOYMENT, REPLICASET, POD)
    objects = a_shop("bad-image")
    board = a_board()
    for place in order:
        put(board, kinds[place], objects[place])
        board.tick(NOW)
    assert board.row(WEB).verdict is Verdict.STALLED  # type: ignore[union-attr]
    board.apply(POD, "DELETED", objects[2])
    board.tick(NOW)
    assert board.row(WEB).verdict is Verdict.CONVERGING  # type: ignore[union-attr]


def test_children_are_folded_under_an_owner_that_speaks_for_them() -> None:
    board = a_board()
    for kind, obj in zip((DEPLOYMENT, REPLICASET, POD), a_shop("bad-image"), strict=True):
        put(board, kind, obj)
    assert ids(board) == [WEB]
    window = board.select(Query())
    assert (window.total, window.objects) == (1, 3)
    assert window.counts[Verdict.STALLED] == 1
    assert ids(board, kind="Pod") == ["core/Pod/shop/web-1-a"]
    assert set(ids(board, q="web")) == {WEB, RS, "core/Pod/shop/web-1-a"}
    assert set(ids(board, owner=WEB)) == {RS, "core/Pod/shop/web-1-a"}


def test_children_unfold_when_their_owner_converges_or_goes() -> None:
    board = a_board()
    top, middle, child = a_shop("starting")
    put(board, POD, child)
    assert ids(board) == ["core/Pod/shop/web-1-a"]
    put(board, REPLICASET, middle)
    put(board, DEPLOYMENT, top)
    assert ids(board) == [WEB]
    put(board, REPLICASET, replicaset("web-1", top, want=1, ready=1))
    put(board, DEPLOYMENT, deployment("web", want=1, ready=1))
    board.tick(NOW)
    shown = ids(board)
    board.apply(DEPLOYMENT, "DELETED", top)
    board.apply(REPLICASET, "DELETED", middle)
    assert ids(board) == ["core/Pod/shop/web-1-a"]
    assert WEB in shown


def test_an_owner_of_the_same_name_and_another_uid_owns_nothing() -> None:
    board = a_board()
    top, middle, _ = a_shop("starting")
    put(board, DEPLOYMENT, top)
    put(board, REPLICASET, middle)
    assert ids(board) == [WEB]
    put(board, DEPLOYMENT, deployment("web", uid="another", version=9))
    assert set(ids(board)) == {WEB, RS}
    assert [len(level) for level in board.chain(WEB)] == [1]


def test_a_hostile_circle_of_owners_ends() -> None:
    board = a_board()
    one, two = widget("one"), widget("two")
    one = widget("one", owner=two)
    two = widget("two", owner=one, ready=False)
    put(board, WIDGET, one, two)
    board.tick(NOW)
    assert len(board.rows()) == 2
    board.select(Query())
    assert sum(len(level) for level in board.chain("example.com/Widget/shop/one")) == 2


def test_the_chain_runs_from_what_drives_to_what_is_owned() -> None:
    board = a_board()
    top, middle, child = a_shop()
    old = replicaset("web-0", top, want=0, ready=0, revision=0)
    put(board, DEPLOYMENT, top)
    put(board, HPA, hpa("web", top))
    put(board, REPLICASET, middle, old)
    put(board, POD, child)
    board.tick(NOW)
    expected = [[HPA_ID], [WEB], [RS], ["core/Pod/shop/web-1-a"]]
    for id in (HPA_ID, WEB, RS, "core/Pod/shop/web-1-a"):
        assert [[row.id for row in level] for level in board.chain(id)] == expected
    assert board.chain("apps/Deployment/shop/none") == ()


def test_a_level_of_the_chain_is_bounded_and_shows_the_worst() -> None:
    board = a_board()
    top = deployment("web", want=80, ready=79)
    middle = replicaset("web-1", top, want=80, ready=79)
    put(board, DEPLOYMENT, top)
    put(board, REPLICASET, middle)
    for number in range(80):
        put(board, POD, pod(f"p{number:02}", middle, state="bad-image" if number == 79 else "ready"))
    level = board.chain(WEB)[2]
    assert len(level) == 50
    assert level[0].name == "p79"
