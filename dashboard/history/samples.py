"""An episode's samples as one small blob, and back: hundreds of numbers that are only ever read as a whole."""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Sequence

from dashboard.core.model import Sample

MOST_SAMPLES = 1000
WINDOW, MEMORY = 12, 5
"""zlib's, as exponents of two: 4 KB are looked back on, as are 85 samples."""

_FIELDS = 6
_BYTES = MOST_SAMPLES * _FIELDS * 8
"""What a blob may hold once it is unpacked: it is read back from a database, and bounded all the same."""


def pack(samples: Sequence[Sample]) -> bytes:
    """Six doubles a sample, NaN for what is not counted, compressed: about a tenth of them as JSON."""
    values: list[float | None] = []
    for each in samples:
        values += (each.at, each.setpoint, each.updated, each.ready, each.available, each.terminating)
    numbers = array("d", [math.nan if value is None else value for value in values])
    # The usual window takes longer to be made than what is in it to be compressed.
    deflate = zlib.compressobj(1, zlib.DEFLATED, WINDOW, MEMORY)
    return deflate.compress(numbers.tobytes()) + deflate.flush()


def unpack(packed: bytes) -> tuple[Sample, ...]:
    """The samples of a blob; none of one that is damaged: the rest of its episode is worth showing."""
    try:
        found = zlib.decompressobj().decompress(packed, _BYTES) if packed else b""
    except zlib.error:
        return ()
    numbers = array("d")
    numbers.frombytes(found[: len(found) // (8 * _FIELDS) * 8 * _FIELDS])
    values = [None if math.isnan(value) else value for value in numbers]
    rows = (values[start : start + _FIELDS] for start in range(0, len(values), _FIELDS))
    return tuple(Sample(at, *rest) for at, *rest in rows if at is not None)
