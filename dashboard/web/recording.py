"""What is told to the history from here: a cluster's episodes, and changes that somebody made through the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from dashboard.core.model import Change, Episode
from dashboard.history.recording import Recording
from dashboard.live.board import Board
from dashboard.web.access import manner_of
from dashboard.web.clusters import Cluster


def record(cluster: Cluster) -> None:
    """Let the history of a cluster be kept: `Cluster.run` runs what this sets up.

    A process that shows another one's picture keeps only the edits that are made through its own pages.
    """
    board = cluster.board
    cluster.recording = recording_of(cluster.name, board) if isinstance(board, Board) else Recording(cluster.name)


def recording_of(name: str, board: Board) -> Recording:
    """A recording that is told of a board's episodes from now on, and of those that are open once it runs.

    A process that may lead makes one each time that it begins to.
    """
    recording = Recording(name)
    recorder = board.recorder
    if recorder is None:
        return recording

    def take_up(unfinished: Iterable[Episode]) -> None:
        followed = {episode.object for episode, _ in recorder.open()}
        # The database may have answered after the first objects were seen: what is followed by now is newer.
        recorder.resume(each for each in unfinished if each.object not in followed)
        for episode, row in recorder.open():
            recording.episode(episode, row)

    recording.look, recording.resume = board.episode, take_up
    recorder.on_episode = recording.episode
    recorder.expect()
    return recording


def edited(request: HttpRequest, cluster: Cluster, object: str, do: str, diff: list[dict[str, Any]]) -> None:
    """Take note of a change that the cluster accepted. Nothing is waited for, and nothing here can fail it."""
    if cluster.recording is not None:
        changes = tuple(Change(str(line["path"]), line["before"], line["after"]) for line in diff)
        remote = request.META.get("REMOTE_ADDR", "")
        cluster.recording.edit(object, do, who=manner_of(request), remote=remote, changes=changes)
