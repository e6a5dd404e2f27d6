"""Binding a port before anything else starts, so that a busy one is a sentence and not a traceback."""

from __future__ import annotations

import errno
import ipaddress
import socket

from django.core.management.base import CommandError

TRIES = 50
"""How many ports after the first one are tried when none was named."""


def is_loopback(host: str) -> bool:
    """Whether `host` is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bind(host: str, named: int | None, first: int, what: str) -> socket.socket:
    """A bound socket: on `named` if the user named a port, else on the first free one from `first`.

    `what` is the option that names it (`--port`). Raises CommandError naming the option and the value.
    """
    candidates = [named] if named is not None else range(first, first + TRIES)
    last: OSError | None = None
    for port in candidates:
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"cannot listen on {host} port {port}: {error.strerror}") from error
            last = error
    if named is not None:
        raise CommandError(
            f"{what} {named}: the port is busy on {host}; name another, or leave {what} out to get the next free one"
        ) from last
    raise CommandError(f"ports {first} to {first + TRIES - 1} are all busy on {host}; name a free one with {what}")


def check(host: str, named: int, what: str) -> None:
    """Say so now if a port that a child process is about to bind is busy. Raises as `bind` does."""
    bind(host, named, named, what).close()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CommandError(f"--host {host}: {error.strerror}") from error
    sock = socket.socket(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock
