"""Pages and their addresses. Every address is a permalink."""

from __future__ import annotations

from django.urls import path

from dashboard.web import changes, sandboxpage, views

OBJECT = "c/<str:name>/o/<str:group>/<str:kind>/<str:namespace>/<str:object_name>"

urlpatterns = [
    path("", views.home),
    path("c/<str:name>/", views.board),
    path("c/<str:name>/sandbox/", sandboxpage.page),
    path(OBJECT, views.object_page),
    path(f"{OBJECT}/edit", changes.edit),
    path(f"{OBJECT}/act", changes.act),
]
