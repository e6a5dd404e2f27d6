"""Names made from a template: the pod-template-hash and the like.

Kubernetes hashes Go's dump of the template with FNV-1a and writes the number in an alphabet without
vowels. The dump cannot be rebuilt outside Go, so the sandbox hashes the template's JSON instead: the
form and the length are alike, the value differs.
"""

from __future__ import annotations

import json
import random
from typing import Any

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""`k8s.io/apimachinery/pkg/util/rand`: no vowels, so no words; no 0, 1, 3."""

_chance = random.SystemRandom()


def fnv32a(data: bytes) -> int:
    """The 32-bit FNV-1a hash."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def safe(text: str) -> str:
    """`text` written in ALPHABET, character by character (rand.SafeEncodeString)."""
    return "".join(ALPHABET[ord(character) % len(ALPHABET)] for character in text)


def template_hash(template: dict[str, Any], collisions: int | None = None) -> str:
    """A pod-template-hash; `collisions` is the owner's status.collisionCount."""
    data = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
    if collisions is not None:
        data += str(collisions).encode()
    return safe(str(fnv32a(data)))


def suffix(length: int = 5) -> str:
    """Random characters for a generated name."""
    return "".join(_chance.choice(ALPHABET) for _ in range(length))
