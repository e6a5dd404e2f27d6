"""Which addresses a webhook may reach, however they are written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from dashboard.history.hooks_address import AddressError, is_public, judged, read, resolve, shown


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",  # carrier-grade NAT
        "100.127.255.254",
        "127.0.0.1",
        "127.1.2.3",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",  # IPv4-compatible
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",  # IPv4-translated
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",  # Teredo
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_what_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(AddressError, match="not a public one"):
        judged("h", [ip_address(text)], ())


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1"])
def test_what_is_public(text: str) -> None:
    assert judged("h", [ip_address(text)], ()) == ip_address(text)


def test_a_carried_address_is_judged_by_what_is_carried() -> None:
    assert judged("h", [ip_address("::ffff:8.8.8.8")], ()) == ip_address("8.8.8.8")
    assert is_public(ip_address("64:ff9b::8.8.8.8"))


def test_one_that_is_not_public_spoils_the_others() -> None:
    with pytest.raises(AddressError):
        judged("h", [ip_address("8.8.8.8"), ip_address("10.0.0.1")], ())
    with pytest.raises(AddressError):
        judged("h", [], ())


def test_what_is_allowed_is_allowed_by_name_or_network_alone() -> None:
    inside = [ip_address("10.1.2.3")]
    assert judged("Hooks.Internal.", inside, ["hooks.internal"]) == inside[0]
    assert judged("h", inside, [ip_network("10.1.0.0/16")]) == inside[0]
    assert judged("h", [ip_address("::ffff:10.1.2.3")], [ip_network("10.1.0.0/16")]) == inside[0]
    for allowed in (["internal"], ["other.internal"], [ip_network("10.2.0.0/16")], [ip_network("::/0")]):
        with pytest.raises(AddressError):
            judged("hooks.internal", inside, allowed)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]"])
def test_spellings_of_loopback_are_seen_through(host: str) -> None:
    url = read(f"http://{host}:81/")
    with pytest.raises(AddressError):
        judged(url.raw_host or "", resolve(url.raw_host or "", 81), ())


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "2130706433", "0x7f.0.0.1", "0X7F000001", "017700000001", "127.0.0.01", "0", "a.0x", "a.09",
        "127.0.0.1.", "256.1.1.1", "999999999999", "1.2.3.4.5",  # what no library takes for an address is asked for
    ],
)  # fmt: skip
def test_numbers_that_are_no_plain_address_are_refused(host: str) -> None:
    with pytest.raises(AddressError, match="http:// or https://"):
        read(f"http://{host}/")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Hooks.Example/x", "hooks.example"),
        ("https://hooks.example./x", "hooks.example."),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://h1.x-2_3.example:8443/", "h1.x-2_3.example"),
        ("https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700:0:0::1]/", "2606:4700::1"),
        ("https://hooks.example:443@other.example/", "other.example"),
        ("https://hooks.example?@other.example/", "hooks.example"),
    ],
)
def test_which_host_it_is(url: str, host: str) -> None:
    assert read(url).raw_host == host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#x",
        "https://example.com:99999/",
        "https://[fe80::1%25eth0]/",
        "https://ex\u0430mple.com/",
        "https://ex%61mple.com/",
        "https://exa%2fmple.com/",
        'https://exa"mple.com/',
        "https://exa{m}ple.com/",
        "https://exa;mple.com/",
        "https://.example.com/",
        "https://example..com/",
        "https://[::1]x/",
        "https://example.com:0/",
        "https://example.com:0x50/",
        "https://example.com/\r\nX: y",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_what_is_no_webhooks_address(url: str) -> None:
    with pytest.raises(AddressError, match="http:// or https://"):
        read(url)


def test_only_scheme_and_host_are_shown() -> None:
    assert shown("https://user:word@Hooks.example.com/services/T0/B0/x?token=y") == "https://hooks.example.com/…"
    assert shown("http://[2606:4700::1]:8080/x") == "http://[2606:4700::1]:8080/…"
    assert shown("nonsense") == "no address"
