"""A past for a demo: written by history's own writer, in a process that is not the one that shows it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dashboard.core.model import Episode
from dashboard.core.objects import ObjectKey
from dashboard.history import wire
from tests.history import made
from tests.processes import ROOT


@dataclass
class Writer:
    """A process with the demo's database; what it is told is committed when `write` returns."""

    child: subprocess.Popen[str]
    versions: wire.Versions = field(default_factory=wire.Versions)
    told: int = 0

    def write(self, *episodes: Episode) -> None:
        """One batch of the cluster `sandbox`."""
        entries = [self._told(each) for each in episodes]
        state = wire.RunState("another", self.told, time.time())
        batch = made.batch(*entries, id=uuid.uuid4().hex, at=time.time(), cluster="sandbox", state=state)
        print(wire.encode(batch), file=_pipe(self.child.stdin), flush=True)
        assert _pipe(self.child.stdout).readline() == "written\n"

    def _told(self, episode: Episode) -> wire.Told:
        self.told += 1
        key = ObjectKey.parse(episode.object)
        return made.told(episode, self.told, self.versions.next(), made.row(key.name, key.namespace, key.kind))


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@contextlib.contextmanager
def writer(data: Path) -> Iterator[Writer]:
    """Start it on the SQLite file in a data folder, which it makes where there is none."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.kept"],
        cwd=ROOT,
        env={**os.environ, "RECONCILERVIZ_DATA": str(data), "DJANGO_SETTINGS_MODULE": "reconcilerviz.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert _pipe(child.stdout).readline() == "ready\n"
        yield Writer(child)
        _pipe(child.stdin).close()


def main() -> None:
    """Write each line that comes."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from dashboard.history.writing import write

    print("ready", flush=True)
    for line in sys.stdin:
        write(wire.decode(line))
        print("written", flush=True)


if __name__ == "__main__":
    main()
