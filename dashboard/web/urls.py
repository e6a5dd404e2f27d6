"""Pages and their addresses. Every address is a permalink."""

from __future__ import annotations

from django.urls import path

from dashboard.web import changes, episodepage, historypage, hookspage, metrics, openapi, replaypage, sandboxpage, views

OBJECT = "c/<str:name>/o/<str:group>/<str:kind>/<str:namespace>/<str:object_name>"

urlpatterns = [
    path("", views.home),
    path("c/<str:name>/", views.board),
    path("c/<str:name>/sandbox/", sandboxpage.page),
    path("c/<str:name>/history/", historypage.page),
    path("c/<str:name>/e/<str:key>/", episodepage.page),
    path("c/<str:name>/e/<str:key>/export", episodepage.export),
    path("replay/", replaypage.page),
    path("hooks/", hookspage.page),
    path("metrics", metrics.page),
    *openapi.patterns(),
    path(OBJECT, views.object_page),
    path(f"{OBJECT}/edit", changes.edit),
    path(f"{OBJECT}/act", changes.act),
]
