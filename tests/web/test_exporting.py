"""A file that leaves and comes back: what is in it, what never is, and what a stranger's file can do."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.model import Change, Ended, Episode, Hop, Sample, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.web import exporting
from dashboard.web.importing import MAX_FILE, MAX_UNPACKED, ImportFileError, unpack
from dashboard.web.telling import played, told
from tests.web import episodes

KEY = ObjectKey.parse(episodes.WEB)

times = st.floats(0, 4e9)
numbers = st.one_of(st.none(), st.floats(0, 1e9), st.integers(0, 10_000))
words = st.text(max_size=700)
names = st.text(min_size=1, max_size=40)
values = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 10**9), st.text(max_size=20), st.lists(st.text(max_size=3))
)


@st.composite
def any_episode(draw: Any) -> Episode:
    opened = draw(st.floats(1e9, 2e9))
    closed = draw(st.one_of(st.none(), st.floats(0, 1e6).map(lambda after: opened + after)))
    moments = sorted(draw(st.lists(st.floats(0, 1e6), max_size=12)))
    return Episode(
        key="k",
        object=KEY.id,
        uid="u",
        kind=draw(st.sampled_from(["change", "loss", "deletion", "fight"])),
        opened=opened,
        generation=draw(st.one_of(st.none(), st.integers(0, 2**40))),
        verdict=draw(st.sampled_from(Verdict)),
        reason=draw(words),
        cause=draw(words),
        changes=tuple(Change(*each) for each in draw(st.lists(st.tuples(names, values, values), max_size=5))),
        by=draw(words),
        closed=closed,
        ended=draw(st.sampled_from(Ended)) if closed is not None else None,
        recovered=closed + 5 if closed is not None and draw(st.booleans()) else None,
        hops=tuple(Hop(draw(names), opened + at, draw(st.floats(0, 1e6)), draw(words), draw(words)) for at in moments),
        samples=tuple(Sample(opened + at, *draw(st.tuples(*[numbers] * 5))) for at in moments),
    )


@given(any_episode(), st.booleans())
def test_whatever_leaves_can_be_opened_and_shown(episode: Episode, messages: bool) -> None:
    content = exporting.document(episode, KEY, messages=messages)
    again = unpack(exporting.pack(content))
    assert exporting.document(again, KEY, messages=messages)["samples"] == content["samples"]
    assert (again.object, again.kind, again.verdict, again.ended) == (
        episode.object,
        episode.kind,
        episode.verdict,
        episode.ended,
    )
    assert [hop.name for hop in again.hops] == [hop["name"] for hop in content["hops"]]
    told(again, again.closed or again.opened)
    assert orjson.loads(orjson.dumps(played(again)))["opened"] == again.opened


def test_a_file_leaves_no_value_behind_that_may_not_leave() -> None:
    content = exporting.document(episodes.stalled(uid="0b9d"), KEY)
    text = gzip.decompress(exporting.pack(content)).decode()
    assert "hunter" not in text
    assert "0b9d" not in text
    assert "nginx:1.19.5-missing" in text
    assert [(each["path"].rpartition(".")[2], each["left_out"]) for each in content["changes"]] == [
        ("image", False),
        ("value", True),
    ]
    assert exporting.messages_in(content)[0]["text"].startswith("nginx:1.19.5-missing cannot be pulled")
    assert episodes.POD in exporting.names_in(content)


@pytest.mark.parametrize(
    ("path", "value", "leaves"),
    [
        ("spec.replicas", 3, True),
        ('spec.template.spec.containers[name="web"].image', "a:1", True),
        ('spec.template.spec.containers[name="web"].env[name="IMAGE"].image', "a:1", False),
        ("spec.template.spec.containers[0].env[0].value", "secret", False),
        ("spec.config", "secret", False),
        ("status.desiredReplicas", 4, True),
        ("spec.resources.requests.storage", "2Gi", True),
        ('spec.helm.parameters[name="password"].image', "secret", False),
        ("spec.environment.image", "secret", False),
        ("spec.envFrom[0].image", "secret", False),
        ("data.schedule", "secret", False),
        ("spec.image", "https://user:secret@registry/web", False),
        ("spec.image", {"token": "secret"}, False),
        ("", 1, False),
    ],
)
def test_which_values_leave(path: str, value: object, leaves: bool) -> None:
    assert exporting.tellable(Change(path, None, value)) is leaves


def test_messages_can_be_left_out() -> None:
    content = exporting.document(episodes.stalled(), KEY, messages=False)
    assert exporting.messages_in(content) == []
    assert "manifest unknown" not in orjson.dumps(content).decode()


def test_the_name_of_a_file_is_safe_everywhere() -> None:
    place = {"group": "", "kind": "Pod", "namespace": "", "name": '../..//a"b\r\nc: d'}
    name = exporting.file_name({"object": place, "opened": episodes.NOW})
    assert name == "a-b-c-d-20261120T100000.episode.json.gz"


HOP = {"name": "ready", "at": episodes.NOW + 1, "took": 0, "object": "", "detail": ""}


def _file(**about: Any) -> dict[str, Any]:
    return exporting.document(episodes.scaled(), KEY) | about


def _refused(content: Any) -> ImportFileError:
    with pytest.raises(ImportFileError) as caught:
        unpack(content if isinstance(content, bytes) else orjson.dumps(content))
    return caught.value


@pytest.mark.parametrize(
    ("about", "field", "value"),
    [
        ({"version": 9}, "version", "9"),
        ({"format": "<script>"}, "format", "'<script>'"),
        ({"opened": -1}, "opened", "-1"),
        ({"opened": 1e300}, "opened", "1e+300"),
        ({"closed": 5}, "closed", "5"),
        ({"verdict": "fine"}, "verdict", "'fine'"),
        ({"cause": "x" * 501}, "cause", "'" + "x" * 79 + "…'"),
        ({"hops": [{"name": "a"}]}, "hops[0].at", "missing"),
        ({"hops": [{**HOP, "html": "<b>"}]}, "hops[0].html", "'<b>'"),
        ({"hops": [HOP, {**HOP, "at": episodes.NOW}]}, "hops[1].at", f"{episodes.NOW}"),
        ({"hops": [{**HOP, "at": 0}]}, "hops[0].at", "0"),
        ({"closed": None}, "closed", "null"),
        ({"ended": None}, "closed", f"{episodes.scaled().closed}"),
        ({"closed": None, "ended": None, "recovered": 2e9}, "recovered", "2000000000.0"),
        ({"recovered": 0}, "recovered", "0"),
        ({"generation": True}, "generation", "true"),
        ({"generation": 2**63}, "generation", "9223372036854775808"),
        ({"samples": [[0, 1, 1, 1, 1, 1], [0, 1, 1, "2", 1, 1]]}, "samples[1][3]", "'2'"),
        ({"samples": [[1, 1, 1, 1, 1, 1], [0, 1, 1, 2, 1, 1]]}, "samples[1]", f"{episodes.NOW}"),
        ({"samples": [[0] * 6] * 5001}, "samples", "a list of 5001"),
        (
            {"changes": [{"path": "a", "before": {}, "after": 1, "left_out": False}]},
            "changes[0].before",
            "an object of 0",
        ),
        ({"extra": 1}, "extra", "1"),
        ({"object": "x"}, "object", "'x'"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_field_and_value(about: dict[str, Any], field: str, value: str) -> None:
    problem = _refused(_file(**about))
    assert (problem.field, problem.value) == (field, value)
    assert len(str(problem)) < 500


def test_a_file_is_bounded_before_and_after_it_is_unpacked() -> None:
    assert _refused(b" " * (MAX_FILE + 1)).value == f"{MAX_FILE + 1} bytes"
    bomb = gzip.compress(b" " * (MAX_UNPACKED * 60))
    assert len(bomb) < MAX_FILE
    assert "when unpacked" in _refused(bomb).value
    whole = exporting.pack(_file())
    assert _refused(whole[:-9]).value == "cut off"
    assert _refused(whole + whole).value == "more than one gzip"
    assert "no gzip" in _refused(b"\x1f\x8b" + b"x" * 40).value
    assert unpack(whole) == unpack(orjson.dumps(_file()))


def test_what_is_no_json_is_told() -> None:
    deep = orjson.dumps(_file(reason=7)).replace(b'"reason":7', b'"reason":' + b"[" * 900 + b"]" * 900)
    twice = gzip.compress(exporting.pack(_file()))
    for data in (
        deep,
        b"[" * 900 + b"]" * 900,
        twice,
        b"",
        b"\xff\xfe",
        b"{" * 5000,
        b"[1e999]",
        b"NaN",
        b"\x00" * 99,
        b'{"a":' * 2000,
    ):
        assert _refused(data).field == "file"


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    assert _refused(data).field


@given(st.data())
def test_a_file_with_anything_anywhere_is_refused_or_shown(data: st.DataObject) -> None:
    anything = st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), words),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
        max_leaves=6,
    )
    content = _file()
    place = data.draw(st.sampled_from(sorted(content)))
    content[place] = data.draw(anything)
    try:
        episode = unpack(orjson.dumps(content))
    except ImportFileError as problem:
        assert problem.field
    else:
        told(episode, episode.closed or episode.opened)
