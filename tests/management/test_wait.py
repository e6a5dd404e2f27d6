"""`manage.py wait` against a sandbox, over HTTP, as a script would use it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import PATIENCE, ROOT, Process, manage


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of a sandbox with its shop, in a hurry."""
    path = tmp_path_factory.mktemp("wait") / "kubeconfig"
    with manage("sandbox", "--speed", "5", "--kubeconfig", str(path)) as sandbox:
        sandbox.find(r"(http://127\.0\.0\.1:\d+)")
        yield path


def wait(kubeconfig: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "wait", "--kubeconfig", str(kubeconfig), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def kubectl(kubeconfig: Path, *arguments: str) -> None:
    command = [Path(sys.executable).with_name("kubectl"), "--kubeconfig", kubeconfig, "-n", "shop", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


def test_a_change_is_waited_for_and_its_hops_are_told(kubeconfig: Path) -> None:
    assert wait(kubeconfig, "apps/Deployment/shop/catalog").returncode == 0
    kubectl(kubeconfig, "scale", "deployment", "catalog", "--replicas=4")
    done = wait(kubeconfig, "apps/Deployment/shop/catalog")
    assert done.returncode == 0, done.stderr
    assert "converged · 4 of 4 ready" in done.stdout


def test_what_happens_is_told_while_it_happens(kubeconfig: Path) -> None:
    with manage("wait", "--kubeconfig", str(kubeconfig), "apps/Deployment/shop/later", "--timeout", "60s") as waiting:
        waiting.find("(does not exist)")
        kubectl(kubeconfig, "create", "deployment", "later", "--image=nginx:1.27-alpine", "--replicas=2")
        waiting.find(r"(ready +2 Pods)")
        assert ended(waiting) == 0


def test_what_is_deleted_meanwhile_is_said_to_be_and_its_successor_is_waited_for(kubeconfig: Path) -> None:
    kubectl(kubeconfig, "create", "deployment", "brief", "--image=nginx:1.19.5-missing")
    kubectl(kubeconfig, "patch", "deployment", "brief", "-p", '{"spec": {"paused": true}}')
    with manage("wait", "--kubeconfig", str(kubeconfig), "apps/Deployment/shop/brief", "--timeout", "60s") as waiting:
        waiting.find("(suspended)")
        kubectl(kubeconfig, "delete", "deployment", "brief")
        waiting.find("(was deleted)")
        kubectl(kubeconfig, "create", "deployment", "brief", "--image=nginx:1.27-alpine")
        assert ended(waiting) == 0


def ended(waiting: Process) -> int:
    return waiting.child.wait(timeout=PATIENCE)


def test_what_is_stalled_says_why(kubeconfig: Path) -> None:
    done = wait(kubeconfig, "apps/Deployment/shop/checkout")
    assert done.returncode == 1, done.stdout
    assert "nginx:1.19.5-missing cannot be pulled" in done.stdout.splitlines()[-1]


def test_what_does_not_come_is_given_up(kubeconfig: Path) -> None:
    done = wait(kubeconfig, "apps/Deployment/shop/nowhere", "--timeout", "3s")
    assert done.returncode == 2
    assert "does not exist" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("apps/Deployment/web",), "'apps/Deployment/web' is not GROUP/KIND/NAMESPACE/NAME"),
        (("apps/Deploymint/shop/web",), "no kind 'Deploymint' in group 'apps'"),
        (("core/Secret/shop/token",), "Secrets are never read"),
        (("apps/Deployment/shop/web", "--timeout", "5"), "--timeout '5' is not a time"),
        (("apps/Deployment/shop/web", "--context", "other"), "other"),
    ],
)
def test_what_cannot_be_waited_for_is_said(kubeconfig: Path, arguments: tuple[str, ...], words: str) -> None:
    done = wait(kubeconfig, *arguments)
    assert done.returncode == 3, done.stdout
    assert words in done.stderr
