"""`--state FILE`: what was acknowledged is there after a restart, however the process ended."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dashboard.sandbox import state as state_module
from dashboard.sandbox.client import Client
from dashboard.sandbox.failures import ApiFailure
from dashboard.sandbox.state import StateError
from tests.processes import ROOT, eventually
from tests.sandbox.operators.world import Child, address, call_api, manifest
from tests.sandbox.persisting import opened, write_until_killed

KILLS = 100
MAP = {"metadata": {"name": "kept", "namespace": "default"}, "data": {"a": "1"}}


def everything(api: Any) -> dict[tuple[str, Any], Any]:
    return {(storage, key): obj for storage, key, obj in api.store.each()}


def test_a_hundred_kills_in_the_middle_of_writes_lose_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "state"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.sandbox.persisting"])
    chance = random.Random(7)
    seen = newest = 0
    for _ in range(KILLS):
        mine, theirs = context.Pipe(duplex=False)
        child = context.Process(target=write_until_killed, args=(path, theirs), daemon=True)
        child.start()
        theirs.close()
        for _ in range(chance.randrange(1, 40)):
            assert mine.poll(20), "it writes"
            seen, newest = mine.recv()
        child.kill()
        child.join()
        while mine.poll():
            try:
                seen, newest = mine.recv()
            except EOFError:
                break
        api, held = opened(path)
        number = int(Client(api, "tests").get("ConfigMap", "default", "counter")["data"]["n"])
        held.close()
        assert number in (seen, seen + 1), "the acknowledged count, or the one that was on its way"
        assert api.store.revision >= newest
        revisions = [int(obj["metadata"]["resourceVersion"]) for _, _, obj in api.store.each()]
        assert len(set(revisions)) == len(revisions)
        assert max(revisions) <= api.store.revision


def test_all_objects_are_the_same_after_a_restart(tmp_path: Path) -> None:
    api, held = opened(tmp_path / "state")
    client = Client(api, "tests")
    client.create("ConfigMap", MAP)
    client.create("CustomResourceDefinition", manifest("hoge", "crd.yaml"))
    hoge = api.registry.kind("Hoge")
    client.create("Hoge", manifest("hoge", "example.yaml"))
    client.create("Namespace", {"metadata": {"name": "gone"}})
    client.delete("Namespace", "", "gone")
    before, revision = everything(api), api.store.revision
    held.close()
    again, held = opened(tmp_path / "state")
    assert everything(again) == before
    assert again.store.revision == revision
    assert again.registry.kind("Hoge").storage == hoge.storage
    assert again.store.floor("configmaps") == revision
    client = Client(again, "tests")
    with pytest.raises(ApiFailure, match="should be less than or equal to 10"):
        client.patch("Hoge", "default", "my-hoge", {"spec": {"size": 11}})
    client.delete("CustomResourceDefinition", "", "hoges.stable.example.com")
    held.close()
    third, held = opened(tmp_path / "state")
    held.close()
    assert not third.store.objects(hoge.storage)
    assert not [resource for resource in third.registry if resource.kind == "Hoge"]


@pytest.mark.parametrize("tail", [b"{", b'{"s": "configmaps"', b"\0\0\0\0", b"nonsense", b"[]\n", b'{"s": 1}\n'])
def test_a_line_that_was_not_finished_is_cut_off(tail: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state"
    api, held = opened(path)
    Client(api, "tests").create("ConfigMap", MAP)
    before = everything(api)
    held.close()
    with path.open("ab") as file:
        file.write(tail)
    again, held = opened(path)
    assert everything(again) == before
    held.close()
    assert not path.read_bytes().endswith(tail)


def test_damage_anywhere_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    _, held = opened(path)
    held.close()
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:20] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(StateError, match="line 4 is damaged, and not the last one"):
        opened(path)
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize("content", ["", "{}\n", "kind: Pod\n", '{"format": "reconcilerviz-sandbox", "version": 2}\n'])
def test_a_file_that_is_something_else_is_refused_and_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text(content)
    with pytest.raises(StateError, match="no state of a sandbox"):
        opened(path)
    assert path.read_text() == content


def test_a_change_that_cannot_be_written_has_not_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    api, held = opened(path)
    client = Client(api, "tests")
    client.create("ConfigMap", MAP)
    before, size = api.store.revision, path.stat().st_size

    def half(descriptor: int, line: bytes) -> int:
        os.write(descriptor, line[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(state_module, "_write", half)
        for attempt in (
            lambda: client.patch("ConfigMap", "default", "kept", {"data": {"a": "2"}}),
            lambda: client.delete("ConfigMap", "default", "kept"),
        ):
            with pytest.raises(ApiFailure, match="No space left on device") as refused:
                attempt()
            assert refused.value.code == 500
    assert (api.store.revision, path.stat().st_size) == (before, size)
    assert client.get("ConfigMap", "default", "kept")["data"] == {"a": "1"}
    client.patch("ConfigMap", "default", "kept", {"data": {"a": "3"}})
    held.close()
    again, held = opened(path)
    held.close()
    assert Client(again, "tests").get("ConfigMap", "default", "kept")["data"] == {"a": "3"}


def test_many_changes_become_a_new_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "LEAST_REWRITE", 20_000)
    path = tmp_path / "state"
    api, held = opened(path)
    client = Client(api, "tests")
    client.create("ConfigMap", MAP)
    for number in range(500):
        client.patch("ConfigMap", "default", "kept", {"data": {"a": str(number)}})
    assert path.stat().st_size < 60_000
    before = everything(api)
    held.close()
    again, held = opened(path)
    held.close()
    assert everything(again) == before


def test_only_one_sandbox_has_the_file_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state"
    first = Child("dashboard.sandbox", "--empty", "--state", str(path))
    address(first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    command = [sys.executable, "-m", "dashboard.sandbox", "--state", str(path)]
    second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, cwd=ROOT)
    assert second.returncode == 1
    assert second.stderr == f"sandbox: --state {path}: another sandbox holds this file\n"
    assert first.end() == (0, "")


def test_the_loops_go_on_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state"
    first = Child("dashboard.sandbox", "--empty", "--speed", "20", "--state", str(path))
    server = address(first)
    deployments = "apis/apps/v1/namespaces/default/deployments"
    spec = {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1"}]},
        },
    }
    for name in ("web", "broken"):
        own = json.loads(json.dumps(spec).replace('"web"', f'"{name}"'))
        own["template"]["spec"]["containers"][0]["image"] = "nginx:1" if name == "web" else "nginx:1-crash"
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": own}
        assert call_api("POST", f"{server}/{deployments}", body, "application/json")[0] == 201

    def pods() -> dict[str, Any]:
        items = call_api("GET", f"{server}/api/v1/namespaces/default/pods", None, "")[1]["items"]
        return {each["metadata"]["name"]: each for each in items}

    def ready() -> int:
        status = call_api("GET", f"{server}/{deployments}/web", None, "")[1].get("status", {})
        return int(status.get("readyReplicas", 0))

    eventually(lambda: len(pods()) == 6, "Pods of both", 20)
    first.kill()
    second = Child("dashboard.sandbox", "--empty", "--speed", "20", "--state", str(path))
    server = address(second)
    before = set(pods())
    eventually(lambda: ready() == 3, "all of web are ready", 20)
    assert len(before) == 6
    assert set(pods()) == before

    def restarted() -> bool:
        broken = [pod for name, pod in pods().items() if name.startswith("broken")]
        return all(pod["status"]["containerStatuses"][0]["restartCount"] for pod in broken)

    eventually(restarted, "what crashes goes on crashing", 20)
    body = {"spec": {"replicas": 5}}
    assert call_api("PATCH", f"{server}/{deployments}/web", body, "application/merge-patch+json")[0] == 200
    eventually(lambda: ready() == 5, "five are ready", 20)
    addresses = [pod["status"]["podIP"] for pod in pods().values()]
    assert len(set(addresses)) == len(addresses)
    assert second.end() == (0, "")
