from __future__ import annotations

from typing import Any

import pytest

from dashboard.core.model import Row, Verdict
from dashboard.live.query import Query, QueryError, order_key


def row(**given: Any) -> Row:
    values: dict[str, Any] = {
        "id": "apps/Deployment/shop/web",
        "group": "apps",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "uid": "u",
        "verdict": Verdict.STALLED,
        "reason": "",
        "since": 10.0,
        "at_least": False,
        "glance": "",
        "images": "nginx:1.19.5",
        "bar": None,
        "cause": "Node n1 has no room",
        "cause_at": "",
        "cause_reason": "",
        "owner": "",
        "drives": "",
        "revision": "",
        "created": None,
    }
    return Row(**(values | given))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), True),
        (Query(namespace="shop"), True),
        (Query(namespace="sho"), False),
        (Query(namespace="-"), False),
        (Query(kind="deployment"), True),
        (Query(kind="apps/Deployment"), True),
        (Query(kind="core/Deployment"), False),
        (Query(q="SHOP/WEB"), True),
        (Query(q="1.19"), True),
        (Query(q="no room"), True),
        (Query(q="deploy"), True),
        (Query(q="web deployment"), False),
    ],
)
def test_what_a_query_matches(query: Query, found: bool) -> None:
    assert query.matches(row()) is found


def test_a_dash_finds_objects_without_a_namespace() -> None:
    assert Query(namespace="-").matches(row(namespace=""))


@pytest.mark.parametrize(
    ("given", "field", "accepted"),
    [
        ({"verdict": "broken"}, "verdict", "stalled"),
        ({"q": 5}, "q", "text"),
        ({"q": ["x"]}, "q", "text"),
        ({"kind": {}}, "kind", "text"),
        ({"q": "x" * 201}, "q", "at most 200 characters"),
        ({"namespace": "n" * 254}, "namespace", "at most 253"),
        ({"owner": "web"}, "owner", "GROUP/KIND/NAMESPACE/NAME"),
        ({"verdict": "x" * 5000}, "verdict", "at most"),
    ],
)
def test_a_bad_field_is_named_with_its_value_and_what_is_accepted(given: Any, field: str, accepted: str) -> None:
    with pytest.raises(QueryError) as refusal:
        Query.parse(given)
    assert refusal.value.field == field
    assert accepted in refusal.value.accepted
    assert len(str(refusal.value)) < 400


def test_what_is_not_a_filter_is_left_alone() -> None:
    assert Query.parse({"page": "2", "q": " web ", "verdict": None}) == Query(q="web")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query(), ""),
        (Query(q="a&b=c", namespace="shop"), "namespace=shop&q=a%26b%3Dc"),
        (Query(owner="apps/Deployment/shop/web"), "owner=apps%2FDeployment%2Fshop%2Fweb"),
    ],
)
def test_the_canonical_text(query: Query, text: str) -> None:
    assert query.text == text


def test_order_is_oldest_first_without_a_time_last_and_by_name_once_converged() -> None:
    rows = [
        row(id="c", since=None, name="c"),
        row(id="b", since=5.0, name="b"),
        row(id="a", since=9.0, name="a"),
    ]
    assert [each.id for each in sorted(rows, key=order_key)] == ["b", "a", "c"]
    converged = [
        row(id=name, name=name, since=time, verdict=Verdict.CONVERGED) for name, time in (("z", 1.0), ("y", 2.0))
    ]
    assert [each.id for each in sorted(converged, key=order_key)] == ["y", "z"]
