"""The root URL table: the pages, nothing else."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("dashboard.web.urls"))]
handler404 = "dashboard.web.views.not_found"
