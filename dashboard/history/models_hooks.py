"""Whom to tell, and what they were told: rules, and one delivery for each thing that a rule is told of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

WAITING, SENDING, DELIVERED, GIVEN_UP, UNKNOWN = "waiting", "sending", "delivered", "given up", "unknown"
STATUSES = (WAITING, SENDING, DELIVERED, GIVEN_UP, UNKNOWN)
"""`unknown`: whoever sent it ended before the answer came. It may have arrived, so it is not sent again."""


class Rule(models.Model):
    """An address, and what it is told of. `namespaces` and `kinds` are patterns separated by commas, "" for all.

    `url` and `secret` are credentials: they are written through the pages and never shown by them. `failing` is since
    when no delivery has come through (Unix seconds), None while they do; `problem` is why, in words that may be shown.
    """

    name = models.CharField(max_length=80)
    url = models.CharField(max_length=2000)
    form = models.CharField(max_length=16)
    secret = models.CharField(max_length=200, blank=True)
    namespaces = models.CharField(max_length=500, blank=True)
    kinds = models.CharField(max_length=500, blank=True)
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    failing = models.FloatField(null=True)
    problem = models.CharField(max_length=300, blank=True)


class Delivery(models.Model):
    """One thing told to one rule: at most one row for an episode and a kind of event, whoever saw it and how often.

    `id` is what the receiver knows it by. `facts` are what is said, as they were when it happened. Times are Unix
    seconds; `due` is when it is tried next or, while it is being sent, when it must have been answered.
    """

    id = models.CharField(max_length=32, primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="deliveries")
    cluster = models.CharField(max_length=100)
    episode = models.CharField(max_length=200)
    event = models.CharField(max_length=16)
    facts = models.JSONField(default=dict)
    made = models.FloatField()
    status = models.CharField(max_length=16, default=WAITING)
    due = models.FloatField()
    attempts = models.PositiveIntegerField(default=0)
    answered = models.FloatField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "cluster", "episode", "event"], name="delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "due"], name="delivery_due"),
            models.Index(fields=["rule", "-made"], name="delivery_newest"),
        ]
