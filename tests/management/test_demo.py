"""`demo` and `up` as a user starts and ends them."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.processes import eventually, free_port, get, manage, post

ADDRESS = r"ReconcilerViz\s+(http://\S+)"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_demo_serves_and_ends_cleanly_with_nothing_left(number: int) -> None:
    with manage("demo", "--speed", "20") as demo:
        address = demo.find(ADDRESS)
        config = Path(demo.find(r"export KUBECONFIG=(\S+)"))
        children = demo.children()
        assert children
        status, page = get(address)
        assert status == 200
        assert "sandbox" in page
        server = yaml.safe_load(config.read_text())["clusters"][0]["cluster"]["server"]
        with urllib.request.urlopen(f"{server}/version") as answer:
            assert json.load(answer)["gitVersion"].startswith("v1.")
        assert demo.stop(number) == 0
        assert not any(alive(pid) for pid in children)
        assert not config.exists()
        assert "Traceback" not in demo.said


def test_operators_run_beside_the_demo_and_begin_again_with_a_new_sandbox() -> None:
    with manage("demo", "--speed", "20") as demo:
        address = demo.find(ADDRESS)
        buckets = Path(demo.find(r"buckets are folders below (\S+)"))
        pages = [
            f"{address}c/sandbox/o/demo.reconcilerviz.io/{kind}"
            for kind in ("Database/shop/ledger", "Bucket/shop/invoices")
        ]
        children = demo.children()
        assert len(children) == 3

        def shown() -> bool:
            return all(get(page)[0] == 200 and 'class="object converged"' in get(page)[1] for page in pages)

        eventually(shown, "both are converged")
        assert (buckets / "shop-invoices").is_dir()
        sandbox = next(pid for pid in children if b"dashboard.sandbox\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(sandbox, signal.SIGKILL)
        demo.find("(the operators ended)")
        eventually(shown, "both are converged again")
        children += demo.children()
        assert demo.stop() == 0
        assert not any(alive(pid) for pid in children)
        assert not buckets.exists()
        assert "Traceback" not in demo.said


def test_a_sandbox_with_a_state_file_is_there_again(tmp_path: Path) -> None:
    options = ("--empty", "--state", str(tmp_path / "state"), "--kubeconfig", str(tmp_path / "config"))
    body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kept"}}).encode()
    with manage("sandbox", *options) as sandbox:
        path = sandbox.find(r"sandbox\s+(http://\S+)") + "/api/v1/namespaces"
        made = urllib.request.Request(path, body, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(made) as answer:
            before = json.load(answer)
        sandbox.stop(signal.SIGKILL)
    with manage("sandbox", *options) as sandbox:
        path = sandbox.find(r"sandbox\s+(http://\S+)") + "/api/v1/namespaces/kept"
        assert json.loads(get(path)[1])["metadata"]["uid"] == before["metadata"]["uid"]
        assert sandbox.stop() == 0


def test_the_demo_runs_without_operators_where_that_is_asked_for() -> None:
    with manage("demo", "--empty", "--no-operators") as demo:
        assert get(demo.find(ADDRESS))[0] == 200
        assert len(demo.children()) == 1
        demo.stop()


def test_the_children_end_with_their_parent_however_that_ends() -> None:
    with manage("demo", "--empty") as demo:
        buckets = Path(demo.find(r"buckets are folders below (\S+)"))
        children = demo.children()
        assert len(children) == 3
        demo.stop(signal.SIGKILL)
        eventually(lambda: not any(alive(pid) for pid in children), "they end too")
        buckets.rmdir()  # nobody was left to do it


def test_a_kubeconfig_is_written_where_it_was_named_and_stays(tmp_path: Path) -> None:
    config = tmp_path / "sandbox.yaml"
    port = free_port()
    with manage("demo", "--empty", "--kubeconfig", str(config), "--sandbox-port", str(port)) as demo:
        assert demo.find(r"export KUBECONFIG=(\S+)") == str(config)
        assert yaml.safe_load(config.read_text())["clusters"][0]["cluster"]["server"] == f"http://127.0.0.1:{port}"
        demo.stop()
    assert config.exists()


def test_a_busy_port_is_told_when_named_and_stepped_over_when_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        busy = listener.getsockname()[1]
        with manage("demo", "--empty", "--port", str(busy)) as demo:
            assert demo.child.wait(timeout=30) == 1
            eventually(lambda: f"--port {busy}: the port is busy" in demo.said, "the sentence")
            assert "Traceback" not in demo.said
    with manage("demo", "--empty") as first, manage("demo", "--empty") as second:
        assert first.find(ADDRESS) != second.find(ADDRESS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "80000"), "'80000' is not a port"),
        (("--port", "http"), "'http' is not a port"),
        (("--speed", "0"), "'0' is not a factor"),
        (("--speed", "nan"), "'nan' is not a factor"),
        (("--host", "0.0.0.0"), "RECONCILERVIZ_TOKEN must be set"),
    ],
)
def test_a_bad_option_is_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with manage("demo", *arguments) as demo:
        assert demo.child.wait(timeout=30) != 0
        eventually(lambda: sentence in demo.said, sentence)
        assert "Traceback" not in demo.said


def test_up_asks_for_its_token_and_is_read_only(tmp_path: Path) -> None:
    config = tmp_path / "sandbox.yaml"
    with manage("sandbox", "--kubeconfig", str(config), "--speed", "20") as sandbox:
        sandbox.find(r"export (KUBECONFIG)=")
        with manage("up", "--kubeconfig", str(config)) as up:
            address = up.find(ADDRESS)
            up.find("(read-only)")
            base, _, token = address.partition("?token=")
            assert len(token) >= 20
            assert get(base)[0] == 401
            page = f"{base}c/reconcilerviz-sandbox/o/apps/Deployment/shop/web"
            bearer = f"Bearer {token}"
            eventually(lambda: get(page, Authorization=bearer)[0] == 200, "the page of shop/web")
            body = get(page, Authorization=bearer)[1]
            assert 'method="post"' not in body
            change = {"do": "apply", "replicas": "5", "shown.replicas": "3"}
            refused = post(f"{page}/edit", change, Authorization=bearer, Accept="application/json")
            assert refused[0] == 403
            assert "read-only" in refused[1].lower()
            assert up.stop() == 0


def test_up_without_any_cluster_says_what_it_looked_for(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.yaml")
    with manage("up", "--kubeconfig", missing) as up:
        assert up.child.wait(timeout=30) == 1
        eventually(lambda: missing in up.said, "the file's name")
        assert "Traceback" not in up.said
