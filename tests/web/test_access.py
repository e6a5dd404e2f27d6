"""Who may see and do what. The cast: nobody, a viewer (view token), an editor (token), and another site's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client

from dashboard.web import access

PORT = 8123
HOST = f"127.0.0.1:{PORT}"
TOKEN, VIEW_TOKEN = "full-token-0123", "view-token-4567"
HERE = f"http://{HOST}"


@pytest.fixture
def locked() -> Iterator[access.Policy]:
    policy = access.Policy(port=PORT, token=TOKEN, view_token=VIEW_TOKEN)
    access.install(policy)
    yield policy
    access.install(access.Policy())


@pytest.fixture
def opened() -> Iterator[access.Policy]:
    policy = access.Policy(port=PORT, open_door=True)
    access.install(policy)
    yield policy
    access.install(access.Policy())


def client(**headers: str) -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": HOST, **headers})


def test_nobody_gets_a_page_without_a_token(locked: access.Policy) -> None:
    for path in ("/", "/c/sandbox/", "/c/sandbox/o/apps/Deployment/shop/web", "/nowhere"):
        answer = client().get(path)
        assert answer.status_code == 401, path
        assert "token" in answer.content.decode()
    assert client(accept="application/json").get("/c/sandbox/").json()["ok"] is False


def test_until_a_policy_is_installed_every_door_is_shut() -> None:
    access.install(access.Policy())
    assert client().get("/").status_code == 401


def test_a_token_in_the_address_is_traded_for_a_cookie_and_leaves_the_address(locked: access.Policy) -> None:
    visitor = client()
    answer = visitor.get(f"/c/sandbox/?verdict=stalled&token={TOKEN}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/c/sandbox/?verdict=stalled"
    cookie = answer.cookies[f"reconcilerviz_{PORT}"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert TOKEN not in cookie.value
    assert visitor.get("/").status_code != 401


def test_the_form_trades_a_token_and_goes_on(locked: access.Policy) -> None:
    visitor = client()
    answer = visitor.post(access.ENTER_PATH, {"token": VIEW_TOKEN, "next": "/c/sandbox/?q=web"})
    assert answer.headers["Location"] == "/c/sandbox/?q=web"
    wrong = client().post(access.ENTER_PATH, {"token": "wrong-token-000"})
    assert wrong.status_code == 401
    assert "not the one" in wrong.content.decode()


@pytest.mark.parametrize("onward", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_no_token_leads_to_another_site(locked: access.Policy, onward: str) -> None:
    assert client().post(access.ENTER_PATH, {"token": TOKEN, "next": onward}).headers["Location"] == "/"


def test_a_path_that_is_another_site_to_a_browser_is_not_followed(locked: access.Policy) -> None:
    answer = client().get("//elsewhere.example/", {"token": TOKEN}, PATH_INFO="//elsewhere.example/")
    assert answer.headers["Location"] == "/"


def test_a_cookie_dies_with_its_token_and_cannot_be_forged_or_promoted(locked: access.Policy) -> None:
    viewer = locked.cookie_for("view")
    assert locked.role("", viewer) == "view"
    assert locked.role("", viewer[:-1] + ("A" if viewer[-1] != "A" else "B")) is None
    renewed = access.Policy(port=PORT, token=TOKEN, view_token="another-token-1")
    assert renewed.role("", viewer) is None
    other_port = access.Policy(port=PORT + 1, token=TOKEN, view_token=VIEW_TOKEN)
    assert other_port.role("", viewer) is None


def test_a_bearer_header_works_for_programs(locked: access.Policy) -> None:
    assert client(authorization=f"Bearer {TOKEN}").get("/").status_code != 401
    assert client(authorization="Bearer wrong-token-000").get("/").status_code == 401


def test_an_open_door_asks_for_nothing(opened: access.Policy) -> None:
    assert client().get("/").status_code != 401


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", f"127.0.0.1.evil.example:{PORT}", "127.0.0.2:80"]
)
def test_a_foreign_host_is_refused(opened: access.Policy, host: str) -> None:
    assert Client(headers={"host": host}).get("/").status_code == 400


def edit(visitor: Client, **extra: Any) -> Any:
    return visitor.post("/c/sandbox/o/apps/Deployment/shop/web/edit", {"do": "apply", "replicas": "5"}, **extra)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:9999", f"https://{HOST}", f"http://localhost:{PORT}", "null"]
)
def test_a_post_from_another_origin_is_refused(opened: access.Policy, origin: str) -> None:
    answer = edit(client(origin=origin, accept="application/json"))
    assert answer.status_code == 403
    assert "nothing was changed" in answer.json()["message"]


def test_a_post_without_the_forms_secret_is_refused(opened: access.Policy) -> None:
    assert edit(client(origin=HERE)).status_code == 403


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=utf-8", "application/xml", ""])
def test_a_body_that_is_no_form_is_refused_before_it_is_parsed(opened: access.Policy, content_type: str) -> None:
    answer = client(origin=HERE).generic("POST", "/c/sandbox/o/apps/Deployment/shop/web/edit", b"{}", content_type)
    assert answer.status_code == 415


async def open_socket(headers: dict[str, str]) -> bool:
    from reconcilerviz.asgi import application

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    socket = WebsocketCommunicator(application, "/ws", headers=pairs)
    connected, _ = await socket.connect()
    await socket.disconnect()
    return connected


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"host": HOST, "origin": HERE}, True),
        ({"host": HOST, "origin": "http://evil.example"}, False),
        ({"host": HOST, "origin": "http://127.0.0.1:9999"}, False),
        ({"host": HOST, "origin": f"https://{HOST}"}, False),
        ({"host": HOST, "origin": "null"}, False),
        ({"host": "evil.example:8123", "origin": "http://evil.example:8123"}, False),
        ({"host": HOST}, False),
        ({"origin": HERE}, False),
    ],
)
async def test_a_websocket_comes_from_the_served_page(
    opened: access.Policy, headers: dict[str, str], let_in: bool
) -> None:
    assert await open_socket(headers) is let_in


async def test_a_websocket_needs_a_token(locked: access.Policy) -> None:
    assert not await open_socket({"host": HOST, "origin": HERE})
    cookie = f"{locked.cookie_name}={locked.cookie_for('view')}"
    assert await open_socket({"host": HOST, "origin": HERE, "cookie": cookie})
    assert await open_socket({"host": HOST, "authorization": f"Bearer {TOKEN}"})
    assert not await open_socket({"host": HOST, "authorization": "Bearer wrong-token-000"})


def test_pages_carry_a_strict_policy(opened: access.Policy) -> None:
    answer = client().get(access.ENTER_PATH)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
