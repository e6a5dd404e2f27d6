"""Webhooks: rules, and what was told to each."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("history", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("url", models.CharField(max_length=2000)),
                ("form", models.CharField(max_length=16)),
                ("secret", models.CharField(blank=True, max_length=200)),
                ("namespaces", models.CharField(blank=True, max_length=500)),
                ("kinds", models.CharField(blank=True, max_length=500)),
                ("events", models.JSONField(default=list)),
                ("enabled", models.BooleanField(default=True)),
                ("failing", models.FloatField(null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("cluster", models.CharField(max_length=100)),
                ("episode", models.CharField(max_length=200)),
                ("event", models.CharField(max_length=16)),
                ("facts", models.JSONField(default=dict)),
                ("made", models.FloatField()),
                ("status", models.CharField(default="waiting", max_length=16)),
                ("due", models.FloatField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("answered", models.FloatField(null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="history.rule"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["status", "due"], name="delivery_due"),
                    models.Index(fields=["rule", "-made"], name="delivery_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "cluster", "episode", "event"), name="delivery_once")
                ],
            },
        ),
    ]
