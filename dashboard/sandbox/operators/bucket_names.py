"""The rules of bucket names, as S3 has them (docs.aws.amazon.com: Bucket naming rules, general purpose buckets)."""

from __future__ import annotations

import re

ALLOWED = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def objection(name: str) -> str:
    """Why `name` cannot be a bucket's, as one sentence; "" where it can. A name without one holds no slash."""
    if not ALLOWED.fullmatch(name):
        return (
            "a bucket's name has 3 to 63 lowercase letters, digits, dots and hyphens, a letter or digit first and last"
        )
    if ".." in name:
        return "a bucket's name has no two dots in a row"
    if ADDRESS.fullmatch(name):
        return "a bucket's name does not look like an IP address"
    if name.startswith(PREFIXES):
        return f"a bucket's name does not begin with {', '.join(PREFIXES)}"
    if name.endswith(SUFFIXES):
        return f"a bucket's name does not end with {', '.join(SUFFIXES)}"
    return ""
