"""Processes around one sandbox, and plain HTTP to look at what they do."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.processes import ROOT, eventually

Obj = dict[str, Any]
POLL = 0.3
GROUP = "apis/demo.reconcilerviz.io/v1/namespaces/default"
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: sandbox, cluster: {server: "SERVER"}}]
users: [{name: sandbox, user: {}}]
contexts: [{name: sandbox, context: {cluster: sandbox, user: sandbox, namespace: default}}]
current-context: sandbox
"""


class Child:
    """One `python -m MODULE`, which ends with the test however that ends."""

    def __init__(self, module: str, *options: str) -> None:
        command = [sys.executable, "-m", module, *options, "--until-stdin-closes"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)
        self.pid = self.process.pid

    def first_line(self) -> str:
        """What it says once it is ready."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str]:
        """Close its input; its exit code and what it complained of."""
        _, complaints = self.process.communicate(input="", timeout=20)
        return self.process.returncode, complaints

    def kill(self) -> None:
        """As kill -9 does."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.communicate()


@dataclass
class World:
    """A sandbox at speed 20, a store, and whichever operators were started."""

    server: str
    store: str
    folder: Path
    children: list[Child] = field(default_factory=list)

    @property
    def kubeconfig(self) -> Path:
        """How the sandbox is reached."""
        return self.folder / "kubeconfig"

    @property
    def buckets(self) -> Path:
        """Where the store keeps its buckets."""
        return self.folder / "buckets"

    def operate(self, *operators: str, install: bool = True) -> Child:
        """Start operators and return when they say that they are ready."""
        options = [*operators, "--kubeconfig", str(self.kubeconfig), "--store", self.store, "--poll", str(POLL)]
        child = Child("dashboard.sandbox.operators", *options, *(["--install"] if install else []))
        self.children.append(child)
        assert child.first_line() == "operators ready"
        return child

    def fail_to_operate(self, operator: str) -> tuple[int, str]:
        """Start an operator that cannot work here: its exit code and its complaint."""
        child = Child("dashboard.sandbox.operators", operator, "--kubeconfig", str(self.kubeconfig), "--install")
        _, complaints = child.process.communicate(timeout=30)
        return child.process.returncode, complaints

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json") -> tuple[int, Any]:
        """Status and JSON of a request to the cluster."""
        return call_api(method, f"{self.server}/{path}", body, content)

    def get(self, path: str) -> Obj:
        """An object, {} where there is none."""
        status, obj = self.call("GET", path)
        return obj if status == 200 else {}

    def create(self, kind: str, object_name: str, /, **spec: Any) -> Obj:
        """A Database or a Bucket in `default`."""
        body = {"apiVersion": "demo.reconcilerviz.io/v1", "kind": kind, "metadata": {"name": object_name}, "spec": spec}
        status, obj = self.call("POST", f"{GROUP}/{kind.lower()}s", body)
        assert status == 201, obj
        return obj

    def patch(self, path: str, body: Obj) -> Obj:
        """A merge patch that is accepted."""
        status, obj = self.call("PATCH", path, body, "application/merge-patch+json")
        assert status == 200, obj
        return obj

    def delete(self, path: str) -> None:
        """A deletion that is accepted."""
        assert self.call("DELETE", path)[0] in (200, 202)

    def condition(self, path: str, type: str) -> Obj:
        """One of an object's conditions, {} where it has none of that type."""
        conditions = self.get(path).get("status", {}).get("conditions", [])
        return next((each for each in conditions if each["type"] == type), {})

    def until(self, path: str, type: str, status: str, reason: str = "") -> Obj:
        """Wait for a condition; the condition."""

        def look() -> Obj | None:
            found = self.condition(path, type)
            return found if found.get("status") == status and reason in ("", found["reason"]) else None

        return eventually(look, f"{path} {type}={status} {reason}", 20) or {}

    def gone(self, path: str) -> None:
        """Wait until there is no such object."""
        eventually(lambda: self.call("GET", path)[0] == 404, f"{path} is gone", 20)

    def ask_store(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a request to the store."""
        return call_api(method, f"{self.store}/{path}", body, "application/json", headers)

    def faults(self, **faults: Any) -> None:
        """How the store misbehaves from now on: not at all without arguments."""
        assert self.ask_store("PUT", "faults", faults)[0] == 200

    def about(self, bucket: str) -> Path:
        """The file that says what a bucket is like."""
        return self.buckets / bucket / ".bucket.json"

    def password(self, database: str) -> str:
        """The password that was made for it, "" before there is one."""
        data = self.get(f"api/v1/namespaces/default/secrets/{database}-credentials").get("data", {})
        return base64.b64decode(data.get("password", "")).decode()


def call_api(method: str, url: str, body: Any, content: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    data = json.dumps(body).encode() if body is not None else None
    sent = {"Content-Type": content, **(headers or {})} if data is not None else headers or {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, sent, method=method), timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


@contextlib.contextmanager
def started(folder: Path) -> Iterator[World]:
    """An empty sandbox and a store, and the end of every process of this world."""
    sandbox = Child("dashboard.sandbox", "--empty", "--speed", "20")
    store = Child("dashboard.sandbox.operators.bucket_store", "--root", str(folder / "buckets"))
    world = World(address(sandbox), address(store), folder, [sandbox, store])
    world.kubeconfig.write_text(KUBECONFIG.replace("SERVER", world.server))
    try:
        yield world
    finally:
        for child in reversed(world.children):
            if child.process.poll() is None:
                child.end()


def address(child: Child) -> str:
    line = child.first_line()
    assert " ready on http://127.0.0.1:" in line, line
    return line.rpartition(" ")[2]


def manifest(operator: str, file: str) -> Obj:
    """A YAML file of one of the operators."""
    path = ROOT / "dashboard" / "sandbox" / "operators" / operator / file
    content: Obj = yaml.safe_load(path.read_text())
    return content
