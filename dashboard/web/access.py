"""Who may see and do what: tokens, the cookie they are traded for, Origin and Host checks, body types.

Loopback is no boundary: other users of the machine and every web page in the browser reach it. So pages, POSTs and
WebSockets need a token (`up`) unless the composition root opened the door (`demo` on loopback), and a request that
another site's page could have sent is refused whatever it carries:

1. Host: Django's ALLOWED_HOSTS for pages, the same list here for WebSockets (no DNS rebinding).
2. Origin: Django's CSRF check for POSTs; a WebSocket's Origin must equal the served scheme, host *and* port.
3. Body: only form and JSON types, before anything is parsed (no `text/plain` form posts).
4. Token: full (`edit`) or view-only (`view`), as a cookie or an `Authorization: Bearer` header.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.request import split_domain_port, validate_host
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

Role = Literal["edit", "view"]
Handler = Callable[[HttpRequest], HttpResponse]
AsgiApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

ENTER_PATH = "/enter/"
OPEN_PATHS = ("/static/", ENTER_PATH)
BODY_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "application/json"})
COOKIE_SECONDS = 30 * 24 * 3600
_SALT = "reconcilerviz.access"


@dataclass(frozen=True, slots=True)
class Policy:
    """What this process asks of a visitor. `port` is the one served: cookies are shared between ports, so their
    names carry it. `open_door` lets everybody in as `edit`: for the sandbox on loopback only.
    """

    port: int = 0
    token: str = ""
    view_token: str = ""
    open_door: bool = False

    @property
    def cookie_name(self) -> str:
        """One name per port, so that two processes on a machine do not sign each other's visitors out."""
        return f"reconcilerviz_{self.port}"

    def role_of_token(self, given: str) -> Role | None:
        """The role that a token grants, compared in constant time; None for a wrong or empty one."""
        for role, token in (("edit", self.token), ("view", self.view_token)):
            if token and secrets.compare_digest(given.encode(), token.encode()):
                return role  # type: ignore[return-value]  # the tuple above holds the two literals
        return None

    def cookie_for(self, role: Role) -> str:
        """A signed cookie value that dies with the token it was traded for."""
        return signing.dumps([role, self._mark(role)], salt=_SALT)

    def role_of_cookie(self, value: str) -> Role | None:
        """The role that a cookie proves; None where it was tampered with, is too old or its token has changed."""
        try:
            role, mark = signing.loads(value, salt=_SALT, max_age=COOKIE_SECONDS)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        if role not in ("edit", "view") or not isinstance(mark, str):
            return None
        return role if secrets.compare_digest(mark, self._mark(role)) else None

    def _mark(self, role: Role) -> str:
        token = self.token if role == "edit" else self.view_token
        return hashlib.sha256(f"{self.port}:{token}".encode()).hexdigest()[:16]

    def role(self, authorization: str, cookie: str) -> Role | None:
        """The role of a request that carries this Authorization header and this cookie (either may be "")."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer" and given:
            return self.role_of_token(given.strip())
        if self.open_door:
            return "edit"
        return self.role_of_cookie(cookie) if cookie else None


_policy = Policy()


def install(policy: Policy) -> None:
    """Set the policy of this process. Until a composition root does, every door is shut."""
    global _policy  # noqa: PLW0603 - one policy per process, set once before it serves
    _policy = policy
    settings.CSRF_COOKIE_NAME = f"{policy.cookie_name}_csrf"


def role_of(request: HttpRequest) -> Role | None:
    """Who asks for this page: `edit`, `view` or nobody."""
    return _policy.role(request.headers.get("Authorization", ""), request.COOKIES.get(_policy.cookie_name, ""))


def manner_of(request: HttpRequest) -> str:
    """Whom a change is put down to. There are no users: it is a role, and how it was shown to be held."""
    role = role_of(request) or "nobody"
    if request.headers.get("Authorization"):
        return f"{role}, by token"
    return f"{role}, through the open door" if _policy.open_door else f"{role}, by cookie"


def role_of_scope(scope: Mapping[str, Any]) -> Role | None:
    """Who opens this WebSocket: `edit`, `view` or nobody."""
    headers = _headers(scope)
    return _policy.role(headers.get("authorization", ""), _cookie(headers.get("cookie", "")))


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    pairs: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(_policy.cookie_name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


class BodyTypeMiddleware:
    """Refuse a body that is neither a form nor JSON, before anything parses it.

    A page of any site can make a browser post `text/plain` anywhere without asking first.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("POST", "PUT", "PATCH", "DELETE") and request.content_type not in BODY_TYPES:
            shown = (request.content_type or "nothing")[:100]
            message = f"Content-Type is {shown!r}, but must be one of {', '.join(sorted(BODY_TYPES))}"
            return JsonResponse({"ok": False, "message": message}, status=415)
        return self.get_response(request)


class AccessMiddleware:
    """Let a request in with its `role`, trade a token for a cookie, or ask for one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == ENTER_PATH or ("token" in request.GET and not _policy.open_door):
            return self._enter(request)
        role = role_of(request)
        request.role = role  # type: ignore[attr-defined]  # how Django hands a fact from middleware to views
        if role is None and not request.path.startswith(OPEN_PATHS):
            return _ask(request, "")
        if role and request.headers.get("Authorization"):
            # A browser adds no such header by itself, so no other site's page can have made this request.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # Django's own switch for it
        return self.get_response(request)

    def _enter(self, request: HttpRequest) -> HttpResponse:
        """Trade `?token=` or the form's `token` for the cookie, then leave the address without it."""
        given = request.POST.get("token", "") if request.method == "POST" else request.GET.get("token", "")
        role = _policy.role_of_token(given) if given else None
        if role is None:
            return _ask(request, "This token is not the one that was printed at the start." if given else "")
        response = HttpResponseRedirect(_onward(request))
        response.set_cookie(
            _policy.cookie_name,
            _policy.cookie_for(role),
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=settings.RECONCILERVIZ_PUBLIC_URL.startswith("https://"),
        )
        return response


def _onward(request: HttpRequest) -> str:
    if request.path == ENTER_PATH:
        onward = request.POST.get("next", "/")
    else:
        query = request.GET.copy()
        del query["token"]
        onward = request.path + (f"?{query.urlencode()}" if query else "")
    # `//elsewhere/` is a path to Django and another site to a browser.
    return onward if url_has_allowed_host_and_scheme(onward, allowed_hosts=None) else "/"


def _ask(request: HttpRequest, error: str) -> HttpResponse:
    """The page that asks for a token; JSON for whoever asked for JSON."""
    if "application/json" in request.headers.get("Accept", "") or request.path.startswith("/api/"):
        message = error or "An access token is needed: send it as `Authorization: Bearer …`."
        return JsonResponse({"ok": False, "message": message}, status=401)
    onward = "/" if request.path == ENTER_PATH else request.get_full_path()
    return render(request, "enter.html", {"error": error, "next": onward, "enter_path": ENTER_PATH}, status=401)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A refused POST says why, as JSON or as plain text: nothing was changed."""
    message = f"Refused, nothing was changed: {reason or 'the form did not come from this page'}"
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"ok": False, "message": message}, status=403)
    return HttpResponse(message, status=403, content_type="text/plain; charset=utf-8")


def origin_allowed(origin: str, host: str, scheme: str) -> bool:
    """Whether a WebSocket's Origin is the page that this process serves: scheme, host and port all equal.

    `host` is the request's Host header and must itself be an allowed name, else a rebound name would vouch for itself.
    """
    public = settings.RECONCILERVIZ_PUBLIC_URL
    if public and origin == public:
        return True
    name, _port = split_domain_port(host)
    if not name or not validate_host(name, settings.ALLOWED_HOSTS):
        return False
    parts = urlsplit(origin)
    return f"{parts.scheme}://{parts.netloc}" == f"{scheme}://{host}"


class WebSocketGate:
    """Close a WebSocket before it is accepted: a foreign Host or Origin, or no token.

    A browser always sends Origin. A program that sends none must carry its token in the Authorization header, which no
    page can make a browser add.
    """

    def __init__(self, inner: AsgiApp) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if self._refused(scope):
            await receive()  # the connect message; closing before accepting answers 403
            await send({"type": "websocket.close", "code": 4403})
            return
        await self.inner({**scope, "role": role_of_scope(scope)}, receive, send)

    @staticmethod
    def _refused(scope: Mapping[str, Any]) -> bool:
        headers = _headers(scope)
        origin, host = headers.get("origin"), headers.get("host", "")
        name, _port = split_domain_port(host)
        if not name or not validate_host(name, settings.ALLOWED_HOSTS):
            return True
        scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
        if origin is None:
            return "authorization" not in headers or role_of_scope(scope) is None
        return not origin_allowed(origin, host, scheme) or role_of_scope(scope) is None
