"""Whether anything was written since, whoever wrote it; and what an episode is compared with."""

from __future__ import annotations

from dashboard.history import reading
from dashboard.history.writing import write
from tests.history.made import NOW, away, batch, episode, told


async def test_every_batch_is_news(both: str) -> None:
    seen = [await reading.written()]
    for place, at in enumerate((NOW, NOW + 5, NOW + 2)):  # the last was overtaken by the one before it
        await away(write, batch(told(episode(f"e{place}")), id=f"b{place}", run=f"r{place}", at=at))
        seen.append(await reading.written())
    assert len(set(seen)) == 4
    assert await reading.written() == seen[-1]


async def test_only_earlier_ones_are_compared_with(both: str) -> None:
    made = [episode(f"e{place}", opened=NOW + place, took=place + 1.0) for place in range(4)]
    await away(write, batch(*(told(each, place + 1) for place, each in enumerate(made))))
    own = "apps/Deployment/shop/web"
    assert await reading.durations("c", own) == (4.0, 3.0, 2.0, 1.0)
    assert await reading.durations("c", own, before=NOW + 2) == (2.0, 1.0)
    assert await reading.durations("c", kind="Deployment", namespace="shop", before=NOW + 2) == (2.0, 1.0)
