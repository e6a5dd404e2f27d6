"""Which address a Pod gets: the next one of its node's subnet."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from dashboard.sandbox.controllers.meta import Obj, uid_of

PER_SUBNET = 250
STEP = 32
"""Subnets of one node lie so far apart: a node with more than 250 Pods takes the next one."""


class Addresses:
    """The addresses that the kubelets of one sandbox have given."""

    def __init__(self) -> None:
        self._next: dict[str, itertools.count[int]] = {}
        self._given: dict[str, str] = {}

    def known(self, pod: Obj) -> str | None:
        """The Pod's address, None while it has none."""
        return self._given.get(uid_of(pod)) or (pod.get("status") or {}).get("podIP")

    def give(self, pod: Obj, host: str, others: Iterable[Obj]) -> str:
        """A new address on the node `host`; `others` are all Pods, some of which may be from before a restart."""
        if host not in self._next:
            taken = [_number(host, other) for other in others]
            self._next[host] = itertools.count(max(taken, default=-1) + 1)
        number = next(self._next[host])
        address = f"10.244.{(_first(host) + STEP * (number // PER_SUBNET)) % 256}.{number % PER_SUBNET + 2}"
        self._given[uid_of(pod)] = address
        return address

    def forget(self, uid: str) -> None:
        """The Pod has gone."""
        self._given.pop(uid, None)


def _first(host: str) -> int:
    return int(host.rsplit(".", 1)[1]) - 10


def _number(host: str, pod: Obj) -> int:
    """The how manieth address of that node the Pod has, -1 for none."""
    status = pod.get("status") or {}
    if status.get("hostIP") != host or not status.get("podIP"):
        return -1
    subnet, last = status["podIP"].split(".")[2:]
    return (int(subnet) - _first(host)) % 256 // STEP * PER_SUBNET + int(last) - 2
