"""Several processes around one Redis, and a proxy before the API that counts what it is asked."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

from dashboard.live.board import Board
from tests.live.factory import DEPLOYMENT, POD, REPLICASET
from tests.processes import Process, eventually, free_port, get, manage
from tests.redis_server import RedisServer, serving

CLUSTER = "reconcilerviz-sandbox"
TOKEN = "many-processes"
REQUEST = re.compile(rb"(?:^|\r\n)GET (/\S*) HTTP/1.1\r\n")


class CountingProxy:
    """Passes connections on to the API, and counts the lists and watches among what is asked."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.lists = self.watches = self.objects = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if counted:
                    self._count(data)
                    # The sandbox refuses to be called by another name than its own.
                    data = data.replace(b"Host: 127.0.0.1:%d" % self.port, b"Host: 127.0.0.1:%d" % self.target)
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _count(self, data: bytes) -> None:
        for path in REQUEST.findall(data):
            if b"watch=" in path:
                self.watches += 1
            elif b"limit=" in path and b"continue=" not in path and b"limit=1&" not in path + b"&":
                self.lists += 1
            elif b"/namespaces/" in path:
                self.objects += 1

    def close(self) -> None:
        self._listener.close()


class Place:
    """A sandbox behind a counting proxy, a Redis, and processes that know where both are."""

    def __init__(self, folder: Path, redis: RedisServer, stack: contextlib.ExitStack) -> None:
        self.folder, self.redis, self._stack = folder, redis, stack
        self.watches: list[Process] = []
        self.webs: dict[str, Process] = {}
        config = folder / "sandbox"
        sandbox = stack.enter_context(manage("sandbox", "--empty", "--speed", "20", "--kubeconfig", str(config)))
        self.direct = sandbox.find(r"sandbox +(http://\S+)")
        self.proxy = CountingProxy(int(self.direct.rpartition(":")[2]))
        about = yaml.safe_load(config.read_text())
        about["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{self.proxy.port}"
        (folder / "kubeconfig").write_text(yaml.safe_dump(about))

    def _start(self, *command: str) -> Process:
        about = {
            "RECONCILERVIZ_REDIS_URL": self.redis.url,
            "RECONCILERVIZ_TOKEN": TOKEN,
            "RECONCILERVIZ_DATA": str(self.folder / "data"),
            "KUBECONFIG": str(self.folder / "kubeconfig"),
        }
        return self._stack.enter_context(manage(*command, **about))

    def watch(self) -> Process:
        """One more process that watches or stands by."""
        process = self._start("watch")
        self.watches.append(process)
        return process

    def web(self, port: int | None = None) -> str:
        """One more process that shows; its address."""
        port = port or free_port()
        address = f"http://127.0.0.1:{port}"
        self.webs[address] = self._start("web", "--port", str(port), "--allow-edits")
        return address

    def ready(self) -> None:
        """Wait for all that were started."""
        for process in self.watches:
            process.find(r"(watch: )")
        for process in self.webs.values():
            process.find(r"(web: http)")

    def leader(self) -> Process:
        """Whoever watches now."""

        def look() -> Process | None:
            found = [each for each in self.watches if each.child.poll() is None and leads(each)]
            return found[0] if len(found) == 1 else None

        found = eventually(look, "there is one leader")
        assert found is not None
        return found

    def kill(self, process: Process) -> None:
        """End it without a word."""
        process.stop(signal.SIGKILL)
        if process in self.watches:
            self.watches.remove(process)

    # What is shown, and what is so

    def shown(self, web: str, kind: str = "Pod") -> dict[str, tuple[str, str]]:
        """Verdict and glance by id, as a web process has them now."""
        address = f"{web}/api/v1/clusters/{CLUSTER}/rows?kind={kind}&count=500"
        status, text = get(address, Authorization=f"Bearer {TOKEN}")
        assert status == 200, text
        return {row["id"]: (row["verdict"], row["glance"]) for row in orjson.loads(text)["rows"]}

    def state(self, web: str) -> str:
        """How fresh a web process says it is."""
        _, text = get(f"{web}/api/v1/clusters", Authorization=f"Bearer {TOKEN}")
        return str(orjson.loads(text)["clusters"][0]["state"])

    def fresh(self) -> dict[str, dict[str, tuple[str, str]]]:
        """The same for each kind, judged from lists made now."""
        board = Board(time.time)
        for resource in (DEPLOYMENT, REPLICASET, POD):
            _, text = get(f"{self.direct}{resource.path}")
            about = {"apiVersion": resource.api_version, "kind": resource.kind}
            board.begin(resource)
            board.page(resource, [{**item, **about} for item in orjson.loads(text)["items"]])
            board.end(resource)
        board.tick(time.time())
        found: dict[str, dict[str, tuple[str, str]]] = {"Deployment": {}, "ReplicaSet": {}, "Pod": {}}
        for row in board.rows():
            found[row.kind][row.id] = (row.verdict.value, row.glance)
        return found

    def differences(self) -> list[str]:
        """What the web processes that run show otherwise than a fresh list."""
        found = []
        for kind, rows in self.fresh().items():
            for web in (web for web, process in self.webs.items() if process.child.poll() is None):
                shown = self.shown(web, kind)
                different = (id for id in rows.keys() | shown.keys() if rows.get(id) != shown.get(id))
                found += [f"{web} shows {shown.get(id)} for {id}, which is {rows.get(id)}" for id in different]
        return found

    def until_equal(self, what: str, patience: float = 40.0) -> None:
        """Wait for that, and for all of them to be live."""
        self.ready()
        end = time.monotonic() + patience
        while found := self.differences():
            assert time.monotonic() < end, f"not within {patience:.0f} s {what}: {found}"
            time.sleep(0.1)  # between looks at a condition: each one lists three kinds
        eventually(lambda: {self.state(web) for web in self.webs} == {"live"}, f"all webs are live {what}", patience)

    def deploy(self, name: str, replicas: int = 2) -> None:
        """Create a Deployment."""
        container = {"name": "main", "image": "nginx:1.25"}
        body = {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            },
        }  # fmt: skip
        self._ask("POST", "/apis/apps/v1/namespaces/default/deployments", body)

    def delete(self, name: str) -> None:
        """Delete a Deployment, and with it what it owns."""
        self._ask("DELETE", f"/apis/apps/v1/namespaces/default/deployments/{name}", {})

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(f"{self.direct}{path}", orjson.dumps(body), method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def leads(process: Process) -> bool:
    """Whether a process was elected and has not stepped down since."""
    return process.said.rfind("this process watches now") > process.said.rfind("no longer watches")


@contextlib.contextmanager
def a_place() -> Iterator[Place]:
    """A place with nothing but its sandbox and its Redis; everything ends with the block."""
    with (
        tempfile.TemporaryDirectory(prefix="rviz-place-") as folder,
        serving() as redis,
        contextlib.ExitStack() as stack,
    ):
        place = Place(Path(folder), redis, stack)
        try:
            yield place
        finally:
            place.proxy.close()
