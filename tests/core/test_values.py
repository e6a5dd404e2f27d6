"""Quantities, durations, percentages and image references, by the API's own documented examples."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from dashboard.core import images
from dashboard.core.compare import same
from dashboard.core.quantities import duration, percentage, quantity, scaled


@pytest.mark.parametrize(
    ("text", "number"),
    [
        # https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory
        ("128974848", 128974848), ("129e6", 129_000_000), ("129M", 129_000_000), ("128974848000m", Fraction(128974848)),
        ("123Mi", 128974848), ("400m", Fraction(2, 5)), ("0.1", Fraction(1, 10)), ("100m", Fraction(1, 10)),
        # resource.Quantity's own: suffixes, exponents in both cases, signs
        ("1Ki", 1024), ("1k", 1000), ("1Ei", 1024**6), ("1E", 10**18), ("12e6", 12_000_000), ("12E6", 12_000_000),
        ("1.5Gi", Fraction(3 * 1024**3, 2)), ("-5", -5), ("+5", 5), (".5", Fraction(1, 2)), ("5.", 5),
        ("1n", Fraction(1, 10**9)),
        ("250u", Fraction(1, 4000)), (3, 3), (0.5, Fraction(1, 2)),
    ],
)  # fmt: skip
def test_quantities_are_exact(text: Any, number: Any) -> None:
    assert quantity(text) == number


@pytest.mark.parametrize(
    "text", ["", "1K", "1ki", "1 Gi", "Gi", "1e999", "1e-999", "--1", "1,5", "٣", True, None, [], "1" * 50, "1\n"]
)
def test_what_is_no_quantity(text: Any) -> None:
    assert quantity(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h15m30.918s", Fraction(4530918, 1000)), ("1.5h", 5400), ("300ms", Fraction(3, 10)), ("-1.5h", -5400),
        ("2h45m", 9900), ("1d", 86400),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: Any) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "1h 2m", "1x", "1h2", None, 5])
def test_what_is_no_duration(text: Any) -> None:
    assert duration(text) is None


def test_percentages_round_as_the_deployment_controller_does() -> None:
    assert percentage("25%") == 25 and percentage("25") is None and percentage(25) is None
    assert scaled("25%", 3, round_up=True) == 1
    assert scaled("25%", 3, round_up=False) == 0
    assert scaled("x", 3, round_up=True) is None


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("nginx:1.19", "docker.io/library/nginx:1.19", True),
        ("nginx", "index.docker.io/library/nginx:latest", True),
        ("nginx:1.19", "nginx:1.18", False),
        ("ghcr.io/a/b:1", "docker.io/a/b:1", False),
        ("localhost:5000/web:1", "localhost:5000/web:1", True),
        ("nginx@sha256:" + "a" * 64, "nginx:1.19@sha256:" + "a" * 64, True),
        ("nginx:1.19", "nginx@sha256:" + "a" * 64, False),
    ],
)
def test_images(one: str, other: str, agree: bool) -> None:
    assert images.same(one, other) is agree


@pytest.mark.parametrize(
    "text", ["", "Nginx", "nginx:", "nginx:a b", "nginx@sha256:zz", "a//b", "-a", "x" * 300, "a:1\n"]
)
def test_what_is_no_image(text: str) -> None:
    assert images.parse(text) is None


@pytest.mark.parametrize(
    ("desired", "observed", "name", "agree"),
    [
        ("1Gi", "1024Mi", "storage", True), ("1Gi", 1073741824, "storage", True), ("0.5", "500m", "cpu", True),
        ("10Gi", "5Gi", "storage", False), ("25%", "25%", "maxSurge", True), ("1h", "60m0s", "interval", True),
        (True, "true", "debug", True), (True, False, "debug", False), (3, 5, "size", False),
        ("nginx:1.19", "docker.io/library/nginx:1.19", "image", True),
        ("nginx:1.19", "nginx:1.18", "currentImage", False),
        ("14", "14.5", "version", True), ("1.1", "1.10", "version", False), ("v1.2.0", "1.2.0", "version", True),
        (">=1.0", "2.0", "version", None), ("stable", "1.2", "version", None),
        ("eastus", "East US", "location", True), ("a.example.", "a.example", "dnsName", True),
        ("role-a", "arn:aws:iam::1:role/role-a", "role", True),
        ("https://git", "http://artifact.tgz", "url", None), ("main", "main@sha1:abc", "revision", None),
        (["a", "b"], ["b", "A", "c"], "modes", True), (["a", "b"], ["b"], "modes", False), ([{}], [{}], "x", None),
        ("Running", "active", "state", True), ("Running", "Pending", "state", False), ("fast", "Ready", "mode", None),
        ('{"a": 1}', '{ "a":1 }', "policy", True), ("a", {}, "x", None), ("x", 3, "x", None),
        ("2026-01-01T00:00:00Z", "soon", "expiry", None),
    ],
)  # fmt: skip
def test_values_are_compared_as_what_they_are(desired: Any, observed: Any, name: str, agree: bool | None) -> None:
    assert same(desired, observed, name) is agree
