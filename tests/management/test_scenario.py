"""`manage.py scenario`: a sandbox is broken and mended; anything else receives not one write."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from tests.processes import manage

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class RealServer(ThreadingHTTPServer):
    """An API server that is no sandbox: knows no /sandbox/, or answers anything there; keeps what it was asked."""

    daemon_threads = True
    asked: list[tuple[str, str]]
    obliging: bool


class Handler(BaseHTTPRequestHandler):
    """Answers as configured."""

    server: RealServer

    def answer(self) -> None:
        self.server.asked.append((self.command, self.path))
        if self.path == "/version":
            self.send(200, {"gitVersion": "v1.36.2"})
        elif self.server.obliging:
            self.send(200, {"kind": "Sandbox", "apiVersion": "sandbox.reconcilerviz/v1"})
        else:
            self.send(404, {"kind": "Status", "reason": "NotFound", "message": "not found", "code": 404})

    def send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method
            return self.answer
        raise AttributeError(name)


@pytest.fixture(params=[False, True], ids=["knows no such path", "says it is one"])
def real(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    server = RealServer(("127.0.0.1", 0), Handler)
    server.asked, server.obliging = [], request.param
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def kubeconfig(folder: Path, port: int) -> Path:
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize("arguments", [("image-missing",), ("image-missing", "--clear"), ("--list",), ("nonsense",)])
def test_a_real_api_server_receives_no_write(real: RealServer, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = kubeconfig(tmp_path, real.server_address[1])
    with pytest.raises(CommandError, match="is not a sandbox: scenarios and faults are for sandboxes only"):
        call_command("scenario", *arguments, kubeconfig=path)
    assert real.asked
    assert [asked for asked in real.asked if asked[0] in WRITES] == []


@pytest.mark.parametrize("arguments", [(), ("image-missing", "--list")])
def test_one_name_or_the_list(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="name one scenario, or use --list"):
        call_command("scenario", *arguments)


def test_breaks_and_mends_a_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kubeconfig"
    with manage("sandbox", "--empty", "--speed", "20", "--kubeconfig", str(path)) as process:
        process.find(r"(KUBECONFIG=)")
        call_command("scenario", "--list", kubeconfig=path)
        assert "image-missing            An image that does not exist\n" in capsys.readouterr().out
        call_command("scenario", "image-missing", kubeconfig=path)
        said = capsys.readouterr().out
        assert "Deployment/checkout stalled: nginx:1.19.5-missing cannot be pulled" in said
        with pytest.raises(CommandError, match="did you mean image-missing"):
            call_command("scenario", "image-mising", kubeconfig=path)
        call_command("scenario", "image-missing", "--clear", kubeconfig=path)
        assert "is cleared" in capsys.readouterr().out
