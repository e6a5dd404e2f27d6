"""`python -m dashboard.sandbox.replay FILE… [--json]`: does the sandbox do what a real control plane did?

Every recording is replayed against a sandbox process of its own, over HTTP, with the real kubectl, in real
time; several run side by side. What is compared, and which differences are chance, is written in
replay_compare.py. Exit codes: 0 all as recorded, 1 something differs (or a recorded kind is not compared),
2 nothing could be replayed (no kubectl, not a recording, a command that a replay does not run).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.sandbox.replay_kubectl import NoKubectlError, RefusedError, arguments, find_kubectl
from dashboard.sandbox.replay_report import Judge, Report
from dashboard.sandbox.replay_run import Outcome, SandboxError, replay
from dashboard.sandbox.replay_trace import Recording, TraceError, read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments, for this module and for `manage.py replay`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a recording (JSON lines)")
    parser.add_argument("--json", action="store_true", help="print what was recorded and replayed, per object")
    # A replay waits far more than it works.
    most = 4 * (os.cpu_count() or 1)
    parser.add_argument("--jobs", type=int, default=min(8, most), help="recordings replayed side by side")


async def replay_all(recordings: dict[str, Recording], program: str, jobs: int) -> list[Report]:
    """Replay all, at most `jobs` at once; reports in the order of `recordings`. Raises SandboxError."""
    free = asyncio.Semaphore(max(1, jobs))

    async def one(name: str, recording: Recording) -> Report:
        def good(outcome: Outcome) -> bool:
            return Judge(name, recording, outcome).report().ok

        async with free:
            return Judge(name, recording, await replay(recording, program, good)).report()

    return await asyncio.gather(*(one(name, recording) for name, recording in recordings.items()))


def run(files: Sequence[Path], *, as_json: bool, jobs: int) -> int:
    """Replay the files and print the result. Returns the exit code."""
    try:
        program = find_kubectl()
        recordings = {str(path): read(path) for path in files}
        for recording in recordings.values():
            for action in recording.actions:
                arguments(action.command)
        reports = asyncio.run(replay_all(recordings, program, jobs))
    except (NoKubectlError, TraceError, RefusedError, SandboxError, OSError) as error:
        sys.stderr.write(f"replay: {error}\n")
        return 2
    if as_json:
        sys.stdout.write(json.dumps([report.json() for report in reports], indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(report.text() for report in reports) + "\n")
    return 0 if all(report.ok for report in reports) else 1


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="replay", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add_arguments(parser)
    args = parser.parse_args(argv)
    return run(args.files, as_json=args.json, jobs=args.jobs)


if __name__ == "__main__":
    sys.exit(main())
