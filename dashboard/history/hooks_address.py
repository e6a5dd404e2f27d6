"""Where a webhook may go: its URL, the addresses behind its name, and which of those are public.

Rules are written by people and kept for years, and names are answered by whoever owns them: so addresses are judged at
each delivery, and the connection goes to the very address that was judged.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
MOST_CHARACTERS = 2000
ACCEPTED = (
    "http:// or https:// and a host (a name, or an address like 192.0.2.1), in ASCII, without blanks, backslashes or "
    "fragment"
)
NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.ASCII)
NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.ASCII)
"""A host that ends in a number is an IPv4 address (https://url.spec.whatwg.org/#ends-in-a-number-checker). Some read it
as octal, as hexadecimal or as one number, some ask a name server for it, and some see no need to."""

UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 that has been given out for the open internet (IANA, IPv6 address space)."""
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in IPv6's clothes. It is judged by what it carries."""
NEVER = tuple(
    ip_network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "2001::/23",  # protocol assignments, Teredo among them, which carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",  # documentation, RFC 9637
    )
)


class AddressError(Exception):
    """A URL or an address that is not used. Its text names no address: those behind a name are nobody's business."""


def read(url: str) -> URL:
    """A webhook's URL, by the parser that the connection is made with: two parsers would read two hosts out of one.

    Raises AddressError saying what is accepted.
    """
    try:
        if len(url) > MOST_CHARACTERS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise ValueError
        found = URL(url, encoded=True)  # sent as it was written: a signature may stand in its query
        host = URL(url).raw_host or ""
        if found.scheme not in ("http", "https") or not found.port or found.raw_fragment or not _is_host(host):
            raise ValueError
        return found.with_host(host)
    except ValueError as error:
        raise AddressError(ACCEPTED) from error


def _is_host(host: str) -> bool:
    """Whether it is a name, or an address in its one usual spelling and without a zone."""
    try:
        return str(ip_address(host)) == host and "%" not in host
    except ValueError:
        return bool(NAME.fullmatch(host)) and not NUMBER.search(host)


def shown(url: str) -> str:
    """As much of a URL as may be shown: its path and query are credentials, for Slack's are."""
    try:
        found = read(url)
    except AddressError:
        return "no address"
    return f"{found.origin()}/…"


def resolve(host: str, port: int) -> tuple[Address, ...]:
    """All addresses of a name, asked once, in the resolver's order. Raises AddressError where there are none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressError("its name leads to no address") from error
    # A scope (fe80::1%eth0) is left out: what has one is not public anyway.
    return tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def judged(host: str, addresses: Sequence[Address], allowed: Iterable[Network | str]) -> Address:
    """The address to connect to. Raises AddressError if any of them is neither public nor allowed.

    One that is not public spoils the others: a name that leads both out and in is not one to be trusted.
    """
    names = {each for each in allowed if isinstance(each, str)}
    networks = [each for each in allowed if not isinstance(each, str)]
    if not addresses:
        raise AddressError("its name leads to no address")
    plain = [unwrapped(each) for each in addresses]
    if host.rstrip(".").lower() in names:
        return plain[0]
    for address in plain:
        if not is_public(address) and not any(address in network for network in networks):
            raise AddressError(
                "it leads to an address that is not a public one; RECONCILERVIZ_WEBHOOK_ALLOW may name it"
            )
    return plain[0]


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped one is: the kernel connects to that."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet, for one host (IANA's special-purpose registries)."""
    address = unwrapped(address)
    if isinstance(address, IPv6Address) and address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return False
    return not any(address in network for network in NEVER)
