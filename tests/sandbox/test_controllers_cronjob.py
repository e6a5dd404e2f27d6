"""CronJob: schedules, what is due, policies, history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.sandbox.controllers.cron import ScheduleError, parse
from dashboard.sandbox.controllers.cronjob import due, job_name, outdated
from tests.sandbox.loops import Obj, world


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(moment: float | None) -> str:
    return "" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-01-01T00:00:00", "2026-01-01 00:01"),
        ("* * * * *", "2026-01-01T00:00:59", "2026-01-01 00:01"),
        ("*/15 * * * *", "2026-01-01T10:50:00", "2026-01-01 11:00"),
        ("5/20 * * * *", "2026-01-01T10:26:00", "2026-01-01 10:45"),
        ("30 4 * * *", "2026-01-01T04:30:00", "2026-01-02 04:30"),
        ("0 9-17 * * MON-FRI", "2026-01-02T17:30:00", "2026-01-05 09:00"),
        ("0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04 00:00"),
        ("0 0 1,15 * *", "2026-01-02T00:00:00", "2026-01-15 00:00"),
        ("0 0 31 * *", "2026-02-01T00:00:00", "2026-03-31 00:00"),
        ("0 0 29 2 *", "2026-03-01T00:00:00", "2028-02-29 00:00"),
        ("0 0 13 * FRI", "2026-02-01T00:00:00", "2026-02-06 00:00"),
        ("0 0 * FEB *", "2026-03-01T00:00:00", "2027-02-01 00:00"),
        ("@hourly", "2026-01-01T00:10:00", "2026-01-01 01:00"),
        ("@weekly", "2026-01-01T00:10:00", "2026-01-04 00:00"),
        ("0 0 30 2 *", "2026-01-01T00:00:00", ""),
    ],
)
def test_next_time(schedule: str, after: str, expected: str) -> None:
    assert shown(parse(schedule).after(at(after))) == expected


def test_time_zone() -> None:
    assert shown(parse("0 9 * * *", "Asia/Tokyo").after(at("2026-01-01T00:30:00"))) == "2026-01-02 00:00"


@pytest.mark.parametrize(
    ("schedule", "zone"),
    [
        ("* * * *", ""),
        ("60 * * * *", ""),
        ("* 24 * * *", ""),
        ("* * 0 * *", ""),
        ("*/0 * * * *", ""),
        ("5-1 * * * *", ""),
        ("x * * * *", ""),
        ("1-2-3 * * * *", ""),
        ("* * * * *", "Mars/Olympus"),
        ("", ""),
    ],
)
def test_not_a_schedule(schedule: str, zone: str) -> None:
    with pytest.raises(ScheduleError):
        parse(schedule, zone)


def cron(schedule: str = "* * * * *", **spec: Any) -> Obj:
    container = {"name": "main", "image": spec.pop("image", "busybox:1.36")}
    template = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}}
    meta = {"name": "backup", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:30Z"}
    base = {"schedule": schedule, "jobTemplate": template}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": base | spec}


@pytest.mark.parametrize(
    ("schedule", "spec", "last", "now", "expected"),
    [
        ("*/5 * * * *", {}, "", "2026-01-01T00:04:00", ("", 0, "2026-01-01 00:05")),
        ("*/5 * * * *", {}, "", "2026-01-01T00:05:00", ("2026-01-01 00:05", 1, "2026-01-01 00:10")),
        ("*/5 * * * *", {}, "2026-01-01T00:05:00Z", "2026-01-01T00:06:00", ("", 0, "2026-01-01 00:10")),
        ("*/5 * * * *", {}, "", "2026-01-01T00:21:00", ("2026-01-01 00:20", 4, "2026-01-01 00:25")),
        ("* * * * *", {"startingDeadlineSeconds": 10}, "", "2026-01-01T00:05:30", ("", 0, "2026-01-01 00:06")),
        ("* * * * *", {}, "", "2026-02-01T00:00:30", ("2026-02-01 00:00", 44640, "2026-02-01 00:01")),
    ],
)
def test_due(schedule: str, spec: Obj, last: str, now: str, expected: tuple[str, int, str]) -> None:
    obj = cron(schedule, **spec) | {"status": {"lastScheduleTime": last} if last else {}}
    found = due(obj, parse(schedule), at(now))
    assert (shown(found.at), found.missed, shown(found.next)) == expected


def test_one_time_makes_one_name() -> None:
    assert job_name(cron(), at("2026-01-01T00:05:00")) == "backup-29453765"


def test_history_limits_keep_the_newest() -> None:
    def ended(name: str, kind: str, minute: int) -> Obj:
        meta = {"name": name, "creationTimestamp": f"2026-01-01T00:{minute:02}:00Z"}
        return {"metadata": meta, "status": {"conditions": [{"type": kind, "status": "True"}]}}

    jobs = [ended(f"good-{n}", "Complete", n) for n in range(4)] + [ended(f"bad-{n}", "Failed", n) for n in range(3)]
    gone = [one["metadata"]["name"] for one in outdated(cron(successfulJobsHistoryLimit=3), jobs)]
    assert gone == ["good-0", "bad-0", "bad-1"]
    assert outdated(cron(), [{"metadata": {"name": "running", "creationTimestamp": "2026-01-01T00:00:00Z"}}]) == []


async def overdue(w: Any, **spec: Any) -> None:
    """A CronJob whose last time was an hour ago: something is due at once."""
    w.apply(cron(suspend=True, **spec))
    w.patch("CronJob", "backup", {"status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}}, subresource="status")
    w.patch("CronJob", "backup", {"spec": {"suspend": False}})


async def test_a_due_time_makes_a_job_that_runs() -> None:
    async with world() as w:
        await overdue(w)
        created = await w.until(lambda: w.said("backup", "SuccessfulCreate"))
        name = created[0].removeprefix("Created job ")
        assert w.get("Job", name)["metadata"]["ownerReferences"][0]["name"] == "backup"
        await w.until(lambda: w.get("CronJob", "backup")["status"]["lastScheduleTime"] > "2026-01-01T00:00:00Z")
        await w.until(lambda: w.said("backup", "SawCompletedJob"))
        status = (await w.until(lambda: w.get("CronJob", "backup")))["status"]
        assert "lastSuccessfulTime" in status
        assert not status.get("active")
        assert w.said("backup", "SawCompletedJob") == [f"Saw completed job: {name}, condition: Complete"]


async def test_forbid_waits_for_the_running_job() -> None:
    async with world() as w:
        await overdue(w, image="busybox:missing", concurrencyPolicy="Forbid")
        await w.until(lambda: (w.get("CronJob", "backup").get("status") or {}).get("active"))
        w.patch("CronJob", "backup", {"status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}}, subresource="status")
        await w.until(lambda: w.said("backup", "JobAlreadyActive"))
        assert len(w.client.list("Job", "shop")) == 1


async def test_a_bad_schedule_is_said() -> None:
    async with world() as w:
        w.apply(cron("61 * * * *"))
        said = await w.until(lambda: w.said("backup", "UnparseableSchedule"))
        assert said[0].startswith('unparseable schedule: "61 * * * *"')
