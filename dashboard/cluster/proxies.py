"""Which proxy leads to an API server: the kubeconfig's, else the environment's, by kubectl's rules.

Those are Go's (golang.org/x/net/http/httpproxy), and Python's differ where it hurts: they know no networks in
NO_PROXY, send 127.0.0.1 through a proxy, and take ALL_PROXY, which kubectl does not read.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from dashboard.cluster.errors import ConfigError, plain

PORTS = {"http": 80, "https": 443}


def proxy_for(server: str, named: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The proxy's URL for a server's; None for none. `named` is the kubeconfig's proxy-url, "" for none.

    Raises ConfigError for a proxy that we cannot speak to, saying who named it.
    """
    if named:
        return _usable(named, "kubeconfig: proxy-url")
    target = _split_url(server, "server")
    variable = f"{target.scheme}_proxy"
    proxy = _read(environment, variable)
    if not proxy or _direct(target, _read(environment, "no_proxy")):
        return None
    return _usable(proxy if "://" in proxy else f"http://{proxy}", variable.upper())


def _split_url(url: str, source: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is looked at only now
    except ValueError as error:
        raise ConfigError(f"{source} {plain(url.rpartition('@')[2], 100)} is not a URL: {error}") from error
    return parts


def _read(environment: Mapping[str, str], variable: str) -> str:
    """A variable's text, in capitals or not; capitals first."""
    return environment.get(variable.upper()) or environment.get(variable) or ""


def _usable(proxy: str, source: str) -> str:
    parts = _split_url(proxy, source)
    if parts.scheme not in PORTS or not parts.hostname:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # without its password
        raise ConfigError(f"{source} {plain(shown, 100)} is not http or https")
    return proxy


def _direct(target: SplitResult, listed: str) -> bool:
    """Whether no proxy is to be used: on this machine, or named by NO_PROXY."""
    host, port = target.hostname or "", target.port or PORTS.get(target.scheme, 0)
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_names(entry, host, port, address) for each in listed.split(",") if (entry := each.strip().lower()))


def _names(entry: str, host: str, port: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """Whether an entry of NO_PROXY is about a host: `*`, a network, an address or a domain, these two with a port."""
    if entry == "*":
        return True
    with suppress(ValueError):
        network = ipaddress.ip_network(entry, strict=False)
        return address is not None and address in network
    name, only = _split(entry)
    if only not in ("", str(port)):
        return False
    if (named := _address(name)) is not None:
        return named == address
    domain = name.removeprefix("*")
    return host.endswith(domain if domain.startswith(".") else f".{domain}") or host == domain


def _split(entry: str) -> tuple[str, str]:
    """Host and port, "" for none; `[::1]:443` has its brackets taken off."""
    host, colon, port = entry.rpartition(":")
    return (host.strip("[]"), port) if colon and port.isdigit() else (entry.strip("[]"), "")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    return None
