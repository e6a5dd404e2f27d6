"""A replay file from anybody: unpacked within bounds, checked against a schema, and only then an episode.

1. No more than MAX_FILE bytes are taken, and no more than MAX_UNPACKED come out of them (gzip bombs).
2. It must be JSON, and what SCHEMA says, field by field.
3. Times must be in order: what the schema cannot say.

Every error names the field and its value. The strings in it stay a stranger's: pages show them as text, cut.
"""

from __future__ import annotations

import zlib
from functools import cache
from itertools import pairwise
from typing import Any

import jsonschema_rs
import orjson

from dashboard.core.model import Change, Ended, Episode, Hop, Sample, Verdict
from dashboard.core.objects import ObjectKey
from dashboard.web.exporting import FORMAT, LONGEST, MAX_CHANGES, MAX_HOPS, MAX_SAMPLES, VERSION
from dashboard.web.response import SERIES
from dashboard.web.wording import plain

MAX_FILE = 512 * 1024
"""Bytes of a file as it is sent."""
MAX_UNPACKED = 4 * 1024 * 1024
"""Bytes of its JSON."""
LAST = 1e11
"""Unix seconds, and counts of anything: beyond it, numbers are no times or counts."""


class ImportFileError(Exception):
    """A file that cannot be opened: which field of it, its value, and what would be accepted."""

    def __init__(self, field: str, value: str, accepted: str) -> None:
        super().__init__(f"{field} is {value}; accepted: {accepted}")
        self.field = field
        self.value = value
        self.accepted = accepted


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


def _array(items: Any, most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


_TEXT = {"type": "string", "maxLength": LONGEST}
_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_TIME = {"type": "number", "minimum": 0, "maximum": LAST}
_COUNT = {"type": ["number", "null"], "minimum": 0, "maximum": LAST}
_VALUE = {"anyOf": [{"type": ["boolean", "null"]}, {"type": "number", "minimum": -LAST, "maximum": LAST}, _TEXT]}
_NULLABLE_TIME = {"type": ["number", "null"], "minimum": 0, "maximum": LAST}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        format={"const": FORMAT},
        version={"const": VERSION},
        object=_object(group=_TEXT, kind=_NAME, namespace=_TEXT, name=_NAME),
        kind={"enum": ["change", "loss", "deletion", "fight"]},
        opened=_TIME,
        closed=_NULLABLE_TIME,
        ended={"enum": [None, *(str(each) for each in Ended)]},
        recovered=_NULLABLE_TIME,
        generation={"type": ["integer", "null"], "minimum": 0, "maximum": 2**53},
        verdict={"enum": [str(each) for each in Verdict]},
        reason=_TEXT,
        cause=_TEXT,
        by=_TEXT,
        changes=_array(_object(path=_NAME, before=_VALUE, after=_VALUE, left_out={"type": "boolean"}), MAX_CHANGES),
        hops=_array(_object(name=_NAME, at=_TIME, took=_TIME, object=_TEXT, detail=_TEXT), MAX_HOPS),
        samples=_array(
            {
                "type": "array",
                "prefixItems": [_TIME, *[_COUNT] * len(SERIES)],
                "minItems": 1 + len(SERIES),
                "maxItems": 1 + len(SERIES),
            },
            MAX_SAMPLES,
        ),
    ),
}
"""JSON Schema of a replay file. A sample: [seconds since opened, setpoint, updated, ready, available, terminating]."""


@cache
def _validator() -> Any:
    return jsonschema_rs.validator_for(SCHEMA)


def unpack(data: bytes) -> Episode:
    """The episode in a file. Raises ImportFileError. It has no key and no uid: it belongs to no cluster here."""
    content = _parse(_inflate(data))
    try:
        error = next(_validator().iter_errors(content), None)
    except ValueError as error:  # what JSON still takes may be nested deeper than the validator goes
        raise ImportFileError("file", "nested too deeply", f"what this program wrote ({error})") from error
    if error is not None:
        raise _wrong(error)
    episode = _episode(content)
    _check_times(episode)
    return episode


def _wrong(error: Any) -> ImportFileError:
    """What the schema says, by the field itself also where it is one too many or too few."""
    steps, value, accepted = list(error.instance_path), _shown(error.instance), plain(error.message, 200)
    if error.kind.name == "required":
        return ImportFileError(_path([*steps, error.kind.property]), "missing", accepted)
    if error.kind.name == "additionalProperties":
        name = error.kind.unexpected[0]
        return ImportFileError(_path([*steps, name]), _shown(error.instance[name]), accepted)
    return ImportFileError(_path(steps), value, accepted)


def _inflate(data: bytes) -> bytes:
    if len(data) > MAX_FILE:
        raise ImportFileError("file", f"{len(data)} bytes", f"up to {MAX_FILE} bytes")
    if not data.startswith(b"\x1f\x8b"):
        return data
    stream = zlib.decompressobj(wbits=31)
    try:
        unpacked = stream.decompress(data, MAX_UNPACKED + 1)
    except zlib.error as error:
        raise ImportFileError("file", f"no gzip ({error})", "JSON, or JSON packed by gzip") from error
    if len(unpacked) > MAX_UNPACKED:
        raise ImportFileError("file", f"more than {MAX_UNPACKED} bytes when unpacked", f"up to {MAX_UNPACKED} bytes")
    if not stream.eof or stream.unused_data:
        raise ImportFileError("file", "cut off" if not stream.eof else "more than one gzip", "one whole gzip")
    return unpacked


def _parse(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        shown = plain(data[:60].decode("utf-8", "replace"), 60)
        raise ImportFileError("file", repr(shown), f"JSON ({plain(str(error), 100)})") from error


def _path(steps: list[str | int]) -> str:
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{plain(step, 60)}" for step in steps)
    return named.lstrip(".") or "file"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if value is None or isinstance(value, bool):
        return orjson.dumps(value).decode()
    return repr(plain(value, 80)) if isinstance(value, str) else plain(value, 80)


def _episode(content: dict[str, Any]) -> Episode:
    place, opened = content["object"], float(content["opened"])
    return Episode(
        key="",
        object=ObjectKey(place["group"], place["kind"], place["namespace"], place["name"]).id,
        uid="",
        kind=content["kind"],
        opened=opened,
        generation=content["generation"],
        verdict=Verdict(content["verdict"]),
        reason=content["reason"],
        cause=content["cause"],
        changes=tuple(Change(each["path"], each["before"], each["after"]) for each in content["changes"]),
        by=content["by"],
        closed=content["closed"],
        ended=Ended(content["ended"]) if content["ended"] is not None else None,
        recovered=content["recovered"],
        hops=tuple(Hop(**each) for each in content["hops"]),
        samples=tuple(Sample(opened + after, *values) for after, *values in content["samples"]),
    )


def _check_times(episode: Episode) -> None:
    _together("closed", episode.closed, "ended", episode.ended)
    if episode.recovered is not None and episode.closed is None:
        raise ImportFileError("recovered", plain(episode.recovered, 40), "null while it is open")
    ends = (("opened", episode.opened), ("closed", episode.closed), ("recovered", episode.recovered))
    _in_order([(field, at) for field, at in ends if at is not None])
    # Files of before have steps of the second in which the episode opened.
    hops = [(f"hops[{place}].at", each.at) for place, each in enumerate(episode.hops)]
    _in_order([("opened", episode.opened - 1), *hops])
    _in_order([(f"samples[{place}]", each.at) for place, each in enumerate(episode.samples)])


def _together(field: str, value: object, other: str, its: object) -> None:
    if (value is None) != (its is None):
        accepted = f"null, as {other} is null" if its is None else f"a time, as {other} is {its}"
        raise ImportFileError(field, _shown(value), accepted)


def _in_order(moments: list[tuple[str, float]]) -> None:
    for (_, earlier), (field, at) in pairwise(moments):
        if at < earlier:
            raise ImportFileError(field, plain(at, 40), f"no earlier than {plain(earlier, 40)}")
