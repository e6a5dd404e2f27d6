"""Running the real kubectls: which there are, and each with its own home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
