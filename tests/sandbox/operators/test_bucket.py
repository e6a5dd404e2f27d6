"""A Bucket is kept in line with a store outside the cluster, whatever that does."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.processes import eventually
from tests.sandbox.operators.world import GROUP, World


def made(world: World, object_name: str, /, **spec: object) -> str:
    """A Bucket that is in line; its path."""
    world.create("Bucket", object_name, **{"name": f"{object_name}-bucket", **spec})
    path = f"{GROUP}/buckets/{object_name}"
    world.until(path, "Synced", "True")
    return path


def test_a_bucket_is_made_changed_and_reported(world: World) -> None:
    path = made(world, "plain", versioning=True, tags={"team": "a", "cost": "7"})
    assert world.condition(path, "Ready")["status"] == "True"
    seen = world.get(path)["status"]["atProvider"]
    assert (seen["name"], seen["versioning"], seen["objects"]) == ("plain-bucket", True, 0)
    world.patch(path, {"spec": {"versioning": False, "tags": {"cost": None}}})
    eventually(lambda: world.get(path)["status"]["observedGeneration"] == 2, "the change is observed", 20)
    eventually(lambda: world.get(path)["status"]["atProvider"]["tags"] == {"team": "a"}, "the tags are reported", 20)
    about = json.loads(world.about("plain-bucket").read_text())
    assert (about["versioning"], about["tags"], about["id"]) == (False, {"team": "a"}, seen["id"])


@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_change_by_hand_is_noticed_and_repaired(world: World, how: str) -> None:
    path = made(world, how, versioning=True)
    about = world.about(f"{how}-bucket")
    if how == "changed":
        about.write_text(json.dumps(json.loads(about.read_text()) | {"versioning": False}))
        eventually(lambda: json.loads(about.read_text())["versioning"], "versioning is on again", 20)
    else:
        shutil.rmtree(about.parent)
        eventually(about.exists, "the bucket is back", 20)

    def told() -> list[str]:
        events = world.get("api/v1/namespaces/default/events")["items"]
        return [each["message"] for each in events if each["involvedObject"]["name"] == how]

    eventually(lambda: [each for each in told() if "changed by hand" in each], "an Event", 20)
    world.until(path, "Synced", "True")


def test_a_change_by_hand_is_only_reported_where_that_is_asked_for(world: World) -> None:
    path = made(world, "watched", onDrift="Report")
    about = world.about("watched-bucket")
    about.write_text(json.dumps(json.loads(about.read_text()) | {"tags": {"by": "hand"}}))
    told = world.until(path, "Synced", "False", "Drifted")
    assert told["message"] == "changed by hand: tags is {'by': 'hand'}, wanted {}"
    assert world.condition(path, "Ready")["status"] == "True"
    assert json.loads(about.read_text())["tags"] == {"by": "hand"}
    world.patch(path, {"spec": {"tags": {"by": "spec"}}})
    world.until(path, "Synced", "True")
    assert json.loads(about.read_text())["tags"] == {"by": "spec"}


@pytest.mark.parametrize(
    ("faults", "reason", "words"),
    [
        ({"throttle": 1}, "Throttled", "429 SlowDown: Please reduce your request rate"),
        ({"refuse": ["GET", "PUT"]}, "AccessDenied", "403 AccessDenied: Access Denied"),
    ],
)
def test_what_the_store_refuses_is_told_in_its_words(
    world: World, faults: dict[str, object], reason: str, words: str
) -> None:
    world.faults(**faults)
    name = reason.lower()
    world.create("Bucket", name, name=f"{name}-bucket")
    path = f"{GROUP}/buckets/{name}"
    told = world.until(path, "Synced", "False", reason)
    assert words in told["message"]
    assert world.condition(path, "Ready")["status"] == "False"
    last = world.get(path)["status"].get("lastError")
    assert (last or {}).get("code") == (None if reason == "Throttled" else reason)
    world.faults()
    world.until(path, "Ready", "True")
    world.until(path, "Synced", "True")
    assert world.get(path)["status"].get("lastError") is None


def test_a_slow_store_is_waited_for(world: World) -> None:
    world.faults(delay=0.5)
    made(world, "slow")


def test_a_name_that_another_owner_has_is_not_taken_over(world: World) -> None:
    made(world, "mine", name="one-and-only")
    world.create("Bucket", "yours", name="one-and-only")
    path = f"{GROUP}/buckets/yours"
    told = world.until(path, "Synced", "False", "BucketAlreadyExists")
    assert "belongs to another owner" in told["message"]
    world.delete(path)
    world.gone(path)
    assert world.about("one-and-only").exists()


def test_a_bucket_that_stayed_is_found_again_by_its_namesake(world: World) -> None:
    path = made(world, "again", deletionPolicy="Retain")
    id = world.get(path)["status"]["atProvider"]["id"]
    world.delete(path)
    world.gone(path)
    made(world, "again")
    assert world.get(path)["status"]["atProvider"]["id"] == id


def test_deleting_it_removes_the_bucket(world: World) -> None:
    path = made(world, "short-lived")
    assert world.get(path)["metadata"]["finalizers"] == ["demo.reconcilerviz.io/bucket"]
    world.delete(path)
    world.gone(path)
    assert not (world.buckets / "short-lived-bucket").exists()


def test_a_refused_deletion_holds_the_finalizer_and_says_why(world: World) -> None:
    path = made(world, "full")
    (world.buckets / "full-bucket" / "invoice.pdf").write_text("paid")
    world.delete(path)
    told = world.until(path, "Synced", "False", "BucketNotEmpty")
    assert "cannot be deleted" in told["message"]
    assert "it holds 1 objects" in told["message"]
    assert world.get(path)["metadata"]["finalizers"]
    (world.buckets / "full-bucket" / "invoice.pdf").unlink()
    world.gone(path)


def test_a_bucket_that_shall_stay_stays(world: World) -> None:
    path = made(world, "kept", deletionPolicy="Retain")
    world.delete(path)
    world.gone(path)
    assert world.about("kept-bucket").exists()


def test_a_bucket_cannot_be_renamed(world: World) -> None:
    path = made(world, "named")
    world.patch(path, {"spec": {"name": "another-bucket"}})
    told = world.until(path, "Synced", "False", "InvalidBucketName")
    assert "this one is named-bucket" in told["message"]
    assert not (world.buckets / "another-bucket").exists()


def test_an_operator_killed_half_way_makes_no_second_bucket(fresh: World) -> None:
    operator = fresh.operate("bucket")
    fresh.faults(delay=0.5)
    fresh.create("Bucket", "half", name="half-bucket")
    eventually(fresh.about("half-bucket").exists, "the store has it", 20)
    operator.kill()
    id = json.loads(fresh.about("half-bucket").read_text())["id"]
    fresh.faults()
    fresh.operate("bucket", install=False)
    path = f"{GROUP}/buckets/half"
    fresh.until(path, "Ready", "True")
    assert fresh.get(path)["status"]["atProvider"]["id"] == id


def test_a_store_that_keeps_throttling_is_asked_no_more_often_than_it_allows(fresh: World) -> None:
    fresh.operate("bucket")
    path = made(fresh, "patient")
    fresh.faults(throttle=600)
    told = fresh.until(path, "Synced", "False", "Throttled")
    version = fresh.get(path)["metadata"]["resourceVersion"]
    fresh.create("Bucket", "patient-too", name="patient-too-bucket")
    fresh.until(f"{GROUP}/buckets/patient-too", "Synced", "False", "Throttled")
    assert fresh.ask_store("GET", "faults")[1]["refused"] <= 2
    assert fresh.get(path)["metadata"]["resourceVersion"] == version
    assert fresh.condition(path, "Synced") == told
