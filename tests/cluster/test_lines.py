"""Cutting bytes into lines, and reading what stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.cluster import lines
from dashboard.cluster.errors import Garbled, api_error, error_from_body, plain
from dashboard.cluster.lines import LineSplitter, decode


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_lines_are_whole_however_they_are_cut(pieces: list[bytes], step: int) -> None:
    text = b"\n".join(pieces)
    splitter, found = LineSplitter(), []
    for start in range(0, len(text), step):
        found += splitter.feed(text[start : start + step])
    assert found == text.split(b"\n")[:-1]


def test_endless_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_LIMIT", 100)
    splitter = LineSplitter()
    assert splitter.feed(b"x" * 90 + b"\n" + b"y" * 90) == [b"x" * 90]
    with pytest.raises(Garbled):
        splitter.feed(b"y" * 20)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"nope", b"\xff", b"NaN", b"[" * 5000, b'"\\ud800', b"[" * 5000 + b"\\ud8"]
)
def test_what_is_not_json(data: bytes) -> None:
    with pytest.raises(Garbled):
        decode(data)


def test_lone_surrogates_are_replaced() -> None:
    assert decode(b'{"a":"x\\ud800y"}') == {"a": "x?y"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e400", 1e308), ("-1e400", -1e308), ("1" * 5000, 1e308), ('"\\ud800", 9007199254740993', 9007199254740993)],
)
def test_numbers_without_end_are_the_largest_there_is(text: str, value: float) -> None:
    found = decode(f"[{text}]".encode())[-1]
    assert abs(found) >= abs(value)
    assert (found > 0) == (value > 0)


def test_error_of_a_status_and_of_anything_else() -> None:
    error = error_from_body(409, b'{"reason":"Conflict","message":"changed","details":{"name":"x"}}')
    assert (type(error).__name__, error.status, error.reason, error.message) == ("Conflict", 409, "Conflict", "changed")
    assert error.details == {"name": "x"}
    assert str(error_from_body(502, b"<h1>bad\x1b[31m gateway</h1>")) == "502: <h1>bad[31m gateway</h1>"
    assert error_from_body(418, b"").message == "no message"
    assert api_error(429, {"details": {"retryAfterSeconds": 2}}).retry_after == 2
    assert api_error(429, {}, retry_after="7").retry_after == 7
    for nonsense in ("soon", "-1", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert api_error(429, {}, retry_after=nonsense).retry_after is None
    assert api_error(503, {}, retry_after="99999").retry_after == 600
    assert api_error(500, {"reason": {}, "message": [], "details": 3}).message == "no message"


def test_plain_words() -> None:
    assert plain("a\x1b[31m b\u202e c\n\td\x00") == "a[31m b c d"
    assert plain("x" * 1000, 10) == "x" * 9 + "…"
