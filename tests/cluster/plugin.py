"""A credential plugin that counts its runs and does as it is told, and a request that needs its token."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dashboard.cluster.connection import Connection

PLUGIN = """
import json, os, sys, time
calls = sys.argv[1]
with open(calls, "a") as file:
    file.write(os.environ["KUBERNETES_EXEC_INFO"] + "\\n")
number = sum(1 for _ in open(calls))
mode = open(calls + ".mode").read()
if mode == "fail":
    sys.stderr.write("your session \\x1b[31mhas expired\\x1b[0m, log in with: corp login\\n" + "x" * 5000)
    sys.exit(3)
if mode.startswith("slow"):
    time.sleep(float(mode.split()[1]))
if mode == "hang":
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open(calls + ".child", "w").write(str(child.pid))
    child.wait()
if mode == "garbage":
    print("hello there"); sys.exit(0)
status = {"token": f"token-{number}"}
if mode.startswith("expires"):
    moment = time.gmtime(time.time() + float(mode.split()[1]))
    status["expirationTimestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
print(json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}))
"""


class Plugin:
    """A credential plugin that counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.script, self.calls = folder / "plugin.py", folder / "calls"
        self.script.write_text(PLUGIN)
        self.calls.touch()
        self.mode("")

    def mode(self, mode: str) -> None:
        Path(f"{self.calls}.mode").write_text(mode)

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.calls.read_text().splitlines()]

    @property
    def child(self) -> int:
        """The process that it started and waits for, where it hangs."""
        return int(Path(f"{self.calls}.child").read_text())

    def user(self, **changes: Any) -> dict[str, Any]:
        return {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": sys.executable,
                "args": [str(self.script), str(self.calls)],
                "interactiveMode": "Never",
                **changes,
            }
        }


async def ask(connection: Connection) -> str:
    """Make a request; the token that it was answered with."""
    await connection.request("GET", "/api/v1/pods")
    return (await connection.keeper.current()).headers[0][1].removeprefix("Bearer ")
