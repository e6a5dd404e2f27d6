"""Whether a desired and an observed value say the same, each compared as what it is; None where they cannot be.

The third answer is what keeps the ledger honest: two values that are not of one kind are no pair.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any

from dashboard.core import images
from dashboard.core.objects import timestamp
from dashboard.core.quantities import duration, percentage, quantity
from dashboard.core.words import Sense, sense, tokens

Scalar = str | int | float | bool
EMPTIABLE = (str, list, dict)
TREES = (dict, list)

LONGEST_DOCUMENT = 20_000
"""Characters of a JSON document inside a string (a policy) that are read."""

LONGEST_WORD = 128
"""Strings longer than this that differ are prose, keys or certificates: nothing that two sides would spell alike."""

MOST_ITEMS = 500

VERSION_NAMES = frozenset({"version", "release", "tag"})
IMAGE_NAMES = frozenset({"image"})
STATE_NAMES = frozenset({"state", "phase", "status", "health", "mode"})

_UNTRUSTED = """
    url uri endpoint endpoints address addresses host hostname hosts name names id ids uid arn path revision rev ref
    hash checksum digest sha selector token secret message reason description details comment summary kind type user
    username role ip ips dns fqdn key keys certificate cert cabundle ca time timestamp date created updated expires
    expiration error output result namespace owner account etag location region zone template annotations labels
    script command args source target schedule branch commit chart label title text log logs
"""
UNTRUSTED = frozenset(_UNTRUSTED.split())
"""Names that mean one thing in a spec and often another in a status (a URL to fetch, the URL served): a difference
says nothing, so such fields only ever show that they agree."""

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)((?:[-+_.].*)?)\Z", re.ASCII | re.IGNORECASE)
_RANGE = re.compile(r"[<>=~^*|]|\bx\b|\.x", re.IGNORECASE)
_HASH = re.compile(r"(?=.*\d)[0-9a-f]{7,}\Z", re.ASCII)
_LOOSE = re.compile(r"[^a-z0-9]")


def same(desired: Any, observed: Any, name: str = "") -> bool | None:
    """Whether two values of a field called `name` agree.

    >>> same("1Gi", "1024Mi"), same("1h", "60m"), same("eastus", "East US"), same("3", 3), same("a", {})
    (True, True, True, True, None)
    """
    if isinstance(desired, bool) or isinstance(observed, bool):
        return _same_bool(desired, observed)
    if isinstance(desired, str) and isinstance(observed, str):
        if desired == observed:
            return True
        if len(desired) > LONGEST_DOCUMENT or len(observed) > LONGEST_DOCUMENT:
            return None
        return _same_text(desired, observed, name[:100])
    if isinstance(desired, int | float | str) and isinstance(observed, int | float | str):
        one, other = quantity(desired), quantity(observed)
        return one == other if one is not None and other is not None else None
    if isinstance(desired, list) and isinstance(observed, list):
        return _same_list(desired, observed)
    return None


def _same_bool(desired: Any, observed: Any) -> bool | None:
    one, other = _truth(desired), _truth(observed)
    return one == other if one is not None and other is not None else None


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower()) if len(value) <= 5 else None
    return None


@lru_cache(maxsize=4096)
def _same_text(desired: str, observed: str, name: str) -> bool | None:
    """The first of these that fits: documents, versions, images, amounts, states, and then words."""
    words = tokens(name)
    last = words[-1] if words else ""
    if desired[:1] in "{[" and observed[:1] in "{[":
        return _same_document(desired, observed)
    if last in VERSION_NAMES:
        return _same_version(desired, observed)
    if last in IMAGE_NAMES:
        return _same_image(desired, observed)
    if len(desired) > LONGEST_WORD or len(observed) > LONGEST_WORD:
        return None
    amount = _same_amount(desired, observed)
    if amount is not None:
        return amount
    if _alike(desired, observed):
        return True
    if last in STATE_NAMES:
        return _same_state(desired, observed)
    if not UNTRUSTED.isdisjoint(words) or _incomparable(desired, observed):
        return None
    return False


def _same_document(desired: str, observed: str) -> bool | None:
    try:
        one, other = json.loads(desired), json.loads(observed)
    except (ValueError, RecursionError):
        return None
    return bool(one == other)


def _same_version(desired: str, observed: str) -> bool | None:
    """`14` is answered by `14.5`, `v1.2` by `1.2`; a range or a channel by no one version."""
    if _RANGE.search(desired):
        return None
    one, other = _VERSION.match(desired), _VERSION.match(observed)
    if one is None or other is None:
        return None
    want, have = one.group(1), other.group(1)
    if want != have:
        return not one.group(2) and have.startswith(f"{want}.")
    return one.group(2).lower() == other.group(2).lower() or not one.group(2)


def _same_image(desired: str, observed: str) -> bool | None:
    if images.same(desired, observed):
        return True
    one, other = images.parse(desired), images.parse(observed)
    if one is None or other is None or bool(one.digest) != bool(other.digest):
        return None  # a tag and a digest may be the same image
    return False


def _same_amount(desired: str, observed: str) -> bool | None:
    for reader in (percentage, quantity, duration):
        one, other = reader(desired), reader(observed)
        if one is not None and other is not None:
            return one == other
    return None


def _alike(desired: str, observed: str) -> bool:
    """One word in two spellings (`eastus`, `East US`), or a name and the full id that ends in it."""
    one, other = desired.lower().rstrip("."), observed.lower().rstrip(".")
    if one == other or (_LOOSE.sub("", one) == _LOOSE.sub("", other) != ""):
        return True
    return any(long.endswith((f"/{short}", f":{short}")) for short, long in ((one, other), (other, one)) if short)


def _same_state(desired: str, observed: str) -> bool | None:
    """States agree when they mean the same (`Running`, `active`); words without a meaning are no pair."""
    one, other = sense(desired), sense(observed)
    if one is None or other is None or one in (Sense.WORKING, Sense.BAD):
        return None
    return one is other


def _incomparable(desired: str, observed: str) -> bool:
    if timestamp(desired) is not None or timestamp(observed) is not None:
        return True
    if bool(_HASH.match(desired)) != bool(_HASH.match(observed)):
        return True
    if _RANGE.search(desired) or "\n" in desired or "\n" in observed:
        return True
    return (" " in desired) != (" " in observed) or (":" in desired) != (":" in observed)


def _same_list(desired: list[Any], observed: list[Any]) -> bool | None:
    """Lists of plain values agree when everything wanted is there, in any order: servers add defaults."""
    if len(desired) > MOST_ITEMS or len(observed) > MOST_ITEMS:
        return None
    if not all(isinstance(each, Scalar) for each in (*desired, *observed)):
        return None
    if not {type(each) for each in desired} <= {type(each) for each in observed} and observed:
        return None
    want = Counter(_key(each) for each in desired)
    want.subtract(_key(each) for each in observed)
    return all(count <= 0 for count in want.values())


def _key(value: Scalar) -> str:
    return value.lower() if isinstance(value, str) else str(value)


def is_empty(value: Any) -> bool:
    """Whether nothing is wanted: null, "", [] and {} ask for nothing."""
    return value is None or (isinstance(value, EMPTIABLE) and not value)
