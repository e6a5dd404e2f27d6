"""A Redis for benchmarks of several processes: nothing of it is written to disk, as in docker-compose.yml."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from redis import Redis
from redis.exceptions import RedisError

PATIENCE = 10.0
OPTIONS = ("--save", "", "--appendonly", "no", "--maxmemory", "512mb", "--maxmemory-policy", "noeviction")


@contextmanager
def bus() -> Iterator[str]:
    """The URL of an empty Redis, until the block ends. It listens on a socket in a folder of its own: no port is taken.

    Raises FileNotFoundError where no redis-server is installed, TimeoutError where it does not answer.
    """
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        raise FileNotFoundError("several web processes meet in Redis, and there is no redis-server on the PATH")
    with TemporaryDirectory(prefix="viz-bus-") as folder:
        url = f"unix://{folder}/redis.sock"
        command = [binary, "--port", "0", "--unixsocket", f"{folder}/redis.sock", "--dir", folder, *OPTIONS]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr) as process:
            try:
                _until_it_answers(url)
                yield url
            finally:
                process.kill()


def _until_it_answers(url: str) -> None:
    until = time.monotonic() + PATIENCE
    with Redis.from_url(url) as client:
        while time.monotonic() < until:
            try:
                if client.ping():
                    return
            except RedisError:
                time.sleep(0.02)
    raise TimeoutError(f"redis-server did not answer within {PATIENCE:.0f} s")
