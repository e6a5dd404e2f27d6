"""Several processes around one Redis, and what lies between them and the API, which knows what it is asked."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import yaml

from dashboard.live.board import Board
from tests.faults.gate import Gate, gate
from tests.live.factory import DEPLOYMENT, POD, REPLICASET
from tests.processes import Process, eventually, free_port, get, manage
from tests.redis_server import RedisServer, serving

CLUSTER = "reconcilerviz-sandbox"
TOKEN = "many-processes"
STOPPED = 30.0
"""Seconds in which every process ends when it is told to, wherever the API and Redis are: Compose waits no longer."""


@dataclass(frozen=True)
class Asked:
    """What an API was asked: whole lists so far, watches that are open, and how often for a single object."""

    lists: Mapping[str, int]
    watches: Sequence[str]
    objects: int


class Place:
    """A sandbox, a Redis, and processes that know where both are. Those that watch reach the API by one way, those that
    show by another, so that it is known who asks what.
    """

    def __init__(self, folder: Path, redis: RedisServer, stack: contextlib.ExitStack) -> None:
        self.folder, self.redis, self._stack = folder, redis, stack
        self.watches: list[Process] = []
        self.webs: dict[str, Process] = {}
        config = folder / "sandbox"
        sandbox = stack.enter_context(manage("sandbox", "--empty", "--speed", "20", "--kubeconfig", str(config)))
        self.direct = sandbox.find(r"sandbox +(http://\S+)")
        self.way, self.aside = (stack.enter_context(gate(self.direct)) for _ in range(2))
        for name, way in (("kubeconfig", self.way), ("kubeconfig-of-webs", self.aside)):
            about = yaml.safe_load(config.read_text())
            about["clusters"][0]["cluster"]["server"] = way.proxy.url
            (folder / name).write_text(yaml.safe_dump(about))

    def _start(self, *command: str, kubeconfig: str = "kubeconfig") -> Process:
        about = {
            "RECONCILERVIZ_REDIS_URL": self.redis.url,
            "RECONCILERVIZ_TOKEN": TOKEN,
            "RECONCILERVIZ_DATA": str(self.folder / "data"),
            "KUBECONFIG": str(self.folder / kubeconfig),
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
        self.webs[address] = self._start("web", "--port", str(port), "--allow-edits", kubeconfig="kubeconfig-of-webs")
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

    def stop(self) -> None:
        """Have all of them end at once, rather than one after the other. AssertionError for those that do not.

        What they said is printed: a test that failed shows it.
        """
        running = [each for each in (*self.watches, *self.webs.values()) if each.child.poll() is None]
        for process in running:
            process.child.send_signal(signal.SIGCONT)
            process.child.terminate()
        for process in running:
            assert process.child.wait(timeout=STOPPED) == 0, process.said
            print(process.said[-2000:])

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


def asked(way: Gate) -> Asked:
    """What was asked of the API by this way."""
    found = [(parts.path, parse_qs(parts.query)) for parts in (urlsplit(url) for _, url in list(way.proxy.asked))]
    whole = [
        path
        for path, query in found
        if query.get("limit", ["1"]) != ["1"] and "continue" not in query and "watch" not in query
    ]
    named = [path for path, query in found if not query and "/namespaces/" in path]
    return Asked(Counter(whole), sorted(flow.path for flow in way.call(way.proxy.streams)), len(named))


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
        yield place
        place.stop()
