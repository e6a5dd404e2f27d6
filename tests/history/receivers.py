"""Servers that are told: real ones, that take note of what reaches them and answer as a test likes."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with the statuses in `answers`, the last one for ever. `gate` unset holds every answer back."""

    answers: list[int] = field(default_factory=lambda: [204])
    location: str = ""
    more: bytes = b""
    got: list[Got] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    connections: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving(receiver: Receiver, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """It, on a port of loopback, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            receiver.got.append(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            receiver.gate.wait(30)
            self.send_response(receiver.answer())
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(receiver.more)))
            self.end_headers()
            self.wfile.write(receiver.more)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            receiver.connections += 1
            found, address = super().get_request()
            found.settimeout(30)
            return found, address

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    if context is not None:
        context.sni_callback = lambda sock, name, ctx: receiver.names.append(name)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def talking(lines: Iterator[bytes], port: list[int]) -> Iterator[threading.Event]:
    """A server that reads a request and then sends `lines` for as long as somebody listens; its port is appended.

    What it gives is set when nobody listens any more.
    """
    gone = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    port.append(listener.getsockname()[1])

    def run() -> None:
        try:
            found, _ = listener.accept()
        except OSError:
            return
        with found:
            found.recv(65536)
            try:
                for line in lines:
                    found.sendall(line)
            except OSError:
                gone.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield gone
    finally:
        listener.close()
        thread.join(5)


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context for `name`, and the file of the authority that vouches for it: made for this test."""
    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")])

    def build(subject: x509.Name, place: int, *, ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(keys[place].public_key())
        )
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(keys[place].public_key()), critical=False
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return builder.sign(keys[0], hashes.SHA256())

    authority = folder / "authority.pem"
    authority.write_bytes(build(issuer, 0, ca=True).public_bytes(serialization.Encoding.PEM))
    mine = build(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), 1, ca=False)
    pem = folder / "server.pem"
    pem.write_bytes(
        mine.public_bytes(serialization.Encoding.PEM)
        + keys[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, authority
