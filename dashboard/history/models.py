"""What is kept: episodes with their hops and samples, edits, daily figures, and the accounts of what was told.

Times are Unix seconds as everywhere else. `cluster` is the name in the URL. A row of an episode is found by cluster and
key, so that whoever tells of the same stretch twice, or two who saw it, write one row.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dashboard.history.models_hooks import Delivery, Rule

__all__ = ["Batch", "Book", "Delivery", "Edit", "Episode", "Hop", "Rollup", "Rule", "Run", "Samples", "Tally"]

CLUSTER, KEY, OBJECT, WORD = 100, 200, 700, 253
"""Characters: a name in a URL, an episode's key, a row's id, and any other name that Kubernetes allows."""


class Episode(models.Model):
    """One stretch from 'a gap opened' to its end. `kind` is the object's; `of` is change, loss or fight.

    `took` is seconds from opened to closed, None while it is open. `version` orders what was told of it: microseconds.
    `told` is when its teller last said that it was there; `ended` is "" while it is open.
    """

    cluster = models.CharField(max_length=CLUSTER)
    key = models.CharField(max_length=KEY)
    object = models.CharField(max_length=OBJECT)
    uid = models.CharField(max_length=WORD)
    group = models.CharField(max_length=WORD)
    kind = models.CharField(max_length=WORD)
    namespace = models.CharField(max_length=WORD)
    name = models.CharField(max_length=WORD)
    of = models.CharField(max_length=16)
    opened = models.FloatField()
    closed = models.FloatField(null=True)
    took = models.FloatField(null=True)
    ended = models.CharField(max_length=16)
    recovered = models.FloatField(null=True)
    generation = models.BigIntegerField(null=True)
    verdict = models.CharField(max_length=16)
    reason = models.CharField(max_length=WORD)
    cause = models.TextField()
    by = models.CharField(max_length=WORD)
    changes = models.JSONField(default=list)
    supersedes = models.CharField(max_length=KEY)
    superseded_by = models.CharField(max_length=KEY)
    version = models.BigIntegerField()
    told = models.FloatField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cluster", "key"], name="episode_key")]
        # One index a filter, each in the order in which pages list, so that a page of fifty reads about fifty rows of
        # a million. Two also hold how it ended and how long that took: a workload's past, and that of its kind in its
        # namespace, are read from the index alone. `episode_slow` finds the few that took very long.
        indexes: ClassVar = [
            models.Index(fields=["cluster", "-opened", "-id"], name="episode_newest"),
            models.Index(fields=["cluster", "object", "-opened", "-id", "ended", "took"], name="episode_object"),
            models.Index(fields=["cluster", "namespace", "-opened", "-id"], name="episode_namespace"),
            models.Index(
                fields=["cluster", "namespace", "kind", "-opened", "-id", "ended", "took"], name="episode_near"
            ),
            models.Index(fields=["cluster", "kind", "-opened", "-id"], name="episode_kind"),
            models.Index(fields=["cluster", "name", "-opened", "-id"], name="episode_name"),
            models.Index(fields=["cluster", "ended", "-opened", "-id"], name="episode_ended"),
            models.Index(fields=["cluster", "by", "-opened", "-id"], name="episode_by"),
            models.Index(fields=["cluster", "-opened", "-id"], condition=models.Q(of="fight"), name="episode_fight"),
            models.Index(fields=["cluster", "-took", "-opened"], name="episode_slow"),
            models.Index(fields=["closed"], name="episode_age"),
        ]


class Hop(models.Model):
    """A step of an episode, in order."""

    # Its place makes an index that begins with the episode: a second one of eight hops an episode would be the largest.
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="hops", db_index=False)
    place = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    at = models.FloatField()
    took = models.FloatField()
    object = models.CharField(max_length=OBJECT)
    detail = models.TextField()

    class Meta:
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["episode", "place"], name="hop_place")]


class Samples(models.Model):
    """An episode's response, packed (`samples.py`): hundreds of numbers that are only ever read as a whole."""

    episode = models.OneToOneField(Episode, on_delete=models.CASCADE, primary_key=True, related_name="samples")
    packed = models.BinaryField()
    count = models.PositiveIntegerField()


class Tally(models.Model):
    """How many episodes are kept (one row): those up to the id `upto`, counted as they come and go.

    `ahead` is the newest id at the last count. What is up to there is counted the next time: writers that were at it
    have ended by then. Whoever removes episodes by hand removes this row as well, and they are counted anew.
    """

    upto = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0)
    count = models.BigIntegerField(default=0)


class Edit(models.Model):
    """A change that somebody made through these pages: who (role and how they came in) and from which address."""

    id = models.CharField(max_length=32, primary_key=True)
    cluster = models.CharField(max_length=CLUSTER)
    at = models.FloatField()
    object = models.CharField(max_length=OBJECT)
    do = models.CharField(max_length=32)
    changes = models.JSONField(default=list)
    who = models.CharField(max_length=WORD)
    remote = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["cluster", "-at"], name="edit_newest"),
            models.Index(fields=["cluster", "object", "-at"], name="edit_object"),
        ]


class Rollup(models.Model):
    """A workload's day (UTC): how many episodes ended how, and how long those took that converged."""

    cluster = models.CharField(max_length=CLUSTER)
    object = models.CharField(max_length=OBJECT)
    day = models.DateField()
    converged = models.PositiveIntegerField()
    stalled = models.PositiveIntegerField()
    superseded = models.PositiveIntegerField()
    lost = models.PositiveIntegerField()
    p50 = models.FloatField(null=True)
    p90 = models.FloatField(null=True)
    p95 = models.FloatField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["cluster", "object", "day"], name="rollup_day")]
        indexes: ClassVar = [models.Index(fields=["day"], name="rollup_age")]


class Run(models.Model):
    """One life of a process that tells: the last number it gave, and which numbers have been written.

    `seen` is when it last said anything. `missing` is how many numbers up to `told` are not written: under way or lost
    while it runs, lost once it has `ended`. `lost` is what it has given up
    itself so far. `watches`: it tells of a cluster's episodes, not of edits alone.
    """

    id = models.CharField(max_length=32, primary_key=True)
    cluster = models.CharField(max_length=CLUSTER)
    started = models.FloatField()
    seen = models.FloatField()
    told = models.BigIntegerField(default=0)
    written = models.JSONField(default=list)
    missing = models.BigIntegerField(default=0)
    lost = models.BigIntegerField(default=0)
    watches = models.BooleanField(default=False)
    ended = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cluster", "seen"], name="run_seen")]


class Batch(models.Model):
    """A batch that has been written: whoever sent it may forget it, and whoever gets it again need not write it."""

    id = models.CharField(max_length=32, primary_key=True)
    at = models.FloatField(db_index=True)


class Book(models.Model):
    """A cluster's accounts: how many were lost in runs that are no longer kept. Its row is the writers' lock."""

    cluster = models.CharField(max_length=CLUSTER, primary_key=True)
    lost = models.BigIntegerField(default=0)
