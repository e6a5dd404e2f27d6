"""Django's handle on what is kept."""

from __future__ import annotations

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    """The only models: the truth lives in Kubernetes, these are its past."""

    name = "dashboard.history"
    label = "history"
