"""Forms, patches, actions and differences."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import pytest

from dashboard.core.edits import (
    Action,
    EditError,
    action_patch,
    can,
    changed_since,
    diff,
    parse_action,
    parse_edit,
    patch_for,
)


def deployment(**spec: Any) -> dict[str, Any]:
    containers = [{"name": "sidecar", "image": "envoy:1"}, {"name": "nginx", "image": "nginx:1.18"}]
    inner = {"initContainers": [{"name": "init", "image": "busybox"}], "containers": containers}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": inner}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "uid": "u1", "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 3, "template": template, **spec},
    }  # fmt: skip


@pytest.mark.parametrize("value", ["-1", "1.5", "1000000000", "", "x", "1e3", "٣", "0x1", " ", "150001", "9" * 5000])
def test_a_bad_replica_count_names_field_and_value(value: str) -> None:
    with pytest.raises(EditError) as caught:
        parse_edit({"replicas": value, "shown.replicas": "3"}, deployment())
    assert caught.value.field == "replicas"
    assert caught.value.value == value[:199] + "…" if len(value) > 200 else caught.value.value == value
    assert "0 to 150000" in caught.value.accepted


@pytest.mark.parametrize("value", ["Nginx", "nginx:", "nginx 1", "", "<img>", "a" * 999])
def test_a_bad_image_names_field_and_value(value: str) -> None:
    with pytest.raises(EditError) as caught:
        parse_edit({"image.nginx": value, "shown.image.nginx": "nginx:1.18"}, deployment())
    assert caught.value.field == "image.nginx"
    assert caught.value.value.rstrip("…") == value[: len(caught.value.value.rstrip("…"))]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"replicas": "5"}, "shown.replicas"),
        ({"image.nginx": "nginx:2"}, "shown.image.nginx"),
        ({"image.other": "nginx:2", "shown.image.other": "nginx:1"}, "image.other"),
        ({"replicas": "3", "shown.replicas": "3"}, "edit"),
        ({}, "edit"),
    ],
)
def test_what_a_form_lacks_is_named(form: dict[str, str], field: str) -> None:
    with pytest.raises(EditError) as caught:
        parse_edit(form, deployment())
    assert caught.value.field == field


def test_replicas_alone_go_to_scale_with_the_shown_value_as_a_test() -> None:
    patch = patch_for(parse_edit({"replicas": "5", "shown.replicas": "3"}, deployment()), deployment())
    assert patch.subresource == "scale"
    scale = {"spec": {"replicas": 3}}
    assert jsonpatch.apply_patch(scale, patch.body) == {"spec": {"replicas": 5}}
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch({"spec": {"replicas": 4}}, patch.body)


def test_from_zero_the_object_itself_is_patched() -> None:
    """A Scale of 0 replicas has no such field, so that a test of it would always fail."""
    obj = deployment(replicas=0)
    patch = patch_for(parse_edit({"replicas": "2", "shown.replicas": "0"}, obj), obj)
    assert patch.subresource == ""
    assert jsonpatch.apply_patch(obj, patch.body)["spec"]["replicas"] == 2


def test_replicas_and_image_are_one_patch_with_tests() -> None:
    obj = deployment(replicas=5)
    form = {"replicas": "1", "shown.replicas": "5", "image.nginx": "nginx:1.19", "shown.image.nginx": "nginx:1.18",
            "image.init": ":1.36", "shown.image.init": "busybox"}  # fmt: skip
    edit = parse_edit(form, obj)
    patch = patch_for(edit, obj)
    assert patch.subresource == "" and patch.content_type == "application/json-patch+json"
    changed = jsonpatch.apply_patch(obj, patch.body)
    assert changed["spec"]["replicas"] == 1
    assert changed["spec"]["template"]["spec"]["containers"][1]["image"] == "nginx:1.19"
    assert changed["spec"]["template"]["spec"]["initContainers"][0]["image"] == "busybox:1.36"


@pytest.mark.parametrize("part", ["replicas", "image", "order"])
def test_whatever_changed_since_refuses_the_patch_and_is_told(part: str) -> None:
    obj = deployment()
    form = {"replicas": "5", "shown.replicas": "3", "image.nginx": "nginx:2", "shown.image.nginx": "nginx:1.18"}
    edit = parse_edit(form, obj)
    fresh = copy.deepcopy(obj)
    containers = fresh["spec"]["template"]["spec"]["containers"]
    if part == "replicas":
        fresh["spec"]["replicas"] = 7
    elif part == "image":
        containers[1]["image"] = "nginx:1.17"
    else:
        containers.reverse()
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch(fresh, patch_for(edit, obj).body)
    told = {"replicas": [("replicas", "3", "7")], "image": [("image.nginx", "nginx:1.18", "nginx:1.17")], "order": []}
    assert [tuple(each) for each in changed_since(edit, fresh)] == told[part]


def test_what_can_be_done_by_kind_and_state() -> None:
    assert can(deployment()) == ("scale", "image", "pause", "restart", "rollback")
    assert can(deployment(paused=True)) == ("scale", "image", "resume")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}}
    assert can(pod) == ("image", "delete")
    assert can({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"suspend": True}}) == ("resume",)
    assert can({"apiVersion": "x.io/v1", "kind": "Thing", "spec": {"replicas": 1, "paused": False}}) == (
        "scale",
        "pause",
    )
    gone = deployment()
    gone["metadata"]["deletionTimestamp"] = "2026-11-20T10:00:00Z"
    assert can(gone) == ()


def test_actions() -> None:
    obj = deployment()
    assert action_patch(Action("pause"), obj, now=0).body == {"spec": {"paused": True}}
    assert action_patch(Action("resume"), obj, now=0).body == {"spec": {"paused": False}}
    stamp = action_patch(Action("restart"), obj, now=1795168800.0).body["spec"]["template"]["metadata"]["annotations"]
    assert stamp == {"kubectl.kubernetes.io/restartedAt": "2026-11-20T10:00:00Z"}
    with pytest.raises(EditError, match="do is 'resume'"):
        parse_action({"do": "resume"}, obj)
    with pytest.raises(EditError, match="revision"):
        parse_action({"do": "rollback", "revision": "-1"}, obj)


def test_a_rollback_restores_the_template_without_its_hash() -> None:
    obj = deployment()
    template = copy.deepcopy(obj["spec"]["template"])
    template["spec"]["containers"][1]["image"] = "nginx:1.17"
    template["metadata"]["labels"]["pod-template-hash"] = "abc"
    old = {
        "metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}, "ownerReferences": [{"uid": "u1"}]},
        "spec": {"template": template},
    }
    action = parse_action({"do": "rollback", "revision": "1"}, obj)
    changed = jsonpatch.apply_patch(obj, action_patch(action, obj, now=0, revisions=[old]).body)
    assert changed["spec"]["template"]["spec"]["containers"][1]["image"] == "nginx:1.17"
    assert changed["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    with pytest.raises(EditError):
        action_patch(Action("rollback", 9), obj, now=0, revisions=[old])
    stranger = {**old, "metadata": {**old["metadata"], "ownerReferences": [{"uid": "other"}]}}
    with pytest.raises(EditError):
        action_patch(action, obj, now=0, revisions=[stranger])


def test_the_difference_leaves_out_what_the_server_writes() -> None:
    before = deployment()
    after = copy.deepcopy(before)
    after["metadata"] |= {"resourceVersion": "9", "generation": 4, "managedFields": [{}]}
    after["status"] = {"replicas": 1}
    assert diff(before, after) == ()
    after["spec"]["replicas"] = 5
    after["spec"]["template"]["spec"]["containers"][1]["image"] = "nginx:2"
    after["spec"]["template"]["spec"]["containers"].insert(0, {"name": "new", "image": "x"})
    assert [tuple(line) for line in diff(before, after)] == [
        ("spec.replicas", 3, 5),
        ('spec.template.spec.containers[name="nginx"].image', "nginx:1.18", "nginx:2"),
        ('spec.template.spec.containers[name="new"].name', None, "new"),
        ('spec.template.spec.containers[name="new"].image', None, "x"),
    ]


def test_a_scale_is_compared_by_its_replicas_only() -> None:
    scale = {"kind": "Scale", "spec": {"replicas": 5}, "status": {}}
    assert [tuple(line) for line in diff(deployment(), scale)] == [("spec.replicas", 3, 5)]
