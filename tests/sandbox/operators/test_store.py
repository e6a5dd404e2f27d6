"""The stand-in for an object store: names that lead nowhere else, and answers that S3 would give."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.operators.bucket_names import objection
from dashboard.sandbox.operators.bucket_shelf import RefusalError, Shelf, Wish
from tests.sandbox.operators.world import GROUP, World

TRAVERSALS = [
    "..",
    ".",
    "...",
    "../up",
    "../../etc",
    "..%2f..",
    "a/../../b",
    "/etc/passwd",
    "a\\..\\b",
    "..\\up",
    "a..b",
    "abc\x00def",
    "abc\n",
    "~root",
    "-abc",
    "abc.",
    ".abc",
    ".bucket.json",
    ".making-abc",
    "ab",
    "a" * 64,
    "Abc",
    "a_b",
    "192.168.0.1",
    "xn--abc",
    "abc-s3alias",
    "abc․def",
    "àbc",
]
WISH = Wish("me", versioning=False, tags={})


@pytest.mark.parametrize("name", TRAVERSALS)
def test_a_name_that_is_none_is_refused_on_every_side(name: str, tmp_path: Path, world: World) -> None:
    assert objection(name)
    shelf = Shelf(tmp_path / "root")
    for attempt in (lambda: shelf.put(name, WISH), lambda: shelf.read(name), lambda: shelf.delete(name, "me")):
        with pytest.raises(RefusalError) as refused:
            attempt()
        assert refused.value.code == "InvalidBucketName"
    assert [each.name for each in tmp_path.rglob("*")] == ["root"]
    before = sorted(world.folder.rglob("*"))
    status, _ = world.ask_store("PUT", f"buckets/{quote(name, safe='')}", {"owner": "me"})
    assert status in (400, 404)
    assert sorted(world.folder.rglob("*")) == before


@pytest.mark.parametrize("name", [each for each in TRAVERSALS if not each.startswith(("192", "xn--", "abc-s3"))])
def test_most_are_refused_by_the_api_already(name: str, world: World) -> None:
    body = {"apiVersion": "demo.reconcilerviz.io/v1", "kind": "Bucket", "metadata": {"name": "bad"}}
    status, answer = world.call("POST", f"{GROUP}/buckets", {**body, "spec": {"name": name}})
    assert (status, answer["reason"]) == (422, "Invalid")


@given(st.text(max_size=70) | st.from_regex(r"[a-z0-9./\\-]{1,66}", fullmatch=True))
def test_a_name_without_objection_is_one_component_of_a_path(name: str) -> None:
    if not objection(name):
        root = Path("/srv/buckets")
        assert os.path.normpath(root / name) == f"/srv/buckets/{name}"
        assert "/" not in name


def test_a_link_is_no_bucket(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    shelf = Shelf(tmp_path / "root")
    (tmp_path / "root" / "linked").symlink_to(outside)
    with pytest.raises(RefusalError, match="taken by something that is no bucket"):
        shelf.put("linked", WISH)
    with pytest.raises(RefusalError, match="does not exist"):
        shelf.delete("linked", "me")
    assert shelf.names() == []
    assert list(outside.iterdir()) == []


def test_a_description_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"owner": "them", "tags": {"password": "1"}}))
    shelf = Shelf(tmp_path / "root")
    shelf.put("abc", WISH)
    about = tmp_path / "root" / "abc" / ".bucket.json"
    about.unlink()
    about.symlink_to(secret)
    assert shelf.read("abc")["tags"] == {}
    shelf.put("abc", WISH)
    assert json.loads(secret.read_text())["owner"] == "them"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"tags": 1, "owner": {}}', '{"versioning": "yes"}'])
def test_a_description_spoilt_by_hand_is_mended(content: str, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("abc", WISH)
    (tmp_path / "abc" / ".bucket.json").write_text(content)
    seen = shelf.read("abc")
    assert (seen["versioning"], seen["tags"]) == (False, {})


def test_what_a_kill_left_half_made_goes(tmp_path: Path) -> None:
    (tmp_path / ".making-1").mkdir()
    (tmp_path / ".making-2").write_text("{")
    Shelf(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("PUT", "buckets/abc", {"versioning": True}, (400, "InvalidArgument")),
        ("PUT", "buckets/abc", {"owner": "me", "versioning": "yes"}, (400, "InvalidArgument")),
        ("PUT", "buckets/abc", {"owner": "me", "tags": {"a": 1}}, (400, "InvalidTag")),
        ("PUT", "buckets/abc", [], (400, "MalformedJSON")),
        ("GET", "buckets/none", None, (404, "NoSuchBucket")),
        ("DELETE", "buckets/none", None, (404, "NoSuchBucket")),
        ("POST", "buckets", {}, (405, "NotSupported")),
        ("PUT", "faults", {"throttle": -1}, (400, "InvalidArgument")),
        ("PUT", "faults", {"refuse": ["EAT"]}, (400, "InvalidArgument")),
        ("PUT", "faults", {"refuse": [{}]}, (400, "InvalidArgument")),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    method: str, path: str, body: object, refusal: tuple[int, str], world: World
) -> None:
    answer = world.ask_store(method, path, body)
    assert (answer[0], answer[1]["code"]) == refusal


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_a_web_page_gets_nothing(headers: dict[str, str], status: int, world: World) -> None:
    assert world.ask_store("PUT", "faults", {"throttle": 9}, **headers)[0] == status
    assert world.ask_store("GET", "faults")[1]["throttle"] == 0
