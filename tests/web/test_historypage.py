"""The history page as it comes from the server."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import AsyncClient

from dashboard.core.model import Change
from dashboard.history import reading
from dashboard.history.filters import Filters
from dashboard.history.reading import CursorError
from dashboard.history.values import Distribution, EditMade
from dashboard.web import kept
from dashboard.web.amounts import short_path
from dashboard.web.clusters import Cluster
from dashboard.web.historypage import short_change
from dashboard.web.strips import Strip, scale_for, strip
from tests.web import episodes
from tests.web.test_pages import page
from tests.web.world import World

HISTORY = "/c/sandbox/history/"
PAST = Distribution(episodes.WEB, 12, 10, 2, 4.0, 8.0, 9.0, (4.2, 3.9, 9.0))
SCALED = (Change("spec.replicas", 3, 5),)
EDIT = EditMade("e", "sandbox", episodes.NOW, episodes.WEB, "apply", "edit token", "192.0.2.7", SCALED)


class Asked:
    """What the page asked of the past, and what it is told."""

    def __init__(self) -> None:
        self.filters: list[tuple[Filters, str]] = []
        self.past = kept.Past(
            (episodes.stalled(), episodes.scaled(), replace(episodes.scaled(key="open"), closed=None, ended=None)),
            {episodes.WEB: PAST},
            (EDIT,),
        )

    async def __call__(self, cluster: Cluster, wanted: Filters, limit: int, before: str) -> kept.Past:
        self.filters.append((wanted, before))
        if before == "nonsense":
            raise CursorError("before is no cursor that a page gave")
        return self.past


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()

    async def written() -> str:
        return "batch"

    monkeypatch.setattr(kept, "past", asked)
    monkeypatch.setattr(reading, "written", written)
    return asked


async def test_episodes_are_listed_with_their_workloads_and_edits(
    world: World, editor: AsyncClient, asked: Asked
) -> None:
    html = await page(editor, HISTORY)
    links = re.findall(r'href="(/c/sandbox/e/[^"]+)"', html)
    assert links == ["/c/sandbox/e/k-stalled/", "/c/sandbox/e/k-scaled/", "/c/sandbox/e/open/"]
    assert "manifest unknown" in html
    assert "10 converged: half within 4 s, 95 % within 9 s" in html
    assert "edit token from" in html
    assert "192.0.2.7" in html
    assert 'aria-current="page">History</a>' in html
    assert "hunter" not in html


async def test_only_what_changes_is_sent_to_a_page_that_is_open(
    world: World, editor: AsyncClient, asked: Asked
) -> None:
    first = await editor.get(f"{HISTORY}?namespace=shop&part=1")
    html = first.content.decode()
    assert first.status_code == 200
    assert 'data-key="k-stalled"' in html
    assert "<html" not in html
    assert "<form" not in html
    second = await editor.get(f"{HISTORY}?namespace=shop&part=1", headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert asked.filters == [(Filters(namespace="shop"), "")], "it was read once for both"
    other = await editor.get(f"{HISTORY}?part=1", headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 304, "the same words, though other filters: nothing else depends on them"
    assert (await editor.get(f"{HISTORY}?part=1&before=nonsense")).status_code == 400
    assert (await editor.get(f"{HISTORY}?part=1&ended=nicely")).status_code == 400


async def test_who_has_no_script_gets_the_page_again_unless_they_hold_it(
    world: World, editor: AsyncClient, asked: Asked
) -> None:
    html = await page(editor, f"{HISTORY}?kind=Deployment&before=13.0_8")
    assert '<meta http-equiv="refresh" content="5">' in html
    assert 'href="/c/sandbox/history/?kind=Deployment&amp;before=13.0_8&amp;hold=1"' in html
    assert 'http-equiv="refresh"' not in await page(editor, f"{HISTORY}?hold=1")
    assert 'http-equiv="refresh"' not in await page(editor, f"{HISTORY}?ended=nicely", 400)


async def test_filters_are_in_the_address_and_kept_in_links(world: World, editor: AsyncClient, asked: Asked) -> None:
    asked.past = replace(asked.past, before="12.5_7")
    html = await page(editor, f"{HISTORY}?kind=Deployment&ended=stalled&slower=2.5&who=helm&before=13.0_8")
    assert asked.filters == [(Filters(kind="Deployment", ended="stalled", slower=2.5, who="helm"), "13.0_8")]
    assert "?kind=Deployment&amp;ended=stalled&amp;who=helm&amp;slower=2.5&amp;before=12.5_7" in html
    assert '<option value="Deployment" selected>' in html
    assert 'name="slower" value="2.5"' in html
    assert ">Newest</a>" in html


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("ended=nicely", "ended is nicely; accepted: one of"),
        ("slower=soon", "slower is soon; accepted: a number of seconds"),
        ("before=nonsense", "before is nonsense; accepted: a link"),
    ],
)
async def test_a_filter_that_cannot_be_used_is_named(
    world: World, editor: AsyncClient, asked: Asked, query: str, told: str
) -> None:
    assert told in await page(editor, f"{HISTORY}?{query}", 400)


async def test_a_dead_database_is_told_and_nothing_else_is_lost(
    world: World, editor: AsyncClient, asked: Asked
) -> None:
    asked.past = kept.Past(problem="the database does not answer", lost=0)
    html = await page(editor, HISTORY)
    assert "The past cannot be read now: the database does not answer" in html
    asked.past = kept.Past(lost=3)
    assert "3 episodes or edits were lost" in await page(editor, HISTORY)


async def test_how_far_was_looked_is_said_where_that_did_not_fill_the_page(
    world: World, editor: AsyncClient, asked: Asked
) -> None:
    asked.past = replace(asked.past, before="12.5_7", looked=episodes.NOW)
    html = await page(editor, f"{HISTORY}?who=helm")
    assert "Looked through as far back as 2026-11-20 10:00:00 UTC; older ones may fit, too." in html
    asked.past = kept.Past(before="12.5_7", looked=episodes.NOW)
    html = await page(editor, f"{HISTORY}?who=helm")
    assert "None of those since 2026-11-20 10:00:00 UTC fits these filters; older ones may." in html
    assert "before=12.5_7" in html


async def test_one_objects_history_stays_its_own(world: World, editor: AsyncClient, asked: Asked) -> None:
    html = await page(editor, f"{HISTORY}?object={episodes.WEB}")
    assert asked.filters[0][0].object == episodes.WEB
    assert f'<input type="hidden" name="object" value="{episodes.WEB}">' in html


async def test_history_of_an_unknown_cluster_is_404(world: World, editor: AsyncClient) -> None:
    await page(editor, "/c/other/history/", 404)


def test_a_strip_lies_on_one_scale() -> None:
    scale = scale_for([0.5, 55])
    assert [words for _, words in scale.marks] == ["0.1 s", "1 s", "10 s", "1 min"]
    drawn = strip(scale, PAST, 600)
    assert drawn.p50 is not None
    assert drawn.p95 is not None
    assert drawn.p50 < drawn.p95 < 156
    assert drawn.this == 156, "what is off the scale lies at its end"
    assert strip(scale, None, 0.0) == Strip(this=4)
    assert scale_for([]).most == 60
    assert scale_for([1e9]).x(1e9) == 156


def test_a_change_is_told_by_where_it_differs() -> None:
    image = 'spec.containers[name="web"].image'
    short = short_change(Change(image, "registry.example/shop/web:1.2", "registry.example/shop/web:1.3"))
    assert short == {"path": "web · image", "before": "1.2", "after": "1.3"}
    assert short_change(Change("spec.replicas", 3, 5)) == {"path": "replicas", "before": 3, "after": 5}
    assert short_change(Change("spec.schedule", "a", "b"))["after"] == "b"


def test_the_path_of_a_field_is_cut_to_what_tells_it() -> None:
    assert short_path("spec.replicas") == "replicas"
    assert short_path('spec.template.spec.containers[name="nginx"].image') == "nginx · image"
    assert short_path("") == ""
