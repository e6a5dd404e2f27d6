"""What the serving commands have in common: their options, checked, and the policy and words that follow from them."""

from __future__ import annotations

import argparse
import math
import re
import secrets
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dashboard.management.serving.ports import is_loopback
from dashboard.web.access import Policy
from reconcilerviz import env

FIRST_PORT = 8000


def port(text: str) -> int:
    """A TCP port from an option. Raises ArgumentTypeError naming what is accepted."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def speed(text: str) -> float:
    """How many times faster than real time the sandbox runs. Raises ArgumentTypeError naming what is accepted."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.01 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a factor from 0.01 to 1000")
    return value


def add_web_options(parser: CommandParser) -> None:
    """`--host` and `--port`: where pages are served."""
    parser.add_argument("--host", default="127.0.0.1", help="address to serve pages on (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=port,
        default=None,
        help=f"port of the pages (default: the first free one from {FIRST_PORT})",
    )


def add_cluster_options(parser: CommandParser) -> None:
    """`--kubeconfig` and `--context`: which cluster."""
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="default: KUBECONFIG, else ~/.kube/config")
    parser.add_argument("--context", help="a context of the kubeconfig (default: its current one)")


def redis_url(command: str) -> str:
    """Where the processes meet. Raises CommandError where nothing says so: `command` is of no use alone."""
    url: str = settings.RECONCILERVIZ_REDIS_URL
    if not url:
        raise CommandError(
            f"{env.REDIS_URL.name} is not set, but `{command}` shares the picture with other processes there: set it "
            f"to {env.REDIS_URL.accepted}, or use `up`, one process that does everything"
        )
    return url


def add_sandbox_options(parser: CommandParser) -> None:
    """`--kubeconfig`, `--speed`, `--empty` and `--state`: how the sandbox is reached and what is in it."""
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="where to write the kubeconfig (default: a temporary file)"
    )
    parser.add_argument("--speed", type=speed, default=1.0, help="how many times faster than real time its loops run")
    parser.add_argument("--empty", action="store_true", help="start without the shop of workloads")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep the sandbox in this file over restarts (default: in memory)"
    )


def policy_for(host: str, port_number: int, *, open_on_loopback: bool) -> Policy:
    """Who is let in. Raises CommandError where others could reach the pages and no token was chosen."""
    token, view_token = settings.RECONCILERVIZ_TOKEN, settings.RECONCILERVIZ_VIEW_TOKEN
    if not is_loopback(host) and not token:
        raise CommandError(
            f"--host {host}: others can reach this address, so {env.TOKEN.name} must be set to "
            f"{env.TOKEN.accepted}; unset is accepted on loopback only"
        )
    if token or view_token or not open_on_loopback:
        return Policy(port=port_number, token=token or secrets.token_urlsafe(24), view_token=view_token)
    return Policy(port=port_number, open_door=True)


def page_address(base: str, policy: Policy) -> str:
    """The address to open, with the token where one is needed: it is traded for a cookie at once."""
    base = settings.RECONCILERVIZ_PUBLIC_URL or base
    return f"{base}/?token={policy.token}" if policy.token else f"{base}/"


def url_name(context: str) -> str:
    """A context's name as it stands in a URL: a context may hold slashes and colons (`arn:aws:eks:…/…`)."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", context).strip("-.") or "cluster"
