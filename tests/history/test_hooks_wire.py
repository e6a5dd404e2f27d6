"""One delivery over real sockets; only the resolver's answers are a test's own."""

from __future__ import annotations

import itertools
import json
import resource
import socket
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from dashboard.history import hooks_wire
from dashboard.history.hooks_wire import NotDeliveredError, post, within
from tests.history.receivers import Receiver, certificate, receiving, talking
from tests.processes import free_port

LOOPBACK = (ip_network("127.0.0.0/8"),)
HEADERS = {"Content-Type": "application/json"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as found:
        yield found


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Addresses by name, as a resolver would answer; each is asked for once a delivery, and what it says then is in
    `asked`. Answers may change from one question to the next.
    """
    known: dict[str, list[str]] = {"asked": []}
    real = socket.getaddrinfo

    def ask(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in known:
            return real(host, port, *rest, **more)
        known["asked"].append(host)
        found = known[host]
        address = found.pop(0) if len(found) > 1 else found[0]
        return real(address, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return known


def send(url: str, allowed: Any = LOOPBACK) -> int:
    return post(url, b'{"a":1}', HEADERS, allowed)


def refused(url: str, allowed: Any = LOOPBACK) -> str:
    with pytest.raises(NotDeliveredError) as caught:
        send(url, allowed)
    return str(caught.value)


def test_it_arrives_as_it_was_sent(receiver: Receiver) -> None:
    assert send(receiver.url + "?a=b%2Fc") == 204
    (got,) = receiver.got
    assert (got.path, json.loads(got.body)) == ("/hook?a=b%2Fc", {"a": 1})
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"


def test_what_is_not_public_is_not_even_connected_to(receiver: Receiver) -> None:
    assert "not a public one" in refused(receiver.url, ())
    assert "not a public one" in refused(receiver.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"), ())
    assert receiver.connections == 0


def test_a_name_is_asked_once_and_its_answer_is_what_is_connected_to(
    receiver: Receiver, names: dict[str, list[str]]
) -> None:
    names["hooks.example"] = ["127.0.0.1", "127.9.9.9"]  # the second answer leads nowhere
    assert send(f"http://hooks.example:{receiver.port}/hook", ["hooks.example"]) == 204
    assert names["asked"] == ["hooks.example"]
    assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"


def test_what_is_asked_for_is_written_as_in_the_url(receiver: Receiver, names: dict[str, list[str]]) -> None:
    names["hooks.example."] = ["127.0.0.1"]
    assert send(f"http://[::ffff:127.0.0.1]:{receiver.port}/a?b=%2F") == 204
    assert send(f"http://me:w%40rd@hooks.example.:{receiver.port}") == 204
    first, second = receiver.got
    assert (first.path, first.headers["host"]) == ("/a?b=%2F", f"[::ffff:7f00:1]:{receiver.port}")
    assert (second.path, second.headers["host"]) == ("/", f"hooks.example:{receiver.port}")
    assert b64decode(second.headers["authorization"].removeprefix("Basic ")) == b"me:w@rd"
    assert "authorization" not in first.headers


def test_a_name_that_comes_to_lead_inside_is_refused(receiver: Receiver, names: dict[str, list[str]]) -> None:
    names["rebound.example"] = ["10.255.255.1"]
    assert "not a public one" in refused(f"http://rebound.example:{receiver.port}/")
    names["rebound.example"] = ["127.0.0.1"]
    assert "not a public one" in refused(f"http://rebound.example:{receiver.port}/", [ip_network("10.0.0.0/8")])
    assert receiver.connections == 0


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    with receiving(Receiver(answers=[307], location=receiver.url)) as first:
        assert refused(first.url) == "answered 307: a redirect, which is not followed"
    assert (len(first.got), receiver.connections) == (1, 0)


def test_no_proxy_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(Receiver()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert send(receiver.url) == 204
    assert (proxy.connections, len(receiver.got)) == (0, 1)


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_what_is_not_2xx_is_not_delivered(status: int) -> None:
    with receiving(Receiver(answers=[status])) as found, pytest.raises(NotDeliveredError) as caught:
        send(found.url)
    assert (str(caught.value), caught.value.answered) == (f"answered {status}: not 2xx", True)


def test_a_body_without_end_is_not_read() -> None:
    sent = [0]

    def endless() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
        while True:
            sent[0] += 65536
            yield b"x" * 65536

    port: list[int] = []
    with talking(endless(), port) as gone:
        assert send(f"http://127.0.0.1:{port[0]}/") == 200
        assert gone.wait(20)
    assert sent[0] < 50_000_000  # what the kernel's buffers took


@pytest.mark.parametrize(
    "lines",
    [
        itertools.repeat(b""),
        itertools.chain([b"HTTP/1.1 200 OK\r\n"], (b"X: y\r\n" for _ in iter(int, 1) if not time.sleep(0.05))),
    ],
    ids=["silent", "dripping"],
)
def test_whoever_does_not_come_to_an_end_is_left(lines: Iterator[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_wire, "SECONDS", 0.5)
    stop = threading.Event()

    def slowly() -> Iterator[bytes]:
        for line in lines:
            if stop.wait(0 if line else 0.05):
                return
            yield line

    port: list[int] = []
    with talking(slowly(), port):
        assert refused(f"http://127.0.0.1:{port[0]}/") in ("no answer within 0 s", "the connection broke (ClientError)")
        stop.set()


def test_a_line_without_end_is_left() -> None:
    port: list[int] = []
    with talking(itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"x" * 4096)), port):
        assert refused(f"http://127.0.0.1:{port[0]}/").startswith("the connection broke")


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"", b"HTTP/1.1 200 "], ids=["lines", "interim", "no line"])
def test_a_head_without_end_is_left_and_not_kept(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_wire, "SECONDS", 1.0)
    more = {b"": b"HTTP/1.1 100 Continue\r\n\r\n" * 200}.get(head, b"x: y\r\n" * 1000)
    port: list[int] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with talking(itertools.chain([head], itertools.repeat(more)), port) as gone:
        assert refused(f"http://127.0.0.1:{port[0]}/").startswith(("the connection broke", "no answer"))
        assert gone.wait(20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # kilobytes


def test_nobody_there_is_said_without_an_address() -> None:
    port = free_port()
    words = refused(f"http://127.0.0.1:{port}/secret")
    assert words.startswith("no connection")
    assert not [part for part in ("127.0.0.1", str(port), "secret") if part in words]


def test_a_name_that_nobody_answers_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_wire, "SECONDS", 0.2)
    held = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: held.wait(20) and [])
    assert refused("http://slow.example/") == "its name was not answered within 0 s"
    held.set()


def test_a_name_without_an_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert refused("http://none.example/") == "refused: its name leads to no address"


def test_tls_is_told_the_name_and_checks_it(
    tmp_path: Path, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path, "hooks.example")
    names["hooks.example"] = names["other.example"] = ["127.0.0.1"]
    with receiving(Receiver(), context) as found:
        url = f"https://hooks.example:{found.port}/hook"
        assert refused(url) == "its certificate is not trusted, or TLS failed"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert send(url) == 204
        assert found.names[-1] == "hooks.example"
        assert refused(url.replace("hooks.", "other.")) == "its certificate is not trusted, or TLS failed"
        assert refused(f"https://127.0.0.1:{found.port}/hook") == "its certificate is not trusted, or TLS failed"
    assert [got.headers["host"] for got in found.got] == [f"hooks.example:{found.port}"]


def test_whoever_does_not_end_tls_is_left(
    tmp_path: Path, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path, "hooks.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    names["hooks.example"] = ["127.0.0.1"]
    held = threading.Event()
    with receiving(Receiver(answers=[200], more=b"x" * 20_000_000), context) as found:
        assert send(f"https://hooks.example:{found.port}/") == 200
    port: list[int] = []
    monkeypatch.setattr(hooks_wire, "SECONDS", 0.5)

    def silent() -> Iterator[bytes]:
        held.wait(20)
        yield b""

    with talking(silent(), port):  # takes the beginning of TLS, and says nothing
        assert refused(f"https://hooks.example:{port[0]}/") == "no answer within 0 s"
        held.set()


def test_work_in_time_is_given_and_work_without_end_is_left() -> None:
    assert within(5, lambda: 3) == 3
    held = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, lambda: held.wait(20))
    held.set()
