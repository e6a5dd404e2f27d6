"""Where WebSockets arrive."""

from __future__ import annotations

from django.urls import path

from dashboard.web.consumers import LiveConsumer

websocket_urlpatterns = [path("ws", LiveConsumer.as_asgi())]
