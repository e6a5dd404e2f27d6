"""Image references: `nginx:1.19` and `docker.io/library/nginx:1.19` are the same image.

Grammar and familiar names: https://github.com/distribution/reference (`reference.go`, `normalize.go`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST_NAME = 255
"""Characters of a repository's name, as `reference.go` bounds it (`NameTotalLengthMax`)."""

LONGEST = LONGEST_NAME + 1 + 128 + 1 + 200

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"((?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*)(?::([\w][\w.-]{{0,127}}))?"
    r"(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?\Z",
    re.ASCII,
)


class Image(NamedTuple):
    """A reference in full: `docker.io`, `library/nginx`, `1.19`, "" (or a digest `sha256:…`)."""

    domain: str
    path: str
    tag: str
    digest: str


def parse(reference: str) -> Image | None:
    """The parts of a reference with defaults filled in, None where it is not one. No tag and no digest is `latest`.

    >>> parse("nginx:1.19") == parse("docker.io/library/nginx:1.19"), parse("Nginx"), parse("nginx:")
    (True, None, None)
    """
    return _parse(reference) if 0 < len(reference) <= LONGEST else None


@lru_cache(maxsize=4096)
def _parse(reference: str) -> Image | None:
    match = _REFERENCE.match(reference)
    if match is None:
        return None
    name, tag, digest = match.groups()
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        first, rest = "docker.io", name
    if first == "index.docker.io":
        first = "docker.io"
    if first == "docker.io" and "/" not in rest:
        rest = f"library/{rest}"
    if len(name) > LONGEST_NAME:
        return None
    return Image(first, rest, tag or ("" if digest else "latest"), digest or "")


def same(one: str, other: str) -> bool:
    """Whether two references may name the same image: equal in full, or of one repository and digest.

    >>> same("nginx:1.19", "docker.io/library/nginx:1.19"), same("nginx", "nginx:latest"), same("nginx:1", "nginx:2")
    (True, True, False)
    """
    if one == other:
        return True
    left, right = parse(one), parse(other)
    if left is None or right is None or left[:2] != right[:2]:
        return False
    if left.digest and right.digest:
        return left.digest == right.digest
    return left.tag == right.tag if left.tag and right.tag else False


def short(reference: str) -> str:
    """The tag or the digest's beginning: what differs between two images of one repository.

    >>> short("registry.example.com:5000/shop/web:1.2"), short("nginx")
    ('1.2', 'latest')
    """
    image = parse(reference)
    if image is None:
        return reference
    return image.tag or image.digest[:19]


def repository(reference: str) -> str:
    """The reference without tag and digest, as it is written."""
    name = reference.partition("@")[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def brief(reference: str, limit: int = 60) -> str:
    """A reference for a narrow place: the last part of its path with its tag.

    >>> brief("registry.example.com:5000/shop/web:1.2"), brief("nginx")
    ('web:1.2', 'nginx')
    """
    name = repository(reference)
    base = name.rpartition("/")[2]
    tail = reference[len(name) :]
    if tail.startswith(":") and "@" in tail:
        tail = tail.partition("@")[0]
    elif tail.startswith("@"):
        tail = tail[:20]
    whole = base + tail
    return whole if len(whole) <= limit else whole[: limit - 1] + "…"
