"""How many episodes are kept, without counting them all each time: what came is added, what goes is taken off."""

from __future__ import annotations

from django.db.models import F, Max

from dashboard.history import models

ROW = 1


def advance() -> int:
    """Count what had come by the last time; how many are kept that are counted. Locks nobody while it counts."""
    row, _ = models.Tally.objects.get_or_create(id=ROW)
    newest: int = models.Episode.objects.aggregate(newest=Max("id"))["newest"] or 0
    came = models.Episode.objects.filter(id__gt=row.upto, id__lte=row.ahead).count()
    # Whoever else did the same meanwhile has moved it on already.
    same = models.Tally.objects.filter(id=ROW, upto=row.upto, ahead=row.ahead)
    same.update(count=F("count") + came, upto=F("ahead"), ahead=newest)
    return models.Tally.objects.get(id=ROW).count


def hold() -> models.Tally:
    """The row, locked until the end of the transaction: of two that remove episodes, one waits."""
    models.Tally.objects.get_or_create(id=ROW)
    return models.Tally.objects.select_for_update().get(id=ROW)
