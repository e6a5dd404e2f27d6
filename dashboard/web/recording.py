"""What is told to the history from here: a cluster's episodes, and changes that somebody made through the pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dashboard.core.model import Change
from dashboard.history.recording import Recording
from dashboard.live.board import Board
from dashboard.web.access import manner_of
from dashboard.web.clusters import Cluster


def record(cluster: Cluster) -> None:
    """Let the history of a cluster that is watched here be kept: `Cluster.run` runs what this sets up."""
    recording = cluster.recording = Recording(cluster.name)
    board = cluster.board
    recorder = board.recorder if isinstance(board, Board) else None
    if recorder is not None:
        recording.look, recording.resume = board.episode, recorder.resume
        recorder.on_episode = recording.episode


def edited(request: HttpRequest, cluster: Cluster, object: str, do: str, diff: list[dict[str, Any]]) -> None:
    """Take note of a change that the cluster accepted. Nothing is waited for, and nothing here can fail it."""
    if cluster.recording is not None:
        changes = tuple(Change(str(line["path"]), line["before"], line["after"]) for line in diff)
        remote = request.META.get("REMOTE_ADDR", "")
        cluster.recording.edit(object, do, who=manner_of(request), remote=remote, changes=changes)
