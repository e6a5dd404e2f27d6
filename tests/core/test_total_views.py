"""Ledger, row, ownership and edits take any JSON value: no exception, and nothing hostile comes out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.core.edits import EditError, can, changed_since, diff, parse_action, parse_edit, patch_for
from dashboard.core.fights import fights
from dashboard.core.gaps import ledger
from dashboard.core.managed import setters, slim
from dashboard.core.ownership import controller_of, drives, owners, undoers
from dashboard.core.relatives import digest
from dashboard.core.rows import row
from dashboard.core.verdict import assess

from .casebook import fixtures
from .test_totality import JSON, SCALARS, paths, put

ALL = fixtures()
ANYTHING = (..., None, 7, -(10**30), 1.5, "x", [], {}, [{}], {"a": []}, [None], True, "\ud800")
HOSTILE = "\x1b[31m\u202e</script><img onerror=x>\x00\ud800" + "A" * 100_000
KINDS = ("Pod", "Deployment", "HorizontalPodAutoscaler", "Job", "PersistentVolumeClaim", "Service", "Gateway", "Hoge")


def look(obj: Any) -> None:
    """Everything that is made of an object."""
    for gap in ledger(obj, 1.9e9):
        assert len(gap.field) < 400
    if not isinstance(obj, dict):
        undoers(obj), can(obj), setters(obj), owners(obj), diff(obj, {}), fights([obj, {}])
        return
    assessment = assess(obj, 1.9e9)
    made = row(obj, assessment)
    assert len(made.glance) <= 120 and len(made.images) <= 400
    row(obj, assessment, (digest(obj, assessment),))
    ledger(obj, 1.9e9, (digest(obj, assessment),))
    undoers(obj), owners(obj), controller_of(obj), drives(obj), setters(obj)
    slim((obj.get("metadata") or {}).get("managedFields") if isinstance(obj.get("metadata"), dict) else None)
    diff(obj, {}), diff({}, obj)
    fights([{}, obj, {}, obj])
    edit_all(obj)


def edit_all(obj: dict[str, Any]) -> None:
    for form in ({"replicas": "5", "shown.replicas": "3"}, {"image.nginx": "nginx:2", "shown.image.nginx": "nginx:1"}):
        try:
            edit = parse_edit(form, obj)
        except EditError as error:
            assert error.field
        else:
            patch_for(edit, obj)
            changed_since(edit, obj)
    for do in ("pause", "resume", "restart", "rollback", "delete"):
        try:
            parse_action({"do": do, "revision": "1"}, obj)
        except EditError as error:
            assert error.field == "do"


@pytest.mark.parametrize("fixture", ALL, ids=lambda each: each.name)
def test_every_part_of_every_fixture_may_be_anything(fixture: Any) -> None:
    for index, at in enumerate(paths(fixture.obj)):
        for value in (ANYTHING[index % len(ANYTHING)], ANYTHING[(index * 5 + 3) % len(ANYTHING)]):
            look(put(fixture.obj, at, value))


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(value=JSON)
def test_any_json_value(value: Any) -> None:
    look(value)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    group=st.sampled_from(
        ["", "apps/v1", "v1", "autoscaling/v2", "batch/v1", "x.io/v1", "gateway.networking.k8s.io/v1"]
    ),
    spec=JSON,
    status=JSON,
    scalar=SCALARS,
)
def test_any_spec_and_status(kind: str, group: str, spec: Any, status: Any, scalar: Any) -> None:
    look({"kind": kind, "apiVersion": group, "metadata": {"name": scalar, "managedFields": [spec]}, "spec": spec,
          "status": status})  # fmt: skip
    look({"kind": kind, "apiVersion": group, "metadata": status, "spec": {"replicas": scalar, "x": spec},
          "status": {"replicas": 3, "x": status, "readyReplicas": scalar}})  # fmt: skip


def poisoned(value: Any) -> Any:
    """Every string replaced by a hostile one, except what names kinds, fields and conditions."""
    if isinstance(value, dict):
        return {
            key: each if key in ("kind", "apiVersion", "type", "status", "phase") and isinstance(each, str)
            else poisoned(each)
            for key, each in value.items()
        }  # fmt: skip
    if isinstance(value, list):
        return [poisoned(each) for each in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("fixture", ALL, ids=lambda each: each.name)
def test_hostile_strings_come_out_cut_and_inert(fixture: Any) -> None:
    obj = poisoned(copy.deepcopy(fixture.obj))
    made = row(obj, assess(obj, 1.9e9))
    shown = [made.glance, made.images, made.cause, made.reason, made.cause_reason, *undoers(obj)]
    for gap in ledger(obj, 1.9e9):
        shown += [each for each in (gap.field, gap.desired, gap.observed, gap.set_by) if isinstance(each, str)]
    for each in shown:
        assert len(each) <= 1000
        assert not any(char in each for char in "\x1b\u202e\x00\ud800")


def test_a_thousand_of_everything_takes_linear_time() -> None:
    many = {f"f{at}": at for at in range(20_000)}
    listed = [{"name": f"n{at}", "size": at} for at in range(20_000)]
    obj = {
        "apiVersion": "x.io/v1", "kind": "Big",
        "metadata": {"name": "big", "managedFields": [{"fieldsV1": many}] * 500},
        "spec": {"many": many, "listed": listed}, "status": {"many": many, "listed": listed, "conditions": listed},
    }  # fmt: skip
    assert len(ledger(obj, 1.9e9)) <= 100
