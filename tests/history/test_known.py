"""What of an episode is told at once, and what may wait."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from dashboard.core.model import Ended, Episode, Hop
from dashboard.history.known import Known, News
from tests.history.made import HOPS, NOW, episode, row

STALLED = episode(took=9, ended=Ended.STALLED)


def news(known: Known, *tellings: Episode) -> list[News]:
    numbers = count(1)
    return [known.take(each, row(), lambda: next(numbers))[1] for each in tellings]


def test_a_beginning_and_an_end_are_told_at_once_and_steps_may_wait() -> None:
    further = episode(hops=(*HOPS, Hop("converged", NOW + 9.5, 0.5, "apps/Deployment/shop/web")))
    assert news(Known(), episode(), episode(), further, STALLED) == [News.TURN, News.MORE, News.STEP, News.TURN]


@pytest.mark.parametrize("last", [{"recovered": NOW + 60}, {"superseded_by": "next"}, {"reason": "Deleted"}])
def test_so_is_that_a_stalled_one_is_waited_for_no_more(last: dict[str, object]) -> None:
    over = replace(STALLED, **last)  # type: ignore[arg-type]  # fields of an Episode
    assert news(Known(), STALLED, STALLED, over, over) == [News.TURN, News.STEP, News.TURN, News.STEP]
    known = Known()
    known.resume([STALLED])
    assert news(known, STALLED, over) == [News.STEP, News.TURN]
