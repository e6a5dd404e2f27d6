"""A Database becomes a StatefulSet, a Service and a Secret, and its status says what is there."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.processes import ROOT, eventually
from tests.sandbox.operators.world import GROUP, World, manifest

CORE = "api/v1/namespaces/default"
SETS = "apis/apps/v1/namespaces/default/statefulsets"


def test_a_database_is_made_and_reported(world: World) -> None:
    made = world.create("Database", "books", version="16.4", replicas=2)
    path = f"{GROUP}/databases/books"
    ready = world.until(path, "Ready", "True")
    assert ready["message"] == "Ready: 2/2 on version 16.4"
    status = world.get(path)["status"]
    assert (status["observedGeneration"], status["replicas"], status["readyReplicas"]) == (1, 2, 2)
    assert status["endpoint"] == "books.default.svc:5432"
    assert status["secretName"] == "books-credentials"
    uid = made["metadata"]["uid"]
    for child in (f"{SETS}/books", f"{CORE}/services/books", f"{CORE}/secrets/books-credentials"):
        (owner,) = world.get(child)["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("Database", uid, True)
    pods = world.get(f"{CORE}/pods")["items"]
    assert {each["metadata"]["name"] for each in pods} >= {"books-0", "books-1"}
    assert len(world.password("books")) >= 30
    assert "finalizers" not in world.get(path)["metadata"]


def test_changes_reach_the_pods_and_the_password_stays(world: World) -> None:
    world.create("Database", "films", version="15")
    path = f"{GROUP}/databases/films"
    world.until(path, "Ready", "True")
    before = world.password("films")
    world.patch(path, {"spec": {"version": "16", "replicas": 3}})
    eventually(lambda: world.condition(path, "Ready").get("message") == "Ready: 3/3 on version 16", "three on 16", 20)
    assert world.get(path)["status"]["observedGeneration"] == 2
    images = {world.get(f"{CORE}/pods/films-{ordinal}")["spec"]["containers"][0]["image"] for ordinal in range(3)}
    assert images == {"postgres:16"}
    assert world.password("films") == before
    world.call("PATCH", f"{path}/scale", {"spec": {"replicas": 1}}, "application/merge-patch+json")
    eventually(lambda: world.condition(path, "Ready").get("message") == "Ready: 1/1 on version 16", "one is left", 20)


def test_children_that_somebody_deletes_or_changes_come_back(world: World) -> None:
    world.create("Database", "songs", version="16")
    path = f"{GROUP}/databases/songs"
    world.until(path, "Ready", "True")
    for child in (f"{CORE}/services/songs", f"{SETS}/songs"):
        uid = world.get(child)["metadata"]["uid"]
        world.delete(child)
        eventually(lambda child=child, uid=uid: _uid(world, child) not in ("", uid), f"a new {child}", 20)
    world.patch(f"{SETS}/songs", {"spec": {"replicas": 4}})
    eventually(lambda: world.get(f"{SETS}/songs")["spec"]["replicas"] == 1, "the declared replicas", 20)
    world.until(path, "Ready", "True")


def test_a_lost_secret_gets_a_new_password_that_the_pods_restart_with(world: World) -> None:
    world.create("Database", "games", version="16")
    path = f"{GROUP}/databases/games"
    world.until(path, "Ready", "True")
    before, pod = world.password("games"), _uid(world, f"{CORE}/pods/games-0")
    world.delete(f"{CORE}/secrets/games-credentials")
    eventually(lambda: world.password("games") not in ("", before), "a new password", 20)
    eventually(lambda: _uid(world, f"{CORE}/pods/games-0") not in ("", pod), "a new Pod", 20)
    world.until(path, "Ready", "True")


def test_what_belongs_to_somebody_else_is_left_alone(world: World) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "taken"},
        "spec": {"ports": [{"port": 80}], "selector": {"app": "other"}},
    }
    assert world.call("POST", f"{CORE}/services", body)[0] == 201
    world.create("Database", "taken", version="16")
    path = f"{GROUP}/databases/taken"
    told = world.until(path, "Ready", "False", "NameTaken")
    assert "Service taken" in told["message"]
    assert world.get(f"{CORE}/services/taken")["spec"]["selector"] == {"app": "other"}
    assert not world.get(f"{CORE}/secrets/taken-credentials")
    world.delete(f"{CORE}/services/taken")
    world.until(path, "Ready", "True")


def test_deleting_it_takes_its_children_and_waits_for_no_operator(world: World) -> None:
    world.create("Database", "gone", version="16")
    path = f"{GROUP}/databases/gone"
    world.until(path, "Ready", "True")
    world.delete(path)
    for left in (path, f"{SETS}/gone", f"{CORE}/services/gone", f"{CORE}/secrets/gone-credentials"):
        world.gone(left)


def test_an_unusable_database_is_refused_by_its_schema(world: World) -> None:
    eventually(lambda: world.call("GET", f"{GROUP}/databases")[0] == 200, "the kind is served")
    for spec in ({}, {"version": "a b"}, {"version": "16", "replicas": 10}, {"version": 16}):
        body = {**manifest("database", "example.yaml"), "metadata": {"name": "bad"}, "spec": spec}
        status, answer = world.call("POST", f"{GROUP}/databases", body)
        assert (status, answer["reason"]) == (422, "Invalid"), spec


def test_an_operator_killed_half_way_converges_when_it_comes_back(fresh: World) -> None:
    operator = fresh.operate("database")
    fresh.create("Database", "books", version="15", replicas=3)
    path = f"{GROUP}/databases/books"
    eventually(lambda: fresh.password("books"), "the Secret", 20)
    operator.kill()
    before = fresh.password("books")
    fresh.patch(path, {"spec": {"version": "16"}})
    fresh.operate("database", install=False)
    eventually(lambda: fresh.condition(path, "Ready").get("message") == "Ready: 3/3 on version 16", "three on 16", 30)
    assert fresh.password("books") == before
    code, complaints = fresh.children[-1].end()
    assert code == 0
    assert before not in complaints


def test_the_operators_import_nothing_of_the_sandbox() -> None:
    program = (
        "import sys, dashboard.sandbox.operators.__main__, dashboard.sandbox.operators.bucket_store\n"
        "mine = 'dashboard.sandbox.operators'\n"
        "print(*(name for name in sys.modules if name.startswith(('dashboard.', 'reconcilerviz', 'django'))"
        " and not name.startswith(mine) and name != 'dashboard.sandbox'))"
    )
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert seen.stdout.strip() == ""


def _uid(world: World, path: str) -> str:
    uid: str = world.get(path).get("metadata", {}).get("uid", "")
    return uid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_they_end_soon_on_a_signal_even_while_they_start(number: signal.Signals, fresh: World) -> None:
    operator = fresh.operate("database")
    began = time.monotonic()
    operator.process.send_signal(number)
    _, complaints = operator.process.communicate(timeout=20)
    assert operator.process.returncode == 0
    assert time.monotonic() - began < 4
    assert "Traceback" not in complaints
