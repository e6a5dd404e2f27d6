"""The real kubectl, further: usage, nodes, waiting, comparing, patching, logs, selecting, explaining."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.sandbox.kubectls import WEB, Kubectl

CRD = Path(__file__).resolve().parents[2] / "dashboard/sandbox/operators/hoge/crd.yaml"
LOADED = WEB.replace(
    "labels: {app: web}}\nspec", 'labels: {app: web}, annotations: {sandbox.reconcilerviz/cpu-load: "900"}}\nspec'
)
TAIL = "[{0}] GET / 200 3ms"


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """A kubectl whose namespace has the Deployment, rolled out."""
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    kubectl.settled()
    return kubectl


def values(kubectl: Kubectl, path: str, *what: str) -> list[str]:
    """Words that a jsonpath prints."""
    return kubectl.ok("get", *what, "-o", f"jsonpath={path}").split()


def pods(kubectl: Kubectl) -> list[str]:
    """Names of the Deployment's Pods."""
    return values(kubectl, "{.items[*].metadata.name}", "pods", "-l", "app=web")


def test_top(kubectl: Kubectl) -> None:
    assert "No resources found" in kubectl.ok("top", "pods")
    kubectl.ok("apply", "-f", "-", stdin=LOADED)
    kubectl.settled()
    rows = [line.split() for line in kubectl.ok("top", "pods", "--no-headers").splitlines()]
    assert [row[1] for row in rows] == ["300m"] * 3, "the load is spread over the Pods"
    assert all(row[2].endswith("Mi") for row in rows)
    assert len(kubectl.ok("top", "pods", "--containers", "-l", "app=web", "--no-headers").splitlines()) == 3
    assert kubectl.ok("top", "pod", rows[0][0], "--no-headers").split()[:2] == [rows[0][0], "300m"]
    assert "NotFound" in kubectl.refused("top", "pod", "nobody")
    nodes = [line.split() for line in kubectl.ok("top", "nodes", "--no-headers").splitlines()]
    assert [row[0] for row in nodes] == ["node-0", "node-1", "node-2"]
    assert sum(int(row[1].removesuffix("m")) for row in nodes) >= 900
    assert all(row[2].endswith("%") and row[4].endswith("%") for row in nodes)
    assert "NodeMetrics" in kubectl.ok("api-resources", "--api-group=metrics.k8s.io")


def test_autoscale_and_expose(web: Kubectl) -> None:
    web.ok("autoscale", "deployment", "web", "--min=2", "--max=6", "--cpu-percent=40")
    assert values(
        web,
        "{.spec.minReplicas} {.spec.maxReplicas} {.spec.metrics[0].resource.target.averageUtilization}",
        "hpa",
        "web",
    ) == ["2", "6", "40"]
    assert web.ok("expose", "deployment", "web", "--port=80", "--target-port=8080") == "service/web exposed\n"
    assert values(web, "{.spec.selector.app} {.spec.ports[0].targetPort}", "service", "web") == ["web", "8080"]
    web.ok(
        "wait",
        "--for=jsonpath={.endpoints[2].conditions.ready}=true",
        "endpointslice",
        "-l",
        "kubernetes.io/service-name=web",
        "--timeout=20s",
    )
    assert (
        web.ok("expose", "deployment", "web", "--name=out", "--type=NodePort", "--port=80") == "service/out exposed\n"
    )
    assert values(web, "{.spec.ports[0].nodePort}", "service", "out")[0].startswith("3")


def test_cordon_taint_drain(web: Kubectl) -> None:
    (node,) = set(values(web, "{.spec.nodeName}", "pod", pods(web)[0]))
    try:
        assert web.ok("cordon", node) == f"node/{node} cordoned\n"
        assert "SchedulingDisabled" in web.ok("get", "node", node)
        drained = web.ok("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=40s")
        assert f"node/{node} drained" in drained
        web.settled()
        assert node not in values(web, "{.items[*].spec.nodeName}", "pods", "-l", "app=web")
        assert web.ok("uncordon", node) == f"node/{node} uncordoned\n"
        assert web.ok("taint", "nodes", node, "a=b:NoSchedule") == f"node/{node} tainted\n"
        assert values(web, "{.spec.taints[*].key}", "node", node) == ["a"]
        assert web.ok("taint", "nodes", node, "a-") == f"node/{node} untainted\n"
        assert values(web, "{.spec.taints[*].key}", "node", node) == []
    finally:
        web.ok("uncordon", node)


def test_wait(web: Kubectl) -> None:
    assert (
        web.ok("wait", "--for=condition=Available", "deployment/web", "--timeout=20s")
        == "deployment.apps/web condition met\n"
    )
    assert "timed out" in web.refused("wait", "--for=condition=Available=false", "deployment/web", "--timeout=1s")
    web.ok("delete", "deployment", "web", "--wait=false")
    web.ok("wait", "--for=delete", "deployment/web", "--timeout=30s")
    web.ok("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=30s")
    assert pods(web) == []


def test_diff(web: Kubectl) -> None:
    assert web.ok("diff", "-f", "-", stdin=WEB) == ""
    code, shown = web.run("diff", "-f", "-", stdin=WEB.replace("replicas: 3", "replicas: 4"))
    assert code == 1
    assert "-  replicas: 3" in shown
    assert "+  replicas: 4" in shown
    assert values(web, "{.spec.replicas}", "deployment", "web") == ["3"]


def test_create_and_replace(kubectl: Kubectl) -> None:
    assert kubectl.ok("create", "-f", "-", stdin=WEB) == "deployment.apps/web created\n"
    # replace reads, then writes what it has read: nothing may be going on.
    kubectl.settled()
    four = WEB.replace("replicas: 3", "replicas: 4")
    assert kubectl.ok("replace", "-f", "-", stdin=four) == "deployment.apps/web replaced\n"
    assert values(kubectl, "{.spec.replicas}", "deployment", "web") == ["4"]
    (uid,) = values(kubectl, "{.metadata.uid}", "deployment", "web")
    assert "replaced" in kubectl.ok("replace", "--force", "-f", "-", stdin=WEB)
    assert values(kubectl, "{.metadata.uid}", "deployment", "web") != [uid]
    stale = kubectl.ok("get", "deployment", "web", "-o", "json")
    kubectl.ok("scale", "deployment", "web", "--replicas=1")
    assert "Conflict" in kubectl.refused("replace", "-f", "-", stdin=stale)
    assert "NotFound" in kubectl.refused("replace", "-f", "-", stdin=WEB.replace("name: web,", "name: other,"))


PATCHES = [
    (
        "json",
        [{"op": "test", "path": "/spec/replicas", "value": 3}, {"op": "replace", "path": "/spec/replicas", "value": 2}],
    ),
    ("merge", {"spec": {"replicas": 2}}),
    (
        "strategic",
        {"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.19"}]}}}},
    ),
]


@pytest.mark.parametrize(("kind", "patch"), PATCHES, ids=[kind for kind, _ in PATCHES])
def test_patch(kubectl: Kubectl, kind: str, patch: object) -> None:
    kubectl.ok("apply", "-f", "-", stdin=WEB)
    text = json.dumps(patch)
    assert kubectl.ok("patch", "deployment", "web", f"--type={kind}", "-p", text) == "deployment.apps/web patched\n"
    port = "{.spec.replicas} {.spec.template.spec.containers[0].ports[0].containerPort}"
    assert values(kubectl, port, "deployment", "web") == ["2", "80"]
    if kind == "json":
        assert "The request is invalid" in kubectl.refused("patch", "deployment", "web", "--type=json", "-p", text)
    else:
        generation = values(kubectl, "{.metadata.generation}", "deployment", "web")
        kubectl.ok("patch", "deployment", "web", f"--type={kind}", "-p", text)
        assert values(kubectl, "{.metadata.generation}", "deployment", "web") == generation


def test_patch_of_subresources(web: Kubectl) -> None:
    # Spec is left alone by the one, status by the other.
    both = (
        '{"spec":{"replicas":9},"status":{"conditions":[{"type":"Mine","status":"True","reason":"R","message":"M"}]}}'
    )
    web.ok("patch", "deployment", "web", "--subresource=status", "--type=merge", "-p", both)
    assert values(web, "{.spec.replicas}", "deployment", "web") == ["3"]
    web.ok("patch", "deployment", "web", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":2}}')
    assert values(web, "{.spec.replicas}", "deployment", "web") == ["2"]
    web.ok("get", "deployment", "web", "--subresource=status")
    assert (
        web.ok("get", "deployment", "web", "--subresource=scale", "-o", "jsonpath={.kind} {.spec.replicas}")
        == "Scale 2"
    )


def test_logs(web: Kubectl) -> None:
    first = pods(web)[0]
    whole = web.ok("logs", first).splitlines()
    assert len(whole) == 5
    assert whole == web.ok("logs", first, "-c", "nginx").splitlines()
    assert web.ok("logs", first, "--tail=1").splitlines() == whole[-1:]
    assert web.ok("logs", first, "--limit-bytes=7") == whole[0][:7]
    stamped = web.ok("logs", first, "--timestamps").splitlines()
    assert [line.partition(" ")[2] for line in stamped] == whole
    assert web.ok("logs", first, "--since-time=2099-01-01T00:00:00Z") == ""
    assert len(web.ok("logs", "-l", "app=web", "--prefix", "--tail=1").splitlines()) == 3
    assert "previous terminated container" in web.refused("logs", first, "--previous")
    assert "is not valid for pod" in web.refused("logs", first, "-c", "nobody")


def test_logs_of_what_crashes(kubectl: Kubectl) -> None:
    kubectl.ok("run", "crash", "--image=app:crash")
    kubectl.ok("wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/crash", "--timeout=30s")
    assert "exit code 1" in kubectl.ok("logs", "crash", "--previous")
    kubectl.ok("run", "missing", "--image=app:missing")
    kubectl.ok(
        "wait",
        "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff",
        "pod/missing",
        "--timeout=30s",
    )
    assert "pull image" in kubectl.refused("logs", "missing")


def test_watch_only(web: Kubectl) -> None:
    """Nothing of what is there already; then what changes."""
    command = [web.path, "get", "deployments", "--watch-only", "-o", "name"]
    env = {"HOME": str(web.home), "KUBECONFIG": str(web.home / "config"), "PATH": os.environ["PATH"]}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        seen = threading.Event()

        def change() -> None:
            number = 0
            while not seen.wait(0.3):
                number += 1
                web.ok("annotate", "deployment", "web", f"n={number}", "--overwrite")

        changing = threading.Thread(target=change)
        changing.start()
        try:
            assert process.stdout.readline() == "deployment.apps/web\n"
        finally:
            seen.set()
            changing.join()
            process.terminate()
    _, shown = web.run("get", "deployments", "--watch-only", "--request-timeout=1s")
    assert "web " not in shown


def test_selecting_and_sorting(web: Kubectl) -> None:
    assert len(pods(web)) == 3
    assert len(web.ok("get", "pods", "--field-selector", "status.phase=Running", "-o", "name").split()) == 3
    assert "No resources found" in web.ok("get", "pods", "--field-selector", "status.phase=Failed")
    assert "field label not supported" in web.refused("get", "pods", "--field-selector", "spec.nothing=a")
    assert web.ok("get", "pods", "-l", "app notin (web)", "-o", "name") == ""
    names = [line.split()[0] for line in web.ok("get", "pods", "--sort-by=.metadata.name", "--no-headers").splitlines()]
    assert names == sorted(pods(web))
    reasons = [
        line.split()[2] for line in web.ok("get", "events", "--sort-by=.lastTimestamp", "--no-headers").splitlines()
    ]
    assert "ScalingReplicaSet" in reasons
    table = web.ok("get", "pods", "-o", "custom-columns=N:.metadata.name,P:.status.phase", "--no-headers")
    assert table.split()[1::2] == ["Running"] * 3


def test_events_for(web: Kubectl) -> None:
    shown = web.ok("events", "--for", "deployment/web", "--no-headers").splitlines()
    assert shown
    assert all(line.split()[3] == "Deployment/web" for line in shown)
    assert web.ok("events", "--types=Normal", "--no-headers").count("Started") == 3
    web.ok("label", "deployment", "web", "a=b")
    assert "No events found" in web.ok("events", "--for", "deployment/nobody")


def test_explain_built_in_kinds(kubectl: Kubectl) -> None:
    said = kubectl.ok("explain", "deployment.spec.replicas")
    assert "FIELD: replicas <integer>" in said
    assert "How many Pods are wanted" in said
    assert "containers\t<[]Container> -required-" in kubectl.ok("explain", "pod.spec")
    assert "maxSurge\t<IntOrString>" in kubectl.ok("explain", "deploy.spec.strategy.rollingUpdate")
    assert "VERSION:    v1\n" in kubectl.ok("explain", "hpa", "--api-version=autoscaling/v1")
    tree = kubectl.ok("explain", "statefulset", "--recursive")
    assert "volumeClaimTemplates\t<[]PersistentVolumeClaim>" in tree
    assert 'field "nothing" does not exist' in kubectl.refused("explain", "pod.spec.nothing")


def test_explain_custom_kinds(kubectl: Kubectl) -> None:
    kubectl.ok("apply", "-f", str(CRD))
    kubectl.ok("wait", "--for=condition=Established", "crd/hoges.stable.example.com", "--timeout=20s")
    said = kubectl.ok("explain", "hoge.spec")
    assert "size\t<integer> -required-" in said
    assert "tags\t<[]string>" in said
    assert "GROUP:      stable.example.com" in said
    assert "ownerReferences" in kubectl.ok("explain", "hoge", "--recursive")
