"""What a command prints is read, never obeyed: strings of a cluster, a recording or a plugin may hold escapes."""

from __future__ import annotations

from typing import IO, Any

from dashboard.core.objects import plain


def inert(text: str) -> str:
    """The same lines with every control and bidirectional character made visible.

    >>> inert("one\\n\\x1b[2Jtwo")
    'one\\n␛[2Jtwo'
    """
    return "\n".join(plain(line, len(line) + 1) for line in text.split("\n"))


class InertStream:
    """Standard output or error for a terminal that nothing in the text can drive. All else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it, made inert; returns the number of characters asked for, as a stream does."""
        self._stream.write(inert(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
