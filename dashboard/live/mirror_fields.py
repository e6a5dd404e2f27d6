"""What is sent of a picture, packed and unpacked: a field's name begins with what it is of.

    r:ID  an object's row and digest, with its version      n:ID  the events about it      e:ID  its episode
    k     the types of objects that the API serves          f     how fresh all of this is

A field is always whole, so that the newest says everything, and "" says that there is nothing any more. Dataclasses
are sent as lists of their fields: names would be half of it. Builds with other fields see that by FORMAT.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from sys import intern
from types import GenericAlias
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from dashboard.core.model import Bar, Cause, Change, Episode, EventNote, Hop, Relative, Row, Sample
from dashboard.core.objects import ObjectKey, ResourceType
from dashboard.live.entries import Entry

T = TypeVar("T")

ROW, NOTES, EPISODE, KINDS, FRESH = "r:", "n:", "e:", "k", "f"


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind's stream, as told: `age` is seconds since its last proof, `listed` that its rows are all there."""

    resource: ResourceType
    state: str
    objects: int
    note: str
    age: float | None
    relists: int
    listed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """How fresh the picture is, as told: `age` as above; `settled` that there is no kind but those named."""

    state: str
    age: float | None
    error: str
    settled: bool
    kinds: tuple[KindReport, ...]


class Listed(Generic[T]):
    """A dataclass as the list of its fields, in order, without those that are left out."""

    def __init__(self, cls: type[T], *left_out: str) -> None:
        names = [each.name for each in fields(cls) if each.name not in left_out]  # type: ignore[arg-type]  # it is one
        hints = get_type_hints(cls)
        self.take = attrgetter(*names)
        self.shape = GenericAlias(tuple, tuple(hints[name] for name in names))
        self.names = names
        self.label = f"{cls.__name__}({','.join(names)})"


_row, _relative = Listed(Row), Listed(Relative, "key", "uid")
_note, _sample = Listed(EventNote), Listed(Sample)
_episode = Listed(Episode, "samples")
_kind = Listed(ResourceType)
_told: tuple[Listed[Any], ...] = (_row, _relative, _note, _sample, _episode, _kind)
_named: tuple[type[Any], ...] = (Bar, Cause, Change, Hop, ObjectKey, KindReport, Report)

FORMAT = str(zlib.crc32(";".join([each.label for each in _told] + [Listed(each).label for each in _named]).encode()))
"""What a build that has the same fields calls itself."""

_encode = msgspec.msgpack.Encoder().encode


def _reader(of: type, *shapes: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(GenericAlias(of, shapes))


_entry_in = _reader(tuple, int, _row.shape, _relative.shape)
_notes_in = _reader(list, _note.shape)
_episode_in = _reader(tuple, _episode.shape, GenericAlias(list, (_sample.shape,)))
_kinds_in = _reader(list, _kind.shape)
_report_in = msgspec.msgpack.Decoder(Report)


def _pack(value: Any) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_readable(msgspec.to_builtins(value)))


def _readable(value: Any) -> Any:
    """The same with a sign in the place of lone surrogates, which no wire carries."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list | tuple):
        return [_readable(each) for each in value]
    if isinstance(value, dict):
        return {_readable(key): _readable(each) for key, each in value.items()}
    return value


def pack_entry(entry: Entry) -> bytes:
    """A row and its digest."""
    return _pack((entry.version, _row.take(entry.row), _relative.take(entry.relative)))


def unpack_entry(packed: bytes) -> Entry:
    """What `pack_entry` packed, without a body. Raises msgspec.DecodeError."""
    version, of_row, of_relative = _entry_in.decode(packed)
    id, group, kind, namespace, *rest = of_row
    # What repeats from object to object is kept once.
    row = Row(id, intern(group), intern(kind), intern(namespace), *rest)
    key = ObjectKey(row.group, row.kind, row.namespace, row.name)
    relative = Relative(key, row.uid, *of_relative)
    return Entry(row, relative, version, None, relative.recheck_at)


def pack_notes(notes: Iterable[EventNote]) -> bytes:
    """All events about an object; "" for none."""
    listed = [_note.take(note) for note in notes]
    return _pack(listed) if listed else b""


def unpack_notes(packed: bytes) -> list[EventNote]:
    """What `pack_notes` packed. Raises msgspec.DecodeError."""
    return [EventNote(*each) for each in _notes_in.decode(packed)]


def pack_episode(episode: Episode) -> bytes:
    """An episode, whole."""
    return _pack((_episode.take(episode), [_sample.take(each) for each in episode.samples]))


def unpack_episode(packed: bytes) -> Episode:
    """What `pack_episode` packed. Raises msgspec.DecodeError."""
    told, samples = _episode_in.decode(packed)
    return Episode(**dict(zip(_episode.names, told, strict=True)), samples=tuple(Sample(*each) for each in samples))


def pack_kinds(resources: Sequence[ResourceType]) -> bytes:
    """The types that the API serves."""
    return _pack([_kind.take(each) for each in resources])


def unpack_kinds(packed: bytes) -> list[ResourceType]:
    """What `pack_kinds` packed. Raises msgspec.DecodeError."""
    return [ResourceType(*each) for each in _kinds_in.decode(packed)]


def pack_report(report: Report) -> bytes:
    """How fresh the picture is."""
    return _pack(report)


def unpack_report(packed: bytes) -> Report:
    """What `pack_report` packed. Raises msgspec.DecodeError."""
    return _report_in.decode(packed)
