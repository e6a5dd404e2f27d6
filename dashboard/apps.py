"""Django's handle on the dashboard."""

from __future__ import annotations

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """No models: the truth lives in Kubernetes."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"
