"""The ASGI application: pages by Django, `/ws` by Channels behind the same access check."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconcilerviz.settings")
_pages = get_asgi_application()  # before anything that needs the app registry

from dashboard.web.access import WebSocketGate  # noqa: E402 - needs the registry
from dashboard.web.health import Health  # noqa: E402 - needs the registry
from dashboard.web.limits import BodyLimit  # noqa: E402 - needs the registry
from dashboard.web.routing import websocket_urlpatterns  # noqa: E402 - needs the registry

_sockets = WebSocketGate(URLRouter(websocket_urlpatterns))
application = ProtocolTypeRouter({"http": Health(BodyLimit(_pages)), "websocket": _sockets})
