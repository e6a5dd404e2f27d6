"""Faults: what a learner, a scenario or a test does to the control plane itself.

A gate stands before every loop: it lets each piece of work through, holds it while the loop is paused, lets one
through for a step, or makes each wait. What is held waits aside, so that it blocks no worker and no other namespace.
Refusals stand in for admission webhooks: they refuse objects of some kinds in some namespaces, in a webhook's words.
"""

from __future__ import annotations

import asyncio
import difflib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.sandbox.clock import Clock
from dashboard.sandbox.failures import ApiFailure, bad_request

Key = tuple[str, str]
"""Namespace ("" for what has none) and name of the object that a loop works on."""

EVERYWHERE = ""
LAST = 5
"""Syncs that a gate remembers."""
LONGEST = 3600.0
"""Seconds of the imitated world that a slow loop may wait before each sync."""
MOST_REFUSALS = 50
MOST_RULES = 100
"""Namespaces that a loop has a rule for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds a loop's work: `paused`, or `delay` seconds of the imitated world before each sync."""

    paused: bool
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync that has ended: when (Unix seconds), of what, how long it took (real seconds), what came of it."""

    at: float
    object: str
    seconds: float
    outcome: str


class Gate:
    """Before one loop. Work that is not admitted is kept here, once per key, until it may come again."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._rules: dict[str, Rule] = {}
        self._held: dict[Key, Callable[[], None]] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._passes: set[Key] = set()
        self._last: deque[Sync] = deque(maxlen=LAST)
        self.syncs = 0
        """Syncs since the start."""

    def admit(self, key: Key, again: Callable[[], None]) -> bool:
        """Whether the work may be done now; if not, `again` is called once it may."""
        rule = self._rules.get(key[0]) or self._rules.get(EVERYWHERE)
        if rule is None or key in self._passes:
            self._passes.discard(key)
            return True
        self._held[key] = again
        if not rule.paused and key not in self._timers:
            wait = rule.delay / self._clock.speed
            self._timers[key] = asyncio.get_running_loop().call_later(wait, self._let, key)
        return False

    async def passed(self, key: Key) -> None:
        """Return when the work may be done: for work that is a task of its own."""
        free = asyncio.Event()
        while not self.admit(key, free.set):
            await free.wait()
            free.clear()

    def _let(self, key: Key) -> None:
        """Let one piece of work through, whatever the rule."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        again = self._held.pop(key, None)
        if again is not None:
            self._passes.add(key)
            again()

    def pause(self, namespace: str = EVERYWHERE) -> None:
        """Hold all work (of one namespace) from now on. Raises ApiFailure 400 where there are too many rules."""
        self._set(namespace, Rule(paused=True))

    def slow(self, delay: float, namespace: str = EVERYWHERE) -> None:
        """Have each sync (of one namespace) wait `delay` seconds first. Raises ApiFailure 400 for an impossible one."""
        if not 0 < delay <= LONGEST:
            raise bad_request(f"delay is {delay:g}, but must be more than 0 and at most {LONGEST:g} seconds")
        self._set(namespace, Rule(paused=False, delay=delay))

    def _set(self, namespace: str, rule: Rule) -> None:
        if len(self._rules) >= MOST_RULES and namespace not in self._rules:
            raise bad_request(f"{self.name} has rules for {MOST_RULES} namespaces already")
        self._rules[namespace] = rule
        self._ask_again()

    def resume(self, namespace: str = EVERYWHERE) -> None:
        """Take one namespace's rule away, or every rule."""
        if namespace == EVERYWHERE:
            self._rules.clear()
        self._rules.pop(namespace, None)
        self._ask_again()

    def step(self, namespace: str = EVERYWHERE) -> str:
        """Let the piece of work through that has waited longest; returns its object, "" where none waits."""
        found = next((key for key in self._held if namespace in (EVERYWHERE, key[0])), None)
        if found is None:
            return ""
        self._let(found)
        return _shown(found)

    def _ask_again(self) -> None:
        """What is held comes again, and is held again where a rule still says so."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        held, self._held = self._held, {}
        for again in held.values():
            again()

    def done(self, key: Key, seconds: float, outcome: str) -> None:
        """Note a sync that has ended."""
        self.syncs += 1
        self._last.appendleft(Sync(self._clock.now(), _shown(key), seconds, outcome))

    def describe(self) -> dict[str, Any]:
        """Name, state (`running`, `slow`, `paused`), rules, what is held, and the last syncs, newest first."""
        everywhere = self._rules.get(EVERYWHERE)
        state = "running" if everywhere is None else "paused" if everywhere.paused else "slow"
        rules = [{"namespace": where, **asdict(rule)} for where, rule in sorted(self._rules.items())]
        held = [_shown(key) for key in list(self._held)[:LAST]]
        return {
            "name": self.name,
            "state": state,
            "delay": everywhere.delay if everywhere else 0.0,
            "rules": rules,
            "held": len(self._held),
            "next": held,
            "syncs": self.syncs,
            "last": [asdict(sync) for sync in self._last],
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """A stand-in admission webhook that refuses. Empty `kinds` or `namespaces` mean all of them."""

    webhook: str
    message: str
    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    operations: tuple[str, ...] = ("CREATE", "UPDATE")


class Refusals:
    """The webhooks that refuse, by name."""

    def __init__(self) -> None:
        self._all: dict[str, Refusal] = {}

    def add(self, refusal: Refusal) -> None:
        """Refuse from now on. Raises ApiFailure 400 where there are too many."""
        if len(self._all) >= MOST_REFUSALS and refusal.webhook not in self._all:
            raise bad_request(f"there are {MOST_REFUSALS} refusals already")
        self._all[refusal.webhook] = refusal

    def remove(self, webhook: str) -> bool:
        """Refuse no more; whether there was such a webhook."""
        return self._all.pop(webhook, None) is not None

    def describe(self) -> list[dict[str, Any]]:
        """All of them."""
        return [asdict(refusal) for refusal in self._all.values()]

    def check(self, kind: str, namespace: str, operation: str) -> None:
        """Raises ApiFailure 403 in the words of apiserver's webhook/errors (ToStatusErr) where one refuses."""
        for refusal in self._all.values():
            fits = kind in (refusal.kinds or (kind,)) and namespace in (refusal.namespaces or (namespace,))
            if fits and operation in refusal.operations:
                said = f'admission webhook "{refusal.webhook}" denied the request: {refusal.message}'
                raise ApiFailure(403, "Forbidden", said, None)


class Faults:
    """Everything that can be done to one sandbox's control plane."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gates: dict[str, Gate] = {}
        self.refusals = Refusals()

    def gate(self, name: str) -> Gate:
        """The gate of a loop, for the loop itself."""
        return self._gates.setdefault(name, Gate(name, self._clock))

    def loop(self, name: str) -> Gate:
        """The gate of a loop that runs. Raises ApiFailure 404 naming those that are close."""
        if name not in self._gates:
            raise unknown("loop", name, self._gates)
        return self._gates[name]

    def describe(self) -> list[dict[str, Any]]:
        """Every loop, by name."""
        return [self._gates[name].describe() for name in sorted(self._gates)]


def unknown(what: str, name: str, known: Iterable[str]) -> ApiFailure:
    """404 for a name that is none, naming what it may have been meant to be."""
    names = sorted(known)
    close = difflib.get_close_matches(name[:100], names, n=3, cutoff=0.5)
    close += [each for each in names if name and name.lower() in each and each not in close][:3]
    hint = f"did you mean {', '.join(close)}?" if close else f"there are: {', '.join(names) or 'none'}"
    return ApiFailure(404, "NotFound", f'there is no {what} "{name[:100]}"; {hint}', {"name": name[:100]})


def _shown(key: Key) -> str:
    return f"{key[0]}/{key[1]}" if key[0] else key[1]
