"""`/hooks/`: who may change what, and that nothing written there is ever read there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncClient

from dashboard.history import hooks
from dashboard.history.aside import Aside
from dashboard.history.models_hooks import GIVEN_UP, Delivery, Rule
from dashboard.web import hookspage
from tests.history.conftest import kept, sqlite, sqlite_tables
from tests.history.made import away
from tests.web.world import World

__all__ = ["kept", "sqlite", "sqlite_tables"]
SECRETS = ("T0SECRETPATH", "a-signing-secret", "userword")
FORM = {
    "do": "save",
    "name": "team",
    "url": "https://me:userword@hooks.example/services/T0SECRETPATH",
    "form": "generic",
    "secret": "a-signing-secret",
    "namespaces": "shop, team-*",
    "kinds": "Deployment",
    "on.stalled": "1",
    "on.recovered": "1",
    "enabled": "1",
}


@pytest.fixture(autouse=True)
def threads(kept: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = Aside("hooks-test")
    monkeypatch.setattr(hookspage, "_threads", found)
    monkeypatch.setattr(hooks, "begin", lambda rule_id: None)
    yield
    found.stop()


async def rules() -> list[dict[str, Any]]:
    return await away(lambda: list(Rule.objects.values()))


async def post(who: AsyncClient, **changed: str | None) -> Any:
    form = {name: value for name, value in {**FORM, **changed}.items() if value is not None}
    return await who.post("/hooks/", form)


async def test_what_is_written_is_kept_and_shown_to_nobody(
    world: World, editor: AsyncClient, viewer: AsyncClient
) -> None:
    answer = await post(editor)
    assert (answer.status_code, answer["Location"][:10]) == (303, "/hooks/#h-")
    (rule,) = await rules()
    assert (rule["url"], rule["secret"]) == (FORM["url"], FORM["secret"])
    assert (rule["events"], rule["namespaces"], rule["enabled"]) == (["stalled", "recovered"], "shop, team-*", True)
    for who in (editor, viewer):
        shown = (await who.get("/hooks/")).content.decode()
        assert "https://hooks.example/…" in shown
        assert "shop, team-*" in shown
        assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("do", ["save", "test", "remove"])
async def test_who_may_only_look_changes_nothing(
    world: World, editor: AsyncClient, viewer: AsyncClient, do: str
) -> None:
    await post(editor)
    (rule,) = await rules()
    answer = await post(viewer, do=do, id=str(rule["id"]), name="other")
    assert answer.status_code == 403
    assert "may only look" in answer.content.decode()
    assert await rules() == [rule]
    assert await away(Delivery.objects.count) == 0
    assert "<form" not in (await viewer.get("/hooks/")).content.decode()
    assert (await AsyncClient().get("/hooks/")).status_code == 401


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "1 to 80 characters"),
        ({"form": "xml"}, "generic or slack"),
        ({"url": "ftp://T0SECRETPATH/"}, "http:// or https://"),
        ({"url": ""}, "http:// or https://"),
        ({"secret": "userword"}, "16 to 200 visible ASCII characters"),
        ({"secret": ""}, "16 to 200 visible ASCII characters"),
        ({"on.stalled": None, "on.recovered": None}, "one or more of stalled, slower, recovered"),
        ({"kinds": "x" * 501}, "0 to 500 characters"),
        ({"do": "explode"}, "save, test or remove"),
        ({"id": "x"}, "a webhook&#x27;s number"),
    ],
)
async def test_what_cannot_be_used_is_said_without_its_secrets(
    world: World, editor: AsyncClient, changed: dict[str, str | None], words: str
) -> None:
    answer = await post(editor, **changed)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert words in text
    assert not [secret for secret in SECRETS if secret in text]
    assert await rules() == []


async def test_a_change_keeps_what_is_left_empty_but_takes_no_secret_elsewhere(
    world: World, editor: AsyncClient
) -> None:
    await post(editor)
    id = str((await rules())[0]["id"])
    assert (await post(editor, id=id, name="renamed", url="", secret="")).status_code == 303
    (rule,) = await rules()
    assert (rule["name"], rule["url"], rule["secret"]) == ("renamed", FORM["url"], FORM["secret"])
    assert (await post(editor, id=id, url="https://elsewhere.example/", secret="")).status_code == 400
    assert (await post(editor, id=id, url="https://elsewhere.example/", form="slack", secret="")).status_code == 303
    assert (await rules())[0]["secret"] == ""


async def test_a_test_is_asked_for_and_a_dead_endpoint_is_shown(world: World, editor: AsyncClient) -> None:
    await post(editor)
    id = (await rules())[0]["id"]
    assert (await post(editor, do="test", id=str(id)))["Location"] == f"/hooks/?tested={id}"
    assert [each.event for each in await away(lambda: list(Delivery.objects.all()))] == ["test"]
    assert 'http-equiv="refresh"' in (await editor.get(f"/hooks/?tested={id}")).content.decode()

    def die() -> None:
        Delivery.objects.update(status=GIVEN_UP, problem="no connection (Connection refused)")
        Rule.objects.update(failing=1.0, problem="no connection (Connection refused)")

    await away(die)
    shown = (await editor.get(f"/hooks/?tested={id}")).content.decode()
    assert "Nothing arrives there" in shown
    assert shown.count("no connection (Connection refused)") == 2
    assert 'http-equiv="refresh"' not in shown


async def test_removed_is_gone(world: World, editor: AsyncClient) -> None:
    await post(editor)
    id = str((await rules())[0]["id"])
    assert (await post(editor, do="remove", id=id)).status_code == 303
    assert await rules() == []
    for do in ("remove", "test", "save"):
        assert (await post(editor, do=do, id=id)).status_code == 404


async def test_a_hostile_name_is_text(world: World, editor: AsyncClient) -> None:
    await post(editor, name="<script>alert(1)</script>")
    assert "<script>alert" not in (await editor.get("/hooks/")).content.decode()
