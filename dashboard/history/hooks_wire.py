"""One POST to one address that was judged: no redirect, no proxy, bounded in time and in what is read."""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

import aiohttp
from yarl import URL

from dashboard.history.hooks_address import Address, AddressError, Network, judged, read, resolve

T = TypeVar("T")
SECONDS = 10.0
"""For connecting, sending and the answer's head together, and once more before that for the name."""
MOST_HEAD = 8190
"""Bytes of a line of the answer's head. Its body is never read."""


class NotDeliveredError(Exception):
    """It was not answered with 2xx. The words may be shown. `answered`: somebody was there and said no."""

    def __init__(self, words: str, *, answered: bool = False) -> None:
        super().__init__(words)
        self.answered = answered


def post(url: str, content: bytes, headers: dict[str, str], allowed: Iterable[Network | str]) -> int:
    """Send it; the status, which is 2xx. Raises NotDeliveredError. Blocks for up to twice SECONDS."""
    try:
        target = read(url)
        host, port = target.raw_host or "", target.port or 0
        address = judged(host, within(SECONDS, lambda: resolve(host, port)), tuple(allowed))
    except AddressError as error:
        raise NotDeliveredError(f"refused: {error}") from error
    except TimeoutError as error:
        raise NotDeliveredError(f"its name was not answered within {SECONDS:.0f} s") from error
    status = asyncio.run(_post(target, content, headers, address))
    if not 200 <= status < 300:
        words = "a redirect, which is not followed" if 300 <= status < 400 else "not 2xx"
        raise NotDeliveredError(f"answered {status}: {words}", answered=True)
    return status


async def _post(url: URL, content: bytes, headers: dict[str, str], address: Address) -> int:
    """To the address, as itself: no name is left in what is connected to, so that nobody can be asked a second time.
    The name stays what TLS and Host are told.
    """
    trust = ssl.create_default_context()  # the library's own is as old as the process: SSL_CERT_FILE may be newer
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(use_dns_cache=False, force_close=True, limit=1, ssl=trust),
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept-Encoding",),
                auto_decompress=False,
                max_line_size=MOST_HEAD,
                max_field_size=MOST_HEAD,
            ) as session,
            session.post(
                url.with_host(str(address)),
                data=content,
                headers={**headers, "Host": url.host_port_subcomponent or ""},
                server_hostname=url.raw_host,
                allow_redirects=False,
            ) as answer,
        ):
            answer.close()  # with the connection: whatever else it wants to say is not heard
            return answer.status
    except TimeoutError as error:
        raise NotDeliveredError(f"no answer within {SECONDS:.0f} s") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotDeliveredError(_words(error)) from error


def _words(error: Exception) -> str:
    """What went wrong, without the addresses that are in the library's own words."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not trusted, or TLS failed"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection ({os.strerror(error.os_error.errno or errno.ECONNREFUSED)})"
    return f"the connection broke ({type(error).__name__})"


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives, or TimeoutError: a resolver cannot be told to hurry. Its thread is left to end by itself."""
    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except AddressError as error:
            answers.put((None, error))

    threading.Thread(target=run, name="hook-name", daemon=True).start()
    try:
        result, problem = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if problem is not None:
        raise problem
    return result  # type: ignore[return-value]  # None only beside a problem
