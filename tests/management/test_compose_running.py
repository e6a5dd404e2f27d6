"""The services of docker-compose.yml with the commands and the environment that it gives them, over a real Redis and a
real PostgreSQL: only where they find each other is different here.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import pytest

from tests.history import postgres
from tests.management.composed import MissingError, composed
from tests.processes import PATIENCE, ROOT, Process, eventually, free_port, get, heard, manage
from tests.redis_server import serving

GRACE = 30.0
"""Seconds until Compose kills what it has told to end: `stop_grace_period`."""
TOKEN = "a-token-of-the-test"
GIVEN = {
    "RECONCILERVIZ_SECRET_KEY": secrets.token_urlsafe(48),
    "RECONCILERVIZ_TOKEN": TOKEN,
    "POSTGRES_PASSWORD": "hunter2",
    "HOME": "/home/somebody",
}
# The image's PYTHONDONTWRITEBYTECODE is left out: it has compiled everything beforehand, and a checkout has not.
OF_THE_IMAGE = {"PATH": str(Path(sys.executable).parent), "PYTHONUNBUFFERED": "1"}


class Machine:
    """One machine in the place of all containers: names of services are ports of its loopback."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.services = composed(GIVEN)["services"]

    def here(self, text: str) -> str:
        """A value with what is elsewhere here."""
        for there, name in self.names.items():
            text = text.replace(there, name)
        return text

    @contextlib.contextmanager
    def running(self, service: str, port: int = 0) -> Iterator[Process]:
        """A service as Compose would start it, in nothing but its own environment; killed with the block."""
        about = self.services[service]
        command = [self.here(str(port) if port and part == "8000" else part) for part in about["command"]]
        environment = {name: self.here(value) for name, value in about["environment"].items()}
        child = subprocess.Popen(
            command, cwd=ROOT, env={**OF_THE_IMAGE, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            with heard(child) as process:
                yield process
        finally:
            print(f"{service}: {process.said[-2000:]}")  # a test that failed shows it


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A cluster, Redis and PostgreSQL, each at its own port."""
    kubeconfig, database = tmp_path / "kubeconfig", postgres.make()
    with serving() as redis, manage("sandbox", "--speed", "5", "--kubeconfig", str(kubeconfig)) as sandbox:
        try:
            database.run("CREATE DATABASE viz")
            sandbox.find(r"(http://127\.0\.0\.1:\d+)")
            yield Machine(
                {
                    "redis://redis:6379": f"redis://127.0.0.1:{redis.port}",
                    "@postgres:5432": f"@127.0.0.1:{database.port}",
                    "/kube/config": str(kubeconfig),
                    "/data": str(tmp_path / "data"),
                    "/tmp/beat": str(tmp_path / "beat"),
                }
            )
        finally:
            database.close()


def test_all_services_run_together_and_end_when_they_are_told_to(machine: Machine) -> None:
    with machine.running("migrate") as migrate:
        assert migrate.child.wait(timeout=PATIENCE) == 0, migrate.said
    port = free_port()
    with contextlib.ExitStack() as stack:
        names = ("watch", "watch", "web", "worker", "beat")
        started = [stack.enter_context(machine.running(name, port)) for name in names]
        address = f"http://127.0.0.1:{port}"
        started[names.index("web")].find("(web: )")
        assert healthy(machine, port), "the check that Compose would make"
        eventually(lambda: get(f"{address}/readyz")[0] == 200, "it is ready")
        assert get(f"{address}/api/v1/clusters")[0] in (401, 403), "nobody without the token"
        eventually(lambda: kept(address), "it shows what the worker has written")
        started[names.index("beat")].find("(celery beat .* is starting)")
        for process in started:
            assert process.child.poll() is None, process.said
            process.child.send_signal(signal.SIGTERM)
        ends = {name: process.child.wait(timeout=GRACE) for name, process in zip(names, started, strict=True)}
        assert set(ends.values()) == {0}, ends
        assert not [name for name, process in zip(names, started, strict=True) if "Traceback" in process.said]


def healthy(machine: Machine, port: int) -> bool:
    """What the check finds that Compose would make."""
    how, *check = machine.services["web"]["healthcheck"]["test"]
    assert how == "CMD"
    command = [part.replace(":8000/", f":{port}/") for part in check]
    return subprocess.run(command, env=OF_THE_IMAGE, capture_output=True, check=False).returncode == 0


def kept(address: str) -> bool:
    """Whether an episode is kept: told by the process that watches, written by the worker, read by this one."""
    clusters = orjson.loads(get(f"{address}/api/v1/clusters", Authorization=f"Bearer {TOKEN}")[1])["clusters"]
    status, text = get(f"{address}/api/v1/clusters/{clusters[0]['name']}/episodes", Authorization=f"Bearer {TOKEN}")
    return status == 200 and bool(orjson.loads(text)["episodes"])


@pytest.mark.parametrize("name", ["RECONCILERVIZ_SECRET_KEY", "RECONCILERVIZ_TOKEN", "POSTGRES_PASSWORD"])
def test_what_has_no_default_is_asked_for(name: str) -> None:
    with pytest.raises(MissingError, match=name):
        composed({other: value for other, value in GIVEN.items() if other != name})


def test_the_kubeconfig_is_that_of_the_variable_else_the_usual_one() -> None:
    def source(given: dict[str, str]) -> str:
        return next(each["source"] for each in composed(given)["services"]["web"]["volumes"] if isinstance(each, dict))

    assert source(GIVEN) == "/home/somebody/.kube/config"
    assert source({**GIVEN, "KUBECONFIG": "/etc/viz.yaml"}) == "/etc/viz.yaml"
