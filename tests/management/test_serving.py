"""Ports and kubeconfigs: busy, foreign and free ones."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.management.base import CommandError

from dashboard.management.serving import kubeconfig, ports


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_named_busy_port_is_a_sentence(busy: int) -> None:
    with pytest.raises(CommandError, match=rf"--port {busy}: the port is busy on 127\.0\.0\.1"):
        ports.bind("127.0.0.1", busy, busy, "--port")


def test_an_unnamed_busy_port_gives_way_to_the_next_free_one(busy: int) -> None:
    with ports.bind("127.0.0.1", None, busy, "--port") as listener:
        assert listener.getsockname()[1] > busy


def test_a_host_that_is_none_is_a_sentence() -> None:
    with pytest.raises(CommandError, match=r"203\.0\.113\.1"):
        ports.bind("203.0.113.1", None, 8000, "--port")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.1", False), ("viz", False)],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert ports.is_loopback(host) is loopback


def server_of(path: Path) -> str:
    server: str = yaml.safe_load(path.read_text())["clusters"][0]["cluster"]["server"]
    return server


def test_a_kubeconfig_is_written_privately_and_taken_back() -> None:
    with kubeconfig.written(None, "http://127.0.0.1:6440") as path:
        assert path.stat().st_mode & 0o077 == 0
        assert server_of(path) == "http://127.0.0.1:6440"
    assert not path.parent.exists()


def test_somebody_elses_kubeconfig_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "config"
    theirs.write_text(yaml.safe_dump({"current-context": "prod", "contexts": [{"name": "prod"}]}))
    before = theirs.read_text()
    with pytest.raises(CommandError, match="is not a sandbox's"), kubeconfig.written(theirs, "http://127.0.0.1:1"):
        pass
    assert theirs.read_text() == before


def test_a_sandboxs_own_kubeconfig_is_written_anew_and_stays(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    for server in ("http://127.0.0.1:1", "http://127.0.0.1:2"):
        with kubeconfig.written(ours, server):
            assert server_of(ours) == server
    assert ours.exists()
