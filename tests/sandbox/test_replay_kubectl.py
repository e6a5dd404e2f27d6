"""A recording is somebody's file: only kubectl is run, only against the sandbox, never to read or run what is here."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dashboard.sandbox.replay_kubectl import Kubectl, RefusedError, arguments


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("kubectl -n a apply -f -", ["-n", "a", "apply", "-f", "-"]),
        (
            """kubectl -n a patch deployment web -p '{"spec":{"replicas":1}}'""",
            ["-n", "a", "patch", "deployment", "web", "-p", '{"spec":{"replicas":1}}'],
        ),
        ("kubectl get pods -o yaml -l a=b", ["get", "pods", "-o", "yaml", "-l", "a=b"]),
        ("kubectl --namespace=a scale deployment web --replicas=5", None),
        ("kubectl -n a create --raw /api/v1/namespaces/a/pods/p/eviction -f -", None),
        ("kubectl -n a delete pod p --wait=false", None),
        ("kubectl -n a create configmap late --from-literal=a=b", None),
        ("kubectl -n a set env deployment/web COLOR=blue", None),
        ("kubectl -n a label pod p app=other --overwrite", None),
    ],
)
def test_what_recordings_do_is_let_through(command: str, words: list[str] | None) -> None:
    assert arguments(command) == (words or command.split()[1:])


@pytest.mark.parametrize(
    "command",
    [
        "",
        "rm -rf /",
        "/tmp/kubectl get pods",
        "kubectl get pods 'unclosed",
        "kubectl",
        "kubectl -n a",
        "kubectl exec p -- sh",
        "kubectl cp a b",
        "kubectl proxy",
        "kubectl port-forward p 80",
        "kubectl edit deployment web",
        "kubectl config view",
        "kubectl diff -f -",
        "kubectl debug p",
        "kubectl plugin list",
        "kubectl some-plugin",
        "kubectl --kubeconfig /root/.kube/config get pods",
        "kubectl --kubeconfig=/root/.kube/config get pods",
        "kubectl get pods --server=http://example.com",
        "kubectl get pods --server http://example.com",
        "kubectl get pods -s http://example.com",
        "kubectl get pods -shttp://example.com",
        "kubectl get pods --context other",
        "kubectl get pods --cluster=other",
        "kubectl get pods --user=other",
        "kubectl get pods --token=abc",
        "kubectl get pods --as=admin",
        "kubectl get pods --insecure-skip-tls-verify",
        "kubectl get pods --insecure_skip_tls_verify",
        "kubectl get pods --certificate-authority=/x",
        "kubectl get pods --cache-dir=/x",
        "kubectl get pods --profile=cpu --profile-output=/x",
        "kubectl apply -f /etc/passwd",
        "kubectl apply -f/etc/passwd",
        "kubectl apply -f http://example.com/x.yaml",
        "kubectl apply --filename=/etc/passwd",
        "kubectl apply --filename /etc/passwd",
        "kubectl apply -k /x",
        "kubectl apply --kustomize=/x",
        "kubectl patch pod p --patch-file=/etc/passwd",
        "kubectl create configmap c --from-file=/etc/passwd",
        "kubectl create configmap c --from-env-file=/etc/passwd",
        "kubectl get pods -o jsonpath-file=/etc/passwd",
        "kubectl get pods -o=go-template-file=/etc/passwd",
        "kubectl get pods --output custom-columns-file=/etc/passwd",
        "kubectl get pods --template=/etc/passwd",
        "kubectl -v=9 get pods",
        "kubectl -xyz get pods",
    ],
)
def test_everything_else_is_refused(command: str) -> None:
    with pytest.raises(RefusedError):
        arguments(command)


async def test_kubectl_is_at_home_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sees no variable of ours, so no proxy, no kubeconfig, no plugin."""
    monkeypatch.setenv("HTTP_PROXY", "http://example.com")
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    program = tmp_path / "kubectl"
    program.write_text('#!/bin/sh\nenv; pwd; echo "$@"; cat\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    home = tmp_path / "home"
    home.mkdir()
    finished = await Kubectl(str(program), "http://127.0.0.1:1", home).run(["get", "$(pods);x"], "from stdin")
    lines = finished.output.splitlines()
    assert f"HOME={home}" in lines and f"KUBECONFIG={home}/config" in lines
    assert not any(line.startswith(("HTTP_PROXY", "PYTHON")) for line in lines)
    assert lines[-2:] == ["get $(pods);x", "from stdin"]
    config = json.loads((home / "config").read_text(encoding="utf-8"))
    assert config["clusters"][0]["cluster"] == {"server": "http://127.0.0.1:1"}
